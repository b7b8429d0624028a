"""A process and its children, run to their end: CPU time, wall time, peak memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from program import processes
from program.processes import ROOT, RunError

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_SAMPLED = 0.1  # seconds between two looks at the memory
_GRACE = 10.0  # seconds for the children of a process that has ended


@dataclass(frozen=True)
class Used:
    """What a process and its children used. CPU and wall time in seconds, memory in bytes.

    peak_bytes: the largest sum of their resident memory, sampled ten times a second; pages that two share count twice.
    """

    cpu_s: float
    wall_s: float
    peak_bytes: int


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    cwd: Path = ROOT,
    limit: float,
    log: Path | None = None,
) -> Used:
    """Run a command to its end, and to that of its children.

    environment: its whole environment. limit: seconds until it is killed. log: a file for its output.
    Raises RunError if it fails or takes longer than `limit`; the sentence ends with the last line of its output.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch, _subreaper():
        output = log or Path(scratch, "output")
        began = time.monotonic()
        process = processes.start([str(word) for word in command], output, environment, cwd)
        is_late = threading.Event()
        timer = threading.Timer(limit, _kill, (process.pid, is_late))
        timer.start()
        peak = _Peak(process.pid)
        peak.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
            wall = time.monotonic() - began  # its result is there; children may take a moment longer
            process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not wait for it again
            children = [_waited(pid) for pid in _session(process.pid)]
        finally:
            timer.cancel()
            peak.stop()
            _kill(process.pid)
        name = " ".join([Path(command[0]).name, *map(str, command[1:3])])
        if is_late.is_set():
            raise RunError(f"{name} did not end within {limit:.0f} s: {processes.last_line(output)}")
        if process.returncode:
            raise RunError(f"{name} failed with exit code {process.returncode}: {processes.last_line(output)}")
        all_used = [used, *children]
        return Used(
            sum(one.ru_utime + one.ru_stime for one in all_used),
            wall,
            max(peak.bytes, *(one.ru_maxrss * 1024 for one in all_used)),
        )


@contextlib.contextmanager
def _subreaper() -> Iterator[None]:
    """In the block, children whose parent has ended become children of this process, which can then wait for them."""
    if sys.platform != "linux":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)


def _session(leader: int) -> Iterator[int]:
    """The children of this process in this session, until there are none: some come as their parents end."""
    while True:
        found = []
        for child in psutil.Process().children():
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(child.pid) == leader:
                    found.append(child.pid)
        if not found:
            return
        yield from found


def _waited(pid: int) -> resource.struct_rusage:
    """What this child used up to its end; it is killed if it does not end by itself in time."""
    ends = time.monotonic() + _GRACE
    while time.monotonic() < ends:
        found, _, used = os.wait4(pid, os.WNOHANG)
        if found:
            return used
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.wait4(pid, 0)[2]


def _kill(leader: int, is_late: threading.Event | None = None) -> None:
    """Kill what is left of a session."""
    if is_late is not None:
        is_late.set()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


class _Peak(threading.Thread):
    """Samples the memory of a process and its children until `stop`."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._ended, self.bytes = pid, threading.Event(), 0

    def run(self) -> None:
        while not self._ended.wait(_SAMPLED):
            self.bytes = max(self.bytes, resident(self._pid))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def resident(pid: int) -> int:
    """The resident memory of a process and its children in bytes; 0 when it has ended."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += one.memory_info().rss
    return total
