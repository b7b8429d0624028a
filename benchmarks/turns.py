"""Contenders take turns, so that a machine that becomes slower does so for all of them.

While they run, the CPU time of all other processes of the machine is their foreign load. A round with too much of it is
repeated.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import psutil

from program.formats import many, share

T = TypeVar("T")

TOO_MUCH = 0.10  # of the machine's CPU time
_STAT = Path("/proc/stat")
_LOOK = 0.25  # seconds


@dataclass(frozen=True)
class _Round(Generic[T]):
    results: Mapping[str, T]
    foreign: float


class Turns(dict[str, list[T]]):
    """The results of each contender, a value for each round.

    foreign: the share of foreign load in each of these rounds. notes: sentences about it.
    """

    def __init__(self, results: Mapping[str, list[T]], foreign: list[float], notes: list[str]) -> None:
        super().__init__(results)
        self.foreign, self.notes = foreign, notes


def take_turns(
    contenders: Mapping[str, Callable[[], T]],
    rounds: int,
    *,
    ends_by: float = float("inf"),
    load: Callable[[], Load] | None = None,
) -> Turns[T]:
    """Call each contender once a round: A B C, C A B, B C A, ...

    A round with more than TOO_MUCH foreign load is repeated, at most `rounds` rounds in all; of the rounds those with
    the least foreign load count. ends_by: a time of time.monotonic(); no round is repeated that would end later.
    load: starts to watch the load.
    """
    names, began = list(contenders), time.monotonic()
    found: list[_Round[T]] = []
    while len(found) < 2 * rounds:
        if len(found) >= rounds:
            now = time.monotonic()
            is_quiet = sum(one.foreign <= TOO_MUCH for one in found) >= rounds
            if is_quiet or now + (now - began) / len(found) > ends_by:
                break
        at = -len(found) % len(names) if names else 0
        watched = (load or Load)()
        results = {name: contenders[name]() for name in [*names[at:], *names[:at]]}
        found.append(_Round(results, watched.foreign()))
    quietest = sorted(found, key=lambda one: max(one.foreign, TOO_MUCH))[:rounds]
    kept = [one for one in found if any(one is other for other in quietest)]
    foreign = [one.foreign for one in kept]
    return Turns({name: [one.results[name] for one in kept] for name in names}, foreign, _notes(foreign, len(found)))


def _notes(foreign: list[float], taken: int) -> list[str]:
    """What is to be said of the load in these rounds, of as many as were taken."""
    notes = []
    if taken > len(foreign):
        notes.append(f"Left out for more foreign load: {many(taken - len(foreign), 'further round')}.")
    if loud := [part for part in foreign if part > TOO_MUCH]:
        notes.append(
            f"Other processes used up to {share(max(loud))} of the machine's CPU time in "
            f"{len(loud)} of {many(len(foreign), 'round')}: the figures are too high."
        )
    return notes


class Load:
    """The foreign load from its making on: a share of the CPU time that the machine has.

    It counts what all processes used, and what the host took away, less what this process and its children used. They
    are looked at all the time, since what a process used is lost with it when nobody waits for its end. Where the
    machine does not say it (/proc/stat), it is 0.
    """

    def __init__(self) -> None:
        self._began, self._busy = time.monotonic(), _busy()
        self._used: dict[tuple[int, float], float] = {}  # CPU seconds by a process's number and start
        self._look()
        self._before = sum(self._used.values())
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def note(self) -> list[str]:
        """A sentence if the share until now is too much; for a benchmark without rounds."""
        found = self.foreign()
        if found <= TOO_MUCH:
            return []
        return [f"Other processes used {share(found)} of the machine's CPU time: a quiet machine has better figures."]

    def foreign(self) -> float:
        """The share until now, from 0 to 1. The load is not watched any more."""
        self._is_over.set()
        self._watcher.join()
        self._look()
        cores = os.cpu_count() or 1
        wall = max(time.monotonic() - self._began, 1e-9)
        used = (_busy() - self._busy) - self._own()
        return min(max(used / (cores * wall), 0.0), 1.0)

    def _own(self) -> float:
        return sum(self._used.values()) - self._before

    def _watch(self) -> None:
        while not self._is_over.wait(_LOOK):
            self._look()

    def _look(self) -> None:
        for process in [me := psutil.Process(), *me.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                self._used[process.pid, process.create_time()] = times.user + times.system


def _busy() -> float:
    """CPU seconds that the machine did not idle since its start."""
    try:
        fields = _STAT.read_text(encoding="ascii").splitlines()[0].split()[1:9]
    except OSError:
        return 0.0
    user, nice, system, _idle, _iowait, irq, soft_irq, steal = map(int, fields)
    return (user + nice + system + irq + soft_irq + steal) / os.sysconf("SC_CLK_TCK")
