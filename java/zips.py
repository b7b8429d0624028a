"""Write archives: sorted, with a fixed time and mode, so that equal inputs give equal bytes."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can have
FIXED_MODE = stat.S_IFREG | 0o644  # readable by all: another user may run the unpacked files
_UNIX = 3  # the system that defines the mode (APPNOTE.TXT 4.4.2.2)


def write(archive: Path, entries: Mapping[str, bytes], stamp: bytes = b"") -> None:
    """Write an archive of these entries. `stamp`, a checksum of the inputs, becomes the archive's comment."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        written.comment = stamp
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            info.external_attr = FIXED_MODE << 16
            written.writestr(info, entries[name])


def is_made_from(archive: Path, stamp: bytes) -> bool:
    """Whether the archive exists, can be read, and has this stamp."""
    try:
        with zipfile.ZipFile(archive) as made:
            return made.comment == stamp
    except (FileNotFoundError, zipfile.BadZipFile):
        return False
