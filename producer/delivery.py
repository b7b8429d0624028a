"""Sending records at their due times: batches, the copy, the stop by a signal."""

import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TypeVar

from producer.event_clock import EventClock
from producer.progress import Progress
from producer.records import Record
from producer.sinks import File, ProducerError, Sink

T = TypeVar("T")

BATCH = 500  # records in a batch, at most
FLUSH_S = 0.2  # seconds that a record waits for its batch, at most
# The shortest and the longest sleep (s). A signal and the progress line wait for the longest at most. With a very fast
# clock, the process wakes up once in the shortest, not once a record.
SLICE_S = (0.005, 0.05)
CAUGHT_UP = "event time has caught up with the wall clock and goes on at its pace; an earlier --start delays that"
STOPPED = "Stopped before everything was sent."


class Stop:
    """A request to stop: the first signal stops within `grace` seconds, the second after the current call.

    A third signal ends the process without totals.
    """

    def __init__(self, grace: float = 10.0, now: Callable[[], float] = time.monotonic) -> None:
        self.signal: int | None = None
        self.requested = False
        self._grace = grace
        self._now = now
        self._deadline = math.inf

    def listen(self) -> None:
        """Handle SIGINT and SIGTERM from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def request(self) -> None:
        """Create no more readings; existing readings may still be sent."""
        self.requested = True

    @property
    def is_overdue(self) -> bool:
        """Whether the time for a clean stop is over."""
        return self._now() >= self._deadline

    def until(self, items: Iterable[T]) -> Iterator[T]:
        """The items, until a stop is requested."""
        for item in items:
            if self.requested:
                return
            yield item

    def sleep(self, until: float, tick: Callable[[], None]) -> None:
        """Sleep to the monotonic time `until` (s) or until a stop is requested; calls `tick` after each slice."""
        while not self.requested and (left := until - self._now()) > 0:
            _slice(left, tick)

    def pause(self, seconds: float, tick: Callable[[], None]) -> None:
        """Sleep for so many seconds or until a stop is overdue; calls `tick` after each slice."""
        until = self._now() + seconds
        while not self.is_overdue and (left := until - self._now()) > 0:
            _slice(left, tick)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # Assignments only: a lock could be held by the interrupted code.
        if self.signal is None:
            self.signal = number
            self._deadline = self._now() + self._grace
        else:
            self._deadline = self._now()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.requested = True


def _slice(left: float, tick: Callable[[], None]) -> None:
    shortest, longest = SLICE_S
    time.sleep(min(longest, max(shortest, left)))
    tick()


class Delivery:
    """Sends records to a sink at their due times; counts and copies the acknowledged records.

    The clock is read where a record is not due by the last reading, and after each batch: to read it for each record
    takes a third of the time of making the record.
    """

    def __init__(self, sink: Sink, copy: File | None, progress: Progress) -> None:
        self.unsent = 0  # due records without an acknowledgement
        self._sink = sink
        self._copy = copy
        self._progress = progress
        self._batch: list[Record] = []
        self._batch_due = 0.0
        self._caught_up = False

    def run(self, records: Iterator[Record], clock: EventClock, stop: Stop) -> None:
        """Send all records, or until `stop`. Raises the errors of `Sink.put`; `unsent` is exact after ProducerError."""
        try:
            self._send(records, clock, stop)
        except ProducerError:
            stop.request()
            now = time.monotonic()
            self.unsent += sum(clock.has_come(record.at_ms, now) for record in records)
            raise

    def _send(self, records: Iterator[Record], clock: EventClock, stop: Stop) -> None:
        now = time.monotonic()
        shown_ms = clock.shows(now)
        for record in records:
            if record.send_ms > shown_ms:
                self._wait(record, clock, stop)
                now = time.monotonic()
                shown_ms = clock.shows(now)
            if stop.requested and not clock.has_come(record.at_ms, time.monotonic()):
                continue  # the run ends before the time of this record
            if not self._batch:
                self._batch_due = now + FLUSH_S
            self._batch.append(record)
            if len(self._batch) >= BATCH or now >= self._batch_due:
                self._flush(clock)
                if stop.is_overdue:
                    raise ProducerError(STOPPED)
                now = time.monotonic()
                shown_ms = clock.shows(now)
        self._flush(clock)

    def _wait(self, record: Record, clock: EventClock, stop: Stop) -> None:
        """Wait until the record is due or a stop is requested."""
        due = clock.due(record.send_ms)
        if stop.requested or due <= time.monotonic():
            return
        if not self._caught_up and clock.is_held(record.send_ms):
            self._caught_up = True
            self._progress.note(CAUGHT_UP)
        if due > self._batch_due:
            self._flush(clock)
        self._show_due(due, clock)
        stop.sleep(due, self._progress.tick)

    def _flush(self, clock: EventClock) -> None:
        if not self._batch:
            return
        batch, self._batch = self._batch, []
        self.unsent += len(batch)
        self._show_due(clock.due(batch[-1].send_ms), clock)
        for acknowledged in self._sink.put(batch):
            self.unsent -= len(acknowledged)
            self._progress.add(acknowledged)
            if self._copy:
                self._copy.write(acknowledged)
            self._progress.tick()

    def _show_due(self, due: float, clock: EventClock) -> None:
        self._progress.due = due if clock.speed < math.inf else math.inf
