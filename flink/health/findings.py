"""What a judgement consists of, and what is to be done about the failures that everybody meets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from flink.health.facts import Job


class Level(Enum):
    """How bad a finding is, from bad to worse: the verdict's first words, and the command's exit code."""

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
    """name: for scripts. what: for a person, a clause. remedy: what to do, a clause."""

    level: Level
    name: str
    what: str
    remedy: str


# What to do about a failure, by its text; the first that fits.
CAUSES = (
    (r"ResourceNotFound|does not exist", "create the stream or table that is missing; the job goes on by itself"),
    (r"AccessDenied|not authorized", "allow the job's role to read its stream, and to write its streams and its table"),
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


def remedy(cause: str, job: Job, cluster: str, where: str = "exceptions") -> str:
    """What to do about a failure of the job, or of a checkpoint, of which that page of the web UI tells more."""
    known = next((what for pattern, what in CAUSES if re.search(pattern, cause)), None)
    return known or f"read the whole of it at {page(job, cluster, where)}"


def page(job: Job, cluster: str, name: str) -> str:
    """A page of Flink's web UI about the job."""
    return f"{cluster}/#/job/{'completed' if job.has_ended else 'running'}/{job.id}/{name}"
