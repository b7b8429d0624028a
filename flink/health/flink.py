"""The status of a job by Flink's REST API. Metrics are sampled twice, because most of them matter by their change.

Durations are seconds, shares are 0 to 1, watermarks are milliseconds since 1970 UTC. None means not known (yet).

A metric of a vertex is named SUBTASK.NAME or SUBTASK.OPERATOR.NAME, such as 0.Calc[4].numRecordsOut. Operators are
numbered through the whole job. Names: Flink's documentation, "Metrics", and the Kinesis connector's.
"""

from __future__ import annotations

import re
import time
import urllib.error
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flink import rest
from pipeline.job import Job
from program.formats import listed

# The interval at which the JobManager collects metrics, on request. Two samples within an interval would be equal.
INTERVAL = "metrics.fetcher.update-interval"
DEFAULT_INTERVAL = 10.0  # seconds
LEAST_APART = 6.0  # seconds between two samples; Flink computes a rate every 5 s
COLLECTING = 0.7  # seconds for the JobManager to collect metrics, which it begins only at a request
OFF = 10**12  # seconds; without a checkpoint interval Flink reports Long.MAX_VALUE ms
LONG = 160  # characters of a cause; the rest is in the web UI
HISTORY = 16  # failures that Flink remembers by default

_STREAM = r"Source__.*\.KinesisStreamsSource\.region\.[^.]+\.stream"
_SHARD = rf"{_STREAM}\.(?P<stream>.+)\.shardId\.(?P<shard>[^.]+)"
_BEHIND = rf"{_SHARD}\.millisBehindLatest"
_ENDED = -2  # the lag of a shard that was read to its end; Flink keeps its metrics
_REACHED = rf"{_SHARD}\.currentWatermark"
_MARK = r"Source__[^.]*\.currentOutputWatermark"
_READ = r"Source__[^.]*\.numRecordsOut"
_DROPPED = r"[^.]*\.numLateRecordsDropped"
_WANTED = re.compile(
    rf"\d+\.(currentInputWatermark|busyTimeMsPerSecond|backPressuredTimeMsPerSecond|{_MARK}|{_DROPPED}"
    r"|Source__.*\.KinesisStreamsSource\..*\.(millisBehindLatest|currentWatermark|numCalls(Throttled|Denied|Failed))"
    r"|(Source__[^.]*|Calc\[\d+])\.numRecordsOut(PerSecond)?"
    r"|[^.]*__Writer\.(numRecordsIn|numRecordsSend|numRecordsSendErrors))"
)
# The operators of the view `errors` in Flink's plan: an operator for each kind of reject.
_REJECTS = re.compile(r"\[(\d+)]:(Calc\(.* AS ERROR_NAME\b.*)")


@dataclass(frozen=True)
class Failure:
    """A failure after which the job was restarted or ended. cause: the innermost, as a line."""

    ago: float
    cause: str


@dataclass(frozen=True)
class Checkpoints:
    """interval: as configured. age: since the newest checkpoint was complete, None before the job's first checkpoint.

    size: bytes. failure: why the newest checkpoint failed, None if a later checkpoint is complete. missing: the names
    of the vertices that have not acknowledged the checkpoint under way.
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
class Vertex:
    """A part of the job that runs as a task per subtask. Shares of time are the worst subtask's.

    busy: None for a source, whose threads Flink does not measure. inputs: positions of the upstream vertices.
    """

    name: str
    parallelism: int
    status: str
    inputs: tuple[int, ...] = ()
    busy: float | None = None
    back_pressured: float | None = None


@dataclass(frozen=True)
class Subtask:
    """A subtask of a source: its shards, and the lowest event time of these in the later and in the earlier sample.

    reached: the event time that each shard has come to, where it is known. source: its table if the job has several
    sources, else empty.
    """

    index: int
    shards: tuple[str, ...] = ()
    watermark: int | None = None
    earlier: int | None = None
    source: str = ""
    reached: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"subtask {self.index}" + (f" of {self.source}" if self.source else "")


@dataclass(frozen=True)
class Records:
    """Counts since the last (re)start, and rates of the last minute in records a second.

    lately: read between the two samples. malformed: PARSE and COERCION together. dropped: late records that a window
    dropped, and that the job did not count.
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
class Calls:
    """Calls of a source between the two samples that did not succeed. They are repeated."""

    throttled: int = 0
    denied: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Sink:
    """A sink table. given: records that came to it since the last (re)start. sent: sent records, resends included.

    refused: sent records that the service refused; the sink resends them. lately: between the two samples.
    """

    table: str
    given: int | None = None
    sent: int | None = None
    sent_lately: int | None = None
    refused: int | None = None
    refused_lately: int | None = None

    @property
    def waiting(self) -> int:
        """A lower bound of the records still to send: `given` does not count records restored from a checkpoint."""
        return max((self.given or 0) - (self.sent or 0) + (self.refused or 0), 0)


@dataclass(frozen=True)
class JobStatus:
    """A job of a Flink cluster. age: since it was submitted. running: since its last (re)start.

    tasks, tasks_running: subtasks of all vertices. slots_free: of the cluster, None unless tasks are missing.
    checkpoints: None when they are off. streams: the streams that the job reads. behind: by shard, how far reading is
    behind the newest record, in the later and in the earlier sample. watermark: at the input of the first vertex with
    windows, in both samples. calls: by stream. apart: between the two samples.
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
    calls: Mapping[str, Calls] = field(default_factory=dict)
    apart: float = 0.0

    @property
    def has_ended(self) -> bool:
        return self.state in rest.ENDED

    @property
    def all_runs(self) -> bool:
        """Whether every task runs, not only the job."""
        return self.state == "RUNNING" and self.tasks_running >= self.tasks


def part(vertex: str) -> str:
    """A vertex's short name: its first operator and its sinks. The whole name fills a line or two."""
    first, *others = vertex.split(" -> ")
    writers = written(" ".join(others))
    return f"{first} ... {listed(writers)}" if writers else f"{first} ..." if others else first


def written(vertex: str) -> list[str]:
    """The sink tables that a vertex of this name writes."""
    return re.findall(r"(\w+)(?:\[\d+])?: Writer", vertex)


def shard_name(stream: str, shard: str, names_stream: bool) -> str:
    """A shard's name, with its stream if the job reads several streams."""
    return f"{stream}/{shard}" if names_stream else shard


# ------------------------------------------------------------------------------------------------------------ metrics


@dataclass(frozen=True)
class Look:
    """A sample of every vertex's metrics, by the vertex's id. at: the sample's time by the monotonic clock.

    names_streams: whether shards are named with their streams, as in a job that reads several streams.
    """

    vertices: Mapping[str, Mapping[str, float]]
    at: float = 0.0
    names_streams: bool = False

    def values(self, metric: str, vertex: str | None = None) -> Iterator[tuple[re.Match[str], float]]:
        """A metric, named by a pattern, of the subtasks of a vertex or of all. The match has a group `subtask`."""
        pattern = re.compile(rf"(?P<subtask>\d+)\.{metric}")
        for metrics in self.vertices.values() if vertex is None else [self.vertices.get(vertex, {})]:
            for name, value in metrics.items():
                if match := pattern.fullmatch(name):
                    yield match, value

    def total(self, metric: str) -> float | None:
        """The sum over all subtasks; None if the metric is missing."""
        found = [value for _match, value in self.values(metric)]
        return sum(found) if found else None

    def count(self, metric: str) -> int | None:
        total = self.total(metric)
        return None if total is None else int(total)

    def streams(self) -> tuple[str, ...]:
        """The streams that the job reads."""
        return tuple(sorted({match["stream"] for match, _behind in self.values(_BEHIND)}))

    def behind(self) -> dict[str, float] | None:
        """Seconds behind the newest record, of each shard that the job has read since the (re)start."""
        found = {self._shard(match): behind / 1000 for match, behind in self.values(_BEHIND) if behind >= 0}
        return dict(sorted(found.items())) or None

    def shards(self, vertex: str, subtask: int) -> tuple[str, ...]:
        """The shards that a subtask of a source reads."""
        found = [
            match
            for match, behind in self.values(_BEHIND, vertex)
            if int(match["subtask"]) == subtask and behind != _ENDED
        ]
        return tuple(sorted(map(self._shard, found)))

    def _shard(self, match: re.Match[str]) -> str:
        return shard_name(match["stream"], match["shard"], self.names_streams)

    def reached(self, vertex: str, subtask: int) -> dict[str, int]:
        """The event time that each shard of a subtask has come to; a shard without a record has none."""
        found = self.values(_REACHED, vertex)
        return {self._shard(match): int(time) for match, time in found if int(match["subtask"]) == subtask}

    def mark(self, vertex: str, subtask: int) -> int | None:
        """The lowest event time of a subtask's shards; of a source without shards, the subtask's watermark.

        The watermark of the subtasks of a Kinesis source is that of the whole source.
        """
        if reached := self.reached(vertex, subtask):
            return min(reached.values())
        found = (int(value) for match, value in self.values(_MARK, vertex) if int(match["subtask"]) == subtask)
        return next(found, None)

    def watermark(self, vertex: str) -> int | None:
        """The watermark at this vertex's input: the lowest of the upstream subtasks that are not idle."""
        return min((int(value) for _match, value in self.values("currentInputWatermark", vertex)), default=None)

    def worst_share(self, vertex: str, metric: str) -> float | None:
        """The highest share of time among a vertex's subtasks, by a metric in milliseconds a second."""
        found = [value for _match, value in self.values(metric, vertex)]
        return min(max(found) / 1000, 1.0) if found else None


def _look(job: rest.Job, vertices: list[str], sleep: Callable[[float], None], names_streams: bool) -> Look:
    """A new sample. A first request makes the JobManager collect, because it answers with the last collection."""
    job.get("/metrics")
    sleep(COLLECTING)
    found = {}
    for vertex in vertices:
        values = {name: float(value) for name, value in job.metrics(vertex, _WANTED).items()}
        # Leaves out NaN, Long.MIN_VALUE (no watermark yet) and Long.MAX_VALUE (the end of all input).
        found[vertex] = {name: value for name, value in values.items() if abs(value) < 2**62}
    return Look(found, time.monotonic(), names_streams)


# ---------------------------------------------------------------------------------------------------------- gathering


def gather(
    cluster: rest.Cluster,
    job: rest.Job,
    declared: Job,
    meanwhile: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> JobStatus:
    """The status of the job `declared`, from two samples. Calls `meanwhile` between them. Raises rest.RestError.

    Takes one to two seconds more than the cluster's interval of collecting metrics.
    """
    detail = job.get("")
    if detail["state"] != "RUNNING":
        job.get("/metrics")  # makes the JobManager collect the number of restarts
        meanwhile()
        sleep(COLLECTING)
        return _at_one_moment(cluster, job, detail, Look({}))
    vertices = [vertex["id"] for vertex in detail["vertices"]]
    names_streams = len(declared.sources) > 1
    apart = max(_interval(cluster), LEAST_APART)
    earlier = _look(job, vertices, sleep, names_streams)
    meanwhile()
    sleep(max(earlier.at + apart - time.monotonic(), 0.1))
    later = _look(job, vertices, sleep, names_streams)
    detail = job.get("")
    # The first vertex with windows. Downstream of it, a sink without answers holds back the watermark too.
    windows = next((vertex["id"] for vertex in detail["vertices"] if "WindowAggregate" in vertex["name"]), "")
    return replace(
        _at_one_moment(cluster, job, detail, later),
        subtasks=subtasks(earlier, later, detail),
        streams=later.streams(),
        behind=later.behind(),
        behind_earlier=earlier.behind(),
        watermark=later.watermark(windows),
        watermark_earlier=earlier.watermark(windows),
        records=_records(earlier, later, detail["plan"]),
        sinks=tuple(_sink(earlier, later, table) for table in declared.sinks),
        calls={stream: _calls(earlier, later, stream) for stream in later.streams()},
        apart=later.at - earlier.at,
    )


def _interval(cluster: rest.Cluster) -> float:
    """Seconds between two collections of metrics."""
    match = re.fullmatch(r"(\d+)\s*(ms|s|min)?", cluster.configuration().get(INTERVAL, ""))
    return int(match[1]) * {"s": 1.0, "min": 60.0}.get(match[2], 0.001) if match else DEFAULT_INTERVAL


def _at_one_moment(cluster: rest.Cluster, job: rest.Job, detail: Any, later: Look) -> JobStatus:
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
        vertices=_vertices(later, detail),
    )


def _inputs(detail: Any) -> dict[str, list[str]]:
    """The ids of the upstream vertices, by the id of each vertex."""
    return {node["id"]: [one["id"] for one in node.get("inputs", [])] for node in detail["plan"]["nodes"]}


def _vertices(later: Look, detail: Any) -> tuple[Vertex, ...]:
    """The vertices of the job, in Flink's order."""
    positions = {vertex["id"]: position for position, vertex in enumerate(detail["vertices"])}
    inputs = _inputs(detail)
    return tuple(
        Vertex(
            name=vertex["name"],
            parallelism=vertex["parallelism"],
            status=vertex["status"],
            inputs=tuple(positions[one] for one in inputs.get(vertex["id"], [])),
            busy=later.worst_share(vertex["id"], "busyTimeMsPerSecond"),
            back_pressured=later.worst_share(vertex["id"], "backPressuredTimeMsPerSecond"),
        )
        for vertex in detail["vertices"]
    )


def subtasks(earlier: Look, later: Look, detail: Any) -> tuple[Subtask, ...]:
    """The subtasks of the sources that have not ended. Sources are the vertices without upstream vertices."""
    inputs = _inputs(detail)
    sources = [vertex for vertex in detail["vertices"] if not inputs.get(vertex["id"]) and not _has_ended(vertex)]
    return tuple(
        Subtask(
            index,
            later.shards(source["id"], index),
            later.mark(source["id"], index),
            earlier.mark(source["id"], index),
            source["name"].removeprefix("Source: ").partition("[")[0] if len(sources) > 1 else "",
            later.reached(source["id"], index),
        )
        for source in sources
        for index in range(source["parallelism"])
    )


def _has_ended(vertex: Any) -> bool:
    """Whether a vertex has read all there is, as that of a table of reference data has."""
    return bool(vertex.get("status") == "FINISHED")


def _records(earlier: Look, later: Look, plan: Any) -> Records:
    """Counts and rates of the records that the job has read, and of the late and malformed records among them.

    Flink's counter of late records leaves out the records that the job itself sorts out. So the plan is searched for
    the operators that write to the errors stream: an operator for LATE, another for PARSE and COERCION.
    """
    lines = [line for node in plan["nodes"] for line in node["description"].split("<br/>")]
    rejects = [match.groups() for line in lines if (match := _REJECTS.search(line))]
    late = _out_of(number for number, calculation in rejects if "'LATE'" in calculation)
    malformed = _out_of(number for number, calculation in rejects if "'LATE'" not in calculation)
    return Records(
        read=later.count(_READ),
        lately=_growth(_READ, earlier, later),
        late=later.count(late),
        malformed=later.count(malformed),
        read_rate=later.total(f"{_READ}PerSecond"),
        late_rate=later.total(f"{late}PerSecond"),
        malformed_rate=later.total(f"{malformed}PerSecond"),
        dropped=later.count(_DROPPED) or 0,
    )


def _out_of(operators: Iterator[str]) -> str:
    """The pattern of the metrics that count the output records of the Calc operators with these numbers."""
    return rf"Calc\[({'|'.join(operators) or 'none'})]\.numRecordsOut"


def _sink(earlier: Look, later: Look, table: str) -> Sink:
    """A sink table, by its writer's metrics; None for a metric that is missing."""
    writer = rf"{table}(\[\d+])?__Writer\."
    sent, refused = f"{writer}numRecordsSend", f"{writer}numRecordsSendErrors"
    return Sink(
        table,
        given=later.count(f"{writer}numRecordsIn"),
        sent=later.count(sent),
        sent_lately=_growth(sent, earlier, later),
        refused=later.count(refused),
        refused_lately=_growth(refused, earlier, later),
    )


def _calls(earlier: Look, later: Look, stream: str) -> Calls:
    def lately(reason: str) -> int:
        return _growth(rf"{_STREAM}\.{re.escape(stream)}\.numCalls{reason}", earlier, later) or 0

    return Calls(lately("Throttled"), lately("Denied"), lately("Failed"))


def _growth(metric: str, earlier: Look, later: Look) -> int | None:
    """The growth of a count between two samples. None after a restart, which resets the count."""
    before, after = earlier.count(metric), later.count(metric)
    return None if before is None or after is None or after < before else after - before


def _failures(job: rest.Job, now: float) -> tuple[Failure, ...]:
    """The newest failures that Flink remembers, the newest first."""
    entries = job.get(f"/exceptions?maxExceptions={HISTORY}")["exceptionHistory"]["entries"]
    return tuple(
        Failure(now - entry["timestamp"] / 1000, rest.root_cause(entry["stacktrace"], LONG)) for entry in entries
    )


def _checkpoints(job: rest.Job, detail: Any) -> Checkpoints | None:
    try:
        interval = job.get("/checkpoints/config")["interval"] / 1000
        known = job.get("/checkpoints")
    except rest.RestError as error:
        if isinstance(error.__cause__, urllib.error.HTTPError) and error.__cause__.code == 404:
            return None  # Flink's answer when checkpoints are off
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
    """The vertices that have not yet acknowledged the checkpoint under way."""
    under_way = next((one["id"] for one in history if one["status"] == "IN_PROGRESS"), None)
    if under_way is None:
        return ()
    try:
        tasks = job.get(f"/checkpoints/details/{under_way}")["tasks"]
    except rest.RestError:
        return ()  # the checkpoint has ended, and Flink dropped its details
    acknowledged = {id_ for id_, one in tasks.items() if one["num_acknowledged_subtasks"] == one["num_subtasks"]}
    open_ = [vertex for vertex in vertices if not _has_ended(vertex)]
    return tuple(vertex["name"] for vertex in open_ if vertex["id"] not in acknowledged)
