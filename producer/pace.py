"""When each record is due on the wall clock, and how the producer waits and stops."""

import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

# Waits are slept in slices. Neither a signal nor the progress line waits longer than the longest (s), and a
# clock that runs very fast wakes the process once in the shortest at most, not once a record.
SLICE_S = (0.005, 0.05)


@dataclass(frozen=True)
class Pace:
    """An event clock that shows `start_ms` at the monotonic time `began` (s) and runs `speed` times as fast.

    Due times are computed from the start and not from the record before, so they do not drift. An infinite
    speed makes everything due at once. `ceiling_ms` is the latest event time that may be sent at `began`; it moves on
    with the wall clock, and holds a faster event clock to that pace once it is reached.
    """

    start_ms: int
    speed: float
    began: float
    ceiling_ms: float = math.inf

    def due(self, event_ms: int) -> float:
        """The monotonic time (s) at which the event clock shows `event_ms`."""
        return max(self._by_speed(event_ms), self._by_ceiling(event_ms))

    def is_held(self, event_ms: int) -> bool:
        """Whether it is the wall clock that `event_ms` waits for, and not this clock's own speed."""
        return self.speed > 1 and self._by_ceiling(event_ms) > self._by_speed(event_ms)

    def has_come(self, event_ms: int, now: float) -> bool:
        """Whether the event clock shows `event_ms` or later at the monotonic time `now` (s)."""
        return self.due(event_ms) <= now

    def _by_speed(self, event_ms: int) -> float:
        return self.began + (event_ms - self.start_ms) / 1000 / self.speed

    def _by_ceiling(self, event_ms: int) -> float:
        return self.began + (event_ms - self.ceiling_ms) / 1000


class Stop:
    """A request to stop: the first signal asks for it within `grace` seconds, the second for now.

    A third signal ends the process the hard way.
    """

    def __init__(self, grace: float = 10.0, now: Callable[[], float] = time.monotonic) -> None:
        self.signal: int | None = None
        self.asked = False
        self._grace = grace
        self._now = now
        self._deadline = float("inf")

    def listen(self) -> None:
        """Handle SIGINT and SIGTERM from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def ask(self) -> None:
        """Make no more readings; what has been made may still be sent."""
        self.asked = True

    @property
    def is_overdue(self) -> bool:
        """Whether the time for a clean stop has run out."""
        return self._now() >= self._deadline

    def until(self, items: Iterable[T]) -> Iterator[T]:
        """The items, until a stop is asked for."""
        for item in items:
            if self.asked:
                return
            yield item

    def sleep(self, until: float, tick: Callable[[], None]) -> None:
        """Sleep to the monotonic time `until` (s) or until a stop is asked for; calls `tick` now and then."""
        while not self.asked and (left := until - self._now()) > 0:
            _slice(left, tick)

    def pause(self, seconds: float, tick: Callable[[], None]) -> None:
        """Sleep for so many seconds or until a stop is overdue; calls `tick` now and then."""
        until = self._now() + seconds
        while not self.is_overdue and (left := until - self._now()) > 0:
            _slice(left, tick)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # Plain assignments: a handler that took a lock could find it held by the code that it interrupted.
        if self.signal is None:
            self.signal = number
            self._deadline = self._now() + self._grace
        else:
            self._deadline = self._now()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.asked = True


def _slice(left: float, tick: Callable[[], None]) -> None:
    shortest, longest = SLICE_S
    time.sleep(min(longest, max(shortest, left)))
    tick()
