"""The event clock: the start of a flight, the due time of a record, and the limit against the wall clock.

The job counts a reading that is more than ten minutes ahead of its arrival as an error (COERCION). So an event clock
that is faster than the wall clock begins in the past. Once it has caught up, it continues at the wall clock's pace.
"""

import math
from dataclasses import dataclass

AHEAD_MS = 600_000  # by which a reading may be ahead of its arrival: `latest` in the job's tables/readings.sql
WATCHED_S = 8 * 3600  # for which a flight without an end stays behind the wall clock: a working day
FASTEST = 50_000  # records a second assumed for --rate max: about the most that an emulator takes of a process

TOO_EARLY = (
    "the job counts readings that are more than 10 minutes ahead of their arrival as errors (COERCION): "
    "begin with an earlier --start"
)


def start(now_ms: int, speed: float, unicorns: int, msgs: int | None) -> int:
    """The event time (ms since 1970) of the start, so that the event clock does not overtake the wall clock.

    now_ms: the wall clock. speed: event time by wall clock, infinite for as fast as possible. msgs: number of records
    in all. A flight longer than WATCHED_S catches up then; a very fast flight earlier, as none begins before 1970.
    """
    if speed <= 1:
        return now_ms
    watched_s = WATCHED_S * (speed if speed < math.inf else FASTEST / unicorns)
    if msgs is None:
        flown_s = watched_s
    else:
        flown_s = math.ceil(msgs / unicorns)
        if speed < math.inf:  # at infinite speed the time of the last record is unknown
            flown_s = min(flown_s, watched_s)
    return max(0, now_ms - math.ceil(flown_s * (1 - 1 / speed) * 1000))


def ceiling(start_ms: int, wall_ms: int) -> float:
    """The latest event time (ms since 1970) that may be sent at `wall_ms`; it advances with the wall clock.

    A start in the future keeps its lead. A lead above AHEAD_MS has no limit: it is there to cause errors.
    """
    return max(start_ms, wall_ms) if start_ms - wall_ms <= AHEAD_MS else math.inf


def ago(start_ms: int, wall_ms: int) -> str:
    """The distance of a start from the wall clock, such as ` (6 d 8 h ago)`; empty below a minute."""
    apart = abs(wall_ms - start_ms) // 1000
    if apart < 60:
        return ""
    days, hours, minutes = apart // 86_400, apart // 3600 % 24, apart // 60 % 60
    parts = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (minutes, "min")]
    text = " ".join(f"{number} {unit}" for number, unit in parts if number)
    return f" ({text} {'ago' if start_ms < wall_ms else 'ahead of the wall clock'})"


@dataclass(frozen=True)
class EventClock:
    """A clock that shows `start_ms` at the monotonic time `began` (s) and runs at `speed` times the wall clock.

    Due times are computed from the start, so they do not drift. With infinite speed all records are due at once.
    `ceiling_ms` is the latest event time that may be sent at `began`; it advances with the wall clock and limits a
    faster event clock to that pace.
    """

    start_ms: int
    speed: float
    began: float
    ceiling_ms: float = math.inf

    def due(self, event_ms: int) -> float:
        """The monotonic time (s) at which the event clock shows `event_ms`."""
        return max(self._by_speed(event_ms), self._by_ceiling(event_ms))

    def shows(self, now: float) -> float:
        """The latest event time (ms since 1970) that is due at the monotonic time `now` (s): the inverse of `due`."""
        passed_ms = (now - self.began) * 1000
        by_ceiling = self.ceiling_ms + passed_ms
        return by_ceiling if self.speed == math.inf else min(by_ceiling, self.start_ms + passed_ms * self.speed)

    def is_held(self, event_ms: int) -> bool:
        """Whether `event_ms` is due later because of the ceiling."""
        return self.speed > 1 and self._by_ceiling(event_ms) > self._by_speed(event_ms)

    def has_come(self, event_ms: int, now: float) -> bool:
        """Whether the event clock shows `event_ms` or later at the monotonic time `now` (s)."""
        return self.due(event_ms) <= now

    def _by_speed(self, event_ms: int) -> float:
        return self.began + (event_ms - self.start_ms) / 1000 / self.speed

    def _by_ceiling(self, event_ms: int) -> float:
        return self.began + (event_ms - self.ceiling_ms) / 1000
