"""A job on a Flink cluster: python -m jobs submit | status | stop | resume JOB. Each function returns the exit code."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flink import flags, rest, submit
from pipeline import places, settings
from pipeline.job import Job
from pipeline.settings import Settings

STOP_LIMIT = 180.0  # seconds for the savepoint of `stop`
NOT_RUNNING = 3


def cluster(address: str | None) -> rest.Cluster:
    """The cluster at this address, else the one of this machine. Raises Unusable for an address that is none."""
    from flink import cluster as here  # noqa: PLC0415

    if address is not None:
        return submit.cluster_at(address)
    note = here.read()
    return rest.Cluster(note.address if note else "http://127.0.0.1:8081")


@dataclass(frozen=True)
class _Prepared:
    """Settings that are checked, and the file that they are in."""

    file: Path
    chosen: Settings


@contextlib.contextmanager
def _prepared(job: Job, properties: Path | None, start: str | None = None) -> Iterator[_Prepared]:
    """The settings of a command, with streams and tables looked up. start: where all sources are to begin reading."""
    from flink import resources  # noqa: PLC0415  (boto3 takes half a second)

    with tempfile.TemporaryDirectory(prefix="settings-") as scratch:
        folder = Path(scratch)
        file = properties or settings.write(settings.of_environment(job), folder)
        chosen = settings.read(file, job)  # as it is, before anything is changed in it
        given, now = submit.starts(chosen), datetime.now(UTC)
        wanted = {table: flags.pinned(start or where, now) for table, where in given.items()}
        if changed := {table: where for table, where in wanted.items() if where != given[table]}:
            file = submit.with_starts(file, changed, folder / "changed")
            chosen = settings.read(file, job)
        places.connectors(chosen)
        if chosen.place == "aws":
            resources.require(chosen)
        yield _Prepared(file, chosen)


def start(job: Job, address: str | None, properties: Path | None, parallelism: int, where: str | None) -> int:
    """Submit the job. where: the place to begin reading, None for that of the settings."""
    from flink import signature  # noqa: PLC0415

    on = cluster(address)
    on.overview()  # before anything that takes long
    with _prepared(job, properties, where) as prepared:
        print(f"Submitting to {on.address}; this takes some 20 s.", file=sys.stderr)
        start_ = submit.start_in(prepared.chosen)
        asked = submit.Submission(job, prepared.file, parallelism, start=start_)
        submitted = submit.submit(on, asked, signature.of(job))
    print(f"{job.name} runs on {on.address} as {submitted.id}.")
    return 0


def resume(job: Job, address: str | None, properties: Path | None, parallelism: int, uri: str | None) -> int:
    """Run the job on from its newest snapshot, or from the one at this URI."""
    from flink import savepoints, signature  # noqa: PLC0415

    on = cluster(address)
    folders = submit.folders(job, on)
    if uri is not None:
        snapshot = savepoints.Snapshot(uri, 0.0, savepoints.signature_in(uri, submit.name_of(job)))
    else:
        found = [*folders.on_disk(), *submit.known_snapshots(job, on)]
        snapshot = savepoints.newest(found, folders.checkpoints)
    state = signature.of(job)
    submit.compatible(job, snapshot, state)
    with _prepared(job, properties, submit.start_of(snapshot)) as prepared:
        print(f"Going on from {snapshot.uri} on {on.address}; this takes some 20 s.", file=sys.stderr)
        start_ = submit.start_in(prepared.chosen)
        submitted = submit.submit(on, submit.Submission(job, prepared.file, parallelism, snapshot, start_), state)
    print(f"{job.name} runs on {on.address} as {submitted.id}, on from the {snapshot.kind} {snapshot.uri}.")
    return 0


def status(job: Job, address: str | None) -> int:
    """Print whether the job runs, since when, and its last checkpoint."""
    on = cluster(address)
    found = on.jobs(submit.name_of(job))
    if not found:
        print(
            f"{job.name} is not on {on.address}: `python -m jobs submit {job.argument}` or "
            f"`python -m jobs resume {job.argument}` runs it there."
        )
        return NOT_RUNNING
    listed = found[-1]
    running = on.job(listed.id)
    since = datetime.fromtimestamp(listed.started / 1000, UTC)
    print(f"{job.name} is {listed.state} on {on.address} as {running.id}, submitted {since:%Y-%m-%d %H:%M:%S} UTC,")
    completed = (running.checkpoints().get("latest") or {}).get("completed")
    if completed:
        age = datetime.now(UTC).timestamp() - completed["latest_ack_timestamp"] / 1000
        print(f"restarted {running.restarts()} times, last checkpoint {age:.0f} s ago: {completed['external_path']}")
    else:
        print("without a checkpoint so far.")
    if failure := running.failure():
        print(f"newest failure: {failure}")
    return 0 if listed.state == "RUNNING" else NOT_RUNNING


def stop(job: Job, address: str | None, *, drain: bool = False, now: bool = False) -> int:
    """Stop the job with a savepoint. drain: all windows closed first. now: without a savepoint."""
    on = cluster(address)
    listed = submit.running(job, on)
    if listed is None:
        print(f"{job.name} does not run on {on.address}: nothing to stop.", file=sys.stderr)
        return NOT_RUNNING
    running = on.job(listed.id)
    again = f"`python -m jobs resume {job.argument}` goes on from"
    if now:
        running.cancel(STOP_LIMIT)
        print(f"Cancelled. {again} the last checkpoint.")
        return 0
    path = submit.stop(job, on, running, STOP_LIMIT, drain=drain)
    print(f"Stopped with the savepoint {path}\n{again} there.")
    return 0
