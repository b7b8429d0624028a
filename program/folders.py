"""Folders that belong to one run at a time, for as long as it lasts: whoever comes second is told, or waits.

A lock is the kernel's, on a file in the folder: it goes with the process that has it, whatever ends that.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from program.processes import ROOT, StartError
from program.waiting import wait_until

STATE = ROOT / ".state"
KEPT = 3  # folders of one kind, the new one included, beside those that are in use


@contextmanager
def owned(folder: Path, by: str, remedy: str) -> Iterator[None]:
    """Hold the folder until the end. Raises StartError, with the remedy, if another run of `by` has it."""
    with _lock(folder, by) as file:
        if not taken(file):
            raise StartError(f"Another `{by}` works in {folder}: {remedy}.")
        yield


@contextmanager
def awaited(folder: Path, by: str, seconds: float) -> Iterator[None]:
    """Hold the folder until the end, after whoever has it. Raises StartError when that takes longer than `seconds`."""
    with _lock(folder, by) as file:
        if not wait_until(lambda: taken(file), seconds, 0.1):
            raise StartError(f"Another `{by}` has been at work in {folder} for {seconds:.0f} s: see what it does.")
        yield


@contextmanager
def fresh(kind: str, by: str) -> Iterator[Path]:
    """A new folder of this kind below the state folder, held until the end; the oldest that nobody uses are removed."""
    with awaited(STATE, f"{by} at its start", 30):
        _remove_old(kind, by)
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=STATE))
        held = owned(folder, by, "start it again")
        held.__enter__()
    try:
        yield folder
    finally:
        held.__exit__(None, None, None)


def _remove_old(kind: str, by: str) -> None:
    newest_first = sorted(STATE.glob(f"{kind}-*/"), key=lambda path: path.stat().st_mtime, reverse=True)
    kept = 1  # the new one
    for old in newest_first:
        with _lock(old, by) as file:
            if not taken(file):
                continue  # somebody works in it
            kept += 1
            if kept > KEPT:
                shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _lock(folder: Path, by: str) -> Iterator[int]:
    """The open file that a lock is on; closing it gives the lock up."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = "-".join(word for word in by.split() if word.isalpha())
        file = os.open(folder / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(f"{folder} cannot be written ({error.strerror}): make it yours, or name another.") from error
    try:
        yield file
    finally:
        os.close(file)


def taken(file: int) -> bool:
    """Take the lock on an open file, if nobody has it; whether it is held now.

    A file system without locks counts as held: people there start one run at a time.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def is_writable(folder: str) -> bool:
    """Whether files can be made in a folder, which is made if it is not there."""
    if not Path(folder).is_absolute():
        return False
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            return True
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)  # which then is what the set-up fails of
