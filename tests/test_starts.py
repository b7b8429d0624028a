"""The start positions, on streams that already have records, with every row against the oracle."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from consumer.tail import stored
from flink import distribution
from local import ministack, oracle, proof, resources, running
from local.emulator import Emulator
from pipeline import binding, settings
from pipeline.job import load
from tests.emulated import Stage, job_here, send, stage
from tests.faults import kinesis_mock

UNICORNS = ("--unicorns", "12", "--rate", "max")
FIRST = (*UNICORNS, "--seed", "1", "--start", "2026-11-22 06:00:00", "--msgs", "1440")
SECOND = (*UNICORNS, "--seed", "2", "--start", "2026-11-22 06:10:00", "--msgs", "1440")


def iso(moment: float) -> str:
    """A time in the format of settings and --start, to the millisecond."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Loaded:
    """A stream with two flights, and the times before, between and after them."""

    stage: Stage
    first: Path
    second: Path
    before: float
    between: float
    after: float


@pytest.fixture(scope="module")
def loaded(aws: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    made, folder = stage(aws, "starts"), tmp_path_factory.mktemp("starts")
    before = time.time()
    time.sleep(0.1)
    send(made, folder / "first.jsonl", *FIRST)
    time.sleep(0.2)
    between = time.time()
    time.sleep(0.2)
    send(made, folder / "second.jsonl", *SECOND)
    time.sleep(0.1)
    return Loaded(made, folder / "first.jsonl", folder / "second.jsonl", before, between, time.time())


def outcome(on: Stage, *sent: Path) -> oracle.Report:
    """The outputs compared with these flights alone, without other records of the stream."""
    lines = [line for copy in sent for line in proof.read_lines(copy)]
    kinesis, dynamodb = on.clients
    raw = [record for record in stored(kinesis, on.names.raw) if record.data in set(lines)]
    return oracle.check(
        [record.data for record in raw],
        [record.data for record in stored(kinesis, on.names.summary)],
        proof.items(dynamodb, on.names.table),
        [record.data for record in stored(kinesis, on.names.errors)],
        [record.shard for record in raw],
    )


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize("where", ["before", "between"])
def test_a_start_in_a_loaded_stream(loaded: Loaded, where: str, tmp_path: Path) -> None:
    """From a time, every record that arrived since is read, and no record from before."""
    on = loaded.stage.with_outputs(f"-{where}")
    sent = [loaded.first, loaded.second] if where == "before" else [loaded.second]
    readings = {"start": "AT_TIMESTAMP", "start.timestamp": iso(getattr(loaded, where))}
    with job_here(on, tmp_path, 2, None, readings) as job:
        assert {one["maxParallelism"] for one in job.get("")["vertices"] if "Writer" not in one["name"]} == {1024}
        running.wait_until_read(job, 1440 * len(sent))
        job.drain(60)
    result = outcome(on, *sent)
    assert not result.problems, result.problems[:5]
    assert result.rows == 12 * 2 * len(sent)
    assert not result.errors


@pytest.mark.usefixtures("jvm")
def test_a_shard_that_was_silent_since_the_start(aws: Emulator, tmp_path: Path) -> None:
    """After a start at LATEST, a stop, and first records on empty shards, each of these records is counted.

    `LATEST` is the time of the start: a shard whose first record comes while the job is down is read from that time on,
    without its earlier records. Settings that start at the beginning can use that state too.
    """
    on = stage(aws, "silent")
    former, alone, all_ = (tmp_path / f"{name}.jsonl" for name in ("former", "alone", "all"))
    send(on, former, *UNICORNS, "--seed", "3", "--start", "2026-11-22 05:50:00", "--msgs", "1440")
    time.sleep(0.1)
    start = {"start": "AT_TIMESTAMP", "start.timestamp": settings.pinned("LATEST", datetime.now(UTC))}
    folder = (tmp_path / "savepoints").as_uri()
    with job_here(on, tmp_path / "one", 2, None, start) as job:
        send(
            on,
            alone,
            "--unicorns",
            "1",
            "--rate",
            "max",
            "--seed",
            "4",
            "--start",
            "2026-11-22 06:00:00",
            "--msgs",
            "150",
        )
        running.wait_until_read(job, 150)
        savepoint = job.stop(60, folder)
    send(on, all_, *SECOND)
    with job_here(on, tmp_path / "two", 4, {"execution.state-recovery.path": savepoint}, start) as job:
        running.wait_until_read(job, 1440)
        job.drain(60)
    result = outcome(on, alone, all_)
    assert not result.problems, result.problems[:5]
    assert not result.errors
    assert result.rows == 3 + 24
    with job_here(on, tmp_path / "three", 1, {"execution.state-recovery.path": savepoint}) as job:
        running.wait_until_read(job, 1440)
        assert job.restarts() == 0


@pytest.mark.parametrize(
    ("aws", "emulated"),
    [
        ({"region": "eu-west-1"}, False),
        ({"region": "eu-west-1", "endpoint": "https://vpce-1.kinesis.eu-west-1.vpce.amazonaws.com"}, False),
        ({"region": "eu-west-1", "endpoint": "http://127.0.0.1:4566"}, True),
    ],
)
def test_only_emulators_are_spoken_to_without_cbor(aws: dict[str, str], emulated: bool, tmp_path: Path) -> None:
    """AWS gets CBOR, an emulator JSON."""
    chosen = settings.parse([{"PropertyGroupId": "aws", "PropertyMap": aws}], load("unicorn_summary"))
    assert binding.is_emulated(chosen) is emulated
    variables = distribution.jvm(tmp_path, emulated=binding.is_emulated(chosen))
    assert ("CBOR_ENABLED" in variables) == emulated


def test_times_of_the_sdks() -> None:
    """Seconds as in Kinesis, milliseconds as in SDK 1 without CBOR, a date as in CBOR."""
    when = datetime(2026, 11, 22, 6, 0, 0, 250_000, UTC)
    for told in (when.timestamp(), str(when.timestamp()), int(when.timestamp() * 1000), when):
        assert ministack.seconds(told) == when.timestamp()
    assert ministack.seconds(0) == 0


@pytest.fixture(scope="module", params=["ministack", "kinesis-mock"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Each of the Kinesis stand-ins that tests read."""
    if request.param == "ministack":
        yield request.getfixturevalue("aws")
        return
    with kinesis_mock.running(tmp_path_factory.mktemp("mock") / "mock.log") as mock:
        yield mock


def test_a_time_between_two_records(service: Emulator) -> None:
    """A start time may be before, between or after the records: in seconds, and on ministack in milliseconds too.

    kinesis-mock takes milliseconds for a time in the future, as the service may; no test reads from a time there.
    """
    kinesis, _dynamodb = resources.clients(service.environment)
    kinesis_mock.create({"times": 1}, kinesis)
    moments = [time.time()]
    for data in (b"one", b"two"):
        time.sleep(0.05)
        kinesis.put_record(StreamName="times", Data=data, PartitionKey="any")
        time.sleep(0.05)
        moments.append(time.time())
    expected = [[b"one", b"two"], [b"two"], []]
    for factor in (1,) if isinstance(service, kinesis_mock.KinesisMock) else (1, 1000):
        found = [_read_from(kinesis, round(moment * factor, 3)) for moment in moments]
        assert found == expected, f"a time in {'milli' if factor > 1 else ''}seconds"


def _read_from(kinesis: Any, moment: float) -> list[bytes]:
    """The records of the only shard since that time, with exactly that time in the request."""
    request: dict[str, Any] = {"StreamName": "times", "ShardId": "shardId-000000000000"}

    def rewrite(params: dict[str, Any], **_more: Any) -> None:
        body = json.loads(params["body"])
        params["body"] = json.dumps({**body, "Timestamp": moment}).encode()

    events = kinesis.meta.events
    events.register("before-call.kinesis.GetShardIterator", rewrite)
    try:
        iterator = kinesis.get_shard_iterator(**request, ShardIteratorType="AT_TIMESTAMP", Timestamp=1)["ShardIterator"]
    finally:
        events.unregister("before-call.kinesis.GetShardIterator", rewrite)
    return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
