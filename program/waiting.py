"""Waiting: until something is so, before a call is made again, between two lines of progress.

Seconds everywhere, of the monotonic clock. The standard library is enough: the set-up waits before packages are there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Clock = Callable[[], float]

GROWTH = 1.3  # of one pause over the one before


def now() -> float:
    """Seconds of the monotonic clock."""
    return time.monotonic()


def wait_until(done: Callable[[], T], seconds: float, pause: float = 0.2, longest: float = 0.0) -> T:
    """The first true answer of `done`, or the last answer once `seconds` have passed: the caller says what is wrong.

    pause: seconds between two calls. longest: pauses grow up to this, if it is more. What `done` raises ends the wait.

        if not wait_until(lambda: job.state() == "RUNNING", 60):
            raise RunError("The job does not run after 60 s: ...")
    """
    ends = time.monotonic() + seconds
    while not (answer := done()) and time.monotonic() < ends:
        time.sleep(pause)
        pause = max(pause, min(longest, pause * GROWTH))
    return answer


def full_jitter(bound: float) -> float:
    """A wait drawn from [0, bound) seconds: callers that are throttled together do not come back together.

    "Full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random.uniform(0, bound)  # noqa: S311  (spreads load, keeps no secret)


@dataclass(frozen=True)
class Retry:
    """When a call is made again, and until when: `limit` seconds without a success.

    The wait after the nth failure in a row is drawn below `first` * 2^(n-1) seconds, at most `longest`.
    """

    limit: float = 60.0
    first: float = 0.1
    longest: float = 5.0
    jitter: Callable[[float], float] = full_jitter

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, 1 or more."""
        return self.jitter(min(self.longest, self.first * 2.0 ** min(failures - 1, 30)))


@dataclass
class Outage:
    """The unbroken run of failures of one call. `since`: when the first of them was."""

    retry: Retry
    clock: Clock = now
    failures: int = 0
    since: float = 0.0

    @property
    def lasted(self) -> float:
        """Seconds since the first failure; 0 without one."""
        return self.clock() - self.since if self.failures else 0.0

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return self.retry.limit - self.lasted

    def failed(self) -> float | None:
        """Count a failure: the seconds to wait before the next call, or None once the limit has passed.

        The last call is made when the limit ends, not before.
        """
        if not self.failures:
            self.since = self.clock()
        self.failures += 1
        left = self.left
        return min(self.retry.delay(self.failures), left) if left > 0 else None

    def over(self) -> None:
        """End the run: a call has succeeded, wholly or in part."""
        self.failures = 0


class Every:
    """A line of progress every so many seconds: `is_due` is true once in that time."""

    def __init__(self, seconds: float, clock: Clock = now) -> None:
        self._seconds, self._clock = seconds, clock
        self._last = clock()

    def is_due(self) -> bool:
        """Whether it is time for the next line, counted from the last time that it was, or from the start."""
        time_ = self._clock()
        if time_ - self._last <= self._seconds:
            return False
        self._last = time_
        return True
