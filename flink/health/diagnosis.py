"""Judges an observation of a job: findings, each with a remedy. Pure functions, without a clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flink.health import watermark
from flink.health.findings import MISSED, PATIENCE, PRESSED, QUIET, Finding, Level, Observation, Subject
from flink.health.flink import Checkpoints, Sink, part, written
from program.formats import duration, listed, many, share

RECENT = 600.0  # seconds within which restarts count
LOOP = 3  # recent restarts that make a restart loop
BEHIND = 60.0  # seconds from a record's arrival to its reading
BUSY = 0.8  # share of its time that a task works
SHARE = 0.05  # of the records read that may be late, or malformed
FEW = 5  # records a minute that are too few for a share
ERRORS = "errors"  # the view whose rows are the rejected records


def judge(seen: Observation) -> list[Finding]:
    """All findings, the worst first."""
    return sorted(_findings(seen), key=lambda finding: -finding.level.rank)


def worst(findings: Sequence[Finding]) -> Level:
    """The highest level of the findings; NOTE, which is healthy, without a finding."""
    return max((finding.level for finding in findings), key=lambda level: level.rank, default=Level.NOTE)


def _findings(seen: Observation) -> Iterator[Finding]:
    if seen.status is None:
        yield Finding(
            Level.DOWN,
            "no-job",
            f"there is no job {seen.job.name} on {seen.cluster}",
            f"run it there with `python -m jobs submit {seen.job.argument}` or `python -m jobs resume "
            f"{seen.job.argument}`, or name its cluster with --cluster",
        )
        return
    subject = Subject(seen.job, seen.cluster, seen.status, seen.aws)
    yield from _far_ends(subject)
    if not subject.status.all_runs:
        yield _not_running(subject)
        return
    yield from _checkpoints(subject)
    yield from _restarts(subject)
    yield from _pressure(subject)
    held = list(watermark.findings(subject)) if subject.declared.has_windows else []
    yield from held
    yield from _arriving(subject)
    yield from _calls(subject)
    yield from _unread(subject)
    yield from _behind(subject)
    yield from _spare_subtasks(subject)
    # Silent shards are harmless, unless they hold back the watermark.
    if not held:
        yield from _idle_shards(subject)
    yield from _rejects(subject)
    if not subject.is_warm:
        what = f"it was started {duration(subject.running)} ago, so not much is known yet"
        yield Finding(Level.NOTE, "just-started", what, "ask again in a minute")


# ------------------------------------------------------------------------------------------------ streams and tables


def _far_ends(subject: Subject) -> Iterator[Finding]:
    """Problems with streams and tables. Without a stream or table the job may run, but makes no progress."""
    aws = subject.aws
    if aws is None:
        return
    if aws.problem:
        yield Finding(
            Level.DEGRADED,
            "aws-unknown",
            f"{aws.where} could not be asked: {aws.problem}",
            "look at the endpoint, the region and the credentials that this command was given",
        )
    if other := subject.other_streams:
        yield Finding(
            Level.DEGRADED,
            "other-stream",
            f"the job reads the {'streams' if other[1:] else 'stream'} {listed(other)}, and {aws.where} was asked",
            "name the job's own settings with --properties",
        )
    for resource in aws.resources:
        if resource.problem is not None:
            unknown = resource.problem.startswith("cannot")
            do = "allow this command to describe it" if unknown else "create it; the job goes on by itself"
            if resource.problem.startswith("has "):
                do = f"name another table as {resource.table}.table in the job's settings, or make one with this key"
            # A job that runs has read its objects, and needs them again only to start afresh.
            is_read = subject.status.all_runs and subject.declared.far_end(resource.table) == "object"
            lacking = Level.STUCK if subject.status.all_runs else Level.DOWN
            yield Finding(
                Level.DEGRADED if unknown or is_read else lacking,
                "far-end",
                f"the {resource.name} {resource.problem}",
                do,
            )


# ----------------------------------------------------------------------------------------------- state and progress


def _not_running(subject: Subject) -> Finding:
    """The reason why the job, or some of its tasks, do not run."""
    status = subject.status
    again = f"go on from its last checkpoint with `python -m jobs resume {subject.declared.argument}`"
    last = status.failures[0] if status.failures else None
    failed = f"; it failed {duration(last.ago)} ago: {last.cause}" if last else ""
    do = subject.remedy(last.cause) if last else "wait half a minute; if it stays so, read the JobManager's log"
    times = f" after {many(status.restarts, 'restart')}" if status.restarts else ""
    match status.state:
        case "FAILED":
            return Finding(Level.DOWN, "failed", f"it has ended{times}{failed}", f"{do}; then {again}")
        case "CANCELED":
            return Finding(Level.DOWN, "ended", "it was cancelled", again)
        case "FINISHED":
            return Finding(Level.DOWN, "ended", "it was stopped, or has read all there is", again)
        case "RESTARTING" | "FAILING":
            return Finding(Level.DOWN, "restarting", f"it waits to be restarted{times}{failed}", do)
    if status.slots_free == 0 and not last:
        do = "wait half a minute; if it stays so, no slot is free: start a TaskManager, or lower the parallelism"
    doing = "starting" if status.state in ("INITIALIZING", "CREATED", "RUNNING") else status.state.lower()
    what = f"it is {doing}, {status.tasks_running} of its {many(status.tasks, 'task')} run{failed}"
    return Finding(Level.DOWN, "starting", what, do)


def _checkpoints(subject: Subject) -> Iterator[Finding]:
    known, missing, sinks = subject.status.checkpoints, subject.overdue, subject.status.sinks
    refused = [sink for sink in sinks if sink.refused_lately]
    if known is None:
        yield Finding(
            Level.DEGRADED,
            "checkpoints-off",
            "checkpoints are off: after a failure the job begins anew",
            "set execution.checkpointing.interval where the job is launched",
        )
    if known is None or missing is None:
        yield from (_refused(sink, subject) for sink in refused)
        if known and known.failure:
            what = f"the newest checkpoint failed: {known.failure}"
            do = subject.remedy(known.failure, "checkpoints")
            yield Finding(Level.DEGRADED, "checkpoint-failed", what, do)
    elif _recovering(subject, known):
        yield Finding(
            Level.DEGRADED,
            "no-checkpoint-yet",
            f"it was restarted {duration(subject.running)} ago, its last checkpoint is {duration(missing)} old",
            f"wait for {duration(max(MISSED * known.interval, PATIENCE))} and ask again",
        )
    else:
        # A checkpoint waits until a sink has sent all its records, however often the service refuses them.
        stuck = refused or [sink for sink in sinks if sink.waiting and sink.sent_lately == 0]
        yield from (_refused(sink, subject, missing) for sink in stuck)
        if not stuck:
            yield _no_checkpoint(subject, known, missing)


def _refused(sink: Sink, subject: Subject, missing: float | None = None) -> Finding:
    """A sink that the service refuses, or does not answer. missing: seconds without a checkpoint, if too many."""
    apart = f"in {subject.status.apart:.0f} s"
    what = f"the sink {sink.table} is being refused, {many(sink.refused_lately or 0, 'time')} {apart}"
    if not sink.refused_lately:
        what = f"the sink {sink.table} has sent none of {many(sink.waiting, 'waiting row')} {apart}"
        what += f", and was refused {many(sink.refused, 'time')} before" if sink.refused else ""
    return Finding(
        Level.DEGRADED if missing is None else Level.STUCK,
        "sink-refused" if sink.refused else "sink-stalled",
        what if missing is None else f"no checkpoint for {duration(missing)}: {what}",
        f"look at the permissions and the throttling of {_written_to([sink.table], subject)}; nothing is lost, "
        "it tries for ever",
    )


def _written_to(tables: Sequence[str], subject: Subject) -> str:
    """The streams and tables that the sinks write to, by their names if these are known."""
    names = subject.far_ends
    return listed([f"the {names[table]}" if table in names else f"what {table} writes to" for table in tables])


def _no_checkpoint(subject: Subject, known: Checkpoints, missing: float) -> Finding:
    what = f"no checkpoint for {missing / known.interval:,.0f} intervals of {duration(known.interval)}"
    expired = known.failure is not None and "expired" in known.failure
    sinks = [table for name in known.missing for table in written(name)]
    if known.failure and not expired:
        what, do = f"{what}: {known.failure}", subject.remedy(known.failure, "checkpoints")
    elif subject.bottleneck and not sinks:
        do = "see the back pressure: a checkpoint passes through the tasks only as fast as the records do"
    elif known.missing:
        what = f"{what}: {listed([part(name) for name in known.missing])} has not done its part"
        do = f"see what it waits for at {subject.page('checkpoints')}"
        if sinks:
            do = f"look whether {_written_to(sinks, subject)} can be written: permissions, throttling, the way there"
    else:
        do = f"see what becomes of them at {subject.page('checkpoints')}"
    return Finding(Level.STUCK, "no-checkpoint", what, do)


def _recovering(subject: Subject, known: Checkpoints) -> bool:
    """Whether the last restart is too recent for a checkpoint, and there is no restart loop."""
    restarts = sum(failure.ago < RECENT for failure in subject.status.failures)
    return 0 < restarts < LOOP and subject.running < max(MISSED * known.interval, PATIENCE)


def _restarts(subject: Subject) -> Iterator[Finding]:
    status = subject.status
    recent = [failure for failure in status.failures if failure.ago < RECENT]
    if recent:
        last, age = recent[0], status.checkpoints.age if status.checkpoints else None
        recovered = age is not None and age < last.ago and len(recent) < LOOP
        yield Finding(
            Level.NOTE if recovered else Level.DEGRADED,
            "restarts",
            f"{many(len(recent), 'restart')} in the last {duration(RECENT)}, "
            f"the last {duration(last.ago)} ago: {last.cause}",
            subject.remedy(last.cause),
        )


def _pressure(subject: Subject) -> Iterator[Finding]:
    cause = subject.bottleneck
    if cause is None:
        return
    waiting = max(vertex.back_pressured or 0.0 for vertex in subject.status.vertices)
    if subject.overdue is not None:
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


# ---------------------------------------------------------------------------------------------- reading the streams


def _arriving(subject: Subject) -> Iterator[Finding]:
    """Whether records arrive, and whether the job reads them."""
    if subject.shards and len(subject.silent) == len(subject.shards):
        keeps = ", and keeps the last windows open until records come" if subject.declared.has_windows else ""
        yield Finding(
            Level.DEGRADED,
            "nothing-arrives",
            f"no record has arrived on any of {many(len(subject.shards), 'shard')} for two minutes",
            f"look at the producers; the job is well{keeps}",
        )
    elif subject.reads or not subject.is_settled:
        return
    elif arriving := [shard for shard in subject.speaking if (shard.silent or 0.0) < QUIET]:
        yield Finding(
            Level.STUCK,
            "not-reading",
            f"records arrive on {many(len(arriving), 'shard')}, and in the last minute the job has read none",
            "look for GetRecords in the TaskManagers' logs: may the job read the stream, and are there other readers?",
        )
    elif subject.aws is None or subject.aws.problem:
        yield Finding(
            Level.DEGRADED,
            "nothing-read",
            "the job has read nothing in the last minute",
            "look at the producers; given --properties, this command asks Kinesis whether records arrive",
        )


def _calls(subject: Subject) -> Iterator[Finding]:
    """Calls to streams that did not succeed. A few throttled calls are normal where a shard has several readers."""
    apart = f"in {subject.status.apart:.0f} s"
    slows = not subject.reads or subject.has_more_to_read
    behind = max(subject.behind.values(), default=0.0)
    for stream, calls in subject.status.calls.items():
        if calls.throttled:
            yield Finding(
                Level.DEGRADED if slows else Level.NOTE,
                "reads-throttled",
                f"{many(calls.throttled, 'throttled call')} to read the stream {stream} {apart}"
                + (f", and reading may be {duration(behind)} behind" if slows else ""),
                "stop other readers of the stream, or read it by EFO" if slows else "nothing while the job keeps up",
            )
        if failed := calls.denied + calls.failed:
            yield Finding(
                Level.DEGRADED,
                "reads-failing",
                f"{many(failed, 'call')} to read the stream {stream} failed {apart}",
                "see whether AWS, or its emulator, can be reached from the TaskManagers, and whether the job may read; "
                "it tries for ever",
            )


def _unread(subject: Subject) -> Iterator[Finding]:
    assigned = {shard for subtask in subject.status.subtasks for shard in subtask.shards}
    unread = [shard.id for shard in subject.shards if shard.id not in assigned]
    if assigned and unread and subject.is_warm:
        yield Finding(
            Level.DEGRADED,
            "unread-shards",
            f"no subtask reads {listed(unread)}",
            "wait 20 s, as new shards are looked for every 10 s; if it stays so, may the job list the shards?",
        )


def _spare_subtasks(subject: Subject) -> Iterator[Finding]:
    spare, all_ = sum(not subtask.shards for subtask in subject.status.subtasks), subject.parallelism
    if 0 < spare < all_ and subject.is_warm and len(subject.declared.sources) == 1:
        what = f"{spare} of {many(all_, 'subtask')} have no shard to read; they cost memory, nothing else"
        yield Finding(Level.NOTE, "spare-subtasks", what, f"parallelism {all_ - spare} reads as fast")


def _idle_shards(subject: Subject) -> Iterator[Finding]:
    if subject.silent and subject.speaking:
        waits = ""
        if subject.declared.has_windows:
            waits = f": the job stops waiting for a shard after {watermark.rules(subject.declared).held_by:.0f} s"
        yield Finding(
            Level.NOTE,
            "idle-shards",
            f"no record for two minutes on {listed([shard.id for shard in subject.silent])}",
            f"nothing, if that is to be expected{waits}",
        )


def _behind(subject: Subject) -> Iterator[Finding]:
    status, behind = subject.status, subject.behind
    shards = len(subject.shards) or len(behind)
    late = [shard for shard, seconds in behind.items() if seconds > BEHIND]
    few = shards > subject.parallelism
    too_few = f"{many(shards, 'shard')} on {many(subject.parallelism, 'subtask')} are too few subtasks"
    name, most = subject.declared.argument, min(shards, subject.declared.most_subtasks or shards)
    more = f"`python -m jobs stop {name}`, then `python -m jobs resume {name} --parallelism {most}`"
    if late:
        worst = max(late, key=behind.__getitem__)
        change = behind[worst] - (status.behind_earlier or {}).get(worst, behind[worst])
        catching_up = change < -0.5 or not subject.is_settled
        what = f"{len(late)} of {many(shards, 'shard')} read {duration(behind[worst])} behind or less"
        what += ", catching up" if change < -0.5 else ", getting worse" if change > 0.5 else ""
        alone = "see the back pressure" if subject.bottleneck else "stop other readers of the stream, or read it by EFO"
        yield Finding(
            Level.DEGRADED,
            "too-few-subtasks" if few else "behind",
            f"{what}; {too_few}" if few else what,
            ("wait, or " if catching_up else "") + (more if few else alone),
        )
    elif (
        few
        and subject.is_warm
        and subject.overdue is None
        and (subject.bottleneck or any((vertex.busy or 0.0) >= BUSY for vertex in status.vertices))
    ):
        yield Finding(Level.DEGRADED, "too-few-subtasks", f"{too_few}, and they have all they can do", more)


def _rejects(subject: Subject) -> Iterator[Finding]:
    """Late and malformed records. Their shares in the last minute say more than their shares since the start."""
    records = subject.status.records
    if records is None:
        return
    sinks = [table for table, view in subject.declared.inserts.items() if view == ERRORS]
    errors = listed([subject.far_ends.get(table, f"far end of {table}") for table in sinks])
    for name, rate, do in (
        ("late", records.late_rate, "look for producers that send late or whose clock is slow, or one whose is fast"),
        ("malformed", records.malformed_rate, "look for a producer that has changed its format"),
    ):
        if rate and records.read_rate and rate * 60 > FEW and rate / records.read_rate > SHARE:
            yield Finding(
                Level.DEGRADED,
                name,
                f"{share(rate / records.read_rate)} of the records read in the last minute are {name}",
                f"read the {errors}, which tells shard and reason of each; {do}",
            )
    if records.dropped:
        yield Finding(
            Level.NOTE,
            "dropped",
            f"{many(records.dropped, 'late record')} were dropped by a window without being counted as LATE",
            "nothing now; a shard that had been left out as silent came back with old records (docs/limits.md)",
        )
