"""A copy of the project to run: with changed files, without one protection, with its own state folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from java import paths

# The parts that the job's process imports and reads.
_PARTS = (
    *(
        "aws",
        "connectors",
        "consumer",
        "deploy",
        "flink",
        "java",
        "jobs",
        "kda",
        "local",
        "pipeline",
        "producer",
        "program",
    ),
    *("main.py", "requirements.txt"),
    *("LICENSE", "NOTICE"),  # parts of the package
)


@dataclass(frozen=True)
class Edit:
    """A change of a source file: every `old` becomes `new`."""

    file: str
    old: str
    new: str


def copy(folder: Path, edits: tuple[Edit, ...]) -> Path:
    """A checkout in `folder` with these edits, ready to run. Raises ValueError if an edit has no place."""
    for part in _PARTS:
        source = paths.ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    for edit in edits:
        path = folder / edit.file
        text = path.read_text(encoding="utf-8")
        if edit.old not in text:
            raise ValueError(f"{edit.file} no longer has {edit.old!r}: the removal of this protection removes nothing.")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    if any(edit.file.endswith(".java") for edit in edits):
        (folder / ".cache").mkdir()
        (folder / ".cache" / "jars").symlink_to(paths.JARS)
        subprocess.run(
            [sys.executable, "-m", "local.setup.java", "--no-archives"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=120,
        )
    else:
        (folder / ".cache").symlink_to(paths.ROOT / ".cache")
    return folder
