"""The event clock: where a flight begins, when each record is due, and how far ahead of the wall clock it may get.

The job takes a reading whose time is more than ten minutes after its arrival for an error (COERCION). A clock that
runs faster than the wall clock therefore begins in the past. Once it has caught up, it goes on at that clock's pace.
"""

import math
from dataclasses import dataclass

# How far a reading may be ahead of its arrival: the job's own rule (`latest` in its tables/readings.sql).
AHEAD_MS = 600_000
# How long a flight without end stays behind the wall clock, in seconds: a working day of watching it.
WATCHED_S = 8 * 3600
# Records a second that --rate max is taken for: a little more than one process was ever seen to get into Kinesis.
FASTEST = 25_000

TOO_EARLY = (
    "the job counts readings that are more than 10 minutes ahead of their arrival as errors (COERCION): "
    "begin with an earlier --start"
)


def start(now_ms: int, speed: float, unicorns: int, msgs: int | None) -> int:
    """The event time (ms since 1970) to begin at, so that the clock does not overtake the wall clock.

    now_ms: the time on the wall clock. speed: event time by wall clock, infinite for as fast as possible. msgs: number
    of records in all. A flight that takes longer than WATCHED_S catches up then. A very fast flight catches up sooner,
    for none begins before 1970.
    """
    if speed <= 1:
        return now_ms
    watched_s = WATCHED_S * (speed if speed < math.inf else FASTEST / unicorns)
    if msgs is None:
        flown_s = watched_s
    else:
        flown_s = math.ceil(msgs / unicorns)
        if speed < math.inf:  # as fast as possible, nobody knows how soon the last record is sent
            flown_s = min(flown_s, watched_s)
    return max(0, now_ms - math.ceil(flown_s * (1 - 1 / speed) * 1000))


def ceiling(start_ms: int, wall_ms: int) -> float:
    """The latest event time (ms since 1970) that may be sent when the wall clock shows `wall_ms`.

    It moves on with the wall clock. A start in the future keeps that lead. A lead of more than AHEAD_MS is meant to
    cause errors, and has no limit.
    """
    return max(start_ms, wall_ms) if start_ms - wall_ms <= AHEAD_MS else math.inf


def ago(start_ms: int, wall_ms: int) -> str:
    """How far a start lies from the wall clock, as ` (6 d 8 h ago)`; nothing below a minute."""
    apart = abs(wall_ms - start_ms) // 1000
    if apart < 60:
        return ""
    days, hours, minutes = apart // 86_400, apart // 3600 % 24, apart // 60 % 60
    parts = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (minutes, "min")]
    text = " ".join(f"{number} {unit}" for number, unit in parts if number)
    return f" ({text} {'ago' if start_ms < wall_ms else 'ahead of the wall clock'})"


@dataclass(frozen=True)
class EventClock:
    """A clock that shows `start_ms` at the monotonic time `began` (s) and runs `speed` times as fast.

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
        """Whether `event_ms` waits for the wall clock, and not for this clock's own speed."""
        return self.speed > 1 and self._by_ceiling(event_ms) > self._by_speed(event_ms)

    def has_come(self, event_ms: int, now: float) -> bool:
        """Whether the event clock shows `event_ms` or later at the monotonic time `now` (s)."""
        return self.due(event_ms) <= now

    def _by_speed(self, event_ms: int) -> float:
        return self.began + (event_ms - self.start_ms) / 1000 / self.speed

    def _by_ceiling(self, event_ms: int) -> float:
        return self.began + (event_ms - self.ceiling_ms) / 1000
