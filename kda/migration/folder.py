"""The folder of a migrated job on disk: written as a whole or not at all, and never over what somebody edited.

The manifest origin/written.json has the SHA-256 of each file as it was written. A later migration takes the folder's
place only if all its files are those, byte for byte, and no other is there.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.job import JOBS, NAME
from program.errors import Unusable, shown
from program.formats import listed

MANIFEST = "origin/written.json"
IGNORED = (".DS_Store",)  # files that file managers leave


class Occupied(Unusable):
    """A folder that has something else in it than what a former migration wrote, or cannot be written."""


def of(job: str) -> Path:
    """The folder of a job that is to be written, by its name below jobs/, or by its path. Raises Unusable."""
    path = JOBS / job if NAME.fullmatch(job) else Path(job).absolute()
    if not job or not NAME.fullmatch(path.name):
        raise Unusable(
            f"{job and path.name!r} is no name of a job: --into takes a letter, then up to 49 letters, digits or "
            "underscores, or the path of a folder with such a name."
        )
    return path


def require_free(folder: Path) -> None:
    """Raise Occupied unless the folder may be written: it does not exist, is empty, or is as it was written."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise Occupied(f"{shown(folder)} is no folder: name another with --into.")
    there = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if not path.is_dir() and path.name not in IGNORED
    }
    if not there:
        return
    if (written := _written(folder)) is None:
        raise Occupied(
            f"{shown(folder)} was not written by `python -m kda migrate` (it has no {MANIFEST}): name another with "
            "--into, or move it away."
        )
    foreign = sorted(name for name in there if name not in written and name != MANIFEST)
    gone = sorted(name for name in written if name not in there)
    edited = sorted(name for name, sum_ in written.items() if name in there and _sum(there[name].read_bytes()) != sum_)
    parts = [
        f"{listed(names)} {'was' if len(names) == 1 else 'were'} {what}"
        for names, what in ((edited, "edited"), (foreign, "added"), (gone, "removed"))
        if names
    ]
    if parts:
        raise Occupied(
            f"{shown(folder)} is not as it was written, and nothing in it is overwritten: {'; '.join(parts)}. Name "
            "another folder with --into, or move this one away."
        )


def _written(folder: Path) -> dict[str, str] | None:
    """The sums in the manifest; None without a manifest that can be read."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {str(name): str(sum_) for name, sum_ in files.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest(files: Mapping[str, bytes], origin: Mapping[str, Any]) -> bytes:
    """The manifest of these files. origin: what was migrated, and how, as `origin.described` has it."""
    sums = {name: _sum(content) for name, content in sorted(files.items())}
    return (json.dumps({**origin, "files": sums}, indent=2, ensure_ascii=False) + "\n").encode()


def write(folder: Path, files: Mapping[str, bytes], origin: Mapping[str, Any], check: Callable[[Path], None]) -> None:
    """Write a folder of these files (path -> content) and their manifest, in the place of what a migration wrote.

    check: gets the new folder before it is in its place, and raises what is wrong with it. Raises Occupied.
    """
    require_free(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".migrate-", dir=folder.parent) as scratch:
            new = Path(scratch, folder.name)
            for name, content in {**files, MANIFEST: manifest(files, origin)}.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            try:
                check(new)
            except Unusable as error:
                raise Unusable(str(error).replace(str(new), shown(folder))) from error
            require_free(folder)  # a person may have saved a file meanwhile
            if folder.exists():
                folder.rename(Path(scratch, "before"))
            new.rename(folder)
    except OSError as error:
        raise Occupied(f"{shown(folder)} cannot be written ({error.strerror}): name another with --into.") from error
