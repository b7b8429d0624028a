"""The event clock against the wall clock: no reading is ahead of its arrival, unless --start demands it."""

import math
import re
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from java import paths
from local import demo, oracle, resources
from local.emulator import Emulator
from producer import event_clock
from producer.delivery import CAUGHT_UP, Delivery, Stop
from producer.event_clock import EventClock
from producer.flight import herd, names, readings
from producer.options import parse
from producer.progress import Progress
from producer.records import Faults, Record, records
from tests.producer_fakes import Lines
from tests.test_producer_command import CREDENTIALS, json_name, run

NOW_MS = 1_767_225_600_000  # 2026-01-01 00:00:00 UTC
SPEEDS = (0.5, 1.0, 1.5, 7.0, 20.0, 1000.0, 1e12, math.inf)


class Wall:
    """A clock that only sleeps of the test's own thread move; threads of fixtures keep the real clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0.0
        self._thread, self._sleep = threading.get_ident(), time.sleep
        monkeypatch.setattr(time, "monotonic", lambda: self.passed)
        monkeypatch.setattr(time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        if threading.get_ident() == self._thread:
            self.passed += seconds
        else:
            self._sleep(seconds)


class Arrivals:
    """A sink that keeps each record's arrival and event time, in ms after the start."""

    where = "a list"

    def __init__(self, wall: Wall) -> None:
        self.seen: list[tuple[float, int]] = []
        self._wall = wall

    def put(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        self.seen += [(self._wall.passed * 1000, record.at_ms - NOW_MS) for record in records]
        yield records

    def close(self) -> None:
        """Do nothing."""


def fly(monkeypatch: pytest.MonkeyPatch, *flags: str, most: int, start_ms: int | None = None) -> tuple[Arrivals, Lines]:
    """The arrivals of the first `most` records of a flight started at NOW_MS, and its messages."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW_MS * 1_000_000)
    options = parse([*flags, "--seed", "1"])
    start_ms = options.start_ms if start_ms is None else start_ms
    wall, lines = Wall(monkeypatch), Lines()
    sink = Arrivals(wall)
    made = readings(herd(names("Shadowfax", options.unicorns), 1), 1, start_ms)
    sent = records(islice(made, min(most, options.msgs or most)), options.faults, 1)
    clock = EventClock(start_ms, options.speed, 0.0, event_clock.ceiling(start_ms, NOW_MS))
    Delivery(sink, None, Progress(lines, in_place=False, quiet=False)).run(sent, clock, Stop(now=time.monotonic))
    return sink, lines


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("unicorns", [1, 3, 100, 10_000])
@pytest.mark.parametrize("msgs", [1, 100, 50_001, 10**15, None])
def test_no_reading_is_ahead_of_its_arrival(speed: float, unicorns: int, msgs: int | None) -> None:
    """At any speed each reading is in the past at its due time, and the speed is kept for eight hours."""
    start_ms = event_clock.start(NOW_MS, speed, unicorns, msgs)
    clock = EventClock(start_ms, speed, 0.0, event_clock.ceiling(start_ms, NOW_MS))
    seconds = math.ceil(msgs / unicorns) if msgs else 10**9
    if msgs and speed == math.inf and start_ms > 0:
        assert clock.due(start_ms + seconds * 1000 - 1) == 0, "all of it at once"
    for after in sorted({0, 1, 59, 3600, 28_800, int(min(28_800 * speed, 10**9)), seconds - 1}):
        event_ms = start_ms + after * 1000 + 999
        due = clock.due(event_ms)
        assert event_ms <= NOW_MS + due * 1000 + 1000, "a reading's offset within its second, at most"
        if start_ms > 0 and speed < math.inf and after * 1000 + 999 <= 28_800_000 * speed and after < seconds:
            assert due == pytest.approx((after + 0.999) / speed), "nothing holds it"


@given(
    st.floats(1e-3, 1e6),
    st.integers(-(10**12), event_clock.AHEAD_MS),
    st.integers(0, 10**9),
)
@settings(max_examples=200, deadline=None)
def test_any_start_that_is_given(speed: float, from_now: int, after: int) -> None:
    """A start in the past never overtakes the wall clock; a start up to ten minutes ahead keeps its lead."""
    start_ms = NOW_MS + from_now
    clock = EventClock(start_ms, speed, 0.0, event_clock.ceiling(start_ms, NOW_MS))
    ahead = start_ms + after - (NOW_MS + clock.due(start_ms + after) * 1000)
    assert ahead <= max(0, from_now) + 1


@given(st.sampled_from(SPEEDS), st.floats(0, 1e6), st.integers(-(10**12), event_clock.AHEAD_MS))
@settings(max_examples=200, deadline=None)
def test_the_clock_shows_what_is_due(speed: float, passed: float, from_now: int) -> None:
    """The event time that the clock shows is due at that time, and a second later is not."""
    start_ms = NOW_MS + from_now
    clock = EventClock(start_ms, speed, 5.0, event_clock.ceiling(start_ms, NOW_MS))
    shown = clock.shows(5.0 + passed)
    assert clock.due(math.floor(shown)) <= 5.0 + passed + 1e-3
    assert clock.due(math.floor(shown) + 1000) > 5.0 + passed


def test_the_ten_minutes_are_the_jobs() -> None:
    """The producer's limit equals the limits of the SQL and the oracle, which it cannot import."""
    sql = (paths.ROOT / "jobs/unicorn_summary/tables/readings.sql").read_text()
    told = re.search(r"latest AS arrival \+ INTERVAL '(\d+)' MINUTE", sql)
    assert told
    assert timedelta(minutes=int(told[1])) == oracle.AHEAD == timedelta(milliseconds=event_clock.AHEAD_MS)


def test_a_start_in_the_future_is_left_alone() -> None:
    """A start more than ten minutes ahead has no limit."""
    start_ms = NOW_MS + event_clock.AHEAD_MS + 1
    clock = EventClock(start_ms, 20.0, 0.0, event_clock.ceiling(start_ms, NOW_MS))
    assert clock.due(start_ms + 60_000) == pytest.approx(3.0)
    assert event_clock.ceiling(start_ms - 1, NOW_MS) == start_ms - 1


@pytest.mark.parametrize(
    ("flags", "back"),
    [
        ((), timedelta()),
        (("--name", "Bucephalus", "--msgs", "100", "--error", "yes"), timedelta()),
        (("--speed", "0.5"), timedelta()),
        (("--unicorns", "20", "--speed", "20"), timedelta(hours=8 * 19)),
        (("--unicorns", "2", "--rate", "40"), timedelta(hours=8 * 19)),
        (("--speed", "20", "--msgs", "1200"), timedelta(minutes=19)),
        (("--unicorns", "100", "--rate", "max", "--msgs", "50000"), timedelta(seconds=500)),
        (("--unicorns", "10000", "--rate", "max"), timedelta(hours=8 * 5)),
        (("--rate", "max", "--msgs", "1000000000"), timedelta(seconds=10**9)),
        (("--speed", "1e9"), timedelta(milliseconds=NOW_MS)),
        (("--speed", "20", "--start", "2026-01-02 00:00:00"), timedelta(days=-1)),
    ],
)
def test_where_a_flight_begins(flags: Sequence[str], back: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flight begins now at the wall clock's pace, in the past if it is faster, or at --start."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW_MS * 1_000_000)
    assert timedelta(milliseconds=NOW_MS - parse(flags).start_ms) == back


@pytest.mark.parametrize(("speed", "back"), [("20", 8 * 19), ("1", 0), ("0.5", 0), ("300", 8 * 299)])
def test_where_the_demo_begins(speed: str, back: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's flight stays behind the wall clock for eight hours at any speed."""
    chosen = demo.Options(20, 4, 4, float(speed), None, 0.01, 0.05, 0.01, None, 0, 0)
    _python, _m, program, *flags = chosen.producer(tmp_path / "sent.jsonl")
    assert program == "producer"
    monkeypatch.setattr(time, "time_ns", lambda: NOW_MS * 1_000_000)
    assert timedelta(milliseconds=NOW_MS - parse(flags).start_ms) == timedelta(hours=back)


@pytest.mark.parametrize("faults", [(), ("--late", "0.1", "--out-of-order", "0.2", "--malformed", "0.1")])
def test_eight_hours_and_then_the_wall_clocks_pace(faults: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the pace for eight hours, then the wall clock's pace with a single note."""
    sink, lines = fly(monkeypatch, "--speed", "2", *faults, most=2 * 28_800 + 300)
    assert all(event_ms <= came_ms + 1 for came_ms, event_ms in sink.seen)
    before = [event_ms for came_ms, event_ms in sink.seen if came_ms < 28_800_000]
    assert len(before) >= 2 * 28_800 - (60 if faults else 1)
    assert sink.seen[-1][0] == pytest.approx(28_800_000 + 300_000, abs=2000)
    assert sum(CAUGHT_UP in text for text in lines.texts) == 1


def test_a_start_that_is_overtaken_within_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start an hour ago at 20 times the pace has caught up after three minutes; no reading is ever ahead."""
    sink, lines = fly(monkeypatch, "--speed", "20", most=4000, start_ms=NOW_MS - 3_600_000)
    assert all(event_ms <= came_ms + 1 for came_ms, event_ms in sink.seen)
    assert sink.seen[3000][0] == pytest.approx(150_000, abs=300)
    assert sink.seen[-1][0] == pytest.approx(399_000, abs=300)
    assert sum(CAUGHT_UP in text for text in lines.texts) == 1


def test_no_note_before_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flight that ends before it catches up has no note."""
    for flags in ((), ("--speed", "20", "--msgs", "3000"), ("--rate", "max", "--msgs", "3000")):
        with monkeypatch.context() as patch:
            sink, lines = fly(patch, "--unicorns", "3", *flags, most=3000)
        assert len(sink.seen) == 3000
        assert not any(CAUGHT_UP in text for text in lines.texts)


def test_faults_do_not_put_a_reading_ahead() -> None:
    """Withheld readings are older than the readings sent with them."""
    start_ms = event_clock.start(NOW_MS, math.inf, 2, 4000)
    made = islice(readings(herd(names("Shadowfax", 2), 1), 1, start_ms), 4000)
    assert all(record.send_ms <= NOW_MS for record in records(made, Faults(0.2, 0.2, 0.2), 1))


def test_a_note_about_the_future() -> None:
    """A start more than ten minutes ahead is kept, with a note about the errors, unless --quiet."""
    start = f"{datetime.now(UTC) + timedelta(hours=2):%Y-%m-%d %H:%M:%S}"
    done = run("--start", start, "--rate", "max", "--msgs", "10", "--to", "stdout")
    assert (done.returncode, done.stdout.count("\n"), done.stdout.count(start)) == (0, 10, 1)
    assert done.stderr.count(event_clock.TOO_EARLY) == 1
    assert re.search(r"\([12] h( \d+ min)? ahead of the wall clock\)", done.stderr)
    assert run("--start", start, "--rate", "max", "--msgs", "10", "--to", "stdout", "--quiet").stderr == ""


def test_the_start_of_the_next_flight_is_printed() -> None:
    """A fast flight prints its start, how long ago that is, and the --start of the next flight."""
    done = run("--unicorns", "3", "--speed", "1000", "--msgs", "600", "--to", "stdout")
    assert "(3 min ago)" in done.stderr
    told = re.search(r"goes on from there with --start '([^']+)'", done.stderr)
    assert told
    assert done.stdout.splitlines()[-1].split('"StatusTime": "')[1][:23] < told[1]
    assert "goes on" not in run("--msgs", "1", "--to", "stdout").stderr


@pytest.mark.parametrize(
    "flags",
    [
        ("--unicorns", "20", "--speed", "20", "--msgs", "600"),
        ("--unicorns", "2", "--rate", "400", "--msgs", "800", "--late", "0.1", "--out-of-order", "0.1"),
        ("--unicorns", "100", "--rate", "max", "--msgs", "5000"),
        ("--rate", "max", "--msgs", "5000"),
    ],
)
def test_arrivals_at_kinesis(aws: Emulator, flags: Sequence[str]) -> None:
    """On a stream, no reading is ahead of its arrival by the stream's own clock."""
    kinesis = resources.clients(aws.environment)[0]
    stream = f"clock-{len(flags)}-{flags[-1]}"
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    done = run(*flags, "--stream", stream, "--endpoint", aws.endpoint, **CREDENTIALS | dict(aws.environment))
    assert done.returncode == 0, done.stderr
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    seen = 0
    while (answer := kinesis.get_records(ShardIterator=iterator, Limit=10_000))["Records"]:
        iterator = answer["NextShardIterator"]
        for record in answer["Records"]:
            assert json_name(record["Data"])
            told = record["Data"].decode().split('"StatusTime": "')[1][:23]
            event = datetime.strptime(told, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
            assert event <= record["ApproximateArrivalTimestamp"] + timedelta(seconds=1)
            seen += 1
    assert seen == int(flags[flags.index("--msgs") + 1])
