"""Tests of a job beside its SQL: `tests/*.yaml`, records that come in and the rows that must come out.

    defaults:                      # optional: what a record has unless it says otherwise
      readings: {json: {Distance: 30}, shard: shardId-000000000000, arrival: "2026-11-23 00:00:00.000"}
    cases:
      - case: a reading that comes after its window has closed is LATE
        given:
          readings:                # a source; its records in the order in which they are read
            - json: {Name: Shadowfax, StatusTime: "2026-11-22 12:00:10.000"}
              without: [Distance]  # a field of the defaults that this record lacks
              times: 3             # the same record again and again
            - text: not json
            - bytes: ff fe 7b 7d   # hexadecimal
        expect:
          summary_stream:          # a sink; its rows in any order, with the columns that matter
            - {Name: Shadowfax, Distance: 30}
          error_stream:
            - {ERROR_NAME: PARSE, MESSAGE: {contains: sequence number 2}}

A sink that takes the same view as a named sink must have the same rows. Other sinks are not looked at, except the sink
of errors (it has the column ERROR_NAME): without mention it must stay empty. Sequence numbers count a source's records
from 1.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from connectors import files
from pipeline import binding, statements
from pipeline.job import Job
from program.errors import Unusable, shown

if TYPE_CHECKING:
    from pyflink.table import StatementSet, TableEnvironment

FORMS = ("json", "text", "bytes")
SHARD = "shardId-000000000000"
ARRIVAL = "2999-12-31 00:00:00.000"  # of a record that does not say when it arrived: no event time is after that
ERROR = "ERROR_NAME"  # the column by which the sink of errors is known
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?", re.ASCII)
_NEAR = 1e-9  # relative: two floating-point numbers are the same within this


class CaseError(Unusable):
    """A file of tests that cannot be used; the text names the file and every problem in it."""


@dataclass(frozen=True)
class Record:
    """A record as it is read: its bytes, its shard, and its arrival in UTC as `yyyy-MM-dd HH:mm:ss.SSS`."""

    data: bytes
    shard: str
    arrival: str


@dataclass(frozen=True)
class Case:
    """What comes in per source, and what must come out per sink, rows by the columns that matter."""

    name: str
    given: Mapping[str, Sequence[Record]]
    expect: Mapping[str, Sequence[Mapping[str, Any]]]


class _Plain(yaml.SafeLoader):
    """YAML in which a text is a text: no dates, no times in sixties, no yes and no; a key stands once."""


_Plain.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Plain.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def _mapping(loader: _Plain, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = Counter(str(key.value) for key, _value in node.value)
    if twice := [key for key, count in keys.items() if count > 1]:
        raise yaml.constructor.ConstructorError(None, None, f"{twice[0]!r} stands twice", node.start_mark)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


def _float(loader: _Plain, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node))


_Plain.add_constructor("tag:yaml.org,2002:map", _mapping)
_Plain.add_constructor("tag:yaml.org,2002:float", _float)


def read(path: Path, job: Job) -> list[Case]:
    """The cases of a file. Raises CaseError that lists every problem."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Plain)  # noqa: S506  (a safe loader of our own)
    except OSError as error:
        raise CaseError(f"{shown(path)} cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise CaseError(f"{shown(path)} cannot be read: {' '.join(str(error).split())}.") from error
    problems: list[str] = []
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list) or not document["cases"]:
        raise CaseError(f"{shown(path)} has no cases: it needs `cases:` with a list.")
    problems += [f"`{name}` means nothing there" for name in document if name not in ("cases", "defaults")]
    defaults = _defaults(document.get("defaults") or {}, job, problems)
    cases = [_case(number, one, defaults, job, problems) for number, one in enumerate(document["cases"], 1)]
    names = Counter(case.name for case in cases)
    problems += [f"two cases are called {name!r}" for name, count in names.items() if count > 1]
    if problems:
        raise CaseError(CaseError.listed(f"The tests in {shown(path)}", problems))
    return cases


def _defaults(given: Any, job: Job, problems: list[str]) -> dict[str, Mapping[str, Any]]:
    """What records of a source have unless they say otherwise."""
    if not isinstance(given, dict):
        problems.append("`defaults:` must be a table by source")
        return {}
    problems += [f"defaults: {name} is no source of the job" for name in given if name not in job.sources]
    found: dict[str, Mapping[str, Any]] = {}
    for source, values in given.items():
        if not isinstance(values, dict) or not isinstance(values.get("json", {}), dict):
            problems.append(f"defaults: {source} must be a table with json, shard, arrival")
        else:
            problems += [
                f"defaults: {source}: `{name}` means nothing there"
                for name in values
                if name not in ("json", "shard", "arrival")
            ]
            found[source] = values
    return found


def _case(number: int, item: Any, defaults: Mapping[str, Any], job: Job, problems: list[str]) -> Case:
    item = item if isinstance(item, dict) else {}
    name = item.get("case")
    where = f"case {number}" + (f" ({name})" if isinstance(name, str) else "")
    if not isinstance(name, str) or not name.strip():
        problems.append(f"{where} needs `case:`, a sentence that says the rule")
    problems += [f"{where}: `{one}` means nothing there" for one in item if one not in ("case", "given", "expect")]
    given = {}
    for source, records in _tables(item, "given", job.sources, where, problems):
        default = defaults.get(source) or {}
        given[source] = [
            record
            for at, one in enumerate(records, 1)
            for record in _records(f"{where}, record {at}", one, default, problems)
        ]
    expect = {}
    for sink, rows in _tables(item, "expect", job.sinks, where, problems):
        known = job.columns(sink)
        expect[sink] = [row for row in rows if _is_row(f"{where}, {sink}", row, known, problems)]
    if not given:
        problems.append(f"{where} needs `given:` with the records of a source ({', '.join(job.sources)})")
    if not expect:
        problems.append(f"{where} needs `expect:` with the rows of a sink ({', '.join(job.sinks)}); [] for none")
    return Case(str(name), given, expect)


def _tables(
    item: Mapping[str, Any], part: str, known: Sequence[str], where: str, problems: list[str]
) -> Iterator[tuple[str, list[Any]]]:
    found = item.get(part)
    for name, rows in found.items() if isinstance(found, dict) else ():
        if name not in known:
            kind = "source" if part == "given" else "sink"
            problems.append(f"{where}: {name} is no {kind} of the job (there are {', '.join(known)})")
        elif not isinstance(rows, list):
            problems.append(f"{where}: {part} {name} must be a list")
        else:
            yield name, rows


def _records(where: str, item: Any, default: Mapping[str, Any], problems: list[str]) -> list[Record]:
    """A record as often as the item says."""
    times = item.get("times", 1) if isinstance(item, dict) else 1
    if type(times) is not int or times < 1:
        problems.append(f"{where}: times must be a whole number from 1 on")
        times = 1
    record = _record(where, item, default, problems)
    return [record] * times if record else []


def _record(where: str, item: Any, default: Mapping[str, Any], problems: list[str]) -> Record | None:
    allowed = (*FORMS, "without", "times", "shard", "arrival")
    forms = [form for form in FORMS if isinstance(item, dict) and form in item]
    if len(forms) != 1:
        problems.append(f"{where} needs exactly one of {', '.join(FORMS)}")
        return None
    problems += [f"{where}: `{name}` means nothing there" for name in item if name not in allowed]
    arrival = str(item.get("arrival", default.get("arrival", ARRIVAL)))
    if not _is_time(arrival):
        problems.append(f"{where}: arrival is {arrival!r}, not a time such as 2026-11-22 06:00:00.000")
    shard = str(item.get("shard", default.get("shard", SHARD)))
    value = item[forms[0]]
    if forms[0] == "json":
        fields = {**(default.get("json") or {}), **value} if isinstance(value, dict) else value
        left_out = item.get("without", [])
        if not isinstance(left_out, list):
            problems.append(f"{where}: without must be a list of fields")
        elif isinstance(fields, dict):
            fields = {name: one for name, one in fields.items() if name not in left_out}
        return Record(json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass"), shard, arrival)
    if forms[0] == "text":
        return Record(("" if value is None else str(value)).encode(), shard, arrival)
    try:
        return Record(bytes.fromhex(str(value)), shard, arrival)
    except ValueError:
        problems.append(f"{where}: bytes must be hexadecimal, such as ff fe 7b")
        return None


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:  # 30 February
        return False


def _is_row(where: str, row: Any, known: Mapping[str, str], problems: list[str]) -> bool:
    if not isinstance(row, dict) or not row:
        problems.append(f"{where}: a row is {{column: value}} with the columns that matter")
        return False
    unknown = [column for column in row if column not in known]
    problems += [f"{where} has no column {column} (there are {', '.join(known)})" for column in unknown]
    for column, value in row.items():
        if isinstance(value, dict) and set(value) != {"contains"}:
            problems.append(f"{where}: {column} must be a value, or {{contains: part of a text}}")
    return True


def expected(job: Job, case: Case) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The rows of every sink that a case looks at: named, fed by the view of a named sink, or the sink of errors."""
    found = dict(case.expect)
    for sink in job.sinks:
        twins = [one for one in case.expect if job.inserts[one] == job.inserts[sink]]
        if twins:
            found.setdefault(sink, case.expect[twins[0]])
        elif ERROR in job.columns(sink):
            found.setdefault(sink, ())
    return found


def declare(environment: TableEnvironment, job: Job, cases: Sequence[Case], folder: Path) -> StatementSet:
    """All cases as one statement set, each in a database of its own. The caller executes it.

    folder: is filled with each case's records, and after the run with its rows.
    """
    together = environment.create_statement_set()
    for number, case in enumerate(cases):
        place = folder / str(number)
        place.mkdir(parents=True)
        connectors = binding.sinks_in(place, job)
        for source in job.sources:
            column, type_ = next(iter(job.columns(source).items()))
            path = place / f"{source}.jsonl"
            path.write_text("".join(_lines(case.given.get(source, ()), column, type_)), encoding="utf-8")
            connectors[source] = files.records(path)
        database = f"case_{number}"
        environment.execute_sql(f"CREATE DATABASE {database}")
        environment.use_database(database)
        statements.declare(environment, job, connectors)
        for statement in statements.insertions(job, expected(job, case)):
            together.add_insert_sql(statement)
    return together


def _lines(records: Sequence[Record], column: str, type_: str) -> Iterator[str]:
    for number, record in enumerate(records, 1):
        is_text = type_.upper().startswith(("STRING", "VARCHAR"))
        data = record.data.decode(errors="replace") if is_text else base64.b64encode(record.data).decode()
        fields = {column: data, "shard": record.shard, "sequence_number": str(number), "arrival": record.arrival}
        yield json.dumps(fields) + "\n"


def rows(folder: Path) -> list[dict[str, Any]]:
    """The rows that a sink has written below a folder, each once as it stood at the end."""
    found: list[dict[str, Any]] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        for line in path.read_bytes().splitlines():
            row = json.loads(line)
            if set(row) != {"before", "after", "op"}:
                found.append(row)
            elif row["op"] == "d":
                found.remove(row["before"])
            else:
                found.append(row["after"])
    return found


def write(found: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Rows as JSON lines, in a file of a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")


def differences(job: Job, case: Case, folder: Path) -> list[str]:
    """What is not as the case expects, line by line; empty for a case that passes. folder: the case's own."""
    found = []
    for sink, wanted in expected(job, case).items():
        found += list(_differences(sink, wanted, rows(folder / sink)))
    return found


def _differences(sink: str, expected: Sequence[Mapping[str, Any]], given: list[dict[str, Any]]) -> Iterator[str]:
    pairs = _matched(expected, given)
    missing = [number for number in range(len(expected)) if number not in pairs]
    extra = [number for number in range(len(given)) if number not in pairs.values()]
    if not missing and not extra:
        return
    yield f"{sink}: {len(expected)} row{'' if len(expected) == 1 else 's'} expected, {len(given)} came"
    for number in missing:
        want = expected[number]
        near = max(extra, key=lambda at: _alike(want, given[at]), default=-1)
        if near >= 0 and _alike(want, given[near]):
            extra.remove(near)
            yield f"  differs     {_told(want, given[near])}"
        else:
            yield f"  missing     {_row(want)}"
    for number in extra:
        yield f"  unexpected  {_row(given[number])}"


def _matched(expected: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """A row that came for as many expected rows as possible, each used once (augmenting paths, as Kuhn's)."""
    owner: dict[int, int] = {}

    def assign(number: int, tried: set[int]) -> bool:
        for at, row in enumerate(given):
            if at not in tried and _alike(expected[number], row) == len(expected[number]):
                tried.add(at)
                if at not in owner or assign(owner[at], tried):
                    owner[at] = number
                    return True
        return False

    for number in range(len(expected)):
        assign(number, set())
    return {number: at for at, number in owner.items()}


def _alike(expected: Mapping[str, Any], found: Mapping[str, Any]) -> int:
    """In how many columns a row is as expected."""
    return sum(_same(found.get(name), value) for name, value in expected.items())


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return str(expected["contains"]) in str(found)
    if isinstance(found, float) or isinstance(expected, float):
        numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (found, expected))
        return numbers and abs(found - expected) <= _NEAR * max(1.0, abs(expected))
    return type(found) is type(expected) and bool(found == expected)


def _told(expected: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """A row with each column that is another: what came, and what was expected."""
    parts = []
    for name, value in expected.items():
        if _same(found.get(name), value):
            parts.append(f"{name} {_value(value)}")
        else:
            parts.append(f"{name} {_value(found.get(name))} (expected {_value(value)})")
    return ", ".join(parts)


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in row.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"with {json.dumps(value['contains'], ensure_ascii=False)} in it"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}..."  # a row can hold a megabyte
