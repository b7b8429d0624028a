"""Reads all shards of a Kinesis stream in one thread, through expired iterators, throttling and resharding.

    for record in Tail(client, "wildrydes").records(): ...      # from now on, for ever
    everything = list(stored(client, "wildrydes-summary"))      # what is there now

Prints nothing and waits only through its clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from consumer.answers import Batch, Record
from consumer.clock import Clock, SystemClock
from consumer.reading import Reading
from consumer.shards import LATEST, TRIM_HORIZON, Start, at
from consumer.trouble import GaveUp, full_jitter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_kinesis import KinesisClient

__all__ = ["LATEST", "TRIM_HORIZON", "Batch", "Clock", "GaveUp", "Record", "Start", "SystemClock"]
__all__ += ["Tail", "at", "stored"]


def _unheard(_note: str) -> None:
    """The default listener."""


@dataclass(frozen=True)
class Tail:
    """How a stream is read.

    Every record comes exactly once, in order within its shard, and after all records of the shard's
    parents. `until_caught_up` ends the reading when all that was there as it began has been read.
    `patience` is how many seconds one call may keep failing; `jitter` draws a wait below a bound in
    seconds; `note` hears, in sentences, of shards that end and of failures that last.

    Reading raises GaveUp when patience ends, and botocore's ClientError and BotoCoreError for what waiting
    cannot mend: no such stream, access denied, no credentials, an endpoint that never answered.
    """

    client: KinesisClient
    stream: str
    start: Start = LATEST
    until_caught_up: bool = False
    patience: float = 300.0
    clock: Clock = field(default_factory=SystemClock)
    jitter: Callable[[float], float] = full_jitter
    note: Callable[[str], None] = _unheard

    def batches(self) -> Iterator[Batch]:
        """The answers of GetRecords, empty ones included, as they come."""
        return Reading(self).batches()

    def records(self) -> Iterator[Record]:
        """The records alone."""
        return chain.from_iterable(batch.records for batch in self.batches())


def stored(client: KinesisClient, stream: str, start: Start = TRIM_HORIZON) -> Iterator[Record]:
    """The records that are in the stream now, then the end. Raises what `Tail` raises."""
    return Tail(client, stream, start, until_caught_up=True).records()
