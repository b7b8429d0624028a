"""Child processes that end with this process, and ports of 127.0.0.1."""

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
    """A process does not start."""


class RunError(Failure):
    """A program cannot go on."""


ROOT = Path(__file__).resolve().parent.parent


def start(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path = ROOT) -> subprocess.Popen[bytes]:
    """Start a child process with its output in `log`; `env` is its whole environment (see program.environment).

    The child has its own session: Ctrl-C reaches only this process, which stops its children in order. On Linux the
    kernel terminates the child when the calling thread dies, so call this from the main thread.
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
    """Run a program without input to its end; `env` is its whole environment. Raises subprocess.TimeoutExpired."""
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
    """Terminate the process, then kill the rest of its session after at most `seconds`; returns the exit code."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    # Its own children are in its session. The session may have ended already.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait(5)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now; another process may take it before the caller does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(port: int, flag: str) -> None:
    """Raise StartError if this port of 127.0.0.1 is in use. Port 0 (any free port) always passes."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StartError(
                f"Port {port} of 127.0.0.1 is taken: choose another port with {flag}, or 0 for any free port."
            ) from error


@contextlib.contextmanager
def signals() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second signal raises KeyboardInterrupt."""
    stop_requested = threading.Event()

    def handle(_signal: int, _frame: FrameType | None) -> None:
        if stop_requested.is_set():
            raise KeyboardInterrupt
        stop_requested.set()

    former = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop_requested
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def last_line(log: Path, limit: int = 300) -> str:
    """The last line of a log that is not empty, for an error message."""
    try:
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return "its log cannot be read"
    return next((line[:limit] for line in reversed(lines) if line), "its log is empty")
