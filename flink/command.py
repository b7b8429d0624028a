"""A job on a Flink cluster: python -m jobs submit | status | stop | resume JOB. Each returns its exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from flink import flags, rest
from flink import submit as submission
from pipeline import binding, settings
from pipeline.job import Job
from pipeline.settings import Settings
from program.command_line import Command, Value
from program.formats import moment

job_argument = click.argument("job", type=flags.JobType())
cluster_option = click.option(
    "--cluster",
    "address",
    metavar="ADDRESS",
    help="Address of Flink's REST API.  [default: the cluster of `python -m local cluster up`, else "
    "http://127.0.0.1:8081]",
)
properties_option = click.option(
    "--properties",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings of the job, as application_properties.json.  [default: made from AWS_ENDPOINT_URL or AWS_REGION]",
)
parallelism_option = click.option(
    "--parallelism",
    type=Value(flags.subtasks, "N"),
    default=4,
    help="Subtasks; as many as the streams have shards read fastest.",
)
STOP_LIMIT = 180.0  # seconds for the savepoint of `stop`
NOT_RUNNING = 3


def cluster(address: str | None) -> rest.Cluster:
    """The cluster at this address, else this machine's cluster. Raises Unusable for an invalid address."""
    from flink import cluster as here  # noqa: PLC0415

    if address is not None:
        return submission.cluster_at(address)
    note = here.read()
    return rest.Cluster(note.address if note else "http://127.0.0.1:8081")


@contextlib.contextmanager
def _prepared(job: Job, properties: Path | None, start: str | None = None) -> Iterator[tuple[Path, Settings]]:
    """The file with a command's settings, and the settings. The job can use the streams and tables in them.

    start: the position where all sources begin reading; None for the positions in the settings.
    """
    from flink import resources  # noqa: PLC0415  (boto3 takes half a second)

    with tempfile.TemporaryDirectory(prefix="settings-") as scratch:
        folder, now = Path(scratch), datetime.now(UTC)
        chosen = settings.of_command(job, properties, os.environ)  # unchanged so far
        begins = settings.latest_as_time(chosen, now)
        if start is not None:
            begins = {table: settings.pinned(start, now) for table in job.sources if "start" in chosen.groups[table]}
        chosen = settings.parse(settings.started_at(chosen, begins), job)
        # A new file: the job of this folder must run, even if `properties` names another job of the same name.
        file = settings.write(folder, settings.started_at(chosen, {}))
        binding.connectors(chosen)
        if chosen.place == "aws":
            resources.require(chosen)
        yield file, chosen


@click.command(cls=Command, example="python -m jobs submit unicorn_summary --parallelism 2")
@job_argument
@cluster_option
@properties_option
@parallelism_option
@click.option(
    "--start",
    type=Value(flags.start, "WHERE"),
    help="Where reading begins: TRIM_HORIZON, LATEST, or a time such as 2026-11-22T06:00:00.000+00:00.  [default: as "
    "the settings say]",
)
def submit(job: Job, address: str | None, properties: Path | None, parallelism: int, start: str | None) -> int:
    """Run a job on a Flink cluster with `flink run`, from the start."""
    from flink import signature  # noqa: PLC0415

    on = cluster(address)
    on.overview()  # raises RestError before the slow steps
    with _prepared(job, properties, start) as (file, chosen):
        print(f"Submitting to {on.address}; this takes some 20 s.", file=sys.stderr)
        began = submission.start_in(chosen)
        asked = submission.Submission(job, file, parallelism, signature.of(job), start=began)
        submitted = submission.submit(on, asked)
    print(f"{job.name} runs on {on.address} as {submitted.id}.")
    return 0


@click.command(cls=Command, example="python -m jobs resume unicorn_summary --parallelism 4")
@job_argument
@cluster_option
@properties_option
@parallelism_option
@click.option("--from", "uri", metavar="URI", help="Savepoint or checkpoint to go on from.  [default: the newest]")
def resume(job: Job, address: str | None, properties: Path | None, parallelism: int, uri: str | None) -> int:
    """Run a job on from its newest savepoint or checkpoint."""
    from flink import savepoints, signature  # noqa: PLC0415

    on = cluster(address)
    folders = submission.folders(job, on)
    if uri is not None:
        snapshot = savepoints.Snapshot(uri, 0.0, savepoints.signature_in(uri, submission.name_of(job)))
    else:
        found = [*folders.on_disk(), *submission.known_snapshots(job, on)]
        snapshot = savepoints.newest(found, folders.checkpoints)
    state = signature.of(job)
    submission.compatible(job, snapshot, state)
    with _prepared(job, properties, submission.start_of(snapshot)) as (file, chosen):
        print(f"Going on from {snapshot.uri} on {on.address}; this takes some 20 s.", file=sys.stderr)
        asked = submission.Submission(job, file, parallelism, state, snapshot, submission.start_in(chosen))
        submitted = submission.submit(on, asked)
    print(f"{job.name} runs on {on.address} as {submitted.id}, on from the {snapshot.kind} {snapshot.uri}.")
    return 0


_STATUS = """\
Exit codes:
  0  the job runs
  3  it does not
  4  the cluster cannot be reached
"""


@click.command(cls=Command, epilog=_STATUS, example="python -m jobs status unicorn_summary")
@job_argument
@cluster_option
def status(job: Job, address: str | None) -> int:
    """Show whether a job runs, since when, and its last checkpoint."""
    on = cluster(address)
    listed = on.find(submission.name_of(job))
    if listed is None:
        print(
            f"{job.name} is not on {on.address}: `python -m jobs submit {job.argument}` or "
            f"`python -m jobs resume {job.argument}` runs it there."
        )
        return NOT_RUNNING
    running = on.job(listed.id)
    since = moment(listed.started)
    print(f"{job.name} is {listed.state} on {on.address} as {running.id}, submitted {since} UTC,")
    completed = (running.checkpoints().get("latest") or {}).get("completed")
    if completed:
        age = datetime.now(UTC).timestamp() - completed["latest_ack_timestamp"] / 1000
        print(f"restarted {running.restarts()} times, last checkpoint {age:.0f} s ago: {completed['external_path']}")
    else:
        print("without a checkpoint so far.")
    if failure := running.failure():
        print(f"newest failure: {failure}")
    return 0 if listed.state == "RUNNING" else NOT_RUNNING


@click.command(cls=Command, example="python -m jobs stop unicorn_summary --drain")
@job_argument
@cluster_option
@click.option("--drain", is_flag=True, help="Close all windows first; what comes later for them is late.")
@click.option("--now", is_flag=True, help="Without a savepoint, if the job cannot make one; its last checkpoint stays.")
def stop(job: Job, address: str | None, *, drain: bool, now: bool) -> int:
    """Stop a job with a savepoint, from which `resume` goes on."""
    if drain and now:
        raise click.UsageError("--drain and --now exclude each other.")
    on = cluster(address)
    listed = submission.running(job, on)
    if listed is None:
        print(f"{job.name} does not run on {on.address}: nothing to stop.", file=sys.stderr)
        return NOT_RUNNING
    running = on.job(listed.id)
    again = f"`python -m jobs resume {job.argument}` goes on from"
    if now:
        running.cancel(STOP_LIMIT)
        print(f"Cancelled. {again} the last checkpoint.")
        return 0
    path = submission.stop(job, on, running, STOP_LIMIT, drain=drain)
    print(f"Stopped with the savepoint {path}\n{again} there.")
    return 0
