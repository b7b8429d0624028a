"""Jars written here: sorted, with a fixed time, so that equal inputs give equal bytes; with a stamp of the inputs."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can have


def write(jar: Path, entries: Mapping[str, bytes], stamp: bytes) -> None:
    """Write a jar of these entries; `stamp`, a checksum of what it was made from, becomes the archive's comment."""
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = stamp
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entries[name])


def is_made_from(jar: Path, stamp: bytes) -> bool:
    """Whether the jar is there, whole, and has this stamp."""
    try:
        with zipfile.ZipFile(jar) as made:
            return made.comment == stamp
    except (FileNotFoundError, zipfile.BadZipFile):
        return False
