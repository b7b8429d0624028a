"""Flink's own processes are killed, or their disk is full."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

from flink import cluster, savepoints, signature, submit
from flink.rest import RestError
from local import emulator, running
from pipeline import settings
from pipeline.job import load
from tests.checkout import Edit
from tests.emulated import wait_for
from tests.faults import rules
from tests.faults.test_flow import JUDGED_BY_SHARD, TIMED, shard
from tests.faults.trial import FLIGHT, ROW_LIMIT, Trial, checkpoints, open_shards, wait_for_checkpoint
from tests.kpl import Inner, aggregate, shard_of
from tests.test_kinesis_mock import wait_until_active

JOB = load("unicorn_summary")

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
SPEED = ("--speed", "20")
PARTS = 8_000  # of a record, that are errors
SIZE = cluster.Size(task_managers=2, slots=2)
FORGETFUL = "settings.discoveryInterval, new ShardLedger(System.currentTimeMillis()),"


@pytest.mark.fault("kill -9 of a TaskManager")
def test_task_manager_killed(trial: Trial) -> None:
    """The job continues from its checkpoint in the remaining slots, and with the restarted TaskManager.

    Unprotected: the cluster's restart strategy is none.
    """
    more = {"restart-strategy.type": "none"} if trial.is_unprotected else {}
    with cluster.running(
        trial.folder / "cluster", SIZE, emulator.child(trial.between.environment), more=more
    ) as members:
        trial.job = submit.submit(members.rest, submit.Submission(JOB, trial.properties(), 2, signature.of(JOB)))
        with trial.flying(*FLIGHT, *SPEED):
            trial.wait_for_rows()
            wait_for_checkpoint(trial)
            victim = busy(members)
            members.processes[victim].kill()
            killed = time.monotonic()
            members.start("taskmanager", int(victim.rpartition("-")[2]))
            trial.wait_for_rows()
            trial.outcome.recovery = time.monotonic() - killed
        trial.finish()
    assert trial.outcome.restarts >= 1


def busy(members: cluster.Running) -> str:
    """The TaskManager that runs a subtask of the job, by the name of its process."""
    from flink import rest  # noqa: PLC0415

    ports = {
        found["id"]: found["freeSlots"] < found["slotsNumber"]
        for found in rest.call(f"{members.rest.address}/taskmanagers")["taskmanagers"]
    }
    working = next(id_ for id_, works in ports.items() if works)
    port = working.partition("-")[0].rpartition(":")[2]
    for name, process in members.processes.items():
        if name.startswith("taskmanager") and int(port) in listening_ports(process.pid):
            return name
    raise AssertionError(f"no TaskManager listens on {port}")


def listening_ports(pid: int) -> set[int]:
    import psutil  # noqa: PLC0415

    return {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp")}


@pytest.mark.fault("kill -9 of the JobManager, and resume")
def test_job_manager_killed(trial: Trial) -> None:
    """Without the JobManager there is no job. After its restart the TaskManagers reconnect, and the job continues from
    its newest checkpoint on disk.

    Unprotected: the job starts anew at the end of the stream, like a job without checkpoints.
    """
    with cluster.running(trial.folder / "cluster", SIZE, emulator.child(trial.between.environment)) as members:
        state = signature.of(JOB)
        trial.job = submit.submit(members.rest, submit.Submission(JOB, trial.properties(), 2, state))
        with trial.flying(*FLIGHT, *SPEED):
            trial.wait_for_rows()
            wait_for_checkpoint(trial)
            folders = submit.folders(JOB, members.rest)
            members.processes["jobmanager"].kill()
            killed = time.monotonic()
            members.processes["jobmanager"].wait(10)
            members.start("jobmanager")
            members.wait_until_complete()
            snapshot = savepoints.newest(folders.on_disk(), folders.checkpoints)
            properties = trial.properties()
            if trial.is_unprotected:
                latest = settings.started_at(settings.read(properties, JOB), {"readings": "LATEST"})
                snapshot, properties = None, settings.write(trial.folder, latest)
            trial.job = submit.submit(members.rest, submit.Submission(JOB, properties, 2, state, snapshot))
            trial.wait_for_rows()
            trial.outcome.recovery = time.monotonic() - killed
        trial.finish(resumed=True)


@pytest.mark.fault(
    "kill -9 of the local run, and --resume last",
    Edit(TIMED, JUDGED_BY_SHARD, "COALESCE(CURRENT_WATERMARK(event_time), TIMESTAMP '1970-01-01 00:00:00')"),
)
def test_local_run_killed(trial: Trial) -> None:
    """The job continues from its last checkpoint with another parallelism, and no row changes.

    Unprotected: lateness is judged by the job's watermark alone, which is unknown for a while after a restore. So late
    readings are counted again or dropped by the window, and written rows change.
    """
    trial.start(parallelism=2)
    with trial.flying(*FLIGHT, *SPEED, "--late", "0.02"):
        trial.wait_for_rows()
        wait_for(lambda: len(trial.rows()) > 60, 60, "three minutes have closed")
        wait_for_checkpoint(trial)
        trial.kill()
        killed = time.monotonic()
        trial.start("--resume", "last", parallelism=4)
        trial.wait_for_rows()
        trial.outcome.recovery = time.monotonic() - killed
    assert trial.finish(resumed=True).errors["LATE"] > 50


@pytest.mark.fault(
    "shards split and merged, kill -9 while a parent is half read, and --resume last",
    Edit("java/src/kinesis/KinesisSource.java", "settings.discoveryInterval, ledger,", FORGETFUL),
    shards=2,
    faithful=True,
)
def test_killed_while_shards_change(trial: Trial) -> None:
    """The job continues with another parallelism, and each shard where it was: one parent half read, another read to
    its end, the child of both waiting for the first.

    The calls of the first are refused from before the split until after the kill. The other child is empty, and windows
    wait for it for twenty seconds.
    Unprotected: the coordinator of shards forgets what a checkpoint says of them, and gives out again what was read to
    its end.
    """
    kinesis, _dynamodb = trial.clients
    half_read, read_to_its_end = open_shards(kinesis, trial.names.raw)
    trial.start(parallelism=2)
    with trial.flying("--unicorns", "10", "--late", "0.01", "--malformed", "0.01", "--speed", "10"):
        trial.wait_for_rows()
        with trial.between.fault(rules.throttle("GetRecords", where=lambda call: shard(call) == half_read)):
            kinesis.split_shard(StreamName=trial.names.raw, ShardToSplit=half_read, NewStartingHashKey=str(2**126))
            wait_until_active(kinesis, trial.names.raw)
            upper = open_shards(kinesis, trial.names.raw)[1]
            kinesis.merge_shards(StreamName=trial.names.raw, ShardToMerge=upper, AdjacentShardToMerge=read_to_its_end)
            wait_until_active(kinesis, trial.names.raw)
            wait_for_checkpoint(trial)
            trial.kill()
    killed, before = time.monotonic(), len(trial.rows())
    trial.start("--resume", "last", parallelism=3)
    wait_for(lambda: trial.is_alive() and len(trial.rows()) > before, ROW_LIMIT, "more rows come out")
    trial.outcome.recovery = time.monotonic() - killed
    trial.finish(resumed=True)


@pytest.mark.fault(
    "kill -9 in the middle of records that hold 8,000 others, and --resume last",
    Edit("java/src/kinesis/Batch.java", "number = arrival.from.emittedOf(record.sequenceNumber());", "number = 0;"),
    shards=2,
)
def test_killed_within_records(trial: Trial) -> None:
    """Each part of an aggregate, and each of several documents, is counted once, though a checkpoint lies between them.

    Behind the first parts come errors, and the errors stream answers slowly, so that a record is read for seconds.
    Unprotected: a record is read from its beginning again.
    """
    parts = [*(flown(f"Inner {number}", number) for number in range(20)), *[b"{}"] * PARTS]
    documents, records = b"".join(parts), aggregate([Inner("other", part) for part in parts])
    trial.options["error_stream"] = {"sink.requests.max-inflight": "1", "sink.requests.max-buffered": "1000"}
    trial.start(parallelism=2)
    with trial.between.fault(rules.slow_answer(0.5, "PutRecords")):
        trial.put_all([(shard_key(shard), data) for data in (documents, records) for shard in (0, 1)])
        wait_for(lambda: trial.is_alive() and trial.job.source().records > 1_000, 60, "the first parts are read")
        wait_for_checkpoint(trial)
        assert trial.job.source().records < 4 * len(parts), "the checkpoint was made while records were read"
        trial.kill()
    killed = time.monotonic()
    trial.start("--resume", "last", parallelism=4)
    trial.put_all([(shard_key(shard), flown("Outer", 90)) for shard in (0, 1)])
    trial.wait_for_rows()
    trial.outcome.recovery = time.monotonic() - killed
    assert trial.finish(resumed=True).parts == 4 * len(parts) + 2


def flown(name: str, second: int) -> bytes:
    """A reading of so many seconds after 10:00."""
    time_ = f"2026-11-01 10:{second // 60:02d}:{second % 60:02d}.000"
    document = {"Name": name, "StatusTime": time_, "MagicPoints": 1, "HealthPoints": 1, "Distance": 30.25}
    return json.dumps(document).encode()


def shard_key(shard: int) -> str:
    """A partition key of this shard, of two."""
    return next(key for key in map(str, range(100)) if shard_of(key, 2) == shard)


@pytest.mark.fault(
    "kill -9 in the middle of sums of tenths",
    Edit("jobs/unicorn_summary/views/summary.sql", "CAST(record.Distance AS DECIMAL(28, 18))", "record.Distance"),
)
def test_killed_between_distances(trial: Trial) -> None:
    """Half of each sum comes from a checkpoint, the other half after it: the order of adding changes no row.

    Each sum ends in half a metre, where the smallest error of a double rounds the other way.
    Unprotected: doubles are added up.
    """
    drawn = random.Random(20)
    readings = [tenths(f"Tenth {number}", drawn) for number in range(150)]
    trial.start(parallelism=2)
    trial.put([line for lines in readings for line in lines[:2]])
    running.wait_until_read(trial.job, len(trial.sent()))
    wait_for_checkpoint(trial)
    trial.kill()
    trial.put([line for lines in readings for line in lines[2:]])
    trial.start("--resume", "last", parallelism=4)
    assert trial.finish(resumed=True).rows == len(readings)


def tenths(name: str, drawn: random.Random) -> list[bytes]:
    """Four readings of a minute, with distances of one decimal whose sum is an integer and a half."""
    parts = [drawn.randrange(10, 400) for _each in range(3)]
    parts.append(15 - sum(parts) % 10)
    document = {"Name": name, "StatusTime": "2026-11-01 10:00:30.000", "MagicPoints": 1, "HealthPoints": 1}
    return [json.dumps(document | {"Distance": part / 10}).encode() + b"\n" for part in parts]


@pytest.mark.fault(
    "disk full for checkpoints for 25 s",
    Edit(
        "flink/defaults.py",
        '"execution.checkpointing.tolerable-failed-checkpoints": "1000000"',
        '"execution.checkpointing.tolerable-failed-checkpoints": "0"',
    ),
)
def test_disk_full(trial: Trial) -> None:
    """The job continues without checkpoints, and makes checkpoints again when there is space.

    The folder of the checkpoints is a separate file system, of 4 MiB in memory, which only the job's process sees.
    Unprotected: the first failed checkpoint restarts the job, over and over.
    """
    folder = trial.folder / "checkpoints"
    folder.mkdir()
    mount = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"'
    trial.start(within=("unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(folder)))
    disk = Path(f"/proc/{trial.process.pid}/root") / folder.relative_to("/")
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        wait_for_checkpoint(trial)
        fill(disk / "filler")
        failed = failures(trial)
        wait_for(lambda: trial.is_alive() and failures(trial) >= failed + 3, 60, "three checkpoints fail")
        trial.wait_for_rows()
        (disk / "filler").unlink()
        before, since = checkpoints(trial.job), time.monotonic()
        wait_for(lambda: trial.is_alive() and checkpoints(trial.job) > before, 60, "a checkpoint completes")
        trial.outcome.recovery = time.monotonic() - since
    trial.finish()
    assert trial.outcome.restarts == 0


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 4096)
        except OSError as error:
            assert error.errno == 28, error  # noqa: PT017  (ENOSPC is the expected error)


def failures(trial: Trial) -> int:
    try:
        return int(trial.job.checkpoints()["counts"]["failed"])
    except RestError:
        return -1
