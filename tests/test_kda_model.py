"""The model of KDA: the developer guide's own tables, coercions, logic, functions, windows, joins, and what fails."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kda import cursors
from kda.applications import Application, Column, Input, Output, Reference
from kda.functions import KNOWN, NOW
from kda.model import Failure, NotModelled, Outcome, Record, evaluation, run
from kda.model.aggregates import aggregate
from kda.model.expressions import Compiler
from kda.model.outputs import written
from kda.model.rows import Failed, moment
from kda.model.values import DOUBLE, text
from kda.places import Code, File
from kda.program import parsed
from kda.sql_types import Type

TRADES = (("TICKER", "VARCHAR(4)"), ("PRICE", "DOUBLE"), ("QUANTITY", "INTEGER"), ("AT", "TIMESTAMP"))
OUT = "CREATE OR REPLACE STREAM OUT_S (V1 {}, V2 {}, V3 {}, V4 {});\n"


def application(
    sql: str, columns: Sequence[tuple[str, str]] = TRADES, references: Sequence[Reference] = (), **schema: Any
) -> Application:
    """An application whose input has these columns, each by a JSON path of its name in lower case."""
    listed = tuple(Column(name, kind, f"$.{name.lower()}") for name, kind in columns)
    source = Input("IN", listed, "", "kinesis", 1, "", "JSON", "$", 0)
    return Application("a", Code.whole(File("a.sql", sql)), (replace(source, **schema),), (), tuple(references), True)


def at(clock: str) -> int:
    """The milliseconds of a time of day of 2026-11-27."""
    return int(datetime.fromisoformat(f"2026-11-27 {clock}").replace(tzinfo=UTC).timestamp() * 1000)


def record(arrival: int, **values: Any) -> Record:
    """A record of JSON."""
    return Record(json.dumps(values).encode(), arrival)


def pump(select: str, columns: str, name: str = "OUT_S") -> str:
    """A stream with these columns, and a pump into it."""
    return f"CREATE STREAM {name} ({columns}); CREATE PUMP {name}_PUMP AS INSERT INTO {name} {select};\n"


def rows(outcome: Outcome, stream: str = "OUT_S") -> list[tuple[Any, ...]]:
    """The values of a stream's rows."""
    return [tuple(row.values.values()) for row in outcome.streams[stream]]


def timed(outcome: Outcome, stream: str = "OUT_S") -> list[tuple[str, Any]]:
    """The time of day of each row, and its values; of one value that itself."""
    return [
        (
            f"{moment(row.time):%H:%M:%S}",
            next(iter(row.values.values())) if len(row.values) == 1 else (*row.values.values(),),
        )
        for row in outcome.streams[stream]
    ]


def value(sql: str, columns: Mapping[str, tuple[str, Any]] = {}, rowtime: int = 0) -> Any:
    """The value of an expression in a row of these columns."""
    program = parsed(Code.whole(File("a.sql", f"CREATE PUMP P AS INSERT INTO O SELECT STREAM {sql} FROM S")))
    node = next(program.pumps[0].selects).expressions[0]
    kinds = tuple(evaluation.Column(name, Type.written(kind)) for name, (kind, _value) in columns.items())
    compiler = Compiler([evaluation.Relation("S", "S", kinds)])
    item = evaluation.Item(rowtime, {name: one for name, (_kind, one) in columns.items()}, rowtime)
    return compiler.compiled(node).at(evaluation.Context([item], rowtime, rowtime))


# ---- windows


def test_sliding_window_counts_the_rows_of_its_length() -> None:
    """RANGE 1 MINUTE PRECEDING has a row from exactly a minute before, and none that is older."""
    sql = pump("SELECT STREAM COUNT(*) OVER (RANGE INTERVAL '1' MINUTE PRECEDING) FROM IN_001", "N INTEGER")
    found = run(application(sql), [record(at("10:00:00") + number * 15_000) for number in range(8)])
    assert rows(found) == [(1,), (2,), (3,), (4,), (5,), (5,), (5,), (5,)]


def test_rows_of_one_moment_see_each_other() -> None:
    """A RANGE window contains all rows with the time of the current one; a ROWS window those that came before."""
    sql = pump("SELECT STREAM COUNT(*) OVER (RANGE INTERVAL '1' MINUTE PRECEDING) FROM IN_001", "N INTEGER")
    sql += pump("SELECT STREAM COUNT(*) OVER (ROWS 2 PRECEDING) FROM IN_001", "N INTEGER", "BY_ROWS")
    found = run(application(sql), [record(1_000), record(2_000), *[record(3_000)] * 3])
    assert rows(found) == [(1,), (2,), (5,), (5,), (5,)]
    assert rows(found, "BY_ROWS") == [(1,), (2,), (3,), (3,), (3,)]


STAGGER = "WINDOWED BY STAGGER (PARTITION BY {} RANGE INTERVAL '1' MINUTE)"


def test_stagger_window() -> None:
    """The guide's table: three records of one minute in one row at 11:01:20, the fourth alone at 11:02:15."""
    sql = pump(
        f"SELECT STREAM FLOOR(AT TO MINUTE), COUNT(*) FROM IN_001 {STAGGER.format('FLOOR(AT TO MINUTE), TICKER')}",
        "MINUTE TIMESTAMP, N INTEGER",
    )
    times = (("11:00:20", "11:00:10"), ("11:00:30", "11:00:20"), ("11:01:05", "11:00:55"), ("11:01:15", "11:01:05"))
    records = [record(at(arrival), ticker="AMZN", at=f"2026-11-27 {event}") for arrival, event in times]
    assert [(time, f"{minute:%H:%M:%S}", count) for time, (minute, count) in timed(run(application(sql), records))] == [
        ("11:01:20", "11:00:00", 3),
        ("11:02:15", "11:01:00", 1),
    ]


def test_a_stagger_window_ends_before_its_end() -> None:
    """A row at the last millisecond is in the window, one at its end opens the next; NULL is a key like others."""
    sql = pump(f"SELECT STREAM TICKER, COUNT(*) FROM IN_001 {STAGGER.format('TICKER')}", "T VARCHAR(4), N INTEGER")
    first = at("11:00:00")
    keys: list[tuple[int, str | None]] = [(0, "A"), (1, None), (59_999, "A"), (60_000, "A"), (60_000, None)]
    found = run(application(sql), [record(first + later, ticker=key) for later, key in keys])
    assert rows(found) == [("A", 2), (None, 2), ("A", 1)]
    assert [row.time - first for row in found.streams["OUT_S"]] == [60_000, 60_001, 120_000]


def test_rows_that_count_in_no_stagger_window() -> None:
    """A row that WHERE leaves out, or that fails, opens no window; HAVING leaves out rows of windows."""
    sql = pump(
        f"SELECT STREAM SUM(10 / QUANTITY) FROM IN_001 WHERE PRICE > 0 {STAGGER.format('TICKER')} HAVING COUNT(*) > 1",
        "N INTEGER",
    )
    given = [(0, 0, 5), (1, 1, 0), (2, 1, 5), (60_001, 1, 2), (60_002, 1, 1)]
    records = [record(later, ticker="A", price=price, quantity=quantity) for later, price, quantity in given]
    found = run(application(sql), records)
    assert rows(found) == [(7,)]
    assert [(row.time) for row in found.streams["OUT_S"]] == [60_002]
    assert [(one.time, one.name) for one in found.failures] == [(1, "DIVISION")]


def test_partition_of_a_sliding_window() -> None:
    """PARTITION BY keeps keys apart, NULL being one; without a frame all rows so far count; windows have names."""
    sql = pump(
        "SELECT STREAM TICKER, SUM(QUANTITY) OVER W, MAX(QUANTITY) OVER (PARTITION BY TICKER ROWS 1 PRECEDING) "
        "FROM IN_001 WINDOW W AS (PARTITION BY TICKER)",
        "T VARCHAR(4), S INTEGER, M INTEGER",
    )
    records = [
        record(number, ticker=ticker, quantity=quantity)
        for number, (ticker, quantity) in enumerate([("A", 5), (None, 1), ("A", 2), (None, 3), ("A", 1)])
    ]
    assert rows(run(application(sql), records)) == [
        *(("A", 5, 5), (None, 1, 1), ("A", 7, 5), (None, 4, 3), ("A", 8, 2)),
    ]


def test_two_windows_of_event_time_and_arrival() -> None:
    """The guide's strategy of two windows: a record that comes late makes a further row of its minute: 2, 1, 1."""
    sql = pump(
        "SELECT STREAM STEP(AT BY INTERVAL '60' SECOND), COUNT(*) FROM IN_001 AS s "
        "GROUP BY STEP(AT BY INTERVAL '60' SECOND), STEP(s.ROWTIME BY INTERVAL '60' SECOND)",
        "MINUTE_ TIMESTAMP, N INTEGER",
    )
    times = [("11:00:20", "11:00:10"), ("11:00:30", "11:00:20"), ("11:01:05", "11:00:55"), ("11:01:15", "11:01:05")]
    found = run(application(sql), [record(at(here), at=f"2026-11-27 {there}") for here, there in times])
    eleven = datetime(2026, 11, 27, 11, 0)  # noqa: DTZ001  (UTC, without a zone)
    assert timed(found) == [
        *(("11:01:00", (eleven, 2)), ("11:02:00", (eleven, 1)), ("11:02:00", (eleven.replace(minute=1), 1))),
    ]


CHAIN = pump(
    "SELECT STREAM COUNT(*) FROM IN_001 AS s GROUP BY STEP(s.ROWTIME BY INTERVAL '10' SECOND)", "N INTEGER", "TENS"
) + pump(
    "SELECT STREAM SUM(N), STEP(t.ROWTIME BY INTERVAL '1' MINUTE), t.ROWTIME FROM TENS AS t "
    "GROUP BY STEP(t.ROWTIME BY INTERVAL '60' SECOND)",
    "N INTEGER, FROM_ TIMESTAMP, TO_ TIMESTAMP",
)
CHAINED = [
    record(at(clock))
    for clock, count in (("10:59:55", 1), ("11:00:05", 2), ("11:00:55", 3), ("11:01:05", 4))
    for _ in range(count)
]


def test_window_over_windows_counts_by_their_ends() -> None:
    """K31: a row of a window has the window's end as ROWTIME, so that the next window counts it: 3 and 7."""
    found = run(application(CHAIN), CHAINED)
    assert [clock for clock, _n in timed(found, "TENS")] == ["11:00:00", "11:00:10", "11:01:00", "11:01:10"]
    assert [(clock, n) for clock, (n, *_rest) in timed(found)] == [("11:01:00", 3), ("11:02:00", 7)]
    assert rows(found)[0][1:] == (moment(at("11:00:00")), moment(at("11:01:00")))


def test_aligned_window_over_windows_counts_by_their_last_millisecond() -> None:
    """With align each row counts in the window in which its own one ends: 1, 5, 4."""
    found = run(application(CHAIN), CHAINED, align=True)
    assert [(clock, n) for clock, (n, *_rest) in timed(found)] == [("11:00:00", 1), ("11:01:00", 5), ("11:02:00", 4)]
    assert rows(found)[0][1:] == (moment(at("10:59:00")), moment(at("11:00:00")))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("STEP(s.ROWTIME BY INTERVAL '90' SECOND)", ["11:01:30"]),
        ("FLOOR(s.ROWTIME TO MINUTE)", ["11:01:00", "11:02:00"]),
        ("CEIL(s.ROWTIME TO MINUTE)", ["11:00:00", "11:01:00"]),
        ("FLOOR((s.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') MINUTE / 5 TO MINUTE)", ["11:05:00"]),
        ("FLOOR((s.ROWTIME - TIMESTAMP '1970-01-01 00:00:30') SECOND TO MINUTE)", ["11:00:30", "11:01:30"]),
        ("FLOOR(s.ROWTIME + INTERVAL '30' SECOND TO MINUTE)", ["11:00:30", "11:01:30"]),
        ("MONOTONIC(s.ROWTIME)", ["11:00:00", "11:00:30", "11:01:00"]),
        ("s.APPROXIMATE_ARRIVAL_TIME", ["11:00:00", "11:00:30", "11:01:00"]),
        ("STEP(s.ROWTIME BY INTERVAL '1' HOUR), FLOOR(s.ROWTIME TO MINUTE)", ["11:01:00", "11:02:00"]),
    ],
)
def test_forms_of_a_tumbling_window(key: str, expected: list[str]) -> None:
    """K01: each form of a step of ROWTIME groups by it, and the row comes at its end; of several the shortest."""
    sql = pump(f"SELECT STREAM COUNT(*) FROM IN_001 AS s GROUP BY {key}", "N INTEGER")
    records = [record(at(clock)) for clock in ("11:00:00", "11:00:30", "11:01:00")]
    found = run(application(sql), records)
    assert sum(n for (n,) in rows(found)) == 3
    assert [clock for clock, _n in timed(found)] == expected


def test_step_that_a_query_in_from_names() -> None:
    """The step may have a name of a query in FROM, or of a result; HAVING may use the name of a result."""
    sql = pump(
        "SELECT STREAM M, COUNT(*) FROM (SELECT STREAM FLOOR(ROWTIME TO MINUTE) AS M, PRICE FROM IN_001) GROUP BY M",
        "M TIMESTAMP, N INTEGER",
    )
    sql += pump(
        "SELECT STREAM FLOOR(s.ROWTIME TO MINUTE) AS M, COUNT(*) AS N FROM IN_001 AS s GROUP BY M HAVING N > 1",
        "M TIMESTAMP, N INTEGER",
        "MANY",
    )
    found = run(application(sql), [record(at("11:00:00")), record(at("11:00:59")), record(at("11:01:00"))])
    assert timed(found) == [("11:01:00", (moment(at("11:00:00")), 2)), ("11:02:00", (moment(at("11:01:00")), 1))]
    assert rows(found, "MANY") == [(moment(at("11:00:00")), 2)]


def test_steps_in_a_group() -> None:
    """In a grouped SELECT a step of ROWTIME is that of the window's begin, ROWTIME its end; other steps are values."""
    sql = pump(
        "SELECT STREAM STEP(ROWTIME BY INTERVAL '1' MINUTE), FLOOR(ROWTIME TO HOUR), ROWTIME, STEP(COUNT(*) BY 2) "
        "FROM IN_001 GROUP BY STEP(ROWTIME BY INTERVAL '60' SECOND)",
        "A TIMESTAMP, B TIMESTAMP, C TIMESTAMP, D INTEGER",
    )
    found = run(application(sql), [record(at("11:59:30"))] * 3)
    clocks = [moment(at(clock)) for clock in ("11:59:00", "11:00:00", "12:00:00")]
    assert rows(found) == [(*clocks, 2)]


def test_distinct_within_a_step() -> None:
    """K09: each row once within the step of ROWTIME, and ROWTIME beside the step does not count."""
    sql = pump(
        "SELECT STREAM DISTINCT ROWTIME, TICKER, FLOOR(ROWTIME TO MINUTE) FROM IN_001",
        "T TIMESTAMP, K VARCHAR(4), M TIMESTAMP",
    )
    sql += pump("SELECT STREAM DISTINCT ROWTIME, TICKER FROM IN_001", "T TIMESTAMP, K VARCHAR(4)", "MOMENTS")
    records = [record(at(clock), ticker="A") for clock in ("11:00:01", "11:00:02", "11:00:02", "11:01:00")]
    found = run(application(sql), records)
    assert [(clock, row[2]) for clock, row in timed(found)] == [
        ("11:01:00", moment(at("11:00:00"))),
        ("11:02:00", moment(at("11:01:00"))),
    ]
    assert [clock for clock, _row in timed(found, "MOMENTS")] == ["11:00:01", "11:00:02", "11:01:00"]


def test_count_of_distinct_rows() -> None:
    """The idiom of unique rows: DISTINCT with ROWTIME AS t inside, STEP(t) outside, is one window and not two."""
    sql = pump(
        "SELECT STREAM q.TICKER, COUNT(q.QUANTITY) FROM (SELECT STREAM DISTINCT ROWTIME AS t, TICKER, QUANTITY, "
        "STEP(r.ROWTIME BY INTERVAL '5' SECOND) FROM IN_001 AS r) AS q "
        "GROUP BY q.TICKER, STEP((q.t) BY INTERVAL '5' SECOND)",
        "T VARCHAR(4), N INTEGER",
    )
    quantities = [(0, 1), (1, 1), (2, 2), (5, 1)]
    records = [record(at("11:00:00") + second * 1000, ticker="A", quantity=one) for second, one in quantities]
    assert timed(run(application(sql), records)) == [("11:00:05", ("A", 2)), ("11:00:10", ("A", 1))]


def test_table_functions_count_in_windows() -> None:
    """K15: TOP_K gives the k most frequent values of each window, equal ones by their text; COUNT_DISTINCT is exact."""
    cursor = "CURSOR(SELECT STREAM TICKER FROM IN_001), 'TICKER'"
    sql = pump(f"SELECT STREAM * FROM TABLE(TOP_K_ITEMS_TUMBLING({cursor}, 2, 60))", "T VARCHAR(4), N BIGINT")
    sql += pump(f"SELECT STREAM * FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING({cursor}, 60))", "N BIGINT", "KINDS")
    records = [record(at("11:00:00"), ticker=ticker) for ticker in "CABBAC"] + [record(at("11:01:00"), ticker="Z")]
    found = run(application(sql), records)
    assert timed(found) == [("11:01:00", ("A", 2)), ("11:01:00", ("B", 2)), ("11:02:00", ("Z", 1))]
    assert timed(found, "KINDS") == [("11:01:00", 3), ("11:02:00", 1)]


def test_rows_before_in_a_partition() -> None:
    """K13, K27: LAG looks back over any distance and has a default; FIRST_VALUE and LAST_VALUE leave NULL out."""
    window = "(PARTITION BY TICKER RANGE INTERVAL '1' MINUTE PRECEDING)"
    sql = pump(
        f"SELECT STREAM LAG(QUANTITY) OVER {window}, LAG(QUANTITY, 2, -1) OVER {window}, "
        f"FIRST_VALUE(QUANTITY) OVER {window}, LAST_VALUE(QUANTITY) IGNORE NULLS OVER {window} FROM IN_001",
        "A INTEGER, B INTEGER, C INTEGER, D INTEGER",
    )
    records = [record(at("11:00:00") + 3_600_000 * n, quantity=n or None) for n in range(3)]
    assert rows(run(application(sql), records)) == [(None, -1, None, None), (None, -1, 1, 1), (1, None, 2, 2)]


@given(st.lists(st.integers(0, 100_000), max_size=30), st.sampled_from(["7", "10", "60", "90"]))
@settings(max_examples=20, deadline=None)
def test_each_row_is_in_one_window(times: list[int], size: str) -> None:
    """Whatever the times and the length: each row counts in one tumbling window, which holds its time."""
    sql = pump(
        f"SELECT STREAM COUNT(*), MIN(UNIX_TIMESTAMP(AT)), MAX(UNIX_TIMESTAMP(AT)) FROM IN_001 AS s "
        f"GROUP BY STEP(s.ROWTIME BY INTERVAL '{size}' SECOND)",
        "N BIGINT, LEAST BIGINT, MOST BIGINT",
    )
    records = [record(one, at=text(moment(one))) for one in sorted(times)]
    found = run(application(sql), records).streams["OUT_S"]
    assert sum(row.values["N"] for row in found) == len(times)
    for row in found:
        assert row.time % (int(size) * 1000) == 0
        assert row.time - int(size) * 1000 <= row.values["LEAST"] <= row.values["MOST"] < row.time


@given(st.lists(st.integers(0, 300), max_size=30))
@settings(max_examples=20, deadline=None)
def test_sliding_window_against_counting_by_hand(seconds: list[int]) -> None:
    """Whatever the times: a sliding window counts the rows from its length before each row on, and its peers."""
    sql = pump("SELECT STREAM COUNT(*) OVER (RANGE INTERVAL '1' MINUTE PRECEDING) FROM IN_001", "N INTEGER")
    ordered = sorted(seconds)
    found = run(application(sql), [record(second * 1000) for second in ordered])
    assert [n for (n,) in rows(found)] == [sum(one - 60 <= other <= one for other in ordered) for one in ordered]


# ---- records into rows


@pytest.mark.parametrize(
    ("kind", "source", "expected"),
    [
        ("VARCHAR(16)", "1.50", "1.50"),
        ("VARCHAR(16)", "true", "true"),
        ("VARCHAR(16)", '{"a": [1, 2]}', '{"a": [1, 2]}'),
        ("VARCHAR(16)", "[1,  2]", "[1,  2]"),
        ("VARCHAR(4)", '"abcdef"', "abcd"),
        ("VARCHAR(2)", '"\U0001f600bcd"', "\U0001f600b"),
        ("VARCHAR(4)", "null", None),
        ("VARCHAR(4)", '"\\ud83d"', Failed),
        ("INTEGER", "12", 12),
        ("INTEGER", '" 12 "', 12),
        ("INTEGER", "true", 1),
        ("INTEGER", "false", 0),
        ("INTEGER", "123.4", Failed),
        ("INTEGER", '"123.4"', Failed),
        ("INTEGER", '"x"', Failed),
        ("INTEGER", "2147483648", Failed),
        ("INTEGER", "[]", Failed),
        ("TINYINT", "-128", -128),
        ("BIGINT", "9223372036854775807", 2**63 - 1),
        ("DOUBLE", '"1.5e3"', 1500.0),
        ("DOUBLE", "1e400", Failed),
        ("REAL", "0.1", 0.1),
        ("DECIMAL(5, 2)", "1.50", Decimal("1.50")),
        ("DECIMAL(5, 2)", "1.505", Failed),
        ("DECIMAL(5, 2)", "1000", Failed),
        ("BOOLEAN", "true", True),
        ("BOOLEAN", '"TRUE"', True),
        ("BOOLEAN", '"yes"', False),
        ("BOOLEAN", "0.0", False),
        ("BOOLEAN", "-1", True),
        ("TIMESTAMP", '"1992-02-14"', datetime(1992, 2, 14)),  # noqa: DTZ001
        ("TIMESTAMP", '"1992-02-14 18:35:44.0"', datetime(1992, 2, 14, 18, 35, 44)),  # noqa: DTZ001
        ("TIMESTAMP", '"1992-02-14T18:35:44.1239Z"', datetime(1992, 2, 14, 18, 35, 44, 123000)),  # noqa: DTZ001
        ("TIMESTAMP", '"1992-02-14T18:35:44+01:00"', datetime(1992, 2, 14, 17, 35, 44)),  # noqa: DTZ001
        ("TIMESTAMP", '"1992-02-30"', Failed),
        ("TIMESTAMP", "1700000000", Failed),
        ("DATE", '"1992-02-14 18:35:44"', date(1992, 2, 14)),
        ("TIME", '"18:35:44.9"', time(18, 35, 44)),
    ],
)
def test_coercions_of_json(kind: str, source: str, expected: Any) -> None:
    """4.1: what becomes of a value of JSON in a column; a value that is none of its type is a COERCION, and no row."""
    columns = [("A", kind)]
    found = run(
        application(pump("SELECT STREAM A FROM IN_001", f"A {kind}"), columns),
        [Record(f'{{"a": {source}}}'.encode(), 5)],
    )
    if expected is Failed:
        assert [(one.time, one.pump, one.name) for one in found.failures] == [(5, None, "COERCION")]
        assert rows(found) == []
    else:
        assert rows(found) == [(expected,)]
        assert type(rows(found)[0][0]) is type(expected)
        assert not found.failures


@pytest.mark.parametrize(
    ("row_path", "mapping", "source", "expected"),
    [
        ("$", "$.a.b", '{"a": {"b": 1}}', [1]),
        ("$", "$.a['b c']", '{"a": {"b c": 1}}', [1]),
        ("$", "$.a[1]", '{"a": [1, 2]}', [2]),
        ("$", "$.a.b", '{"a": 1}', [None]),
        ("$", "$.a", '[{"a": 1}, {"a": 2}]', [1, 2]),
        ("$", "$.rows[0:].a", '{"rows": [{"a": 1}, {"a": 2}]}', [1, 2]),
        ("$.rows[0:]", "$.rows[0:].a", '{"rows": [{"a": 1}, {}]}', [1, None]),
        ("$.rows", "$.a", '{"rows": [{}, {}], "a": 7}', [7, 7]),
        ("$.rows", "$.rows.a", '{"rows": {"a": 1}}', [1]),
        ("$.rows", "$.a", '{"a": 1, "rows": []}', [1]),
    ],
)
def test_paths_of_json(row_path: str, mapping: str, source: str, expected: list[Any]) -> None:
    """A column has a path; the elements of an array are rows by the row path, or by a path through [0:]."""
    sql = pump("SELECT STREAM A FROM IN_001", "A INTEGER")
    columns = (Column("A", "INTEGER", mapping),)
    given_application = application(sql)
    changed = replace(
        given_application, inputs=(replace(given_application.inputs[0], columns=columns, row_path=row_path),)
    )
    found = run(changed, [Record(source.encode(), 0)])
    assert [a for (a,) in rows(found)] == expected
    assert not found.failures


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (b"", "PARSE"),
        (b'{"a": 1', "PARSE"),
        (b'{"a": 01}', "PARSE"),
        (b'{"a": 1,}', "PARSE"),
        (b'"a"', "PARSE"),
        (b'{"a": "\xff"}', "PARSE"),
        (b'\xef\xbb\xbf{"a": 1}', "PARSE"),
        (b'{"a": 1, "a": 1}', "COERCION"),
        (b'{"a": NaN}', "PARSE"),
    ],
)
def test_records_that_are_none(source: bytes, name: str) -> None:
    """What is no JSON is a PARSE, a value that is there twice a COERCION; other records are not touched by it."""
    sql = pump("SELECT STREAM A FROM IN_001", "A INTEGER")
    found = run(application(sql, [("A", "INTEGER")]), [Record(source, 5), record(6, a=2)])
    assert [(one.time, one.pump, one.name) for one in found.failures] == [(5, None, name)]
    assert rows(found) == [(2,)]


def test_array_of_rows_that_is_there_twice() -> None:
    """Of an array of rows that is there twice each row of the first one fails."""
    sql = pump("SELECT STREAM A FROM IN_001", "A INTEGER")
    source = application(sql, (), row_path="$.r").inputs[0]
    changed = replace(application(sql), inputs=(replace(source, columns=(Column("A", "INTEGER", "$.r.a"),)),))
    found = run(changed, [Record(b'{"r": [{"a": 1}, {"a": 2}], "r": []}', 5)])
    assert rows(found) == []
    assert [one.name for one in found.failures] == ["COERCION", "COERCION"]


def test_several_documents_in_a_record() -> None:
    """Each document of a record is rows of its own, and fails on its own."""
    sql = pump("SELECT STREAM A FROM IN_001", "A INTEGER")
    found = run(application(sql, [("A", "INTEGER")]), [Record(b'{"a": 1}{"a": "x"}\n{"a": 3}', 0)])
    assert rows(found) == [(1,), (3,)]
    assert [one.name for one in found.failures] == ["COERCION"]


def test_rows_of_csv() -> None:
    """CSV: delimiters, quotes, an empty cell is NULL, cells without a column are left out, each row fails by itself."""
    sql = pump("SELECT STREAM TICKER, PRICE FROM IN_001", "T VARCHAR(4), P DOUBLE")
    data = b'A|1.5|x\r\n"B|""b"| \n\nC|z\nD\n'
    source = application(sql, TRADES[:2], format="CSV", column_delimiter="|")
    found = run(source, [Record(data, 0)])
    assert rows(found) == [("A", 1.5), ('B|"b', None), ("D", None)]
    assert [one.name for one in found.failures] == ["COERCION"]


def test_shares_of_an_input() -> None:
    """K34: of two in-application streams of an input each has the records of its shards."""
    sql = pump("SELECT STREAM QUANTITY FROM IN_002", "N INTEGER")
    records = [replace(record(n, quantity=n), shard=f"shardId-00000000000{n}") for n in range(4)]
    assert rows(run(application(sql, parallelism=2), records)) == [(1,), (3,)]


# ---- values


KLEENE = {"TRUE": True, "FALSE": False, "CAST(NULL AS BOOLEAN)": None}


@pytest.mark.parametrize("left", KLEENE)
@pytest.mark.parametrize("right", KLEENE)
def test_three_valued_logic(left: str, right: str) -> None:
    """AND is the least of its operands and OR the greatest, with NULL between FALSE and TRUE; NOT of NULL is NULL."""
    order = {False: 0, None: 1, True: 2}
    names = {number: one for one, number in order.items()}
    values = KLEENE[left], KLEENE[right]
    assert value(f"{left} AND {right}") is names[min(order[one] for one in values)]
    assert value(f"{left} OR {right}") is names[max(order[one] for one in values)]
    assert value(f"NOT {left}") is names[2 - order[values[0]]]
    assert value(f"{left} IS UNKNOWN") is (values[0] is None)
    assert value(f"{left} IS NOT TRUE") is (values[0] is not True)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("NULL = 1", None),
        ("1 <> 2", True),
        ("'a' < 'B'", False),
        ("'5' = 5", True),
        ("1 IN (2, NULL)", None),
        ("1 IN (1, NULL)", True),
        ("1 NOT IN (2, 3)", True),
        ("3 BETWEEN NULL AND 2", False),
        ("3 NOT BETWEEN 1 AND 5", False),
        ("NULL IS NOT DISTINCT FROM NULL", True),
        ("1 IS DISTINCT FROM NULL", True),
        ("NULL IS NULL", True),
        ("'abc' LIKE 'a%'", True),
        ("'abc' LIKE '_b'", False),
        ("'a%c' LIKE 'a!%c' ESCAPE '!'", True),
        ("'abc' NOT LIKE 'a%'", False),
        ("'abc' SIMILAR TO '(a|x)b[a-c]'", True),
        ("'a.c' SIMILAR TO 'a.c'", True),
        ("'abc' SIMILAR TO 'a.c'", False),
        ("CASE WHEN NULL = 1 THEN 'a' WHEN 1 = 1 THEN 'b' ELSE 'c' END", "b"),
        ("CASE 2 WHEN 1 THEN 'a' END", None),
        ("CASE WHEN 1 = 2 THEN 1.5 ELSE 1 END", Decimal("1.0")),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / 2.0", Decimal("3.500000")),
        ("1 / 3.0", Decimal("0.333333")),
        ("0.1 + 0.20", Decimal("0.30")),
        ("1.5 * 2", Decimal("3.0")),
        ("1E0 / 4", 0.25),
        ("MOD(-7, 3)", -1),
        ("NULL / 0", None),
        ("-(-3)", 3),
        ("'3' + 1", 4.0),
        ("'a' || NULL", None),
        ("'a' || 1", "a1"),
        ("STEP(23 BY 5)", 20),
        ("STEP(-23 BY 5)", -20),
        ("STEP(TIMESTAMP '2026-01-01 00:01:59.999' BY INTERVAL '1' MINUTE)", datetime(2026, 1, 1, 0, 1)),  # noqa: DTZ001
        ("FLOOR(TIMESTAMP '2026-05-17 10:00:00' TO QUARTER)", datetime(2026, 4, 1)),  # noqa: DTZ001
        ("CEIL(TIMESTAMP '2026-05-17 10:00:01' TO HOUR)", datetime(2026, 5, 17, 11)),  # noqa: DTZ001
        ("FLOOR(TIMESTAMP '1969-12-31 23:59:30' TO MINUTE)", datetime(1969, 12, 31, 23, 59)),  # noqa: DTZ001
        ("TIMESTAMP '2026-01-01 00:00:00' + INTERVAL '1:30' MINUTE TO SECOND", datetime(2026, 1, 1, 0, 1, 30)),  # noqa: DTZ001
        ("TIMESTAMP '2026-01-31 00:00:00' + INTERVAL '1' MONTH", datetime(2026, 2, 28)),  # noqa: DTZ001
        ("DATE '2026-03-01' - INTERVAL '1' DAY", date(2026, 2, 28)),
    ],
)
def test_values(sql: str, expected: Any) -> None:
    """Comparisons, CASE, arithmetic, steps and intervals: the value, and its type where two types meet."""
    found = value(sql)
    assert found == expected
    assert type(found) is type(expected)
    assert str(found) == str(expected)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CAST('12' AS INTEGER)", 12),
        ("CAST(' 12.9 ' AS INTEGER)", 12),
        ("CAST('1E3' AS INTEGER)", Failed),
        ("CAST('' AS INTEGER)", Failed),
        ("CAST('1E3' AS DOUBLE)", 1000.0),
        ("CAST('NaN' AS DOUBLE)", Failed),
        ("CAST(-1.9 AS INTEGER)", -1),
        ("CAST(3E9 AS INTEGER)", Failed),
        ("CAST(128 AS TINYINT)", Failed),
        ("CAST(1.005 AS DECIMAL(4, 2))", Decimal("1.01")),
        ("CAST(1000 AS DECIMAL(4, 2))", Failed),
        ("CAST('True ' AS BOOLEAN)", True),
        ("CAST('1' AS BOOLEAN)", Failed),
        ("CAST('2026-01-01' AS TIMESTAMP)", datetime(2026, 1, 1)),  # noqa: DTZ001
        ("CAST('2026-01-01 10:11:12.5' AS TIMESTAMP)", datetime(2026, 1, 1, 10, 11, 12, 500000)),  # noqa: DTZ001
        ("CAST('2026-01-01T10:11:12' AS TIMESTAMP)", Failed),
        ("CAST('2026-02-30' AS DATE)", Failed),
        ("CAST(TIMESTAMP '2026-01-01 10:11:12.5' AS DATE)", date(2026, 1, 1)),
        ("CAST(TIMESTAMP '2026-01-01 10:11:12.5' AS TIME)", time(10, 11, 12)),
        ("CAST('abcdef' AS VARCHAR(3))", "abc"),
        ("CAST(12345 AS VARCHAR(3))", "123"),
        ("CAST(1E10 AS VARCHAR(20))", "1.0E10"),
        ("CAST(CAST(1 AS DOUBLE) AS VARCHAR(20))", "1.0"),
        ("CAST(1.50 AS VARCHAR(20))", "1.50"),
        ("CAST(1 = 1 AS VARCHAR(20))", "TRUE"),
        ("CAST(TIMESTAMP '2026-01-01 10:11:12' AS VARCHAR(30))", "2026-01-01 10:11:12.000"),
        ("CAST(TIME '10:11:12' AS VARCHAR(30))", "10:11:12"),
        ("CAST(NULL AS INTEGER)", None),
    ],
)
def test_casts(sql: str, expected: Any) -> None:
    """K22: what a CAST gives, and what is none of its type; a text that is too long is cut."""
    if expected is Failed:
        with pytest.raises(Failed) as failed:
            value(sql)
        assert failed.value.name == "COERCION"
    else:
        found = value(sql)
        assert (found, str(found)) == (expected, str(expected))


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0.0, "0.0"), (-0.0, "-0.0"), (0.001, "0.001"), (0.0001, "1.0E-4"), (9999999.0, "9999999.0"), (1.25e7, "1.25E7")],
)
def test_text_of_a_double(number: float, expected: str) -> None:
    """A DOUBLE has the text that Java gives it."""
    assert text(number) == expected


FUNCTIONS = [
    ("ABS(-3)", 3),
    ("CEIL(1.2)", Decimal(2)),
    ("CEILING(-1.2)", Decimal(-1)),
    ("FLOOR(-1.5E0)", -2.0),
    ("EXP(0)", 1.0),
    ("LN(1)", 0.0),
    ("LOG10(1000)", 3.0),
    ("POWER(2, 10)", 1024.0),
    ("MOD(7, 3)", 1),
    ("CHAR_LENGTH('ab\U0001f600')", 3),
    ("CHARACTER_LENGTH('')", 0),
    ("INITCAP('hELLO wORLD-x')", "Hello World-X"),
    ("LOWER('AbC')", "abc"),
    ("UPPER('AbC')", "ABC"),
    ("OVERLAY('abcdef' PLACING '**' FROM 2 FOR 3)", "a**ef"),
    ("OVERLAY('abcdef' PLACING '**' FROM 2)", "a**def"),
    ("POSITION('c' IN 'abc')", 3),
    ("SUBSTRING('abcdef' FROM 2 FOR 3)", "bcd"),
    ("SUBSTRING('abcdef', 5)", "ef"),
    ("TRIM('  a ')", "a"),
    ("TRIM(LEADING 'x' FROM 'xxaxx')", "axx"),
    ("TRIM(BOTH FROM ' a ')", "a"),
    ("COALESCE(NULL, 2, 3)", 2),
    ("NULLIF(1, 1)", None),
    ("NULLIF(1, 2)", 1),
    ("EXTRACT(SECOND FROM TIMESTAMP '2026-01-01 10:11:12.345')", Decimal("12.345")),
    ("EXTRACT(HOUR FROM TIMESTAMP '2026-01-01 10:11:12')", 10),
    ("EXTRACT(DOW FROM DATE '2026-11-29')", 1),
    ("EXTRACT(QUARTER FROM DATE '2026-11-29')", 4),
    ("EXTRACT(DOY FROM DATE '2026-02-01')", 32),
    ("EXTRACT(WEEK FROM DATE '2026-01-01')", 1),
    ("UNIX_TIMESTAMP(TIMESTAMP '1970-01-01 00:00:01.5')", 1500),
    ("UNIX_TIMESTAMP()", 61_000),
    ("TO_TIMESTAMP(1500)", datetime(1970, 1, 1, 0, 0, 1, 500000)),  # noqa: DTZ001
    ("TSDIFF(TIMESTAMP '1970-01-01 00:00:01', TIMESTAMP '1970-01-01 00:00:03')", -2000),
    ("MONOTONIC(ROWTIME)", datetime(1970, 1, 1, 0, 1, 1)),  # noqa: DTZ001
    ("REGEX_REPLACE('a1b22', '[0-9]+', '#', 1, 0)", "a#b#"),
    ("CHAR_TO_TIMESTAMP('dd/MM/yyyy HH:mm', '05/04/2026 10:11')", datetime(2026, 4, 5, 10, 11)),  # noqa: DTZ001
    ("CHAR_TO_TIMESTAMP('yyyy-MM-dd', '2026-02-30')", None),
    ("CHAR_TO_DATE('yyyy-MM-dd', '2026-02-03')", date(2026, 2, 3)),
    ("CHAR_TO_TIME('HH:mm:ss', '10:11:12')", time(10, 11, 12)),
    ("TIMESTAMP_TO_CHAR('EEE, d MMM yyyy h:mm a', TIMESTAMP '2026-11-27 15:04:00')", "Fri, 27 Nov 2026 3:04 PM"),
    ("TIMESTAMP_TO_CHAR('yyyy', CAST(NULL AS TIMESTAMP))", None),
    ("DATE_TO_CHAR('dd.MM.yy', DATE '2026-11-27')", "27.11.26"),
    ("TIME_TO_CHAR('HH.mm', TIME '10:11:12')", "10.11"),
    ("REGEX_LOG_PARSE('GET /a 200', '(\\w+) (\\S+)').COLUMN2", "/a"),
    ("REGEX_LOG_PARSE('x', '(\\w+) (\\S+)').COLUMN2", None),
    ("FAST_REGEX_LOG_PARSE('a=1', '(.)=(.)').COLUMN1", "a"),
    ("FAST_REGEX_LOG_PARSER('a=1', '(.)=(.)').COLUMN2", "1"),
    ("VARIABLE_COLUMN_LOG_PARSE('a,bcd', 'x TYPE VARCHAR(2), y TYPE VARCHAR(2), z TYPE VARCHAR(2)', ',').Y", "bc"),
    ("VARIABLE_COLUMN_LOG_PARSE('a,b', 'x TYPE VARCHAR(2), y TYPE VARCHAR(2), z TYPE VARCHAR(2)', ',').Z", None),
    (
        "W3C_LOG_PARSE('h - u [22/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5', 'COMMON').COLUMN5",
        "GET / HTTP/1.1",
    ),
    ('W3C_LOG_PARSE(\'h - u [22/Nov/2026:10:00:00 +0000] "G" 200 5 "r" "a b"\', \'COMBINED\').COLUMN9', "a b"),
    ("W3C_LOG_PARSE('nothing', 'COMMON').COLUMN1", None),
    ("W3C_LOG_PARSE('/from ---> /to', 'REFERER').COLUMN2", "/to"),
    ("W3C_LOG_PARSE('a browser', 'AGENT').COLUMN1", "a browser"),
    ("W3C_LOG_PARSE('5% 10.0.0.1 a b', '%D%% %400,501a %{User-agent}i').COLUMN3", "a b"),
    ("CURRENT_TIMESTAMP", datetime(1970, 1, 1, 0, 1, 1)),  # noqa: DTZ001
    ("CURRENT_ROW_TIMESTAMP", datetime(1970, 1, 1, 0, 1, 1)),  # noqa: DTZ001
    ("LOCALTIMESTAMP", datetime(1970, 1, 1, 0, 1, 1)),  # noqa: DTZ001
    ("CURRENT_DATE", date(1970, 1, 1)),
    ("CURRENT_TIME", time(0, 1, 1)),
    ("LOCALTIME", time(0, 1, 1)),
]


@pytest.mark.parametrize(("sql", "expected"), FUNCTIONS)
def test_functions(sql: str, expected: Any) -> None:
    """Each function gives what KDA's reference says, or Flink where it is silent."""
    found = value(sql, rowtime=61_000)
    assert (found, str(found)) == (expected, str(expected))


AGGREGATES = [
    ("COUNT(*)", "INTEGER", 4),
    ("COUNT(QUANTITY)", "INTEGER", 3),
    ("COUNT(DISTINCT QUANTITY)", "INTEGER", 2),
    ("SUM(QUANTITY)", "INTEGER", 8),
    ("SUM(DISTINCT QUANTITY)", "INTEGER", 5),
    ("SUM(CAST(QUANTITY AS INTEGER) - 3 + 2000000000)", "BIGINT", 5_999_999_999),
    ("3 * 2000000000 + COUNT(*)", "BIGINT", 6_000_000_004),
    ("-2000000000 - 2000000000", "BIGINT", -4_000_000_000),
    ("AVG(QUANTITY)", "DOUBLE", 2.0),
    ("AVG(PRICE)", "DOUBLE", 2.5),
    ("AVG(CAST(QUANTITY AS DECIMAL(4, 1)))", "VARCHAR(20)", "2.666667"),
    ("MIN(QUANTITY)", "INTEGER", 2),
    ("MAX(TICKER)", "VARCHAR(4)", "C"),
    ("FIRST_VALUE(QUANTITY)", "INTEGER", 3),
    ("LAST_VALUE(QUANTITY)", "INTEGER", 2),
    ("STDDEV_POP(PRICE)", "DOUBLE", 1.118033988749895),
    ("STDDEV_SAMP(PRICE)", "DOUBLE", 1.2909944487358056),
    ("STDDEV(PRICE)", "DOUBLE", 1.2909944487358056),
    ("VAR_POP(QUANTITY)", "DOUBLE", 0.2222222222222222),
    ("VAR_SAMP(PRICE)", "DOUBLE", 1.6666666666666667),
    ("SUM(AT_)", "DOUBLE", None),
]


@pytest.mark.parametrize(("call", "kind", "expected"), AGGREGATES)
def test_functions_of_rows(call: str, kind: str, expected: Any) -> None:
    """Functions of a group's rows leave NULL out; of whole numbers AVG is whole; of no value the result is NULL."""
    sql = pump(f"SELECT STREAM {call} FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO MINUTE)", f"V {kind}")
    given_rows = [("A", 1.0, None), ("B", 2.0, 3), ("C", 3.0, 3), ("A", 4.0, 2)]
    records = [record(n, ticker=a, price=b, quantity=c) for n, (a, b, c) in enumerate(given_rows)]
    found = run(application(sql, [*TRADES, ("AT_", "DOUBLE")]), records)
    assert rows(found) == [(pytest.approx(expected) if isinstance(expected, float) else expected,)]


def test_every_function_is_tested() -> None:
    """Each function that check knows occurs in a test here, but those that are not built."""
    sql = " ".join(one for one, _value in FUNCTIONS) + " ".join(one for one, _kind, _value in AGGREGATES)
    tables = {"TOP_K_ITEMS_TUMBLING", "COUNT_DISTINCT_ITEMS_TUMBLING", "LAG"}  # that have tests of their own
    missing = {name for name in {*KNOWN, *NOW} - {*cursors.FUNCTIONS} - tables if name not in sql}
    assert not missing


# ---- what fails


@pytest.mark.parametrize(
    ("select", "name", "expected"),
    [
        ("SELECT STREAM 10 / QUANTITY FROM IN_001", "DIVISION", [5, None]),
        ("SELECT STREAM CAST(10 / CAST(QUANTITY AS DOUBLE) AS INTEGER) FROM IN_001", "DIVISION", [5, None]),
        ("SELECT STREAM MOD(10, QUANTITY) FROM IN_001", "DIVISION", [0, None]),
        ("SELECT STREAM LOG10(QUANTITY * 5) FROM IN_001", "COERCION", [1, None]),
        ("SELECT STREAM QUANTITY FROM IN_001 WHERE 10 / QUANTITY > 1", "DIVISION", [2]),
        ("SELECT STREAM QUANTITY * 3000000000 FROM IN_001 WHERE QUANTITY > 1", "COERCION", []),
        ("SELECT STREAM CAST(TICKER AS INTEGER) FROM IN_001", "COERCION", [7, 8]),
        ("SELECT STREAM N FROM (SELECT STREAM 10 / QUANTITY AS N FROM IN_001) WHERE N > 1", "DIVISION", [5]),
        (
            "SELECT STREAM SUM(QUANTITY + 2147483640) FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO HOUR)",
            *("COERCION", []),
        ),
        ("SELECT STREAM SUM(10 / QUANTITY) FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO HOUR)", "DIVISION", [5]),
        ("SELECT STREAM COUNT(*) FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO HOUR), 1 / QUANTITY", "DIVISION", [1, 1]),
        ("SELECT STREAM 1 / MIN(QUANTITY) FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO HOUR)", "DIVISION", []),
        (
            "SELECT STREAM 1 FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO HOUR) HAVING 1 / MIN(QUANTITY) = 0",
            *("DIVISION", []),
        ),
        ("SELECT STREAM COUNT(10 / QUANTITY) OVER (ROWS 5 PRECEDING) FROM IN_001", "DIVISION", [1, 1]),
    ],
)
def test_errors_leave_no_result(select: str, name: str, expected: list[Any]) -> None:
    """A division by zero and a CAST that fails give no row, and one Failure; other rows are as they are."""
    records = [record(0, ticker="x", quantity=0), record(1, ticker="7", quantity=2), record(2, ticker="8")]
    found = run(application(pump(select, "N INTEGER")), records)
    assert [n for (n,) in rows(found)] == expected
    assert [(one.pump, one.name) for one in found.failures] == [("OUT_S_PUMP", name)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CASE WHEN TRUE THEN 1 ELSE 1 / 0 END", 1),
        ("CASE WHEN TRUE THEN 1 WHEN 1 / 0 = 1 THEN 2 END", 1),
        ("FALSE AND 1 / 0 = 1", False),
        ("TRUE OR 1 / 0 = 1", True),
        ("COALESCE(1, 1 / 0)", 1),
        ("CAST(NULL AS BOOLEAN) AND 1 / 0 = 1", Failed),
        ("1 / 0 = 1 AND FALSE", Failed),
        ("COALESCE(NULL, 1 / 0)", Failed),
        ("NULL + 1 / 0", Failed),
    ],
)
def test_only_what_is_evaluated_fails(sql: str, expected: Any) -> None:
    """CASE, AND, OR and COALESCE go from left to right, and stop when they are decided."""
    if expected is Failed:
        with pytest.raises(Failed):
            value(sql)
    else:
        assert value(sql) == expected


def test_time_of_a_failure() -> None:
    """A failure has the ROWTIME of its row, or of the group whose result fails."""
    sql = pump("SELECT STREAM 1 / QUANTITY FROM IN_001", "N INTEGER")
    sql += pump(
        "SELECT STREAM 1 / MIN(QUANTITY) FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO MINUTE)", "N INTEGER", "G"
    )
    failures = run(application(sql), [record(5_000, quantity=0)]).failures
    assert failures == (
        Failure(5_000, "OUT_S_PUMP", "DIVISION", "division by zero"),
        Failure(60_000, "G_PUMP", "DIVISION", "division by zero"),
    )


# ---- joins


STREAMS = "".join(
    pump(f"SELECT STREAM QUANTITY, PRICE FROM IN_001 WHERE TICKER = '{name}'", "K INTEGER, V DOUBLE", name)
    for name in "AB"
)
MINUTE = "OVER (RANGE INTERVAL '1' MINUTE PRECEDING)"


def joined(sql: str, given_rows: Sequence[tuple[int, str, int | None, float]]) -> list[tuple[Any, ...]]:
    """Second and values of the rows of a join; given: second, stream, key and value."""
    select = pump(f"SELECT STREAM a.V, b.V FROM {sql}", "A DOUBLE, B DOUBLE")
    records = [record(second * 1000, ticker=name, quantity=key, price=one) for second, name, key, one in given_rows]
    found = run(application(STREAMS + select), records)
    return [(row.time // 1000, *row.values.values()) for row in found.streams["OUT_S"]]


GIVEN = [
    (0, "B", 1, 1.0),
    (30, "A", 1, 2.0),
    (60, "B", 1, 3.0),
    (91, "A", 1, 4.0),
    (91, "A", None, 5.0),
    (91, "B", None, 6.0),
]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"A AS a JOIN B {MINUTE} AS b ON a.K = b.K", [(30, 2.0, 1.0), (91, 4.0, 3.0)]),
        (f"A {MINUTE} AS a JOIN B AS b ON a.K = b.K", [(60, 2.0, 3.0)]),
        (f"A {MINUTE} AS a JOIN B {MINUTE} AS b ON a.K = b.K", [(30, 2.0, 1.0), (30, 2.0, 3.0), (91, 4.0, 3.0)]),
        ("A AS a JOIN B AS b ON a.K = b.K", []),
        ("A AS a JOIN B AS b ON a.V < b.V", [(91, 4.0, 6.0), (91, 5.0, 6.0)]),
        (f"A AS a LEFT JOIN B {MINUTE} AS b ON a.K = b.K", [(30, 2.0, 1.0), (91, 4.0, 3.0), (91, 5.0, None)]),
        (
            f"A {MINUTE} AS a RIGHT JOIN B AS b ON a.K = b.K",
            [(0, None, 1.0), (60, 2.0, 3.0), (91, None, 6.0)],
        ),
        (
            f"A {MINUTE} AS a FULL JOIN B {MINUTE} AS b ON a.V = b.V - 1",
            [(0, None, 1.0), (30, 2.0, 3.0), (91, 4.0, None), (91, 5.0, 6.0)],
        ),
        (f"A AS a, B {MINUTE} AS b WHERE a.K = b.K AND b.V > 1", [(91, 4.0, 3.0)]),
        (f"A AS a JOIN B {MINUTE} AS b USING (K)", [(30, 2.0, 1.0), (91, 4.0, 3.0)]),
    ],
)
def test_joins_of_streams(sql: str, expected: list[Any]) -> None:
    """K07, K11, K14, K33: which rows meet, and the ROWTIME of the joined row. NULL keys never meet."""
    assert joined(sql, GIVEN) == expected


def test_window_of_a_join_has_its_ends() -> None:
    """A row meets one from exactly the window's length before, and none that is a millisecond older or newer."""
    sql = STREAMS + pump(f"SELECT STREAM b.V FROM A AS a JOIN B {MINUTE} AS b ON a.K = b.K", "V DOUBLE")
    others = [record(moment_, ticker="B", quantity=1, price=moment_) for moment_ in (999, 1_000, 61_000, 61_001)]
    found = run(application(sql), [*others[:3], record(61_000, ticker="A", quantity=1), others[3]])
    assert rows(found) == [(1_000.0,), (61_000.0,)]


COMPANIES = Reference(
    "COMPANIES", (Column("TICKER", "VARCHAR(4)", ""), Column("NAME", "VARCHAR(16)", "")), "", "", 0, "CSV"
)


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("FROM IN_001 AS s LEFT JOIN COMPANIES AS c ON s.TICKER = c.TICKER", [("A", "two"), (None, None), ("Z", None)]),
        ("FROM IN_001 AS s JOIN COMPANIES AS c ON s.TICKER = c.TICKER", [("A", "two")]),
        ("FROM IN_001 AS s JOIN COMPANIES AS c USING (TICKER)", [("A", "two")]),
        ("FROM IN_001 AS s, COMPANIES AS c WHERE s.TICKER = c.TICKER", [("A", "two")]),
        (
            "FROM IN_001 AS s LEFT JOIN COMPANIES AS c ON c.TICKER = s.TICKER AND c.NAME = 'one'",
            [("A", None), (None, None), ("Z", None)],
        ),
        ("FROM COMPANIES AS c JOIN IN_001 AS s ON s.TICKER = c.TICKER", [("A", "two")]),
    ],
)
def test_lookups(select: str, expected: list[Any]) -> None:
    """K03, K36: a lookup finds the last row of its key, by the columns that equal another's; NULL finds none."""
    sql = pump(f"SELECT STREAM s.TICKER, c.NAME {select}", "T VARCHAR(4), N VARCHAR(16)")
    records = [record(n, ticker=ticker) for n, ticker in enumerate(["A", None, "Z"])]
    found = run(application(sql, references=[COMPANIES]), records, {"COMPANIES": b"A,one\nA,two\r\n,none\n"})
    assert rows(found) == expected
    assert not found.failures


def test_lines_of_a_reference_table_that_fail() -> None:
    """A line that is none has no time and no pump."""
    sql = pump("SELECT STREAM c.N FROM IN_001 AS s JOIN R AS c ON s.TICKER = c.T", "N INTEGER")
    table = Reference("R", (Column("T", "VARCHAR(4)", "$.t"), Column("N", "INTEGER", "$.n")), "", "", 0)
    data = b'{"t": "A", "n": "x"}\n{"t": "A", "n": 5}\n{'
    found = run(application(sql, references=[table]), [record(0, ticker="A")], {"R": data})
    assert rows(found) == [(5,)]
    assert [(one.time, one.pump, one.name) for one in found.failures] == [
        (None, None, "COERCION"),
        (None, None, "PARSE"),
    ]
    other = pump("SELECT STREAM TICKER FROM IN_001", "T VARCHAR(4)", "TAKEN")
    one = replace(application(sql + other, references=[table]), outputs=(Output("TAKEN", "arn", "kinesis", "JSON", 0),))
    assert not run(one, [record(0, ticker="A")], {"R": data}).failures, "nobody takes what is made of the table"


def test_lookup_and_window() -> None:
    """A joined row keeps its ROWTIME, so that a window can follow."""
    sql = pump(
        "SELECT STREAM c.NAME, COUNT(*) FROM IN_001 AS s JOIN COMPANIES AS c ON s.TICKER = c.TICKER "
        "GROUP BY c.NAME, FLOOR(s.ROWTIME TO MINUTE)",
        "N VARCHAR(16), C INTEGER",
    )
    records = [record(second * 1000, ticker="A") for second in (1, 2, 61)]
    found = run(application(sql, references=[COMPANIES]), records, {"COMPANIES": b"A,one"})
    assert [(row.time, *row.values.values()) for row in found.streams["OUT_S"]] == [
        (60_000, "one", 2),
        (120_000, "one", 1),
    ]


# ---- streams


def test_pumps_into_one_stream() -> None:
    """Several pumps are UNION ALL, a column that INSERT does not name is NULL, values are cut to declared types."""
    sql = """
        CREATE STREAM OUT_S (T VARCHAR(2), N INTEGER);
        CREATE PUMP P1 AS INSERT INTO OUT_S (N) SELECT STREAM PRICE FROM IN_001;
        CREATE PUMP P2 AS INSERT INTO OUT_S
            SELECT STREAM TICKER, QUANTITY FROM IN_001 UNION ALL SELECT STREAM 'xyz', 1 FROM IN_001 WHERE QUANTITY > 5;
    """
    found = run(application(sql), [record(0, ticker="ABC", price=1.9, quantity=7), record(1, price=3e9)])
    assert sorted(rows(found), key=str) == [("AB", 7), ("xy", 1), (None, 1), (None, None)]
    assert [(one.time, one.pump, one.name) for one in found.failures] == [(1, "P1", "COERCION")]


def test_stream_that_is_a_query() -> None:
    """CREATE STREAM .. AS has the query's columns and types; SELECT * has all columns without ROWTIME."""
    sql = "CREATE STREAM ALL_ AS SELECT STREAM *, PRICE * 2 AS TWICE FROM IN_001 AS s;"
    found = run(application(sql), [record(0, price=1.5)])
    assert [dict(row.values) for row in found.streams["ALL_"]] == [
        {"TICKER": None, "PRICE": 1.5, "QUANTITY": None, "AT": None, "TWICE": 3.0}
    ]


def test_rows_as_they_are_written() -> None:
    """A row of an output is JSON without ROWTIME: times are texts with milliseconds, NULL is null."""
    sql = pump(
        "SELECT STREAM AT, CAST(AT AS DATE), PRICE, CAST(PRICE AS DECIMAL(4, 2)), TICKER FROM IN_001",
        'AT TIMESTAMP, D DATE, "p" DOUBLE, E DECIMAL(4, 2), T VARCHAR(4)',
    )
    given_application = application(sql)
    found = run(given_application, [record(0, at="2026-01-02", price=1.25)])
    stream = parsed(given_application.code).streams["OUT_S"]
    assert written(found.streams["OUT_S"][0], stream) == {
        **{"AT": "2026-01-02 00:00:00.000", "D": "2026-01-02", "p": 1.25, "E": 1.25, "T": None},
    }


def test_what_only_flink_computes_is_left_out() -> None:
    """A stream that RANDOM_CUT_FOREST makes, and what is made of it, is named as not computed; the others have rows."""
    forest = "TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM QUANTITY FROM IN_001)))"
    sql = pump(f"SELECT STREAM QUANTITY, ANOMALY_SCORE FROM {forest}", "Q INTEGER, S DOUBLE", "SCORES")
    sql += pump("SELECT STREAM Q FROM SCORES WHERE S > 2", "Q INTEGER", "ALARMS")
    sql += pump("SELECT STREAM QUANTITY FROM IN_001", "Q INTEGER", "ALL_ROWS")
    found = run(application(sql), [record(0, quantity=3)])
    assert set(found.uncomputed) == {"SCORES", "ALARMS"}
    assert not {"SCORES", "ALARMS"} & set(found.streams)
    assert [row.values for row in found.streams["ALL_ROWS"]] == [{"Q": 3}]


def test_hotspots() -> None:
    """Rows of one moment are points by their values, NULL first; a row with a NULL is no point."""
    points = "TABLE(HOTSPOTS(CURSOR(SELECT STREAM PRICE, TICKER FROM IN_001), 3, 1, 2))"
    sql = pump(f"SELECT STREAM PRICE, HOTSPOTS_RESULT FROM {points}", "P DOUBLE, H VARCHAR(99)")
    given = [(0, 9.0), (0, 5.0), (0, None), (1, 8.5), (2, 1.0)]
    found = run(application(sql), [record(time, price=price) for time, price in given])
    none, dense = '{"hotspots":[]}', '{"hotspots":[{"density":2.0,"minValues":[8.5],"maxValues":[9.0]}]}'
    assert rows(found) == [(None, None), (5.0, none), (9.0, none), (8.5, dense), (1.0, dense)]


@pytest.mark.parametrize(
    "select",
    [
        "SELECT STREAM COUNT(*) FROM IN_001 WINDOWED BY STAGGER (PARTITION BY TICKER RANGE INTERVAL '1' MONTH)",
        "SELECT STREAM FLOOR(ROWTIME TO MINUTE) FROM IN_001 "
        "WINDOWED BY STAGGER (PARTITION BY TICKER RANGE INTERVAL '1' MINUTE)",
        "SELECT STREAM PRICE FROM IN_001 WINDOWED BY STAGGER (PARTITION BY TICKER RANGE INTERVAL '1' MINUTE)",
        "SELECT STREAM COUNT(*) FROM IN_001 GROUP BY TICKER",
        "SELECT STREAM COUNT(*) FROM IN_001",
        "SELECT STREAM PRICE FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO MINUTE)",
        "SELECT STREAM COUNT(*) FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO MONTH)",
        "SELECT STREAM COUNT(*) FROM IN_001 AS s GROUP BY FLOOR(s.ROWTIME TO MINUTE), CEIL(s.ROWTIME TO MINUTE)",
        "SELECT STREAM DISTINCT TICKER FROM IN_001",
        "SELECT STREAM QUANTITY * 2147483647 FROM IN_001",
        "SELECT STREAM UNKNOWN_FUNCTION(1) FROM IN_001",
        "SELECT STREAM NO_COLUMN FROM IN_001",
        "SELECT STREAM QUANTITY FROM NO_STREAM",
        "SELECT STREAM QUANTITY FROM OUT_S",
        "SELECT STREAM AVG(PRICE) OVER (ORDER BY PRICE ROWS 5 PRECEDING) FROM IN_001",
        "SELECT STREAM QUANTITY FROM IN_001 UNION SELECT STREAM 1 FROM IN_001",
        "SELECT STREAM QUANTITY FROM IN_001 WHERE TICKER IN (SELECT TICKER FROM IN_001)",
        "SELECT STREAM PARTITION_KEY FROM IN_001",
        "SELECT STREAM UNIX_TIMESTAMP(TIMESTAMP '9999-12-31 00:00:00' + INTERVAL '9' DAY) FROM IN_001",
        "SELECT STREAM UNIX_TIMESTAMP(TIMESTAMP '9999-12-31 00:00:00' + INTERVAL '9' MONTH) FROM IN_001",
    ],
)
def test_what_is_not_known_is_refused(select: str) -> None:
    """The model never guesses: what it does not know raises NotModelled."""
    with pytest.raises(NotModelled):
        run(application(pump(select, "N DOUBLE")), [record(0, quantity=2)])


def test_late_records_are_refused() -> None:
    """A record that comes a second after later ones of its shard would be late in the job, which is not modelled."""
    sql = pump("SELECT STREAM QUANTITY FROM IN_001", "N INTEGER")
    other = replace(record(0, quantity=1), shard="shardId-000000000001")
    assert len(rows(run(application(sql), [record(5_000), record(4_001), other]))) == 3
    with pytest.raises(NotModelled):
        run(application(sql), [record(5_000), record(4_000)])


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("SUM", [1e300, 5.0, -1e300], 5.0),
        ("SUM", [1.5e308, 1.5e308], None),
        ("SUM", [1.5e308, 1.5e308, -1.5e308], 1.5e308),
        ("AVG", [1.5e308, 1.5e308], 1.5e308),
        ("VAR_POP", [1e300, -1e300], None),
        ("STDDEV_POP", [1e300, -1e300], 1e300),
        ("STDDEV_POP", [5e-324, 5e-324], 0.0),
        ("STDDEV_SAMP", [1.5e308, -1.5e308], None),
    ],
)
def test_exact(name: str, found: list[float], expected: float | None) -> None:
    """Functions of DOUBLEs are exact, and NULL where no DOUBLE is large enough."""
    assert aggregate(name, DOUBLE, distinct=False)[1](found) == expected
