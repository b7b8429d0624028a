"""Submits a job to a Flink cluster: `flink run` with a single jar, from the start or from a checkpoint.

This module sets checkpoints and restarts if the cluster's own configuration does not. It does not change the job's
tables or SQL.
"""

from __future__ import annotations

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

from flink import defaults, distribution, rest, savepoints, signature
from flink.savepoints import Snapshot
from java import jars, merged, paths
from pipeline import settings
from pipeline.job import Job
from program import environment, processes
from program.errors import Failure, Unusable
from program.waiting import wait_until

JAR = paths.ROOT / ".cache" / "job.jar"
SUBMIT_LIMIT = 300  # seconds for `flink run`; 20 s are usual
RUN_LIMIT = 180.0  # seconds until every subtask runs
RESTARTS = 3  # before the first run; after so many restarts waiting does not help
CHECKPOINT_SECONDS = 10.0  # between checkpoints, on a cluster without an interval
_DECIDED = ("execution.checkpointing.", "restart-strategy")
_PARAMETER = "state.signature"
_START = "state.from"
_SUBMITTED = re.compile(r"Job has been submitted with JobID ([0-9a-f]{32})")


class SubmitError(Failure):
    """The job could not be submitted, or does not run. The text has the remedy."""


@dataclass(frozen=True)
class Submission:
    """A job, and the options of its run on a cluster.

    properties: the settings file. parallelism: subtasks per operator; a subtask per open shard reads fastest. state:
    the signature of the job's state. snapshot: to resume from, None to start anew. start: the time at which reading
    began, in milliseconds since 1970, None for the beginning of the streams.
    """

    job: Job
    properties: Path
    parallelism: int
    state: str
    snapshot: Snapshot | None = None
    start: int | None = None


def cluster_at(address: str) -> rest.Cluster:
    """The cluster at an address such as http://127.0.0.1:8081. Raises Unusable if it is invalid."""
    parts = urlsplit(address if "//" in address else f"http://{address}")
    try:
        port = parts.port or 8081
    except ValueError:
        port = 0
    if parts.scheme != "http" or not parts.hostname or not port or parts.path not in ("", "/") or parts.username:
        raise Unusable(f"{address!r} is not an address of a Flink cluster such as http://127.0.0.1:8081.")
    return rest.Cluster(f"http://{parts.hostname}:{port}")


def name_of(job: Job) -> str:
    """The name under which Flink lists the job."""
    return job.configuration["pipeline.name"]


def running(job: Job, cluster: rest.Cluster) -> rest.Listed | None:
    """The job on this cluster; None if it is absent or has ended."""
    found = cluster.find(name_of(job))
    return None if found is None or found.has_ended else found


def folders(job: Job, cluster: rest.Cluster) -> savepoints.Folders:
    """The folders of the job's checkpoints and savepoints. Raises SavepointError."""
    return savepoints.folders(cluster.configuration(), name_of(job))


def known_snapshots(job: Job, cluster: rest.Cluster) -> list[Snapshot]:
    """The job's checkpoints and savepoints that the cluster itself still lists, in any file system."""
    found, name = [], name_of(job)
    for listed in cluster.jobs(name):
        latest = cluster.job(listed.id).checkpoints().get("latest") or {}
        for kind in ("completed", "savepoint"):
            if one := latest.get(kind):
                uri, made = str(one["external_path"]), one["latest_ack_timestamp"] / 1000
                found.append(Snapshot(uri, made, savepoints.signature_in(uri, name)))
    return found


def stop(job: Job, cluster: rest.Cluster, running: rest.Job, seconds: float, *, drain: bool) -> str:
    """Stop the job with a savepoint in the job's folder, and return its path. drain: close all windows first.

    Raises RestError, SavepointError.
    """
    parameters = running.parameters()
    state, start = parameters.get(_PARAMETER), parameters.get(_START)
    # Without a signature: the cluster's own folder.
    folder = folders(job, cluster).savepoints_of(state, int(start) if start else None) if state else None
    return running.drain(seconds, folder) if drain else running.stop(seconds, folder)


def compatible(job: Job, snapshot: Snapshot, state: str) -> None:
    """Raise SignatureError if the snapshot has another signature than `state`, the signature of the job's SQL now."""
    if snapshot.signature not in (None, state):
        raise signature.SignatureError(
            f"The {snapshot.kind} {snapshot.uri} cannot be resumed: the SQL's aggregations, the shape of its plan or "
            f"its highest parallelism have changed since it was written (its state is {snapshot.signature}, the SQL's "
            f"is {state}). Undo the change, or start again from a time before the oldest open window, such as "
            f"`python -m jobs submit {job.argument} --start {_a_while_before(snapshot)}`: rows are written again under "
            "the same keys. The window in which it starts comes out incomplete; "
            f"`python -m jobs backfill {job.argument}` repairs it."
        )


def _a_while_before(snapshot: Snapshot) -> str:
    """Ten minutes before the snapshot, in the format of --start: windows that were open at the snapshot began later."""
    return time.strftime("%Y-%m-%dT%H:%M:00.000+00:00", time.gmtime(snapshot.made - 600))


def submit(cluster: rest.Cluster, asked: Submission) -> rest.Job:
    """Run the job on the cluster and wait until each of its subtasks runs.

    Raises SubmitError, SavepointError, RestError, JarError.
    """
    if found := running(asked.job, cluster):
        raise SubmitError(
            f"{asked.job.name} is on {cluster.address} already, {found.state} as {found.id}: two would read the stream "
            f"twice; stop it first with `python -m jobs stop {asked.job.argument}`."
        )
    submitted = cluster.job(_flink_run(cluster, options(cluster, asked), asked.properties))
    _wait_until_running(submitted, asked.job)
    return submitted


def options(cluster: rest.Cluster, asked: Submission) -> dict[str, str]:
    """The launcher's part of the job's configuration. Raises SubmitError for a cluster that cannot run the job."""
    overview = cluster.overview()
    version = str(overview["flink-version"])
    if not version.startswith("2.3."):
        raise SubmitError(f"{cluster.address} is Flink {version}; this job is made for 2.3.")
    free = int(overview["slots-available"])
    if free < asked.parallelism:
        raise SubmitError(
            f"{cluster.address} has {free} free slots, the job needs {asked.parallelism}: give it more TaskManagers, "
            "or submit with a smaller --parallelism."
        )
    configured = cluster.configuration()
    # Flink takes these options from the client, not from the cluster. So the cluster's own options are passed on here.
    options = defaults.policy(CHECKPOINT_SECONDS)
    if any(name.startswith("restart-strategy") for name in configured):
        options = {name: value for name, value in options.items() if not name.startswith("restart-strategy")}
    options |= {name: value for name, value in configured.items() if name.startswith(_DECIDED)}
    folders = savepoints.folders(configured, name_of(asked.job))
    options[savepoints.CHECKPOINTS] = folders.checkpoints_of(asked.state, asked.start)
    options[savepoints.SAVEPOINTS] = folders.savepoints_of(asked.state, asked.start)
    # `stop` reads these parameters.
    start = "" if asked.start is None else f",{_START}:{asked.start}"
    options["pipeline.global-job-parameters"] = f"{_PARAMETER}:{asked.state}{start}"
    options["parallelism.default"] = str(asked.parallelism)
    if asked.snapshot is not None:
        options["execution.state-recovery.path"] = asked.snapshot.uri
    return options


def the_jar() -> Path:
    """The jar with all classes that the job needs beside Flink. The first call makes it, in 6 s. Raises NotSetUp."""
    paths.require()
    return merged.merge([*(paths.JARS / jar.file_name for jar in jars.locked("job")), paths.FUNCTIONS], JAR)


def _flink_run(cluster: rest.Cluster, options: Mapping[str, str], properties: Path) -> str:
    """Call `flink run`, and return the job's id. Raises SubmitError."""
    address = urlsplit(cluster.address)
    where = {"rest.address": str(address.hostname), "rest.port": str(address.port)}
    main = paths.ROOT / "main.py"
    arguments = ["run", "--detached", "--target", "remote"]
    arguments += [f"-D{name}={value}" for name, value in {**where, **options}.items()]
    arguments += ["--jarfile", str(the_jar()), "--pyClientExecutable", sys.executable]
    arguments += ["--python", str(main), str(properties.resolve())]
    with tempfile.TemporaryDirectory(prefix="submit-") as scratch:
        folder = Path(scratch)
        distribution.write_configuration(folder, {})
        # The client makes the plan, and may call AWS for it: it registers a fan-out consumer if the settings say so.
        # The running job has the AWS variables of the cluster's processes.
        aws = environment.for_job(settings.read(properties).groups.get("aws", {}).get("endpoint"))
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
    """The first innermost cause in `flink run`'s output, which has a Python and two Java stack traces."""
    first = text.partition("org.apache.flink.client.program.ProgramAbortException")[0]
    causes = [line for line in first.splitlines() if line.startswith("Caused by: ")]
    said = [line for line in first.splitlines() if line.strip() and not line.startswith((" ", "\t", "WARNING"))]
    outer = [line for line in text.splitlines() if line.startswith("Caused by: ")]  # if Python printed no error
    return (causes or said or outer or ["it says nothing"])[-1].removeprefix("Caused by: ")[:400]


def _wait_until_running(job: rest.Job, declared: Job) -> None:
    def runs() -> bool:
        found = job.state()
        if found == "FAILED":
            raise SubmitError(f"The job failed at once: {job.failure()}")
        if found == "RUNNING" and job.is_running():
            return True
        if job.restarts() >= RESTARTS:
            raise SubmitError(
                f"The job does not come up, and tries again and again: {job.failure()[:200]}. Mend that and it goes on "
                f"by itself, or take it off {job.address} with `python -m jobs stop {declared.argument} --now`. "
                "(Credentials and network are those of the cluster's processes, not of this shell.)"
            )
        return False

    if not wait_until(runs, RUN_LIMIT, 0.3):
        raise SubmitError(
            f"The job was not running after {RUN_LIMIT:.0f} s ({job.failure() or 'no failure is known'}); it stays "
            f"submitted as {job.id}: look at {job.address}."
        )


def start_in(chosen: settings.Settings) -> int | None:
    """The time at which reading begins by these settings, in milliseconds since 1970; None for another position.

    It is also None if sources begin at different times: `resume` takes these times from the settings.
    """
    times = {chosen.groups[table].get("start.timestamp") for table in chosen.job.sources}
    time_ = times.pop() if len(times) == 1 else None
    return None if time_ is None else round(datetime.fromisoformat(time_).timestamp() * 1000)


def start_of(snapshot: Snapshot) -> str | None:
    """The time at which the snapshot's job began to read, in the format of --start; None if the settings say it."""
    if snapshot.start is None:
        return None
    return datetime.fromtimestamp(snapshot.start / 1000, UTC).isoformat(timespec="milliseconds")
