"""The status of a job by Flink's REST API: two looks a little apart, as most of it means something only in motion.

Durations are seconds, shares are 0 to 1, watermarks are milliseconds since 1970 UTC; None is not known (yet).
"""

from __future__ import annotations

import re
import textwrap
import time
import urllib.error
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flink import rest
from flink.health import metrics
from flink.health.metrics import Records, Sink, Subtask, Vertex

# How often the JobManager collects metrics anew, if it is asked for them. Two looks within it would be the same.
INTERVAL = "metrics.fetcher.update-interval"
DEFAULT_INTERVAL = 10.0  # seconds
LEAST_APART = 6.0  # seconds; a rate is computed every 5 s
SHORT = 30  # characters of a message that alone says too little
OFF = 10**12  # seconds; without an interval Flink says Long.MAX_VALUE ms
LONG = 160  # characters of a cause; the rest is in the web UI
HISTORY = 16  # failures that Flink remembers by default

# What the AWS SDK adds to its message, and the package of an exception's class.
_REQUEST = re.compile(r"\s*\(Service: ([^,)]+), Status Code: (\d+).*\)")
_PACKAGE = re.compile(r"^([a-z][\w]*\.)+(?=[A-Z])")


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
class JobStatus:
    """A job of a Flink cluster. age: since it was submitted. running: since it was last (re)started.

    tasks, tasks_running: subtasks of all vertices. slots_free: of the cluster, asked only while tasks are missing.
    checkpoints: None when they are off. streams: those that are read. behind: per shard, how far the reading is behind
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
    streams: tuple[str, ...] = ()
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


def chosen(cluster: rest.Cluster, name: str) -> rest.Job | None:
    """The job of this name that has not ended, else the newest; None without any. Raises rest.RestError."""
    try:
        found = cluster.jobs(name)
    except (KeyError, TypeError) as error:
        raise rest.RestError(f"What answers at {cluster.address} is not Flink's REST API.") from error
    alive = [job for job in found if not job.has_ended]
    newest = (alive or found)[-1:]
    return cluster.job(newest[0].id) if newest else None


def gather(  # noqa: PLR0913  (a job, what else to do, and how)
    cluster: rest.Cluster,
    job: rest.Job,
    sinks: Iterable[str],
    meanwhile: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
    *,
    names_streams: bool = False,
) -> JobStatus:
    """The status of the job after two looks, with something else done `meanwhile`. Raises rest.RestError.

    sinks: the tables that it writes. names_streams: whether it has several sources. Takes a second or two more than
    the cluster's interval of collecting metrics.
    """
    detail = job.get("")
    if detail["state"] != "RUNNING":
        job.get("/metrics")  # has the JobManager collect the number of restarts
        meanwhile()
        sleep(metrics.COLLECTING)
        return _still(cluster, job, detail, None)
    vertices = [vertex["id"] for vertex in detail["vertices"]]
    apart = max(_interval(cluster), LEAST_APART)
    earlier = metrics.look(job, vertices, sleep, names_streams=names_streams)
    meanwhile()
    sleep(max(earlier.at + apart - time.monotonic(), 0.1))
    later = metrics.look(job, vertices, sleep, names_streams=names_streams)
    detail = job.get("")
    return _moving(_still(cluster, job, detail, later), earlier, later, detail, sinks)


def _interval(cluster: rest.Cluster) -> float:
    """Seconds between two collections of metrics."""
    text = cluster.configuration().get(INTERVAL, "")
    match = re.fullmatch(r"(\d+)\s*(ms|s|min)?", text)
    return int(match[1]) * {"s": 1.0, "min": 60.0}.get(match[2], 0.001) if match else DEFAULT_INTERVAL


def _still(cluster: rest.Cluster, job: rest.Job, detail: Any, later: metrics.Look | None) -> JobStatus:
    """The status as far as one moment shows it."""
    now = detail["now"] / 1000
    tasks = sum(vertex["parallelism"] for vertex in detail["vertices"])
    running = sum(vertex["tasks"]["RUNNING"] + vertex["tasks"]["FINISHED"] for vertex in detail["vertices"])
    return JobStatus(
        id=job.id,
        state=detail["state"],
        age=now - detail["start-time"] / 1000,
        running=now - detail["timestamps"]["RUNNING"] / 1000 if detail["state"] == "RUNNING" else None,
        tasks=tasks,
        tasks_running=running,
        slots_free=int(cluster.overview()["slots-available"]) if running < tasks else None,
        restarts=job.restarts(),
        failures=_failures(job, now),
        checkpoints=_checkpoints(job, detail),
        vertices=metrics.vertices(later, detail),
    )


def _moving(job: JobStatus, earlier: metrics.Look, later: metrics.Look, detail: Any, sinks: Iterable[str]) -> JobStatus:
    """The same with what two looks show."""
    ids = [vertex["id"] for vertex in detail["vertices"]]
    sources = {id_: vertex for id_, vertex in zip(ids, job.vertices, strict=True) if not vertex.inputs}
    # The first part with windows: behind it, a sink that is not answered holds up the watermark too.
    windows = next((vertex["id"] for vertex in detail["vertices"] if "WindowAggregate" in vertex["name"]), "")
    return replace(
        job,
        subtasks=metrics.subtasks(earlier, later, sources),
        streams=later.streams(),
        behind=later.behind(),
        behind_earlier=earlier.behind(),
        watermark=later.watermark(windows),
        watermark_earlier=earlier.watermark(windows),
        records=metrics.records(earlier, later, detail["plan"]),
        sinks=metrics.sinks(earlier, later, sinks),
        apart=later.at - earlier.at,
    )


def _failures(job: rest.Job, now: float) -> tuple[Failure, ...]:
    """The newest failures that Flink remembers, the newest first."""
    entries = job.get(f"/exceptions?maxExceptions={HISTORY}")["exceptionHistory"]["entries"]
    return tuple(Failure(now - entry["timestamp"] / 1000, shortened(entry["stacktrace"])) for entry in entries)


def shortened(trace: str) -> str:
    """The innermost cause of a stack trace, without its package and without what only the AWS SDK wants to know.

    "Connection refused" says less than what wraps it, which names the address.
    """
    causes = [line.removeprefix("Caused by: ") for line in trace.splitlines() if line and not line.startswith("\t")]
    *outer, cause = causes or [""]
    said = cause.partition(": ")[2] or cause
    if outer and len(said) < SHORT and said in outer[-1]:
        cause = outer[-1]
    return textwrap.shorten(_REQUEST.sub(r" (\1, \2)", _PACKAGE.sub("", cause)), LONG, placeholder=" ...")


def _checkpoints(job: rest.Job, detail: Any) -> Checkpoints | None:
    try:
        interval = job.get("/checkpoints/config")["interval"] / 1000
        known = job.get("/checkpoints")
    except rest.RestError as error:
        if isinstance(error.__cause__, urllib.error.HTTPError) and error.__cause__.code == 404:
            return None  # that is how Flink says that they are off
        raise
    if interval > OFF:
        return None
    counts, newest, failed = known["counts"], known["latest"]["completed"], known["latest"]["failed"]
    if failed and newest and failed["id"] < newest["id"]:
        failed = None
    return Checkpoints(
        interval=interval,
        completed=counts["completed"],
        failed=counts["failed"],
        age=(detail["now"] - newest["latest_ack_timestamp"]) / 1000 if newest else None,
        size=newest["checkpointed_size"] if newest else None,
        duration=newest["end_to_end_duration"] / 1000 if newest else None,
        failure=str(failed["failure_message"]) if failed else None,
        missing=_missing(job, known["history"], detail["vertices"]),
    )


def _missing(job: rest.Job, history: Any, vertices: Any) -> tuple[str, ...]:
    """The parts that have not yet acknowledged the checkpoint under way."""
    under_way = next((one["id"] for one in history if one["status"] == "IN_PROGRESS"), None)
    if under_way is None:
        return ()
    try:
        tasks = job.get(f"/checkpoints/details/{under_way}")["tasks"]
    except rest.RestError:
        return ()  # it has ended, and is forgotten
    acknowledged = {id_ for id_, one in tasks.items() if one["num_acknowledged_subtasks"] == one["num_subtasks"]}
    return tuple(vertex["name"] for vertex in vertices if vertex["id"] not in acknowledged)
