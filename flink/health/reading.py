"""Judging how a job reads its stream: what arrives, shards and subtasks, what is late or malformed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flink.health.facts import Aws, Job, Shard
from flink.health.findings import Finding, Level
from flink.health.progress import overdue, slowest
from flink.health.words import listed, share
from pipeline.job import load
from program.formats import duration, many

JOB = load("unicorn_summary")

WARM = 20.0  # seconds after a (re)start from which on all of it should be under way
SETTLED = 60.0  # seconds after a (re)start from which on rates of the last minute mean something
BEHIND = 60.0  # seconds from a record's arrival to its reading
BUSY = 0.8  # share of its time that a task works
SHARE = 0.05  # of the records read that may be late, or malformed
FEW = 5  # records a minute that are too few to speak of a share
IDLE = 60.0  # seconds until the job stops waiting for a silent shard (tables/readings.sql)
QUIET = 5.0  # seconds without a record after which a shard may be waited for


@dataclass(frozen=True)
class Reading:
    """A job whose tasks all run, and the open shards of its stream; none if Kinesis was not asked."""

    job: Job
    shards: tuple[Shard, ...] = ()

    @property
    def parallelism(self) -> int:
        return len(self.job.subtasks)

    @property
    def speaking(self) -> list[Shard]:
        return [shard for shard in self.shards if shard.silent is not None]

    @property
    def silent(self) -> list[Shard]:
        """Those without a record for two minutes."""
        return [shard for shard in self.shards if shard.asked and shard.silent is None]

    def behind(self) -> dict[str, float]:
        """By shard, of the open ones if these are known: Flink's figures of a closed shard stay for ever."""
        known = {shard.id for shard in self.shards}
        return {shard: s for shard, s in (self.job.behind or {}).items() if not known or shard in known}

    def reads(self) -> bool:
        records = self.job.records
        return records is not None and bool(records.lately or records.read_rate)

    def reads_for_long(self) -> bool:
        """Whether it has read more than comes in a minute, so that it began before the last one."""
        records = self.job.records
        return records is not None and (records.read_rate or 0.0) * 60 < 0.9 * (records.read or 0)

    def warm(self) -> bool:
        return (self.job.running or 0.0) > WARM

    def settled(self) -> bool:
        return (self.job.running or 0.0) > SETTLED


def is_quiet(shard: Shard) -> bool:
    return shard.asked and (shard.silent is None or shard.silent >= QUIET)


def findings(reading: Reading, aws: Aws | None) -> Iterator[Finding]:
    """All of these, worst or not."""
    yield from _arriving(reading, aws)
    yield from _unread(reading)
    yield from _behind(reading)
    yield from _spare(reading)
    yield from _rejects(reading, aws)


def _arriving(reading: Reading, aws: Aws | None) -> Iterator[Finding]:
    """Whether records come, and whether they are read."""
    if reading.shards and len(reading.silent) == len(reading.shards):
        yield Finding(
            Level.DEGRADED,
            "nothing-arrives",
            f"no record has arrived on any of {many(len(reading.shards), 'shard')} for two minutes",
            "look at the producers; the job is well, and keeps the last minute open until readings come",
        )
    elif reading.reads() or not reading.settled():
        return
    elif arriving := [shard for shard in reading.speaking if (shard.silent or 0.0) < QUIET]:
        yield Finding(
            Level.STUCK,
            "not-reading",
            f"records arrive on {many(len(arriving), 'shard')}, and in the last minute the job has read none",
            "look for GetRecords in the TaskManagers' logs: may the job read the stream, and are there other readers?",
        )
    elif aws is None or aws.problem:
        yield Finding(
            Level.DEGRADED,
            "nothing-read",
            "the job has read nothing in the last minute",
            "look at the producers; given --properties, this command asks Kinesis whether records arrive",
        )


def _unread(reading: Reading) -> Iterator[Finding]:
    assigned = {shard for subtask in reading.job.subtasks for shard in subtask.shards}
    unread = [shard.id for shard in reading.shards if shard.id not in assigned]
    if assigned and unread and reading.warm():
        yield Finding(
            Level.DEGRADED,
            "unread-shards",
            f"no subtask reads {listed(unread)}",
            "wait 20 s, as new shards are looked for every 10 s; if it stays so, may the job list the shards?",
        )


def _spare(reading: Reading) -> Iterator[Finding]:
    """What has no use, which is harmless: subtasks without a shard, shards without records."""
    spare = sum(not subtask.shards for subtask in reading.job.subtasks)
    if 0 < spare < reading.parallelism and reading.warm():
        what = (
            f"{spare} of {many(reading.parallelism, 'subtask')} have no shard to read; they cost memory, nothing else"
        )
        yield Finding(Level.NOTE, "spare-subtasks", what, f"parallelism {reading.parallelism - spare} reads as fast")
    if reading.silent and reading.speaking:
        yield Finding(
            Level.NOTE,
            "idle-shards",
            f"no record for two minutes on {listed([shard.id for shard in reading.silent])}",
            f"nothing, if that is to be expected: the job stops waiting for a shard after {IDLE:.0f} s",
        )


def _behind(reading: Reading) -> Iterator[Finding]:
    job, behind = reading.job, reading.behind()
    shards = len(reading.shards) or len(behind)
    late = [shard for shard, seconds in behind.items() if seconds > BEHIND]
    few = shards > reading.parallelism
    too_few = f"{many(shards, 'shard')} on {many(reading.parallelism, 'subtask')} are too few subtasks"
    more = (
        f"`python -m jobs stop`, then `python -m jobs resume --parallelism {min(shards, JOB.most_subtasks or shards)}`"
    )
    if late:
        worst = max(late, key=behind.__getitem__)
        change = behind[worst] - (job.behind_earlier or {}).get(worst, behind[worst])
        catching_up = change < -0.5 or not reading.settled()
        what = f"{len(late)} of {many(shards, 'shard')} read {duration(behind[worst])} behind or less"
        what += ", catching up" if change < -0.5 else ", getting worse" if change > 0.5 else ""
        alone = "see the back pressure" if slowest(job) else "stop other readers of the stream, or read it by EFO"
        yield Finding(
            Level.DEGRADED,
            "too-few-subtasks" if few else "behind",
            f"{what}; {too_few}" if few else what,
            ("wait, or " if catching_up else "") + (more if few else alone),
        )
    elif (
        few
        and reading.warm()
        and overdue(job) is None
        and (slowest(job) or any((vertex.busy or 0.0) >= BUSY for vertex in job.vertices))
    ):
        yield Finding(Level.DEGRADED, "too-few-subtasks", f"{too_few}, and they have all they can do", more)


def _rejects(reading: Reading, aws: Aws | None) -> Iterator[Finding]:
    """Shares of the last minute, which say more than those of all time."""
    records = reading.job.records
    if records is None:
        return
    errors = next((one.name for one in aws.resources if one.table == "error_stream"), "errors stream") if aws else ""
    for name, rate, do in (
        ("late", records.late_rate, "look for producers that send late or whose clock is slow, or one whose is fast"),
        ("malformed", records.malformed_rate, "look for a producer that has changed its format"),
    ):
        if rate and records.read_rate and rate * 60 > FEW and rate / records.read_rate > SHARE:
            yield Finding(
                Level.DEGRADED,
                name,
                f"{share(rate / records.read_rate)} of the records read in the last minute are {name}",
                f"read the {errors or 'errors stream'}, which tells shard and reason of each; {do}",
            )
    if records.dropped:
        yield Finding(
            Level.NOTE,
            "dropped",
            f"{many(records.dropped, 'late reading')} were dropped by a window without being counted as LATE",
            "nothing now; a shard that had been left out as silent came back with old readings (docs/limits.md)",
        )
