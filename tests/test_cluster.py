"""A real Flink cluster by the commands of docs/operations.md: up, submit, stop, resume, an upgrade, kills, down."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from consumer.tail import stored
from flink import rest
from java import paths
from local import emulator, resources, running
from program import processes
from tests import checkout
from tests.emulated import Stage, producer, sent_lines, wait_for
from tests.test_local import listening

pytestmark = pytest.mark.timeout(600)
SIZE = ("--task-managers", "1", "--slots", "2")


class Desk:
    """A checkout with its own state folder, and its commands."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = {**os.environ, **environment}

    def run(self, *words: str, code: int = 0) -> str:
        """The output of `python -m WORDS`; an assertion if its exit code differs."""
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{' '.join(words)} ended with {done.returncode}: {said[-1500:]}"
        assert "Traceback" not in said, said[-1500:]
        return said

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def members(self) -> list[psutil.Process]:
        """The cluster's processes."""
        folder = str(self.folder / ".state" / "cluster")
        return [found for found in psutil.process_iter() if folder in " ".join(_words(found))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    """AWS with the streams and the table of a job without settings."""
    with emulator.running(tmp_path / "emulator.log") as aws:
        made = Stage(aws, resources.default_names())
        resources.create(aws.environment, 2, resources.workshop(), made.names.of_tables())
        yield made


@pytest.fixture
def desk(flink: None, on: Stage, tmp_path: Path) -> Iterator[Desk]:  # noqa: ARG001
    made = Desk(checkout.copy(tmp_path / "checkout", ()), on.aws.environment)
    try:
        yield made
    finally:
        for process in made.members():
            process.kill()


def test_a_job_on_a_cluster(on: Stage, desk: Desk, tmp_path: Path) -> None:
    """Through a stop, an upgrade, the death of all processes and a resume, every record is counted once.

    The cluster's files are in the checkout's own state folder, it listens on this machine only, and `down` ends it.
    """
    distribution = files_below(paths.flink_home())
    assert "python -m local cluster up" in desk.run("local", "cluster", "status", code=3)
    said = desk.run("local", "cluster", "up", *SIZE)
    assert "1 TaskManager with 2 slots each" in said
    assert "running already" in desk.run("local", "cluster", "up", *SIZE)
    assert len(desk.members()) == 2
    places = listening([process.pid for process in desk.members()])
    assert {address for address, _port in places} == {"::ffff:127.0.0.1"}
    assert "jobs submit" in desk.run("jobs", "status", "unicorn_summary", code=3)
    assert "slots" in desk.run("jobs", "submit", "unicorn_summary", "--parallelism", "5", code=1)

    copy = tmp_path / "sent.jsonl"
    flight = producer(on, copy, "--unicorns", "10", "--speed", "20", "--late", "0.01", "--malformed", "0.01")
    try:
        desk.run("jobs", "submit", "unicorn_summary", "--parallelism", "2")
        assert "already" in desk.run("jobs", "submit", "unicorn_summary", "--parallelism", "2", code=1)
        rows_grow(on)
        assert "is RUNNING" in desk.run("jobs", "status", "unicorn_summary")
        assert "Stopped with the savepoint file:" in desk.run("jobs", "stop", "unicorn_summary")
        assert "nothing to stop" in desk.run("jobs", "stop", "unicorn_summary", code=3)

        # A message is not in the state: the job continues with the new text.
        desk.edit("pipeline/views/late.sql", "'its window closed at '", "'too late: it closed at '")
        assert "on from the savepoint" in desk.run("jobs", "resume", "unicorn_summary", "--parallelism", "2")
        rows_grow(on)

        die_and_go_on(on, desk)
    finally:
        processes.stop(flight, 20)

    running.wait_until_read(job(desk), sent_lines(copy), resumed=True)
    desk.run("jobs", "stop", "unicorn_summary", "--drain")
    result = on.check(copy)
    assert not result.problems, result.problems[:5]
    assert result.errors["LATE"] > 10
    errors = [record.data.decode() for record in stored(on.clients[0], on.names.errors)]
    assert any("too late: it closed at" in error for error in errors), "the new text is in use"
    assert any("its window closed at" in error for error in errors), "the old one was"

    # Another aggregate is another state: MIN's value is not MAX's, although its type is the same.
    desk.edit("jobs/unicorn_summary/views/summary.sql", "MIN(record.MagicPoints) AS", "MAX(record.MagicPoints) AS")
    said = desk.run("jobs", "resume", "unicorn_summary", "--parallelism", "2", code=1)
    assert re.search(
        r"cannot be resumed: .* `python -m jobs submit unicorn_summary --start 20\d\d-\d\d-\d\dT[\d:.]+\+00:00`", said
    )

    assert "Stopped 2 processes" in desk.run("local", "cluster", "down")
    assert not desk.members()
    assert "Nothing was running" in desk.run("local", "cluster", "down")
    assert files_below(paths.flink_home()) == distribution, "nothing was written into site-packages"


def die_and_go_on(on: Stage, desk: Desk) -> None:
    """All processes are killed; `up` starts them again, and rows continue.

    The death of one of them alone is a fault case (tests/faults/test_processes.py).
    """
    for member in desk.members():
        member.send_signal(signal.SIGKILL)
        member.wait(10)
    assert "ended" in desk.run("local", "cluster", "status", code=3)
    assert "did not answer" in desk.run("jobs", "status", "unicorn_summary", code=4)
    assert "Started jobmanager, taskmanager." in desk.run("local", "cluster", "up", *SIZE)
    assert "on from the checkpoint" in desk.run("jobs", "resume", "unicorn_summary", "--parallelism", "2")
    rows_grow(on)


def rows_grow(on: Stage) -> None:
    before = len(list(stored(on.clients[0], on.names.summary)))
    wait_for(lambda: len(list(stored(on.clients[0], on.names.summary))) > before, 120, "more rows come out")


def job(desk: Desk) -> rest.Job:
    """The running job, by the address in `status`."""
    match = re.search(r"on (http://\S+) as (\w+)", desk.run("jobs", "status", "unicorn_summary"))
    assert match is not None
    return rest.Job(match[1], match[2])


def files_below(folder: Path) -> set[tuple[str, int]]:
    return {
        (str(path.relative_to(folder)), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
