"""Findings about a job, and the input of the rules: the observed job, with properties that several rules use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from flink import causes
from flink.health.flink import JobStatus, Vertex
from pipeline.job import Job

if TYPE_CHECKING:
    from flink.health.aws import Aws, Shard

MISSED = 3  # intervals without a checkpoint until the job counts as stuck
PATIENCE = 30.0  # seconds without a checkpoint that a busy machine may take, however short the interval
WARM = 20.0  # seconds after a (re)start until every part of the job should work
SETTLED = 60.0  # seconds after a (re)start until rates of the last minute are meaningful
PRESSED = 0.5  # share of its time that a task spends under back pressure
QUIET = 5.0  # seconds without a record until a shard may hold back the watermark


class Level(Enum):
    """The severity of a finding, in rising order: the verdict's first words, and the command's exit code."""

    NOTE = "healthy", 0
    DEGRADED = "degraded", 1
    STUCK = "not making progress", 3
    DOWN = "not running", 3

    @property
    def verdict(self) -> str:
        return self.value[0]

    @property
    def code(self) -> int:
        return self.value[1]

    @property
    def rank(self) -> int:
        return list(Level).index(self)


@dataclass(frozen=True)
class Finding:
    """name: for scripts. what: the problem, a clause for people. remedy: the action to take, a clause."""

    level: Level
    name: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Observation:
    """An observed job. status: None if the job is not on the cluster. aws: None if AWS was not queried."""

    job: Job
    cluster: str
    taken: datetime
    status: JobStatus | None
    aws: Aws | None = None


@dataclass(frozen=True)
class Subject:
    """A job on its cluster, as input of the rules. declared: the job of the folder."""

    declared: Job
    cluster: str
    status: JobStatus
    aws: Aws | None = None

    @property
    def other_streams(self) -> list[str]:
        """Streams that the job reads, and that are not in the settings."""
        known = self.aws.streams if self.aws else ()
        return [stream for stream in self.status.streams if known and stream not in known]

    @property
    def far_ends(self) -> dict[str, str]:
        """By table: "stream wildrydes"; empty if AWS was not queried."""
        return {one.table: one.name for one in self.aws.resources} if self.aws else {}

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The open shards; empty if Kinesis was not queried, or queried for other streams."""
        return self.aws.shards if self.aws and not self.other_streams else ()

    @property
    def speaking(self) -> list[Shard]:
        """Shards with a record in the last two minutes."""
        return [shard for shard in self.shards if shard.silent is not None]

    @property
    def silent(self) -> list[Shard]:
        """Shards without a record for two minutes."""
        return [shard for shard in self.shards if shard.asked and shard.silent is None]

    @property
    def times(self) -> dict[str, int]:
        """The event time of each shard's newest record, where this time is known."""
        return {shard.id: shard.event for shard in self.shards if shard.event is not None}

    @property
    def parallelism(self) -> int:
        return len(self.status.subtasks)

    @property
    def behind(self) -> dict[str, float]:
        """Seconds behind, by shard. Closed shards are left out where known: Flink keeps their metrics for ever."""
        known = {shard.id for shard in self.shards}
        return {shard: s for shard, s in (self.status.behind or {}).items() if not known or shard in known}

    @property
    def has_more_to_read(self) -> bool:
        return any(seconds > QUIET for seconds in self.behind.values())

    @property
    def reads(self) -> bool:
        records = self.status.records
        return records is not None and bool(records.lately or records.read_rate)

    @property
    def reads_for_long(self) -> bool:
        """Whether the job has read more than a minute's records, so that it began to read before the last minute."""
        records = self.status.records
        return records is not None and (records.read_rate or 0.0) * 60 < 0.9 * (records.read or 0)

    @property
    def running(self) -> float:
        """Seconds since the last (re)start; 0 while the job does not run."""
        return self.status.running or 0.0

    @property
    def is_warm(self) -> bool:
        return self.running > WARM

    @property
    def is_settled(self) -> bool:
        return self.running > SETTLED

    @property
    def overdue(self) -> float | None:
        """Seconds without a checkpoint if they are too many, else None."""
        known = self.status.checkpoints
        if known is None:
            return None
        since = self.status.age if known.age is None else known.age
        return since if since > max(MISSED * max(known.interval, known.duration or 0.0), PATIENCE) else None

    @property
    def bottleneck(self) -> Vertex | None:
        """The vertex that causes back pressure upstream: the first vertex without back pressure itself.

        None in the first seconds of a job, in which tasks that restore their state seem busy.
        """
        if self.running < WARM:
            return None
        vertices = self.status.vertices
        pressed = {place for place, vertex in enumerate(vertices) if (vertex.back_pressured or 0.0) >= PRESSED}
        after = [vertex for place, vertex in enumerate(vertices) if place not in pressed and pressed & {*vertex.inputs}]
        return max(after, key=lambda vertex: vertex.busy or 0.0, default=None)

    def remedy(self, cause: str, page: str = "exceptions") -> str:
        """The remedy for a failure of the job or of a checkpoint. page: the page of the web UI that shows more."""
        known = next((what for pattern, what in CAUSES if re.search(pattern, cause)), None)
        return known or f"read the whole of it at {self.page(page)}"

    def page(self, name: str) -> str:
        """A page of Flink's web UI about the job."""
        which = "completed" if self.status.has_ended else "running"
        return f"{self.cluster}/#/job/{which}/{self.status.id}/{name}"


def is_quiet(shard: Shard) -> bool:
    return shard.asked and (shard.silent is None or shard.silent >= QUIET)


# Remedies by a pattern of the failure's text; the first match counts.
CAUSES = (
    *causes.CAUSES,
    (r"ResourceNotFound|does not exist", "create the stream or table that is missing; the job goes on by itself"),
    (r"AccessDenied|not authorized", "allow the job's role to read its streams, and to write its streams and tables"),
    (
        r"ExpiredToken|UnrecognizedClient|InvalidSignature|Unable to load credentials|security token",
        "give the TaskManagers valid AWS credentials",
    ),
    (r"No space left", "make room on the disk of the checkpoints and of the TaskManagers"),
    (
        r"IO-problem|tolerable failure threshold|checkpoint storage",
        "look whether the folder of checkpoints can be written and has room; the JobManager's log says what failed",
    ),
    (r"OutOfMemory", "give the TaskManagers more memory"),
    (
        r"NoResourceAvailable|Slot request",
        "start another TaskManager (`python -m local cluster up` on this machine), or lower the parallelism",
    ),
    (
        r"RecipientUnreachable|no longer reachable|[Hh]eartbeat of TaskManager|closed by remote task manager",
        "a TaskManager is gone: see why, and start another (`python -m local cluster up` on this machine)",
    ),
    (
        r"Connect|UnknownHost|Unable to execute HTTP request|timed out",
        "see whether AWS, or its emulator, can be reached from the TaskManagers; the job goes on by itself",
    ),
    (r"Throughput|Throttl|LimitExceeded|Rate exceeded", "stop other readers of the stream, or raise its limits"),
)
