"""Applications of KDA as Flink SQL: the text of their views, and what these give in Flink."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kda import model
from kda.applications import Output
from kda.model.outputs import written
from kda.rule import Subject
from kda.translation import Options, Translation, Untranslatable
from kda.translation.names import Names
from kda.translation.text import indented, interval
from pipeline.cases import Record
from tests.kda_jobs import DAY, SHARD, App, at, input_, reference, run

OUT = "CREATE OR REPLACE STREAM O (T VARCHAR(8), A DOUBLE, N INTEGER, W TIMESTAMP);\n"
PUMP = f"{OUT}CREATE OR REPLACE PUMP P AS INSERT INTO O "
MINUTES = """CREATE OR REPLACE STREAM M (T VARCHAR(8), N INTEGER);
CREATE OR REPLACE PUMP MP AS INSERT INTO M
SELECT STREAM TICKER, COUNT(*) FROM IN_001 AS s GROUP BY TICKER, STEP(s.ROWTIME BY INTERVAL '10' SECOND);
"""
BY_MINUTE = "GROUP BY TICKER, STEP(s.ROWTIME BY INTERVAL '1' MINUTE)"
COMPANIES = (reference("COMPANIES", "ticker VARCHAR(4), region VARCHAR(4), company VARCHAR(20)"),)


def view(select: str, name: str = "O", **options: Any) -> str:
    """A view of an application with this SELECT in its only pump, on a line."""
    return flat(App(PUMP + select, {}, options=Options(**options), references=COMPANIES).translated().views[name])


def flat(text: str) -> str:
    """The SQL without its comments and line breaks."""
    return " ".join(re.sub(r"^--.*$", "", text, flags=re.MULTILINE).split())


def refused(sql: str, **more: Any) -> str:
    """Why an application has no translation."""
    with pytest.raises(Untranslatable) as error:
        App(sql, {}, **more).translated()
    return str(error.value)


# ---- files and names


def test_files() -> None:
    """A table for the input, views by the names of the streams, a view and a table for what is written."""
    made = App(PUMP + "SELECT STREAM TICKER, PRICE, QUANTITY, ROWTIME FROM IN_001 WHERE PRICE > 1;", {}).translated()
    assert list(made.tables) == ["IN_", "O_OUTPUT"]  # IN is a reserved word
    assert list(made.views) == ["checked", "parsed", "IN_001", "O", "O_rows", "rejects"]
    assert made.inserts == {"O_OUTPUT": "O_rows"}
    assert made.sinks == {"O_OUTPUT": None}
    assert made.names == {"O": "O"}
    assert flat(made.views["O"]) == (
        "SELECT `TICKER` AS `T`, `PRICE` AS `A`, `QUANTITY` AS `N`, CAST(`ROWTIME` AS TIMESTAMP(3)) AS `W`, `ROWTIME` "
        "FROM IN_001 WHERE `PRICE` > 1"
    ).replace("`TICKER` AS `T`", "CAST(`TICKER` AS VARCHAR(8)) AS `T`")


def test_comments() -> None:
    """A view opens with the comments of its stream, each pump's SELECT with its own, whatever signs they hold."""
    sql = (
        "-- what is hot\nCREATE STREAM O (T VARCHAR(4));\n/* a pump:\n * of two lines */\n"
        "CREATE PUMP P AS INSERT INTO O SELECT STREAM TICKER /* inside */ FROM IN_001; -- '*/;\n"
        "-- another\nCREATE PUMP Q AS INSERT INTO O SELECT STREAM TICKER FROM IN_001;"
    )
    text = App(sql, {}).translated().views["O"]
    assert text.startswith("-- what is hot\n-- a pump:\n-- of two lines\n-- inside\n-- '*/;\nSELECT\n")
    assert "UNION ALL\n-- another\nSELECT\n" in text


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("OUT", "OUT_"),
        ("my stream", "my_stream"),
        ("9", "S_9"),
        ("_x", "S_x"),
        ("errors", "errors_2"),
        ("x" * 60, "x" * 50),
    ],
)
def test_names(wanted: str, given: str) -> None:
    """A name is one that the pipeline takes: no reserved word, no shared view, 50 characters."""
    assert Names().given(wanted) == given


def test_names_once() -> None:
    """Two names differ in more than their case, as files' names have to."""
    names = Names()
    assert [names.given("Prices"), names.given("PRICES"), names.given("prices")] == ["Prices", "PRICES_2", "prices_3"]


def test_outputs() -> None:
    """Each output has a table; error_stream has none; a stream that nobody reads is left out: K43 names it."""
    outputs = [Output(name, "arn:out", "kinesis", "JSON", 0) for name in ("O", "O", "error_stream")]
    sql = f"{PUMP}SELECT STREAM * FROM IN_001; CREATE STREAM U (T VARCHAR(4));" + (
        "CREATE PUMP Q AS INSERT INTO U SELECT STREAM TICKER FROM IN_001;"
    )
    made = App(sql, {}, outputs=outputs).translated()
    assert made.inserts == {"O_OUTPUT": "O_rows", "O_OUTPUT_2": "O_rows"}
    assert "U" not in made.views
    assert made.notes == ()


FIRST = "SELECT STREAM TICKER, FIRST_VALUE(PRICE), COUNT(*), ROWTIME FROM IN_001 AS s"


def test_first_of_a_window_by_time() -> None:
    """The rows that pass come from a view that brings those of a key into order."""
    query = f"{FIRST} WHERE QUANTITY > 0 {BY_MINUTE}"
    made = App(f"{PUMP}{query};", {}).translated()
    assert "COUNT(*) OVER w AS `in_order`" in made.views["O_in_order"]
    assert "`QUANTITY` > 0" in made.views["O_in_order"]
    assert "PARTITION BY `TICKER`" in made.views["O_in_order"]
    assert "TUMBLE(TABLE O_in_order," in made.views["O"]
    assert "WHERE `in_order` > 0" in made.views["O"]


PROCESSING = {
    f"{FIRST} {BY_MINUTE}": "FIRST_VALUE and LAST_VALUE",
    "SELECT STREAM TICKER, PRICE, 1, s.ROWTIME FROM IN_001 AS s JOIN COMPANIES AS c ON TICKER = c.K": "a lookup in",
    "SELECT STREAM ITEM, 1.0, ITEM_COUNT, q.ROWTIME FROM TABLE(TOP_K_ITEMS_TUMBLING("
    "CURSOR(SELECT STREAM TICKER FROM IN_001), 'TICKER', 2, 60)) AS q": "TOP_K_ITEMS_TUMBLING",
}


@pytest.mark.parametrize("query", PROCESSING)
def test_refused_with_the_time_of_processing(query: str) -> None:
    """What Flink has for the times of rows only; with their times it is translated."""
    app = App(f"{PUMP}{query};", {}, references=[reference("COMPANIES", "k VARCHAR(4)")])
    assert app.translated().views
    with pytest.raises(Untranslatable, match=f"{PROCESSING[query]}.* no translation with --time processing"):
        replace(app, options=Options(time="processing")).translated()


def test_a_join_of_lengths_with_parentheses() -> None:
    """The bounds of a join keep the parentheses of their intervals: DAY(1) TO SECOND(3)."""
    sql = (
        f"{MINUTES}{PUMP}SELECT STREAM m.T, 1.0, m.N, m.ROWTIME FROM IN_001 "
        "OVER (RANGE INTERVAL '25' MINUTE PRECEDING) AS s "
        "JOIN M OVER (RANGE INTERVAL '25' MINUTE PRECEDING) AS m ON s.TICKER = m.T;"
    )
    view = App(sql, {}).translated().views["O"]
    assert view.count("(") == view.count(")")
    assert "INTERVAL '0 00:24:59.999' DAY(1) TO SECOND(3)" in view


def test_left_out() -> None:
    """A pump that is left out is in no view; when all of a stream's are, the stream has no rows."""
    sql = f"{MINUTES}{PUMP}SELECT STREAM T, 1.0, N, ROWTIME FROM M;"
    made = App(sql, {}, options=Options(leave_out=frozenset({"MP"}))).translated()
    assert "WHERE FALSE" in made.views["M"]
    assert made.notes == ("No pump writes into stream M: it has no rows",)


def test_quotes() -> None:
    """A line break in quotes stays what it is, however deep; a name with one ends no comment."""
    sql = """CREATE STREAM O (T VARCHAR(8), A DOUBLE, N INTEGER, W TIMESTAMP);
CREATE PUMP "P\nDROP" AS INSERT INTO O SELECT STREAM t || '\n  b', 1 / n, n, ROWTIME FROM (SELECT STREAM
CASE WHEN TICKER = 'it''s\n\na' THEN TICKER || '(' ELSE TICKER || '-- \n' END AS t, QUANTITY AS n FROM IN_001) AS q;"""
    made = App(sql, {}).translated()
    text = "".join(made.views.values())
    for literal in ("'it''s\n\na'", "'-- \n'", "'\n  b'"):
        assert literal in text
    assert any(line.startswith("--") and "pump P DROP" in line for line in text.split("\n"))


@pytest.mark.parametrize(
    ("text", "deeper"),
    [
        ("a\nb", "    a\n    b"),
        ("'a\nb'\nc", "    'a\nb'\n    c"),
        ('`a\nb`\n"c\nd"', '    `a\nb`\n    "c\nd"'),
        ("-- it's\na\n-- 'b\n", "    -- it's\n    a\n    -- 'b\n"),
        ("'--'\n'a''\nb'", "    '--'\n    'a''\nb'"),
        ("a\n\nb", "    a\n\n    b"),
    ],
)
def test_indented(text: str, deeper: str) -> None:
    """Lines are moved, what stands in quotes is not; a quote in a comment is none."""
    assert indented(text) == deeper


def test_parentheses_in_quotes() -> None:
    """A parenthesis in quotes closes none: those around a whole condition are left out, others are not."""
    text = view("SELECT STREAM * FROM IN_001 WHERE (TICKER = '(' AND PRICE > 1) OR (TICKER = ')' AND PRICE > 2);")
    assert "WHERE ((`TICKER` = '(') AND (`PRICE` > 1)) OR ((`TICKER` = ')') AND (`PRICE` > 2))" in text


# ---- windows


@pytest.mark.parametrize(
    ("step", "table"),
    [
        ("STEP(s.ROWTIME BY INTERVAL '90' SECOND)", "INTERVAL '90' SECOND"),
        ("FLOOR(s.ROWTIME TO HOUR)", "INTERVAL '1' HOUR"),
        ("FLOOR(s.APPROXIMATE_ARRIVAL_TIME TO HOUR)", "INTERVAL '1' HOUR"),
        ("CEIL(s.ROWTIME TO MINUTE)", "INTERVAL '1' MINUTE, INTERVAL '0.001' SECOND"),
        (
            "FLOOR((s.ROWTIME - TIMESTAMP '2026-01-01 00:01:00') MINUTE / 5 TO MINUTE)",
            "INTERVAL '5' MINUTE, INTERVAL '1' MINUTE",
        ),
        ("s.ROWTIME", "INTERVAL '0.001' SECOND"),
    ],
)
def test_window(step: str, table: str) -> None:
    """Each form of a step of ROWTIME is a window that tumbles, with its offset."""
    text = view(f"SELECT STREAM TICKER, SUM(PRICE), COUNT(*), ROWTIME FROM IN_001 AS s GROUP BY TICKER, {step};")
    assert f"FROM TABLE(TUMBLE(TABLE IN_001, DESCRIPTOR(`ROWTIME`), {table}))" in text
    assert "GROUP BY `TICKER`, window_start, window_end, window_time" in text


def test_a_window_of_one_end() -> None:
    """A condition that a time is a fixed one is hidden from Flink's planner, which puts that in a window's place."""
    text = view(
        "SELECT STREAM q.TICKER, q.N, 1, ROWTIME FROM (SELECT STREAM TICKER, COUNT(*) AS N, s.ROWTIME AS E "
        f"FROM IN_001 AS s {BY_MINUTE}) AS q WHERE q.E = TIMESTAMP '2026-11-22 10:01:00';"
    )
    end = "TIMESTAMP '2026-11-22 10:01:00.000'"
    assert f"WHERE IF(`E` = {end}, TRUE, `E` = {end})" in text


def test_a_quotient_as_a_key() -> None:
    """GROUP BY has it as the results have it: Flink finds nothing there that is hidden from its planner."""
    select = f"SELECT STREAM TICKER, PRICE / PRICE, COUNT(*), ROWTIME FROM IN_001 AS s {BY_MINUTE}, PRICE / PRICE;"
    text = view(select)
    key = "(`PRICE` / NULLIF(`PRICE`, 0))"
    assert f"GROUP BY `TICKER`, {key}, window_start" in text
    assert text.count(key) == 2
    assert "COALESCE(NULL, `PRICE`" not in text


def test_window_values() -> None:
    """In a group STEP of ROWTIME is the window's begin, ROWTIME its end; a longer step is one of the begin."""
    text = view(
        "SELECT STREAM TICKER, 1.0, COUNT(*), STEP(s.ROWTIME BY INTERVAL '1' MINUTE) FROM IN_001 AS s "
        f"{BY_MINUTE}, FLOOR(s.ROWTIME TO HOUR);"
    )
    assert "window_start AS `W`" in text
    assert "INTERVAL '1' MINUTE))" in text
    assert "window_end AS `W`" in view(f"SELECT STREAM TICKER, 1.0, COUNT(*), ROWTIME FROM IN_001 AS s {BY_MINUTE};")


def test_chain() -> None:
    """Each window over windows is moved by a millisecond more, and its values are moved back; --align takes it away."""
    select = "SELECT STREAM T, 1.0, SUM(N), ROWTIME FROM M AS m GROUP BY T, STEP(m.ROWTIME BY INTERVAL '1' MINUTE);"
    text = App(MINUTES + PUMP + select, {}).translated().views["O_tried"]
    assert "INTERVAL '1' MINUTE, INTERVAL '-0.001' SECOND))" in text
    assert "(window_end + INTERVAL '0.001' SECOND) AS `W`" in text
    aligned = App(MINUTES + PUMP + select, {}, options=Options(align=True)).translated().views["O_tried"]
    assert "INTERVAL '1' MINUTE))" in aligned
    assert "window_end AS `W`" in aligned


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (1, "INTERVAL '0.001' SECOND"),
        (-1, "INTERVAL '-0.001' SECOND"),
        (90_000, "INTERVAL '90' SECOND"),
        (100_000, "INTERVAL '0 00:01:40.000' DAY(1) TO SECOND(3)"),
        (86_400_000, "INTERVAL '1' DAY"),
        (200 * 86_400_000, "INTERVAL '200 00:00:00.000' DAY(3) TO SECOND(3)"),
    ],
)
def test_interval(milliseconds: int, text: str) -> None:
    """An INTERVAL has at most two digits, or says how many."""
    assert interval(milliseconds) == text


def test_sliding() -> None:
    """ORDER BY ROWTIME and the frame's end are added; two windows are one query in the other."""
    text = view(
        "SELECT STREAM TICKER, AVG(PRICE) OVER W, COUNT(*) OVER (ROWS 5 PRECEDING), ROWTIME FROM IN_001 "
        "WINDOW W AS (PARTITION BY TICKER RANGE INTERVAL '1' HOUR PRECEDING);"
    )
    assert (
        "WINDOW w AS ( PARTITION BY `TICKER` ORDER BY `ROWTIME` "
        "RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW )" in text
    )
    assert "WINDOW w AS ( ORDER BY `ROWTIME` ROWS BETWEEN 5 PRECEDING AND CURRENT ROW )" in text


def test_lag() -> None:
    """LAG is the first of so many rows before, if they are there: Flink's own has all rows of one moment before it."""
    over = "OVER (PARTITION BY TICKER RANGE INTERVAL '1' HOUR PRECEDING)"
    text = view(f"SELECT STREAM TICKER, LAG(PRICE, 2, 0) {over}, 1, ROWTIME FROM IN_001;")
    rows = "ARRAY_AGG(`PRICE`) OVER w"
    assert f"(CASE WHEN CARDINALITY({rows}) > 2 THEN ({rows})[1] ELSE CAST(0 AS DOUBLE) END) AS `A`" in text
    assert "WINDOW w AS ( PARTITION BY `TICKER` ORDER BY `ROWTIME` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW )" in text
    assert "a number of rows that is not written out" in refused(
        f"{PUMP}SELECT STREAM TICKER, LAG(PRICE, QUANTITY) {over}, 1, ROWTIME FROM IN_001;"
    )


def test_order() -> None:
    """ORDER BY is left out, or with --keep-order kept: by the time of windows, or of a window for the step."""
    grouped = f"SELECT STREAM TICKER, SUM(PRICE), COUNT(*), ROWTIME FROM IN_001 AS s {BY_MINUTE} ORDER BY s.ROWTIME, "
    assert "ORDER BY `ROWTIME`" not in view(f"{grouped}SUM(PRICE) DESC;")
    assert view(f"{grouped}SUM(PRICE) DESC;", keep_order=True).endswith("ORDER BY window_time, exact_sum(`PRICE`) DESC")
    plain = "SELECT STREAM TICKER, PRICE, 1, ROWTIME FROM IN_001 AS s ORDER BY FLOOR(s.ROWTIME TO SECOND), PRICE;"
    text = view(plain, keep_order=True)
    assert "FROM TABLE(TUMBLE(TABLE IN_001, DESCRIPTOR(`ROWTIME`), INTERVAL '1' SECOND))" in text
    assert text.endswith("ORDER BY window_time, `PRICE`")
    over = "SELECT STREAM TICKER, SUM(PRICE) OVER (ROWS 1 PRECEDING), 1, ROWTIME FROM IN_001 AS s ORDER BY s.ROWTIME;"
    assert "--keep-order" in refused(PUMP + over, options=Options(keep_order=True))


# ---- joins


def test_lookup() -> None:
    """A reference table is looked up as of ROWTIME, by all columns that equal another's; keys of WHERE go into ON."""
    joined = (
        "SELECT STREAM c.COMPANY, PRICE, QUANTITY, ROWTIME FROM IN_001 AS s LEFT JOIN COMPANIES AS c "
        "ON s.TICKER = c.TICKER AND c.REGION = s.TICKER;"
    )
    assert (
        "LEFT JOIN COMPANIES FOR SYSTEM_TIME AS OF `S`.`ROWTIME` AS `C` "
        "ON CAST(`S`.`TICKER` AS STRING) = `C`.`TICKER` AND CAST(`S`.`TICKER` AS STRING) = `C`.`REGION`" in view(joined)
    )
    assert "PARTITION BY `REGION`, `TICKER` ORDER BY `valid` DESC" in view(joined, "COMPANIES")
    text = view(
        "SELECT STREAM c.COMPANY, PRICE, QUANTITY, ROWTIME FROM COMPANIES AS c, IN_001 AS s "
        "WHERE s.TICKER = c.TICKER AND PRICE > 1;"
    )
    assert (
        "JOIN COMPANIES FOR SYSTEM_TIME AS OF `S`.`ROWTIME` AS `C` "
        "ON CAST(`S`.`TICKER` AS STRING) = `C`.`TICKER` AND `C`.`present` WHERE" in text
    )


def test_lookup_by_what_may_be_a_constant() -> None:
    """The key of a lookup is hidden from Flink's planner, which has no plan for constants; an input's is none."""
    sql = (
        "CREATE STREAM S (K VARCHAR(8), X DOUBLE);\n"
        "CREATE PUMP Q AS INSERT INTO S SELECT STREAM TICKER, PRICE FROM IN_001 WHERE TICKER = 'A';\n"
        f"{PUMP}SELECT STREAM c.COMPANY, X, 1, s.ROWTIME FROM S AS s JOIN COMPANIES AS c ON s.K = c.TICKER;"
    )
    key = "CAST(`S`.`K` AS STRING)"
    text = flat(App(sql, {}, references=COMPANIES).translated().views["O"])
    assert f"ON IF(CURRENT_WATERMARK(`S`.`ROWTIME`) IS NULL, {key}, {key}) = `C`.`TICKER`" in text


def test_interval_join() -> None:
    """Streams meet within the window behind OVER; rows of windows are a millisecond before their ROWTIME."""
    sql = (
        f"{MINUTES}{PUMP}SELECT STREAM m.T, s.PRICE, m.N, m.ROWTIME FROM M AS m "
        "JOIN IN_001 OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS s ON m.T = s.TICKER;"
    )
    text = flat(App(sql, {}).translated().views["O"])
    assert (
        "ON `M`.`T` = `S`.`TICKER` AND `S`.`ROWTIME` BETWEEN `M`.`ROWTIME` - INTERVAL '59.999' SECOND "
        "AND `M`.`ROWTIME` + INTERVAL '0.001' SECOND" in text
    )


def test_full_join() -> None:
    """A row of a FULL JOIN has the time of the side that it has; no window goes on with it."""
    rows = "FROM IN_001 AS a FULL JOIN IN_001 OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS b ON a.TICKER = b.TICKER"
    text = view(f"SELECT STREAM a.TICKER, b.PRICE, 1, ROWTIME {rows};")
    assert "COALESCE(CAST(`A`.`ROWTIME` AS TIMESTAMP(3)), CAST(`B`.`ROWTIME` AS TIMESTAMP(3))) AS `W`" in text
    # Were the condition never true, Flink's planner would make it a join without windows.
    assert "ON IF(CURRENT_WATERMARK(`A`.`ROWTIME`) IS NULL, `A`.`TICKER`, `A`.`TICKER`) = `B`.`TICKER` AND" in text
    more = view(f"SELECT STREAM a.TICKER, b.PRICE, 1, ROWTIME {rows} AND a.PRICE <> a.PRICE;")
    never = "(`A`.`PRICE` <> `A`.`PRICE`)"
    assert f"AND IF(`A`.`ROWTIME` < `B`.`ROWTIME`, {never}, {never}) AND" in more
    grouped = f"SELECT STREAM 'x', 1, COUNT(*), ROWTIME {rows} GROUP BY STEP(ROWTIME BY INTERVAL '1' HOUR);"
    assert "FULL JOIN" in refused(PUMP + grouped)


# ---- rows that fail


@pytest.mark.parametrize("over", ["", " OVER (ROWS 4 PRECEDING)"])
def test_sum_of_whole_numbers(over: str) -> None:
    """A sum has room for it, in the declared column it may have none; that of a BIGINT and of others stays."""
    group = "" if over else "GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE)"
    pump = "CREATE PUMP P AS INSERT INTO O SELECT STREAM"
    sql = f"""CREATE STREAM O (A BIGINT, B INTEGER, C BIGINT, D DOUBLE);
{pump} SUM(QUANTITY){over}, SUM(QUANTITY){over}, SUM(CAST(TICKER AS BIGINT)){over}, SUM(PRICE){over}
FROM IN_001 AS s {group};"""
    text = flat(App(sql, {}).translated().views["O_tried_2"])
    end = " OVER w" if over else ""
    assert f"SUM(CAST(`QUANTITY` AS BIGINT)){end} AS `A`" in text
    assert f"TRY_CAST(CAST(SUM(CAST(`QUANTITY` AS BIGINT)){end} AS STRING) AS INT) AS `B`" in text
    assert f"exact_sum(`PRICE`){end} AS `D`" in text
    assert "CAST(CAST(" not in text.partition("`C`")[0].rpartition("SUM(")[2]
    assert "COERCION: pump P: B: the value is no INTEGER" in text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("3 * 2000000000", "CAST(6000000000 AS DOUBLE)"),
        ("-2000000000 - 2000000000", "CAST((-4000000000) AS DOUBLE)"),
        ("2 * 3", "CAST((2 * 3) AS DOUBLE)"),
        ("9223372036854775807 + 1", "CAST(CAST('9223372036854775808' AS DECIMAL(19, 0)) AS DOUBLE)"),
        ("QUANTITY * 60 * 60", "CAST(((`QUANTITY` * 60) * 60) AS DOUBLE)"),
    ],
)
def test_large_constants(value: str, written: str) -> None:
    """A whole number that is computed of constants has a type that it fits."""
    assert f"{written} AS `A`" in view(f"SELECT STREAM TICKER, {value}, 1, ROWTIME FROM IN_001;")


def test_failures() -> None:
    """Rows that fail are in a view with the reason, before the group and after it; the stream reads the others."""
    made = App(
        f"{PUMP}SELECT STREAM TICKER, SUM(PRICE / QUANTITY) / (COUNT(*) - 1), COUNT(*), ROWTIME FROM IN_001 AS s "
        f"{BY_MINUTE};",
        {},
    ).translated()
    assert "WHEN" in made.views["O_tried"]
    assert "'DIVISION: pump P: PRICE / QUANTITY: division by zero'" in made.views["O_tried"]
    assert "COALESCE(NULL, `PRICE` / NULLIF(`QUANTITY`, 0))" in made.views["O_tried_2"]
    assert "COALESCE(NULL, CASE" in made.views["O_tried"]
    assert "HAVING" not in made.views["O_tried_2"]
    assert "TUMBLE(TABLE O_tried" in made.views["O_tried_2"]
    assert flat(made.views["O"]).endswith("FROM O_tried_2 WHERE `failure` IS NULL")
    assert made.views["rejects"].count("`failure` IS NOT NULL") == 2


def test_no_failures() -> None:
    """COUNT(*) fits an INTEGER and is no divisor of zero: it needs no such view."""
    select = f"SELECT STREAM TICKER, SUM(PRICE) / COUNT(*), COUNT(*), ROWTIME FROM IN_001 AS s {BY_MINUTE};"
    assert "O_tried" not in App(PUMP + select, {}).translated().views


# ---- what has no translation


@pytest.mark.parametrize(
    ("select", "text"),
    [
        ("SELECT STREAM PARTITION_KEY, PRICE, QUANTITY, ROWTIME FROM IN_001;", "PARTITION_KEY of a record"),
        ("SELECT STREAM TICKER, PRICE, COUNT(*), ROWTIME FROM IN_001 GROUP BY TICKER;", "without a step of ROWTIME"),
        (f"SELECT STREAM TICKER, PRICE, 1, ROWTIME FROM IN_001 AS s {BY_MINUTE};", "PRICE is neither in GROUP BY nor"),
        ("SELECT STREAM TICKER, SUM(PRICE), 1, ROWTIME FROM IN_001;", "an aggregate without GROUP BY or OVER"),
    ],
)
def test_refused(select: str, text: str) -> None:
    """What has no translation is refused by a sentence."""
    assert text in refused(PUMP + select)


def test_declared_time() -> None:
    """A stream may declare ROWTIME: it is the time of its rows, is written with them, and takes no other time."""
    sql = "CREATE STREAM S (ROWTIME TIMESTAMP, T VARCHAR(8));\nCREATE PUMP P AS INSERT INTO S SELECT STREAM "
    made = App(f"{sql}ROWTIME, TICKER FROM IN_001;", {}).translated()
    assert flat(made.views["S"]) == "SELECT CAST(`TICKER` AS VARCHAR(8)) AS `T`, `ROWTIME` FROM IN_001"
    assert (
        "DATE_FORMAT(CAST(`ROWTIME` AS TIMESTAMP(3)), 'yyyy-MM-dd HH:mm:ss.SSS') AS `ROWTIME`" in made.views["S_rows"]
    )
    assert "the column ROWTIME" in refused(f"{sql}AT, TICKER FROM IN_001;")


def test_mixed_times() -> None:
    """Rows of windows and other rows may go into one stream, unless its ROWTIME is read."""
    sql = f"{MINUTES}CREATE PUMP Q AS INSERT INTO M SELECT STREAM TICKER, 1 FROM IN_001;\n{PUMP}"
    App(f"{sql}SELECT STREAM T, 1.0, N, NULL FROM M;", {}).translated()
    assert "go into one stream" in refused(f"{sql}SELECT STREAM T, 1.0, N, ROWTIME FROM M;")


@pytest.mark.parametrize("time", ["event", "column:", "column:NOPE", "column:PRICE", "column:AT,soon"])
def test_refused_times(time: str) -> None:
    """--time names arrival, processing, or a TIMESTAMP of the input with a length of time."""
    assert "--time" in refused(PUMP + "SELECT STREAM * FROM IN_001;", options=Options(time=time))


# ---- in Flink

TRADES = (
    at("11:00:20", ticker="A", price=1.0, quantity=1, at=f"{DAY}10:59:59"),
    at("11:00:30", ticker="A", price=3.0, quantity=2, at=f"{DAY}11:00:10"),
    at("11:00:40", ticker="B", price=4.0, quantity=0, at=f"{DAY}11:00:20"),
    at("11:01:00", ticker="A", price=5.0, quantity=4, at=f"{DAY}11:00:30"),
    at("11:01:30", ticker="A", price=7.0, quantity=5, at=f"{DAY}11:01:30"),
    at("11:02:10", ticker="B", price=8.0, quantity=6, at=f"{DAY}11:02:00"),
)
GIVEN: Mapping[str, Any] = {"IN": TRADES}
ORDERS: Mapping[str, Any] = {
    **GIVEN,
    "ORDERS": [at("11:00:10", ticker="A", price=100.0), at("11:01:00", ticker="A", price=200.0)],
}
TWO = (input_(), input_("ORDERS"))
FILE: Mapping[str, Any] = {
    **GIVEN,
    "COMPANIES": [
        at("00:00:00", ticker="A", region="EU", company="Acme"),
        at("00:00:00", ticker="B", region="EU", company="old"),
        at("00:00:00", ticker="B", region="EU", company="Bolt"),
        at("00:00:00", ticker="B", region="EU", company=7, extra=[]),
    ],
}


def chained(**options: Any) -> App:
    """Groups of 10 seconds with 1, 2, 3 and 4 records, which end at 11:00:00, 11:00:10, 11:01:00 and 11:01:10."""
    times = ["10:59:55", *["11:00:05"] * 2, *["11:00:55"] * 3, *["11:01:05"] * 4]
    select = "SELECT STREAM T, 0.5, SUM(N), ROWTIME FROM M AS m GROUP BY T, STEP(m.ROWTIME BY INTERVAL '1' MINUTE);"
    return App(MINUTES + PUMP + select, {"IN": [at(time, ticker="A") for time in times]}, options=Options(**options))


# Names that tables, views or queries of a migrated job have for columns and relations of their own.
TECHNICAL = (
    *("line", "shard", "sequence_number", "part", "arrival", "event_time", "disorder", "payload", "latest", "record"),
    *("records", "rows_of", "error", "message", "error_name", "row_time", "own_watermark", "shard_watermark", "valid"),
    *("row_of_key", "placed", "place", "failure", "over_1", "window_start", "window_end", "window_time", "text", "w"),
    *("rows_of_query", "rows_that_count", "checked", "timed", "IN_", "IN_001", "c", "item", "ITEM", "ITEM_COUNT"),
    "rowtime",
)
_LISTED = ", ".join(f'"{name}"' for name in TECHNICAL)
_DECLARED = ", ".join(f'"{name}" {"TIMESTAMP" if name == "latest" else "VARCHAR(24)"}' for name in TECHNICAL)


def technical(**options: Any) -> App:
    """An application whose columns all have such names, and with each kind of query."""
    sql = f"""CREATE STREAM O (T VARCHAR(8), A DOUBLE, N INTEGER, W TIMESTAMP);
CREATE STREAM EVERY_ONE ({_DECLARED});
CREATE STREAM JOINED (A VARCHAR(24), B VARCHAR(24), C BIGINT, D BIGINT, E VARCHAR(24));
CREATE STREAM GROUPS (A VARCHAR(24), B VARCHAR(24), C VARCHAR(24), D INTEGER, "failure" INTEGER);
CREATE STREAM TOP (ITEM VARCHAR(24), ITEM_COUNT BIGINT);
CREATE PUMP P AS INSERT INTO O SELECT STREAM "event_time", 0.5, CAST("line" AS INTEGER), ROWTIME FROM IN_001;
CREATE PUMP Q AS INSERT INTO EVERY_ONE SELECT STREAM {_LISTED} FROM OTHER_001 WHERE CAST("shard" AS INTEGER) > 0;
CREATE PUMP R AS INSERT INTO JOINED SELECT STREAM s."over_1", c."valid", COUNT(*) OVER (ROWS 5 PRECEDING),
COUNT(*) OVER (PARTITION BY s."record" RANGE INTERVAL '1' MINUTE PRECEDING), c."row_of_key"
FROM IN_001 AS s LEFT JOIN COMPANIES AS c ON s."valid" = c."valid";
CREATE PUMP S AS INSERT INTO GROUPS SELECT STREAM "window_start", "failure", MAX("window_end"), COUNT(*),
SUM(CAST("place" AS INTEGER)) FROM IN_001 AS s
GROUP BY "window_start", "failure", STEP(s.ROWTIME BY INTERVAL '1' MINUTE);
CREATE PUMP T AS INSERT INTO TOP SELECT STREAM ITEM, ITEM_COUNT
FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM "ITEM", "place" FROM IN_001), 'place', 10, 60));"""
    row = dict.fromkeys(TECHNICAL, "1") | {"latest": f"{DAY}10:59:59"}
    came = [at("11:00:00", **row), at("11:00:01", **row | {"line": "x"})]
    return App(
        sql,
        {"IN": came, "OTHER": came, "COMPANIES": [at("00:00:00", **row)]},
        inputs=(input_("IN", _DECLARED), input_("OTHER", _DECLARED)),
        references=(reference("COMPANIES", _DECLARED),),
        options=Options(**options),
    )


Rows = Sequence[tuple[Any, ...]]


def modelled(app: App) -> tuple[App, Rows]:
    """An application, and the rows of its stream O by the model of KDA."""
    application = app.application()
    records = [model.Record(one.data, milliseconds(one.arrival), one.shard) for one in app.given["IN"]]
    found = model.run(application, records, align=app.options.align).streams["O"]
    stream = Subject.of(application).program.streams["O"]
    rows = [tuple(written(row, stream).values()) for row in found]
    return app, [(*row[:3], row[3].removeprefix(DAY).removesuffix(".000")) for row in rows]


def milliseconds(time: str) -> int:
    """The milliseconds since 1970 of a record's time."""
    return round(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp() * 1000)


def staggered(**options: Any) -> tuple[App, App]:
    """A stagger window over windows, and windows over stagger windows: some of each end where others begin."""
    inner = (
        "SELECT STREAM TICKER, COUNT(*) AS N FROM IN_001 "
        "WINDOWED BY STAGGER (PARTITION BY TICKER RANGE INTERVAL '1' MINUTE)"
    )
    selects = (
        f"{MINUTES}{PUMP}SELECT STREAM T, 0.5, SUM(N), ROWTIME FROM M "
        "WINDOWED BY STAGGER (PARTITION BY T RANGE INTERVAL '10' SECOND);",
        f"{PUMP}SELECT STREAM q.TICKER, 0.5, SUM(q.N), STEP(q.ROWTIME BY INTERVAL '1' MINUTE) FROM ({inner}) AS q "
        "GROUP BY q.TICKER, STEP(q.ROWTIME BY INTERVAL '1' MINUTE);",
    )
    times = ("10:59:55", "11:00:00", "11:00:00.001", "11:00:09.999", "11:00:30", "11:01:00", "11:01:00.500", "11:02:30")
    given = {"IN": [at(time, ticker=name) for time in times for name in ("A", "B") if (name, time[6]) != ("B", "3")]}
    first, second = (App(select, given, options=Options(**options)) for select in selects)
    return first, second


CASES: Mapping[str, tuple[App, Rows]] = {
    "a filter": (
        App(f"{PUMP}SELECT STREAM TICKER, PRICE * 2, QUANTITY, ROWTIME FROM IN_001 WHERE PRICE > 5;", GIVEN),
        [("A", 14.0, 5, "11:01:30"), ("B", 16.0, 6, "11:02:10")],
    ),
    "a tumbling window": (
        App(f"{PUMP}SELECT STREAM TICKER, SUM(PRICE), COUNT(*), ROWTIME FROM IN_001 AS s {BY_MINUTE};", GIVEN),
        [
            *(("A", 4.0, 2, "11:01:00"), ("B", 4.0, 1, "11:01:00")),
            *(("A", 12.0, 2, "11:02:00"), ("B", 8.0, 1, "11:03:00")),
        ],
    ),
    "rows at the end of a window of CEIL are in it": (
        App(
            f"{PUMP}SELECT STREAM TICKER, SUM(PRICE), COUNT(*), CEIL(s.ROWTIME TO MINUTE) FROM IN_001 AS s "
            "GROUP BY TICKER, CEIL(s.ROWTIME TO MINUTE);",
            GIVEN,
        ),
        [
            *(("A", 9.0, 3, "11:01:00"), ("B", 4.0, 1, "11:01:00")),
            *(("A", 7.0, 1, "11:02:00"), ("B", 8.0, 1, "11:03:00")),
        ],
    ),
    "a window over windows counts by their ends": (chained(), [("A", 0.5, 3, "11:01:00"), ("A", 0.5, 7, "11:02:00")]),
    "an aligned window over windows": (
        chained(align=True),
        [("A", 0.5, 1, "11:00:00"), ("A", 0.5, 5, "11:01:00"), ("A", 0.5, 4, "11:02:00")],
    ),
    "a stagger window over windows": modelled(staggered()[0]),
    "an aligned stagger window over windows": modelled(staggered(align=True)[0]),
    "windows over stagger windows": modelled(staggered()[1]),
    "aligned windows over stagger windows": modelled(staggered(align=True)[1]),
    "two windows: a late record makes a further row": (
        App(
            f"{PUMP}SELECT STREAM TICKER, 0.5, COUNT(*), STEP(AT BY INTERVAL '1' MINUTE) FROM IN_001 AS s "
            f"{BY_MINUTE}, STEP(AT BY INTERVAL '1' MINUTE);",
            {
                "IN": [
                    at("11:00:20", ticker="A", at=f"{DAY}11:00:10"),
                    at("11:00:30", ticker="A", at=f"{DAY}11:00:20"),
                    at("11:01:05", ticker="A", at=f"{DAY}11:00:55"),
                    at("11:01:15", ticker="A", at=f"{DAY}11:01:05"),
                ]
            },
        ),
        [("A", 0.5, 2, "11:00:00"), ("A", 0.5, 1, "11:00:00"), ("A", 0.5, 1, "11:01:00")],
    ),
    "rows of one moment see each other": (
        App(
            f"{PUMP}SELECT STREAM TICKER, SUM(PRICE) OVER W, COUNT(*) OVER W, ROWTIME FROM IN_001 "
            "WINDOW W AS (PARTITION BY TICKER RANGE INTERVAL '1' MINUTE PRECEDING);",
            {
                "IN": [
                    at(time, ticker="A", price=1.0)
                    for time in ("10:00:00", "10:00:30", *["10:00:45"] * 3, "10:01:30", "10:02:31")
                ]
            },
        ),
        [
            *(("A", 1.0, 1, "10:00:00"), ("A", 2.0, 2, "10:00:30"), *[("A", 5.0, 5, "10:00:45")] * 3),
            *(("A", 5.0, 5, "10:01:30"), ("A", 1.0, 1, "10:02:31")),
        ],
    ),
    "a sliding window after a large value": (
        App(
            f"{PUMP}SELECT STREAM TICKER, SUM(PRICE) OVER W, COUNT(*) OVER W, ROWTIME FROM IN_001 "
            "WINDOW W AS (PARTITION BY TICKER ROWS 1 PRECEDING);",
            {
                "IN": [
                    at(f"10:00:0{second}", ticker="A", price=price)
                    for second, price in enumerate([0.1, 0.2, 1e300, 5.0, 0.25, 1.5e308, 1.5e308, 1.0, 2.0])
                ]
            },
        ),
        [
            *(("A", 0.1, 1, "10:00:00"), ("A", 0.1 + 0.2, 2, "10:00:01"), ("A", 1e300, 2, "10:00:02")),
            *(("A", 1e300, 2, "10:00:03"), ("A", 5.25, 2, "10:00:04"), ("A", 1.5e308, 2, "10:00:05")),
            *(("A", None, 2, "10:00:06"), ("A", 1.5e308, 2, "10:00:07"), ("A", 3.0, 2, "10:00:08")),
        ],
    ),
    "a tumbling window with a large value": (
        App(
            f"{PUMP}SELECT STREAM TICKER, AVG(PRICE) + VAR_POP(DISTINCT PRICE - PRICE + 2), COUNT(*), ROWTIME "
            f"FROM IN_001 AS s {BY_MINUTE};",
            {"IN": [at("10:00:00", ticker="A", price=price) for price in (1e300, 5.0, -1e300, 7.0)]},
        ),
        [("A", 3.0, 4, "10:01:00")],
    ),
    "two sliding windows, and the row before": (
        App(
            f"{PUMP}SELECT STREAM TICKER, LAG(PRICE, 1, -1) OVER (PARTITION BY TICKER), "
            "SUM(QUANTITY) OVER (ROWS 1 PRECEDING), ROWTIME FROM IN_001 WHERE TICKER = 'A';",
            GIVEN,
        ),
        [("A", -1.0, 1, "11:00:20"), ("A", 1.0, 3, "11:00:30"), ("A", 3.0, 6, "11:01:00"), ("A", 5.0, 9, "11:01:30")],
    ),
    "rows that fail in WHERE, and in a value": (
        App(f"{PUMP}SELECT STREAM TICKER, 8 / (QUANTITY - 4), 1, ROWTIME FROM IN_001 WHERE 6 / QUANTITY > 0;", GIVEN),
        [("A", -2.0, 1, "11:00:20"), ("A", -4.0, 1, "11:00:30"), ("A", 8.0, 1, "11:01:30"), ("B", 4.0, 1, "11:02:10")],
    ),
    "groups without a record that fails, and one that fails": (
        App(
            f"{PUMP}SELECT STREAM 'x', 6 / (COUNT(*) - 1), SUM(6 / QUANTITY), ROWTIME FROM IN_001 AS s "
            "GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE);",
            GIVEN,
        ),
        [("x", 6.0, 9, "11:01:00"), ("x", 6.0, 2, "11:02:00")],
    ),
    "each row once within a step": (
        App(
            f"{PUMP}SELECT STREAM DISTINCT TICKER, 0.5, 1, FLOOR(s.ROWTIME TO MINUTE) FROM IN_001 AS s;",
            GIVEN,
        ),
        [("A", 0.5, 1, "11:00:00"), ("B", 0.5, 1, "11:00:00"), ("A", 0.5, 1, "11:01:00"), ("B", 0.5, 1, "11:02:00")],
    ),
    "different tickers of a minute": (
        App(
            f"{PUMP}SELECT STREAM 'x', 0.5, COUNT(*), STEP(t BY INTERVAL '1' MINUTE) FROM "
            "(SELECT STREAM DISTINCT ROWTIME AS t, TICKER, STEP(s.ROWTIME BY INTERVAL '1' MINUTE) FROM IN_001 AS s) "
            "GROUP BY STEP(t BY INTERVAL '1' MINUTE);",
            GIVEN,
        ),
        [("x", 0.5, 2, "11:00:00"), ("x", 0.5, 1, "11:01:00"), ("x", 0.5, 1, "11:02:00")],
    ),
    "the most frequent": (
        App(
            f"{PUMP}SELECT STREAM ITEM, 0.5, ITEM_COUNT, ROWTIME FROM "
            "TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM IN_001), 'TICKER', 1, 60));",
            GIVEN,
        ),
        [("A", 0.5, 2, "11:01:00"), ("A", 0.5, 2, "11:02:00"), ("B", 0.5, 1, "11:03:00")],
    ),
    "how many are different": (
        App(
            f"{PUMP}SELECT STREAM 'x', 0.5, NUMBER_OF_DISTINCT_ITEMS, ROWTIME FROM "
            "TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM TICKER FROM IN_001), 'TICKER', 60));",
            GIVEN,
        ),
        [("x", 0.5, 2, "11:01:00"), ("x", 0.5, 1, "11:02:00"), ("x", 0.5, 1, "11:03:00")],
    ),
    "a join with a window, and a window after it": (
        App(
            f"{PUMP}SELECT STREAM s.TICKER, SUM(o.PRICE), COUNT(*), ROWTIME FROM IN_001 AS s "
            "LEFT JOIN ORDERS_001 OVER (RANGE INTERVAL '30' SECOND PRECEDING) AS o ON s.TICKER = o.TICKER "
            "GROUP BY s.TICKER, STEP(s.ROWTIME BY INTERVAL '1' MINUTE);",
            ORDERS,
            TWO,
        ),
        [
            *(("A", 200.0, 2, "11:01:00"), ("B", None, 1, "11:01:00")),
            *(("A", 400.0, 2, "11:02:00"), ("B", None, 1, "11:03:00")),
        ],
    ),
    "a join of streams without a window": (
        App(
            f"{PUMP}SELECT STREAM s.TICKER, o.PRICE, QUANTITY, o.ROWTIME FROM IN_001 AS s, ORDERS_001 AS o "
            "WHERE s.TICKER = o.TICKER;".replace("QUANTITY", "s.QUANTITY"),
            ORDERS,
            TWO,
        ),
        [("A", 200.0, 4, "11:01:00")],
    ),
    "a lookup, and a window after it": (
        App(
            f"{PUMP}SELECT STREAM c.COMPANY, SUM(s.PRICE), COUNT(*), ROWTIME FROM IN_001 AS s "
            "JOIN COMPANIES AS c ON s.TICKER = c.TICKER "
            "GROUP BY c.COMPANY, STEP(s.ROWTIME BY INTERVAL '1' HOUR);",
            FILE,
            references=COMPANIES,
        ),
        [("Acme", 16.0, 4, "12:00:00"), ("7", 12.0, 2, "12:00:00")],
    ),
    "a lookup by a text of another length and by a wider number": (
        App(
            f"{PUMP}SELECT STREAM c.NAME, PRICE, c.SIZE, ROWTIME FROM IN_001 AS s JOIN SIZES AS c "
            "ON s.TICKER = c.NAME AND s.QUANTITY = c.SIZE;",
            {**GIVEN, "SIZES": [at("00:00:00", name="A", size=4), at("00:00:00", name="B", size=4)]},
            references=(reference("SIZES", "name VARCHAR(16), size SMALLINT"),),
        ),
        [("A", 5.0, 4, "11:01:00")],
    ),
    "columns with the names of those of Flink's windows": (
        App(
            'CREATE STREAM S ("window_start" VARCHAR(4), "window_time" DOUBLE);\n'
            f"CREATE PUMP SP AS INSERT INTO S SELECT STREAM TICKER, PRICE FROM IN_001;\n{PUMP}"
            'SELECT STREAM "window_start", SUM("window_time"), 1, ROWTIME FROM S '
            """GROUP BY "window_start", STEP(S.ROWTIME BY INTERVAL '1' HOUR);""",
            GIVEN,
        ),
        [("A", 16.0, 1, "12:00:00"), ("B", 12.0, 1, "12:00:00")],
    ),
    "several pumps, columns that are not named, UNION ALL": (
        App(
            f"{OUT}CREATE PUMP P AS INSERT INTO O (N, T) SELECT STREAM QUANTITY, TICKER FROM IN_001 WHERE PRICE = 1;\n"
            "CREATE PUMP Q AS INSERT INTO O SELECT STREAM * FROM (SELECT STREAM TICKER, PRICE, QUANTITY, ROWTIME AS t "
            "FROM IN_001 WHERE PRICE = 3 UNION ALL SELECT STREAM TICKER, QUANTITY, 0, AT FROM IN_001 WHERE PRICE = 8);",
            GIVEN,
        ),
        [("A", None, 1, None), ("A", 3.0, 2, "11:00:30"), ("B", 6.0, 0, "11:02:00")],
    ),
    "parts of an input": (
        App(
            f"{PUMP}SELECT STREAM TICKER, 1, QUANTITY, ROWTIME FROM IN_001;\n"
            "CREATE PUMP Q AS INSERT INTO O SELECT STREAM TICKER, 2, QUANTITY, ROWTIME FROM IN_002;",
            {"IN": [at("11:00:00", f"shardId-00000000000{n}", ticker="A", quantity=n) for n in range(3)]},
            (input_(parallelism=2),),
        ),
        [("A", 1.0, 0, "11:00:00"), ("A", 2.0, 1, "11:00:00"), ("A", 1.0, 2, "11:00:00")],
    ),
    "sorted rows": (
        App(
            f"{PUMP}SELECT STREAM TICKER, PRICE, QUANTITY, ROWTIME FROM IN_001 AS s "
            "ORDER BY FLOOR(s.ROWTIME TO HOUR), PRICE DESC;",
            GIVEN,
            options=Options(keep_order=True),
        ),
        [
            *(("B", 8.0, 6, "11:02:10"), ("A", 7.0, 5, "11:01:30"), ("A", 5.0, 4, "11:01:00")),
            *(("B", 4.0, 0, "11:00:40"), ("A", 3.0, 2, "11:00:30"), ("A", 1.0, 1, "11:00:20")),
        ],
    ),
    "logarithms of what has none": (
        App(
            f"{PUMP}SELECT STREAM TICKER, LN(PRICE - 1), QUANTITY, ROWTIME FROM IN_001 AS s;",
            {
                "IN": [
                    at("11:00:01", ticker="A", price=1, quantity=1),
                    at("11:00:02", ticker="B", price=2, quantity=2),
                    at("11:00:03", ticker="C", price=0.5, quantity=3),
                    at("11:00:04", ticker="D", quantity=4),
                ]
            },
        ),
        [("B", 0.0, 2, "11:00:02"), ("D", None, 4, "11:00:04")],
    ),
    "a time of the record": (
        App(
            f"{PUMP}SELECT STREAM TICKER, SUM(PRICE), COUNT(*), ROWTIME FROM IN_001 AS s {BY_MINUTE};",
            {
                "IN": [
                    at("11:00:01", ticker="A", price=64, at="9999-12-31 00:00:00"),
                    at("11:00:02", ticker="A", price="x", at=f"{DAY}11:00:02"),
                    *TRADES,
                    at("11:03:00", ticker="A"),
                    at("11:03:01", ticker="A", at=f"{DAY}10:00:00"),
                ]
            },
            options=Options(time="column:AT,10s"),
        ),
        [
            *(("A", 1.0, 1, "11:00:00"), ("A", 8.0, 2, "11:01:00"), ("B", 4.0, 1, "11:01:00")),
            *(("A", 7.0, 1, "11:02:00"), ("B", 8.0, 1, "11:03:00")),
        ],
    ),
    "a time of the record in CSV": (
        App(
            f"{PUMP}SELECT STREAM TICKER, SUM(PRICE), COUNT(*), ROWTIME FROM IN_001 AS s {BY_MINUTE};",
            {
                "IN": [
                    Record(text.encode(), SHARD, f"{DAY}11:10:00.000")
                    for text in (
                        f"A,1,1,{DAY}11:00:00",
                        f"A,2,1,{DAY}11:00:01\nA,4,1,{DAY}11:00:01\n",
                        f"A,8,1,{DAY}11:00:02\nA,16,1,{DAY}11:00:01\n",  # the second row has another time
                        "\n",
                        "A,32,1,",
                    )
                ]
            },
            inputs=(replace(input_(), format="CSV"),),
            options=Options(time="column:AT,10s"),
        ),
        [("A", 15.0, 4, "11:01:00")],
    ),
    "the table of the guide's stagger window": (
        App(
            f"{PUMP}SELECT STREAM TICKER, 0.5, COUNT(*), ROWTIME FROM IN_001 "
            "WINDOWED BY STAGGER (PARTITION BY FLOOR(AT TO MINUTE), TICKER RANGE INTERVAL '1' MINUTE);",
            {
                "IN": [
                    at("11:00:20", ticker="AMZN", at=f"{DAY}11:00:10"),
                    at("11:00:30", ticker="AMZN", at=f"{DAY}11:00:20"),
                    at("11:01:05", ticker="AMZN", at=f"{DAY}11:00:55"),
                    at("11:01:15", ticker="AMZN", at=f"{DAY}11:01:05"),
                ]
            },
        ),
        [("AMZN", 0.5, 3, "11:01:20"), ("AMZN", 0.5, 1, "11:02:15")],
    ),
    "a sum that does not fit its column, and one that does": (
        App(
            f"{PUMP}SELECT STREAM TICKER, SUM(QUANTITY), SUM(QUANTITY), ROWTIME FROM IN_001 AS s {BY_MINUTE};",
            {"IN": [at("11:00:00", ticker=name, quantity=2_000_000_000) for name in "AAB"]},
        ),
        [("B", 2e9, 2_000_000_000, "11:01:00")],
    ),
    "columns named as those of the job": (technical(), [("1", 0.5, 1, "11:00:00")]),
    "columns named as those of the job, by a time of the record": (
        technical(time="column:latest"),
        [("1", 0.5, 1, "10:59:59")],
    ),
}
ERRORS: Mapping[str, Sequence[tuple[str, str]]] = {
    "logarithms of what has none": [("COERCION", "11:00:01"), ("COERCION", "11:00:03")],
    "rows that fail in WHERE, and in a value": [("DIVISION", "11:00:40"), ("DIVISION", "11:01:00")],
    "groups without a record that fails, and one that fails": [("DIVISION", "11:00:40"), ("DIVISION", "11:03:00")],
    "a time of the record": [
        *(("COERCION", ""), ("COERCION", "9999-12-31 00:00:00.000"), ("COERCION", "11:00:02"), ("LATE", "10:00:00")),
    ],
    # The errors have the time of the record, which is that of its first row; one of a line end alone has none.
    "a time of the record in CSV": [("COERCION", ""), ("COERCION", "11:00:02"), ("PARSE", "")],
    "a sum that does not fit its column, and one that does": [("COERCION", "11:01:00")],
    "columns named as those of the job": [("COERCION", "11:00:01")],
    "columns named as those of the job, by a time of the record": [("COERCION", "10:59:59")],
}


@pytest.fixture(scope="module")
def outcomes(jvm: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[dict[str, Any]]]]:  # noqa: ARG001
    """The rows of each sink of each case, from a single Flink job."""
    found = run([app for app, _rows in CASES.values()], tmp_path_factory.mktemp("applications"))
    return dict(zip(CASES, found, strict=True))


def _full(time: str) -> str:
    """A time of the day with its day; that of a record without a time for ""."""
    if not time:
        return "1970-01-01 00:00:00.000"
    return time if " " in time else f"{DAY}{time}.000"


@pytest.mark.parametrize("name", CASES)
def test_rows(name: str, outcomes: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
    """The rows are those that KDA gave, by its guide or by hand; what fails is on the errors stream."""
    app, expected = CASES[name]
    rows = [tuple(row.get(column) for column in "TANW") for row in outcomes[name].get("O_OUTPUT", [])]
    wanted = [(*row[:3], row[3] and f"{DAY}{row[3]}.000") for row in expected]
    assert rows == wanted or (not app.options.keep_order and sorted(rows, key=repr) == sorted(wanted, key=repr))
    errors = [(row["ERROR_NAME"], row["DATA_ROWTIME"]) for row in outcomes[name].get("error_stream", [])]
    told = [(error, _full(time)) for error, time in ERRORS.get(name, ())]
    assert sorted(errors) == sorted(told)


def test_align_moves_no_stagger_window() -> None:
    """A stagger window begins with a row, so align moves it with its rows; a window over it counts rows elsewhere."""
    assert CASES["an aligned stagger window over windows"][1] == CASES["a stagger window over windows"][1]
    assert CASES["aligned windows over stagger windows"][1] != CASES["windows over stagger windows"][1]


def test_translation_is_complete() -> None:
    """Each view that a table gets is there, and each table that is read has its input."""
    made: Translation = CASES["a lookup, and a window after it"][0].translated()
    assert set(made.inserts.values()) <= set(made.views)
    assert set(made.sources) == {"IN_", "COMPANIES_file"}
    assert set(made.tables) == {*made.sources, *made.inserts}
