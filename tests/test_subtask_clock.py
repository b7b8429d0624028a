"""The shards that windows wait for, on a clock set by the tests: seconds of wall clock and of event time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

WARM_UP = 10
IDLE = 60
HOUR = 3600
NONE = -(2**63)

Clock = Callable[[float, "float | None", "str | None"], "float | None"]
"""(wall clock, event time or None for a rejected record, shard) -> event time of the subtask, or None."""


@pytest.fixture
def clock(jvm: Path) -> Clock:  # noqa: ARG001 (it prepares the JVM, with the functions on its class path)
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    gateway: Any = get_gateway()
    subtask = gateway.jvm.streaming.SubtaskClock()

    def read(wall: float, event: float | None, shard: str | None) -> float | None:
        event_ms = NONE if event is None else round(event * 1000)
        found = subtask.read(round(wall * 1000), event_ms, shard, WARM_UP * 1000, IDLE * 1000)
        return None if found == NONE else found / 1000

    return read


def seconds(first: float, last: float) -> Iterator[float]:
    """Each second from the first to the last."""
    second = first
    while second <= last:
        yield second
        second += 1


def flown(clock: Clock, first: float, last: float, **shards: float | None) -> list[float | None]:
    """Each second a reading of each shard, so many seconds ahead of the clock (None: rejected); the last watermarks."""
    return [
        [clock(wall, None if ahead is None else wall + ahead, shard) for shard, ahead in shards.items()][-1]
        for wall in seconds(first, last)
    ]


def test_a_clock_that_is_hours_slow_is_waited_for_as_long_as_a_silent_shard(clock: Clock) -> None:
    """All readings of a slow clock are late; after `idle` the other shard decides alone, and continues to decide."""
    assert flown(clock, 0, 30, good=0)[-1] == 30
    behind = flown(clock, 31, 31 + IDLE, slow=-5 * HOUR, good=0)
    assert set(behind) == {31 - 5 * HOUR + second for second in range(IDLE + 1)}, "it holds back the watermark"
    after = flown(clock, 32 + IDLE, 900, slow=-5 * HOUR, good=0)
    assert after == list(seconds(32 + IDLE, 900))


def test_it_counts_again_with_the_first_reading_that_comes_up_to_the_others(clock: Clock) -> None:
    """Once a slow clock is corrected, windows wait for its shard like for any other."""
    flown(clock, 0, 30, good=0)
    flown(clock, 31, 200, slow=-5 * HOUR, good=0)
    assert clock(201, 201, "slow") == 200, "the good one has come to 200"
    assert flown(clock, 202, 240, good=0) == [201] * 39
    assert clock(241, 241, "slow") == 240


def test_a_clock_that_is_set_back_does_not_stop_its_own_shard_for_hours(clock: Clock) -> None:
    """A shard whose clock is set back is idle after `idle`, although its highest time is newer than its readings."""
    flown(clock, 0, 100, a=0, b=0)
    assert flown(clock, 101, 101 + IDLE, a=-HOUR, b=0)[-1] == 100
    assert flown(clock, 102 + IDLE, 300, a=-HOUR, b=0) == list(seconds(102 + IDLE, 300))


def test_a_clock_that_stands_still_does_not_stop_the_others(clock: Clock) -> None:
    """A shard that repeats a time is never behind that time, but the others wait for it only as long as `idle`."""
    flown(clock, 0, 100, good=0, stuck=0)
    after = []
    for wall in seconds(101, 300):
        clock(wall, 100, "stuck")
        after.append(clock(wall, wall, "good"))
    assert after[:IDLE] == [100] * IDLE
    assert after[IDLE + 1 :] == list(seconds(102 + IDLE, 300))


def test_a_shard_that_is_always_some_seconds_behind_is_waited_for(clock: Clock) -> None:
    """A constant lag (a slower network, larger batches) below `idle` makes no reading late."""
    flown(clock, 0, 20, good=0)
    assert clock(21, 21, "good") == 21
    assert flown(clock, 22, 600, good=0, behind=-30)[-1] == 570


def test_a_shard_that_is_a_little_over_the_idle_time_behind_is_waited_for(clock: Clock) -> None:
    """Windows wait, so the shard catches up by more than half of its lag: its later readings are on time."""
    flown(clock, 0, 100, good=0)
    found = flown(clock, 101, 600, late=-IDLE - 30, good=0)
    assert found == [wall - IDLE - 30 for wall in seconds(101, 600)]


def test_a_shard_that_was_silent_and_reads_up_its_backlog_is_waited_for(clock: Clock) -> None:
    """Windows wait longer than `idle`, as the shard is faster than the clocks: here forty minutes in eighty seconds."""
    flown(clock, 0, 100, a=0, b=0)
    flown(clock, 101, 3700, a=0)
    at = 1300.0
    for wall in seconds(3701, 4000):
        at = min(at + 30, wall)
        clock(wall, at, "b")
        assert clock(wall, wall, "a") == at


def test_a_backlog_at_the_start_is_waited_for_however_long_it_is(clock: Clock) -> None:
    """At the start no watermark was returned yet: hours of backlog are read without a late reading."""
    flown(clock, 0, WARM_UP - 1, b=-5 * HOUR, a=0)
    found = []
    at = -5.0 * HOUR
    for wall in seconds(WARM_UP, 1000):
        at = min(at + 20, wall)
        clock(wall, at, "b")
        found.append((at, clock(wall, wall, "a")))
    assert [time for _, time in found] == [at for at, _ in found]


def test_a_slow_shard_from_the_start_that_keeps_pace_holds_windows_back(clock: Clock) -> None:
    """A limitation: such a shard looks like a shard with a backlog, so windows wait, and no reading of it is late."""
    assert flown(clock, 0, 600, good=0, slow=-5 * HOUR)[-1] == 600 - 5 * HOUR


def test_one_old_reading_among_good_ones_changes_nothing(clock: Clock) -> None:
    """Old readings change nothing, even many of them, as long as good readings come between."""
    flown(clock, 0, 30, a=0, b=0)
    for wall in seconds(31, 300):
        clock(wall, wall - 5 * HOUR, "a")
        clock(wall, wall, "a")
        assert clock(wall, wall, "b") == wall


def test_a_rare_reading_of_a_slow_clock_is_waited_for_once(clock: Clock) -> None:
    """A shard with a reading every 100 s is idle, returns, is idle: only its first return costs a minute of waiting."""
    flown(clock, 0, 30, good=0)
    clock(31, 31 - 5 * HOUR, "slow")
    assert flown(clock, 31, 131, good=0)[-1] == 131
    for wall in (132, 232, 332):
        clock(wall, wall - 5 * HOUR, "slow")
        assert flown(clock, wall + 1, wall + 99, good=0) == list(seconds(wall + 1, wall + 99))


def test_after_a_reading_ahead_of_all_others_a_lone_shard_waits_until_they_come_up(clock: Clock) -> None:
    """A lead of nine minutes makes nine minutes of readings late, and no more: event time stands still meanwhile."""
    flown(clock, 0, 30, a=0)
    assert clock(31, 31 + 540, "a") == 571
    found = flown(clock, 32, 570, a=0)
    assert {time for time in found if time is not None} == {571}
    assert flown(clock, 571, 700, a=0) == [571, *seconds(572, 700)]


def test_rejected_records_alone_let_event_time_go_on_with_the_wall_clock(clock: Clock) -> None:
    """With rejected records only, event time follows the wall clock, as Flink never sees such a subtask as idle."""
    flown(clock, 0, 100, a=0)
    found = flown(clock, 101, 1000, a=None)
    assert set(found[:IDLE]) == {100}
    assert found[-1] == 1000 - IDLE, "as far behind as the shard was silent before"
    assert flown(clock, 1001, 1010, a=0) == list(seconds(1001, 1010))


def test_a_slow_clock_alone_lets_event_time_go_on_with_the_wall_clock(clock: Clock) -> None:
    """With a slow clock only, while the other shards are silent, event time follows the wall clock too."""
    flown(clock, 0, 100, a=0)
    found = flown(clock, 101, 1000, b=-5 * HOUR)
    assert found[-1] == pytest.approx(1000 - IDLE, abs=2)


def test_rejected_records_alone_from_the_start_give_no_watermark(clock: Clock) -> None:
    """Without any valid reading there is no event time, so there is no watermark."""
    assert set(flown(clock, 0, 600, a=None)) == {None}


def test_after_total_silence_windows_wait_for_the_warm_up(clock: Clock) -> None:
    """After total silence the watermark stays during the warm-up, and no shard is late, whatever the clocks are."""
    flown(clock, 0, 100, a=0, b=0)
    assert flown(clock, 500, 500 + WARM_UP - 1, a=0)[-1] == 100
    assert flown(clock, 500 + WARM_UP, 520, b=0, a=0) == list(seconds(500 + WARM_UP, 520))


def test_after_total_silence_a_slow_clock_is_still_left_out(clock: Clock) -> None:
    """A slow clock that was detected before a total silence stays excluded after it."""
    flown(clock, 0, 30, good=0)
    flown(clock, 31, 200, slow=-5 * HOUR, good=0)
    assert flown(clock, 500, 520, slow=-5 * HOUR, good=0)[-1] == 520
