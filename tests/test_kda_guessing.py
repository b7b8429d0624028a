"""Columns that are guessed from their use, for a file that does not describe its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from kda.applications import Application
from kda.check import check
from kda.guessing import completed
from kda.places import Code, File
from kda.reader import read
from kda.rule import Kind
from tests.test_kda_check import BLOCK, SECTIONS, application

EXAMPLES = Path(__file__).parent / "kda"
STREAM = 'CREATE STREAM "D" ("a" VARCHAR(4), "b" BIGINT, "c" DOUBLE, "d" TIMESTAMP, "e" BOOLEAN, "f" DECIMAL(8, 2));\n'


def of_sql(sql: str) -> Application:
    """The application that is only this text of SQL."""
    return Application(None, Code.whole(File("a.sql", sql)))


def guessed(query: str, table: str = "X_001") -> dict[str, str]:
    """The type of each column of a relation that one pump into stream D reads."""
    whole = completed(of_sql(f'{STREAM}CREATE PUMP p AS INSERT INTO "D" {query};'))
    found = {name: one.columns for one in whole.inputs for name in one.streams}
    found |= {one.table: one.columns for one in whole.references}
    return {column.name: column.type for column in found[table] or ()}


def typed(value: str) -> str:
    """The type of column x, which this condition or value has, in a SELECT of one row."""
    columns = guessed(f"(\"a\") SELECT STREAM 'z' FROM X_001 AS s WHERE {value}")
    return columns["x"]


USES: Mapping[str, str] = {
    '"x" > 10': "DOUBLE",
    '"x" = 404': "INTEGER",
    '"x" IN (1, 3000000000)': "BIGINT",
    '"x" BETWEEN 1 AND 2.5': "DOUBLE",
    '-"x" + 1 > 2': "DOUBLE",
    'ABS("x") > 2': "DOUBLE",
    "\"x\" = 'abc'": "VARCHAR(1024)",
    "\"x\" LIKE 'a%'": "VARCHAR(1024)",
    "UPPER(\"x\") = 'A'": "VARCHAR(1024)",
    "SUBSTRING(\"x\" FROM 1 FOR 2) = 'A'": "VARCHAR(1024)",
    "SUBSTRING('abc' FROM \"x\") = 'A'": "INTEGER",
    "CHAR_TO_TIMESTAMP('yyyy', \"x\") = s.ROWTIME": "VARCHAR(1024)",
    "TIMESTAMP_TO_CHAR('yyyy', \"x\") = 'a'": "TIMESTAMP",
    'UNIX_TIMESTAMP("x") > 5': "TIMESTAMP",
    'TO_TIMESTAMP("x") = s.ROWTIME': "BIGINT",
    '"x" > s.ROWTIME': "TIMESTAMP",
    '"x" < CURRENT_TIMESTAMP': "TIMESTAMP",
    "\"x\" > s.ROWTIME - INTERVAL '1' MINUTE": "TIMESTAMP",
    "\"x\" + INTERVAL '1' MINUTE > s.ROWTIME": "TIMESTAMP",
    "\"x\" > TIMESTAMP '2026-01-01 00:00:00'": "TIMESTAMP",
    "\"x\" = DATE '2026-01-01'": "DATE",
    "STEP(\"x\" BY INTERVAL '1' MINUTE) = s.ROWTIME": "TIMESTAMP",
    'STEP("x" BY 5) = 5': "INTEGER",
    'FLOOR("x" TO MINUTE) = s.ROWTIME': "TIMESTAMP",
    'EXTRACT(HOUR FROM "x") = 5': "TIMESTAMP",
    '"x"': "BOOLEAN",
    'NOT "x" AND 1 = 1': "BOOLEAN",
    '"x" IS NOT TRUE': "BOOLEAN",
    '"x" IS NOT NULL': "VARCHAR(1024)",
    'CAST("x" AS INTEGER) > 4': "INTEGER",
    "CAST(\"x\" AS VARCHAR(4)) = 'a'": "VARCHAR(1024)",
    'COALESCE("x", 0) = "y"': "DOUBLE",
    "CASE \"x\" WHEN 1 THEN 'a' ELSE 'b' END = 'a'": "INTEGER",
    "CASE WHEN \"x\" THEN 'a' END = 'a'": "BOOLEAN",
    '"x" = "y" AND "y" = "z" AND "z" = 7': "INTEGER",
    '"x" = \'a\' AND "x" + 1 > 2': "DOUBLE",
    '"x" = \'' + "a" * 2000 + "'": "VARCHAR(2000)",
}


@pytest.mark.parametrize("use", USES)
def test_types_by_use(use: str) -> None:
    """A column has the type that its use in a condition or function asks for; else it is a text."""
    assert typed(use) == USES[use]


def test_types_of_the_stream() -> None:
    """What goes into a column has its type; a text is not cut before it; a whole type stays wide enough."""
    assert guessed('SELECT STREAM "p", "q", "r", MIN("s"), "t", "u" FROM X_001') == {
        "p": "VARCHAR(1024)",
        "q": "BIGINT",
        "r": "DOUBLE",
        "s": "TIMESTAMP",
        "t": "BOOLEAN",
        "u": "DECIMAL(8, 2)",
    }
    assert guessed('("b", "c") SELECT STREAM "q", SUM("q") / 2 FROM X_001') == {"q": "BIGINT"}
    assert guessed('("b") SELECT STREAM "q" FROM X_001 WHERE "q" > 1.5') == {"q": "DOUBLE"}


def test_names_and_paths() -> None:
    """A name without quotes is in upper case, in the path of the record too."""
    (one,) = completed(of_sql(f'{STREAM}CREATE PUMP p AS INSERT INTO "D" ("a") SELECT STREAM x FROM X_001;')).inputs
    assert one.columns is not None
    assert [(column.name, column.mapping) for column in one.columns] == [("X", "$.X")]
    assert (one.prefix, one.streams, one.format, one.row_path) == ("X", ("X_001",), "JSON", "$")


def test_inputs_of_a_text() -> None:
    """X_001 and X_002 are one input; another name is that of its only stream; what is joined is a reference table."""
    whole = completed(
        of_sql(
            f"""{STREAM}CREATE PUMP p AS INSERT INTO "D" ("a") SELECT STREAM "x" FROM "X_001";
            CREATE PUMP q AS INSERT INTO "D" ("a", "b") SELECT STREAM s."y", r."n" FROM "X_002" AS s
                LEFT JOIN "REGIONS" AS r ON s."region" = r."id";
            CREATE PUMP t AS INSERT INTO "D" ("e") SELECT STREAM "ok" FROM events;
            CREATE PUMP v AS INSERT INTO "D" ("b") SELECT STREAM COUNT(*) FROM Y_001 AS y
                GROUP BY FLOOR(y.ROWTIME TO MINUTE);"""
        )
    )
    found = {one.prefix: (one.streams, [column.name for column in one.columns or ()]) for one in whole.inputs}
    assert found == {
        "X": (("X_001", "X_002"), ["x", "y", "region"]),
        "EVENTS": (("EVENTS",), ["ok"]),
        "Y": (("Y_001",), ["COL_0"]),  # of which only rows are counted
    }
    (table,) = whole.references
    assert (table.table, [(one.name, one.type) for one in table.columns or ()]) == (
        "REGIONS",
        [("n", "BIGINT"), ("id", "VARCHAR(1024)")],
    )


def test_columns_through_queries() -> None:
    """A column of a query in FROM is that of its relation, also through a star and a renamed one."""
    query = """("c", "d", "a") SELECT STREAM q."x", q."t", q."u"
        FROM (SELECT STREAM *, "at" AS "t", UPPER("n") AS "u" FROM X_001) AS q WHERE q."k" IN (1, 2)"""
    assert guessed(query) == {"x": "DOUBLE", "at": "TIMESTAMP", "n": "VARCHAR(1024)", "k": "INTEGER"}
    nested = """("b") SELECT STREAM q."x" FROM (SELECT STREAM * FROM (SELECT STREAM * FROM X_001) AS r) AS q"""
    assert guessed(nested) == {"x": "BIGINT"}
    counted = """("a") SELECT STREAM ITEM FROM TABLE(TOP_K_ITEMS_TUMBLING(
        CURSOR(SELECT STREAM * FROM X_001), 'thing', 10, 60))"""
    assert guessed(counted) == {"thing": "VARCHAR(1024)"}


def test_columns_of_joins() -> None:
    """Without a qualifier, the sides of ON belong to one relation each; USING names a column of both."""
    query = '("a") SELECT STREAM s."x" FROM X_001 AS s JOIN REGIONS AS r ON "region" = "id" WHERE r."n" = 1'
    assert guessed(query) == {"x": "VARCHAR(1024)", "region": "VARCHAR(1024)"}
    assert guessed(query, "REGIONS") == {"n": "INTEGER", "id": "VARCHAR(1024)"}
    turned = '("a") SELECT STREAM s."x" FROM X_001 AS s JOIN REGIONS AS r ON r."id" = "region"'
    assert guessed(turned, "REGIONS") == {"id": "VARCHAR(1024)"}
    using = '("b") SELECT STREAM s."k" FROM X_001 AS s JOIN REGIONS AS r USING ("k")'
    assert guessed(using) == guessed(using, "REGIONS") == {"k": "BIGINT"}


def test_a_star_stays_unknown() -> None:
    """What a * stands for nobody knows: the input stays without columns, and check refuses it."""
    whole = completed(of_sql(f'{STREAM}CREATE PUMP p AS INSERT INTO "D" SELECT STREAM * FROM X_001;'))
    assert [one.columns for one in whole.inputs] == [None]
    assert {"K37", "K96"} <= {one.rule.number for one in check(whole).findings}


def test_what_is_known_stays() -> None:
    """An input with a schema is as it was; only what lacks one is filled."""
    (whole,) = read(EXAMPLES / "clicks.json").applications
    assert completed(whole) == whole
    lacking = replace(whole, references=(replace(whole.references[0], columns=None, format="JSON"),))
    filled = completed(lacking)
    assert filled.inputs == whole.inputs
    assert [(one.name, one.type) for one in filled.references[0].columns or ()] == [
        ("owner", "VARCHAR(1024)"),
        ("budget", "DOUBLE"),
        ("campaign", "VARCHAR(1024)"),
    ]


def of_example(name: str, folder: Path) -> Iterator[Application]:
    """The applications of a file, or of the examples of a rule's section."""
    if name not in SECTIONS:
        yield from read(EXAMPLES / name).applications
        return
    for number, (language, example) in enumerate(BLOCK.findall(SECTIONS[name][1])[::2]):
        path = folder / f"{number}.{language}"
        path.write_text(application(example) if language == "json" else example, encoding="utf-8")
        yield from read(path).applications


NAMES = sorted([*(path.name for path in EXAMPLES.iterdir()), *(number for number in SECTIONS if number != "K95")])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_more_is_refused(name: str, tmp_path: Path) -> None:
    """What is completed has no K37, unless a * needs the columns, and nothing that cannot which could before."""
    for whole in of_example(name, tmp_path):
        bare = replace(
            whole,
            inputs=tuple(replace(one, columns=None) for one in whole.inputs),
            references=tuple(replace(one, columns=None) for one in whole.references),
        )
        for before in (whole, bare, Application(None, whole.code)):
            after = completed(before)
            reports = [check(one).findings for one in (before, after)]
            refused = [{one.text for one in findings if one.rule.kind is Kind.CANNOT} for findings in reports]
            assert refused[1] <= refused[0]
            unknown = any(one.rule.number == "K37" for one in reports[1])
            assert not unknown or any(text.startswith("* needs") for text in refused[1])
            assert completed(after) == after
