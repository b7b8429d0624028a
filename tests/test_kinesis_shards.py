"""Shards that split and merge while they are read, on kinesis-mock, which treats shards like Kinesis."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from program import processes
from tests import forwarding
from tests import kinesis_tables as tables
from tests.emulated import answers, wait_for
from tests.faults import kinesis_mock, proxy, rules
from tests.kinesis_tables import Row
from tests.test_kinesis_mock import FIRST, TOP, create, put, shards, wait_until_active

pytestmark = pytest.mark.usefixtures("jvm")


class Sender:
    """Puts numbered records, spread over all hash keys, and remembers them."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self._kinesis, self._stream = kinesis, stream
        self.sent: dict[str, str] = {}  # shard by line

    def send(self, count: int) -> None:
        for n in range(len(self.sent), len(self.sent) + count):
            line = f'{{"n": {n}}}'
            self.sent[line] = put(self._kinesis, self._stream, line, n * 7919 * TOP // 10007 % TOP)


def split(kinesis: Any, stream: str, shard: str) -> None:
    found = shards(kinesis, stream)[shard]["HashKeyRange"]
    middle = (int(found["StartingHashKey"]) + int(found["EndingHashKey"])) // 2
    kinesis.split_shard(StreamName=stream, ShardToSplit=shard, NewStartingHashKey=str(middle))
    wait_until_active(kinesis, stream)


def first_open(kinesis: Any, stream: str) -> str:
    return next(
        id_
        for id_, shard in sorted(shards(kinesis, stream).items())
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    )


def merge(kinesis: Any, stream: str) -> None:
    """Merge the first two adjacent open shards."""
    open_ = sorted(
        (int(shard["HashKeyRange"]["StartingHashKey"]), id_)
        for id_, shard in shards(kinesis, stream).items()
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    )
    kinesis.merge_shards(StreamName=stream, ShardToMerge=open_[0][1], AdjacentShardToMerge=open_[1][1])
    wait_until_active(kinesis, stream)


def lines(rows: list[Row]) -> dict[str, str]:
    """Shard by line; each line once."""
    assert len({row.line for row in rows}) == len(rows), "a record came twice"
    return {row.line: row.shard for row in rows}


def test_splits_merges_failures_and_another_parallelism(
    mock: kinesis_mock.KinesisMock, kinesis: Any, tmp_path: Path
) -> None:
    """With any changes of shards, job restarts and parallelism, each record is a row once."""
    stream = "shards-change"
    create(kinesis, stream, 2)
    sender = Sender(kinesis, stream)
    with proxy.running(mock.endpoint, mock.keys) as between:
        table = tables.options(between.endpoint, stream)
        resume: dict[str, str] = {}
        for step, parallelism in enumerate((2, 3, 1)):
            with tables.reading(tmp_path, table, parallelism, resume, checkpoint=0.05) as reading:
                sender.send(40)
                split(kinesis, stream, first_open(kinesis, stream))
                sender.send(40)
                with between.fault(rules.deny("GetRecords", times=1)):
                    wait_for(lambda reading=reading: reading.job.restarts() > 0, 60, "a restart")  # type: ignore[misc]
                wait_for(lambda reading=reading: answers(reading.job.is_running), 60, "it runs")  # type: ignore[misc]
                merge(kinesis, stream)
                sender.send(40)
                if step < 2:
                    resume = {"execution.state-recovery.path": reading.stop()}
                else:
                    reading.wait_for_rows(len(sender.sent), 90)
    assert lines(reading.rows()) == sender.sent
    assert len(set(sender.sent.values())) >= 8


def test_children_wait_for_their_parents(mock: kinesis_mock.KinesisMock, kinesis: Any, tmp_path: Path) -> None:
    """While a parent has unread records, no record of its children is a row."""
    stream = "shards-wait"
    create(kinesis, stream, 1)
    sender = Sender(kinesis, stream)
    sender.send(5)
    with (
        proxy.running(mock.endpoint, mock.keys) as between,
        tables.reading(tmp_path, tables.options(between.endpoint, stream), 2) as reading,
    ):
        reading.wait_for_rows(5)
        with between.fault(rules.stall(FIRST)):
            time.sleep(0.5)
            sender.send(5)
            split(kinesis, stream, FIRST)
            sender.send(20)
            time.sleep(4)
            assert {row.shard for row in reading.rows()} == {FIRST}
        reading.wait_for_rows(30)
    assert lines(reading.rows()) == sender.sent


def test_latest_reads_what_came_since_the_start(mock: kinesis_mock.KinesisMock, kinesis: Any, tmp_path: Path) -> None:
    """From LATEST, records after the start are read, in a stream whose first shard was split before."""
    stream = "shards-latest"
    create(kinesis, stream, 1)
    sender = Sender(kinesis, stream)
    sender.send(5)
    split(kinesis, stream, FIRST)
    sender.send(5)
    before = dict(sender.sent)
    time.sleep(1.1)
    latest = tables.options(mock.endpoint, stream, source__init__position="LATEST")
    with tables.reading(tmp_path, latest) as reading:
        reading.wait_until_at_the_tip(2)
        merge(kinesis, stream)
        sender.send(10)
        rows = reading.wait_for_rows(10)
        time.sleep(2)
        assert reading.rows() == rows
    assert lines(rows) == {line: shard for line, shard in sender.sent.items() if line not in before}


def consumers(kinesis: Any, stream: str) -> list[str]:
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    return [one["ConsumerName"] for one in kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]]


def test_enhanced_fan_out(mock: kinesis_mock.KinesisMock, kinesis: Any, tmp_path: Path) -> None:
    """With cut subscriptions and a restart at another parallelism, each record is a row once. The consumer exists only
    while the job runs. (kinesis-mock's subscriptions do not report the end of a shard: see ShardCases.)
    """
    stream = "shards-fan-out"
    create(kinesis, stream, 2)
    sender = Sender(kinesis, stream)
    port = processes.free_port()
    efo = {"source.reader.type": "EFO", "source.efo.consumer.name": "reader"}
    table = tables.options(f"http://127.0.0.1:{port}", stream) | efo
    resume: dict[str, str] = {}
    with forwarding.running(port, mock.endpoint) as between:
        for parallelism in (2, 1):
            with tables.reading(tmp_path, table, parallelism, resume) as reading:
                sender.send(30)
                reading.wait_for_rows(len(sender.sent))
                assert consumers(kinesis, stream) == ["reader"]
                assert between.cut() > 0
                sender.send(30)
                reading.wait_for_rows(len(sender.sent))
                assert reading.job.restarts() == 0
                sender.send(10)
                resume = {"execution.state-recovery.path": reading.stop()}
            wait_for(lambda: consumers(kinesis, stream) == [], 20, "the consumer is gone")
        with tables.reading(tmp_path, table, 2, resume) as reading:
            reading.wait_for_rows(len(sender.sent))
    assert lines(reading.rows()) == sender.sent


def test_a_consumer_of_ones_own(mock: kinesis_mock.KinesisMock, kinesis: Any, tmp_path: Path) -> None:
    """SELF_MANAGED neither registers nor deregisters a consumer; a missing consumer is one sentence."""
    stream = "shards-own-consumer"
    create(kinesis, stream, 1)
    sender = Sender(kinesis, stream)
    sender.send(5)
    table = tables.options(mock.endpoint, stream) | {
        "source.reader.type": "EFO",
        "source.efo.consumer.name": "own",
        "source.efo.lifecycle": "SELF_MANAGED",
    }
    with tables.reading(tmp_path / "missing", table, ready=False) as reading:
        wait_for(lambda: bool(reading.job.failure()), 60, "the job failed")
        failure = reading.job.failure()
    assert f"the consumer own of the stream {stream} finds nothing there (ResourceNotFoundException" in failure
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="own")
    with tables.reading(tmp_path / "there", table) as reading:
        rows = reading.wait_for_rows(5)
    assert lines(rows) == sender.sent
    assert consumers(kinesis, stream) == ["own"]
