"""Shards: their list, positions in them, and the order of reading."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.literals import ShardIteratorTypeType
    from mypy_boto3_kinesis.type_defs import ListShardsOutputTypeDef, ShardTypeDef


@dataclass(frozen=True, slots=True)
class Start:
    """A position in a shard, with the names of GetShardIterator."""

    kind: ShardIteratorTypeType
    timestamp: datetime | None = None
    sequence_number: str | None = None

    def arguments(self) -> dict[str, Any]:
        """The arguments of GetShardIterator for this position."""
        arguments = {
            "ShardIteratorType": self.kind,
            "Timestamp": self.timestamp,
            "StartingSequenceNumber": self.sequence_number,
        }
        return {name: value for name, value in arguments.items() if value is not None}

    def __str__(self) -> str:
        return f"{self.timestamp:%Y-%m-%d %H:%M:%S} UTC" if self.timestamp else self.kind


LATEST = Start("LATEST")
TRIM_HORIZON = Start("TRIM_HORIZON")


def at(timestamp: datetime) -> Start:
    """The first record that arrived at `timestamp` or later: with a zone, not in the future, which AWS refuses."""
    return Start("AT_TIMESTAMP", timestamp=timestamp)


def after(sequence_number: str) -> Start:
    """The record that follows `sequence_number` in its shard."""
    return Start("AFTER_SEQUENCE_NUMBER", sequence_number=sequence_number)


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard of ListShards: a child has a parent after a split, two parents after a merge."""

    id: str
    parents: tuple[str, ...]
    open: bool


def list_shards(client: KinesisClient, stream: str) -> tuple[list[Shard], ListShardsOutputTypeDef]:
    """Every shard of the stream, over all pages, and the first page for its date.

    Raises botocore's errors; after an ExpiredNextTokenException the caller has to start again.
    """
    page = first = client.list_shards(StreamName=stream)
    shards = [_shard(listed) for listed in page["Shards"]]
    while token := page.get("NextToken"):
        page = client.list_shards(NextToken=token)  # the token contains the stream; the service refuses both together
        shards += [_shard(listed) for listed in page["Shards"]]
    return shards, first


def _shard(listed: ShardTypeDef) -> Shard:
    parents = (listed.get("ParentShardId"), listed.get("AdjacentParentShardId"))
    return Shard(
        id=listed["ShardId"],
        parents=tuple(parent for parent in parents if parent),
        open="EndingSequenceNumber" not in listed["SequenceNumberRange"],
    )


class Lineage:
    """The shards to read: each once, after all its parents have been read to their end.

    A partition key moves from a closed shard to a child shard, so this order keeps the order per key.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._first_listing = True
        self._known: set[str] = set()
        self._read_set: set[str] = set()
        self._unfinished: set[str] = set()
        self._waiting: list[tuple[Shard, Start]] = []

    def add(self, listed: Iterable[Shard]) -> None:
        """Add the new shards of a full list."""
        shards = {shard.id: shard for shard in listed}
        for name in TopologicalSorter({shard.id: shard.parents for shard in shards.values()}).static_order():
            # A parent past its retention is no longer listed.
            if name in shards and name not in self._known:
                self._admit(shards[name])
        self._first_listing = False

    def _admit(self, shard: Shard) -> None:
        self._known.add(shard.id)
        start = self._start_of(shard)
        if start:
            self._read_set.add(shard.id)
            self._unfinished.add(shard.id)
            self._waiting.append((shard, start))

    def _start_of(self, shard: Shard) -> Start | None:
        """The start position in the shard; None if all its records are older than the start of reading."""
        if not self._first_listing:
            return TRIM_HORIZON  # opened since the reading began: all its records are new
        if self._start.kind != "LATEST":
            return self._start
        if self._read_set.intersection(shard.parents):
            return TRIM_HORIZON  # its parent was split between two pages of the list
        return LATEST if shard.open else None

    def take_ready(self) -> list[tuple[Shard, Start]]:
        """The shards that may be read from now on; returns each shard once."""
        ready = [entry for entry in self._waiting if self._unfinished.isdisjoint(entry[0].parents)]
        self._waiting = [entry for entry in self._waiting if entry not in ready]
        return ready

    def end(self, shard_id: str) -> None:
        """Mark a shard as read to its end."""
        self._unfinished.discard(shard_id)

    def waits_for(self, shard_id: str) -> bool:
        """Whether a child of the shard is waiting: the shard is closed, so it has an end."""
        return any(shard_id in shard.parents for shard, _ in self._waiting)

    @property
    def waiting(self) -> bool:
        """Whether any shard still waits for its parents."""
        return bool(self._waiting)
