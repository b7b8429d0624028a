"""Judging whether a job runs and gets on: its state, restarts, checkpoints, sinks, and what slows it down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flink.health.facts import Aws, Checkpoints, Job, Sink, Vertex
from flink.health.findings import Finding, Level, page, remedy
from flink.health.words import listed, part, share, written
from program.formats import duration, many

MISSED = 3  # intervals without a checkpoint until the job counts as stuck
PATIENCE = 30.0  # seconds without one that a busy machine may take, however short the interval
RECENT = 600.0  # seconds within which restarts count
LOOP = 3  # recent restarts that are no accident any more
STARTING = 20.0  # seconds after a (re)start
PRESSED = 0.5  # share of its time that a task waits for the one after it

AGAIN = "go on from its last checkpoint with `python -m jobs resume`"


def not_running(job: Job, cluster: str) -> Finding:
    """What keeps the job, or some of its tasks, from running."""
    last = job.failures[0] if job.failures else None
    failed = f"; it failed {duration(last.ago)} ago: {last.cause}" if last else ""
    do = remedy(last.cause, job, cluster) if last else "wait half a minute; if it stays so, read the JobManager's log"
    times = f" after {many(job.restarts, 'restart')}" if job.restarts else ""
    match job.state:
        case "FAILED":
            return Finding(Level.DOWN, "failed", f"it has ended{times}{failed}", f"{do}; then {AGAIN}")
        case "CANCELED" | "FINISHED":
            what = {"CANCELED": "it was cancelled", "FINISHED": "it was stopped, or has read all there is"}[job.state]
            return Finding(Level.DOWN, "ended", what, AGAIN)
        case "RESTARTING" | "FAILING":
            return Finding(Level.DOWN, "restarting", f"it waits to be restarted{times}{failed}", do)
    if job.slots_free == 0 and not last:
        do = "wait half a minute; if it stays so, no slot is free: start a TaskManager, or lower the parallelism"
    doing = "starting" if job.state in ("INITIALIZING", "CREATED", "RUNNING") else job.state.lower()
    what = f"it is {doing}, {job.tasks_running} of its {many(job.tasks, 'task')} run{failed}"
    return Finding(Level.DOWN, "starting", what, do)


def findings(job: Job, aws: Aws | None, cluster: str) -> Iterator[Finding]:
    """About a job whose tasks all run."""
    yield from _checkpoints(job, aws, cluster)
    yield from _restarts(job, cluster)
    yield from _pressure(job)


def overdue(job: Job) -> float | None:
    """For how long there has been no checkpoint, if that is too long."""
    known = job.checkpoints
    if known is None:
        return None
    since = job.age if known.age is None else known.age
    return since if since > max(MISSED * max(known.interval, known.duration or 0.0), PATIENCE) else None


def _checkpoints(job: Job, aws: Aws | None, cluster: str) -> Iterator[Finding]:
    known, missing = job.checkpoints, overdue(job)
    refused = [sink for sink in job.sinks if sink.refused_lately]
    if known is None:
        yield Finding(
            Level.DEGRADED,
            "checkpoints-off",
            "checkpoints are off: after a failure the job begins anew",
            "set execution.checkpointing.interval where the job is launched",
        )
    if known is None or missing is None:
        yield from (_refused(sink, job, aws) for sink in refused)
        if known and known.failure:
            what = f"the newest checkpoint failed: {known.failure}"
            yield Finding(Level.DEGRADED, "checkpoint-failed", what, remedy(known.failure, job, cluster, "checkpoints"))
    elif _recovering(job, known):
        yield Finding(
            Level.DEGRADED,
            "no-checkpoint-yet",
            f"it was restarted {duration(job.running or 0.0)} ago, its last checkpoint is {duration(missing)} old",
            f"wait for {duration(max(MISSED * known.interval, PATIENCE))} and ask again",
        )
    else:
        # A checkpoint waits until a sink has sent all it was given, however often that is refused.
        stuck = refused or [sink for sink in job.sinks if sink.waiting and sink.sent_lately == 0]
        yield from (_refused(sink, job, aws, missing) for sink in stuck)
        if not stuck:
            yield _no_checkpoint(job, known, missing, aws, cluster)


def _refused(sink: Sink, job: Job, aws: Aws | None, missing: float | None = None) -> Finding:
    """A sink that the service refuses, or does not answer; with it, how long checkpoints have been missing."""
    what = f"the sink {sink.table} is being refused, {many(sink.refused_lately or 0, 'time')} in {job.apart:.0f} s"
    if not sink.refused_lately:
        what = f"the sink {sink.table} has sent none of {many(sink.waiting, 'waiting row')} in {job.apart:.0f} s"
        what += f", and was refused {many(sink.refused, 'time')} before" if sink.refused else ""
    return Finding(
        Level.DEGRADED if missing is None else Level.STUCK,
        "sink-refused" if sink.refused else "sink-stalled",
        what if missing is None else f"no checkpoint for {duration(missing)}: {what}",
        f"look at the permissions and the throttling of {_far_ends([sink.table], aws)}; nothing is lost, "
        "it tries for ever",
    )


def _far_ends(tables: Sequence[str], aws: Aws | None) -> str:
    """What the sinks write to, by its own names if they are known."""
    names = {one.table: f"the {one.name}" for one in aws.resources} if aws else {}
    return listed([names.get(table, f"what {table} writes to") for table in tables])


def _no_checkpoint(job: Job, known: Checkpoints, missing: float, aws: Aws | None, cluster: str) -> Finding:
    what = f"no checkpoint for {missing / known.interval:,.0f} intervals of {duration(known.interval)}"
    expired = known.failure is not None and "expired" in known.failure
    if known.failure and not expired:
        what, do = f"{what}: {known.failure}", remedy(known.failure, job, cluster, "checkpoints")
    elif slowest(job) and not any(written(name) for name in known.missing):
        do = "see the back pressure: a checkpoint passes through the tasks only as fast as the records do"
    elif known.missing:
        what = f"{what}: {listed([part(name) for name in known.missing])} has not done its part"
        sinks = [table for name in known.missing for table in written(name)]
        do = f"see what it waits for at {page(job, cluster, 'checkpoints')}"
        if sinks:
            do = f"look whether {_far_ends(sinks, aws)} can be written: permissions, throttling, the way there"
    else:
        do = f"see what becomes of them at {page(job, cluster, 'checkpoints')}"
    return Finding(Level.STUCK, "no-checkpoint", what, do)


def _recovering(job: Job, known: Checkpoints) -> bool:
    """Whether the job was restarted too lately to have a checkpoint, and not over and over."""
    restarts = sum(failure.ago < RECENT for failure in job.failures)
    return 0 < restarts < LOOP and (job.running or 0.0) < max(MISSED * known.interval, PATIENCE)


def _restarts(job: Job, cluster: str) -> Iterator[Finding]:
    recent = [failure for failure in job.failures if failure.ago < RECENT]
    if recent:
        last, age = recent[0], job.checkpoints.age if job.checkpoints else None
        recovered = age is not None and age < last.ago and len(recent) < LOOP
        yield Finding(
            Level.NOTE if recovered else Level.DEGRADED,
            "restarts",
            f"{many(len(recent), 'restart')} in the last {duration(RECENT)}, "
            f"the last {duration(last.ago)} ago: {last.cause}",
            remedy(last.cause, job, cluster),
        )


def slowest(job: Job) -> Vertex | None:
    """The part that the parts before it wait for: the first one that waits for nobody itself.

    None for the first seconds of a job, in which tasks that restore their state seem busy.
    """
    if (job.running or 0.0) < STARTING:
        return None
    pressed = {place for place, vertex in enumerate(job.vertices) if (vertex.back_pressured or 0.0) >= PRESSED}
    after = [vertex for place, vertex in enumerate(job.vertices) if place not in pressed and pressed & {*vertex.inputs}]
    return max(after, key=lambda vertex: vertex.busy or 0.0, default=None)


def _pressure(job: Job) -> Iterator[Finding]:
    cause = slowest(job)
    if cause is None:
        return
    waiting = max(vertex.back_pressured or 0.0 for vertex in job.vertices)
    if overdue(job) is not None:
        do = "see why there is no checkpoint: a sink that is not answered slows down all before it"
    elif cause.busy is not None and cause.busy < PRESSED and written(cause.name):
        do = f"look whether {listed(written(cause.name))} can be written as fast: throttling, the way there"
    else:
        do = "raise the parallelism, or give the TaskManagers more CPU"
    busy = "" if cause.busy is None else f", busy for {share(cause.busy)} of the time"
    yield Finding(
        Level.DEGRADED,
        "back-pressure",
        f"tasks wait {share(waiting)} of their time for {part(cause.name)}{busy}",
        do,
    )
