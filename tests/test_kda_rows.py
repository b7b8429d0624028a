"""kda_rows and kda_first: the examples of docs/kda/inputs.md, further cases, whatever bytes, and both through SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from java import FUNCTIONS, paths

PAGE = (paths.ROOT / "docs" / "kda" / "inputs.md").read_text(encoding="utf-8")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (TIMESTAMP has no time zone)
Row = tuple[str | None, ...]
"""Texts of error, message and columns; None for NULL."""
Read = Callable[..., list[Row]]
WIDE = ", ".join(f"`c{number}` INTEGER $[0:].c{number}" for number in range(62))

# --- What the tests run on ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def gateway(jvm: Path) -> Any:  # noqa: ARG001  (it prepares the JVM, with the functions on its class path)
    """Java, through PyFlink."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415  (starts a JVM)

    return get_gateway().jvm


@pytest.fixture(scope="session")
def read(gateway: Any) -> Read:
    """A record and the literals of a call -> the rows."""
    loader = gateway.Thread.currentThread().getContextClassLoader()
    function = loader.loadClass(FUNCTIONS["kda_rows"]).newInstance()
    text = gateway.org.apache.flink.table.data.StringData.fromString

    def run(record: bytes | str | None, *literals: str) -> list[Row]:
        line = record.encode() if isinstance(record, str) else record
        found = gateway.java.util.ArrayList()
        function.setCollector(gateway.org.apache.flink.api.common.functions.util.ListCollector(found))
        function.eval(line, *map(text, literals))
        types = re.findall(r"`[^`]+` (\w+)", literals[0])
        return [tuple(fields(row.getField(0), types)) for row in found]

    return run


def fields(row: Any, types: list[str]) -> Iterator[str | None]:
    """The texts of a row's fields."""
    for i, kind in [(0, "VARCHAR"), (1, "VARCHAR"), *enumerate(types, 3)]:  # without the source
        value = row.getField(i)
        if value is None:
            yield None
        elif kind == "DATE":
            yield str(date(1970, 1, 1) + timedelta(days=value))
        elif kind == "TIME":
            yield str((EPOCH + timedelta(milliseconds=value)).time())
        elif kind.endswith("BINARY"):
            yield f"X'{value.hex().upper()}'"
        elif kind == "TIMESTAMP":
            time = EPOCH + timedelta(milliseconds=value.getMillisecond())
            assert value.getNanoOfMillisecond() == 0
            yield time.isoformat(" ", "milliseconds")
        else:
            yield str(value).upper() if isinstance(value, bool) else str(value.toString() if callable(value) else value)


# --- The page -------------------------------------------------------------------------------------


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(width: int) -> list[list[str]]:
    """The rows of the table with so many columns in the section on JSON, without its head."""
    lines = [line for line in section("JSON").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if len(row) == width and row[0].startswith("`")]


def shown(row: Row) -> str:
    """A row as the page has it: an error, or the columns."""
    error, message, *columns = row
    return (
        f"{error}: {message}"
        if error
        else " | ".join(str(column or ("NULL" if column is None else "")) for column in columns)
    )


def plain(cell: str) -> str:
    return cell.removeprefix("`").removesuffix("`")


@pytest.mark.parametrize(("value", "column", "becomes"), table(3), ids=lambda cell: plain(cell)[:30])
def test_a_value_of_the_page(value: str, column: str, becomes: str, read: Read) -> None:
    """Each value of the page's table becomes what stands there, with that column's type."""
    (row,) = read(f'{{"a": {plain(value)}}}', f"`a` {plain(column)} $.a", "JSON", "$")
    assert shown(row) == plain(becomes)


@pytest.mark.parametrize(("record", "becomes"), table(2), ids=lambda cell: plain(cell)[:30])
def test_a_record_of_the_page(record: str, becomes: str, read: Read) -> None:
    """Each record of the page's table is the row that stands there."""
    assert [shown(row) for row in read(plain(record), "`a` INTEGER $.a", "JSON", "$")] == [becomes]


FENCED = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [block.split("\n", 2) for block in FENCED if block.startswith("'")]


@pytest.mark.parametrize(("call", "record", "rows"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_of_the_page(call: str, record: str, rows: str, read: Read) -> None:
    """Each example of rows gives those rows. In CSV, a line feed stands there as backslash and n."""
    literals = re.findall(r"'([^']*)'", call)
    found = read(record.replace("\\n", "\n") if literals[1] == "CSV" else record, *literals)
    assert [shown(row).replace("\n", "\\n") for row in found] == rows.strip("\n").splitlines()


def test_the_page_has_its_examples() -> None:
    """What is run above are the page's tables and blocks."""
    assert len(table(3)) + len(table(2)) == PAGE.count("\n| `")
    assert len(EXAMPLES) == PAGE.count("\n```\n'")
    assert min(len(table(3)), len(table(2)), len(EXAMPLES)) >= 4


# --- Further cases --------------------------------------------------------------------------------

Case = tuple[bytes | str | None, tuple[str, ...], list[str]]
"""A record, the literals of the call, and its rows as the page shows them."""


def of_json(record: bytes | str | None, *rows: str, columns: str = "`a` INTEGER $.a", path: str = "$") -> Case:
    return record, (columns, "JSON", path), list(rows)


def of_csv(
    record: bytes | str,
    *rows: str,
    columns: str = "`a` VARCHAR(9), `b` VARCHAR(9)",
    delimiters: tuple[str, str] = ("\n", ","),
) -> Case:
    return record, (columns, "CSV", *delimiters), list(rows)


CASES: dict[str, Case] = {
    "null record": of_json(None, "PARSE: The record is NULL."),
    "empty": of_json("", "PARSE: The record is empty."),
    "blank": of_json(" \n", "PARSE: The record is empty: it has white space only."),
    "gzip": of_json(b"\x1f\x8b\x08", "PARSE: The record is compressed (gzip): send it as it was before."),
    "not UTF-8": of_json(b'{"a": "\xff"}', "PARSE: The record is not UTF-8 after byte 7."),
    "array where the rows are deeper": of_json(
        "[1]", "PARSE: The record is not a JSON object.", columns="`a` INTEGER $.x[0:].a"
    ),
    "too deep": of_json('{"z": ' + "[" * 1000 + "]" * 1000 + "}", "PARSE: The record is nested over 1000 deep."),
    "just not too deep": of_json('{"z": ' + "[" * 999 + "]" * 999 + "}", "NULL"),
    "root by number": of_json("[4, 5]", "5", columns="`a` INTEGER $[1]"),
    "root as a text": of_json('{"a": [1]}', '{"a": [1]}', columns="`a` VARCHAR(99) $"),
    "root array as a text": of_json(" [1, 2] ", "[1, 2]", columns="`a` VARCHAR(99) $[0:]"),
    "root elements": of_json('[{"a": 1}, 2]', "1", "NULL", columns="`a` INTEGER $[0:].a"),
    "empty root array": of_json("[]", "NULL"),
    "array of arrays": of_json('{"x": [[1, 2], [3]]}', "1", "3", columns="`a` INTEGER $.x[0:][0]"),
    "array of arrays as texts": of_json('{"x": [[1, 2], [3]]}', "[1, 2]", "[3]", columns="`a` VARCHAR(9) $.x[0:][0:]"),
    "object for an array": of_json('{"x": {"a": 1}}', "NULL", columns="`a` INTEGER $.x[0:].a"),
    "object for an array as a text": of_json('{"x": {"a": 1}}', "NULL", columns="`a` VARCHAR(9) $.x[0:]"),
    "name in an array": of_json('{"x": [{"a": 1}]}', "NULL", columns="`a` INTEGER $.x.a"),
    "number beyond": of_json('{"x": [1]}', "NULL", columns="`a` INTEGER $.x[1]"),
    "number of an object": of_json('{"x": {"0": 1}}', "NULL", columns="`a` INTEGER $.x[0]"),
    "object and its part": of_json('{"x": {"a": 1}}', '{"a": 1} | 1', columns="`x` VARCHAR(9) $.x, `a` INTEGER $.x.a"),
    "two columns of a value": of_json('{"a": 1}', "1 | 1", columns="`x` VARCHAR(9) $.a, `a` INTEGER $.a"),
    "names in quotes": of_json('{"a b": {"c,d\'e": 1}}', "1", columns="`a` INTEGER $['a b'][\"c,d'e\"]"),
    "name with a comma": of_json('{"a, b": 1, "c": 2}', "1 | 2", columns="`a` INTEGER $.a, b , `c` INTEGER $.c"),
    "name in escapes": of_json('{"\\u0061": 1}', "1"),
    "twice inside": of_json(
        '{"x": {"a": 1}, "x": 2}', "COERCION: a is there twice, expected INTEGER.", columns="`a` INTEGER $.x.a"
    ),
    "twice, but of no column": of_json('{"x": 1, "x": 2, "a": 3}', "3"),
    "twice in an element": of_json(
        '{"x": [{"a": 1, "a": 1}, {"a": 2}]}',
        "COERCION: a of row 1 is there twice, expected INTEGER.",
        "2",
        columns="`a` INTEGER $.x[0:].a",
    ),
    "rows twice": of_json(
        '{"x": [{"a": 1}], "x": []}', "COERCION: The array of the rows is there twice.", columns="`a` INTEGER $.x[0:].a"
    ),
    "row path that is null": of_json(
        '{"x": null}',
        "COERCION: Row path $.x is missing, expected an array or object.",
        columns="`a` INTEGER $.x.a",
        path="$.x",
    ),
    "row path to a text": of_json(
        '{"x": "y"}',
        'COERCION: Row path $.x is "y", expected an array or object.',
        columns="`a` INTEGER $.x.a",
        path="$.x",
    ),
    "row path to an object": of_json('{"x": {"a": 1}}', "1", columns="`a` INTEGER $.x.a", path="$.x"),
    "row path to an element": of_json(
        '{"x": [{"a": 1}, {"a": 2}]}', "2", columns="`a` INTEGER $.x[1].a", path="$.x[1]"
    ),
    "row path without columns in it": of_json('{"x": [1, 2], "a": 3}', "3", "3", path="$.x"),
    "the first bad column": of_json(
        '{"a": "x", "b": "y"}', 'COERCION: b is "y", expected INTEGER.', columns="`b` INTEGER $.b, `a` INTEGER $.a"
    ),
    "name with signs": of_json(
        '{"a": "x"}', 'COERCION: "a\\nb" is "x", expected INTEGER.', columns="`a\nb` INTEGER $.a"
    ),
    "characters beyond U+FFFF": of_json('{"a": "🦄🦄🦄"}', "🦄🦄", columns="`a` VARCHAR(2) $.a"),
    "VARCHAR without a length": of_json('{"a": "' + "x" * 70000 + '"}', "x" * 70000, columns="`a` VARCHAR $.a"),
    "year 0": of_json(
        '{"a": "0000-01-01"}', 'COERCION: a is "0000-01-01", expected DATE as yyyy-MM-dd.', columns="`a` DATE $.a"
    ),
    "before year 1 in UTC": of_json(
        '{"a": "0001-01-01T00:00+01:00"}',
        'COERCION: a is "0001-01-01T00:00+01:00", expected TIMESTAMP as yyyy-MM-dd HH:mm:ss[.SSS].',
        columns="`a` TIMESTAMP $.a",
    ),
    "after year 9999 in UTC": of_json(
        '{"a": "9999-12-31T23:30:00-0030", "b": "9999-12-31T23:29:59-0030"}',
        'COERCION: a is "9999-12-31T23:30:00-0030", expected DATE as yyyy-MM-dd.',
        columns="`a` DATE $.a, `b` DATE $.b",
    ),
    "long text of bytes": of_json(
        '{"a": "X' + "'" + "7F" * 300_000 + "'" + '"}', "X'7F7F'", columns="`a` VARBINARY(2) $.a"
    ),
    "odd text of bytes": of_json(
        """{"a": "X'7F7'"}""",
        """COERCION: a is "X'7F7'", expected VARBINARY(2) as X'00FF'.""",
        columns="`a` VARBINARY(2) $.a",
    ),
    "a date with a zone": of_json(
        '{"a": "1992-02-14Z"}', 'COERCION: a is "1992-02-14Z", expected DATE as yyyy-MM-dd.', columns="`a` DATE $.a"
    ),
    "over midnight": of_json(
        '{"a": "1992-02-14T23:30:00-0130"}', "1992-02-15 | 01:00:00", columns="`a` DATE $.a, `b` TIME $.a"
    ),
    "hour alone": of_json(
        '{"a": "1992-02-14T23"}', 'COERCION: a is "1992-02-14T23", expected DATE as yyyy-MM-dd.', columns="`a` DATE $.a"
    ),
    "exponents": of_json(
        '{"a": 1e2}',
        "COERCION: b is 1e2, expected DECIMAL(2, 0); it takes 2 digits before the point and 0 after it.",
        columns="`a` DECIMAL(5,2) $.a, `b` DECIMAL(2) $.a",
    ),
    "huge exponent": of_json(
        '{"a": 1e999999999}',
        "COERCION: a is 1e999999999, expected DECIMAL(5, 2); it takes 3 digits before the point and 2 after it.",
        columns="`a` DECIMAL(5,2) $.a",
    ),
    "zero in any size": of_json(
        '{"a": 0.000, "b": 0e99}', "0.0 | 0.0", columns="`a` DECIMAL(2,1) $.a, `b` DECIMAL(1,1) $.b"
    ),
    "hexadecimal texts": of_json('{"a": "0x10"}', 'COERCION: a is "0x10", expected DOUBLE.', columns="`a` DOUBLE $.a"),
    "NaN as a text": of_json('{"a": "NaN"}', 'COERCION: a is "NaN", expected DOUBLE.', columns="`a` DOUBLE $.a"),
    "ends of BIGINT": of_json(
        '{"a": "-9223372036854775808", "b": 9223372036854775808}',
        "-9223372036854775808 | 9223372036854775808",
        columns="`a` BIGINT $.a, `b` VARCHAR(19) $.b",
    ),
    "tiny is not zero": of_json('{"a": 1e-999}', "TRUE", columns="`a` BOOLEAN $.a"),
    "zero with an exponent": of_json('{"a": -0.0e5}', "FALSE", columns="`a` BOOLEAN $.a"),
    "CSV that begins like base 64": of_csv("eyJx,1", "eyJx | 1", columns="`a` VARCHAR(9), `b` INTEGER"),
    "CSV with a mark": of_csv(
        b"\xef\xbb\xbfa",
        "PARSE: The record begins with a byte order mark (EF BB BF): send UTF-8 without it.",
        columns="`a` VARCHAR(9)",
    ),
    "empty CSV": of_csv("", "PARSE: The record is empty.", columns="`a` VARCHAR(9)"),
    "CSV of line feeds": of_csv("\n\n", "PARSE: The record is empty.", columns="`a` VARCHAR(9)"),
    "carriage returns": of_csv('a,1\r\n\r\nb,\r\n"c"\r\nd\r', "a | 1", "b | NULL", "c | NULL", "d | NULL"),
    "long delimiters": of_csv("a||b|c||", "a | NULL", "b | c", delimiters=("||", "|")),
    "longer of columns": of_csv("a||b|c", "a | b", "c | NULL", delimiters=("|", "||")),
    "tabs": of_csv(
        "a\t\tb\n\t1",
        "a | NULL | b",
        "NULL | 1 | NULL",
        columns="`a` VARCHAR(9), `b` INTEGER, `c` CHAR(1)",
        delimiters=("\\n", "\\t"),
    ),
    "blanks of texts are kept": of_csv(' a ,"b" \n', " a  | b"),
    "blank cells": of_csv(" , \n", "  | NULL", columns="`a` VARCHAR(9), `b` DATE"),
    "true in CSV": of_csv(
        "True,1,0,\n", "TRUE | FALSE | FALSE | NULL", columns="`a` BOOLEAN, `b` BOOLEAN, `c` BOOLEAN, `d` BOOLEAN"
    ),
    "quotes inside a cell": of_csv('a"b",1', 'a"b" | 1', columns="`a` VARCHAR(9), `b` INTEGER"),
}


@pytest.mark.parametrize(("record", "literals", "rows"), CASES.values(), ids=CASES)
def test_a_case(record: bytes | str | None, literals: tuple[str, ...], rows: list[str], read: Read) -> None:
    """A record's rows, as the page shows them."""
    assert [shown(row) for row in read(record, *literals)] == rows


def test_the_other_columns_have_their_values(read: Read) -> None:
    """A row that is refused as COERCION has the values of its good columns, one of PARSE has none."""
    columns = "`a` INTEGER $.a, `b` INTEGER $.b"
    assert read('{"a": 1, "b": "x"}', columns, "JSON", "$")[0][2:] == ("1", None)
    assert read('{"a": 1, "b": 2', columns, "JSON", "$")[0][2:] == (None, None)
    assert [row[2:] for row in read('1,x\n"2', "`a` INTEGER, `b` INTEGER", "CSV", "\n", ",")] == [
        ("1", None),
        (None, None),
    ]


# --- Whatever bytes -------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "x", "y", "o"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-300, 300),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["12", " 1.5 ", "true", "1992-02-14", "1992-02-14 18:35:44.0", "1992-02-14T18:35:44Z", "18:35"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
# Literals, and whether an array is a record.
SCHEMAS = [
    (("`a` INTEGER $.a, `b` VARCHAR(5) $.b, `c` TIMESTAMP $.x.y", "JSON", "$"), True),
    (("`a` DATE $.a, `b` DOUBLE $.o[0:].b, `c` VARCHAR(20) $.o[0:].x, `d` VARCHAR(20) $.y[0:]", "JSON", "$"), False),
    (("`a` DECIMAL(9,2) $.o[0:].a, `b` BOOLEAN $.o.b, `c` VARCHAR $.b, `d` TIME $.o[0:].x[1]", "JSON", "$.o"), False),
    (("`a` BIGINT $[1], `b` VARCHAR(9) $, `c` VARCHAR(9) $[0:]", "JSON", "$"), True),
    (("`a` INTEGER, `b` VARCHAR(5), `c` TIMESTAMP", "CSV", "\n", ","), True),
    (("`a` REAL, `b` CHAR(2)", "CSV", "ab", "a"), True),
]
RECORDS = st.one_of(
    st.binary(max_size=40),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(KEYS, VALUES, max_size=5).map(
        lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    ),
    st.text('ab,\n\r" \t1', max_size=30).map(str.encode),
)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A record with a piece of it left out or put in."""
    record = draw(RECORDS)
    start = draw(st.integers(0, len(record)))
    end = draw(st.integers(start, len(record)))
    return (
        record[:start]
        + draw(st.sampled_from([b"", b'"', b"{", b"]", b",", b"\xff", b"\\u", b"\n", b"1e9999"]))
        + record[end:]
    )


@pytest.mark.parametrize(("literals", "takes_array"), SCHEMAS, ids=range(len(SCHEMAS)))
def test_no_record_throws_or_is_lost(literals: tuple[str, ...], takes_array: bool, read: Read) -> None:
    """Any bytes give a row at least, one of PARSE if they are no JSON, and no exception; messages are short lines."""

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(RECORDS | broken())
    def check(record: bytes) -> None:
        rows = read(record, *literals)
        assert rows
        for error, message, *columns in rows:
            assert (error is None) == (message is None)
            assert error in (None, "PARSE", "COERCION")
            assert message is None or (len(message) < 250 and re.fullmatch(r"[ -~…]+", message))
            assert error != "PARSE" or set(columns) == {None}
        if literals[1] == "JSON":
            assert (rows[0][0] == "PARSE") == (not is_record(record, takes_array=takes_array))

    check()


def is_record(record: bytes, *, takes_array: bool) -> bool:
    """Whether this is JSON with an object in it, or an array."""
    try:
        value = json.loads(record.decode("utf-8"), parse_constant=lambda _name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        return False
    return isinstance(value, dict) or (takes_array and isinstance(value, list))


# --- Through SQL ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def env(gateway: Any) -> Any:  # noqa: ARG001  (it starts the JVM)
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415  (starts a JVM)

    from tests.sql import here  # noqa: PLC0415  (as above)

    env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for option, value in {**here(), "parallelism.default": "1", "table.local-time-zone": "UTC"}.items():
        env.get_config().set(option, value)
    for name, class_name in FUNCTIONS.items():
        env.execute_sql(f"CREATE TEMPORARY FUNCTION {name} AS '{class_name}' LANGUAGE JAVA")
    return env


def source(env: Any, folder: Path, records: list[str], columns: str = "") -> None:
    """The table `records`, with these lines."""
    (folder / "records.json").write_text("".join(f"{record}\n" for record in records), encoding="utf-8")
    env.execute_sql("DROP TEMPORARY TABLE IF EXISTS records")
    env.execute_sql(
        f"CREATE TEMPORARY TABLE records (line BYTES{columns}) "
        f"WITH ('connector' = 'filesystem', 'path' = '{folder.as_uri()}', 'format' = 'raw')"
    )


def rows_of(env: Any, sql: str) -> list[tuple[Any, ...]]:
    with env.execute_sql(sql).collect() as rows:
        return [tuple(row) for row in rows]


ALL = (
    "`a` TINYINT $.a, `b` SMALLINT $.a, `c` INTEGER $.a, `d` BIGINT $.a, `e` REAL $.a, `f` DOUBLE $.a,"
    " `g` DECIMAL(5, 2) $.a, `h` BOOLEAN $.a, `i` VARCHAR(4) $.a, `j` CHAR(4) $.a, `k` VARCHAR $.a, `l` DATE $.t,"
    " `m` TIME $.t, `n` TIMESTAMP $.t, `error` DECIMAL $.a, `error_` DECIMAL(7) $.a, `a name, of words` VARCHAR(2) $.a,"
    " `o` VARBINARY(2) $.h, `p` BINARY(2) $.h"
)


def call(columns: str, form: str = "'JSON', '$'") -> str:
    """A query of the rows of all records."""
    return f"SELECT record FROM records CROSS JOIN LATERAL TABLE(kda_rows(line, '{columns}', {form})) AS r (record)"


def test_the_types_in_sql(env: Any, tmp_path: Path) -> None:
    """Each type of KDA has its type of Flink; a column's name is its field, but for `error` and `message`."""
    source(env, tmp_path, ['{"a": 7, "t": "1992-02-14 18:35:44.5", "h": "X\'41\'"}'])
    env.execute_sql(f"CREATE TEMPORARY VIEW all_types AS {call(ALL)}")
    ((name, kind, *_rest),) = rows_of(env, "DESCRIBE all_types")
    assert name == "record"
    assert kind == (
        "ROW<`error` STRING, `message` STRING, `source` STRING, `a` TINYINT, "
        "`b` SMALLINT, `c` INT, `d` BIGINT, `e` DOUBLE, `f` DOUBLE,"
        " `g` DECIMAL(5, 2), `h` BOOLEAN, `i` VARCHAR(4), `j` VARCHAR(4), `k` STRING, `l` DATE, `m` TIME(0),"
        " `n` TIMESTAMP(3), `error__` DECIMAL(19, 0), `error_` DECIMAL(7, 0), `a name, of words` VARCHAR(2),"
        " `o` VARBINARY(2), `p` VARBINARY(2)>"
    )
    ((row,),) = rows_of(env, "SELECT CAST(record AS STRING) FROM all_types")
    assert row == (
        "(NULL, NULL, NULL, 7, 7, 7, 7, 7.0, 7.0, 7.00, TRUE, 7, 7, 7,"
        " 1992-02-14, 18:35:44, 1992-02-14 18:35:44.500, 7, 7, 7, A, A\0)"
    )


def test_the_rows_in_sql(env: Any, tmp_path: Path) -> None:
    """All rows of all records come, in their order, whatever else is in a record."""
    records = ['{"o": [{"a": 1}, {"a": "x"}], "b": "ab"}', "no JSON", '{"o": [], "b": "c"}']
    source(env, tmp_path, records)
    env.execute_sql(f"CREATE TEMPORARY VIEW rows_of_records AS {call('`a` INTEGER $.o[0:].a, `b` VARCHAR(1) $.b')}")
    assert rows_of(env, "SELECT record.error, record.message, record.a, record.b FROM rows_of_records") == [
        (None, None, 1, "a"),
        ("COERCION", 'a of row 2 is "x", expected INTEGER.', None, "a"),
        ("PARSE", "The record is not JSON at line: 1, column: 3.", None, None),
        (None, None, None, "c"),
    ]


def test_the_first_row_has_the_time_of_a_table(env: Any, tmp_path: Path) -> None:
    """kda_first, with the arguments of kda_rows, is the first row: a table takes its time and watermark from it."""
    source(
        env,
        tmp_path,
        ['{"t": "1992-02-14"}', '{"t": "x"}', '[{"t": "1992-02-15T01:00"}, {"t": "1993-01-01"}]'],
        ", event_time AS COALESCE("
        "kda_first(line, '`t` TIMESTAMP $.t', 'JSON', '$').`t`, TIMESTAMP '1970-01-01 00:00:00'),"
        " WATERMARK FOR event_time AS event_time",
    )
    times = rows_of(env, "SELECT CAST(event_time AS STRING) FROM records")
    assert times == [("1992-02-14 00:00:00.000",), ("1970-01-01 00:00:00.000",), ("1992-02-15 01:00:00.000",)]
    source(env, tmp_path, ["a;7|b;8"])
    firsts = rows_of(env, "SELECT kda_first(line, '`a` CHAR(1), `b` INTEGER', 'CSV', '|', ';').b FROM records")
    assert firsts == [(7,)]


REFUSED = {
    "no columns": ("", "'JSON', '$'", "expected one in place of: the end"),
    "no backticks": ("a INTEGER $.a", "'JSON', '$'", "expected one in place of: a INTEGER $.a"),
    "end": ("`a` INTEGER $.a,", "'JSON', '$'", "expected one in place of: the end"),
    "rest": ("`a` INTEGER NOT NULL", "'CSV', ';', ','", "expected one in place of: NOT NULL"),
    "type": ("`a` INTERVAL $.a", "'JSON', '$'", "DATE, TIME and TIMESTAMP, not: INTERVAL"),
    "sizes": ("`a` INTEGER(4) $.a", "'JSON', '$'", "not: INTEGER(4)"),
    "length": ("`a` VARCHAR(0) $.a", "'JSON', '$'", "VARCHAR(n) has n from 1, not: 0"),
    "precision": ("`a` DECIMAL(39, 2) $.a", "'JSON', '$'", "DECIMAL(p, s) has p from 1 to 38"),
    "twice": ("`a` INTEGER $.a, `a` INTEGER $.b", "'JSON', '$'", "two of the name a."),
    "no path": ("`a` INTEGER", "'JSON', '$'", "A column of JSON needs a path: a has none."),
    "path": ("`a` INTEGER $.a..b", "'JSON', '$'", "for each element, [0:], not: $.a..b"),
    "slice": ("`a` INTEGER $.a[1:2]", "'JSON', '$'", "for each element, [0:], not: $.a[1:2]"),
    "two levels": ("`a` INTEGER $.a[0:].b[0:].c", "'JSON', '$'", "A path leads through [0:] once"),
    "two arrays": ("`a` INTEGER $.a[0:].x, `b` INTEGER $.b[0:].x", "'JSON', '$'", "Only one array can be rows"),
    "other array": ("`a` INTEGER $.a[0:].x", "'JSON', '$.b'", "Only one array can be rows, not two: $.a[0:].x and $.b"),
    "each and number": ("`a` INTEGER $.a[0:].x, `b` INTEGER $.a[0].x", "'JSON', '$'", "cannot be read by number"),
    "row path": ("`a` INTEGER $.a", "'JSON', '$.a[0:].b'", "A row path has [0:] at its end only"),
    "format": ("`a` INTEGER $.a", "'XML', '$'", "'CSV' and delimiters of rows and columns, not: XML"),
    "delimiters": ("`a` INTEGER", "'CSV', ','", "not: CSV"),
    "equal delimiters": ("`a` INTEGER", "'CSV', ',', ','", "CSV needs two delimiters"),
    "quote": ("`a` INTEGER", "'CSV', '\\n', '\"'", "CSV needs two delimiters"),
    "path in CSV": ("`a` INTEGER $.a", "'CSV', '|', ','", "A column of CSV has no path: a has one."),
    "no literal": ("`a` INTEGER $.a", "'JSON', CAST(line AS STRING)", "kda_rows takes literals"),
}


@pytest.mark.parametrize(("columns", "form", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_schema_that_is_refused(env: Any, tmp_path: Path, columns: str, form: str, sentence: str) -> None:
    """What the literals do not declare is one sentence of Flink's ValidationException, before anything runs."""
    source(env, tmp_path, ["{}"])
    with pytest.raises(Exception, match=re.escape(sentence)):
        env.sql_query(call(columns, form))


def test_the_source_of_a_row(gateway: Any) -> None:
    """A refused row of a record with several has its own text; of a record with one row, the record is its text."""
    loader = gateway.Thread.currentThread().getContextClassLoader()
    function = loader.loadClass(FUNCTIONS["kda_rows"]).newInstance()
    text = gateway.org.apache.flink.table.data.StringData.fromString

    def sources(record: str, *literals: str) -> list[str | None]:
        found = gateway.java.util.ArrayList()
        function.setCollector(gateway.org.apache.flink.api.common.functions.util.ListCollector(found))
        function.eval(record.encode(), *map(text, literals))
        texts = [row.getField(0).getField(2) for row in found]
        return [None if one is None else one.toString() for one in texts]

    json_, csv = ("`a` INTEGER $.r[0:].a", "JSON", "$"), ("`a` INTEGER, `b` INTEGER", "CSV", "\n", ",")
    assert sources('{"r": [{"a": "x"}, {"a": 2}, { "a" : [3, {}] } , {"a": 5.5}]}', *json_) == [
        *('{"a": "x"}', None, '{ "a" : [3, {}] }', '{"a": 5.5}')
    ]
    assert sources('[{"a": 7.5}, {"a": 8}]', "`a` INTEGER $[0:].a", "JSON", "$") == ['{"a": 7.5}', None]
    assert sources('{"r": {"a": "x"}}', *json_) == [None]
    assert sources("1,x\n2,2\ny,3\n", *csv) == ["1,x", None, "y,3"]
    assert sources("1,x", *csv) == [None]


@pytest.mark.parametrize(
    ("columns", "rows", "limit"),
    [("`a` INTEGER $[0:].a", 100_001, "100000 rows of 1 columns"), (WIDE, 16_200, "16129 rows of 62 columns")],
    ids=["narrow", "wide"],
)
def test_too_many_rows(columns: str, rows: int, limit: str, read: Read) -> None:
    """A record that would fill the memory with rows is refused as a whole."""
    record = "[" + ",".join(["{}"] * rows) + "]"
    ((error, message, *_values),) = read(record, columns, "JSON", "$")
    assert (error, message) == ("PARSE", f"The record makes over {limit}.")
