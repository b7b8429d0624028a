"""One run over a stream: which call comes next, what its answer changes, and what its failure changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from consumer.answers import Batch, batch_of, service_time
from consumer.shards import Lineage, Shard, Start, after, at, list_shards
from consumer.trouble import Trouble, code_of, is_passing, is_unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consumer.tail import Tail

# Kinesis allows 5 GetRecords a second and shard, over all its readers.
BEHIND_PAUSE = 0.21  # seconds from call to call of a shard while it has more to give
CAUGHT_UP_PAUSE = 0.25  # the same once it has not
LISTING_PAUSE = 10.0  # seconds between listings, which find shards that no ended shard announced
MOST_RECORDS = 10_000  # the most that GetRecords returns


@dataclass
class _Listing:
    """The next ListShards. `pending` while shards may exist that are not known yet."""

    trouble: Trouble
    due: float
    pending: bool = True


@dataclass
class _Cursor:
    """How far one shard has been read. `due` is the earliest time of its next call."""

    shard: str
    position: Start
    trouble: Trouble
    due: float
    called: float = 0.0
    iterator: str | None = None
    caught_up: bool = False
    vanished: bool = False


class Reading:
    """Always makes the call that is due first, so that one shard's trouble holds up no other shard."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._clock = tail.clock
        self._lineage = Lineage(tail.start)
        self._cursors: dict[str, _Cursor] = {}
        self._said: dict[str, float] = {}
        self._away = 0.0
        self._listing = _Listing(self._trouble(f"ListShards of {tail.stream}"), due=self._now())
        self._began: datetime | None = None
        self._answered = False

    def batches(self) -> Iterator[Batch]:
        while (task := self._next()) is not None:
            self._sleep_until(task.due)
            try:
                batch = self._call(task)
                self._answered = True
            except (ClientError, BotoCoreError) as error:
                self._failed(task, error)
                continue
            task.trouble.succeeded(self._now())
            if batch is not None:
                before = self._clock.monotonic()
                yield batch
                self._away += self._clock.monotonic() - before

    def _now(self) -> float:
        """Seconds of reading: what the caller does between batches wears out no patience."""
        return self._clock.monotonic() - self._away

    def _call(self, task: _Listing | _Cursor) -> Batch | None:
        if isinstance(task, _Cursor):
            return self._read(task)
        self._list()
        return None

    def _next(self) -> _Listing | _Cursor | None:
        """The call that is due first; None when there is nothing left to read."""
        for shard, start in self._lineage.take_ready():
            self._cursors[shard.id] = self._cursor(shard, start)
        cursors = [cursor for cursor in self._cursors.values() if self._wanted(cursor)]
        if self._tail.until_caught_up and not (cursors or self._lineage.waiting or self._listing.pending):
            return None
        tasks: list[_Listing | _Cursor] = [self._listing, *cursors]
        return min(tasks, key=lambda task: task.due)

    def _wanted(self, cursor: _Cursor) -> bool:
        # A shard that has children is closed: however quiet it seems, it ends, and they wait for that.
        return not (self._tail.until_caught_up and cursor.caught_up) or self._lineage.waits_for(cursor.shard)

    def _cursor(self, shard: Shard, start: Start) -> _Cursor:
        trouble = self._trouble(f"reading {shard.id} of {self._tail.stream}")
        return _Cursor(shard.id, start, trouble, due=self._now())

    def _trouble(self, call: str) -> Trouble:
        return Trouble(call, self._tail.patience, self._tail.jitter, self._tail.note, self._said)

    def _sleep_until(self, due: float) -> None:
        wait = due - self._now()
        if wait > 0:
            self._clock.sleep(wait)

    def _list(self) -> None:
        shards, answer = list_shards(self._tail.client, self._tail.stream)
        if self._began is None:
            # The service's own time where it tells: a local clock that is fast would skip records.
            self._began = service_time(answer) or self._clock.now()
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
        answer = self._tail.client.get_records(ShardIterator=cursor.iterator, Limit=MOST_RECORDS)
        batch = batch_of(cursor.shard, answer)
        if batch.records:
            cursor.position = after(batch.records[-1].sequence_number)
        cursor.caught_up = self._is_caught_up(batch)
        pause = BEHIND_PAUSE if batch.millis_behind or len(batch.records) == MOST_RECORDS else CAUGHT_UP_PAUSE
        cursor.due = cursor.called + pause
        cursor.iterator = answer.get("NextShardIterator")
        if cursor.iterator is None:
            self._tail.note(f"{cursor.shard} of {self._tail.stream} was closed and is read to its end")
            self._end(cursor)
        return batch

    def _open(self, cursor: _Cursor) -> str:
        position = cursor.position
        # Should this call fail, or its iterator expire before a record came, LATEST would by then be later.
        if position.kind == "LATEST" and self._began:
            cursor.position = at(self._began)
        answer = self._tail.client.get_shard_iterator(
            StreamName=self._tail.stream, ShardId=cursor.shard, **position.arguments()
        )
        return answer["ShardIterator"]

    def _is_caught_up(self, batch: Batch) -> bool:
        if not batch.records:
            return batch.millis_behind == 0  # emulators say 0 too early, but only beside records
        # On a busy shard no read is ever empty: records newer than the beginning will do. One second, because
        # the service tells its time in whole ones.
        return self._began is not None and batch.records[-1].arrival > self._began + timedelta(seconds=1)

    def _failed(self, task: _Listing | _Cursor, error: ClientError | BotoCoreError) -> None:
        """Put the task off, or raise what waiting cannot mend."""
        now = self._now()
        self._answered = self._answered or isinstance(error, ClientError)
        if is_unreachable(error) and not self._answered:
            raise error  # a wrong address rather than an outage: said at once
        if isinstance(task, _Cursor):
            task.due = max(now + self._put_off_reading(task, error, now), task.called + BEHIND_PAUSE)
        elif is_passing(error):
            task.due = now + task.trouble.failed(error, now)
        else:
            raise error

    def _put_off_reading(self, cursor: _Cursor, error: ClientError | BotoCoreError, now: float) -> float:
        if code_of(error) == "ResourceNotFoundException":
            # The shard or the whole stream is gone: the listing tells which.
            cursor.vanished = True
            cursor.iterator = None
            self._list_now()
        elif not is_passing(error):
            raise error
        if code_of(error) == "ExpiredIteratorException":
            cursor.iterator = None
        return cursor.trouble.failed(error, now)

    def _forget_vanished(self, listed: set[str]) -> None:
        for cursor in list(self._cursors.values()):
            if cursor.vanished and cursor.shard not in listed:
                self._tail.note(f"{cursor.shard} of {self._tail.stream} no longer exists; the rest of it is lost")
                self._end(cursor)
            cursor.vanished = False

    def _end(self, cursor: _Cursor) -> None:
        del self._cursors[cursor.shard]
        self._lineage.end(cursor.shard)
        self._list_now()  # its children may be newer than the last listing
