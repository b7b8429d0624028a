"""Where reading begins: every position, on streams that hold records already, with every row against the oracle."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consumer.tail import stored
from local import check, proof, running
from local.emulator import Emulator
from tests.emulated import WARM_UP, Stage, job_here, send, stage

UNICORNS = ("--unicorns", "12", "--rate", "max")
FIRST = (*UNICORNS, "--seed", "1", "--start", "2026-11-22 06:00:00", "--msgs", "1440")
SECOND = (*UNICORNS, "--seed", "2", "--start", "2026-11-22 06:10:00", "--msgs", "1440")


def iso(moment: float) -> str:
    """A time as settings and --start take it, to the millisecond."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Loaded:
    """A stream with two flights in it, and the times before, between and after them."""

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


def outcome(on: Stage, *sent: Path) -> check.Report:
    """What came out, against these flights alone, whatever else is on the stream."""
    lines = [line for copy in sent for line in proof.read_lines(copy)]
    kinesis, dynamodb = on.clients
    raw = [record for record in stored(kinesis, on.names.raw) if record.data in set(lines)]
    return check.check(
        [record.data for record in raw],
        [record.data for record in stored(kinesis, on.names.summary)],
        proof.items(dynamodb, on.names.table),
        [record.data for record in stored(kinesis, on.names.errors)],
        [record.shard for record in raw],
    )


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize("where", ["before", "between"])
def test_a_start_in_a_loaded_stream(loaded: Loaded, where: str, tmp_path: Path) -> None:
    """From a time on, every record that arrived since, and none that arrived before."""
    on = loaded.stage.with_outputs(f"-{where}")
    sent = [loaded.first, loaded.second] if where == "before" else [loaded.second]
    readings = {"start": "AT_TIMESTAMP", "start.timestamp": iso(getattr(loaded, where))}
    with job_here(on, tmp_path, 2, WARM_UP, readings) as job:
        assert {one["maxParallelism"] for one in job.get("")["vertices"] if "Writer" not in one["name"]} == {1024}
        running.wait_until_read(job, 1440 * len(sent))
        job.drain(60)
    result = outcome(on, *sent)
    assert not result.problems, result.problems[:5]
    assert result.rows == 12 * 2 * len(sent)
    assert not result.errors
