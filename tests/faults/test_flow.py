"""Faults in the flow of data: silence, a stalled shard, skewed clocks, bursts of late readings, resharding."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from producer import event_clock
from producer.records import status_time
from tests.checkout import Edit
from tests.emulated import wait_for
from tests.faults import rules
from tests.faults.exchange import Request
from tests.faults.trial import FLIGHT, ROW_LIMIT, Trial, open_shards

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
SPEED = ("--speed", "20")
LEFT_OUT = 20  # seconds after its last record until windows go on without a shard: twice the idle timeout
START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
JUDGED_BY_SHARD = "GREATEST(own_watermark, COALESCE(CURRENT_WATERMARK(event_time), own_watermark))"
SOURCE = "java/src/kinesis"
TIMED = "pipeline/views/timed.sql"


def at(minutes: float) -> tuple[str, str]:
    """The flag for a flight that begins so many minutes of event time after START."""
    return "--start", f"{START + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}"


@pytest.mark.fault(
    "stream silent for 70 s, then 20 minutes of readings at once",
    Edit(f"{SOURCE}/EventTime.java", "Math.min(speaking, allowed)", "speaking"),
)
def test_silence(trial: Trial) -> None:
    """After total silence windows wait for all shards, though the calls of two are refused while the others are read.

    All windows but the last close without a further record.
    Unprotected: a silent shard limits nothing. The first subtask to wake advances ahead of the other subtask, whose
    readings are late.
    """
    trial.start()
    trial.send(*FLIGHT, *at(0), "--rate", "400", "--msgs", "12000")
    wait_for(lambda: trial.is_alive() and len(trial.rows()) > 60, 60, "rows come out")
    time.sleep(70)
    with trial.between.fault(rules.throttle("GetRecords", where=lambda call: shard(call) >= "shardId-000000000002")):
        trial.send(*FLIGHT, *at(11), "--rate", "max", "--msgs", "24000")
        time.sleep(1)
    recover_rows(trial, 20 * (10 + 19))
    trial.finish()


@pytest.mark.fault(
    "a backlog of ten minutes at the start, and no record after it",
    Edit(f"{SOURCE}/ShardTimes.java", "private long rows;", "private long told; private long rows;"),
    Edit(
        f"{SOURCE}/ShardTimes.java",
        "restore(round.watermark);",
        "if (rows > told) { told = rows; restore(round.watermark); }",
    ),
)
def test_backlog(trial: Trial) -> None:
    """A backlog that is read at once closes all windows but the last without a further record.

    Unprotected: event time goes on only while rows come.
    """
    trial.send(*FLIGHT, *at(0), "--rate", "max", "--msgs", "12000")
    trial.start()
    recover_rows(trial, 20 * 9)
    trial.finish()


@pytest.mark.fault(
    "a hot shard beside 15 cold ones, which are read long before it",
    Edit(
        f"{SOURCE}/EventTime.java",
        "mapToLong(report -> report.reached).min()",
        "mapToLong(report -> report.reached).max()",
    ),
    shards=16,
)
def test_hot_shard(trial: Trial) -> None:
    """Windows wait for the hot shard, which is read at 500 records a second, though the cold ones are read at once.

    Unprotected: the subtask whose shards are furthest closes the windows, and most readings of the hot shard are late.
    """
    trial.options = {"readings": {"source.shard.get-records.max-record-count": "100"}}
    hot, *cold = (unicorn_in(number, shards=16) for number in range(16))
    trial.start()
    trial.put_all(
        [
            (key, reading(name, START + timedelta(seconds=second)))
            for second in range(600)
            for key, name in [
                *((hot, f"{hot} {number}") for number in range(20)),
                *((name, name) for name in cold if second % 10 == 0),
            ]
        ]
    )
    recover_rows(trial, 35 * 9)
    assert not trial.finish().errors


@pytest.mark.fault(
    "one of two shards silent for 40 s while the other flows",
    shards=2,
)
def test_silent_shard(trial: Trial) -> None:
    """Windows wait for a silent shard for twenty seconds and then close without it; it returns without a loss.

    Unprotected: the idle timeout is longer. The silent shard holds back every window, and no row comes meanwhile.
    """
    if trial.is_unprotected:
        trial.options = {"readings": {"scan.watermark.idle-timeout": "90 min"}}
    first, second = unicorn_in(0, shards=2), unicorn_in(1, shards=2)
    trial.start(parallelism=1)
    since = time.monotonic()
    with trial.flying("--name", first, *SPEED):
        with trial.flying("--name", second, *SPEED):
            trial.wait_for_rows()
        silent = time.monotonic()
        time.sleep(5)
        # The windows of both shards are closed by now; from here on each row waited for the silent shard.
        trial.recover(LEFT_OUT + 30)
        assert trial.outcome.recovery is not None
        time.sleep(max(0.0, 40 - (time.monotonic() - silent)))
        # Its clock continued during the silence.
        with trial.flying("--name", second, *clock_since(since, speed=20)):
            trial.wait_for_rows()
            time.sleep(5)
    trial.finish(late_by_shard=False)
    assert trial.outcome.restarts == 0


@pytest.mark.fault(
    "one subtask stalled for 40 s with a backlog",
    Edit(TIMED, JUDGED_BY_SHARD, "own_watermark"),
)
def test_stalled_subtask(trial: Trial) -> None:
    """A shard whose answers are empty for long, though it has records, counts as silent, and its backlog is late.

    Lateness is judged with the windows' own watermark. A record that the windows drop is LATE on the errors stream, so
    no record is lost.
    Unprotected: lateness is judged by the shard's clock alone, by which no record is late; the windows drop records.
    """
    trial.start(parallelism=4)
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(rules.stall("shardId-000000000001")) as rule:
            time.sleep(LEFT_OUT + 20)
        trial.recover()
        time.sleep(3)
    assert rule.hits > 100
    assert trial.finish(late_by_shard=False).errors["LATE"] > 500, "the backlog of closed windows was counted"


@pytest.mark.fault(
    "clocks of two flights 3 s and 10 minutes ahead",
    Edit(f"{SOURCE}/RowTime.java", "private long highest", "private static long highest"),
)
def test_clock_skew(trial: Trial) -> None:
    """A clock slightly ahead has no effect; a clock far ahead makes late only the readings of its own shard.

    Unprotected: the watermark follows the highest clock of all shards, and nearly all readings are late.
    """
    trial.start()
    with (
        trial.flying(*FLIGHT, *at(0), *SPEED, "--seed", "1"),
        trial.flying("--name", "Swift", "--start", f"{START + timedelta(seconds=3):%Y-%m-%d %H:%M:%S}", *SPEED),
        trial.flying("--name", "Future", *at(10), *SPEED),
    ):
        trial.wait_for_rows()
        trial.recover()
        time.sleep(10)
    assert trial.finish().errors["LATE"] > 100, "who shares the shard of the far clock"


@pytest.mark.fault(
    "a clock five hours slow, alone on its shard",
    Edit(f"{SOURCE}/ShardTimes.java", "if (highest > watermark) {", "if (true) {"),
    shards=2,
)
def test_slow_clock(trial: Trial) -> None:
    """Windows close without a slow clock as without a silent shard; all its readings are LATE.

    Unprotected: the slow clock holds back every window while it sends.
    """
    first, second = unicorn_in(0, shards=2), unicorn_in(1, shards=2)
    trial.start(parallelism=1)
    with trial.flying("--name", first, *at(0), *SPEED):
        trial.wait_for_rows()
        with trial.flying("--name", second, *at(-300), *SPEED):
            time.sleep(5)
            # Windows closed before its first reading have their rows by now.
            trial.recover(LEFT_OUT + 30)
            trial.wait_for_rows(30)
            time.sleep(20)
    assert trial.finish(late_by_shard=False).errors["LATE"] > 400, "twenty a second"


@pytest.mark.fault(
    "a burst of 4,000 readings that are ten minutes late",
    Edit(TIMED, JUDGED_BY_SHARD, "own_watermark - INTERVAL '100' DAY(3)"),
)
def test_late_burst(trial: Trial) -> None:
    """Each late reading is LATE on the errors stream, and the rows of their minutes stay unchanged.

    Unprotected: no reading counts as late; the windows drop them unseen.
    """
    trial.start()
    with trial.flying(*FLIGHT, *at(0), *SPEED, "--seed", "1"):
        trial.wait_for_rows()
        wait_for(lambda: len(trial.rows()) > 100, 60, "five minutes have closed")
        trial.send("--unicorns", "20", *at(-8), "--seed", "2", "--rate", "max", "--msgs", "4000")
        trial.recover()
    assert trial.finish().errors["LATE"] > 4000


@pytest.mark.fault(
    "shards split and merged while data flows",
    Edit(f"{SOURCE}/ShardCoordinator.java", "context.callAsync(() -> list.after(pause), this::searched);", ""),
    shards=2,
    faithful=True,
)
def test_resharding(trial: Trial) -> None:
    """The source reads parents and children to their ends, and windows wait for the children: none is late.

    Unprotected: the source discovers no new shards, and the children's records are never read.
    """
    if trial.is_unprotected:
        trial.options = {"readings": {"source.shard.discovery.interval": "1 d"}}
    kinesis, _dynamodb = trial.clients
    trial.start(parallelism=2)
    with trial.flying("--unicorns", "10", "--late", "0.01", "--malformed", "0.01", "--speed", "10"):
        trial.wait_for_rows()
        kinesis.split_shard(
            StreamName=trial.names.raw,
            ShardToSplit="shardId-000000000000",
            NewStartingHashKey=str(2**126),
        )
        wait_for(lambda: len(open_shards(kinesis, trial.names.raw)) == 3, 20, "the split is done")
        time.sleep(15)
        one, other = open_shards(kinesis, trial.names.raw)[1:]
        kinesis.merge_shards(StreamName=trial.names.raw, ShardToMerge=one, AdjacentShardToMerge=other)
        wait_for(lambda: len(open_shards(kinesis, trial.names.raw)) == 2, 20, "the merge is done")
        trial.recover()
        time.sleep(15)
    trial.finish()
    assert trial.outcome.restarts == 0


def recover_rows(trial: Trial, rows: int) -> None:
    """Measure the recovery: from now until there are so many rows."""
    since = time.monotonic()
    wait_for(lambda: trial.is_alive() and len(trial.rows()) >= rows, ROW_LIMIT, f"{rows} rows come out")
    trial.outcome.recovery = time.monotonic() - since


def reading(name: str, moment: datetime) -> bytes:
    """A reading as a record."""
    document = {"Name": name, "StatusTime": f"{moment:%Y-%m-%d %H:%M:%S}.000", "Distance": 1.5}
    return json.dumps(document | {"MagicPoints": 1, "HealthPoints": 1}).encode() + b"\n"


def unicorn_in(shard: int, *, shards: int) -> str:
    """A name whose records go to this shard of so many equal shards: by the MD5 of the partition key, as in Kinesis."""
    width = 2**128 // shards
    return next(
        name
        for name in (f"Shadowfax {number}" for number in count(1))
        if int.from_bytes(hashlib.md5(name.encode(), usedforsecurity=False).digest()) // width == shard
    )


def shard(call: Request) -> str:
    """The shard of a GetRecords."""
    return call.shard.id if call.shard else ""


def clock_since(since: float, *, speed: int) -> tuple[str, ...]:
    """Flags of an endless flight whose clock has run at this speed since a time of the monotonic clock."""
    began_ms = event_clock.start(time.time_ns() // 1_000_000, speed, 1, None)
    gone_on_ms = int((time.monotonic() - since) * (speed - 1) * 1000)
    return "--start", status_time(began_ms + gone_on_ms), "--speed", str(speed)
