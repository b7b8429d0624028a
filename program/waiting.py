"""Waiting: for a condition, before a retry, between two lines of progress. In seconds of the monotonic clock.

Standard library only: the set-up imports this module before packages are installed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Clock = Callable[[], float]

GROWTH = 1.3  # from a pause to the next


def now() -> float:
    """Seconds of the monotonic clock."""
    return time.monotonic()


def wait_until(done: Callable[[], T], seconds: float, pause: float = 0.2, longest: float = 0.0) -> T:
    """Call `done` until its result is true or `seconds` have passed; returns the last result.

    pause: seconds between two calls; it grows up to `longest`. An exception from `done` ends the wait.

        if not wait_until(lambda: job.state() == "RUNNING", 60):
            raise RunError("The job does not run after 60 s: ...")
    """
    ends = time.monotonic() + seconds
    while not (result := done()) and time.monotonic() < ends:
        time.sleep(pause)
        pause = max(pause, min(longest, pause * GROWTH))
    return result


def full_jitter(bound: float) -> float:
    """A random wait from [0, bound) seconds, so that callers throttled together do not retry together.

    "Full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random.uniform(0, bound)  # noqa: S311  (spreads load, keeps no secret)


@dataclass(frozen=True)
class Retry:
    """The retries of a call, until `limit` seconds without a success.

    The wait after the nth failure in a row is random below `first` * 2^(n-1) seconds, at most `longest`.
    """

    limit: float = 60.0
    first: float = 0.1
    longest: float = 5.0
    jitter: Callable[[float], float] = full_jitter

    def delay(self, failures: int) -> float:
        """Seconds to wait after this number of failures in a row, at least 1."""
        return self.jitter(min(self.longest, self.first * 2.0 ** min(failures - 1, 30)))


@dataclass
class Outage:
    """A call's failures in a row. `since`: the time of the first failure."""

    retry: Retry
    clock: Clock = now
    failures: int = 0
    since: float = 0.0

    @property
    def lasted(self) -> float:
        """Seconds since the first failure; 0 without a failure."""
        return self.clock() - self.since if self.failures else 0.0

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return self.retry.limit - self.lasted

    def failed(self) -> float | None:
        """Count a failure; returns the seconds until the next call, the last at the limit, or None after the limit."""
        if not self.failures:
            self.since = self.clock()
        self.failures += 1
        left = self.left
        return min(self.retry.delay(self.failures), left) if left > 0 else None

    def over(self) -> None:
        """Count a success, also of a part: the failures begin at 0 again."""
        self.failures = 0


class Every:
    """A timer for lines of progress: `is_due` is true once in so many seconds."""

    def __init__(self, seconds: float, clock: Clock = now) -> None:
        self._seconds, self._clock = seconds, clock
        self._last = clock()

    def is_due(self) -> bool:
        """Whether the next line is due; True starts the interval again."""
        now_ = self._clock()
        is_due = now_ - self._last > self._seconds
        if is_due:
            self._last = now_
        return is_due
