"""AWS on this machine: one ministack process on 127.0.0.1, gone with whoever started it."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import processes
from local.processes import StartError

REGION = "us-east-1"
# The emulator takes any credentials, so these are no secret.
CREDENTIALS = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
}
START_LIMIT = 60.0  # seconds; half a second is usual, a busy machine needs more


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its address and its process."""

    endpoint: str
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.endpoint)


def environment(endpoint: str) -> dict[str, str]:
    """What every AWS SDK needs to speak to the emulator."""
    return {"AWS_ENDPOINT_URL": endpoint, **CREDENTIALS}


@contextmanager
def running(log: Path, port: int = 0) -> Iterator[Emulator]:
    """Start the emulator, wait until it answers, stop it at the end. Port 0 takes a free one.

    Raises StartError when it does not come up, for example because the port is taken.
    """
    emulator = _started(log, port)
    try:
        yield emulator
    finally:
        processes.stop(emulator.process)


def _started(log: Path, port: int) -> Emulator:
    processes.require_free(port, "--port")
    for last in (False, False, True):  # a free port may be taken before the emulator has it
        chosen = port or processes.free_port()
        process = processes.start(
            [sys.executable, "-m", "local.ministack"],
            log,
            {"GATEWAY_PORT": str(chosen), "BIND_HOST": "127.0.0.1", **environment(f"http://127.0.0.1:{chosen}")},
        )
        emulator = Emulator(f"http://127.0.0.1:{chosen}", process)
        try:
            _wait(emulator, log)
        except StartError:
            processes.stop(process)
            if last or port:
                raise
        except BaseException:
            processes.stop(process)
            raise
        else:
            return emulator
    raise AssertionError("unreachable")


def _wait(emulator: Emulator, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if emulator.process.poll() is not None:
            raise StartError(
                f"The AWS emulator ended at once ({processes.last_line(log)}): is {emulator.endpoint} taken by another "
                f"program? Its log is {log}."
            )
        if answers(f"{emulator.endpoint}/_ministack/health"):
            return
        time.sleep(0.05)
    raise StartError(f"The AWS emulator did not answer within {START_LIMIT:.0f} s; its log is {log}.")


def answers(address: str) -> bool:
    """Whether a GET of this address, on this machine, is answered with status 200."""
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310  (an address of this machine)
            return bool(answer.status == 200)
    except OSError:  # URLError is one
        return False
