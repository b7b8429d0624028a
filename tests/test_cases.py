"""Tests beside the SQL: their files, and the comparison of actual and expected rows."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from java import paths
from pipeline import cases
from pipeline.cases import CaseError
from pipeline.job import Job, load

START = """
defaults:
  events:
    json: {Device: a, SentAt: 2026-11-22 12:00:10.000, Amount: 1}
cases:
"""
CASE = """
  - case: a rule
    given:
      events:
        - json: {Amount: 2}
    expect:
      counts:
        - {Events: 1}
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The template's job."""
    folder = tmp_path_factory.mktemp("jobs") / "orders"
    shutil.copytree(paths.ROOT / "pipeline" / "template", folder)
    return load(folder)


def read(job: Job, folder: Path, text: str) -> list[cases.Case]:
    path = folder / "cases.yaml"
    path.write_text(text, encoding="utf-8")
    return cases.read(path, job)


def records(job: Job, folder: Path, item: str) -> list[cases.Record]:
    (case,) = read(job, folder, START + CASE.replace("json: {Amount: 2}", item))
    return list(case.given["events"])


def test_defaults_of_a_record(job: Job, tmp_path: Path) -> None:
    """A record has the default fields, shard and arrival unless it sets them; `without` and `times` work."""
    more = ("without: [Device]", "times: 2", "shard: s", "arrival: 2026-11-22 12:00:11")
    first, second = records(job, tmp_path, "\n          ".join(("json: {Amount: 2}", *more)))
    assert json.loads(first.data) == {"SentAt": "2026-11-22 12:00:10.000", "Amount": 2}
    assert (first.shard, first.arrival) == ("s", "2026-11-22 12:00:11")
    assert second == first


@pytest.mark.parametrize(
    ("item", "data"),
    [
        ("text: not json", b"not json"),
        ("text: 2026-11-22", b"2026-11-22"),
        ("text:", b""),
        ('text: "\\ud800"', b"\xed\xa0\x80"),
        ("bytes: ff fe 7b", b"\xff\xfe{"),
        ("bytes: 00", b"\0"),
        ("json: [1, null]", b"[1, null]"),
        ("json: é", '"é"'.encode()),
    ],
)
def test_the_bytes_of_a_record(job: Job, tmp_path: Path, item: str, data: bytes) -> None:
    """A record is JSON, text or bytes."""
    (record,) = records(job, tmp_path, item)
    assert record.data == data
    assert (record.shard, record.arrival) == (cases.SHARD, cases.ARRIVAL)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22 12:00:10.000", "2026-11-22 12:00:10.000"),
        ("12:30:00", "12:30:00"),
        ("yes", "yes"),
        ("off", "off"),
        ("0777", "0777"),
        ("1_000", "1_000"),
        ("true", True),
        ("null", None),
        ("1e3", 1000.0),
        ("-7", -7),
        ('"7"', "7"),
    ],
)
def test_values_of_yaml(job: Job, tmp_path: Path, text: str, value: Any) -> None:
    """A text is a text: no date, no base-60 number, no yes, no octal number."""
    (record,) = records(job, tmp_path, f"json: {{Amount: {text}}}")
    found = json.loads(record.data)["Amount"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("case: a rule", "cas: a rule", "case 1 needs `case:`, a sentence that says the rule"),
        ("{Amount: 2}", "{}\n          without: Amount", "without must be a list of fields"),
        ("{Amount: 2}", "{}\n          arrival: 2026-13-40 00:00:00.000", "arrival is '2026-13-40 00:00:00.000'"),
        ("case: a rule", "cas: a rule", "case 1: unknown key `cas`"),
        ("events:\n        -", "event:\n        -", "event is no source of the job (did you mean 'events'?)"),
        ("counts:", "count:", "count is no sink of the job (did you mean 'counts'?)"),
        ("json: {Amount: 2}", "jsn: {}", "case 1 (a rule), record 1 needs either json, text or bytes"),
        (
            "json: {Amount: 2}",
            "{json: {}, text: x}",
            "case 1 (a rule), record 1 needs either json, text or bytes",
        ),
        ("json: {Amount: 2}", "{json: {}, tmes: 2}", "case 1 (a rule), record 1: unknown key `tmes`"),
        ("json: {Amount: 2}", "{json: {}, times: 0}", "record 1: times must be a whole number from 1 on"),
        (
            "json: {Amount: 2}",
            "{json: {}, arrival: noon}",
            "arrival is 'noon', not a time such as 2026-11-22 06:00:00.000",
        ),
        ("json: {Amount: 2}", "bytes: xy", "record 1: bytes must be hexadecimal, such as ff fe 7b"),
        ("- {Events: 1}", "- {Event: 1}", "counts has no column Event (did you mean 'Events'?)"),
        ("- {Events: 1}", "- {Device: {has: a}}", "Device must be a value, or {contains: part of a text}"),
        ("- {Events: 1}", "- 1", "counts: a row is {column: value} with the columns to compare"),
        ("- {Events: 1}", "x: 1", "expect counts must be a list"),
        ("cases:", "more: 1\ncases:", "unknown key `more`"),
        ("  events:\n    json", "  event:\n    json", "defaults: event is no source of the job"),
    ],
)
def test_problems(job: Job, tmp_path: Path, old: str, new: str, expected: str) -> None:
    """A problem names the case and the record."""
    text = START + CASE
    assert old in text
    with pytest.raises(CaseError) as caught:
        read(job, tmp_path, text.replace(old, new, 1))
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "has no cases: it needs `cases:` with a list."),
        ("cases: {}", "has no cases"),
        ("cases: [", "cannot be read"),
        ("cases: []\ncases: []", "duplicate key 'cases'"),
        (START + CASE.replace("{Amount: 2}", "{Amount: 2, Amount: 3}"), "duplicate key 'Amount'"),
        ("cases: " + "[" * 5000, "cannot be read: it is nested too deeply."),
        ("cases:\n  - case: x: y", "cannot be read: mapping values are not allowed here at line 2, column 12."),
        (START + CASE + CASE, "several cases have the name 'a rule'"),
    ],
)
def test_files_that_cannot_be_used(job: Job, tmp_path: Path, text: str, expected: str) -> None:
    """Duplicate keys and duplicate names of cases are refused."""
    with pytest.raises(CaseError) as caught:
        read(job, tmp_path, text)
    assert expected in str(caught.value)


def test_a_file_that_is_not_there(job: Job, tmp_path: Path) -> None:
    """The error has the file's name and the system's reason."""
    with pytest.raises(CaseError) as caught:
        cases.read(tmp_path / "none.yaml", job)
    assert str(caught.value) == f"{tmp_path / 'none.yaml'} cannot be read (No such file or directory)."


def shown(job: Job, folder: Path, expect: dict[str, list[Any]], came: dict[str, list[Any]]) -> list[str]:
    """The differences between a case and the actual rows."""
    for sink, rows in came.items():
        cases.write(rows, folder / sink / "part.jsonl")
    return cases.differences(job, cases.Case("a rule", {}, expect), folder)


def test_rows_match_in_any_order_by_the_columns_that_matter(job: Job, tmp_path: Path) -> None:
    """Floating-point numbers match within a tolerance; `contains` matches a part of a text."""
    came = [{"Device": "b", "Events": 2, "Amount": 0.1 + 0.2}, {"Device": "a", "Events": 1, "Amount": 1.0}]
    expect = [{"Device": {"contains": "a"}, "Amount": 1}, {"Events": 2, "Amount": 0.3}]
    assert shown(job, tmp_path, {"counts": expect}, {"counts": came}) == []


def test_each_expected_row_needs_a_row_of_its_own(job: Job, tmp_path: Path) -> None:
    """The first expected row fits both actual rows, the second only the first of them: both get a row."""
    came = [{"Device": "a", "Events": 1}, {"Device": "a", "Events": 2}]
    expect = [{"Device": "a"}, {"Device": "a", "Events": 1}]
    assert shown(job, tmp_path, {"counts": expect}, {"counts": came}) == []
    assert shown(job, tmp_path, {"counts": [*expect, {"Device": "a"}]}, {"counts": came}) == [
        "counts: 3 rows expected, 2 came",
        '  missing     Device "a"',
    ]


def test_differences(job: Job, tmp_path: Path) -> None:
    """The nearest row with its differences, missing rows, and unexpected rows."""
    came = [{"Device": "a", "Events": 1, "Amount": 2.5}, {"Device": "c", "Events": 9, "Amount": 9.0}]
    expect = [{"Device": "a", "Events": 2}, {"Device": "b", "Events": 7}]
    assert shown(job, tmp_path, {"counts": expect}, {"counts": came}) == [
        "counts: 2 rows expected, 2 came",
        '  differs     Device "a", Events 1 (expected 2)',
        '  missing     Device "b", Events 7',
        '  unexpected  Device "c", Events 9, Amount 9.0',
    ]


def test_a_number_is_no_text(job: Job, tmp_path: Path) -> None:
    """A number differs from a text, and 1 from true."""
    for value in ("1", True, None, 2):
        (tmp_path / "counts").mkdir(exist_ok=True)
        assert shown(job, tmp_path, {"counts": [{"Events": 1}]}, {"counts": [{"Events": value}]}), value


def test_errors_that_nobody_expects(job: Job, tmp_path: Path) -> None:
    """A case without errors expects none; another sink is checked only if it is named."""
    error = {"ERROR_NAME": "PARSE", "MESSAGE": "The record is empty."}
    assert shown(job, tmp_path, {"counts": []}, {"error_stream": [error]}) == [
        "error_stream: 0 rows expected, 1 came",
        '  unexpected  ERROR_NAME "PARSE", MESSAGE "The record is empty."',
    ]
    assert shown(job, tmp_path, {"error_stream": [{"ERROR_NAME": "PARSE"}]}, {"counts": [{"Events": 1}]}) == []


def test_changes_of_a_keyed_sink(tmp_path: Path) -> None:
    """Updates and deletions remove the row before."""
    lines = [
        {"before": None, "after": {"k": 1, "v": 1}, "op": "c"},
        {"before": None, "after": {"k": 2, "v": 1}, "op": "c"},
        {"before": {"k": 1, "v": 1}, "after": None, "op": "d"},
        {"before": None, "after": {"k": 1, "v": 2}, "op": "c"},
    ]
    cases.write(lines, tmp_path / "part.jsonl")
    assert cases.rows(tmp_path) == [{"k": 2, "v": 1}, {"k": 1, "v": 2}]


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ("[events]", "`defaults:` must be a mapping of sources"),
        ("{events: [1]}", "defaults: events must be a mapping with json, shard, arrival"),
        ("{events: {json: [1]}}", "defaults: events must be a mapping with json, shard, arrival"),
        ("{events: {jsn: {}}}", "defaults: events: unknown key `jsn`"),
    ],
)
def test_defaults_that_cannot_be_used(job: Job, tmp_path: Path, defaults: str, expected: str) -> None:
    """Invalid defaults are refused."""
    with pytest.raises(cases.CaseError, match=re.escape(expected)):
        read(job, tmp_path, f"defaults: {defaults}\ncases:\n{CASE}")


def test_half_of_a_pair_is_a_record_too(job: Job, tmp_path: Path) -> None:
    """A test can have half of a surrogate pair, which JSON allows."""
    (record,) = records(job, tmp_path, 'json: {Device: "\\ud83d"}')
    assert b"\xed\xa0\xbd" in record.data
