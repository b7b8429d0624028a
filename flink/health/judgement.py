"""What the facts about a job mean: findings, each with what to do about it. Pure, and without a clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flink.health import event_time, progress, reading
from flink.health.facts import Aws, Facts, Job
from flink.health.findings import Finding, Level
from program.formats import duration


def judge(facts: Facts) -> list[Finding]:
    """All findings, the worst first."""
    return sorted(_findings(facts), key=lambda finding: -finding.level.rank)


def worst(findings: Sequence[Finding]) -> Level:
    """The level of the whole; NOTE, which is healthy, without any finding."""
    return max((finding.level for finding in findings), key=lambda level: level.rank, default=Level.NOTE)


def _findings(facts: Facts) -> Iterator[Finding]:
    job, aws = facts.job, facts.aws
    if job is None:
        yield Finding(
            Level.DOWN,
            "no-job",
            f"there is no job {facts.name} on {facts.cluster}",
            "run it there with `python -m jobs submit` or `python -m jobs resume`, or name its cluster with --cluster",
        )
        return
    if aws is not None:
        yield from _far_ends(aws, job)
    if not job.all_runs:
        yield progress.not_running(job, facts.cluster)
        return
    yield from progress.findings(job, aws, facts.cluster)
    seen = reading.Reading(job, aws.shards if aws and not _other_stream(aws, job) else ())
    held = list(event_time.findings(seen))
    yield from held
    # Silent shards are harmless, unless they are what was just said to be waited for.
    yield from (one for one in reading.findings(seen, aws) if not (held and one.name == "idle-shards"))
    if not seen.warm():
        what = f"it was started {duration(job.running or 0.0)} ago, so not much can be told"
        yield Finding(Level.NOTE, "just-started", what, "ask again in a minute")


def _far_ends(aws: Aws, job: Job) -> Iterator[Finding]:
    """Streams and table: without one of them the job may run, and makes no progress."""
    if aws.problem:
        yield Finding(
            Level.DEGRADED,
            "aws-unknown",
            f"{aws.where} could not be asked: {aws.problem}",
            "look at the endpoint, the region and the credentials that this command was given",
        )
    if _other_stream(aws, job):
        yield Finding(
            Level.DEGRADED,
            "other-stream",
            f"the job reads the stream {job.stream}, and {aws.where} was asked",
            "name the job's own settings with --properties",
        )
    for resource in aws.resources:
        if resource.problem is not None:
            unknown = resource.problem.startswith("cannot")
            do = "allow this command to describe it" if unknown else "create it; the job goes on by itself"
            if resource.problem.startswith("has "):
                do = "name another table as sensor_data.table in the job's settings, or make one with this key"
            yield Finding(
                Level.DEGRADED if unknown else Level.STUCK if job.all_runs else Level.DOWN,
                "far-end",
                f"the {resource.name} {resource.problem}",
                do,
            )


def _other_stream(aws: Aws, job: Job) -> bool:
    names = [one.name for one in aws.resources if one.table == "readings"]
    return job.stream is not None and bool(names) and f"stream {job.stream}" not in names
