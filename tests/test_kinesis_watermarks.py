"""Windows over the project's own Kinesis source: rows come when all shards have come so far, and nothing is late.

The rules by themselves, on a clock of their own: tests/test_java_cases.py.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import resources
from local.emulator import Emulator
from tests import kinesis_tables as tables
from tests.emulated import wait_for
from tests.faults import kinesis_mock, proxy, rules
from tests.kinesis_tables import Query, Reading
from tests.test_kinesis_mock import FIRST, TOP
from tests.test_kinesis_shards import split

pytestmark = pytest.mark.usefixtures("jvm")

START = datetime(2026, 11, 22, 6, 0)  # noqa: DTZ001 (a TIMESTAMP has no zone)
MINUTES = Query(
    "t TIMESTAMP(3), WATERMARK FOR t AS t - INTERVAL '1' SECOND",
    "SELECT DATE_FORMAT(window_start, 'HH:mm'), COUNT(*) FROM "
    "TABLE(TUMBLE(TABLE records, DESCRIPTOR(t), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
    "begin_ STRING, readings BIGINT",
)
ARRIVALS = Query(
    "n INT, t TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, WATERMARK FOR t AS t",
    "SELECT DATE_FORMAT(window_start, 'HH:mm:ss'), COUNT(*) FROM "
    "TABLE(TUMBLE(TABLE records, DESCRIPTOR(t), INTERVAL '1' SECOND)) GROUP BY window_start, window_end",
    "begin_ STRING, readings BIGINT",
)
IDLE = 2  # seconds


class Flight:
    """A stream of a few shards, and how many readings of each minute were put into it."""

    def __init__(self, kinesis: Any, stream: str, shards: int) -> None:
        self._kinesis, self.stream, self._shards = kinesis, stream, shards
        self._sent: Counter[str] = Counter()
        kinesis.create_stream(StreamName=stream, ShardCount=shards)
        kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30})

    def fly(self, minutes: range, shards: Iterable[int] | None = None, every: int = 5) -> None:
        """Put a reading of each `every` seconds of these minutes into these shards, one shard after the other."""
        seconds = range(minutes.start * 60, minutes.stop * 60, every)
        for shard in range(self._shards) if shards is None else shards:
            key = str(TOP * (2 * shard + 1) // (2 * self._shards))
            times = [START + timedelta(seconds=second) for second in seconds]
            self._sent.update(f"{time:%H:%M}" for time in times)
            records = [
                {"PartitionKey": "k", "ExplicitHashKey": key, "Data": json.dumps({"t": str(time)}).encode()}
                for time in times
            ]
            for first in range(0, len(records), 500):
                put = self._kinesis.put_records(StreamName=self.stream, Records=records[first : first + 500])
                assert put["FailedRecordCount"] == 0

    @property
    def closed(self) -> dict[str, int]:
        """The readings of each minute but the last, whose window is open."""
        return dict(sorted(self._sent.items())[:-1])


def rows(*readings: Reading) -> dict[str, int]:
    """The readings of each minute; no minute has two rows."""
    found = [(row["begin_"], row["readings"]) for reading in readings for row in reading.written()]
    assert len(dict(found)) == len(found), "a window closed twice"
    return dict(sorted(found))


def counted(flight: Flight, *readings: Reading, seconds: float = 20) -> None:
    """Each window but the last closes, without a further record, and has all readings of its minute."""
    wait_for(lambda: len(rows(*readings)) >= len(flight.closed), seconds, "the windows close")
    assert rows(*readings) == flight.closed


@contextmanager
def job(folder: Path, endpoint: str, flight: Flight, parallelism: int, **more: str) -> Iterator[Reading]:
    options = tables.options(endpoint, flight.stream, format="json") | {
        "scan.watermark.idle-timeout": f"{IDLE} s",
        "source.shard.get-records.max-record-count": "100",  # a backlog is read in turns
    }
    with tables.reading(folder, options, parallelism, more, query=MINUTES) as reading:
        yield reading


def test_backlogs_bursts_and_restarts(aws: Emulator, tmp_path: Path) -> None:
    """A backlog that is read at once gives its rows without a further record. So does a burst over all shards after
    total silence, in which no reading is late. So does a job that goes on from a savepoint with another parallelism.
    While the calls of a shard are refused, the others wait for it.
    """
    kinesis = resources.clients(aws.environment)[0]
    flight = Flight(kinesis, "watermark-bursts", 4)
    resume: dict[str, str] = {}
    done: list[Reading] = []
    with proxy.running(aws.endpoint, aws.keys) as between:
        first_is_refused = rules.throttle(
            "GetRecords", where=lambda call: call.shard is not None and call.shard.id == FIRST
        )
        for step, parallelism in enumerate((1, 4)):
            begin = 60 * step
            flight.fly(range(begin, begin + 20))
            with job(tmp_path / str(step), between.endpoint, flight, parallelism, **resume) as reading:
                done.append(reading)
                counted(flight, *done)
                time.sleep(IDLE + 2)
                flight.fly(range(begin + 20, begin + 40), reversed(range(4)))
                counted(flight, *done)
                before = rows(*done)
                with between.fault(first_is_refused):
                    flight.fly(range(begin + 40, begin + 45))
                    time.sleep(2 * IDLE + 2)
                    assert rows(*done) == before
                counted(flight, *done)
                resume = {"execution.state-recovery.path": reading.stop()}


def test_silent_and_empty_shards(aws: Emulator, tmp_path: Path) -> None:
    """Windows wait for an empty or silent shard as long as the idle timeout; what it sends later is on time."""
    kinesis = resources.clients(aws.environment)[0]
    flight = Flight(kinesis, "watermark-silent", 4)
    with job(tmp_path, aws.endpoint, flight, 2) as reading:
        flight.fly(range(0, 10), [0, 1])
        counted(flight, reading, seconds=3 * IDLE + 5)
        flight.fly(range(10, 20))
        counted(flight, reading)
        flight.fly(range(20, 21), [3], every=1)
        time.sleep(2 * IDLE + 1)
        for minute in range(21, 30):
            flight.fly(range(minute, minute + 1), [1, 2])
        counted(flight, reading, seconds=3 * IDLE + 5)


def test_arrival_time_goes_on_by_the_clock(aws: Emulator, tmp_path: Path) -> None:
    """Where event time is the arrival time, all windows close while the stream is silent, in the order of time; a shard
    without a record holds back nothing, and no record is late.
    """
    kinesis = resources.clients(aws.environment)[0]
    kinesis.create_stream(StreamName="watermark-arrival", ShardCount=4)
    margin = {"source.watermark.arrival-margin": "500 ms"}
    options = tables.options(aws.endpoint, "watermark-arrival", format="json") | margin
    sent = 0
    named = {"table.exec.uid.format": "<id>_<transformation>"}  # it has two operators of a type
    with tables.reading(tmp_path, options, 2, named, query=ARRIVALS) as reading:
        for _burst in range(3):
            for n in range(20):
                kinesis.put_record(StreamName="watermark-arrival", PartitionKey=f"key {n % 2}", Data=b'{"n": 1}')
                time.sleep(0.05)
            sent += 20
            wait_for(lambda: sum(row["readings"] for row in reading.written()) >= sent, 10, "all windows close")  # noqa: B023
            time.sleep(2)
        assert sum(row["readings"] for row in reading.written()) == sent


def test_a_split(mock: kinesis_mock.KinesisMock, kinesis: Any, tmp_path: Path) -> None:
    """The children of a shard hold the watermark where their parent left it, whatever subtask reads them, and however
    late the service lists them.
    """
    flight = Flight(kinesis, "watermark-split", 2)
    with (
        proxy.running(mock.endpoint, mock.keys) as between,
        job(tmp_path, between.endpoint, flight, 2) as reading,
    ):
        flight.fly(range(0, 5))
        counted(flight, reading)
        before = rows(reading)
        with between.fault(rules.hide_children()) as hidden:
            split(kinesis, flight.stream, FIRST)
            flight.fly(range(5, 10), [1])  # the other shard is ahead
            flight.fly(range(5, 10), [0])
            wait_for(lambda: hidden.hits >= 3, 30, "the children are looked for")
            time.sleep(2 * IDLE)
            assert rows(reading) == before
        counted(flight, reading, seconds=3 * IDLE + 10)
        flight.fly(range(10, 15))
        counted(flight, reading, seconds=3 * IDLE + 10)
