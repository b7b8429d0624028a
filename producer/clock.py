"""Where in event time a flight begins, and how far ahead of the wall clock it may get.

The job takes a reading whose time is more than ten minutes after its arrival for a wrong one (COERCION). A clock that
runs faster than the wall clock therefore begins in the past, and when it has caught up it goes on at that one's pace.
"""

import math

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

    now_ms: what the wall clock shows. speed: event time by wall clock, infinite for as fast as possible. msgs: how many
    records are sent in all. A flight that takes longer than WATCHED_S catches up then; a very fast one sooner, for none
    begins before 1970.
    """
    if speed <= 1:
        return now_ms
    watched_s = WATCHED_S * (speed if speed < math.inf else FASTEST / unicorns)
    if msgs is None:
        flown_s = watched_s
    else:
        flown_s = math.ceil(msgs / unicorns)
        if speed < math.inf:  # as fast as possible, nobody knows how soon the last one is sent
            flown_s = min(flown_s, watched_s)
    return max(0, now_ms - math.ceil(flown_s * (1 - 1 / speed) * 1000))


def ceiling(start_ms: int, wall_ms: int) -> float:
    """The latest event time (ms since 1970) that may be sent when the wall clock shows `wall_ms`.

    It moves on with the wall clock. Who asks for a start in the future keeps that lead; one of more than AHEAD_MS is
    there for the sake of what becomes of it, and has no limit.
    """
    return max(start_ms, wall_ms) if start_ms - wall_ms <= AHEAD_MS else math.inf


def ago(start_ms: int, wall_ms: int) -> str:
    """How far a start lies from the wall clock, as ` (6 d 8 h ago)`; nothing below a minute."""
    apart = abs(wall_ms - start_ms) // 1000
    if apart < 60:
        return ""
    days, hours, minutes = apart // 86_400, apart // 3600 % 24, apart // 60 % 60
    parts = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (minutes, "min")]
    told = " ".join(f"{number} {unit}" for number, unit in parts if number)
    return f" ({told} {'ago' if start_ms < wall_ms else 'ahead of the wall clock'})"
