"""Tests of a job in `tests/*.yaml` beside its SQL: input records and expected rows.

    defaults:                      # optional: fields, shard and arrival of records that do not set them
      readings: {json: {Distance: 30}, shard: shardId-000000000000, arrival: "2026-11-23 00:00:00.000"}
    cases:
      - case: a reading that comes after its window has closed is LATE
        given:
          readings:                # a source; its records in the order of reading
            - json: {Name: Shadowfax, StatusTime: "2026-11-22 12:00:10.000"}
              without: [Distance]  # fields of the defaults that this record does not have
              times: 3             # the number of equal records
            - text: not json       # several JSON documents in a record are taken apart, as in a stream
            - bytes: ff fe 7b 7d   # hexadecimal
        expect:
          summary_stream:          # a sink; its rows in any order, with the columns that matter
            - {Name: Shadowfax, Distance: 30}
          error_stream:
            - {ERROR_NAME: PARSE, MESSAGE: {contains: sequence number 2}}

A sink with the same view as a named sink must have the same rows. The sink of errors (with the column ERROR_NAME) must
stay empty unless it is named. Other sinks are not checked. Sequence numbers count a source's records from 1.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from aws.parts import parts, place
from connectors import files
from connectors.connector import Connector
from pipeline import binding, statements
from pipeline.job import Job
from program.errors import Unusable, hint, shown

if TYPE_CHECKING:
    from pyflink.table import StatementSet, TableEnvironment

FORMS = ("json", "text", "bytes")
SHARD = "shardId-000000000000"
ARRIVAL = "2999-12-31 00:00:00.000"  # the default: later than any event time
ERROR = "ERROR_NAME"  # a column that only the sink of errors has
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?", re.ASCII)
_UID = re.compile(r"(\buid\s*=>\s*')", re.IGNORECASE)  # of a call such as stagger(.., uid => 'visits')
_TOLERANCE = 1e-9  # relative, between equal floating-point numbers


class CaseError(Unusable):
    """An invalid file of tests; the text names the file and all problems."""


@dataclass(frozen=True)
class Record:
    """An input record; `arrival` is in UTC as `yyyy-MM-dd HH:mm:ss.SSS`."""

    data: bytes
    shard: str
    arrival: str


@dataclass(frozen=True)
class Case:
    """Input records by source, and expected rows by sink, with the columns to compare."""

    name: str
    given: Mapping[str, Sequence[Record]]
    expect: Mapping[str, Sequence[Mapping[str, Any]]]


class _Plain(yaml.SafeLoader):
    """YAML without dates, base-60 numbers and yes or no (they are texts), and without duplicate keys."""


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
    if duplicates := [key for key, count in keys.items() if count > 1]:
        raise yaml.constructor.ConstructorError(None, None, f"duplicate key {duplicates[0]!r}", node.start_mark)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


def _float(loader: _Plain, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node))


_Plain.add_constructor("tag:yaml.org,2002:map", _mapping)
_Plain.add_constructor("tag:yaml.org,2002:float", _float)


def read(path: Path, job: Job) -> list[Case]:
    """The cases of a file. Raises CaseError with all problems."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Plain)  # noqa: S506  (a safe loader of our own)
    except OSError as error:
        raise CaseError(f"{shown(path)} cannot be read ({error.strerror}).") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise CaseError(f"{shown(path)} cannot be read: {error.problem}{where}.") from error
    except RecursionError as error:
        raise CaseError(f"{shown(path)} cannot be read: it is nested too deeply.") from error
    except (ValueError, TypeError, yaml.YAMLError) as error:
        raise CaseError(f"{shown(path)} cannot be read: {' '.join(str(error).split())}.") from error
    problems: list[str] = []
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list) or not document["cases"]:
        raise CaseError(f"{shown(path)} has no cases: it needs `cases:` with a list.")
    problems += [f"unknown key `{name}`" for name in document if name not in ("cases", "defaults")]
    defaults = _defaults(document.get("defaults") or {}, job, problems)
    cases = [_case(number, item, defaults, job, problems) for number, item in enumerate(document["cases"], 1)]
    names = Counter(case.name for case in cases)
    problems += [f"several cases have the name {name!r}" for name, count in names.items() if count > 1]
    if problems:
        raise CaseError(CaseError.listed(f"The tests in {shown(path)}", problems))
    return cases


def _defaults(item: Any, job: Job, problems: list[str]) -> dict[str, Mapping[str, Any]]:
    """The defaults of records by source."""
    if not isinstance(item, dict):
        problems.append("`defaults:` must be a mapping of sources")
        return {}
    problems += [f"defaults: {name} is no source of the job" for name in item if name not in job.sources]
    defaults: dict[str, Mapping[str, Any]] = {}
    for source, default in item.items():
        if not isinstance(default, dict) or not isinstance(default.get("json", {}), dict):
            problems.append(f"defaults: {source} must be a mapping with json, shard, arrival")
        else:
            unknown = [name for name in default if name not in ("json", "shard", "arrival")]
            problems += [f"defaults: {source}: unknown key `{name}`" for name in unknown]
            defaults[source] = default
    return defaults


def _case(number: int, item: Any, defaults: Mapping[str, Any], job: Job, problems: list[str]) -> Case:
    item = item if isinstance(item, dict) else {}
    name = item.get("case")
    where = f"case {number}" + (f" ({name})" if isinstance(name, str) else "")
    if not isinstance(name, str) or not name.strip():
        problems.append(f"{where} needs `case:`, a sentence that says the rule")
    problems += [f"{where}: unknown key `{key}`" for key in item if key not in ("case", "given", "expect")]
    given = {}
    for source, items in _tables(item, "given", job.sources, where, problems):
        default = defaults.get(source) or {}
        given[source] = [
            record
            for index, entry in enumerate(items, 1)
            for record in _records(f"{where}, record {index}", entry, default, problems)
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
    tables = item.get(part)
    for name, rows in tables.items() if isinstance(tables, dict) else ():
        if name not in known:
            kind = "source" if part == "given" else "sink"
            problems.append(f"{where}: {name} is no {kind} of the job{hint(name, known)}")
        elif not isinstance(rows, list):
            problems.append(f"{where}: {part} {name} must be a list")
        else:
            yield name, rows


def _records(where: str, item: Any, default: Mapping[str, Any], problems: list[str]) -> list[Record]:
    """`times` equal records."""
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
        problems.append(f"{where} needs either {', '.join(FORMS[:-1])} or {FORMS[-1]}")
        return None
    problems += [f"{where}: unknown key `{name}`" for name in item if name not in allowed]
    arrival = str(item.get("arrival", default.get("arrival", ARRIVAL)))
    if not _is_time(arrival):
        problems.append(f"{where}: arrival is {arrival!r}, not a time such as 2026-11-22 06:00:00.000")
    shard = str(item.get("shard", default.get("shard", SHARD)))
    value = item[forms[0]]
    if forms[0] == "json":
        fields = {**(default.get("json") or {}), **value} if isinstance(value, dict) else value
        without = item.get("without", [])
        if not isinstance(without, list):
            problems.append(f"{where}: without must be a list of fields")
        elif isinstance(fields, dict):
            fields = {name: field for name, field in fields.items() if name not in without}
        return Record(json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass"), shard, arrival)
    if forms[0] == "text":
        return Record(("" if value is None else str(value)).encode("utf-8", "surrogatepass"), shard, arrival)
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
        problems.append(f"{where}: a row is {{column: value}} with the columns to compare")
        return False
    unknown = [column for column in row if column not in known]
    problems += [f"{where} has no column {column}{hint(column, known)}" for column in unknown]
    for column, value in row.items():
        if isinstance(value, dict) and set(value) != {"contains"}:
            problems.append(f"{where}: {column} must be a value, or {{contains: part of a text}}")
    return True


def expected(job: Job, case: Case) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The expected rows of each checked sink: a named sink, a sink with the same view, the sink of errors."""
    rows = dict(case.expect)
    for sink in job.sinks:
        same_view = [name for name in case.expect if job.inserts[name] == job.inserts[sink]]
        if same_view:
            rows.setdefault(sink, case.expect[same_view[0]])
        elif ERROR in job.columns(sink):
            rows.setdefault(sink, ())
    return rows


def declare(environment: TableEnvironment, job: Job, cases: Sequence[Case], folder: Path) -> StatementSet:
    """All cases in a statement set, each in its own database; the caller executes the set.

    folder: gets a folder per case with its records, and with its rows after the execution.
    """
    statement_set = environment.create_statement_set()
    for number, case in enumerate(cases):
        for statement in declared(environment, job, case, f"case_{number}", folder / str(number)):
            statement_set.add_insert_sql(statement)
    return statement_set


def declared(environment: TableEnvironment, job: Job, case: Case, database: str, folder: Path) -> Iterator[str]:
    """Declare a case in a database of its own, which stays in use; the INSERTs of its checked sinks.

    folder: a new one for its records, and for its rows after the execution.
    """
    folder.mkdir(parents=True)
    connectors = binding.sinks_in(folder, job)
    for source in job.sources:
        connectors[source] = _recorded(job, source, case.given.get(source, ()), folder)
    environment.execute_sql(f"CREATE DATABASE {database}")
    environment.use_database(database)
    statements.declare(environment, apart(job, database), connectors)
    return statements.insertions(job, expected(job, case))


def apart(job: Job, database: str) -> Job:
    """The job with uids of its own, as the cases of a job run in one job of Flink, where a uid stands once."""
    return replace(job, texts={name: _UID.sub(rf"\g<1>{database}_", text) for name, text in job.texts.items()})


def arriving(job: Job, source: str, path: Path, folder: Path, step: float) -> Connector:
    """A source of the lines of a file, or of every file in a folder, each `step` seconds after the one before it.

    The first line of a file arrives at the file's modification time. Its name is the shard, the number of a line the
    sequence number. folder: for the records with their arrivals.
    """
    found = [
        (datetime.fromtimestamp(file.stat().st_mtime, UTC) + number * timedelta(seconds=step), file.name, line)
        for file in files.below(path)
        for number, line in enumerate(_lines_of(file.read_bytes()))
    ]
    # In the order of arrival, so that no file is late for another.
    records = [Record(line, shard, _time(arrival)) for arrival, shard, line in sorted(found, key=lambda one: one[0])]
    return _recorded(job, source, records, folder)


def _lines_of(content: bytes) -> list[bytes]:
    """The lines as Flink's source of files has them: without what ends them."""
    lines = content.split(b"\n")
    return [line.removesuffix(b"\r") for line in (lines if lines[-1] else lines[:-1])]


def _time(moment: datetime) -> str:
    """A time in UTC as records have it."""
    return moment.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def _recorded(job: Job, source: str, records: Sequence[Record], folder: Path) -> Connector:
    """A source of these records, which are written into a file in the folder."""
    column, type_ = next(iter(job.columns(source).items()))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{source}.jsonl"
    is_whole = job.handler(source) is not None  # a function gets a record before it is taken apart
    path.write_text("".join(_lines(records, column, type_, is_whole=is_whole)), encoding="utf-8")
    return files.records(path)


def _lines(records: Sequence[Record], column: str, type_: str, *, is_whole: bool) -> Iterator[str]:
    is_text = type_.upper().startswith(("STRING", "VARCHAR"))
    for number, record in enumerate(records, 1):
        origin = {"shard": record.shard, "sequence_number": str(number), "arrival": record.arrival}
        found = [record.data] if is_whole else parts(record.data)
        for at, part in enumerate(found, 1):
            data = part.decode(errors="replace") if is_text else base64.b64encode(part).decode()
            yield json.dumps({column: data, "part": place(at, len(found))} | origin) + "\n"


def rows(folder: Path) -> list[dict[str, Any]]:
    """The final rows of a sink, from all files below a folder."""
    final: list[dict[str, Any]] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        for line in path.read_bytes().splitlines():
            row = json.loads(line)
            if set(row) != {"before", "after", "op"}:
                final.append(row)
            elif row["op"] == "d":
                final.remove(row["before"])
            else:
                final.append(row["after"])
    return final


def write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows as JSON lines into a file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def differences(job: Job, case: Case, folder: Path) -> list[str]:
    """The lines about differences from the expected rows; empty if the case passes. folder: the case's own."""
    sinks = expected(job, case).items()
    return [line for sink, wanted in sinks for line in _differences(sink, wanted, rows(folder / sink))]


def _differences(sink: str, expected: Sequence[Mapping[str, Any]], actual: list[dict[str, Any]]) -> Iterator[str]:
    pairs = _matched(expected, actual)
    missing = [number for number in range(len(expected)) if number not in pairs]
    extra = [number for number in range(len(actual)) if number not in pairs.values()]
    if not missing and not extra:
        return
    yield f"{sink}: {len(expected)} row{'' if len(expected) == 1 else 's'} expected, {len(actual)} came"
    for number in missing:
        row = expected[number]
        nearest = max(extra, key=lambda index: _equal_columns(row, actual[index]), default=-1)
        if nearest >= 0 and _equal_columns(row, actual[nearest]):
            extra.remove(nearest)
            yield f"  differs     {_comparison(row, actual[nearest])}"
        else:
            yield f"  missing     {_row(row)}"
    for number in extra:
        yield f"  unexpected  {_row(actual[number])}"


def _matched(expected: Sequence[Mapping[str, Any]], actual: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Indices of an actual row for as many expected rows as possible (augmenting paths, as Kuhn's)."""
    owner: dict[int, int] = {}

    def assign(number: int, tried: set[int]) -> bool:
        for index, row in enumerate(actual):
            if index not in tried and _equal_columns(expected[number], row) == len(expected[number]):
                tried.add(index)
                if index not in owner or assign(owner[index], tried):
                    owner[index] = number
                    return True
        return False

    for number in range(len(expected)):
        assign(number, set())
    return {number: index for index, number in owner.items()}


def _equal_columns(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> int:
    """The number of columns in which a row is as expected."""
    return sum(_equal(actual.get(name), value) for name, value in expected.items())


def _equal(actual: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return str(expected["contains"]) in str(actual)
    if isinstance(actual, float) or isinstance(expected, float):
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (actual, expected))
        return numbers and abs(actual - expected) <= _TOLERANCE * max(1.0, abs(expected))
    return type(actual) is type(expected) and bool(actual == expected)


def _comparison(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str:
    """The actual row, with the expected value of each column that differs."""
    parts = []
    for name, value in expected.items():
        difference = "" if _equal(actual.get(name), value) else f"{_value(actual.get(name))} (expected {_value(value)})"
        parts.append(f"{name} {difference or _value(value)}")
    return ", ".join(parts)


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in row.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"with {json.dumps(value['contains'], ensure_ascii=False)} in it"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}..."  # a row can have a megabyte
