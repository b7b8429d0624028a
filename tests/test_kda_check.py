"""`python -m kda check`: each rule on its page's example and on the examples, what is printed, exit codes, time."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from java import paths
from kda import __main__ as kda_main
from kda.applications import Output
from kda.check import check
from kda.reader import read
from kda.rules import RULES

EXAMPLES = Path(__file__).parent / "kda"
PAGES = paths.ROOT / "docs" / "kda"
MALFORMED = "K95"  # no rule of the registry: nothing was parsed that it could look at
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STREAM = 'CREATE STREAM "OUT" (a INTEGER);\n'

# The rules that `check` names in each example, and its exit code.
EXPECTED = {
    "clicks.json": (1, "K01 K02 K03 K10 K21 K36"),
    "clicks_create.json": (1, "K01 K02 K10"),
    "clicks_v2.json": (1, "K01 K02 K03 K10 K21 K36"),
    "constructs.sql": (1, "K01 K02 K03 K05 K06 K09 K10 K14 K18 K24 K29 K36 K37 K42"),
    "lifts_join.json": (2, "K01 K10 K23 K41 K96"),
    "meters_v2.tf": (1, "K01 K03 K10 K12 K17 K36"),
    "orders.tf": (1, "K02 K07 K10 K11 K22 K35"),
    "parking.yaml": (1, "K01 K06 K10 K34 K41 K44"),
    "wind_farm.sql": (1, "K01 K02 K06 K10 K13 K22 K37"),
    "words_cdk.template.json": (1, "K10 K15 K38 K39"),
}


def sections() -> Iterator[tuple[str, str, str]]:
    """Page, number and text of each rule's section."""
    for page in sorted(PAGES.glob("*.md")):
        for part in page.read_text(encoding="utf-8").split("\n## ")[1:]:
            number, _, text = part.partition("\n")
            if re.fullmatch(r"K\d\d", number):
                yield page.name, number, text


def merged(whole: Any, part: Any) -> Any:
    """A value with what another changes in it: field by field, and in lists by place; null takes a field away."""
    if isinstance(whole, dict) and isinstance(part, dict):
        both = whole | {name: merged(whole.get(name), value) for name, value in part.items()}
        return {name: value for name, value in both.items() if value is not None}
    if isinstance(whole, list) and isinstance(part, list):
        pairs = zip(whole, [*part, *[{}] * (len(whole) - len(part))], strict=False)
        return [merged(*pair) for pair in pairs] + part[len(whole) :]
    return part


def application(change: str) -> str:
    """The application of docs/kda/README.md with what an example changes in it."""
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    ((_language, whole),) = BLOCK.findall(index.partition("## The application of the examples")[2])
    return json.dumps(merged(json.loads(whole), json.loads(change)), indent=2)


SECTIONS = {number: (page, text) for page, number, text in sections()}


def found(sql: str, tmp_path: Path) -> list[tuple[str, int, str]]:
    """Rule, line and text of each finding in an SQL text."""
    path = tmp_path / "a.sql"
    path.write_text(sql, encoding="utf-8")
    (application,) = read(path).applications
    return [(one.rule.number, one.place.line, one.text) for one in check(application).findings]


def rules(query: str, tmp_path: Path) -> set[str]:
    """The rules that a stream of this query meets, which has the types of its values."""
    return {number for number, _line, _text in found(f'CREATE STREAM "OUT" AS {query};', tmp_path)}


def test_every_rule_has_its_section() -> None:
    """Each rule of the registry has one, on the page of its kind, with its title, and a link to AWS's documentation."""
    assert set(SECTIONS) == {*RULES, MALFORMED}
    for number, rule in RULES.items():
        page, text = SECTIONS[number]
        assert f"docs/kda/{page}#{number.lower()}" == rule.page
        assert f"**{rule.title}.**" in text
        assert "https://docs.aws.amazon.com/kinesisanalytics/latest/" in text
        assert "\nKDA " in text
        assert "\nFlink " in text


def test_the_index_has_every_rule() -> None:
    """The table of docs/kda/README.md: number, link, kind and title."""
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(K\d\d)\]\((\S+)\) \| (\w+) \| (.+) \|$", index, re.MULTILINE)
    listed = {number: (link, kind, title) for number, link, kind, title in rows}
    assert list(listed) == sorted(SECTIONS)
    for number, rule in RULES.items():
        assert listed[number] == (rule.page.removeprefix("docs/kda/"), rule.kind.value, rule.title)


@pytest.mark.parametrize("number", SECTIONS)
def test_the_example_of_a_section(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`check` says of each of a section's examples what the section shows of its rule; of JSON without the line."""
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(SECTIONS[number][1])
    assert len(blocks) >= 2
    for (language, example), (_none, shown) in zip(blocks[::2], blocks[1::2], strict=True):
        name = f"weather.{language}"
        Path(name).write_text(application(example) if language == "json" else example, encoding="utf-8")
        code = kda_main.main(["check", name])
        output = capsys.readouterr()
        lines = [re.sub(r"  +", " ", line.strip()) for line in output.out.splitlines()]
        if number == MALFORMED:
            assert (code, output.err) == (3, shown)
            continue
        if language == "json":
            lines = [re.sub(r"^(SQL )?line \d+ ", "", line) for line in lines]
        assert [line for line in lines if f" {number} " in f" {line}"] == shown.splitlines()
        assert code == {"KEPT": 0, "CHANGED": 1, "DECIDE": 1, "CANNOT": 2}[RULES[number].kind] or code in (1, 2)


def test_the_readme_shows_a_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/kda/README.md has the output of its command."""
    monkeypatch.chdir(paths.ROOT)
    kda_main.main(["check", "tests/kda/clicks.json"])
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert f"$ python -m kda check tests/kda/clicks.json\n{capsys.readouterr().out}" in index


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code and the rules of each example, as JSON; a line is one of the file, a page one of docs/."""
    path = EXAMPLES / name
    code = kda_main.main(["check", "--json", str(path)])
    report = json.loads(capsys.readouterr().out)
    findings = [finding for application in report["applications"] for finding in application["findings"]]
    assert (code, " ".join(sorted({finding["rule"] for finding in findings}))) == EXPECTED[name]
    assert report["exit_code"] == code
    if name == "clicks.json":
        assert [finding["sql_line"] for finding in findings] == [2, 13, 15, 20, 22, 22, 23]
    lines = len(path.read_text(encoding="utf-8").splitlines())
    for finding in findings:
        assert 1 <= finding["line"] <= lines
        assert finding["kind"] == RULES[finding["rule"]].kind
        assert finding["page"] == RULES[finding["rule"]].page
        assert (paths.ROOT / finding["page"].partition("#")[0]).is_file()


def test_every_rule_has_an_example_or_a_section() -> None:
    """Rules that only a section shows are few, and known."""
    shown = {number for _code, numbers in EXPECTED.values() for number in numbers.split()}
    assert set(RULES) - shown == {
        *(
            "K04",
            "K08",
            "K16",
            "K20",
            "K25",
            "K26",
            "K27",
            "K28",
            "K30",
            "K31",
            "K32",
            "K33",
            "K40",
            "K43",
            "K90",
            "K93",
            "K94",
            "K99",
        ),
    }


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each finding, in the order of the file; the pumps by their worst; that nothing was written."""
    monkeypatch.chdir(tmp_path)
    Path("a.sql").write_text(
        STREAM
        + 'CREATE PUMP one AS INSERT INTO "OUT" SELECT STREAM a FROM "IN_001";\n'
        + 'CREATE PUMP two AS INSERT INTO "OUT" SELECT STREAM a / b FROM "IN_001";\n'
        + 'CREATE PUMP three AS INSERT INTO "OUT"\nSELECT STREAM FOO(a) FROM "IN_001";\n',
        encoding="utf-8",
    )
    assert kda_main.main(["check", "a.sql"]) == 2
    assert capsys.readouterr().out == (
        "a.sql: 1 stream, 3 pumps, input IN_001 (no schema)\n"
        "\n"
        "  line 2  DECIDE   K37 the columns of IN_001 are not in this file: they are guessed from their use\n"
        "  line 3  CHANGED  K21 a / b: KDA put a row on error_stream and none on the result for a divisor of zero; "
        "here on the errors stream\n"
        "  line 5  CANNOT   K94 the function FOO has no translation\n"
        "\n"
        "3 pumps: 1 as it was, 1 with changes, 1 cannot. Of the application as a whole: 1 to decide on.\n"
        "Nothing was written.\n"
        "What each rule means: docs/kda/decide.md, docs/kda/changed.md and docs/kda/cannot.md.\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sql"]


def test_malformed_files_are_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence on standard error; with --json, an object on standard output."""
    path = tmp_path / "a.sql"
    path.write_text("CREATE STREAM s (a INTEGER)\nSELECT", encoding="utf-8")
    assert kda_main.main(["check", str(path)]) == 3
    problem = "expected ; or a further clause, found SELECT"
    assert capsys.readouterr() == ("", f"{path}, line 2, column 1: {problem}.\n")
    assert kda_main.main(["check", "--json", str(path)]) == 3
    assert json.loads(capsys.readouterr().out) == {
        "file": str(path),
        "exit_code": 3,
        "error": {"rule": "K95", "line": 2, "column": 1, "text": problem, "page": "docs/kda/cannot.md#k95"},
    }


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ("SELECT STREAM COUNT(*) FROM i WINDOWED BY STAGGER (PARTITION BY a RANGE INTERVAL {})", "a stagger window"),
        ("SELECT STREAM COUNT(*) FROM i AS s GROUP BY STEP(s.ROWTIME BY INTERVAL {})", "a window of STEP"),
        ("SELECT STREAM STEP(t BY INTERVAL {}) FROM i", "STEP of a time of the record"),
    ],
)
@pytest.mark.parametrize(
    ("length", "reason"),
    [
        ("'0' SECOND", "without a length"),
        ("'0:00' MINUTE TO SECOND", "without a length"),
        ("'0.0001' SECOND", "without a length"),
        ("'1' MONTH", "by months, years or an unknown length"),
        ("'x' SECOND", "by months, years or an unknown length"),
        ("'0.001' SECOND", ""),
    ],
)
def test_why_a_window_is_none(query: str, window: str, length: str, reason: str, tmp_path: Path) -> None:
    """K90 says of a window of zero length that it has none, of others that their length is not known."""
    sql = "CREATE STREAM o (n INTEGER);\nCREATE PUMP p AS INSERT INTO o " + query.format(length) + ";"
    told = [text for rule, _line, text in found(sql, tmp_path) if rule == "K90" and text.startswith(window)]
    assert told == ([f"{window} {reason} is not translated"] if reason else [])


def test_a_line_break_in_the_name_of_a_column(tmp_path: Path) -> None:
    """Of a stream, with its line; of an input's schema, in the file. Other names are what they are."""
    sql = 'CREATE STREAM "o" ("a\nb" INTEGER, "c d\u00a0" INTEGER);'
    text = "the column name {}, with a line break or another control character, is not translated"
    assert ("K90", 1, text.format('"a\\nb"')) in found(sql, tmp_path)
    assert len(found(sql, tmp_path)) == 1 + len(found(sql.replace("a\nb", "ab"), tmp_path))
    schema = {"RecordColumns": [{"Name": "a\tb", "SqlType": "INTEGER", "Mapping": "$.a"}]}
    path = tmp_path / "a.json"
    sql = 'CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM 1 FROM "IN_001";'
    path.write_text(json.dumps({"ApplicationCode": sql, "Inputs": [{"NamePrefix": "IN", "InputSchema": schema}]}))
    (made,) = read(path).applications
    assert text.format('"a\\tb"') in [one.text for one in check(made).findings]


def test_a_whole_application_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0: a filter whose input has a schema."""
    path = tmp_path / "a.json"
    schema = {"RecordColumns": [{"Name": "a", "SqlType": "INTEGER", "Mapping": "$.a"}]}
    sql = 'CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM "a" FROM "IN_001" WHERE "a" > 0;'
    inputs = [{"NamePrefix": "IN", "InputSchema": schema}]
    path.write_text(json.dumps({"ApplicationCode": sql, "Inputs": inputs}), encoding="utf-8")
    assert kda_main.main(["check", str(path)]) == 0
    assert "1 pump: 1 as it was.\n" in capsys.readouterr().out


WINDOW = "GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE)"
QUERIES = {
    # windows
    f"SELECT STREAM COUNT(*) FROM i AS s {WINDOW}": "K01 K10 K37",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY FLOOR(s.ROWTIME TO HOUR)": "K01 K10 K37",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY CEIL(s.ROWTIME TO HOUR)": "K01 K10 K37",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY STEP(APPROXIMATE_ARRIVAL_TIME BY INTERVAL '1' DAY)": "K01 K10 K37",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY FLOOR(s.ROWTIME TO MONTH)": "K10 K37 K90",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY FLOOR(s.ROWTIME TO HOUR), STEP(s.ROWTIME BY INTERVAL '7' MINUTE)": (
        "K01 K10 K37 K90"
    ),
    "SELECT STREAM COUNT(*) FROM i GROUP BY FLOOR(t TO HOUR)": "K08 K37 K99",
    "SELECT STREAM COUNT(*) FROM i": "K37 K99",
    "SELECT STREAM SUM(a) OVER (PARTITION BY b) FROM i": "K06 K10 K37",
    "SELECT STREAM SUM(a) OVER W FROM i": "K06 K10 K37 K96",
    "SELECT STREAM SUM(a) OVER (RANGE INTERVAL '1' MONTH PRECEDING) FROM i": "K10 K37 K90",
    "SELECT STREAM SUM(a) OVER (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM i": "K10 K37 K90",
    "SELECT STREAM NTH_VALUE(a, 2) OVER (ROWS 5 PRECEDING) FROM i": "K10 K37 K94",
    "SELECT STREAM FIRST_VALUE(a) RESPECT NULLS OVER (ROWS 5 PRECEDING) FROM i": "K06 K10 K27 K37",
    "SELECT STREAM LAST_VALUE(a) IGNORE NULLS OVER (ROWS 5 PRECEDING) FROM i": "K06 K10 K37",
    "SELECT STREAM SUM(a) OVER (ORDER BY ROWTIME ROWS 5 PRECEDING) FROM i": "K06 K10 K37",
    "SELECT STREAM SUM(a) OVER (ORDER BY q.t ROWS 5 PRECEDING) FROM (SELECT STREAM a, ROWTIME AS t FROM i) AS q": (
        "K06 K10 K37"
    ),
    "SELECT STREAM SUM(a) OVER (ORDER BY ROWTIME DESC ROWS 5 PRECEDING) FROM i": "K10 K37 K90",
    "SELECT STREAM SUM(a) OVER (ORDER BY ROWTIME, a ROWS 5 PRECEDING) FROM i": "K10 K37 K90",
    "SELECT STREAM SUM(a) OVER w FROM i WINDOW w AS (ORDER BY t ROWS 5 PRECEDING)": "K10 K37 K90",
    "SELECT STREAM LAST_VALUE(ROWTIME) OVER (ROWS 5 PRECEDING) FROM i": "K06 K10 K37",
    "SELECT STREAM LAG(a) RESPECT NULLS OVER (ROWS 5 PRECEDING) FROM i": "K10 K13 K37",
    "SELECT STREAM SUM(a) RESPECT NULLS OVER (ROWS 5 PRECEDING) FROM i": "K06 K10 K37 K90",
    f"SELECT STREAM FIRST_VALUE(a) FROM i AS s {WINDOW}": "K01 K10 K27 K37",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY FLOOR((s.ROWTIME - DATE '2026-01-01') HOUR / 5 TO MINUTE)": (
        "K10 K37 K90"
    ),
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY STEP(s.ROWTIME - INTERVAL '7' SECOND BY INTERVAL '1' MINUTE)": (
        "K01 K10 K37"
    ),
    f"SELECT STREAM COUNT(*) FROM i AS s {WINDOW}, FLOOR(s.ROWTIME + INTERVAL '30' SECOND TO MINUTE)": (
        "K01 K10 K37 K90"
    ),
    f"SELECT STREAM COUNT(*) FROM i AS s {WINDOW}, MONOTONIC(a)": "K01 K05 K10 K37",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY s.ROWTIME + INTERVAL '1' HOUR": "K01 K10 K37",
    "SELECT STREAM COUNT(*) FROM (SELECT STREAM STEP(i.ROWTIME BY INTERVAL '1' MINUTE) AS t FROM i) AS s GROUP BY t": (
        "K01 K10 K37"
    ),
    "SELECT STREAM COUNT(*) FROM (SELECT STREAM FLOOR(ROWTIME TO HOUR) AS t FROM i UNION ALL "
    "SELECT STREAM STEP(ROWTIME BY INTERVAL '1' HOUR) FROM j) AS s GROUP BY t": "K01 K10 K37",
    "SELECT STREAM COUNT(*) FROM (SELECT STREAM FLOOR(ROWTIME TO HOUR) AS t FROM i UNION ALL "
    "SELECT STREAM FLOOR(ROWTIME TO MINUTE) FROM j) AS s GROUP BY t": "K10 K37 K90",
    "SELECT STREAM COUNT(*) FROM (SELECT STREAM FLOOR(u TO HOUR) AS t FROM i) AS s GROUP BY t": "K08 K37 K99",
    "SELECT STREAM DISTINCT q.t FROM (SELECT STREAM FLOOR(ROWTIME TO HOUR) AS t FROM i) AS q": "K09 K10 K37",
    "SELECT STREAM COUNT(*) FROM (SELECT STREAM ROWTIME t FROM i UNION ALL SELECT STREAM a FROM i) AS s GROUP BY t": (
        "K10 K37 K99"
    ),
    f"SELECT STREAM COUNT(*) FROM (SELECT STREAM s.ROWTIME AS t FROM i AS s {WINDOW}) AS q GROUP BY q.t": (
        "K01 K10 K31 K37"
    ),
    "SELECT STREAM DISTINCT FLOOR(s.ROWTIME TO WEEK) FROM i AS s": "K10 K37 K90",
    "SELECT STREAM FLOOR(t TO WEEK) FROM i": "K37 K90",
    "SELECT STREAM FLOOR(t TO MONTH) FROM i": "K08 K37",
    "SELECT STREAM CEIL(t TO MONTH) FROM i": "K37 K90",
    "SELECT STREAM CEIL(t TO DAY) FROM i": "K08 K37",
    "SELECT STREAM STEP(t BY INTERVAL '1' MONTH) FROM i": "K37 K90",
    "SELECT STREAM SUM(a) / COUNT() FROM i AS s GROUP BY s.ROWTIME": "K01 K10 K21 K37 K94",
    "SELECT STREAM DISTINCT a FROM i": "K37 K90",
    "SELECT STREAM DISTINCT ROWTIME FROM i": "K09 K10 K37",
    "SELECT STREAM DISTINCT t FROM (SELECT STREAM ROWTIME AS t FROM i) AS q": "K09 K10 K37",
    # joins
    "SELECT STREAM x.a FROM i_001 AS x JOIN j_001 AS y ON x.a = y.a": "K33 K37",
    "SELECT STREAM x.a FROM i_001 AS x, j_001 AS y": "K33 K37",
    "SELECT STREAM x.a FROM i_001 AS x JOIN j_001 OVER (ROWS 5 PRECEDING) AS y ON x.a = y.a": "K10 K37 K93",
    "SELECT STREAM x.a FROM i_001 AS x JOIN j_001 OVER (RANGE INTERVAL '5' DAY FOLLOWING) AS y ON x.a = y.a": (
        "K10 K37 K93"
    ),
    "SELECT STREAM x.a FROM i_001 AS x JOIN j_001 OVER (ORDER BY b RANGE INTERVAL '5' DAY PRECEDING) AS y ON x.a = b": (
        "K10 K37 K90"
    ),
    "SELECT STREAM x.a FROM i_001 AS x JOIN j_001 OVER w AS y ON x.a = y.a "
    "WINDOW w AS (ORDER BY ROWTIME RANGE INTERVAL '5' DAY PRECEDING)": "K07 K10 K37",
    "SELECT STREAM x.a FROM i AS x RIGHT JOIN r ON x.a = r.a": "K37 K90",
    "SELECT STREAM x.a FROM i AS x JOIN r ON (x.a + 1 = r.a AND r.b = 2)": "K03 K36 K37",
    "SELECT STREAM x.a FROM i AS x JOIN r ON a = c": "K03 K36 K37",
    "SELECT STREAM x.a FROM i AS x JOIN r ON x.a = c": "K03 K36 K37",
    "SELECT STREAM x.a FROM i AS x JOIN r USING (a)": "K03 K36 K37",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY CEIL((s.ROWTIME - TIMESTAMP '2026-01-01 00:00:00') DAY TO DAY)": (
        "K10 K37 K90"
    ),
    "SELECT STREAM x.a FROM i AS x, r WHERE x.a = r.a": "K03 K36 K37",
    "SELECT STREAM x.a FROM i AS x, r WHERE x.a > r.a": "K37 K90",
    "SELECT STREAM x.a FROM i AS x LEFT JOIN r ON x.a > 1 WHERE x.a = r.a": "K37 K90",
    "SELECT STREAM x.a FROM i AS x JOIN r ON r.a = r.b": "K37 K90",
    "SELECT STREAM x.a FROM i AS x JOIN r ON UPPER(r.a) = x.a": "K37 K90",
    "SELECT STREAM x.a FROM i_001 AS x JOIN j_001 OVER w AS y ON x.a = y.a": "K37 K96",
    # values
    "SELECT STREAM EXTRACT(SECOND FROM t) FROM i": "K05 K37",
    "SELECT STREAM EXTRACT(HOUR FROM t) FROM i": "K37",
    "SELECT STREAM STEP(a BY 5) FROM i": "K05 K37",
    "SELECT STREAM SUBSTRING(a FROM 2 FOR 3) FROM i": "K37",
    "SELECT STREAM SUBSTRING(a FROM '[0-9]+') FROM i": "K37 K94",
    "SELECT STREAM -a * + 2 FROM i": "K37",
    "SELECT STREAM a / 2 FROM i": "K37",
    "SELECT STREAM a / 0 FROM i": "K21 K37",
    "SELECT STREAM a / (b) FROM i": "K21 K37",
    "SELECT STREAM a / (60 * 60) + b / -1 + c / (CAST(100 AS DOUBLE) / 3) FROM i": "K37",
    "SELECT STREAM a / (60 - 60) FROM i": "K21 K37",
    "SELECT STREAM a / (1 / 2) FROM i": "K21 K37",
    "SELECT STREAM a / CAST(0.5 AS INTEGER) FROM i": "K21 K37",
    "SELECT STREAM a / (1 / 0) FROM i": "K21 K37",
    f"SELECT STREAM a / CAST(1E999 AS INTEGER) / ({'9' * 5000} * 1) / ({' * '.join(['9' * 39] * 9)} * 1.5) FROM i": (
        "K21 K22 K37 K90"
    ),
    "SELECT STREAM a / NULLIF(b, 0) + c / (2 * NULLIF(d, 0.0)) FROM i": "K37",
    "SELECT STREAM a / NULLIF(b, 1) FROM i": "K21 K37",
    "SELECT STREAM a / b * NULLIF(c, 0) FROM i": "K21 K37",
    "SELECT STREAM SUM(a) OVER w / COUNT(*) OVER w FROM i WINDOW w AS (ROWS 5 PRECEDING)": "K06 K10 K37",
    "SELECT STREAM a / COUNT(*) OVER (ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING) FROM i": "K10 K21 K37 K90",
    "SELECT STREAM SUM(a) OVER w / COUNT(b) OVER w FROM i WINDOW w AS (ROWS 5 PRECEDING)": "K06 K10 K21 K37",
    "SELECT STREAM MOD(a, b) FROM i": "K21 K37",
    f"SELECT STREAM SUM(a) / COUNT(*) FROM i AS s {WINDOW}": "K01 K10 K37",
    f"SELECT STREAM SUM(a) / COUNT(b) FROM i AS s {WINDOW}": "K01 K10 K21 K37",
    f"SELECT STREAM SUM(a) / CAST(COUNT(*) AS DOUBLE) + 1 / CAST(COUNT(*) AS BIGINT) FROM i AS s {WINDOW}": (
        "K01 K10 K37"
    ),
    "SELECT STREAM CAST(a AS VARCHAR(4)) FROM i": "K22 K37",
    "SELECT STREAM CAST(a || 'x' AS VARCHAR(4)) FROM i": "K37",
    "SELECT STREAM CAST(SUBSTRING(a FROM 2) AS VARCHAR(4)) FROM i": "K37",
    "SELECT STREAM CAST(CASE WHEN a > 1 THEN 'x' ELSE 'yy' END AS CHAR(4)) FROM i": "K29 K37",
    "SELECT STREAM CAST(CASE WHEN a > 1 THEN 'x' ELSE b END AS CHAR(4)) FROM i": "K22 K29 K37",
    "SELECT STREAM CAST(12 AS VARCHAR(1)) FROM i": "K22 K37",
    "SELECT STREAM CAST(TIMESTAMP '2026-01-01 00:00:00' AS VARCHAR(4)) FROM i": "K22 K37",
    "SELECT STREAM CAST(UNIX_TIMESTAMP(a) AS BIGINT) FROM i": "K05 K37",
    "SELECT STREAM CAST(CHAR_TO_DATE('yyyy', a) AS TIMESTAMP) FROM i": "K20 K37",
    "SELECT STREAM CAST(s.ROWTIME AS TIMESTAMP) FROM i AS s": "K10 K37",
    "SELECT STREAM CAST(1 AS DOUBLE) FROM i": "K37",
    "SELECT STREAM CAST(-1 AS INTEGER) FROM i": "K37",
    "SELECT STREAM CAST('12' AS INTEGER) + CAST(' -1.5' AS DOUBLE) FROM i": "K37",
    "SELECT STREAM CAST('12a' AS INTEGER) FROM i": "K22 K37",
    "SELECT STREAM CAST('1.5' AS INTEGER) FROM i": "K22 K37",
    f"SELECT STREAM CAST('{'9' * 5000}' AS INTEGER) FROM i": "K22 K37",
    "SELECT STREAM CAST(CASE WHEN a > 1 THEN 1 ELSE CHAR_LENGTH(b) END AS DOUBLE) FROM i": "K37",
    "SELECT STREAM CAST('nan' AS DOUBLE) FROM i": "K22 K37",
    "SELECT STREAM CAST(-12 AS VARCHAR(3)) FROM i": "K37",
    "SELECT STREAM CAST(-12 AS VARCHAR(2)) FROM i": "K22 K37",
    "SELECT STREAM CAST('300' AS TINYINT) FROM i": "K22 K37",
    "SELECT STREAM CAST('12' AS TIMESTAMP) FROM i": "K22 K37",
    "SELECT STREAM CAST(a * 100 AS DOUBLE) + CAST(-a AS REAL) FROM i": "K17 K37",
    "SELECT STREAM CAST(a * 100 AS INTEGER) FROM i": "K22 K37",
    "SELECT STREAM CAST(MOD(a, 3) AS DOUBLE) + CAST(POWER(a, 2) AS DOUBLE) FROM i": "K37",
    "SELECT STREAM CAST(CASE WHEN a > 1 THEN 1 ELSE b + 1 END AS DOUBLE) FROM i": "K37",
    "SELECT STREAM CAST(CASE WHEN a > 1 THEN 1 ELSE b END AS DOUBLE) FROM i": "K22 K37",
    f"SELECT STREAM CAST(SUM(a) AS DOUBLE) + CAST(STDDEV(a) AS DOUBLE) FROM i AS s {WINDOW}": "K01 K10 K37",
    f"SELECT STREAM CAST(SUM(a) AS BIGINT) FROM i AS s {WINDOW}": "K01 K10 K22 K37",
    "SELECT STREAM CAST(ROWTIME + INTERVAL '1' HOUR AS TIMESTAMP) FROM i": "K10 K37",
    "SELECT STREAM CAST(CAST(ROWTIME AS TIMESTAMP) AS VARCHAR(29)) FROM i": "K10 K37",
    "SELECT STREAM CAST(ROWTIME AS VARCHAR(28)) FROM i": "K10 K22 K37",
    "SELECT STREAM CAST(CHAR_TO_TIME('HH:mm', '10:00') AS VARCHAR(18)) FROM i": "K20 K37",
    "SELECT STREAM CAST(CAST(1 AS DOUBLE) AS VARCHAR(24)) FROM i": "K37",
    "SELECT STREAM CAST(CAST(a AS INTEGER) / CAST(2 AS DOUBLE) AS VARCHAR(24)) FROM i": "K22 K37",
    "SELECT STREAM CAST(a AS BOOLEAN) FROM i": "K22 K37",
    "SELECT STREAM REGEX_REPLACE(a, 'x', 'y', 1, 0) FROM i": "K05 K37",
    "SELECT STREAM REGEX_REPLACE(a, 'x', 'y', 1, 1) FROM i": "K05 K37 K94",
    'SELECT STREAM "CURRENT_TIMESTAMP" FROM i': "K37",
    "SELECT STREAM CAST(a AS REAL) FROM i": "K17 K22 K37",
    "SELECT STREAM (SELECT b FROM r) FROM i": "K37 K90",
    "SELECT STREAM a FROM i WHERE EXISTS (SELECT b FROM j)": "K37 K90",
    "SELECT STREAM t AS ROWTIME FROM i": "K37 K90",
    "SELECT STREAM (a - b) SECOND FROM i": "K37 K90",
    "SELECT STREAM FLOOR((a - b) SECOND / 5 TO SECOND) FROM i": "K37 K90",
    "SELECT STREAM COUNT(*) FROM i AS s GROUP BY FLOOR((s.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') HOUR TO HOUR)": (
        "K01 K10 K37"
    ),
    "SELECT STREAM a FROM i AS s ORDER BY s.t WITHIN INTERVAL '1' MINUTE": "K12 K37 K90",
    # what is there
    "SELECT STREAM * FROM i": "K37 K96",
    "SELECT STREAM a, b FROM i": "K37",
    "SELECT STREAM a FROM i UNION ALL SELECT STREAM b FROM j": "K37",
    "SELECT STREAM a FROM i UNION SELECT STREAM b FROM j": "K37 K90",
    # whole numbers
    "SELECT STREAM a + 1 FROM i": "K37",
    "SELECT STREAM CAST(a AS INTEGER) * (CAST(a AS BIGINT) - 1) FROM i": "K22 K28 K37",
    "SELECT STREAM 3 * 2000000000 FROM i": "K37",
    "SELECT STREAM CAST(a AS INTEGER) / 2 FROM i": "K22 K37",
    "SELECT STREAM CAST(a AS INTEGER) * 1.5 FROM i": "K22 K37",
    "SELECT STREAM q.n + 1 FROM (SELECT STREAM CHAR_LENGTH(a) AS n FROM i) AS q": "K28 K37",
    "SELECT STREAM a FROM (SELECT STREAM b AS a FROM i) AS q": "K37",
    "SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM * FROM i)))": "K10 K16 K37 K96",
    "SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM 1 AS n, a FROM i), 100, 256))": "K10 K16 K37",
    "SELECT STREAM n FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM 1 AS n FROM i), 1001))": "K10 K16 K37 K90",
    "SELECT STREAM n FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a AS n FROM i)))": "K10 K16 K37 K90",
    "SELECT STREAM n FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM 1 AS n FROM i), 1000, 0.2, 17))": "K10 K30 K37",
    "SELECT STREAM n FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM 1 AS n FROM i), 1000))": "K10 K30 K37 K90",
    "SELECT STREAM * FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM i), 'a', 9))": (
        "K10 K15 K37"
    ),
    "SELECT STREAM (a + b) * 2 AS c FROM i": "K37",
    "SELECT STREAM a FROM TABLE(FOO(CURSOR(SELECT STREAM a FROM i)))": "K37 K94",
}


# Of an input IN_001 (A INTEGER, "b" VARCHAR(16), D DOUBLE), a stream OUT_S (A INTEGER) and a reference table R (K, V).
KNOWN_COLUMNS = {
    'SELECT STREAM A, "b", B, a FROM IN_001': "K96",  # four values for a column
    "SELECT STREAM a FROM IN_001 WHERE \"b\" = 'x' AND \"in_001\".A = 1 AND IN_001.SHARD_ID <> 'x'": "",
    "SELECT STREAM A FROM IN_001 WHERE PARTITION_KEY <> 'x'": "K90",
    "SELECT STREAM x.A FROM IN_001 AS x WHERE in_001.A = 1 ORDER BY x.ROWTIME": "K10 K12",
    "SELECT STREAM A AS n FROM IN_001 AS s ORDER BY s.ROWTIME, n": "K10 K12",
    "SELECT STREAM n FROM IN_001": "K96",
    "SELECT STREAM A FROM IN_001 WHERE b = 'x'": "K96",
    'SELECT STREAM q."a" FROM (SELECT STREAM A FROM IN_001) AS q': "K96",
    'SELECT STREAM "a" FROM IN_001': "K96",
    'SELECT STREAM V FROM IN_001 JOIN R ON A = r."k"': "K03 K36 K96",
    "SELECT STREAM A AS n FROM IN_001 WHERE n > 1": "K96",
    "SELECT STREAM A FROM IN_001 WHERE CURRENT_TIMESTAMP > APPROXIMATE_ARRIVAL_TIME": "K10 K18",
    "SELECT STREAM q.n FROM (SELECT STREAM A FROM IN_001) AS q (n)": "",
    "SELECT STREAM q.A FROM (SELECT STREAM A FROM IN_001) AS q (n)": "K96",
    "SELECT STREAM q.r.COLUMN1 FROM (SELECT STREAM REGEX_LOG_PARSE(\"b\", '(x)') AS r FROM IN_001) AS q": "K05",
    "SELECT STREAM r.COLUMN1 FROM (SELECT STREAM REGEX_LOG_PARSE(\"b\", '(x)') AS r FROM IN_001) AS q": "K05",
    "SELECT STREAM A FROM IN_001 WHERE A IN (SELECT K FROM R WHERE D > V)": "K90",
    "SELECT STREAM V FROM IN_001 JOIN R ON A = K": "K03 K36",
    "SELECT STREAM V FROM IN_001 JOIN R ON A = D": "K90",
    "SELECT STREAM V FROM R JOIN IN_001 ON A = K": "K03 K36",
    "SELECT STREAM V FROM R LEFT JOIN IN_001 ON A = K": "K90",
    "SELECT STREAM V FROM R RIGHT JOIN IN_001 ON A = K": "K03 K36",
    "SELECT STREAM TIMESTAMPDIFF(SECOND, A, A) FROM IN_001": "K94",
    "SELECT STREAM CAST(A AS BIGINT) FROM IN_001": "",
    "SELECT STREAM CAST(A AS SMALLINT) FROM IN_001": "K22",
    "SELECT STREAM CAST(D AS BIGINT) FROM IN_001": "K22",
    "SELECT STREAM CAST(A AS DOUBLE) FROM (SELECT STREAM A FROM IN_001) AS q": "",
    'SELECT STREAM CAST("b" AS VARCHAR(1)) FROM (SELECT STREAM * FROM IN_001) AS q': "",
    'SELECT STREAM CAST("b" AS INTEGER) FROM (SELECT STREAM * FROM IN_001) AS q': "K22",
    "SELECT STREAM CAST(MAX(A) AS VARCHAR(11)) FROM IN_001 AS s GROUP BY s.ROWTIME": "K01 K10",
}


@pytest.mark.parametrize("query", KNOWN_COLUMNS, ids=lambda query: query[14:90])
def test_a_query_of_known_columns(query: str, tmp_path: Path) -> None:
    """What is known of an input's columns is used, and nothing is missed that is there."""
    path = tmp_path / "a.json"
    columns = [
        {"Name": name, "SqlType": kind} for name, kind in (("A", "INTEGER"), ("b", "VARCHAR(16)"), ("D", "double"))
    ]
    keys = [{"Name": "K", "SqlType": "INTEGER"}, {"Name": "V", "SqlType": "DOUBLE"}]
    change = {
        "ApplicationCode": f"CREATE STREAM OUT_S (A INTEGER); CREATE PUMP P AS INSERT INTO OUT_S {query};",
        "Inputs": [{"InputSchema": {"RecordColumns": columns}}],
        "ReferenceDataSources": [{"TableName": "R", "ReferenceSchema": {"RecordColumns": keys}}],
    }
    path.write_text(application(json.dumps(change)), encoding="utf-8")
    (read_,) = read(path).applications
    assert " ".join(sorted({one.rule.number for one in check(read_).findings})) == KNOWN_COLUMNS[query]


def test_defaults_and_literals_of_a_template(tmp_path: Path) -> None:
    """A default is named once for each place outside of comments; ${!Name} is a text, an unknown ${Name} is missing."""
    path = tmp_path / "a.json"
    sql = (
        "-- ${P}\nCREATE STREAM OUT_S (a INTEGER); CREATE PUMP p AS INSERT INTO OUT_S SELECT STREAM A FROM IN_001 "
        "WHERE A > ${P} AND A < ${M} AND 'x' <> '${!P}' AND A <> ${Q};"
    )
    parameters = {
        "P": {"Type": "Number", "Default": 1},
        "Q": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/q"},
    }
    properties = json.loads(application("{}")) | {"ApplicationCode": {"Fn::Sub": [sql, {"M": {"Ref": "P"}}]}}
    resource = {"Type": "AWS::KinesisAnalytics::Application", "Properties": properties}
    path.write_text(json.dumps({"Parameters": parameters, "Resources": {"A": resource}}), encoding="utf-8")
    (read_,) = read(path).applications
    assert "WHERE A > 1 AND A < 1 AND 'x' <> '${P}' AND A <> ${Q};" in read_.code.text
    told = [(one.rule.number, one.text.partition(":")[0]) for one in check(read_).findings if one.rule.number > "K40"]
    assert told == [
        ("K41", "P is taken for its default 1"),
        ("K41", "P is taken for its default 1"),
        ("K96", "the value of ${Q} is not in this file"),
    ]


def test_an_unexpected_error_is_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with a sentence and a code of its own: 1 would say that something is changed."""

    def broken(_path: Path) -> None:
        raise ValueError("x")

    monkeypatch.setattr("kda.command.read", broken)
    assert kda_main.main(["check", str(tmp_path / "a.sql")]) == 4
    assert re.fullmatch(
        r"\S+a\.sql: this program failed \(ValueError in test_kda_check\.py, line \d+\), "
        r"and nothing is said of the file\. "
        r"Please report it, with the part of the SQL that it fails for\.\n",
        capsys.readouterr().err,
    )


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[14:90])
def test_a_query(query: str, tmp_path: Path) -> None:
    """Each form of a construct meets its rules, and no other."""
    assert " ".join(sorted(rules(query, tmp_path))) == QUERIES[query]


def test_what_only_the_translation_refuses(tmp_path: Path) -> None:
    """The first such construct of each pump is a K90 at its place, also where the columns are guessed."""
    window = "OVER (RANGE INTERVAL '1' MINUTE PRECEDING)"
    full = f"SELECT STREAM 1 / x.a FROM i_001 AS x FULL JOIN i_001 {window} AS y ON x.b = y.b"
    sql = "".join(
        f'CREATE STREAM "{name}" (a INTEGER);\nCREATE PUMP "P{name}" AS INSERT INTO "{name}"\n{query};\n'
        for name, query in (("A", full), ("B", "SELECT STREAM a FROM i_001"), ("C", full))
    )
    refused = [(line, text) for number, line, text in found(sql, tmp_path) if number == "K90"]
    text = "a value that can fail, of rows of a FULL JOIN of streams, has no translation"
    assert refused == [(3, text), (9, text)]


def test_rows_that_nobody_takes(tmp_path: Path) -> None:
    """K43 names the pumps that lead to no output, directly or through others, where there are outputs."""
    path = tmp_path / "a.sql"
    path.write_text(
        "".join(
            f'CREATE STREAM "{name}" (a INTEGER);'
            f'CREATE PUMP "P{name}" AS INSERT INTO "{name}" SELECT STREAM a FROM "{of}";\n'
            for name, of in (("A", "IN_001"), ("B", "A"), ("C", "IN_001"), ("D", "C"))
        ),
        encoding="utf-8",
    )
    (bare,) = read(path).applications
    for outputs, untaken in (([], []), (["B"], [3, 4]), (["D", "A"], [2]), (["error_stream"], [])):
        application = replace(bare, outputs=tuple(Output(name, "arn", "kinesis", "JSON", 0) for name in outputs))
        lines = [one.place.line for one in check(application).findings if one.rule.number == "K43"]
        assert lines == untaken


def test_names_that_nobody_declares(tmp_path: Path) -> None:
    """A pump into a stream that is not there, a column that it does not have, SQL outside of pumps, no pump."""
    declared = 'CREATE STREAM "Out" (a INTEGER);'
    assert found('CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM a FROM i;', tmp_path)[0][2] == (
        "stream OUT is not declared: CREATE STREAM is missing"
    )
    texts = [
        text
        for _n, _l, text in found(
            f'{declared} CREATE PUMP p AS INSERT INTO "Out" (b) SELECT STREAM a FROM i;', tmp_path
        )
    ]
    assert "stream Out has no column B" in texts
    two = f'{declared} CREATE PUMP p AS INSERT INTO "Out" SELECT STREAM a, b FROM i;'
    assert "K96" in {number for number, _line, _text in found(two, tmp_path)}
    texts = [text for _n, _l, text in found(f"{declared} SELECT STREAM a FROM i; ALTER PUMP p START;", tmp_path)]
    assert texts == [
        "there is no pump: nothing is computed",
        "this SELECT is not in a pump: nothing takes its rows",
        "pump P is not declared: CREATE PUMP is missing",
    ]


ALTERS = {
    "ALTER PUMP p START": "K37",
    'ALTER PUMP x."P" START': "K37",
    "ALTER PUMP p START; ALTER PUMP p STOP": "K37 K42",
    'ALTER PUMP p START; CREATE OR REPLACE PUMP p STOPPED AS INSERT INTO "OUT" SELECT STREAM a FROM i': "K37 K40 K42",
    "ALTER PUMP p, q START": "K37 K42 K90",
    "ALTER PUMP p RESET": "K37 K42 K90",
    "ALTER PUMP p SET x START": "K37 K42 K90",
    "ALTER STREAM p START": "K37 K42 K90",
    "ALTER PUMP START": "K37 K42 K90",
    "ALTER PUMP q START": "K37 K42 K96",
}


@pytest.mark.parametrize("statement", ALTERS)
def test_the_last_state_of_a_pump(statement: str, tmp_path: Path) -> None:
    """ALTER PUMP starts and stops it; any other ALTER is not translated."""
    pump = 'CREATE PUMP p STOPPED AS INSERT INTO "OUT" SELECT STREAM a FROM i;'
    numbers = {number for number, _line, _text in found(f"{STREAM}{pump}\n{statement};", tmp_path)}
    assert " ".join(sorted(numbers)) == ALTERS[statement]


def test_the_keys_of_each_reference_table(tmp_path: Path) -> None:
    """Those of its own ON, not those by which another table is looked up; also through WHERE after a comma."""
    query = (
        "SELECT STREAM s.a FROM i_001 AS s JOIN r1 ON s.k = r1.k AND r1.z = 'x' LEFT JOIN r2 ON r1.m = r2.n, r3 AS c "
        "WHERE c.o = s.o AND s.p = 1"
    )
    texts = [
        text for number, _line, text in found(f"CREATE PUMP p AS INSERT INTO o {query};", tmp_path) if number == "K36"
    ]
    assert [text.partition(" finds")[0] for text in texts] == [
        "a lookup in R1 by K",
        "a lookup in R2 by N",
        "a lookup in R3 by O",
    ]


def test_a_chain_of_windows_is_named_at_each_link(tmp_path: Path) -> None:
    """Rows of windows stay such rows through a filter; a query in FROM counts too, unless it shows ROWTIME itself."""
    step = "GROUP BY STEP(x.ROWTIME BY INTERVAL '1' MINUTE)"
    chain = (
        "CREATE STREAM a (n INTEGER); CREATE STREAM b (n INTEGER); CREATE STREAM c (n INTEGER);\n"
        f"CREATE PUMP p AS INSERT INTO a SELECT STREAM COUNT(*) FROM i AS x {step};\n"
        "CREATE PUMP q AS INSERT INTO b SELECT STREAM n FROM a WHERE n > 1;\n"
        f"CREATE PUMP r AS INSERT INTO c SELECT STREAM SUM(n) FROM b AS x {step};\n"
    )
    assert [line for number, line, _text in found(chain, tmp_path) if number == "K31"] == [4]
    texts = [
        text for number, _line, text in found((EXAMPLES / "wind_farm.sql").read_text(), tmp_path) if number == "K01"
    ]
    assert texts.count("tumbling window of 1 minute on ROWTIME") == 8
    inner = f"(SELECT STREAM COUNT(*) AS n FROM i AS x {step}) AS x"
    assert "K31" in rules(f"SELECT STREAM SUM(n) FROM {inner} {step}", tmp_path)
    shown = f"(SELECT STREAM MIN(ROWTIME) AS ROWTIME, COUNT(*) AS n FROM i AS x {step}) AS x"
    assert "K31" not in rules(f"SELECT STREAM SUM(n) FROM {shown} {step}", tmp_path)


def run_wind_farm(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *flags, "-m", "kda", "check", "tests/kda/wind_farm.sql"]
    return subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)


def test_a_large_program_takes_less_than_a_second() -> None:
    """24 pumps, with the start of Python and all imports, in seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run_wind_farm()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, "24 pumps" in done.stdout) == (1, True)
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 1.0


def test_nothing_large_is_imported() -> None:
    """Neither Flink nor AWS, nor what another form of file needs."""
    modules = {
        line.rpartition("|")[2].strip().partition(".")[0]
        for line in run_wind_farm("-X", "importtime").stderr.splitlines()
    }
    assert "sqlglot" in modules
    assert not modules & {"pyflink", "py4j", "boto3", "flink", "yaml"}
