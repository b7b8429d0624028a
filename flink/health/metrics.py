"""Flink's metrics of a job at one moment, by the REST API, and the parts of the job that they measure.

A metric of a vertex is named SUBTASK.NAME or SUBTASK.OPERATOR.NAME, such as 0.Calc[4].numRecordsOut; operators are
numbered through the whole job. Names: Flink's documentation, "Metrics", and the Kinesis connector's.
"""

from __future__ import annotations

import re
import time
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flink import rest
from program.formats import listed

COLLECTING = 0.7  # seconds that the JobManager may take to collect, which it begins only when asked
LONGEST_QUERY = 3000  # characters; Flink's web server refuses a request line beyond 4096

Values = Mapping[str, float]

_SHARD = r"Source__.*\.KinesisConsumer\.stream\.(?P<stream>.+)\.shardId\.(?P<shard>[^.]+)\.millisBehindLatest"
_MARK = r"WatermarkAssigner\[\d+]\.currentOutputWatermark"
_READ = r"Source__[^.]*\.numRecordsOut"
_DROPPED = r"[^.]*\.numLateRecordsDropped"
_WANTED = re.compile(
    rf"\d+\.(currentInputWatermark|busyTimeMsPerSecond|backPressuredTimeMsPerSecond|{_SHARD}|{_MARK}|{_DROPPED}"
    rf"|(Source__[^.]*|Calc\[\d+])\.numRecordsOut(PerSecond)?"
    r"|[^.]*__Writer\.(numRecordsIn|numRecordsSend|numRecordsSendErrors))"
)
# What Flink prints in a plan for the view `errors`, once for each kind of reject.
_REJECTS = re.compile(r"\[(\d+)]:(Calc\(.* AS ERROR_NAME\b.*)")


@dataclass(frozen=True)
class Subtask:
    """A subtask of a source: the shards it reads, and its watermark in the later and in the earlier look.

    source: its table, of a job with several; else empty.
    """

    index: int
    shards: tuple[str, ...] = ()
    watermark: int | None = None
    earlier: int | None = None
    source: str = ""

    def __str__(self) -> str:
        return f"subtask {self.index}" + (f" of {self.source}" if self.source else "")


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

    @property
    def table(self) -> str:
        """The table that a source reads."""
        return self.name.removeprefix("Source: ").partition("[")[0]


@dataclass(frozen=True)
class Look:
    """The metrics of every vertex, by the vertex's id, as they were `at` a moment of the monotonic clock.

    names_streams: whether shards are named with their streams, as those of a job that reads several.
    """

    vertices: Mapping[str, Values]
    at: float
    names_streams: bool = False

    @property
    def operators(self) -> Values:
        """All of them together; what has the same name in several vertices is of no use here."""
        return {name: value for values in self.vertices.values() for name, value in values.items()}

    def total(self, name: str) -> float | None:
        """The sum over the subtasks of a metric, named by a pattern; None when it is not there."""
        found = [value for key, value in self.operators.items() if re.fullmatch(rf"\d+\.{name}", key)]
        return sum(found) if found else None

    def count(self, name: str) -> int | None:
        total = self.total(name)
        return None if total is None else int(total)

    def shards(self, vertex: str) -> dict[str, int]:
        """The subtask of this vertex that reads each shard."""
        return {shard: subtask for shard, subtask, _stream, _behind in self._shards(self.vertices.get(vertex, {}))}

    def streams(self) -> tuple[str, ...]:
        """The streams that are read."""
        return tuple(dict.fromkeys(stream for _shard, _subtask, stream, _behind in self._shards(self.operators)))

    def behind(self) -> dict[str, float] | None:
        """Seconds behind the newest record, of each shard that was read from since the (re)start."""
        found = {shard: behind / 1000 for shard, _subtask, _stream, behind in self._shards(self.operators)}
        return {shard: seconds for shard, seconds in found.items() if seconds >= 0} or None

    def _shards(self, values: Values) -> list[tuple[str, int, str, float]]:
        """Shard, subtask, stream and milliseconds behind, by the names of the shards."""
        found = ((re.fullmatch(rf"(?P<subtask>\d+)\.{_SHARD}", name), behind) for name, behind in values.items())
        return sorted(
            (
                shard_name(match["stream"], match["shard"], self.names_streams),
                int(match["subtask"]),
                match["stream"],
                ms,
            )
            for match, ms in found
            if match
        )

    def marks(self, vertex: str) -> dict[int, int]:
        """The watermarks of the subtasks of a source that have one."""
        values = self.vertices.get(vertex, {})
        found = ((re.fullmatch(rf"(\d+)\.{_MARK}", name), value) for name, value in values.items())
        return {int(match[1]): int(value) for match, value in found if match}

    def watermark(self, vertex: str) -> int | None:
        """The watermark that reaches this vertex: the lowest of the subtasks before it that are not idle."""
        values = self.vertices.get(vertex, {}).items()
        found = [value for name, value in values if name.partition(".")[2] == "currentInputWatermark"]
        return int(min(found)) if found else None

    def worst_share(self, vertex: str, metric: str) -> float | None:
        """The highest share of time among a vertex's subtasks, of a metric in milliseconds a second."""
        values = self.vertices.get(vertex, {}).items()
        found = [value for name, value in values if name.partition(".")[2] == metric]
        return min(max(found) / 1000, 1.0) if found else None


def part(vertex: str) -> str:
    """A vertex by its first operator and the sinks that it writes, as its whole name fills a line or two."""
    first, *others = vertex.split(" -> ")
    writers = written(" ".join(others))
    return f"{first} ... {listed(writers)}" if writers else f"{first} ..." if others else first


def written(vertex: str) -> list[str]:
    """The sink tables that a vertex of this name writes."""
    return re.findall(r"(\w+)(?:\[\d+])?: Writer", vertex)


def shard_name(stream: str, shard: str, names_stream: bool) -> str:
    """How a shard is named: with its stream if the job reads several."""
    return f"{stream}/{shard}" if names_stream else shard


def look(
    job: rest.Job,
    vertices: Iterable[str],
    sleep: Callable[[float], None] = time.sleep,
    *,
    names_streams: bool = False,
) -> Look:
    """A fresh look: the JobManager answers with what it collected last, so it is asked twice. Raises rest.RestError."""
    job.get("/metrics")
    sleep(COLLECTING)
    return Look({vertex: _values(job, vertex) for vertex in vertices}, time.monotonic(), names_streams)


def _values(job: rest.Job, vertex: str) -> Values:
    names = [metric["id"] for metric in job.get(f"/vertices/{vertex}/metrics") if _WANTED.fullmatch(metric["id"])]
    values: dict[str, float] = {}
    for query in _queries(names):
        for metric in job.get(f"/vertices/{vertex}/metrics?get={query}"):
            value = float(metric["value"])
            # Not NaN, nor Long.MIN_VALUE and Long.MAX_VALUE: no watermark yet, and the end of all input.
            if abs(value) < 2**62:
                values[metric["id"]] = value
    return values


def _queries(names: Iterable[str]) -> list[str]:
    """The names joined by commas, as many in each text as a request line takes."""
    texts: list[str] = []
    for name in names:
        quoted = urllib.parse.quote(name, safe="")
        if texts and len(texts[-1]) + len(quoted) < LONGEST_QUERY:
            texts[-1] += f",{quoted}"
        else:
            texts.append(quoted)
    return texts


def subtasks(earlier: Look, later: Look, sources: Mapping[str, Vertex]) -> tuple[Subtask, ...]:
    """The subtasks of the sources, which are given by the ids of their vertices."""
    return tuple(
        Subtask(
            index,
            tuple(shard for shard, subtask in later.shards(id_).items() if subtask == index),
            later.marks(id_).get(index),
            earlier.marks(id_).get(index),
            source.table if len(sources) > 1 else "",
        )
        for id_, source in sources.items()
        for index in range(source.parallelism)
    )


def records(earlier: Look, later: Look, plan: Any) -> Records:
    """What was read, and what of it was late or malformed.

    Flink's own counter of late records does not know of those that the job itself sorts out, so the operators that
    write to the errors stream are looked up in the plan: one for LATE, one for PARSE and COERCION.
    """
    kinds: dict[bool, list[str]] = {True: [], False: []}
    for node in plan["nodes"]:
        for line in node["description"].split("<br/>"):
            if match := _REJECTS.search(line):
                kinds["'LATE'" in match[2]].append(match[1])
    late, malformed = (
        rf"Calc\[({'|'.join(numbers)})]\.numRecordsOut" if numbers else "none" for numbers in kinds.values()
    )
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


def sinks(earlier: Look, later: Look, tables: Iterable[str]) -> tuple[Sink, ...]:
    """The tables that are written, as far as metrics of their writers are there."""
    found = []
    for table in tables:
        writer = rf"{table}(\[\d+])?__Writer\."
        sent, refused = f"{writer}numRecordsSend", f"{writer}numRecordsSendErrors"
        found.append(
            Sink(
                table,
                given=later.count(f"{writer}numRecordsIn"),
                sent=later.count(sent),
                sent_lately=_growth(sent, earlier, later),
                refused=later.count(refused),
                refused_lately=_growth(refused, earlier, later),
            )
        )
    return tuple(found)


def _growth(name: str, earlier: Look, later: Look) -> int | None:
    """None after a restart in between, which begins to count anew."""
    before, after = earlier.count(name), later.count(name)
    return None if before is None or after is None or after < before else after - before


def vertices(later: Look | None, detail: Any) -> tuple[Vertex, ...]:
    """The parts of the job in the order in which Flink shows them."""
    positions = {vertex["id"]: position for position, vertex in enumerate(detail["vertices"])}
    inputs = {node["id"]: [one["id"] for one in node.get("inputs", [])] for node in detail["plan"]["nodes"]}
    return tuple(
        Vertex(
            name=vertex["name"],
            parallelism=vertex["parallelism"],
            status=vertex["status"],
            inputs=tuple(positions[one] for one in inputs.get(vertex["id"], [])),
            busy=later.worst_share(vertex["id"], "busyTimeMsPerSecond") if later else None,
            back_pressured=later.worst_share(vertex["id"], "backPressuredTimeMsPerSecond") if later else None,
        )
        for vertex in detail["vertices"]
    )
