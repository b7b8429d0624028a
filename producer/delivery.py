"""From records that fall due to acknowledged ones: batches, the copy, and a count of what is unsent."""

import math
import time
from collections.abc import Iterator

from producer.outlets import File, Outlet, ProducerError
from producer.pace import Pace, Stop
from producer.progress import Progress
from producer.records import Record

BATCH = 500  # records in a batch at most
FLUSH_S = 0.2  # a record waits no longer than this for others to fill its batch
CAUGHT_UP = "event time has caught up with the wall clock and goes on at its pace; an earlier --start delays that"


class Delivery:
    """Sends records through an outlet when they fall due; counts and copies what the outlet acknowledges."""

    def __init__(self, outlet: Outlet, copy: File | None, progress: Progress) -> None:
        self.unsent = 0  # records that fell due and have not been acknowledged
        self._outlet = outlet
        self._copy = copy
        self._progress = progress
        self._batch: list[Record] = []
        self._batch_due = 0.0
        self._caught_up = False

    def run(self, records: Iterator[Record], pace: Pace, stop: Stop) -> None:
        """Send all the records; `stop` must be what ends them early.

        Raises what `Outlet.put` raises; `unsent` is exact after a ProducerError.
        """
        try:
            for record in records:
                if not self._caught_up and pace.is_held(record.send_ms):
                    self._caught_up = True
                    self._progress.note(CAUGHT_UP)
                self._wait(pace.due(record.send_ms), pace, stop)
                if stop.asked and not pace.has_come(record.at_ms, time.monotonic()):
                    continue  # drawn in advance, but the run ends before it is read
                self._add(record)
                if stop.is_overdue:
                    raise ProducerError("stopped before everything was sent")
            self._flush()
        except ProducerError:
            stop.ask()
            now = time.monotonic()
            self.unsent += sum(pace.has_come(record.at_ms, now) for record in records)
            raise

    def _wait(self, due: float, pace: Pace, stop: Stop) -> None:
        now = time.monotonic()
        self._progress.due = due if pace.speed < math.inf else math.inf
        if due > now and not stop.asked:
            if self._batch and due > self._batch_due:
                self._flush()
            stop.sleep(due, self._progress.tick)

    def _add(self, record: Record) -> None:
        now = time.monotonic()
        if not self._batch:
            self._batch_due = now + FLUSH_S
        self._batch.append(record)
        self.unsent += 1
        if len(self._batch) >= BATCH or now >= self._batch_due:
            self._flush()

    def _flush(self) -> None:
        if not self._batch:
            return
        batch, self._batch = self._batch, []
        for acknowledged in self._outlet.put(batch):
            self.unsent -= len(acknowledged)
            self._progress.add(acknowledged)
            if self._copy:
                self._copy.write(acknowledged)
            self._progress.tick()
