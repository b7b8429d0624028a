"""A stand-in for Kinesis alone, but faithful to splits and merges of shards, unlike the other tests' emulator.

It is kinesis-mock, from the npm package kinesis-local, on a Node from PyPI: nothing is installed outside .venv and
.cache. It takes some hundred records a second. It has no tables: `proxy.running` can send DynamoDB's requests to the
emulator.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard import node
from java import paths
from local.emulator import Emulator, Keys, answers
from program import environment, folders, processes
from program.processes import StartError

FOLDER = Path(__file__).parent / "node"  # npm's lock, and Node's first file
CACHE = paths.ROOT / ".cache" / "kinesis-local"
PACKAGE = "node_modules/kinesis-local"  # the name in the lock, and the folder below CACHE
INSTALL_LIMIT = 180.0  # seconds for 3 MB
START_LIMIT = 60.0  # seconds; one is usual, a busy machine is slower
CHANGE_DURATION = "100ms"  # time in which a stream is CREATING or UPDATING


@dataclass(frozen=True)
class KinesisMock(Emulator):
    """A running kinesis-mock. `endpoint` is its port without TLS; its TLS port cannot be switched off."""

    tls_port: int


@contextmanager
def running(log: Path, port: int = 0) -> Iterator[KinesisMock]:
    """Start kinesis-mock, wait until it answers, stop it at the end. Port 0 takes a free port.

    Raises StartError if it cannot be installed or does not start, for example because the port is in use.
    """
    mock = _started(log, port, installed())
    try:
        yield mock
    finally:
        processes.stop(mock.process, 0)  # kill it: it would wait for its clients' connections, and has nothing to save


def create(shards: Mapping[str, int], kinesis: Any) -> None:
    """Create streams with so many shards each (the mock has no CloudFormation), and wait until they are active."""
    for stream, count in shards.items():
        kinesis.create_stream(StreamName=stream, ShardCount=count)
    for stream in shards:
        kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def installed() -> Path:
    """The folder of kinesis-local with the lock's version, downloaded if missing.

    Raises StartError if the download fails or differs from the lock.
    """
    if _integrity(CACHE / "node_modules" / ".package-lock.json") != _integrity(FOLDER / "package-lock.json"):
        with folders.awaited(CACHE.parent, "kinesis mock", INSTALL_LIMIT):
            if _integrity(CACHE / "node_modules" / ".package-lock.json") != _integrity(FOLDER / "package-lock.json"):
                _install()
    return CACHE / PACKAGE


def _integrity(lock: Path) -> str | None:
    """The checksum of kinesis-local in our lock, or in the lock that npm writes at the end of an installation."""
    try:
        return str(json.loads(lock.read_text(encoding="utf-8"))["packages"][PACKAGE]["integrity"])
    except (OSError, ValueError, KeyError):
        return None


def _install() -> None:
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent, prefix="download-") as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(FOLDER / name, fresh)
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(Path(scratch) / "npm"), folder=fresh)
        if CACHE.exists():
            shutil.rmtree(CACHE)
        fresh.replace(CACHE)  # atomic, so that an interrupted test run never leaves a partial folder


def _npm(*arguments: str, folder: Path) -> None:
    options = ("--no-update-notifier", "--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
    try:
        done = node.npm(*arguments, *options, folder=folder, seconds=INSTALL_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise _not_had(f"npm did not end within {INSTALL_LIMIT:.0f} s") from error
    if done.returncode:
        lines = [line.removeprefix("npm error ").strip() for line in done.stderr.splitlines() if line.strip()]
        if "code EINTEGRITY" in lines:
            raise StartError(
                "The npm package kinesis-local has another checksum than tests/faults/node/package-lock.json says: the "
                "download was refused; find out why npm's registry serves another file before you change the lock."
            )
        raise _not_had(", ".join(lines[:4])[:300] or f"npm ended with {done.returncode}")


def _not_had(reason: str) -> StartError:
    return StartError(
        "The npm package kinesis-local, on which the tests split and merge shards, cannot be downloaded "
        f"({reason.rstrip('.')}): check network and proxy, or set npm's registry to a mirror."
    )


def _started(log: Path, port: int, package: Path) -> KinesisMock:
    processes.require_free(port, "port=...")
    for last in (False, False, True):  # another process may take a free port before the mock opens it
        plain, tls = port or processes.free_port(), processes.free_port()
        process = processes.start(
            [str(node.NODE), "--require", str(FOLDER / "loopback.cjs"), str(package / "main.js")],
            log,
            environment.plain()
            | {
                "KINESIS_MOCK_PLAIN_PORT": str(plain),
                "KINESIS_MOCK_TLS_PORT": str(tls),
                "KINESIS_MOCK_CERT_PATH": str(package / "server.json"),
                **{
                    f"{change}_DURATION": CHANGE_DURATION for change in ("CREATE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS")
                },
            },
        )
        mock = KinesisMock(f"http://127.0.0.1:{plain}", process, Keys("local", "local"), tls)
        try:
            _wait(mock, log)
        except StartError:
            processes.stop(process)
            if last:
                raise
        except BaseException:
            processes.stop(process)
            raise
        else:
            return mock
    raise AssertionError("unreachable")


def _wait(mock: KinesisMock, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if mock.process.poll() is not None:
            raise StartError(f"kinesis-mock ended at once ({processes.last_line(log)}); its log is {log}.")
        if answers(f"{mock.endpoint}/healthcheck"):
            return
        time.sleep(0.05)
    raise StartError(f"kinesis-mock did not answer within {START_LIMIT:.0f} s; its log is {log}.")
