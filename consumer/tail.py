"""Reads all shards of a Kinesis stream in one thread, through expired iterators, throttling and resharding.

for record in Tail(client, "wildrydes").records(): ...      # new records, for ever
everything = list(stored(client, "wildrydes-summary"))      # the records in the stream now
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.exceptions import ConnectionError as NoConnection

from aws.failures import code_of, explain
from consumer.records import Batch, Record, batch_of, service_time
from consumer.shards import LATEST, TRIM_HORIZON, Lineage, Shard, Start, after, at, list_shards
from program.addresses import without_secrets
from program.errors import Failure
from program.waiting import Outage, Retry, full_jitter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_kinesis import KinesisClient

# Seconds, but MOST_RECORDS. Kinesis allows 5 GetRecords a second and shard, over all readers.
BEHIND_PAUSE = 0.21  # between the calls of a shard that has more records
CAUGHT_UP_PAUSE = 0.25  # between the calls of a shard that has no more records
LISTING_PAUSE = 10.0  # between two ListShards, which discover shards without a parent here
MOST_RECORDS = 10_000  # of a GetRecords call

FIRST_WAIT = 0.25  # upper bound of the first wait; it doubles with each failure
LONGEST_WAIT = 10.0
NOTED_AFTER = 5.0  # of failures, before the first note: shorter outages are normal
NOTED_EVERY = 30.0  # between the further notes


class GaveUp(Failure):
    """A call kept failing for the whole of `patience`; `code` is the code of the last error."""

    def __init__(self, call: str, address: str, code: str, seconds: float) -> None:
        remedy = "see whether it can be reached, or raise --patience"
        if any(word in code for word in ("Throughput", "Throttling", "Limit")):
            remedy = "other readers use up its limit: stop one, or raise --patience"
        super().__init__(f"Gave up {call} at {address}, which failed for {seconds:.0f} s, last with {code}: {remedy}.")
        self.code = code


class Clock:
    """The machine's clock; tests have a clock that needs no waiting."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Tail:
    """A stream to read: every record exactly once, in order within its shard, after the records of the shard's parents.

    until_caught_up: reading ends after the records that were in the stream at its beginning. patience: seconds for
    which a call may keep failing. jitter: draws a wait below a bound in seconds. note: gets sentences about closed
    shards and long outages.

    Reading raises GaveUp after `patience`, and botocore's ClientError and BotoCoreError at once for errors that do not
    pass: no such stream, access denied, no credentials, an endpoint that never answered.
    """

    client: KinesisClient
    stream: str
    start: Start = LATEST
    until_caught_up: bool = False
    patience: float = 300.0
    clock: Clock = field(default_factory=Clock)
    jitter: Callable[[float], float] = full_jitter
    note: Callable[[str], None] = lambda _text: None

    def batches(self) -> Iterator[Batch]:
        """The batches of GetRecords, also those without records."""
        return _Run(self).batches()

    def records(self) -> Iterator[Record]:
        """The records of all batches."""
        return chain.from_iterable(batch.records for batch in self.batches())


def stored(client: KinesisClient, stream: str, start: Start = TRIM_HORIZON) -> Iterator[Record]:
    """The records that are in the stream now. Raises the errors of `Tail`."""
    return Tail(client, stream, start, until_caught_up=True).records()


@dataclass
class _Call:
    """A repeated call: the time of the next call, and the failures in a row."""

    name: str
    outage: Outage
    due: float
    noted: bool = False


@dataclass
class _Listing(_Call):
    """ListShards. `pending`: there may be unknown shards."""

    pending: bool = True


@dataclass(kw_only=True)
class _Cursor(_Call):
    """GetRecords of a shard, and the position in the shard."""

    shard: str
    position: Start
    called: float = 0.0
    iterator: str | None = None
    caught_up: bool = False
    vanished: bool = False


class _Run:
    """A run over a stream. It always makes the call that is due first, so that no shard delays others."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._clock = tail.clock
        self._lineage = Lineage(tail.start)
        self._cursors: dict[str, _Cursor] = {}
        self._noted: dict[str, float] = {}  # last note by error code: an outage fails the calls of all shards
        self._away = 0.0  # seconds in the caller's code
        self._listing = _Listing(f"ListShards of {tail.stream}", self._outage(), due=self._now())
        self._began: datetime | None = None
        self._has_answered = False

    def batches(self) -> Iterator[Batch]:
        while (call := self._next()) is not None:
            self._sleep_until(call.due)
            try:
                batch = self._make(call)
                self._has_answered = True
            except (ClientError, BotoCoreError) as error:
                self._failed(call, error)
                continue
            self._succeeded(call)
            if batch is not None:
                before = self._clock.monotonic()
                yield batch
                self._away += self._clock.monotonic() - before

    def _now(self) -> float:
        """Seconds of reading: the caller's work between batches does not count for `patience`."""
        return self._clock.monotonic() - self._away

    def _sleep_until(self, due: float) -> None:
        wait = due - self._now()
        if wait > 0:
            self._clock.sleep(wait)

    def _outage(self) -> Outage:
        return Outage(Retry(self._tail.patience, FIRST_WAIT, LONGEST_WAIT, self._tail.jitter), self._now)

    def _next(self) -> _Call | None:
        """The call that is due first; None at the end of reading."""
        for shard, start in self._lineage.take_ready():
            self._cursors[shard.id] = self._cursor(shard, start)
        cursors = [cursor for cursor in self._cursors.values() if self._is_needed(cursor)]
        if self._tail.until_caught_up and not (cursors or self._lineage.waiting or self._listing.pending):
            return None
        calls: list[_Call] = [self._listing, *cursors]
        return min(calls, key=lambda call: call.due)

    def _is_needed(self, cursor: _Cursor) -> bool:
        # A shard with children is closed: read it to its end, for which its children wait.
        return not (self._tail.until_caught_up and cursor.caught_up) or self._lineage.waits_for(cursor.shard)

    def _cursor(self, shard: Shard, start: Start) -> _Cursor:
        name = f"reading {shard.id} of {self._tail.stream}"
        return _Cursor(name, self._outage(), self._now(), shard=shard.id, position=start)

    def _make(self, call: _Call) -> Batch | None:
        if isinstance(call, _Cursor):
            return self._read(call)
        self._list()
        return None

    def _list(self) -> None:
        shards, first_page = list_shards(self._tail.client, self._tail.stream)
        if self._began is None:
            # The service's time if it is there: a fast local clock would skip records.
            self._began = service_time(first_page) or self._clock.now()
            many = "1 shard" if len(shards) == 1 else f"{len(shards)} shards"
            self._tail.note(f"reading {many} of {self._tail.stream} from {self._tail.start}")
        self._lineage.add(shards)
        self._forget_vanished({shard.id for shard in shards})
        self._listing.pending = False
        self._listing.due = self._now() + LISTING_PAUSE

    def _list_now(self) -> None:
        self._listing.pending = True
        self._listing.due = min(self._listing.due, self._now())

    def _read(self, cursor: _Cursor) -> Batch:
        cursor.called = self._now()
        if cursor.iterator is None:
            cursor.iterator = self._open(cursor)
        output = self._tail.client.get_records(ShardIterator=cursor.iterator, Limit=MOST_RECORDS)
        batch = batch_of(cursor.shard, output)
        if batch.records:
            cursor.position = after(batch.records[-1].sequence_number)
        cursor.caught_up = self._is_caught_up(batch)
        pause = BEHIND_PAUSE if batch.millis_behind or len(batch.records) == MOST_RECORDS else CAUGHT_UP_PAUSE
        cursor.due = cursor.called + pause
        cursor.iterator = output.get("NextShardIterator")
        if cursor.iterator is None:
            self._tail.note(f"{cursor.shard} of {self._tail.stream} was closed and is read to its end")
            self._end(cursor)
        return batch

    def _open(self, cursor: _Cursor) -> str:
        position = cursor.position
        # If this call fails, or its iterator expires before a record comes, LATEST would by then be later.
        if position.kind == "LATEST" and self._began:
            cursor.position = at(self._began)
        output = self._tail.client.get_shard_iterator(
            StreamName=self._tail.stream, ShardId=cursor.shard, **position.arguments()
        )
        return output["ShardIterator"]

    def _is_caught_up(self, batch: Batch) -> bool:
        if not batch.records:
            return batch.millis_behind == 0  # emulators return 0 too early, but only with records
        # A busy shard has no empty batch: records newer than the beginning are enough. A second, because the service's
        # time is in whole seconds.
        return self._began is not None and batch.records[-1].arrival > self._began + timedelta(seconds=1)

    def _end(self, cursor: _Cursor) -> None:
        del self._cursors[cursor.shard]
        self._lineage.end(cursor.shard)
        self._list_now()  # its children may be newer than the last list

    def _forget_vanished(self, listed: set[str]) -> None:
        for cursor in list(self._cursors.values()):
            if cursor.vanished and cursor.shard not in listed:
                self._tail.note(f"{cursor.shard} of {self._tail.stream} no longer exists; the rest of it is lost")
                self._end(cursor)
            cursor.vanished = False

    def _failed(self, call: _Call, error: ClientError | BotoCoreError) -> None:
        """Delay the call, or raise an error that does not pass."""
        self._has_answered = self._has_answered or isinstance(error, ClientError)
        if isinstance(error, NoConnection) and not self._has_answered:
            raise error  # a wrong address rather than an outage
        code = code_of(error)
        vanished = isinstance(call, _Cursor) and code == "ResourceNotFoundException"
        if not (vanished or explain(error).is_passing):
            raise error
        call.due = self._now() + self._wait(call, code, error)
        if isinstance(call, _Cursor):
            call.due = max(call.due, call.called + BEHIND_PAUSE)
            if vanished or code == "ExpiredIteratorException":
                call.iterator = None
            if vanished:
                # The shard or the whole stream is deleted: ListShards shows which.
                call.vanished = True
                self._list_now()

    def _wait(self, call: _Call, code: str, error: Exception) -> float:
        """The seconds until the next call. Notes a long outage; raises GaveUp at the limit."""
        call.noted = call.noted and call.outage.failures > 0
        wait, lasted, left, now = call.outage.failed(), call.outage.lasted, call.outage.left, self._now()
        if wait is None:
            address = without_secrets(self._tail.client.meta.endpoint_url)
            raise GaveUp(call.name, address, code, lasted) from error
        if lasted >= NOTED_AFTER and now >= self._noted.get(code, now - NOTED_EVERY) + NOTED_EVERY:
            self._tail.note(f"{call.name} has been failing for {lasted:.0f} s ({code}); trying for {left:.0f} s more")
            self._noted[code], call.noted = now, True
        return wait

    def _succeeded(self, call: _Call) -> None:
        if call.outage.failures and call.noted:
            self._tail.note(f"{call.name} works again after {call.outage.lasted:.0f} s")
        call.outage.over()
