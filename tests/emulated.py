"""The job against the AWS emulator: streams for a test, the producer as a process, the job in either form."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from consumer.tail import stored
from flink import rest
from flink.minicluster import Launch
from local import emulator, oracle, proof, resources, running
from program import processes


@dataclass(frozen=True)
class Stage:
    """Three streams and a table on the emulator, with their own names."""

    aws: emulator.Emulator
    names: resources.Names

    @property
    def clients(self) -> Any:
        return resources.clients(self.aws.environment)

    def check(self, sent: Path) -> oracle.Report:
        """The outputs compared with the records sent."""
        return proof.prove(*self.clients, self.names, proof.read_lines(sent))

    def with_outputs(self, suffix: str) -> Stage:
        """The same raw stream with new outputs."""
        old = self.names
        names = replace(old, summary=old.summary + suffix, errors=old.errors + suffix, table=old.table + suffix)
        resources.create(self.aws.environment, 1, resources.workshop(), names.of_tables())
        return replace(self, names=names)


def reset(aws: emulator.Emulator) -> None:
    """Reset the emulator, by its own call, which needs its keys."""
    request = AWSRequest("POST", f"{aws.endpoint}/_ministack/reset")
    SigV4Auth(Credentials(aws.keys.id, aws.keys.secret), "s3", emulator.REGION).add_auth(request)
    assert urllib3.request("POST", request.url, headers=dict(request.headers), timeout=30).status == 200


def stage(aws: emulator.Emulator, name: str, shards: int = 4) -> Stage:
    """Create a raw stream with so many shards and its outputs, all named after the test."""
    names = resources.Names(f"{name}-raw", f"{name}-summary", f"{name}-errors", f"{name}-table")
    resources.create(aws.environment, shards, resources.workshop(), names.of_tables())
    return Stage(aws, names)


def producer(on: Stage, copy: Path, *flags: str) -> subprocess.Popen[bytes]:
    """Start the producer towards a stage."""
    command = [sys.executable, "-m", "producer", "--stream", on.names.raw, "--copy", str(copy), *flags]
    return processes.start(command, copy.with_suffix(".log"), emulator.child(on.aws.environment))


def send(on: Stage, copy: Path, *flags: str, seconds: float = 120) -> None:
    """Run the producer to its end."""
    process = producer(on, copy, *flags)
    assert process.wait(seconds) == 0, processes.last_line(copy.with_suffix(".log"))


@contextmanager
def job_here(
    on: Stage,
    folder: Path,
    parallelism: int,
    launcher: Mapping[str, str] | None = None,
    readings: Mapping[str, str] | None = None,
) -> Iterator[rest.Job]:
    """The job on a minicluster in the JVM of the tests: it starts in a few seconds.

    launcher: further configuration of Flink. readings: further settings of that group.
    """
    import main  # noqa: PLC0415  (imports PyFlink, which needs the fixture `jvm` first)

    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "application_properties.json"
    properties.write_text(json.dumps(running.application_properties(on.aws.endpoint, on.names, **(readings or {}))))
    port = processes.free_port()
    configuration = Launch(parallelism, folder, port).configuration() | dict(launcher or {})
    with submitted(main.submit(properties, configuration), port) as job:
        wait_for(lambda: answers(job.is_running), 60, "every subtask runs")
        yield job


@contextmanager
def submitted(result: Any, port: int) -> Iterator[rest.Job]:
    """The job of this TableResult, by its REST API at this port; it is cancelled at the end, if it still runs."""
    from py4j.protocol import Py4JJavaError  # noqa: PLC0415

    client = result.get_job_client()
    end = client.get_job_execution_result()
    try:
        yield rest.Job(f"http://127.0.0.1:{port}", str(client.get_job_id()))
    finally:
        if not end.done():
            with contextlib.suppress(Py4JJavaError):  # a stopped job may be ending just now
                client.cancel().result()


def run_to_end(on: Stage, folder: Path, records: int, parallelism: int) -> int:
    """Run the job over a complete stream, and close all windows; returns the number of rows from before the closing.

    A backlog is read in a second or two. As with a longer backlog, windows must close during the reading. So reading is
    slowed down here.
    """
    slowly = {"option.source.shard.get-records.max-record-count": str(max(100, min(10_000, records // 200)))}
    with job_here(on, folder, parallelism, None, slowly) as job:
        running.wait_until_read(job, records)
        before = len(list(stored(on.clients[0], on.names.summary)))
        job.drain(60)
        return before


def answers(question: Callable[[], bool]) -> bool:
    """The result of the REST API; False while it does not answer."""
    try:
        return question()
    except rest.RestError:
        return False


def wait_for(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition; after the limit an assertion that names it."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


def sent_lines(copy: Path) -> int:
    return len(proof.read_lines(copy))
