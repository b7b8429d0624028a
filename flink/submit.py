"""The job on a Flink cluster: `flink run` with one jar, from the start or from a checkpoint.

What the cluster's own configuration does not decide (checkpoints, restarts), is decided here; what the job consists
of, is not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from flink import distribution, durable, points, rest, state
from flink.points import Point
from java import jars, lib, merged
from pipeline import settings
from pipeline.job import load
from program import environment, processes
from program.errors import Failure
from program.waiting import wait_until

JOB = load("unicorn_summary")

NAME = JOB.configuration["pipeline.name"]
JAR = lib.ROOT / ".cache" / "job.jar"
SUBMIT_LIMIT = 300  # seconds for `flink run`; 20 are usual
RUN_LIMIT = 180.0  # seconds until every subtask runs
RESTARTS = 3  # as many of them before it ever ran, and it is not a matter of waiting
CHECKPOINT_SECONDS = 10.0  # between checkpoints, on a cluster that does not say
_DECIDED = ("execution.checkpointing.", "restart-strategy")
_PARAMETER = "state.signature"
_START = "state.from"
_SUBMITTED = re.compile(r"Job has been submitted with JobID ([0-9a-f]{32})")


class SubmitError(Failure):
    """The job is not on the cluster; the text is one sentence with the remedy."""


@dataclass(frozen=True)
class Submission:
    """What is asked of a cluster.

    properties: the settings file. parallelism: subtasks per operator; one for each open shard reads fastest.
    point: where to go on from, None to start anew. start: the time at which reading began, in milliseconds since 1970,
    None for the beginning of the stream.
    """

    properties: Path
    parallelism: int
    point: Point | None = None
    start: int | None = None


def cluster_at(address: str) -> rest.Cluster:
    """The cluster at an address such as http://127.0.0.1:8081. Raises SubmitError if it cannot be one."""
    parts = urlsplit(address if "//" in address else f"http://{address}")
    try:
        port = parts.port or 8081
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port or parts.path not in ("", "/") or parts.username:
        raise SubmitError(f"{address!r} is not an address of a Flink cluster such as http://127.0.0.1:8081.")
    return rest.Cluster(f"http://{parts.hostname}:{port}")


def running(cluster: rest.Cluster) -> rest.Listed | None:
    """The job on this cluster that has not ended."""
    return next((job for job in cluster.jobs(NAME) if not job.has_ended), None)


def folders(cluster: rest.Cluster) -> points.Folders:
    """Where the job's checkpoints and savepoints are. Raises PointError."""
    return points.folders(cluster.configuration(), NAME)


def known_points(cluster: rest.Cluster) -> list[Point]:
    """What the cluster itself still knows of the job's checkpoints and savepoints, wherever they lie."""
    found = []
    for listed in cluster.jobs(NAME):
        latest = cluster.job(listed.id).checkpoints().get("latest") or {}
        for kind in ("completed", "savepoint"):
            if one := latest.get(kind):
                uri, made = str(one["external_path"]), one["latest_ack_timestamp"] / 1000
                found.append(Point(uri, made, points.signature_in(uri, NAME)))
    return found


def stop(cluster: rest.Cluster, job: rest.Job, seconds: float, *, drain: bool) -> str:
    """Stop the job with a savepoint in its own folder, all windows closed first if it is to `drain`; its path.

    Raises RestError, PointError.
    """
    told = job.parameters()
    signature, start = told.get(_PARAMETER), told.get(_START)
    # Without a signature: where the cluster puts them.
    folder = folders(cluster).savepoints_of(signature, int(start) if start else None) if signature else None
    return job.drain(seconds, folder) if drain else job.stop(seconds, folder)


def compatible(point: Point, signature: str) -> None:
    """Raise StateError unless the state in the point is the one that the SQL keeps now."""
    if point.signature not in (None, signature):
        raise state.StateError(
            f"The {point.kind} {point.uri} cannot be resumed: the SQL's aggregations, the shape of its plan or its "
            f"highest parallelism have changed since it was written (its state is {point.signature}, the SQL's is "
            f"{signature}). Undo the change, or start again from a time before the oldest open minute, such as "
            f"`python -m jobs submit --start {_a_while_before(point)}`: rows are written again under the same keys. "
            "The minute in which it starts comes out incomplete; `python -m jobs backfill` repairs it."
        )


def _a_while_before(point: Point) -> str:
    """Ten minutes before the point was made, as --start takes it: windows that were open then began later."""
    return time.strftime("%Y-%m-%dT%H:%M:00.000+00:00", time.gmtime(point.made - 600))


def submit(cluster: rest.Cluster, asked: Submission, signature: str) -> rest.Job:
    """Run the job on the cluster and wait until each of its subtasks runs.

    Raises SubmitError, PointError, RestError, JarError.
    """
    if found := running(cluster):
        raise SubmitError(
            f"{NAME} is on {cluster.address} already, {found.state} as {found.id}: two would read the stream twice; "
            "stop it first with `python -m jobs stop`."
        )
    chosen = options(cluster, asked, signature)
    job = cluster.job(_flink_run(cluster, chosen, asked.properties))
    _wait_until_running(job)
    return job


def options(cluster: rest.Cluster, asked: Submission, signature: str) -> dict[str, str]:
    """The launcher's part of the job's configuration. Raises SubmitError for a cluster that cannot take it."""
    overview = cluster.overview()
    version = str(overview["flink-version"])
    if not version.startswith("1.20."):
        raise SubmitError(f"{cluster.address} is Flink {version}; this job is made for 1.20.")
    free = int(overview["slots-available"])
    if free < asked.parallelism:
        raise SubmitError(
            f"{cluster.address} has {free} free slots, the job needs {asked.parallelism}: give it more TaskManagers, "
            "or submit with a smaller --parallelism."
        )
    configured = cluster.configuration()
    # Flink takes these from whoever submits, not from the cluster; what is configured there counts all the same.
    options = durable.policy(CHECKPOINT_SECONDS)
    if any(name.startswith("restart-strategy") for name in configured):
        options = {name: value for name, value in options.items() if not name.startswith("restart-strategy")}
    options |= {name: value for name, value in configured.items() if name.startswith(_DECIDED)}
    folders = points.folders(configured, NAME)
    options[points.CHECKPOINTS] = folders.checkpoints_of(signature, asked.start)
    options[points.SAVEPOINTS] = folders.savepoints_of(signature, asked.start)
    # So that `stop` knows them.
    told = f"{_PARAMETER}:{signature}" + ("" if asked.start is None else f",{_START}:{asked.start}")
    options["pipeline.global-job-parameters"] = told
    options["parallelism.default"] = str(asked.parallelism)
    if asked.point is not None:
        options["execution.state-recovery.path"] = asked.point.uri
    return options


def the_jar() -> Path:
    """Everything the job needs beside Flink, as one jar, made at the first call (six seconds). Raises NotSetUp."""
    lib.require()
    return merged.merge([*(lib.JARS / jar.file_name for jar in jars.locked("job")), lib.FUNCTIONS], JAR)


def _flink_run(cluster: rest.Cluster, options: Mapping[str, str], properties: Path) -> str:
    """Call `flink run`; the job's id. Raises SubmitError."""
    address = urlsplit(cluster.address)
    where = {"rest.address": str(address.hostname), "rest.port": str(address.port)}
    main = lib.ROOT / "main.py"
    arguments = ["run", "--detached", "--target", "remote"]
    arguments += [f"-D{name}={value}" for name, value in {**where, **options}.items()]
    arguments += ["--jarfile", str(the_jar()), "--pyClientExecutable", sys.executable]
    arguments += ["--python", str(main), str(properties.resolve())]
    with tempfile.TemporaryDirectory(prefix="submit-") as scratch:
        folder = Path(scratch)
        distribution.write_configuration(folder, {})
        # It works out the plan, for which AWS may be asked: who submits registers a fan-out consumer, if told so. The
        # AWS of the running job is that of the cluster's processes.
        aws = environment.for_job(settings.read(properties).values.get("aws", {}).get("endpoint"))
        variables = aws | distribution.environment(folder) | {"_python_worker_execution_mode": "process"}
        log = folder / "flink-run.log"
        process = processes.start([*distribution.command("client", folder, "client.log"), *arguments], log, variables)
        try:
            process.wait(SUBMIT_LIMIT)
        except subprocess.TimeoutExpired:
            raise SubmitError(f"`flink run` did not end within {SUBMIT_LIMIT} s; look at {cluster.address}.") from None
        finally:
            processes.stop(process)
        text = log.read_text(encoding="utf-8", errors="replace")
    if match := _SUBMITTED.search(text):
        return match[1]
    raise SubmitError(f"`flink run` did not submit the job, and ended with {process.returncode}: {reason(text)}")


def reason(text: str) -> str:
    """What went wrong, out of a Python and two Java stack traces: the first innermost cause."""
    first = text.partition("org.apache.flink.client.program.ProgramAbortException")[0]
    causes = [line for line in first.splitlines() if line.startswith("Caused by: ")]
    said = [line for line in first.splitlines() if line.strip() and not line.startswith((" ", "\t", "WARNING"))]
    outer = [line for line in text.splitlines() if line.startswith("Caused by: ")]  # where Python said nothing itself
    return (causes or said or outer or ["it says nothing"])[-1].removeprefix("Caused by: ")[:400]


def _wait_until_running(job: rest.Job) -> None:
    def runs() -> bool:
        found = job.state()
        if found == "FAILED":
            raise SubmitError(f"The job failed at once: {job.failure()}")
        if found == "RUNNING" and job.is_running():
            return True
        if job.restarts() >= RESTARTS:
            raise SubmitError(
                f"The job does not come up, and tries again and again: {job.failure()[:200]}. Mend that and it goes on "
                f"by itself, or take it off {job.address} with `python -m jobs stop --now`. (Credentials and network "
                "are those of the cluster's processes, not of this shell.)"
            )
        return False

    if not wait_until(runs, RUN_LIMIT, 0.3):
        raise SubmitError(
            f"The job was not running after {RUN_LIMIT:.0f} s ({job.failure() or 'no failure is known'}); it stays "
            f"submitted as {job.id}: look at {job.address}."
        )


def with_start(properties: Path, start: str, folder: Path) -> Path:
    """The settings with another place to begin reading, as a file in `folder`: a position or a timestamp."""
    document = json.loads(properties.read_text(encoding="utf-8"))
    groups = {item["PropertyGroupId"]: item["PropertyMap"] for item in document}
    readings = groups.get("readings")
    if readings is None:
        readings = {}
        document.append({"PropertyGroupId": "readings", "PropertyMap": readings})
    readings.pop("start.timestamp", None)
    if start in ("TRIM_HORIZON", "LATEST"):
        readings["start"] = start
    else:
        readings |= {"start": "AT_TIMESTAMP", "start.timestamp": start}
    folder.mkdir(parents=True, exist_ok=True)
    changed = folder / "application_properties.json"
    changed.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return changed


def start_in(properties: Path) -> int | None:
    """The time at which reading begins by these settings, in milliseconds since 1970; None if it is no time."""
    time_ = settings.read(properties).values["readings"].get("start.timestamp")
    return None if time_ is None else round(datetime.fromisoformat(time_).timestamp() * 1000)


def start_of(point: Point) -> str | None:
    """Where the job that wrote this point began to read, as --start takes it; None if the settings say it."""
    if point.start is None:
        return None
    return datetime.fromtimestamp(point.start / 1000, UTC).isoformat(timespec="milliseconds")
