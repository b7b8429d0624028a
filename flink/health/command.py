"""`python -m jobs health JOB`: its options and settings, its exit code, and its output."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flink import command as on_cluster
from flink import rest
from flink.health import flink
from flink.health.diagnosis import ERRORS, judge, worst
from flink.health.findings import QUIET, Finding, Level, Observation
from flink.health.flink import Checkpoints, JobStatus, Records, Sink, part
from pipeline import settings
from pipeline.job import Job
from pipeline.settings import Settings
from program.command_line import Command
from program.formats import duration, listed, many, moment, share, size

if TYPE_CHECKING:
    from rich.console import Console

    from flink.health.aws import Aws

UNKNOWN = 4
_COLOURS = {Level.NOTE: "green", Level.DEGRADED: "yellow", Level.STUCK: "red", Level.DOWN: "red"}
NAMES = 12  # characters of a fact's name
SUBTASKS = 16  # with a line each, at most

EPILOG = """\
Exit codes:
  0  healthy
  1  degraded: it works, and something needs attention
  2  the options or the settings cannot be used
  3  not running, or running without making progress
  4  not known: the cluster does not answer

It looks at the job twice, 6 s apart, or 10 s where Flink collects metrics as seldom as it does by default. Of Kinesis
it reads some records of each shard, with four reads at most; readers of a shard share five reads a second.
"""


@click.command(
    cls=Command,
    epilog=EPILOG,
    example="python -m jobs health unicorn_summary --properties application_properties.json",
)
@on_cluster.job_argument
@on_cluster.cluster_option
@on_cluster.properties_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def health(job: Job, address: str | None, properties: Path | None, *, as_json: bool) -> int:
    """Show how a running job is doing, and what to do if it is not well."""
    chosen, unasked = _settings(job, properties, os.environ)
    cluster = on_cluster.cluster(address)
    if sys.stderr.isatty() and not as_json:
        print(f"Looking at {cluster.address} twice, which takes some seconds.", file=sys.stderr)
    try:
        seen = observe(job, cluster, chosen)
    except rest.RestError as error:
        what = f"The job's health is not known: {error}"
        if as_json:
            print(json.dumps({"verdict": "unknown", "code": UNKNOWN, "error": what}))
        else:
            print(f"{what.rstrip('.')}: is the cluster up, and --cluster its address?", file=sys.stderr)
        return UNKNOWN
    findings = judge(seen)
    if as_json:
        print(json.dumps(in_json(seen, findings)))
    else:
        show(seen, findings, unasked)
    return worst(findings).code


def _settings(job: Job, properties: Path | None, environment: Mapping[str, str]) -> tuple[Settings | None, str]:
    """The settings of a job in AWS; else None, and the reason. Raises SettingsError."""
    try:
        chosen = settings.of_command(job, properties, environment)
    except settings.SettingsError:
        if properties is not None:
            raise
        return None, "name the job's settings with --properties, or set AWS_ENDPOINT_URL or AWS_REGION"
    return (chosen, "") if chosen.place == "aws" else (None, "the job reads files")


def observe(job: Job, cluster: rest.Cluster, chosen: Settings | None) -> Observation:
    """The job on this cluster; its streams and tables only with settings. Raises rest.RestError without an answer."""
    asked: list[Aws] = []

    def ask_aws() -> None:
        from flink.health import aws  # noqa: PLC0415  (boto3 takes half a second)

        if chosen is not None:
            asked.append(aws.gather(chosen))

    listed = cluster.find(job.configuration["pipeline.name"])
    if listed is None:
        ask_aws()
        status = None
    else:
        status = flink.gather(cluster, cluster.job(listed.id), job, ask_aws)
    return Observation(job, cluster.address, datetime.now(UTC), status, asked[0] if asked else None)


# ---------------------------------------------------------------------------------------------------------- output


def verdict(findings: Sequence[Finding]) -> str:
    """A line with the job's level and the worst finding."""
    level = worst(findings)
    serious = [finding for finding in findings if finding.level is not Level.NOTE]
    if not serious:
        return level.verdict
    more = f" (and {len(serious) - 1} more)" if len(serious) > 1 else ""
    return f"{level.verdict}: {serious[0].what}{more}"


def in_json(seen: Observation, findings: Sequence[Finding]) -> dict[str, Any]:
    """The verdict, the exit code, the findings, and all observed facts, by name."""
    return {
        "verdict": worst(findings).verdict,
        "code": worst(findings).code,
        "findings": [
            {"level": _word(one), "name": one.name, "what": one.what, "remedy": one.remedy} for one in findings
        ],
        "facts": {
            "cluster": seen.cluster,
            "name": seen.job.name,
            "taken": seen.taken.isoformat(),
            "job": dataclasses.asdict(seen.status) if seen.status else None,
            "aws": dataclasses.asdict(seen.aws) if seen.aws else None,
        },
    }


def show(seen: Observation, findings: Sequence[Finding], unasked: str, console: Console | None = None) -> None:
    """Print verdict, facts and findings. unasked: why AWS was not queried, if it was not."""
    from rich.console import Console  # noqa: PLC0415  (a wrong option or file need not wait for it)

    console = console or Console(highlight=False)
    # A log or a pipe gets whole lines; its reader can wrap them.
    width = console.width if console.is_terminal else 10_000
    colour = _COLOURS[worst(findings)]
    _print(console, width, "", verdict(findings), f"bold {colour}")
    console.print()
    for name, value in lines(seen, unasked):
        _print(console, width, f"{name:<{NAMES}}", value)
    for finding in findings:
        console.print()
        _print(console, width, f"{_word(finding)}: ", finding.what, _COLOURS[finding.level])
        _print(console, width, "  → ", finding.remedy)


def _print(console: Console, width: int, head: str, value: str, style: str = "") -> None:
    """Print a text with a hanging indent. It is never markup, because the text of a failure may contain brackets."""
    from rich.text import Text  # noqa: PLC0415

    wrapped = textwrap.wrap(value, max(width - len(head), 20), break_long_words=False, break_on_hyphens=False) or [""]
    for number, line in enumerate(wrapped):
        start = head if number == 0 else " " * len(head)
        console.print(Text(start, style or "dim") + Text(line, style if not head else ""), soft_wrap=True)


def _word(finding: Finding) -> str:
    return "note" if finding.level is Level.NOTE else finding.level.verdict


def lines(seen: Observation, unasked: str) -> Iterator[tuple[str, str]]:
    """The observed facts, line by line, each with its name. A line with an empty name continues the line before."""
    status = seen.status
    if status is None:
        yield "cluster", seen.cluster
    else:
        yield "job", f"{seen.job.name}, {status.id} on {seen.cluster}"
        yield "state", _state(status)
        yield "restarts", _restarts(status)
        yield "checkpoint", _checkpoint(status.checkpoints)
        if status.apart and status.all_runs:  # else the metrics are out of date
            yield from _moving(seen, status)
    yield "AWS", f"not asked: {unasked}" if seen.aws is None else _far_ends(seen.aws)


def _state(status: JobStatus) -> str:
    tasks = f"{status.tasks_running} of {many(status.tasks, 'task')}" if status.tasks else "no task yet"
    since = "" if status.running is None else f" for {duration(status.running)}"
    return f"{status.state}{since}, {tasks} run, submitted {duration(status.age)} ago"


def _restarts(status: JobStatus) -> str:
    if not status.failures:
        return str(status.restarts or "none")
    last = status.failures[0]
    return f"{status.restarts or 0}, last failure {duration(last.ago)} ago: {last.cause}"


def _checkpoint(known: Checkpoints | None) -> str:
    if known is None:
        return "off"
    every = f"one every {duration(known.interval)}, {known.completed:,} complete, {known.failed:,} not"
    if known.age is None:
        return f"none yet; {every}"
    return f"{duration(known.age)} ago, {size(known.size or 0)} in {duration(known.duration or 0)}; {every}"


def _moving(seen: Observation, status: JobStatus) -> Iterator[tuple[str, str]]:
    records, aws = status.records, seen.aws
    if records is not None and records.read is not None:
        yield (
            "records",
            f"{records.read:,} read since the last start, {records.read_rate or 0:,.1f}/s in the last minute",
        )
        if ERRORS in seen.job.inserts.values():
            yield "late", _part(records.late, records.late_rate, records)
            yield "malformed", _part(records.malformed, records.malformed_rate, records)
    if seen.job.has_windows:
        yield "watermark", _mark(status.watermark, status.watermark_earlier, status.apart)
        yield from _subtasks(status)
    if status.behind or (aws and aws.shards):
        yield "shards", _shards(status, aws)
    yield "sinks", "; ".join(_sink(sink) for sink in status.sinks)
    yield "pressure", _pressure(status)


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


def _subtasks(status: JobStatus) -> Iterator[tuple[str, str]]:
    marks = [subtask.watermark for subtask in status.subtasks if subtask.watermark is not None]
    for subtask in status.subtasks[:SUBTASKS]:
        lag = "no event time"
        if subtask.watermark is not None:
            behind = (max(marks) - subtask.watermark) / 1000
            lag = f"{moment(subtask.watermark)}, " + ("the newest" if behind < 0.05 else f"{duration(behind)} behind")
            if status.watermark is not None and subtask.watermark < status.watermark:
                lag += ", not waited for"
        shards = listed([_short(shard) for shard in subtask.shards], 8) or "none"
        yield "", f"{subtask}: {lag}; {'shard' if len(subtask.shards) == 1 else 'shards'} {shards}"
    if len(status.subtasks) > SUBTASKS:
        yield "", f"and {len(status.subtasks) - SUBTASKS} more subtasks"


def _shards(status: JobStatus, aws: Aws | None) -> str:
    behind = max((status.behind or {}).values(), default=None)
    lag = "" if behind is None else f", read {duration(behind)} behind at most"
    if aws is None or not aws.shards:
        return f"{len(status.behind or {})} read by {many(len(status.subtasks), 'subtask')}{lag}"
    newest = min((shard.silent for shard in aws.shards if shard.silent is not None), default=None)
    came = "" if newest is None else f", newest record {'' if newest < QUIET else 'at least '}{duration(newest)} old"
    quiet = [_short(shard.id) for shard in aws.shards if shard.asked and shard.silent is None]
    silent = f", silent for two minutes: {listed(quiet, 8)}" if quiet else ""
    unknown = sum(not shard.asked for shard in aws.shards)
    unasked = f", {unknown} could not be asked" if unknown else ""
    return f"{len(aws.shards)} open on {many(len(status.subtasks), 'subtask')}{lag}{came}{silent}{unasked}"


def _short(shard: str) -> str:
    """shardId-000000000003 becomes 3."""
    return re.sub(r"shardId-0*(?=\d)", "", shard)


def _sink(sink: Sink) -> str:
    if sink.sent is None:
        return f"{sink.table} not known yet"
    refused = f" and {sink.refused:,} refused" if sink.refused else ""
    return f"{sink.table} {sink.sent:,} sent{refused}"


def _pressure(status: JobStatus) -> str:
    busy = max(status.vertices, key=lambda vertex: vertex.busy or 0.0)
    waiting = max((vertex.back_pressured or 0.0 for vertex in status.vertices), default=0.0)
    works = f"{part(busy.name)} works most, {share(busy.busy or 0.0)} of its time"
    return f"{works}; {'no task waits' if waiting < 0.01 else f'tasks wait {share(waiting)} of theirs'} for another"


def _far_ends(aws: Aws) -> str:
    if aws.problem:
        return f"{aws.where} could not be asked: {aws.problem}"
    missing = [f"{one.name} {one.problem}" for one in aws.resources if one.problem]
    return f"{aws.where}; {'; '.join(missing) if missing else 'all streams and tables are there'}"
