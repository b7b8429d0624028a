"""Values of KDA's SQL as Flink SQL: what they give, and when they fail."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlglot import exp

from kda.model import values
from kda.model.expressions import Column, Compiler, Context, Item, Relation
from kda.model.rows import Failed, NotModelled, milliseconds
from kda.places import Code, File
from kda.program import canonical, parsed
from kda.sql_types import Type
from kda.translation.expressions import Value, converted, value
from kda.translation.logs import groups
from kda.translation.options import Options, Untranslatable
from kda.translation.types import arithmetic, common, flink
from tests.kda_values import Typed, Values
from tests.sql import here

OPTIONS = Options()
BATCH = 60  # values of a query: more take the compiler longer than a further query
COLUMNS = {
    "S": ("VARCHAR", "STRING"),
    "U": ("VARCHAR", "VARCHAR(200)"),
    "I": ("INTEGER", "INT"),
    "B": ("BIGINT", "BIGINT"),
    "D": ("DOUBLE", "DOUBLE"),
    "N": ("DECIMAL(10,2)", "DECIMAL(10, 2)"),
    "T": ("TIMESTAMP", "TIMESTAMP(3)"),
    "DT": ("DATE", "DATE"),
    "TM": ("TIME", "TIME(0)"),
    "F": ("BOOLEAN", "BOOLEAN"),
}
# A row's values in the order of COLUMNS, as JSON has them.
ROWS: Mapping[str, Sequence[str | float | bool | None]] = {
    "usual": (
        *("12", "Abc def", 7, 9000000000, 2.5e0, 1.25),
        *("2026-11-22 10:11:12.345", "2026-11-22", "10:11:12", True),
    ),
    "zero": (
        *("", "", 0, 0, 0e0, 0.00),
        *("1970-01-01 00:00:00.000", "1970-01-01", "00:00:00", False),
    ),
    "null": (None,) * len(COLUMNS),
    "large": (
        *("3000000000", "it's 5 o'clock", 2147483647, 9223372036854775807, 1e300, 99999999.99),
        *("2099-12-31 23:59:59.999", "2099-12-31", "23:59:59", True),
    ),
    "minus": (
        *(" -1.9 ", " a b ", -7, -3000000000, -2.5e0, -1.25),
        *("1969-12-31 23:59:58.500", "1969-12-31", "12:00:00", False),
    ),
    "exponent": (
        *("1E2", "a,b,,d", 1, 300, -1e10, 12.50),
        *("2024-02-29 00:00:00.000", "2024-02-29", "12:30:00", True),
    ),
    "huge": (
        *("1E400", "2026-01-02 03:04:05", 2, 128, 3e9, 0.50),
        *("2026-01-04 23:00:00.000", "2026-01-04", "01:02:03", False),
    ),
    "day": (
        *("2026-11-22", '10.0.0.1 - ann [22/Nov/2026:10:00:00 +0000] "GET /a b HTTP/1.1" 200 12'),
        *(3, 32768, 1e-4, 2.00),
        *("2026-11-22 00:00:00.000", "2026-11-22", "00:00:01", True),
    ),
    "moment": (
        *(" 2026-11-22 10:11:12.3456 ", "7 things", 4, 4, 1e7, 3.33),
        *("2026-12-31 23:59:59.999", "2026-12-31", "23:00:00", True),
    ),
    "no day": (
        *("2026-02-30 10:00:00", "100%", 6, 6, 0.1e0, -0.01),
        *("2026-02-28 10:00:00.001", "2026-02-28", "10:00:00", False),
    ),
    "long": (
        *('10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "' + 'x\\"' * 10000 + '" 200 12', "long", 5, 5, 5.5, 5.25),
        *("2026-11-22 10:11:12.345", "2026-11-22", "10:11:12", None),
    ),
    "words": (
        *("tRue ", "a\\b", 10, 10, 10e0, 10.00),
        *("2026-03-01 00:00:00.000", "2026-03-01", "10:10:10", False),
    ),
}


class Row:
    """The names of a query that reads the table of all rows; ROWTIME is T."""

    def replaced(self, node: exp.Expr) -> Value | None:
        """ROWTIME has SQL of its own."""
        is_time = isinstance(node, exp.Column) and canonical(node) == "ROWTIME"
        return Value("`T`", Type("TIMESTAMP")) if is_time else None

    def column(self, node: exp.Column) -> Value:
        """The columns of the table."""
        name = canonical(node)
        return Value(f"`{name}`", Type.written(COLUMNS[name][0]))


def tree(text: str) -> exp.Expr:
    """The tree of an expression."""
    sql = f"CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM ({text}) FROM i;"
    (projection,) = parsed(Code.whole(File("application.sql", sql))).pumps[0].query.expressions
    assert isinstance(projection, exp.Expr)
    return projection


def of(text: str) -> Value:
    """The value of an expression."""
    return value(tree(text), Row(), OPTIONS)


# --- Without Flink ----------------------------------------------------------------------------------


def test_readable() -> None:
    """Plain SQL stays as plain as it was."""
    assert of("i + 1").sql == "(`I` + 1)"
    assert of("s = 'it''s' AND NOT f").sql == "((`S` = 'it''s') AND (NOT `F`))"
    assert of("t + INTERVAL '5' MINUTE").sql == "(`T` + INTERVAL '5' MINUTE)"
    assert of("COALESCE(i, 3)").sql == "COALESCE(`I`, 3)"
    assert of("b IN (b, 3000000000)").sql == "(`B` IN (`B`, 3000000000))"
    assert of("'a' NOT IN ('b', 'c')").sql == "(NOT ('a' = 'b' OR 'a' = 'c'))"
    assert of("u NOT LIKE 'a%'").sql == "(NOT (`U` LIKE 'a%'))"


def test_chain() -> None:
    """A chain of conditions or texts stays one, however long it is."""
    assert of("f AND i > 1 AND i < 5").sql == "(`F` AND (`I` > 1) AND (`I` < 5))"
    assert of("s || u || s").sql == "(`S` || `U` || `S`)"
    assert len(of(" OR ".join(f"i = {number}" for number in range(900))).sql) > 9000
    (first,) = of("f AND i / b = 1 AND NOT f").failures
    (second,) = of("f AND i > 0 AND i / b = 1").failures
    assert first.condition == "((`F`) IS NOT FALSE AND ((`I` IS NOT NULL AND `B` = 0) IS TRUE))"
    assert second.condition == "((`F` AND (`I` > 0)) IS NOT FALSE AND ((`I` IS NOT NULL AND `B` = 0) IS TRUE))"


def test_types() -> None:
    """A value has the type that its SQL has in Flink."""
    given = {
        **{"i + 1": "INT", "i + b": "BIGINT", "i / d": "DOUBLE", "n * n": "DECIMAL(21, 4)", "n / 2": "DECIMAL(21, 13)"},
        **{"CAST(i AS TINYINT)": "TINYINT", "CASE WHEN f THEN i ELSE n END": "DECIMAL(12, 2)", "f AND f": "BOOLEAN"},
        **{"CAST(i AS REAL)": "DOUBLE", "CAST(u AS CHAR(3))": "VARCHAR(3)", "u || s": "STRING"},
        **{"COALESCE(dt, t)": "TIMESTAMP(3)", "tm": "TIME(0)", "EXTRACT(DAY FROM t)": "BIGINT"},
        **{"0.05": "DECIMAL(3, 2)", "CAST(n AS DECIMAL)": "DECIMAL(10, 0)", "ROWTIME": "TIMESTAMP(3)"},
        "REGEX_LOG_PARSE(u, '(a)(b)')": "ROW<`COLUMN1` STRING, `COLUMN2` STRING>",
    }
    kinds = {text: of(text).type for text in given}
    assert {text: kind and flink(kind, OPTIONS) for text, kind in kinds.items()} == given
    assert of("NULL").type is None
    assert flink(Type("REAL"), Options(exact_types=True)) == "FLOAT"
    assert flink(Type("VARBINARY", ("4",)), OPTIONS) == "VARBINARY(4)"


def test_replaced_first() -> None:
    """The query is asked for every node before it is read, so it can put its own SQL in anywhere."""

    class Counting(Row):
        """A query that counts rows."""

        def replaced(self, node: exp.Expr) -> Value | None:
            """COUNT(*) is a column of a query within."""
            is_count = isinstance(node, exp.Anonymous) and str(node.this) == "COUNT"
            return Value("`a1`", Type("BIGINT")) if is_count else super().replaced(node)

    one = value(tree("CASE WHEN COUNT(*) > 1 THEN i / COUNT(*) END"), Counting(), OPTIONS)
    assert one.sql == "(CASE WHEN (`a1` > 1) THEN COALESCE(NULL, `I` / NULLIF(`a1`, 0)) ELSE NULL END)"
    assert [failure.name for failure in one.failures] == ["DIVISION"]


NEVER_FAILING = (
    *("i / 2", "i / 2.5", "i / (60 * 60)", "i / NULLIF(d, 0)", "d / -NULLIF(i, 0)", "i / CAST(2 AS DOUBLE)"),
    *("CAST(i AS BIGINT)", "CAST(i AS DOUBLE)", "CAST(n AS DOUBLE)", "CAST(NULL AS INTEGER)", "CAST(t AS VARCHAR(9))"),
    *("CAST(dt AS TIMESTAMP)", "CAST(i AS INTEGER)", "CAST(u AS VARCHAR(2))", "UPPER(u) || i", "STEP(i BY 5)"),
    "MOD(i, 5)",
)


@pytest.mark.parametrize("text", NEVER_FAILING)
def test_never_fails(text: str) -> None:
    """What cannot fail, as K21 and K22 have it, has no condition to look at."""
    assert of(text).failures == ()


REFUSED = {
    "u SIMILAR TO s": "pattern that is not written out",
    "u LIKE 'a!b' ESCAPE '!'": "ESCAPE",
    "u LIKE s ESCAPE '!'": "pattern that is not written out",
    "u LIKE 'a!' ESCAPE '!'": "ESCAPE",
    "u LIKE 'a' ESCAPE '!!'": "ESCAPE",
    "u SIMILAR TO 'a!b' ESCAPE '!'": "an ESCAPE that is no character before",
    "u SIMILAR TO '(a'": "the pattern is none",
    "u SIMILAR TO '[a'": "the pattern is none",
    "t + INTERVAL '1000' YEAR(4)": "a thousand years",
    "CAST(f AS INTEGER)": "BOOLEAN as a INTEGER",
    "CAST(i AS TIMESTAMP)": "INTEGER as a TIMESTAMP",
    "CAST(tm AS TIMESTAMP)": "TIME as a TIMESTAMP",
    "i = t": "the comparison of INTEGER and TIMESTAMP",
    "CASE WHEN f THEN u ELSE i END": "a value that is INTEGER and VARCHAR",
    "t + i": "a TIMESTAMP where a number is expected",
    "d * INTERVAL '1' DAY": "has no translation",
    "t - t": "where a number is expected",
    "t + INTERVAL 'x' DAY": "'x' is no length",
    "t + INTERVAL '0.0001' SECOND": "less than a millisecond",
    "TIMESTAMP '2026-02-30 00:00:00'": "is no TIMESTAMP",
    "STEP(d BY 5)": "not whole",
    "CEIL(t TO MONTH)": "CEIL TO MONTH",
    "FLOOR(t TO WEEK)": "FLOOR TO WEEK",
    "EXTRACT(YEAR FROM tm)": "time of day",
    "EXTRACT(YEAR FROM i)": "no time",
    "POSITION('a' IN u FROM 2)": "POSITION",
    "TIMESTAMP_TO_CHAR('u', t)": "u in the format 'u'",
    "TIMESTAMP_TO_CHAR('SS', t)": "SS in the format 'SS'",
    "TIMESTAMP_TO_CHAR('HH''', t)": "no end",
    "TIMESTAMP_TO_CHAR(u, t)": "format that is not written out",
    "REGEX_REPLACE(u, '(a)', '$1')": "$",
    "REGEX_REPLACE(u, s, 'x')": "not written out",
    "REGEX_LOG_PARSE(u, s).COLUMN1": "not written out",
    "REGEX_LOG_PARSE(u, 'abc').COLUMN1": "no group",
    "REGEX_LOG_PARSE(u, '(a)').COLUMN2": "no field COLUMN2",
    "W3C_LOG_PARSE(u, 'IIS').COLUMN1": "the format 'IIS'",
    "VARIABLE_COLUMN_LOG_PARSE(u, 'a TYPE INTEGER', ',').A": "no VARCHAR",
    "VARIABLE_COLUMN_LOG_PARSE(u, 2, ',', '!', '\"').COLUMN1": "escape",
    "N'x'": "begins with N'",
    "LN(1, 2)": "LN with 2 arguments",
    "EXP_AVG(i)": "EXP_AVG",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    """What Flink would refuse, stop at or give another value for, is refused in a sentence that names it."""
    with pytest.raises(Untranslatable) as error:
        of(text)
    assert REFUSED[text] in str(error.value)
    assert error.value.offset > 0


PATTERNS = {
    "(a)(b)": 2,
    r"\(a\)": 0,
    "(?:a)(?<n>b)(?<=c)(?<!d)(?i)": 1,
    r"[(](a)[\])(]": 1,
    r"\Q((\E(a)": 1,
    "((a)|b)": 2,
}


def test_groups() -> None:
    """The groups of an expression are counted as Java does."""
    assert {pattern: groups(pattern) for pattern in PATTERNS} == PATTERNS


def test_arithmetic_of_types() -> None:
    """The types of arithmetic are Flink's, also where 38 digits are not enough."""
    wide = Type("DECIMAL", ("38", "10"))
    assert arithmetic("*", wide, wide) == Type("DECIMAL", ("38", "6"))
    assert arithmetic("%", Type("DECIMAL", ("10", "2")), Type("INTEGER")) == Type("DECIMAL", ("10", "2"))
    assert arithmetic("+", Type("VARCHAR"), Type("INTEGER")) is None
    assert common([Type("VARCHAR", ("3",)), Type("VARCHAR", ("5",))]) == Type("VARCHAR")
    assert common([Type("BOOLEAN"), Type("INTEGER")]) is None


# --- In Flink ---------------------------------------------------------------------------------------

# What an expression gives in a row: its text as Flink casts it, None for NULL, the name of a failure with a !.
DIVISION, COERCION = "!DIVISION", "!COERCION"
EXPECTED: Mapping[str, Mapping[str, str | None]] = {
    # literals
    "'it''s'": {"usual": "it's"},
    "''": {"usual": ""},
    "12345678901": {"usual": "12345678901"},
    "12345678901234567890": {"usual": "12345678901234567890"},
    ".5": {"usual": "0.5"},
    "5.": {"usual": "5"},
    "1.50": {"usual": "1.50"},
    "1e3": {"usual": "1000.0"},
    "NULL": {"usual": None},
    "TRUE": {"usual": "TRUE"},
    "TIMESTAMP '2026-11-22 10:11:12'": {"usual": "2026-11-22 10:11:12.000"},
    "TIMESTAMP '2026-11-22 10:11:12.5'": {"usual": "2026-11-22 10:11:12.500"},
    "DATE '2026-11-22'": {"usual": "2026-11-22"},
    "TIME '10:11:12'": {"usual": "10:11:12"},
    # arithmetic
    "i + 1": {"usual": "8", "null": None},
    "i + b": {"usual": "9000000007"},
    "i * d": {"usual": "17.5", "minus": "17.5"},
    "n + 1.5": {"usual": "2.75"},
    "n * n": {"usual": "1.5625"},
    "- i": {"usual": "-7", "minus": "7", "null": None},
    "-(-5)": {"usual": "5"},
    "- -i": {"usual": "7"},
    "+i": {"usual": "7"},
    "i / 2": {"usual": "3", "minus": "-3", "null": None},
    "i / i": {"usual": "1", "zero": DIVISION, "null": None},
    "1 / i": {"usual": "0", "zero": DIVISION, "null": None},
    "CAST(NULL AS INTEGER) / i": {"usual": None, "zero": None},
    "NULL / i": {"usual": None, "zero": None},
    "i / NULL": {"usual": None},
    "i / 0": {"usual": DIVISION, "null": None},
    "i / NULLIF(i, 0)": {"usual": "1", "zero": None},
    "d / i": {"usual": "0.35714285714285715", "zero": DIVISION},
    "d / d": {"usual": "1.0", "zero": DIVISION},
    "n / 2": {"usual": "0.6250000000000"},
    "n / (n - n)": {"usual": DIVISION, "null": None},
    "(1 / i) / i": {"zero": DIVISION, "exponent": "1"},
    "1 + 2 * 3 - 4": {"usual": "3"},
    "(1 + 2) * 3": {"usual": "9"},
    "NULL + 1": {"usual": None},
    "i - NULL": {"usual": None},
    "MOD(i, 3)": {"usual": "1", "minus": "-1", "null": None},
    "i / (60 * 60)": {"usual": "0", "large": "596523"},
    "CASE WHEN i / i <> 1 THEN 0 ELSE 7 / (1 + 2 * 3 - 4) END": {"usual": "2", "zero": DIVISION},
    "CASE WHEN i / i <> 1 THEN 0.5 ELSE 7 / (1 + 2.5) END": {"usual": "2.0000000000000", "zero": DIVISION},
    "f AND 7 / CAST(2.9 AS INTEGER) = 1 AND CAST(u AS INTEGER) = 12": {"usual": "FALSE", "zero": "FALSE"},
    "i / -2": {"usual": "-3", "minus": "3"},
    "i / CAST(2 AS DOUBLE)": {"usual": "3.5"},
    "MOD(i, 0)": {"usual": DIVISION, "null": None},
    "MOD(7, 2 + 2)": {"usual": "3"},
    "MOD(i, i)": {"usual": "0", "zero": DIVISION},
    "MOD(b, i)": {"usual": "5", "zero": DIVISION},
    "MOD(i, b)": {"usual": "7", "zero": DIVISION},
    "MOD(d, 2)": {"usual": "0.5", "minus": "-0.5", "zero": "0.0"},
    "MOD(d, d)": {"zero": DIVISION, "null": None},
    "MOD(n, 1)": {"usual": "0.25"},
    "ABS(i)": {"minus": "7", "null": None},
    "ABS(n)": {"minus": "1.25"},
    "FLOOR(d)": {"usual": "2.0", "minus": "-3.0"},
    "CEIL(d)": {"usual": "3.0", "minus": "-2.0"},
    "CEILING(n)": {"usual": "2"},
    "FLOOR(i)": {"usual": "7"},
    "EXP(i)": {"zero": "1.0"},
    "LN(i)": {"exponent": "0.0", "zero": COERCION, "minus": COERCION},
    "LOG10(b)": {"words": "1.0", "zero": COERCION},
    "POWER(i, 2)": {"usual": "49.0"},
    "STEP(i BY 5)": {"usual": "5", "minus": "-5", "null": None},
    "STEP(i BY 0)": {"usual": DIVISION},
    "MONOTONIC(i)": {"usual": "7"},
    # comparisons
    "i = 7": {"usual": "TRUE", "zero": "FALSE", "null": None},
    "i <> 7": {"usual": "FALSE", "null": None},
    "i != 7": {"usual": "FALSE"},
    "i > 6.5": {"usual": "TRUE", "zero": "FALSE"},
    "b >= 9E9": {"usual": "TRUE", "zero": "FALSE"},
    "d < n": {"usual": "FALSE", "minus": "TRUE"},
    "n <= d": {"usual": "TRUE"},
    "i = NULL": {"usual": None},
    "s = '12'": {"usual": "TRUE", "zero": "FALSE"},
    "s < 'b'": {"usual": "TRUE", "words": "FALSE"},
    "t = dt": {"usual": "FALSE", "zero": "TRUE", "day": "TRUE"},
    "t > TIMESTAMP '2026-01-01 00:00:00'": {"usual": "TRUE", "zero": "FALSE"},
    "tm < TIME '11:00:00'": {"usual": "TRUE", "large": "FALSE"},
    "f = TRUE": {"usual": "TRUE", "zero": "FALSE"},
    "i = s": {"usual": "FALSE", "zero": COERCION, "null": None},
    "t > s": {"day": "FALSE", "no day": COERCION},
    "i BETWEEN 1 AND 7": {"usual": "TRUE", "zero": "FALSE", "null": None},
    "i NOT BETWEEN 1 AND 7": {"usual": "FALSE", "zero": "TRUE"},
    "i BETWEEN d AND b": {"usual": "TRUE"},
    "i IN (1, 7)": {"usual": "TRUE", "zero": "FALSE", "null": None},
    "i NOT IN (1, 7)": {"usual": "FALSE", "zero": "TRUE"},
    "i IN (1, NULL)": {"usual": None, "exponent": "TRUE"},
    "i IN (6.5, d, 7)": {"usual": "TRUE", "zero": "TRUE", "no day": "FALSE", "large": "FALSE"},
    "i IN (b, 1)": {"usual": "FALSE", "zero": "TRUE", "minus": "FALSE"},
    "n IN (1.254, 2)": {"usual": "FALSE", "day": "TRUE"},
    "b IN (10, 300)": {"words": "TRUE", "usual": "FALSE"},
    "s IN ('12', 'longer')": {"usual": "TRUE", "zero": "FALSE"},
    "i IS NULL": {"usual": "FALSE", "null": "TRUE"},
    "i IS NOT NULL": {"usual": "TRUE", "null": "FALSE"},
    "NULL IS NULL": {"usual": "TRUE"},
    "f IS TRUE": {"usual": "TRUE", "null": "FALSE"},
    "f IS NOT TRUE": {"usual": "FALSE", "null": "TRUE"},
    "f IS FALSE": {"zero": "TRUE", "null": "FALSE"},
    "f IS UNKNOWN": {"usual": "FALSE", "null": "TRUE"},
    "f IS NOT UNKNOWN": {"usual": "TRUE", "null": "FALSE"},
    "i IS DISTINCT FROM 7": {"usual": "FALSE", "null": "TRUE"},
    "i IS NOT DISTINCT FROM NULL": {"usual": "FALSE", "null": "TRUE"},
    "1 / i IS NULL": {"usual": "FALSE", "zero": DIVISION, "null": "TRUE"},
    # logic
    "f AND i > 1": {"usual": "TRUE", "zero": "FALSE", "null": None},
    "f OR i = 0": {"usual": "TRUE", "zero": "TRUE", "null": None},
    "NOT f": {"usual": "FALSE", "null": None},
    "NOT NOT f": {"usual": "TRUE"},
    "i <> 0 AND 7 / i = 1": {"usual": "TRUE", "zero": "FALSE", "null": None},
    "7 / i = 1 AND i <> 0": {"usual": "TRUE", "zero": DIVISION},
    "i = 0 OR 7 / i = 1": {"usual": "TRUE", "zero": "TRUE"},
    "i <> 0 OR 7 / i = 1": {"usual": "TRUE", "zero": DIVISION},
    "NULL AND 1 / i = 1": {"zero": DIVISION, "usual": "FALSE", "exponent": None},
    "NULL OR f": {"usual": "TRUE", "zero": None},
    "f IS NULL OR i = 0 OR 7 / i = 1 OR CAST(s AS INTEGER) = 12": {
        **{"usual": "TRUE", "zero": "TRUE", "null": "TRUE", "large": COERCION, "minus": "FALSE"},
    },
    "f AND i <> 0 AND 7 / i = 1 AND CAST(s AS INTEGER) = 12": {
        **{"usual": "TRUE", "zero": "FALSE", "null": None, "large": "FALSE", "exponent": "FALSE"},
    },
    "(i <> 0 AND 7 / i = 1) OR CAST(s AS INTEGER) = 12": {"usual": "TRUE", "zero": COERCION, "null": None},
    # texts
    "s || '-' || u": {"usual": "12-Abc def", "null": None, "zero": "-"},
    "s || NULL": {"usual": None},
    "i || s": {"usual": "712"},
    "u LIKE 'Abc%'": {"usual": "TRUE", "zero": "FALSE", "null": None},
    "u NOT LIKE '%b_ %'": {"usual": "FALSE", "zero": "TRUE"},
    "u LIKE '%!%' ESCAPE '!'": {"no day": "TRUE", "usual": "FALSE"},
    "u LIKE 'a\\b'": {"words": "TRUE", "usual": "FALSE"},
    "u LIKE s || '%'": {"usual": "FALSE", "zero": "TRUE"},
    "u SIMILAR TO '[A-Z]bc (d|x)ef'": {"usual": "TRUE", "zero": "FALSE", "null": None},
    "u SIMILAR TO 'Abc.def'": {"usual": "FALSE", "null": None},
    "u SIMILAR TO 'Abc(.| )d%'": {"usual": "TRUE"},
    "u SIMILAR TO 'Abc[. ]d_f'": {"usual": "TRUE", "zero": "FALSE"},
    "u SIMILAR TO 'Abc!.def' ESCAPE '!'": {"usual": "FALSE"},
    "'a.c' SIMILAR TO 'a!.c' ESCAPE '!'": {"usual": "TRUE"},
    "'a.c' SIMILAR TO 'a.[.c]'": {"usual": "TRUE"},
    "'abc' SIMILAR TO 'a.[.c]'": {"usual": "FALSE"},
    "u SIMILAR TO '[0-9]+!%' ESCAPE '!'": {"no day": "TRUE", "usual": "FALSE"},
    "u SIMILAR TO '[0-9]{1,3}!%' ESCAPE '!'": {"no day": "TRUE"},
    "u LIKE '1!%!%%' ESCAPE '!'": {"no day": "FALSE"},
    "u LIKE '100!%' ESCAPE '!'": {"no day": "TRUE"},
    "u SIMILAR TO '1%'": {"no day": "TRUE"},
    "UPPER(u)": {"usual": "ABC DEF", "null": None},
    "LOWER(u)": {"usual": "abc def"},
    "INITCAP(u)": {"usual": "Abc Def", "large": "It'S 5 O'Clock"},
    "CHAR_LENGTH(u)": {"usual": "7", "zero": "0", "null": None},
    "CHARACTER_LENGTH(u)": {"usual": "7"},
    "TRIM(u)": {"minus": "a b"},
    "TRIM(BOTH FROM u)": {"minus": "a b"},
    "TRIM(LEADING ' ' FROM u)": {"minus": "a b "},
    "TRIM(TRAILING 'f' FROM u)": {"usual": "Abc de"},
    "TRIM('A' FROM u)": {"usual": "bc def"},
    "SUBSTRING(u FROM 2 FOR 2)": {"usual": "bc", "null": None},
    "SUBSTRING(u FROM 2)": {"usual": "bc def", "zero": ""},
    "SUBSTRING(u, 2, 2)": {"usual": "bc"},
    "SUBSTRING(u, i)": {"usual": "f"},
    "SUBSTRING(u FROM b)": {"usual": COERCION, "moment": "hings", "null": None},
    "SUBSTRING(u FROM 100)": {"usual": ""},
    "POSITION('b' IN u)": {"usual": "2", "zero": "0", "null": None},
    "OVERLAY(u PLACING 'xx' FROM 2 FOR 1)": {"usual": "Axxc def"},
    "OVERLAY(u PLACING 'xx' FROM 2)": {"usual": "Axx def"},
    "REGEX_REPLACE(u, '[a-z]+', '_')": {"usual": "A_ _", "null": None},
    "REGEX_REPLACE(u, 'b', '''', 1, 0)": {"usual": "A'c def"},
    # the value that is chosen
    "CASE WHEN i = 0 THEN 'a' WHEN i = 7 THEN 'bbb' END": {"usual": "bbb", "zero": "a", "null": None},
    "CHAR_LENGTH(CASE WHEN i = 0 THEN 'a' ELSE 'bbb' END)": {"usual": "3", "zero": "1"},
    "CASE i WHEN 0 THEN 'zero' ELSE 'other' END": {"usual": "other", "zero": "zero", "null": "other"},
    "CASE WHEN i = 0 THEN 0 ELSE 7 / i END": {"usual": "1", "zero": "0", "null": None},
    "CASE WHEN i <> 0 THEN 0 ELSE 7 / i END": {"usual": "0", "zero": DIVISION, "null": None},
    "CASE WHEN 7 / i = 1 THEN 'a' ELSE 'b' END": {"usual": "a", "zero": DIVISION, "null": "b"},
    "CASE WHEN i = 7 THEN 'a' WHEN 7 / (i - 7) > 0 THEN 'b' ELSE 'c' END": {"usual": "a", "zero": "c", "large": "c"},
    "CASE 7 / i WHEN 1 THEN 'a' END": {"usual": "a", "zero": DIVISION},
    "CASE WHEN f THEN i ELSE d END": {"usual": "7.0", "zero": "0.0"},
    "CASE WHEN f THEN 1 ELSE 2.5 END": {"usual": "1.0", "zero": "2.5"},
    "CASE WHEN f THEN t ELSE dt END": {"usual": "2026-11-22 10:11:12.345", "minus": "1969-12-31 00:00:00.000"},
    "CASE WHEN f THEN NULL ELSE i END": {"usual": None, "minus": "-7"},
    "CASE WHEN f THEN NULL END": {"usual": None},
    "COALESCE(i, 3)": {"usual": "7", "null": "3"},
    "COALESCE(i, d, 1.5)": {"usual": "7.0", "null": "1.5"},
    "COALESCE(NULL, u, 'x')": {"usual": "Abc def", "null": "x"},
    "COALESCE(i, 1 / 0)": {"usual": "7", "null": DIVISION},
    "COALESCE(1 / i, 3)": {"usual": "0", "zero": DIVISION, "null": "3"},
    "NULLIF(i, 7)": {"usual": None, "zero": "0", "null": None},
    "NULLIF(u, '')": {"usual": "Abc def", "zero": None},
    "NULLIF(NULL, 5)": {"usual": None},
    # CAST to whole numbers
    "CAST(s AS INTEGER)": {
        **{"usual": "12", "zero": COERCION, "null": None, "large": COERCION, "minus": "-1", "exponent": COERCION},
        **{"day": COERCION, "words": COERCION},
    },
    "CAST(s AS BIGINT)": {"large": "3000000000", "usual": "12"},
    "CAST('.5' || '' AS INTEGER)": {"usual": "0"},
    "CAST('5.' || '' AS INTEGER)": {"usual": "5"},
    "CAST('+5' || '' AS INTEGER)": {"usual": "5"},
    "CAST('.' || '' AS INTEGER)": {"usual": COERCION},
    "CAST('1 2' || '' AS INTEGER)": {"usual": COERCION},
    "CAST('-2147483648' || '' AS INTEGER)": {"usual": "-2147483648"},
    "CAST('2147483647.9' || '' AS INTEGER)": {"usual": "2147483647"},
    "CAST('2147483648' || '' AS INTEGER)": {"usual": COERCION},
    "CAST('9223372036854775808' || '' AS BIGINT)": {"usual": COERCION},
    "CAST('127' || '' AS TINYINT)": {"usual": "127"},
    "CAST('128' || '' AS TINYINT)": {"usual": COERCION},
    "CAST(b AS INTEGER)": {"usual": COERCION, "zero": "0", "null": None, "minus": COERCION},
    "CAST(b AS SMALLINT)": {"day": COERCION, "exponent": "300"},
    "CAST(b AS TINYINT)": {"huge": COERCION, "words": "10"},
    "CAST(i AS BIGINT)": {"usual": "7"},
    "CAST(d AS INTEGER)": {
        **{"usual": "2", "minus": "-2", "large": COERCION, "huge": COERCION, "exponent": COERCION, "day": "0"},
        **{"null": None, "moment": "10000000"},
    },
    "CAST(d AS BIGINT)": {"huge": "3000000000", "exponent": "-10000000000", "large": COERCION},
    "CAST(LN(i) AS INTEGER)": {"zero": COERCION, "minus": COERCION, "exponent": "0"},
    "CAST(n AS INTEGER)": {"usual": "1", "minus": "-1", "large": "99999999"},
    "CAST(2.9 AS INTEGER)": {"usual": "2"},
    # CAST to other numbers
    "CAST(s AS DOUBLE)": {
        **{"usual": "12.0", "minus": "-1.9", "exponent": "100.0", "huge": COERCION, "zero": COERCION, "null": None},
        **{"words": COERCION, "large": "3.0E9"},
    },
    "CAST('NaN' || '' AS DOUBLE)": {"usual": COERCION},
    "CAST('1d' || '' AS DOUBLE)": {"usual": COERCION},
    "CAST('Infinity' || '' AS DOUBLE)": {"usual": COERCION},
    "CAST('0x1' || '' AS DOUBLE)": {"usual": COERCION},
    "CAST(i AS DOUBLE)": {"usual": "7.0"},
    "CAST(i AS REAL)": {"usual": "7.0"},
    "CAST(n AS DOUBLE)": {"usual": "1.25"},
    "CAST(s AS DECIMAL(5, 2))": {"usual": "12.00", "minus": "-1.90", "exponent": "100.00", "large": COERCION},
    "CAST(d AS DECIMAL(5, 2))": {"usual": "2.50", "large": COERCION, "no day": "0.10"},
    "CAST(n AS DECIMAL(3, 1))": {"usual": "1.3", "large": COERCION, "minus": "-1.3"},
    "CAST(i AS DECIMAL(3, 2))": {"usual": "7.00", "words": COERCION},
    "CAST(LN(i) AS DECIMAL(5, 2))": {"zero": COERCION, "minus": COERCION},
    # CAST to other types
    "CAST(s AS BOOLEAN)": {"words": "TRUE", "usual": COERCION, "zero": COERCION, "null": None},
    "CAST('t' || '' AS BOOLEAN)": {"usual": COERCION},
    "CAST('FALSE' || '' AS BOOLEAN)": {"usual": "FALSE"},
    "CAST(i AS BOOLEAN)": {"usual": "TRUE", "zero": "FALSE"},
    "CAST(s AS TIMESTAMP)": {
        **{"day": "2026-11-22 00:00:00.000", "moment": "2026-11-22 10:11:12.345", "no day": COERCION},
        **{"usual": COERCION, "null": None},
    },
    "CAST('2026-11-22 24:00:00' || '' AS TIMESTAMP)": {"usual": COERCION},
    "CAST('2026-11-22T10:00:00' || '' AS TIMESTAMP)": {"usual": COERCION},
    "CAST('2026-11-22 10:00' || '' AS TIMESTAMP)": {"usual": COERCION},
    "CAST('2026-1-2' || '' AS TIMESTAMP)": {"usual": COERCION},
    "CAST('2024-02-29' || '' AS TIMESTAMP)": {"usual": "2024-02-29 00:00:00.000"},
    "CAST('2025-02-29' || '' AS DATE)": {"usual": COERCION},
    "CAST(s AS DATE)": {"day": "2026-11-22", "moment": COERCION, "usual": COERCION},
    "CAST('10:11:12.5' || '' AS TIME)": {"usual": "10:11:12"},
    "CAST('24:00:00' || '' AS TIME)": {"usual": COERCION},
    "CAST(t AS DATE)": {"usual": "2026-11-22", "minus": "1969-12-31"},
    "CAST(t AS TIME)": {"usual": "10:11:12", "minus": "23:59:58", "null": None},
    "CAST(dt AS TIMESTAMP)": {"usual": "2026-11-22 00:00:00.000"},
    "CAST(i AS VARCHAR(10))": {"usual": "7", "minus": "-7"},
    "CAST(b AS VARCHAR(3))": {"usual": "900"},
    "CAST(d AS VARCHAR(30))": {"usual": "2.5", "large": "1.0E300", "moment": "1.0E7"},
    "CAST(n AS VARCHAR(30))": {"usual": "1.25"},
    "CAST(f AS VARCHAR(5))": {"usual": "TRUE"},
    "CAST(t AS VARCHAR(30))": {"usual": "2026-11-22 10:11:12.345"},
    "CAST(dt AS VARCHAR(30))": {"usual": "2026-11-22"},
    "CAST(u AS VARCHAR(3))": {"usual": "Abc"},
    "CAST(u AS CHAR(10)) || '|'": {"usual": "Abc def|"},
    "CAST(NULL AS VARCHAR(3))": {"usual": None},
    "CAST(CAST(s AS INTEGER) / i AS VARCHAR(9))": {"usual": "1", "zero": COERCION, "large": COERCION},
    # times
    "t + INTERVAL '1' DAY": {"usual": "2026-11-23 10:11:12.345", "null": None},
    "t - INTERVAL '100' DAY(3)": {"usual": "2026-08-14 10:11:12.345"},
    "t + INTERVAL '10000' DAY(5)": {"usual": "2054-04-09 10:11:12.345"},
    "t - INTERVAL '2000' DAY(4)": {"usual": "2021-06-01 10:11:12.345"},
    "t + INTERVAL '100' YEAR(3)": {"usual": "2126-11-22 10:11:12.345"},
    "t + INTERVAL '90' SECOND": {"usual": "2026-11-22 10:12:42.345"},
    "t + INTERVAL '1000' SECOND(4)": {"usual": "2026-11-22 10:27:52.345"},
    "t + INTERVAL '0.5' SECOND": {"usual": "2026-11-22 10:11:12.845"},
    "t + INTERVAL '1:30' MINUTE TO SECOND": {"usual": "2026-11-22 10:12:42.345"},
    "t + INTERVAL '1 02:03:04.005' DAY TO SECOND": {"usual": "2026-11-23 12:14:16.350"},
    "t + INTERVAL '-1' DAY": {"usual": "2026-11-21 10:11:12.345"},
    "INTERVAL '1' HOUR + t": {"usual": "2026-11-22 11:11:12.345"},
    "t + (INTERVAL '1' HOUR + INTERVAL '1' MINUTE)": {"usual": "2026-11-22 11:12:12.345"},
    "t + i * INTERVAL '1' MINUTE": {"usual": "2026-11-22 10:18:12.345"},
    "t + INTERVAL '1' MINUTE * i": {"usual": "2026-11-22 10:18:12.345"},
    "t - INTERVAL '1' MONTH": {"usual": "2026-10-22 10:11:12.345", "large": "2099-11-30 23:59:59.999"},
    "t + INTERVAL '100' MONTH(3)": {"usual": "2035-03-22 10:11:12.345"},
    "t + INTERVAL '1-6' YEAR TO MONTH": {"usual": "2028-05-22 10:11:12.345"},
    "dt + INTERVAL '1' DAY": {"usual": "2026-11-23"},
    "dt - INTERVAL '1' YEAR": {"usual": "2025-11-22"},
    "tm + INTERVAL '1' HOUR": {"usual": "11:11:12"},
    "ROWTIME + INTERVAL '1' DAY": {"usual": "2026-11-23 10:11:12.345"},
    "CURRENT_TIMESTAMP": {"usual": "2026-11-22 10:11:12.345"},
    "LOCALTIMESTAMP": {"usual": "2026-11-22 10:11:12.345"},
    "CURRENT_DATE": {"usual": "2026-11-22"},
    "CURRENT_TIME": {"usual": "10:11:12"},
    "EXTRACT(YEAR FROM t)": {"usual": "2026", "minus": "1969", "null": None},
    "EXTRACT(QUARTER FROM t)": {"usual": "4"},
    "EXTRACT(WEEK FROM t)": {"usual": "47"},
    "EXTRACT(DOY FROM t)": {"usual": "326"},
    "EXTRACT(DOW FROM t)": {"usual": "1"},
    "EXTRACT(HOUR FROM t)": {"usual": "10", "minus": "23"},
    "EXTRACT(SECOND FROM t)": {"usual": "12.345", "zero": "0.000", "minus": "58.500", "null": None},
    "EXTRACT(SECOND FROM tm)": {"usual": "12"},
    "EXTRACT(SECOND FROM dt)": {"usual": "0.000"},
    "EXTRACT(MONTH FROM dt)": {"usual": "11"},
    "UNIX_TIMESTAMP(t)": {"usual": "1795342272345", "zero": "0", "minus": "-1500", "null": None},
    "UNIX_TIMESTAMP(dt)": {"usual": "1795305600000", "minus": "-86400000"},
    "UNIX_TIMESTAMP()": {"usual": "1795342272345"},
    "TO_TIMESTAMP(1795342272345)": {"usual": "2026-11-22 10:11:12.345"},
    "TO_TIMESTAMP(b)": {"usual": "1970-04-15 04:00:00.000", "minus": "1969-11-27 06:40:00.000", "null": None},
    "TO_TIMESTAMP(UNIX_TIMESTAMP(t))": {"usual": "2026-11-22 10:11:12.345", "minus": "1969-12-31 23:59:58.500"},
    "TSDIFF(t, TIMESTAMP '2026-11-22 10:11:10')": {"usual": "2345"},
    "TSDIFF(TIMESTAMP '1970-01-01 00:00:00', t)": {"minus": "1500", "null": None},
    "STEP(t BY INTERVAL '1' HOUR)": {"usual": "2026-11-22 10:00:00.000", "minus": "1969-12-31 23:00:00.000"},
    "STEP(t BY INTERVAL '5' MINUTE)": {"usual": "2026-11-22 10:10:00.000", "minus": "1969-12-31 23:55:00.000"},
    "STEP(t BY INTERVAL '7' SECOND)": {"zero": "1970-01-01 00:00:00.000", "minus": "1969-12-31 23:59:53.000"},
    "STEP(dt BY INTERVAL '1' DAY)": {"usual": "2026-11-22"},
    "FLOOR(t TO SECOND)": {"usual": "2026-11-22 10:11:12.000", "minus": "1969-12-31 23:59:58.000"},
    "FLOOR(t TO DAY)": {"usual": "2026-11-22 00:00:00.000"},
    "FLOOR(t TO MONTH)": {"usual": "2026-11-01 00:00:00.000", "minus": "1969-12-01 00:00:00.000"},
    "FLOOR(t TO QUARTER)": {"usual": "2026-10-01 00:00:00.000"},
    "FLOOR(t TO YEAR)": {"usual": "2026-01-01 00:00:00.000"},
    "FLOOR(dt TO MONTH)": {"usual": "2026-11-01", "minus": "1969-12-01", "null": None},
    "FLOOR(tm TO HOUR)": {"usual": "10:00:00"},
    "CEIL(t TO MINUTE)": {"usual": "2026-11-22 10:12:00.000", "day": "2026-11-22 00:00:00.000"},
    "CEIL(t TO DAY)": {"usual": "2026-11-23 00:00:00.000", "day": "2026-11-22 00:00:00.000"},
    "FLOOR((t + INTERVAL '9' HOUR) TO DAY)": {"usual": "2026-11-22 00:00:00.000"},
    # formats
    "TIMESTAMP_TO_CHAR('yyyy-MM-dd HH:mm:ss.SSS', t)": {"usual": "2026-11-22 10:11:12.345", "null": None},
    "TIMESTAMP_TO_CHAR('EEE, d MMM yyyy hh:mm a', t)": {"usual": "Sun, 22 Nov 2026 10:11 AM"},
    "TIMESTAMP_TO_CHAR('yyyy-MM-dd''T''HH:mm:ssZ', t)": {"usual": "2026-11-22T10:11:12+0000"},
    "TIMESTAMP_TO_CHAR('[HH] z', t)": {"usual": "[10] UTC"},
    "DATE_TO_CHAR('dd/MM/yy', dt)": {"usual": "22/11/26"},
    "TIME_TO_CHAR('HH:mm', tm)": {"usual": "10:11"},
    "CHAR_TO_TIMESTAMP('yyyy-MM-dd HH:mm:ss', u)": {"huge": "2026-01-02 03:04:05.000", "usual": None, "null": None},
    "CHAR_TO_TIMESTAMP('yyyy-MM-dd HH:mm:ss', s)": {"no day": None, "moment": None},
    "CHAR_TO_TIMESTAMP('d/M/y H:m', '2/1/2026 3:04' || '')": {"usual": "2026-01-02 03:04:00.000"},
    "CHAR_TO_TIMESTAMP('dd/MMM/yyyy:HH:mm:ss z', '22/Nov/2026:10:11:12 +0000' || '')": {
        "usual": "2026-11-22 10:11:12.000"
    },
    "CHAR_TO_TIMESTAMP('HH:mm', '24:00' || '')": {"usual": None},
    "CHAR_TO_TIMESTAMP('hh:mm a', '12:30 PM' || '')": {"usual": "1970-01-01 12:30:00.000"},
    "CHAR_TO_DATE('yyyyMMdd', '20261122' || '')": {"usual": "2026-11-22"},
    "CHAR_TO_DATE('yyyy', u)": {"usual": None},
    "CHAR_TO_TIME('HH:mm', '10:11' || '')": {"usual": "10:11:00"},
    # logs
    "REGEX_LOG_PARSE(u, '([0-9]+) ([a-z]+)(x)?').COLUMN2": {"moment": "things", "usual": None, "null": None},
    "REGEX_LOG_PARSE(u, '([0-9]+) ([a-z]+)(x)?').COLUMN3": {"moment": None},
    "REGEX_LOG_PARSE(u, '([0-9]+) ([a-z]+)')": {"moment": "(7, things)"},
    "FAST_REGEX_LOG_PARSE(u, '([a-z])').COLUMN1": {"usual": "b"},
    "VARIABLE_COLUMN_LOG_PARSE(u, 'one, \"two\" TYPE VARCHAR(1) NOT NULL, three, four, five', ',').ONE": {
        "exponent": "a",
        "usual": "Abc def",
        "null": None,
    },
    "VARIABLE_COLUMN_LOG_PARSE(u, 'a TYPE VARCHAR(9), b TYPE VARCHAR(1)', ' ').B": {"usual": "d", "zero": None},
    "VARIABLE_COLUMN_LOG_PARSE(u, 5, ',').COLUMN4": {"exponent": "d", "usual": None},
    "VARIABLE_COLUMN_LOG_PARSE(u, 5, ',').COLUMN3": {"exponent": ""},
    "W3C_LOG_PARSE(u, 'COMMON').COLUMN1": {"day": "10.0.0.1", "usual": None},
    "W3C_LOG_PARSE(u, 'COMMON').COLUMN4": {"day": "[22/Nov/2026:10:00:00 +0000]"},
    "W3C_LOG_PARSE(u, 'COMMON').COLUMN5": {"day": "GET /a b HTTP/1.1"},
    "W3C_LOG_PARSE(u, 'COMMON').COLUMN7": {"day": "12"},
    "W3C_LOG_PARSE(s, 'COMMON').COLUMN7": {"long": "12"},
    'W3C_LOG_PARSE(u || \' "http://x" "a \\" b"\', \'NCSA EXTENDED\').COLUMN9': {"day": 'a \\" b', "usual": None},
    "W3C_LOG_PARSE(u, 'COMBINED').COLUMN1": {"day": None},
    "W3C_LOG_PARSE('v ' || u, 'COMMON WITH VHOST').COLUMN2": {"day": "10.0.0.1"},
    "W3C_LOG_PARSE('http://x ---> /y', 'REFERER').COLUMN2": {"usual": "/y"},
    "W3C_LOG_PARSE(u, 'AGENT').COLUMN1": {"usual": "Abc def"},
    "W3C_LOG_PARSE(u, '%{first}n-part').COLUMN1": {"usual": None},
    "W3C_LOG_PARSE(u, '%a %b').COLUMN2": {"usual": "def"},
}
# Values as columns of a declared type: a number that does not fit is an error, a text is cut.
ASSIGNED: Mapping[tuple[str, str], Mapping[str, str | None]] = {
    ("d", "INTEGER"): {"usual": "2", "large": COERCION, "null": None},
    ("u", "VARCHAR(3)"): {"usual": "Abc", "zero": ""},
    ("i / 2", "DOUBLE"): {"usual": "3.0"},
    ("NULL", "TIMESTAMP"): {"usual": None},
    ("1 / i", "VARCHAR(4)"): {"zero": DIVISION, "usual": "0"},
    ("s", "TIMESTAMP"): {"day": "2026-11-22 00:00:00.000", "usual": COERCION},
    ("dt", "TIMESTAMP"): {"usual": "2026-11-22 00:00:00.000"},
}


@dataclass(frozen=True)
class Flink:
    """A Flink with the table of all rows."""

    query: Callable[[str], list[tuple[Any, ...]]]

    def all(self, expressions: Sequence[Value]) -> list[dict[str, str | None]]:
        """What each value gives in each row."""
        found = [dict[str, str | None]() for _one in expressions]
        numbered = list(enumerate(expressions))
        for batch in (numbered[at : at + BATCH] for at in range(0, len(numbered), BATCH)):
            columns = ", ".join(_told(one) for _number, one in batch)
            for name, *cells in self.query(f"SELECT `ROW_NAME`, {columns} FROM `ALL_ROWS`"):
                for (number, _value), cell in zip(batch, cells, strict=True):
                    found[number][name] = cell
        return found


def _told(one: Value) -> str:
    """The value's text, or the name of its first failure."""
    failing = "".join(f" WHEN {failure.condition} THEN '!{failure.name}'" for failure in one.failures)
    text = f"CAST({one.sql} AS STRING)"
    return f"CASE{failing} ELSE {text} END" if failing else text


@pytest.fixture(scope="module")
def table(jvm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flink]:  # noqa: ARG001  (it prepares the JVM)
    """A Flink with the table of all rows."""
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415  (starts a JVM)

    env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for option, setting in {**here(), "parallelism.default": "1", "table.local-time-zone": "UTC"}.items():
        env.get_config().set(option, setting)
    # Rows that are written out in SQL would be computed while it is planned, by other code than a job's.
    file = tmp_path_factory.mktemp("rows") / "rows.json"
    rows = (dict(zip(("ROW_NAME", *COLUMNS), (name, *cells), strict=True)) for name, cells in ROWS.items())
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = ", ".join(f"`{name}` {kind}" for name, (_kda, kind) in COLUMNS.items())
    env.execute_sql(
        f"CREATE TEMPORARY TABLE `ALL_ROWS` (`ROW_NAME` STRING, {columns}) WITH ("
        f"'connector' = 'filesystem', 'path' = '{file.as_uri()}', 'format' = 'json')"
    )

    def query(sql: str) -> list[tuple[Any, ...]]:
        with env.execute_sql(sql).collect() as found:
            return [tuple(row) for row in found]

    yield Flink(query)
    env.execute_sql("DROP TEMPORARY TABLE `ALL_ROWS`")


def _differences(
    expected: Mapping[Any, Mapping[str, str | None]], found: Sequence[Mapping[str, str | None]]
) -> list[str]:
    return [
        f"{what} in row {name}: {cells[name]!r}, expected {cell!r}"
        for (what, rows), cells in zip(expected.items(), found, strict=True)
        for name, cell in rows.items()
        if cells[name] != cell
    ]


@pytest.fixture(scope="module")
def given(table: Flink) -> list[dict[str, str | None]]:
    """What each expression of EXPECTED gives in each row."""
    return table.all([of(text) for text in EXPECTED])


def test_values(given: list[dict[str, str | None]]) -> None:
    """Each expression gives what KDA gave, or fails, in each row; no row stops the job."""
    assert not _differences(EXPECTED, given)


def test_assigned(table: Flink) -> None:
    """A value becomes one of its column's type, as in a CAST."""
    columns = [converted(of(text), Type.written(kind), OPTIONS) for text, kind in ASSIGNED]
    assert not _differences(ASSIGNED, table.all(columns))


# --- As the model of KDA has it ----------------------------------------------------------------------

GENERATED = 150
_HAS_TIME = re.compile(r"ROWTIME|CURRENT_|LOCALTIME|UNIX_TIMESTAMP\(\)")


def _cents(number: float) -> Decimal:
    return Decimal(str(number)).quantize(Decimal("0.01"))


_READ: Mapping[str, Callable[[Any], Any]] = {
    "TIMESTAMP": datetime.fromisoformat,
    "DATE": date.fromisoformat,
    "TIME": time.fromisoformat,
    "DECIMAL": _cents,
}
RELATION = Relation("I", "I", tuple(Column(name, Type.written(kind)) for name, (kind, _flink) in COLUMNS.items()))


def _read(name: str, cell: Any) -> Any:
    """A cell as the model has it."""
    kind = Type.written(COLUMNS[name][0]).name
    return None if cell is None else _READ[kind](cell) if kind in _READ else cell


def _context(cells: Sequence[Any]) -> Context:
    """A row for the model."""
    found = {name: _read(name, cell) for name, cell in zip(COLUMNS, cells, strict=True)}
    at = milliseconds(found["T"]) if found["T"] else 0
    return Context([Item(at, found, at)], at, at)


def _modelled(text: str, to: Type | None = None) -> dict[str, Any]:
    """What an expression gives in each row in the model; without the rows that the model does not know."""
    found: dict[str, Any] = {}
    try:
        expression = Compiler([RELATION]).compiled(tree(text))
    except NotModelled:
        return {}
    for name, cells in ROWS.items():
        if name in ("null", "minus") and _HAS_TIME.search(text):  # no row has such a ROWTIME
            continue
        try:
            one = expression.at(_context(cells))
            found[name] = one if to is None else values.cast(one, expression.type, to)
        except NotModelled:
            continue
        except Failed as failed:
            found[name] = f"!{failed.name}"
    return found


def _agrees(one: Any, cell: str | None) -> bool:
    """Whether Flink's text is that of the model's value."""
    if one is None or cell is None:
        return one is None and (cell is None or set(cell) <= set("(NUL, )"))
    if isinstance(one, float) and not cell.startswith("!"):
        return math.isclose(one, float(cell), rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(one, Decimal) and not cell.startswith("!"):
        return one == Decimal(cell)
    if isinstance(one, dict):  # a row of texts
        return cell == f"({', '.join('NULL' if text is None else text for text in one.values())})"
    return values.text(one) == cell


def _generated(seed: int) -> str:
    """An expression over the columns of all rows."""
    random = Random(seed)
    columns = [
        Typed("s", "text", holds=random.choice(("number", "moment"))),
        Typed("u", "text"),
        Typed("i", "whole", 32, 50),
        Typed("b", "whole", 64, 50),
        Typed("d", "double", bound=50),
        Typed("n", "decimal", bound=50),
        Typed("t", "time"),
        Typed("f", "truth"),
    ]
    return Values(random, columns, ["ROWTIME"]).any(3).sql


def test_as_the_model(table: Flink, given: list[dict[str, str | None]]) -> None:
    """Generated expressions, and those above, give what the model gives in each row that it knows."""
    made = [_generated(seed) for seed in range(GENERATED)]
    texts, found = [*EXPECTED, *made], [*given, *table.all([of(text) for text in made])]
    different = [
        f"{text} in row {name}: {cells[name]!r}, in the model {one!r}"
        for text, cells in zip(texts, found, strict=True)
        for name, one in _modelled(text).items()
        if not _agrees(one, cells[name])
    ]
    assert not different


@pytest.mark.parametrize(
    ("own", "wanted", "can_fail"),
    [
        *(("DECIMAL(14,4)", "DECIMAL(18,4)", False), ("DECIMAL(14,4)", "DECIMAL(14,4)", False)),
        *(("INTEGER", "DECIMAL(12,2)", False), ("DECIMAL(14,4)", "DECIMAL(14,5)", True)),
        *(
            ("DECIMAL(14,4)", "DECIMAL(18,2)", True),
            ("BIGINT", "DECIMAL(18,0)", True),
            ("DOUBLE", "DECIMAL(38,2)", True),
        ),
    ],
)
def test_a_wider_decimal_cannot_fail(own: str, wanted: str, *, can_fail: bool) -> None:
    """A DECIMAL with all digits of another number has each of its values; a place for it needs no view of failures."""
    made = converted(Value("x", Type.written(own)), Type.written(wanted), OPTIONS)
    assert bool(made.failures) == can_fail
