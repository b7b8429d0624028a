"""Child processes that end with this one, whatever ends it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from program.errors import Failure

_PR_SET_PDEATHSIG = 1  # prctl(2)


class StartError(Failure):
    """A process that did not come up; the text is one sentence with the remedy."""


class RunError(Failure):
    """What runs here cannot go on; the text is one sentence with the remedy."""


ROOT = Path(__file__).resolve().parent.parent


def start(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path = ROOT) -> subprocess.Popen[bytes]:
    """Start a child with its output in `log` and just this environment, as `program.environment` writes them.

    It has a session of its own, so that Ctrl-C reaches this process only, which then stops its children in order.
    On Linux the kernel terminates it when the calling thread dies without a chance to do so: call it from the main
    thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  (no threads yet)
        )


def finished(
    command: Sequence[str | Path], env: Mapping[str, str], seconds: float, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with just this environment and no input; how it ended, and what it said.

    Raises subprocess.TimeoutExpired after so many seconds.
    """
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(process: subprocess.Popen[bytes], seconds: float = 10) -> int:
    """Ask the process to end, kill its whole session if it does not within `seconds`; its exit code."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    # What it may have started is in its session; a session that is gone is what we want.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait(5)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now. Whoever uses it must be ready to lose the race and ask again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(port: int, flag: str) -> None:
    """Raise StartError if somebody listens on this port of 127.0.0.1; 0, which is any free one, always passes."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StartError(
                f"Port {port} of 127.0.0.1 is taken: choose another one with {flag}, or 0 for any free one."
            ) from error


@contextlib.contextmanager
def signals() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second one is a KeyboardInterrupt."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    former = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def last_line(log: Path, limit: int = 300) -> str:
    """The last line of a log that says something, for an error text."""
    try:
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return "its log cannot be read"
    return next((line[:limit] for line in reversed(lines) if line), "its log is empty")
