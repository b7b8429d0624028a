"""Waiting: for a condition, and before a retry."""

from __future__ import annotations

import pytest

from program import waiting
from program.waiting import Every, Outage, Retry, wait_until


class Clock:
    """A clock that only `sleep` moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    monotonic = __call__

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of program.waiting."""
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


def test_the_first_true_result_ends_the_wait(clock: Clock) -> None:
    answers = iter(["", None, "there", "later"])
    assert wait_until(lambda: next(answers), 60, pause=0.5) == "there"
    assert clock.slept == [0.5, 0.5]


def test_the_limit_ends_the_wait_with_the_last_result(clock: Clock) -> None:
    """The condition is checked once more at the limit, so a change during the last pause counts."""
    assert wait_until(lambda: clock.now >= 101.0, 1.0, pause=0.4) is True
    assert wait_until(lambda: [], 1.0, pause=0.4) == []


def test_pauses_grow_up_to_the_longest(clock: Clock) -> None:
    wait_until(lambda: False, 30, pause=1.0, longest=2.0)
    assert clock.slept[:4] == pytest.approx([1.0, 1.3, 1.69, 2.0])
    assert max(clock.slept) == 2.0


def test_an_error_ends_the_wait() -> None:
    def broken() -> bool:
        raise LookupError

    with pytest.raises(LookupError):
        wait_until(broken, 60)


def test_waits_double_up_to_the_longest() -> None:
    retry = Retry(first=0.1, longest=5.0, jitter=lambda bound: bound)
    assert [retry.delay(failures) for failures in (1, 2, 3, 6, 7, 1000)] == pytest.approx(
        [0.1, 0.2, 0.4, 3.2, 5.0, 5.0]
    )


def test_jitter_is_full() -> None:
    """A wait is random below its bound, so callers that failed together retry at different times."""
    drawn = [Retry(first=1.0).delay(1) for _each in range(200)]
    assert 0 <= min(drawn) < 0.2
    assert 0.8 < max(drawn) < 1


def test_an_outage_ends_at_its_limit(clock: Clock) -> None:
    """The limit counts from the first failure. The last call is at the limit. A success starts it again."""
    outage = Outage(Retry(limit=1.0, first=0.4, jitter=lambda bound: bound), clock)
    for expected in (0.4, 0.6):
        wait = outage.failed()
        assert wait == pytest.approx(expected)
        clock.sleep(wait or 0)
    assert outage.failed() is None
    assert outage.lasted == pytest.approx(1.0)
    outage.over()
    assert outage.failed() == pytest.approx(0.4)


def test_a_limit_of_nothing_allows_no_second_call(clock: Clock) -> None:
    assert Outage(Retry(limit=0.0), clock).failed() is None


def test_progress_is_shown_at_intervals(clock: Clock) -> None:
    every = Every(5.0, clock)
    told = []
    for _second in range(13):
        clock.sleep(1)
        told.append(every.is_due())
    assert [number for number, is_due in enumerate(told) if is_due] == [5, 11]
