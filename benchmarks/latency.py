"""Latency of rows: from the record that closes a window to the item in the table, by the emulator's clock.

A window closes when every shard that has records has come to a record whose event time, less the allowed disorder, is
at the window's last millisecond. Of these records, one a shard, the last to arrive closes the window. The disorder
passes before that, in event time, and is no part of the latency.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consumer.records import Record
from local import oracle

DISORDER_MS = int(oracle.DISORDER.total_seconds() * 1000)


@dataclass(frozen=True)
class Put:
    """A record of a shard: its arrival (seconds since 1970) and its event time (milliseconds since 1970)."""

    arrival: float
    at_ms: int


@dataclass(frozen=True)
class Closing:
    """When a window closed. at: its arrival. read: when the job had been given the records that close it."""

    at: float
    read: float


@dataclass(frozen=True)
class Latency:
    """The latency of a row in seconds, and its parts.

    fetch: until the job had been given the closing records. job: until the emulator began to write the item. write:
    until it was in the table.
    """

    fetch: float
    job: float
    write: float

    @property
    def whole(self) -> float:
        return self.fetch + self.job + self.write


@dataclass
class Stamps:
    """The stamps of an emulator (benchmarks.stamped).

    reads: by stream and shard, the ends of what was read and the times. writes: by table, name and time of the row, the
    times when its first write began and ended.
    """

    reads: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    writes: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)

    def read_at(self, stream: str, shard: str, place: int) -> float:
        """When the record with this number (from 0) in its shard was read first. Raises IndexError if it was not."""
        found = self.reads[stream, shard]
        return found[bisect_right(found, place, key=lambda one: one[0])][1]


def stamps(log: Path) -> Stamps:
    """The stamps in the log of an emulator."""
    found = Stamps()
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith('{"stamp": '):
                _add(found, json.loads(line))
    return found


def _add(found: Stamps, stamp: Mapping[str, Any]) -> None:
    if stamp["stamp"] == "read":
        reads = found.reads[stamp["stream"], stamp["shard"]]
        if not reads or stamp["to"] > reads[-1][0]:  # a later reader begins anew
            reads.append((stamp["to"], stamp["at"]))
    else:
        for name, time in stamp["keys"]:
            found.writes.setdefault((stamp["table"], name, time), (stamp["begun"], stamp["at"]))


def by_shard(stored: Iterable[Record]) -> dict[str, list[Put]]:
    """The records of a stream by shard, in their order."""
    found: dict[str, list[Put]] = defaultdict(list)
    for record in stored:
        found[record.shard].append(Put(record.arrival.timestamp(), _ms(json.loads(record.data)["StatusTime"])))
    return found


def closings(
    stream: str, shards: Mapping[str, Sequence[Put]], ends: Iterable[int], found: Stamps
) -> dict[int, Closing]:
    """When each window was closed by records, by its end (ms since 1970); without those that no record closes.

    ends: ends of windows. found: the stamps of the emulator.
    """
    closed = {}
    for end in sorted(ends):
        places = {shard: _first(puts, end - 1 + DISORDER_MS) for shard, puts in shards.items()}
        if all(place is not None for place in places.values()):
            last = {shard: place for shard, place in places.items() if place is not None}
            closed[end] = Closing(
                max(shards[shard][place].arrival for shard, place in last.items()),
                max(found.read_at(stream, shard, place) for shard, place in last.items()),
            )
    return closed


def _first(puts: Sequence[Put], at_ms: int) -> int | None:
    """The number of the first record with this event time or a later one."""
    return next((number for number, put in enumerate(puts) if put.at_ms >= at_ms), None)


def latencies(table: str, closed: Mapping[int, Closing], found: Stamps) -> dict[int, list[Latency]]:
    """The latencies of all rows of these windows, by their ends."""
    rows: dict[int, list[Latency]] = defaultdict(list)
    for (where, _name, time), (begun, at) in found.writes.items():
        closing = closed.get(_ms(time)) if where == table else None
        if closing is not None:
            rows[_ms(time)].append(Latency(closing.read - closing.at, begun - closing.read, at - begun))
    return rows


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that so large a share of the values does not exceed. Raises IndexError without a value."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
