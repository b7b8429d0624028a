"""What is known about a job at one moment: frozen, and with None for what could not be told (yet).

Durations are seconds, shares are 0 to 1, watermarks and event times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flink import rest


@dataclass(frozen=True)
class Failure:
    """Why the job was restarted, or has failed: the innermost cause in one line."""

    ago: float
    cause: str


@dataclass(frozen=True)
class Checkpoints:
    """interval: as configured. age: since the newest one was complete, None before the first of this job.

    size: bytes. failure: why the newest one failed, unless one was complete since. missing: the parts of the job, by
    name, that have not done theirs of the one under way.
    """

    interval: float
    completed: int
    failed: int
    age: float | None = None
    size: int | None = None
    duration: float | None = None
    failure: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subtask:
    """A reading subtask: the shards it reads, and its watermark in the later and in the earlier look."""

    index: int
    shards: tuple[str, ...] = ()
    watermark: int | None = None
    earlier: int | None = None


@dataclass(frozen=True)
class Records:
    """Counts since the last (re)start, and rates of the last minute in records a second.

    lately: read between the two looks. malformed: PARSE and COERCION together. dropped: late ones that a window
    dropped without the job counting them.
    """

    read: int | None = None
    lately: int | None = None
    late: int | None = None
    malformed: int | None = None
    read_rate: float | None = None
    late_rate: float | None = None
    malformed_rate: float | None = None
    dropped: int = 0


@dataclass(frozen=True)
class Sink:
    """A sink table. given: records that came to it since the last (re)start. sent: those it has sent, and sent again.

    refused: of the sent ones, those that were refused; it sends them again. lately: between the two looks.
    """

    table: str
    given: int | None = None
    sent: int | None = None
    sent_lately: int | None = None
    refused: int | None = None
    refused_lately: int | None = None

    @property
    def waiting(self) -> int:
        """Records that it has neither sent nor tried to, at least: what came back from a checkpoint was not given."""
        return max((self.given or 0) - (self.sent or 0) + (self.refused or 0), 0)


@dataclass(frozen=True)
class Vertex:
    """A part of the job that runs as one task per subtask. Shares of time are the worst subtask's.

    busy: None for the source, whose threads Flink does not measure. inputs: positions of the vertices before it.
    """

    name: str
    parallelism: int
    status: str
    inputs: tuple[int, ...] = ()
    busy: float | None = None
    back_pressured: float | None = None


@dataclass(frozen=True)
class Job:
    """One job of a Flink cluster. age: since it was submitted. running: since it was last (re)started.

    tasks, tasks_running: subtasks of all vertices. slots_free: of the cluster, asked only while tasks are missing.
    checkpoints: None when they are off. stream: the one that is read. behind: per shard, how far the reading is behind
    its newest record, in the later and in the earlier look. watermark: the one that closes the windows, where the
    reading subtasks' meet. apart: between the two looks.
    """

    id: str
    state: str
    age: float
    running: float | None = None
    tasks: int = 0
    tasks_running: int = 0
    slots_free: int | None = None
    restarts: int | None = None
    failures: tuple[Failure, ...] = ()
    checkpoints: Checkpoints | None = None
    vertices: tuple[Vertex, ...] = ()
    subtasks: tuple[Subtask, ...] = ()
    stream: str | None = None
    behind: Mapping[str, float] | None = None
    behind_earlier: Mapping[str, float] | None = None
    watermark: int | None = None
    watermark_earlier: int | None = None
    records: Records | None = None
    sinks: tuple[Sink, ...] = ()
    apart: float = 0.0

    @property
    def has_ended(self) -> bool:
        return self.state in rest.ENDED

    @property
    def all_runs(self) -> bool:
        """Every task, not only the job."""
        return self.state == "RUNNING" and self.tasks_running >= self.tasks


@dataclass(frozen=True)
class Shard:
    """An open shard. silent: at least so long since its newest record. event, oldest: the times in its last readings.

    ahead: milliseconds by which a reading's time is after its arrival, if by more than the job takes; then it is no
    reading, and event and oldest do not know of it. All are None when there is no record in the last two minutes, or
    when the shard could not be asked.
    """

    id: str
    asked: bool = True
    silent: float | None = None
    event: int | None = None
    oldest: int | None = None
    ahead: int | None = None


@dataclass(frozen=True)
class Resource:
    """A stream or the table of the job by its name; problem: what keeps the job from using it."""

    table: str
    name: str
    problem: str | None = None


@dataclass(frozen=True)
class Aws:
    """What Kinesis and DynamoDB tell. problem: why they could not be asked, then the rest is empty."""

    where: str
    problem: str | None = None
    resources: tuple[Resource, ...] = ()
    shards: tuple[Shard, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything about the job of this name on a cluster. job: None if there is none. aws: None if nobody was asked."""

    cluster: str
    name: str
    taken: datetime
    job: Job | None
    aws: Aws | None = None
