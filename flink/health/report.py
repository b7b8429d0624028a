"""Facts and findings as a person reads them, and as one JSON object."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from flink.health import judgement
from flink.health.facts import Aws, Checkpoints, Facts, Job, Records, Sink
from flink.health.findings import Finding, Level
from flink.health.reading import QUIET
from flink.health.words import listed, moment, part, share
from program.formats import duration, many, size

_COLOURS = {Level.NOTE: "green", Level.DEGRADED: "yellow", Level.STUCK: "red", Level.DOWN: "red"}
NAMES = 12  # characters of a fact's name
SUBTASKS = 16  # that are shown one by one


def verdict(findings: Sequence[Finding]) -> str:
    """One line: how the job is, and the worst that was found."""
    level = judgement.worst(findings)
    serious = [finding for finding in findings if finding.level is not Level.NOTE]
    if not serious:
        return level.verdict
    more = f" (and {len(serious) - 1} more)" if len(serious) > 1 else ""
    return f"{level.verdict}: {serious[0].what}{more}"


def as_json(facts: Facts, findings: Sequence[Finding]) -> dict[str, Any]:
    """The verdict, the exit code, the findings, and all facts by their names."""
    return {
        "verdict": judgement.worst(findings).verdict,
        "code": judgement.worst(findings).code,
        "findings": [
            {"level": _word(one), "name": one.name, "what": one.what, "remedy": one.remedy} for one in findings
        ],
        "facts": dataclasses.asdict(facts) | {"taken": facts.taken.isoformat()},
    }


def show(facts: Facts, findings: Sequence[Finding], unasked: str, console: Console | None = None) -> None:
    """Print verdict, facts, findings. unasked: why Kinesis was not asked, if it was not."""
    console = console or Console(highlight=False)
    # A log or a pipe gets whole lines; what reads them can wrap them.
    width = console.width if console.is_terminal else 10_000
    colour = _COLOURS[judgement.worst(findings)]
    _print(console, width, "", verdict(findings), f"bold {colour}")
    console.print()
    for name, value in lines(facts, unasked):
        _print(console, width, f"{name:<{NAMES}}", value)
    for finding in findings:
        console.print()
        _print(console, width, f"{_word(finding)}: ", finding.what, _COLOURS[finding.level])
        _print(console, width, "  → ", finding.remedy)


def _print(console: Console, width: int, head: str, value: str, style: str = "") -> None:
    """A line that goes on below its own beginning. Text is never markup: a failure may say anything."""
    wrapped = textwrap.wrap(value, max(width - len(head), 20), break_long_words=False, break_on_hyphens=False) or [""]
    for number, line in enumerate(wrapped):
        start = head if number == 0 else " " * len(head)
        console.print(Text(start, style or "dim") + Text(line, style if not head else ""), soft_wrap=True)


def _word(finding: Finding) -> str:
    return "note" if finding.level is Level.NOTE else finding.level.verdict


def lines(facts: Facts, unasked: str) -> Iterator[tuple[str, str]]:
    """The facts, each with its name; an empty name goes on with the one before."""
    job = facts.job
    if job is None:
        yield "cluster", facts.cluster
    else:
        yield "job", f"{facts.name}, {job.id} on {facts.cluster}"
        yield "state", _state(job)
        yield "restarts", _restarts(job)
        yield "checkpoint", _checkpoint(job.checkpoints)
        if job.apart and job.all_runs:  # else the metrics are those of before
            yield from _reading(job, facts.aws)
    yield "AWS", f"not asked: {unasked}" if facts.aws is None else _far_ends(facts.aws)


def _state(job: Job) -> str:
    tasks = f"{job.tasks_running} of {many(job.tasks, 'task')}" if job.tasks else "no task yet"
    since = "" if job.running is None else f" for {duration(job.running)}"
    return f"{job.state}{since}, {tasks} run, submitted {duration(job.age)} ago"


def _restarts(job: Job) -> str:
    if not job.failures:
        return str(job.restarts or "none")
    last = job.failures[0]
    return f"{job.restarts or 0}, last failure {duration(last.ago)} ago: {last.cause}"


def _checkpoint(known: Checkpoints | None) -> str:
    if known is None:
        return "off"
    every = f"one every {duration(known.interval)}, {known.completed:,} complete, {known.failed:,} not"
    if known.age is None:
        return f"none yet; {every}"
    return f"{duration(known.age)} ago, {size(known.size or 0)} in {duration(known.duration or 0)}; {every}"


def _reading(job: Job, aws: Aws | None) -> Iterator[tuple[str, str]]:
    records = job.records
    if records is not None and records.read is not None:
        yield (
            "records",
            f"{records.read:,} read since the last start, {records.read_rate or 0:,.1f}/s in the last minute",
        )
        yield "late", _part(records.late, records.late_rate, records)
        yield "malformed", _part(records.malformed, records.malformed_rate, records)
    yield "watermark", _mark(job.watermark, job.watermark_earlier, job.apart)
    yield from _subtasks(job)
    if job.behind or (aws and aws.shards):
        yield "shards", _shards(job, aws)
    yield "sinks", "; ".join(_sink(sink) for sink in job.sinks)
    yield "pressure", _pressure(job)


def _part(count: int | None, rate: float | None, records: Records) -> str:
    if count is None or rate is None:
        return "not known yet"
    return f"{count:,}, {share(rate / records.read_rate) if records.read_rate else '0%'} in the last minute"


def _mark(mark: int | None, earlier: int | None, apart: float) -> str:
    if mark is None:
        return "none yet"
    if earlier is None:
        moved = ""
    elif mark == earlier:
        moved = f", not moved for {duration(apart)}"
    else:
        moved = f", moved by {duration((mark - earlier) / 1000)} in {duration(apart)}"
    return f"{moment(mark)} of event time{moved}"


def _subtasks(job: Job) -> Iterator[tuple[str, str]]:
    marks = [subtask.watermark for subtask in job.subtasks if subtask.watermark is not None]
    for subtask in job.subtasks[:SUBTASKS]:
        lag = "no watermark"
        if subtask.watermark is not None:
            behind = (max(marks) - subtask.watermark) / 1000
            lag = f"{moment(subtask.watermark)}, " + ("the newest" if behind < 0.05 else f"{duration(behind)} behind")
            if job.watermark is not None and subtask.watermark < job.watermark:
                lag += ", not waited for"
        shards = listed([_short(shard) for shard in subtask.shards], 8) or "none"
        yield "", f"subtask {subtask.index}: {lag}; {'shard' if len(subtask.shards) == 1 else 'shards'} {shards}"
    if len(job.subtasks) > SUBTASKS:
        yield "", f"and {len(job.subtasks) - SUBTASKS} more subtasks"


def _shards(job: Job, aws: Aws | None) -> str:
    behind = max((job.behind or {}).values(), default=None)
    lag = "" if behind is None else f", read {duration(behind)} behind at most"
    if aws is None or not aws.shards:
        return f"{len(job.behind or {})} read by {many(len(job.subtasks), 'subtask')}{lag}"
    newest = min((shard.silent for shard in aws.shards if shard.silent is not None), default=None)
    came = "" if newest is None else f", newest record {'' if newest < QUIET else 'at least '}{duration(newest)} old"
    quiet = [_short(shard.id) for shard in aws.shards if shard.asked and shard.silent is None]
    silent = f", silent for two minutes: {listed(quiet, 8)}" if quiet else ""
    unknown = sum(not shard.asked for shard in aws.shards)
    unasked = f", {unknown} could not be asked" if unknown else ""
    return f"{len(aws.shards)} open on {many(len(job.subtasks), 'subtask')}{lag}{came}{silent}{unasked}"


def _short(shard: str) -> str:
    """shardId-000000000003 as 3."""
    return shard.removeprefix("shardId-").lstrip("0") or "0"


def _sink(sink: Sink) -> str:
    if sink.sent is None:
        return f"{sink.table} not known yet"
    refused = f" and {sink.refused:,} refused" if sink.refused else ""
    return f"{sink.table} {sink.sent:,} sent{refused}"


def _pressure(job: Job) -> str:
    busy = max(job.vertices, key=lambda vertex: vertex.busy or 0.0)
    waiting = max((vertex.back_pressured or 0.0 for vertex in job.vertices), default=0.0)
    works = f"{part(busy.name)} works most, {share(busy.busy or 0.0)} of its time"
    return f"{works}; {'no task waits' if waiting < 0.01 else f'tasks wait {share(waiting)} of theirs'} for another"


def _far_ends(aws: Aws) -> str:
    if aws.problem:
        return f"{aws.where} could not be asked: {aws.problem}"
    missing = [f"{one.name} {one.problem}" for one in aws.resources if one.problem]
    return f"{aws.where}; {'; '.join(missing) if missing else 'it, the other streams and the table are there'}"
