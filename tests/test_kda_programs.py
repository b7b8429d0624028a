"""Programs of KDA, translated and run by Flink, against the model of KDA: the rows of each output, and the errors.

Each program is a job of its own, in a database of its own; those of a batch share a Flink job. By default a sample:
`pytest tests/test_kda_programs.py --kda-programs 1000 --kda-seed 1` takes as many as needed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kda import model
from kda.check import check
from kda.model.outputs import written
from kda.rule import Kind, Subject
from kda.translation import translated
from pipeline import cases, statements
from pipeline.job import Job, load
from tests import kda_constructs as constructs
from tests.kda_programs import Made, program
from tests.sql import here

BATCH = 10  # programs of a Flink job
MANY = 100  # programs of a run that takes its time
TOLERANCE = 1e-9  # relative, of floating-point numbers


@dataclass(frozen=True)
class Prepared:
    """A program as a job. expected: the rows by sink; errors: how many by pump and name."""

    made: Made
    job: Job
    case: cases.Case
    expected: Mapping[str, Sequence[Mapping[str, Any]]]
    errors: Counter[tuple[str | None, str]]


def prepared(made: Made, folder: Path) -> Prepared:
    """Translate the program into a job's folder, and run the model."""
    subject = Subject.of(made.application)
    translation = translated(subject)
    name = folder.name
    for kind, texts in (("tables", translation.tables), ("views", translation.views)):
        (folder / kind).mkdir(parents=True)
        for file, text in texts.items():
            (folder / kind / f"{file.removesuffix('.sql')}.sql").write_text(text, encoding="utf-8")
    inserts = {**translation.inserts, "error_stream": "errors"}
    declaration = ["[insert]", *(f'{table} = "{view}"' for table, view in inserts.items())]
    for table in dict.fromkeys((*translation.sources, *inserts)):
        declaration += [f"[table.{table}]", 'connector = "kinesis"', f'stream = "{name}"']
    (folder / "job.toml").write_text("\n".join(declaration) + "\n", encoding="utf-8")
    job = load(folder)
    outcome = model.run(
        made.application,
        [model.Record(one.data, one.arrival, one.shard) for one in made.records],
        made.references,
    )
    given = {}
    for table, source in translation.sources.items():
        if table in job.sources:
            given[table] = _records(made, made.references.get(getattr(source, "table", "")))
    expected = {
        table: [written(row, subject.program.streams[output.stream]) for row in outcome.streams[output.stream]]
        for table, output in translation.sinks.items()
        if output is not None and output.stream in outcome.streams
    }
    errors = Counter((one.pump, one.name) for one in outcome.failures)
    case = cases.Case(name, given, {**dict.fromkeys(translation.sinks, ()), "error_stream": ()})
    return Prepared(made, job, case, expected, errors)


def _records(made: Made, file: bytes | None) -> list[cases.Record]:
    if file is not None:
        return [cases.Record(line, cases.SHARD, "2026-11-22 00:00:00.000") for line in file.splitlines()]
    return [
        cases.Record(
            one.data, one.shard, f"{datetime.fromtimestamp(one.arrival / 1000, UTC):%Y-%m-%d %H:%M:%S.%f}"[:23]
        )
        for one in made.records
    ]


def run(programs: Sequence[Made], folder: Path, parallelism: int) -> list[str]:
    """Run these programs in one Flink job; a report for each that differs from the model or cannot be run."""
    reports: list[str] = []
    ready: list[Prepared] = []
    for made in programs:
        try:
            ready.append(prepared(made, folder / "jobs" / f"program_{made.number}"))
        except Exception as error:  # whatever it is, the report shows the program
            reports.append(f"{made.shown}\n{type(error).__name__}: {error}")
    return [*reports, *_executed(ready, folder / "run", parallelism)]


def _executed(ready: Sequence[Prepared], folder: Path, parallelism: int) -> list[str]:
    """The reports of programs in one Flink job. If that fails, each half runs by itself."""
    if not ready:
        return []
    tables = statements.environment({**here(), "parallelism.default": str(parallelism)})
    together = tables.create_statement_set()
    try:
        for one in ready:
            number = one.made.number
            for statement in cases.declared(tables, one.job, one.case, f"program_{number}", folder / str(number)):
                together.add_insert_sql(statement)
        together.execute().wait()
    except Exception as error:
        if len(ready) == 1:
            notes = " ".join(getattr(error, "__notes__", ()))
            return [f"{ready[0].made.shown}\n{_texts(ready[0].job)}\n{notes} {_cause(error)}"]
        half = len(ready) // 2
        return [
            *_executed(ready[:half], folder / "first", parallelism),
            *_executed(ready[half:], folder / "second", parallelism),
        ]
    found = []
    for one in ready:
        if differences := list(_differences(one, folder / str(one.made.number))):
            lines = "\n".join(differences)
            found.append(f"{one.made.shown}\n{_texts(one.job)}\nparallelism {parallelism}: - model, + Flink\n{lines}")
    return found


def _texts(job: Job) -> str:
    """The views of the job that are its own."""
    return "\n".join(f"-- {name}\n{text}" for name, text in job.texts.items())


def _cause(error: BaseException) -> str:
    """The lines of Flink's message that say why."""
    text = str(error)
    causes = re.findall(r"(?:Caused by: |^: )([\w.$]+(?:Exception|Error): .*)", text, re.MULTILINE)
    return "\n".join(dict.fromkeys(causes)) or text[:2000]


def _differences(one: Prepared, folder: Path) -> list[str]:
    """Lines about rows that only the model or only Flink has."""
    found = []
    for table, rows in one.expected.items():
        missing, extra = _apart(rows, cases.rows(folder / table) if (folder / table).is_dir() else [])
        if missing or extra:
            found.append(f"{table}: {len(missing)} of {len(rows)} rows missing, {len(extra)} unexpected")
            found += [f"  - {_row(row)}" for row in missing[:8]] + [f"  + {_row(row)}" for row in extra[:8]]
    errors = cases.rows(folder / "error_stream") if (folder / "error_stream").is_dir() else []
    came = Counter((_pump(str(row["MESSAGE"])), str(row["ERROR_NAME"])) for row in errors)
    for key in one.errors.keys() | came.keys():
        if one.errors[key] != came[key]:
            said = sorted({str(row["MESSAGE"]) for row in errors if _pump(str(row["MESSAGE"])) == key[0]})[:3]
            found.append(f"errors {key}: {one.errors[key]} by the model, {came[key]} came {said}")
    return found


def _pump(message: str) -> str | None:
    match = re.match(r"pump (.*?): ", message)
    return match[1] if match else None


def _row(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, default=str)


def _apart(
    expected: Sequence[Mapping[str, Any]], came: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The rows without a counterpart on the other side."""
    left = Counter(map(_row, expected))
    right = Counter(map(_row, came))
    both = left & right
    missing = [json.loads(text) for text in (left - both).elements()]
    extra = [json.loads(text) for text in (right - both).elements()]
    for row in list(missing):
        equal = next((other for other in extra if _equal(row, other)), None)
        if equal is not None:
            missing.remove(row)
            extra.remove(equal)
    return missing, extra


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)


def _same(one: Any, other: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if numbers and (isinstance(one, float) or isinstance(other, float)):
        return bool(abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other)))
    return type(one) is type(other) and bool(one == other)


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--kda-programs"))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--kda-seed"))


def test_equal_numbers_give_equal_programs() -> None:
    """A report's number is enough to make its program again."""
    for number in range(20):
        assert program(number).shown == program(number).shown


def test_check_lets_each_program_pass(count: int, seed: int) -> None:
    """Each program parses, and `check` has no CANNOT for it; what a program may have occurs in some of them."""
    seen = Counter[str]()
    for number in range(seed, seed + max(count, 120)):
        made = program(number)
        findings = check(made.application).findings
        assert [one.text for one in findings if one.rule.kind is Kind.CANNOT] == [], made.shown
        seen.update(made.constructs)
    assert len(seen) >= 80


def test_rows_without_a_counterpart() -> None:
    """Equal rows count as often as they come; floating-point numbers have a tolerance, other values and types none."""
    model_rows = [{"a": 1.0}, {"a": 2}, {"a": 2}, {"a": None}, {"a": "1"}]
    came = [{"a": 1.0 + 1e-12}, {"a": 2}, {"a": 3}, {"a": None}, {"a": 1}]
    assert _apart(model_rows, came) == ([{"a": 2}, {"a": "1"}], [{"a": 3}, {"a": 1}])
    assert _apart([{"a": 1.0}], [{"a": 1.1}]) == ([{"a": 1.0}], [{"a": 1.1}])
    assert _apart([{"a": True}], [{"a": 1}]) == ([{"a": True}], [{"a": 1}])


@pytest.mark.usefixtures("jvm")
@pytest.mark.timeout(7200)
def test_generated_programs_give_the_rows_of_the_model(count: int, seed: int, tmp_path: Path) -> None:
    """Translated, planned as append-only statement sets, run over generated records: the rows are the model's."""
    reports: list[str] = []
    for batch, first in enumerate(range(seed, seed + count, BATCH)):
        programs = [program(number) for number in range(first, min(first + BATCH, seed + count))]
        reports += run(programs, tmp_path / str(batch), parallelism=(1, 4)[batch % 2])
    assert not reports, f"{len(reports)} of {count} programs differ\n\n" + "\n\n".join(reports[:10])


@pytest.mark.usefixtures("jvm")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("parallelism", [1, 4])
def test_each_construct_gives_the_rows_of_the_model(parallelism: int, count: int, tmp_path: Path) -> None:
    """Each construct that is kept or changed has an output of its own over generated records.

    Of one shard at parallelism 1, and of four at 4; with many programs of both at both.
    """
    for shards in (1, 4) if count >= MANY else (parallelism,):
        programs = constructs.programs(shards)
        assert sum(len(made.constructs) for made in programs) == len(constructs.CONSTRUCTS)
        reports = run(programs, tmp_path / str(shards), parallelism)
        assert not reports, "\n\n".join(reports)
