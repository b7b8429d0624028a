"""The job through the AWS emulator, in real processes: its outputs against the records sent."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from consumer.tail import stored
from local import running
from local.emulator import Emulator
from tests.emulated import Stage, job_here, producer, run_to_end, send, sent_lines, stage, wait_for

UNICORNS = 40  # in each of 8 shards at least two; 8 minutes of event time in 20,000 records
FLIGHT = ("--unicorns", str(UNICORNS), "--seed", "5", "--start", "2026-11-22 06:00:00")
FAULTS = ("--late", "0.02", "--out-of-order", "0.05", "--malformed", "0.02")


@pytest.fixture(scope="module")
def records(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--backlog-records"))


@pytest.fixture(scope="module")
def backlog(aws: Emulator, records: int, tmp_path_factory: pytest.TempPathFactory) -> tuple[Stage, Path]:
    """Records in 8 shards, with faults; and a copy of the records."""
    made = stage(aws, "backlog", 8)
    copy = tmp_path_factory.mktemp("backlog") / "sent.jsonl"
    send(made, copy, *FLIGHT, *FAULTS, "--rate", "max", "--msgs", str(records), seconds=120 + records / 500)
    return made, copy


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize("parallelism", [1, 2, 4])
def test_backlog(backlog: tuple[Stage, Path], records: int, parallelism: int, tmp_path: Path) -> None:
    """A backlog of eight shards gives the oracle's rows at any parallelism, and exactly the late records are LATE."""
    made, copy = backlog
    made = made.with_outputs(f"-{parallelism}")
    before = run_to_end(made, tmp_path, records, parallelism)
    assert before > 2 * UNICORNS, "windows closed while the backlog was being read, not only at its end"
    result = made.check(copy)
    assert not result.problems, result.problems[:5]
    assert (result.records, result.repeated) == (records, 0)
    assert result.rows >= records / 60
    assert result.errors["PARSE"] > records / 200
    assert result.errors["COERCION"] > records / 200
    assert result.errors["LATE"] > records / 200


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize("parallelism", [1, 4])
def test_shards_without_a_unicorn(aws: Emulator, parallelism: int, tmp_path: Path) -> None:
    """Three of four shards stay empty: the windows of the fourth still close, without the loss of a record."""
    made = stage(aws, f"alone-{parallelism}")
    copy = tmp_path / "sent.jsonl"
    kinesis, _dynamodb = made.clients
    with job_here(made, tmp_path / "job", parallelism) as at_work:
        flight = producer(made, copy, "--seed", "1", "--speed", "30")
        try:
            wait_for(lambda: bool(list(stored(kinesis, made.names.summary))), 90, "a first row")
        finally:
            flight.terminate()
            flight.wait(20)
        running.wait_until_read(at_work, sent_lines(copy))
        at_work.drain(60)
    result = made.check(copy)
    assert not result.problems, result.problems[:5]
    assert not result.errors


@pytest.mark.usefixtures("flink")
def test_demo_needs_no_java_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """With an empty PATH the demo runs, ends on Ctrl-C with every row checked, and leaves no process.

    Meanwhile it serves the dashboard. Its processes listen on this machine's own address only, and refuse requests of a
    foreign page.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("JAVA_HOME", "FLINK_HOME")}
    environment["PATH"] = str(tmp_path)
    log = tmp_path / "demo.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "local", "demo", "--unicorns", "5", "--shards", "2", "--seed", "1"]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        wait_for(lambda: "windows closed 1" in log.read_text() or process.poll() is not None, 180, "a window")
        children = descendants(process.pid)
        places = list(listening([process.pid, *children]))
        answers = {port: first_line(posted(address, port)) for address, port in places}
        told = re.search(r"watch them on the dashboard: (http://127\.0\.0\.1:\d+/)", log.read_text())
        assert told
        settings = urllib3.request("GET", f"{told[1]}config.json", timeout=10).json()
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0, log.read_text()[-2000:]
    finally:
        process.kill()
    assert "Every row is equal" in log.read_text()
    assert settings["streams"]["readings"] == "wildrydes"
    assert settings["identityPool"].startswith("us-east-1:")
    assert len(children) >= 4, "emulator, job, its JVM and producer were there"
    assert len(places) >= 4, "the emulator, Flink's web UI, the dashboard and more were listening"
    assert {address for address, _port in places} <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
    assert "403" in answers[port_of("its web UI is", log)]
    assert "421" in answers[port_of("watch them on the dashboard:", log)]
    let_in = [answer for answer in answers.values() if re.match(r"HTTP/1\.\d [1235]", answer)]
    assert len(let_in) <= 1, "the emulator at most: whom it lets in is tested on its own"
    wait_for(lambda: not any(is_alive(child) for child in children), 10, "all its processes have ended")


def posted(address: str, port: int) -> bytes:
    """The answer, within half a second, to a request of a page whose name resolves to this machine."""
    lines = ("POST /jobs HTTP/1.1", f"Host: elsewhere.example:{port}", "Origin: https://elsewhere.example")
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "Content-Type: text/plain", "Content-Length: 2", "", "{}"]).encode())
        connection.settimeout(0.5)
        while more := connection.recv(65536):
            answer += more
    return answer


def first_line(answer: bytes) -> str:
    return answer.partition(b"\r\n")[0].decode(errors="replace")


def port_of(what: str, log: Path) -> int:
    """The port of the address that the demo prints after these words."""
    told = re.search(rf"{what}\s+http://127\.0\.0\.1:(\d+)", log.read_text())
    assert told, what
    return int(told[1])


def descendants(parent: int) -> list[int]:
    """The process ids below a process, by /proc."""
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    todo = [parent]
    while todo:
        children = below.get(todo.pop(), [])
        found += children
        todo += children
    return found


def listening(processes_: list[int]) -> Iterator[tuple[str, int]]:
    """The addresses on which these processes listen for TCP connections, by /proc (see proc(5), /proc/net/tcp)."""
    sockets = set()
    for descriptor in (entry for number in processes_ for entry in Path(f"/proc/{number}/fd").glob("*")):
        with contextlib.suppress(OSError):
            sockets.add(str(descriptor.readlink()))
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:  # 0A: listening
                place, _colon, port = fields[1].partition(":")
                words = bytes.fromhex(place)
                # Each group of four bytes is in the machine's order.
                address = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
                yield socket.inet_ntop(family, address), int(port, 16)


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
