"""Folders with a lock, for one run at a time: a second run gets an error, or waits.

The lock is the kernel's, on a file in the folder: it ends with its process, however that ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from program.processes import ROOT, StartError
from program.waiting import wait_until

STATE = ROOT / ".state"
KEPT = 3  # folders of a kind, with the new folder, without the folders in use


@contextmanager
def owned(folder: Path, by: str, remedy: str) -> Iterator[None]:
    """Lock the folder for the block. Raises StartError with the remedy if another run of `by` holds the lock."""
    with _lock_file(folder, by) as file:
        if not take_lock(file):
            raise StartError(f"Another `{by}` works in {folder}: {remedy}.")
        yield


@contextmanager
def awaited(folder: Path, by: str, seconds: float) -> Iterator[None]:
    """Wait for the folder's lock and hold it for the block. Raises StartError after `seconds` of waiting."""
    with _lock_file(folder, by) as file:
        if not wait_until(lambda: take_lock(file), seconds, 0.1):
            raise StartError(f"Another `{by}` still uses {folder} after {seconds:.0f} s: wait for it, or stop it.")
        yield


@contextmanager
def fresh(kind: str, by: str) -> Iterator[Path]:
    """A new folder of this kind below STATE, locked for the block. Removes the oldest folders without a lock."""
    with ExitStack() as lock:
        with awaited(STATE, f"{by} at its start", 30):
            _remove_old(kind, by)
            folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=STATE))
            lock.enter_context(owned(folder, by, "start it again"))
        yield folder


def _remove_old(kind: str, by: str) -> None:
    newest_first = sorted(STATE.glob(f"{kind}-*/"), key=lambda path: path.stat().st_mtime, reverse=True)
    kept = 1  # the new folder
    for folder in newest_first:
        with _lock_file(folder, by) as file:
            if take_lock(file):
                kept += 1
                if kept > KEPT:
                    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock_file(folder: Path, by: str) -> Iterator[int]:
    """The folder's lock file, open; closing it releases its lock."""
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


def take_lock(file: int) -> bool:
    """Lock an open file; False if another process holds the lock. True without a lock if the file system has none."""
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
