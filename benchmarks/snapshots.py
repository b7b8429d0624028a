"""Checkpoints of the shipped job, `python -m benchmarks.snapshots SPEC`: a process with a JVM that warms up first.

The job reads a folder of files that may grow, so it runs on at their end with all windows open. No service and no
producer take part. For each folder it starts the job, takes checkpoints of all that was read, cancels the job, starts
it from the last of them, and closes the windows. It prints a JSON line for each.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import tasks
from flink import distribution, rest
from flink.minicluster import Launch
from pipeline import settings
from pipeline.job import load
from program import environment, processes
from program.output import guarded
from program.processes import RunError
from program.waiting import wait_until

JOB = load("unicorn_summary")
LIMIT = 240.0  # seconds for each step
PAUSE = 0.02
NO_CHECKPOINTS = 86_400  # seconds between checkpoints that nobody asked for
HEAP = "4g"
MANAGED = "1g"  # memory of windows and of RocksDB


@dataclass(frozen=True)
class Spec:
    """What to measure. folder: with a folder of records for each number of keys (`records_of`).

    backends: of hashmap and rocksdb. checkpoints: how many of each. warm: runs before the first that counts.
    """

    folder: str
    backends: list[str]
    keys: list[int]
    checkpoints: int
    warm: int

    def command(self) -> list[str]:
        """The command line of this process."""
        return [sys.executable, "-m", "benchmarks.snapshots", json.dumps(asdict(self))]


@dataclass(frozen=True)
class Found:
    """What was measured with a number of keys. Times in seconds, sizes in bytes; lists: of each checkpoint.

    fresh, restored: from the submission to all tasks running, without and with the checkpoint. read: the records.
    """

    backend: str
    keys: int
    sizes: list[int]
    times: list[float]
    fresh: float
    read: float
    restored: float


def run(spec: Spec) -> None:
    """Measure everything, the backends in turn, and print it."""
    for number in range(spec.warm):
        _measured(spec, spec.backends[number % len(spec.backends)], spec.keys[0], f"warm-{number}")
    for keys in spec.keys:
        for backend in spec.backends:
            print(json.dumps(asdict(_measured(spec, backend, keys, backend))), flush=True)


def records_of(folder: Path, keys: int) -> Path:
    """The folder with the records."""
    return folder / f"keys-{keys}"


def rows_of(folder: Path, name: str, keys: int) -> Path:
    """The folder with the rows after all; name: of the backend."""
    return folder / f"rows-{name}-{keys}"


def _measured(spec: Spec, backend: str, keys: int, name: str) -> Found:
    """Measure with a number of keys. name: of the folders."""
    folder = Path(spec.folder)
    state = folder / f"state-{name}-{keys}"
    document = settings.document_of(
        JOB,
        {
            "files": {"input": str(records_of(folder, keys)), "output": str(rows_of(folder, name, keys))},
            "readings": {"option.source.monitor-interval": "1 s"},
        },
    )
    properties = settings.write(state, document)
    with _running(backend, properties, state) as (job, _client, fresh):
        began = time.monotonic()
        _wait(lambda: job.source().records >= keys, "read the records")
        read = time.monotonic() - began
        made = [_checkpoint(job) for _number in range(spec.checkpoints)]
    with _running(backend, properties, state, made[-1]["external_path"]) as (job, client, restored):
        rest.call(f"{job.address}/jobs/{job.id}/stop", {"drain": True, "targetDirectory": None})
        client.get_job_execution_result().result()  # not by the REST API, which is gone with the job
    sizes = [int(one["checkpointed_size"]) for one in made]
    times = [float(one["end_to_end_duration"]) / 1000 for one in made]
    return Found(backend, keys, sizes, times, fresh, read, restored)


@contextmanager
def _running(
    backend: str, properties: Path, state: Path, resume: str | None = None
) -> Iterator[tuple[rest.Job, Any, float]]:
    """The job, running, its client, and the seconds from its submission until all tasks ran; cancelled at the end."""
    import main  # noqa: PLC0415  (PyFlink needs its JVM)

    port = processes.free_port()
    configuration = Launch(1, state, port, resume, NO_CHECKPOINTS, emulated=False).configuration()
    configuration |= {
        "state.backend.type": backend,
        "taskmanager.memory.managed.size": MANAGED,
        "web.refresh-interval": "100",  # milliseconds for which the REST API keeps its answers
    }
    client = main.submit(properties, configuration).get_job_client()
    job = rest.Job(f"http://127.0.0.1:{port}", str(client.get_job_id()))
    try:
        _wait(lambda: tasks.is_running(job), "run")
        yield job, client, tasks.running_since(job) - tasks.submitted_at(job)
    finally:
        end = client.get_job_execution_result()
        if not end.done():
            client.cancel().result()


def _checkpoint(job: rest.Job) -> dict[str, Any]:
    """Take a full checkpoint; its statistics in Flink's format."""
    asked = rest.call(f"{job.address}/jobs/{job.id}/checkpoints", {"checkpointType": "FULL"})["request-id"]
    done: dict[str, Any] = {}

    def is_done() -> bool:
        answer = job.get(f"/checkpoints/{asked}")
        done.update(answer.get("operation") or {})
        return bool(answer["status"]["id"] == "COMPLETED")

    _wait(is_done, "make a checkpoint")
    if "checkpointId" not in done:
        raise RunError(f"Flink made no checkpoint: {done.get('failure-cause')}.")
    details: dict[str, Any] = {}

    def is_told() -> bool:  # the REST API keeps its answers for a while
        with contextlib.suppress(rest.RestError):
            details.update(job.get(f"/checkpoints/details/{done['checkpointId']}"))
        return details.get("status") == "COMPLETED"

    _wait(is_told, "tell of its checkpoint")
    return details


def _wait(done: Any, what: str) -> None:
    if not wait_until(done, LIMIT, PAUSE):
        raise RunError(f"The job did not {what} within {LIMIT:.0f} s.")


def main() -> int:
    """Run the command line of `Spec.command`."""

    def measured() -> int:
        spec = Spec(**json.loads(sys.argv[1]))
        distribution.use(distribution.jvm(Path(spec.folder) / "log", HEAP), environment.plain())
        run(spec)
        return 0

    return guarded(measured)


if __name__ == "__main__":
    raise SystemExit(main())
