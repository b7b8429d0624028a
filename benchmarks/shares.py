"""CPU time of running processes, each with its children."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Mapping

import psutil


class Usage:
    """CPU seconds of processes over time, each with its children, as far as `look` saw them."""

    def __init__(self, processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
        self._processes = {name: psutil.Process(process.pid) for name, process in processes.items()}
        self._looks: list[tuple[float, dict[str, float]]] = []
        self.look()

    def look(self) -> None:
        """Look again; the figure of a process that has ended stays."""
        before = self._looks[-1][1] if self._looks else dict.fromkeys(self._processes, 0.0)
        now = {name: max(before[name], used(process)) for name, process in self._processes.items()}
        self._looks.append((time.time(), now))

    def cores(self, since: float, until: float) -> dict[str, float]:
        """The cores that each process kept busy between two times (s since 1970), by the looks next to them."""
        first = min(self._looks, key=lambda look: abs(look[0] - since))
        last = min(self._looks, key=lambda look: abs(look[0] - until))
        seconds = max(last[0] - first[0], 1e-9)
        return {name: (last[1][name] - first[1][name]) / seconds for name in self._processes}


def used(process: psutil.Process) -> float:
    """CPU seconds of a process and its children so far; 0 for a process that has ended."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                total += times.user + times.system
    return total
