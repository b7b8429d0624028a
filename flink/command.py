"""The command line of a job on a cluster: python -m jobs submit | status | stop | resume."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flink import flags, rest, submit
from flink.flags import subtasks
from flink.submit import NAME
from pipeline import places, settings

Commands = Any  # argparse's own type of it is private
STOP_LIMIT = 180.0  # seconds for the savepoint of `stop`
NOT_RUNNING = 3
_STATUS = """exit codes:
  0  the job runs
  3  it does not
  4  the cluster cannot be reached
"""


def add(commands: Commands) -> None:
    """Add the commands to those of `python -m jobs`."""
    start = _command(commands, "submit", _submit, "run the job on a Flink cluster with `flink run`, from the start")
    _properties(start)
    _parallelism(start)
    start.add_argument(
        "--start",
        type=flags.start,
        default=None,
        metavar="WHERE",
        help="TRIM_HORIZON, LATEST, or a time such as 2026-11-22T06:00:00.000+00:00 (default: as the settings say)",
    )
    status = _command(commands, "status", _status, "whether the job runs, since when, and its last checkpoint")
    status.epilog, status.formatter_class = _STATUS, argparse.RawDescriptionHelpFormatter
    stop = _command(commands, "stop", _stop, "stop the job with a savepoint, from which `resume` goes on")
    how = stop.add_mutually_exclusive_group()
    how.add_argument("--drain", action="store_true", help="close all windows first; what comes later for them is late")
    how.add_argument(
        "--now",
        action="store_true",
        help="without a savepoint, as for a job that cannot make one; its last checkpoint stays",
    )
    resume = _command(commands, "resume", _resume, "run the job on from its newest savepoint or checkpoint")
    _properties(resume)
    _parallelism(resume)
    resume.add_argument("--from", dest="point", default=None, metavar="URI", help="this one instead of the newest")


def _command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], what: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=what[0].upper() + what[1:] + "."
    )
    command.add_argument(
        "--cluster",
        default=None,
        metavar="ADDRESS",
        help="of its REST API (default: the cluster of `python -m local cluster up`, else http://127.0.0.1:8081)",
    )
    command.set_defaults(run=run)
    return command


def _properties(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--properties",
        type=Path,
        default=None,
        metavar="FILE",
        help="the settings, as application_properties.json (default: made from AWS_ENDPOINT_URL)",
    )


def _parallelism(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--parallelism",
        type=subtasks,
        default=4,
        metavar="N",
        help="subtasks; one per shard is fastest (default: 4)",
    )


def cluster(parsed: argparse.Namespace) -> rest.Cluster:
    """The cluster that the command is about. Raises SubmitError for an unusable address."""
    from flink import cluster as local_cluster  # noqa: PLC0415

    if parsed.cluster is not None:
        return submit.cluster_at(parsed.cluster)
    note = local_cluster.read()
    return rest.Cluster(note.address if note else "http://127.0.0.1:8081")


@contextlib.contextmanager
def _settings(parsed: argparse.Namespace, start: str | None = None) -> Iterator[Path]:
    """The settings file of a command, checked, with streams and table looked up."""
    from local import resources, running  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="settings-") as scratch:
        folder = Path(scratch)
        properties = parsed.properties or running.properties_here(folder)
        chosen = settings.read(properties)  # as it is, before anything is changed in it
        start = flags.pinned(start or chosen.values["readings"]["start"], datetime.now(UTC))
        if start != chosen.values["readings"]["start"]:
            properties = submit.with_start(properties, start, folder)
            chosen = settings.read(properties)
        places.connectors(chosen)
        if chosen.place == "aws":
            resources.require(chosen.values)
        yield properties


def _submit(parsed: argparse.Namespace) -> int:
    from flink import state  # noqa: PLC0415
    from pipeline.job import load  # noqa: PLC0415

    where = cluster(parsed)
    where.overview()  # before anything that takes long
    with _settings(parsed, parsed.start) as properties:
        print(f"Submitting to {where.address}; this takes some 20 s.", file=sys.stderr)
        asked = submit.Submission(properties, parsed.parallelism, start=submit.start_in(properties))
        job = submit.submit(where, asked, state.of(load("unicorn_summary")))
    print(f"{NAME} runs on {where.address} as {job.id}.")
    return 0


def _resume(parsed: argparse.Namespace) -> int:
    from flink import points, state  # noqa: PLC0415
    from pipeline.job import load  # noqa: PLC0415

    where = cluster(parsed)
    folders = submit.folders(where)
    if parsed.point is not None:
        point = points.Point(parsed.point, 0.0, points.signature_in(parsed.point, NAME))
    else:
        found = [*folders.on_disk(), *submit.known_points(where)]
        point = points.newest(found, folders.checkpoints)
    signature = state.of(load("unicorn_summary"))
    submit.compatible(point, signature)
    with _settings(parsed, submit.start_of(point)) as properties:
        print(f"Going on from {point.uri} on {where.address}; this takes some 20 s.", file=sys.stderr)
        asked = submit.Submission(properties, parsed.parallelism, point, submit.start_in(properties))
        job = submit.submit(where, asked, signature)
    print(f"{NAME} runs on {where.address} as {job.id}, on from the {point.kind} {point.uri}.")
    return 0


def _status(parsed: argparse.Namespace) -> int:
    where = cluster(parsed)
    found = where.jobs(NAME)
    if not found:
        print(f"{NAME} is not on {where.address}: `python -m jobs submit` or `python -m jobs resume` runs it there.")
        return NOT_RUNNING
    listed = found[-1]
    job = where.job(listed.id)
    since = datetime.fromtimestamp(listed.started / 1000, UTC)
    print(f"{NAME} is {listed.state} on {where.address} as {job.id}, submitted {since:%Y-%m-%d %H:%M:%S} UTC,")
    completed = (job.checkpoints().get("latest") or {}).get("completed")
    if completed:
        age = datetime.now(UTC).timestamp() - completed["latest_ack_timestamp"] / 1000
        print(f"restarted {job.restarts()} times, last checkpoint {age:.0f} s ago: {completed['external_path']}")
    else:
        print("without a checkpoint so far.")
    if failure := job.failure():
        print(f"newest failure: {failure}")
    return 0 if listed.state == "RUNNING" else NOT_RUNNING


def _stop(parsed: argparse.Namespace) -> int:
    where = cluster(parsed)
    listed = submit.running(where)
    if listed is None:
        print(f"{NAME} does not run on {where.address}: nothing to stop.", file=sys.stderr)
        return NOT_RUNNING
    job = where.job(listed.id)
    if parsed.now:
        job.cancel(STOP_LIMIT)
        print("Cancelled. `python -m jobs resume` goes on from the last checkpoint.")
        return 0
    path = submit.stop(where, job, STOP_LIMIT, drain=parsed.drain)
    print(f"Stopped with the savepoint {path}\n`python -m jobs resume` goes on from there.")
    return 0
