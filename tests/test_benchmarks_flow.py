"""End to end, start-up and state: what is computed of stamps, records and rows, without Flink."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import end_to_end, latency, shares, state, traffic
from benchmarks.latency import Put, Stamps
from benchmarks.tables import Unequal
from benchmarks.traffic import Traffic
from local import emulator, resources

END = 1_767_225_660_000  # 2026-01-01 00:01:00
ROW_TIME = "2026-01-01 00:01:00.000"


def closing(*shards: list[tuple[float, int]]) -> dict[int, latency.Closing]:
    """The window that ends at END, by records of (arrival, ms after END); each is read a second after its arrival."""
    puts = {f"shard-{n}": [Put(at, END + after) for at, after in shard] for n, shard in enumerate(shards)}
    found = Stamps()
    for shard, records in puts.items():
        found.reads["raw", shard] = [(n, put.arrival + 1) for n, put in enumerate(records, start=1)]
    return latency.closings("raw", puts, [END], found)


@pytest.mark.parametrize(
    ("shards", "at"),
    [
        ([[(1.0, 0), (2.0, 4_998), (3.0, 4_999), (4.0, 9_000)]], 3.0),
        ([[(1.0, 5_000)], [(2.0, 0), (7.0, 6_000)]], 7.0),
        ([[(1.0, 9_000), (2.0, 0)]], 1.0),
        ([[(1.0, 5_000)], [(2.0, 4_998)]], None),
    ],
    ids=["the last millisecond, less the disorder", "the slower shard", "out of order", "no record closes it"],
)
def test_a_window_closes_when_all_shards_have_passed_it(
    shards: list[list[tuple[float, int]]], at: float | None
) -> None:
    """The closing is the arrival of the last of the records, one a shard, that pass the window by the disorder."""
    found = closing(*shards)
    assert found == ({} if at is None else {END: latency.Closing(at, at + 1)})


def test_latency_is_the_sum_of_its_parts() -> None:
    """Of a row's first write; rows of other tables and of windows that no record closed are left out."""
    found = Stamps(
        writes={
            ("table", "Binky", ROW_TIME): (13.0, 13.5),
            ("other", "Binky", ROW_TIME): (20.0, 21.0),
            ("table", "Binky", "2026-01-01 00:02:00.000"): (20.0, 21.0),
        }
    )
    rows = latency.latencies("table", {END: latency.Closing(10.0, 11.0)}, found)
    assert rows == {END: [latency.Latency(fetch=1.0, job=2.0, write=0.5)]}
    assert rows[END][0].whole == 3.5


def test_stamps_of_first_reads_and_writes(tmp_path: Path) -> None:
    """A reader that begins anew, a write that is repeated and other lines of the log change nothing."""
    log = tmp_path / "emulator.log"
    reads = [
        {"stamp": "read", "at": at, "stream": "raw", "shard": "a", "to": to} for at, to in ((1, 3), (2, 9), (5, 4))
    ]
    writes = [
        {"stamp": "written", "begun": at, "at": at + 1, "table": "t", "keys": [["Binky", ROW_TIME]]} for at in (3, 8)
    ]
    log.write_text("\n".join(["INFO ready", *map(json.dumps, [*reads, *writes]), "{not a stamp}"]) + "\n")
    found = latency.stamps(log)
    assert [found.read_at("raw", "a", place) for place in (0, 2, 3, 8)] == [1, 1, 2, 2]
    assert found.writes == {("t", "Binky", ROW_TIME): (3, 4)}
    with pytest.raises(IndexError):
        found.read_at("raw", "a", 9)


def test_quantile() -> None:
    """The smallest value that the share does not exceed: of a hundred, p99 is the last but one."""
    assert latency.quantile(range(1, 101), 0.99) == 99
    assert latency.quantile([3, 1, 2], 0.5) == 2
    assert latency.quantile([7], 0.99) == 7


def test_the_emulator_stamps_reads_and_writes(tmp_path: Path) -> None:
    """Its log has a line when records were given out and when an item is in the table, by the records' own clock."""
    log = tmp_path / "emulator.log"
    with emulator.running(log, module="benchmarks.stamped") as aws:
        kinesis, dynamodb = resources.clients(aws.environment)
        names = resources.default_names()
        resources.create(aws.environment, 1, resources.workshop(), names.of_tables())
        before = time.time()
        kinesis.put_records(StreamName=names.raw, Records=[{"Data": b"{}", "PartitionKey": "a"}] * 2)
        shard = kinesis.list_shards(StreamName=names.raw)["Shards"][0]["ShardId"]
        iterator = kinesis.get_shard_iterator(StreamName=names.raw, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        kinesis.get_records(ShardIterator=iterator["ShardIterator"])
        item = {"Name": {"S": "Binky"}, "StatusTime": {"S": ROW_TIME}}
        dynamodb.batch_write_item(RequestItems={names.table: [{"PutRequest": {"Item": item}}]})
        found = latency.stamps(log)
    assert before <= found.read_at(names.raw, shard, 1) <= time.time()
    begun, at = found.writes[names.table, "Binky", ROW_TIME]
    assert before <= begun <= at <= time.time()


def test_traffic_of_any_number_of_unicorns() -> None:
    """The unicorns take turns, event time goes on by rate and speed, and the next flight goes on there."""
    sent = list(traffic.records(Traffic(unicorns=3, rate=10, speed=5, seconds=0.7, start_ms=END)))
    readings = [json.loads(record.data) for record in sent]
    assert [reading["Name"] for reading in readings] == [*("Shadowfax", "Bucephalus", "Rocinante") * 2, "Shadowfax"]
    assert [record.at_ms - END for record in sent] == [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000]
    assert readings[1]["StatusTime"] == "2026-01-01 00:01:00.500"
    assert Traffic(3, 10, 5, 0.7, END).end_ms == END + 3_500


def test_traffic_is_the_same_each_time() -> None:
    """The same traffic has the same bytes: all rounds and state backends get the same records."""
    one = Traffic(50, 100, 1, 2, END)
    assert list(traffic.records(one)) == list(traffic.records(one))


@pytest.mark.parametrize(
    ("used", "part"),
    [
        ({"producer": 0.3, "emulator": 0.97, "job": 0.5}, "emulator"),
        ({"producer": 0.9, "emulator": 0.88, "job": 0.1}, "producer"),
        ({"producer": 0.1, "emulator": 0.2, "job": (os.cpu_count() or 1) - 0.3}, "the machine"),
        ({"producer": 0.1, "emulator": 0.2, "job": 0.3}, "none alone"),
    ],
)
def test_the_limit(used: dict[str, float], part: str) -> None:
    """A process of one thread limits when it keeps a core busy, else the machine when all together do so."""
    assert end_to_end.limit(used) == part


def test_usage_counts_a_process_with_its_children() -> None:
    """The cores between two times are those of a process and its children, also after it has ended."""
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    process = subprocess.Popen([sys.executable, "-c", script])
    began, usage = time.time(), shares.Usage({"it": process})
    while process.poll() is None:
        usage.look()
        time.sleep(0.01)
    usage.look()
    assert usage.cores(began, time.time())["it"] > 0


def written(folder: Path, rows: list[dict[str, object]]) -> Path:
    """A folder of rows, as the job writes it."""
    (folder / "summary_stream").mkdir(parents=True)
    (folder / "summary_stream" / "part-0").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_rows_after_a_recovery_are_compared(tmp_path: Path) -> None:
    """A missing row, a further row and a wrong value are found."""
    state.write(tmp_path / "records", 3)
    with (tmp_path / "records" / "readings.jsonl").open("rb") as lines:
        rows = list(state.oracle.rows(lines).values())
    assert len(rows) == 3
    state.compare(tmp_path / "records", written(tmp_path / "right", rows), 3)
    wrong = {"missing": rows[1:], "more": [*rows, rows[0]], "other": [{**rows[0], "Distance": 1}, *rows[1:]]}
    for name, found in wrong.items():
        with pytest.raises(Unequal, match="of 3 were compared"):
            state.compare(tmp_path / "records", written(tmp_path / name, found), 3)
