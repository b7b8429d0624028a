"""The first tests of a migrated job: records, and the rows that the model of KDA makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from aws.parts import parts
from kda.applications import Application
from kda.migration import samples as samples_
from kda.migration.samples import Sample
from kda.migration.yaml_text import flow, is_text, text
from kda.model import Failure, NotModelled, Outcome, Record, Row, run
from kda.model.outputs import written
from kda.rule import Subject
from pipeline.cases import SHARD
from program.formats import listed

FILE = "tests/first.yaml"
ERRORS = "error_stream"


@dataclass(frozen=True)
class Entry:
    """A record as a test gives it. form: json, text or bytes; record: as the test's run reads it."""

    form: str
    value: Any
    record: Record


@dataclass(frozen=True)
class Test:
    """A case. given: records by source; lines: of files by source; expect: rows by sink."""

    name: str
    given: Mapping[str, Sequence[Entry]]
    lines: Mapping[str, Sequence[bytes]]
    expect: Mapping[str, Sequence[Mapping[str, Any]]]


def entry(record: Record) -> Entry:
    """How a test gives a record: as JSON if its text is that of JSON again, but for white space."""
    try:
        found = record.data.decode("utf-8")
        value = json.loads(found)
        same = json.dumps(value, ensure_ascii=False)
        compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if isinstance(value, dict) and found.strip() in (same, compact) and is_text(found):
            return Entry("json", value, Record(same.encode(), record.arrival, record.shard))
    except (ValueError, RecursionError):
        pass
    try:
        found = record.data.decode("utf-8")
    except UnicodeDecodeError:
        return Entry("bytes", record.data.hex(" "), record)
    return Entry("text", found, record)


def read(entries: Sequence[Entry]) -> list[Record]:
    """The records that the job reads, each part of one by itself."""
    return [Record(part, one.record.arrival, one.record.shard) for one in entries for part in parts(one.record.data)]


def expected(outcome: Outcome, chosen: Chosen) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each sink, and of the errors. Sinks whose rows only Flink computes are left out, and then errors."""
    streams = chosen.subject.program.streams
    rows: dict[str, list[Mapping[str, Any]]] = {
        sink: [written(row, streams[stream]) for row in outcome.streams[stream]]
        for sink, stream in chosen.sinks.items()
        if stream not in outcome.uncomputed
    }
    if outcome.uncomputed:
        return rows
    return {**rows, ERRORS: [_error(failure, chosen.time_column) for failure in outcome.failures]}


def _error(failure: Failure, time_column: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {"ERROR_NAME": failure.name}
    if failure.pump is not None:
        row["MESSAGE"] = {"contains": f"pump {failure.pump}: "}
    # The record's own time may be what cannot be read.
    if failure.time is not None and (failure.pump is not None or time_column is None):
        row["DATA_ROWTIME"] = moment(failure.time)
    return row


def moment(time: int) -> str:
    """Milliseconds since 1970 as yyyy-MM-dd HH:mm:ss.SSS in UTC."""
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def document(job: str, tests: Sequence[Test]) -> str:
    """The file of tests."""
    lines = [
        f"# First tests of {job}, made by `kda migrate`: the rows are those of its model of KDA, which is not Flink.",
        "# Read them, and keep those that say what the job is for.",
        "",
        "cases:",
    ]
    for number, test in enumerate(tests):
        lines += [""] * bool(number) + list(_case(test))
    return "\n".join(lines) + "\n"


def _case(test: Test) -> Iterator[str]:
    yield f"  - case: {text(test.name)}"
    yield "    given:"
    for source, entries in test.given.items():
        yield f"      {source}:" + ("" if entries else " []")
        for one in entries:
            yield f"        - {one.form}: {flow(one.value)}"
            yield f"          arrival: {text(moment(one.record.arrival))}"
            if one.record.shard != SHARD:
                yield f"          shard: {text(one.record.shard)}"
    for source, found in test.lines.items():
        yield f"      {source}:" + ("" if found else " []")
        for line in found:
            one = entry(Record(line, 0))
            yield f"        - {one.form}: {flow(one.value)}"
    yield "    expect:"
    for sink, rows in test.expect.items():
        yield f"      {sink}:" + ("" if rows else " []")
        yield from (f"        - {flow(row)}" for row in rows)


def rows_of(outcome: Outcome, streams: Sequence[str]) -> int:
    """How many of these streams have a row: what a sample is worth."""
    found: Mapping[str, Sequence[Row]] = outcome.streams
    return sum(bool(found.get(stream)) for stream in streams)


@dataclass(frozen=True)
class Made:
    """The tests, and what is said of them: sentences for people; whether the model has computed rows."""

    tests: tuple[Test, ...]
    said: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """What is tested. source: the table of the first input; references: by reference table.

    sinks: in-application streams by the table that takes their rows; time_column: that has a record's time; time: as
    in Options.
    """

    application: Application
    source: str
    references: Mapping[str, str]
    sinks: Mapping[str, str]
    align: bool
    time_column: str | None
    time: str

    @cached_property
    def subject(self) -> Subject:
        """The application with its program."""
        return Subject.of(self.application)


def made(chosen: Chosen, lines: Sequence[bytes] | None, references: Mapping[str, bytes]) -> Made:
    """The first tests: of given records and reference tables, or of those that are made up."""
    if chosen.time == "processing":
        why = "Rows have the time at which they are computed, so that no test can name them."
        return Made((_nothing(chosen),), (why,))
    if len(chosen.application.inputs) != 1:
        why = "The model of KDA has no answer for several inputs. So the rows are still to be written down."
        return Made((_nothing(chosen),), (why,))
    said = []
    if lines is not None and chosen.time_column is not None:
        lines = None
        said.append("The records of --sample are in no test: the model takes arrivals for times. Others were made up.")
    try:
        sample, outcome = _best(chosen, lines, references)
    except NotModelled as error:
        why = f"The model of KDA has no answer: {error} So the rows are still to be written down."
        return Made((_nothing(chosen),), (why,))
    uncomputed = [stream for stream in chosen.sinks.values() if stream in outcome.uncomputed]
    if len(uncomputed) == len(chosen.sinks):
        return Made((_nothing(chosen),), (f"{outcome.uncomputed[uncomputed[0]]} {_UNCOMPUTED}",))
    if outcome.uncomputed:
        named = listed(uncomputed or list(outcome.uncomputed))
        said.append(f"{next(iter(outcome.uncomputed.values()))} The rows of {named} and the errors are in no test yet.")
    entries = [entry(record) for record in sample.records]
    tests = [_test(chosen, _NAME if lines is None else _GIVEN, entries, sample, outcome)]
    if sample.refused:
        refused = [entry(record) for record in sample.refused]
        tests.append(_test(chosen, _REFUSED, refused, sample, _outcome(chosen, sample, refused)))
    silent = [one for one in chosen.sinks.values() if one not in uncomputed and not outcome.streams.get(one)]
    if silent:
        said.append(f"No record of them gives a row of {listed(silent)}: add some that do.")
    return Made(tuple(tests), tuple(said))


_NAME = "records that were made up give the rows of KDA's model"
_GIVEN = "records of the sample give the rows of KDA's model"
_REFUSED = "a record that cannot be read is on the errors stream"
_UNCOMPUTED = "So the rows are still to be written down: run the job over records, and keep what is right."
_TRIES = 12


def _best(chosen: Chosen, lines: Sequence[bytes] | None, references: Mapping[str, bytes]) -> tuple[Sample, Outcome]:
    """The sample of which most outputs have rows, and what the model makes of it. Raises NotModelled."""
    if lines is not None:
        samples = [samples_.of_lines(lines, chosen.subject, references)]
    else:
        samples = [samples_.made(chosen.subject, seed, chosen.time_column) for seed in range(_TRIES)]
    found: list[tuple[int, Sample, Outcome]] = []
    for one in samples:
        outcome = _outcome(chosen, one, [entry(record) for record in one.records])
        found.append((rows_of(outcome, list(chosen.sinks.values())), one, outcome))
        if found[-1][0] == len(chosen.sinks):
            break
    _rows, sample, outcome = max(found, key=lambda each: each[0])
    return sample, outcome


def _outcome(chosen: Chosen, sample: Sample, entries: Sequence[Entry]) -> Outcome:
    return run(chosen.application, read(entries), sample.references, align=chosen.align)


def _test(chosen: Chosen, name: str, entries: Sequence[Entry], sample: Sample, outcome: Outcome) -> Test:
    files = {
        chosen.references[table]: content.splitlines()
        for table, content in sample.references.items()
        if table in chosen.references  # one that no pump reads has no table here
    }
    return Test(name, {chosen.source: entries}, files, expected(outcome, chosen))


def _nothing(chosen: Chosen) -> Test:
    """No record gives no row: what is sure of any job."""
    sinks = dict.fromkeys((*chosen.sinks, ERRORS), ())
    return Test("no record gives no row", {chosen.source: ()}, {}, sinks)
