"""One jar made of many, as `flink run --jarfile` and Managed Flink want it: they ship a single archive with a job.

Where two archives hold the same name, the first one wins, as on a class path; only what is read from all of them is
brought together: the lists of services, by which Flink finds its connectors, and licences, each under its jar's name.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors import zips

# What has no meaning in another archive: signatures, an index, a manifest; module descriptors of single jars.
_DROPPED = re.compile(r"META-INF/[^/]+\.(SF|DSA|RSA|EC)|META-INF/(MANIFEST\.MF|INDEX\.LIST)|(.*/)?module-info\.class")
# Executables of the Kinesis Producer Library, 78 MB, which tables never start (its classes are needed).
_NATIVE = "amazon-kinesis-producer-native-binaries/"
_SERVICES = "META-INF/services/"
_LICENCE = re.compile(r"(META-INF/(licenses/)?)?[\w.-]*(LICENSE|NOTICE|DEPENDENCIES)[\w.-]*", re.IGNORECASE)
_MANIFEST = b"Manifest-Version: 1.0\r\nMulti-Release: true\r\n\r\n"


def merge(jars: Sequence[Path], out: Path) -> Path:
    """Write the jar made of these, in their order, to `out` and return `out`; equal inputs give equal bytes.

    A jar that was already made from the same files is left as it is.
    """
    stamp = _stamp(jars)
    if not zips.is_made_from(out, stamp):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="merged-", dir=out.parent) as scratch:
            made = Path(scratch, out.name)
            zips.write(made, _entries(jars), stamp)
            made.replace(out)  # in one step, so that nobody ships half a jar
    return out


def _entries(jars: Sequence[Path]) -> dict[str, bytes]:
    entries: dict[str, bytes] = {}
    services: dict[str, dict[str, None]] = {}  # in the order of the jars, each line once
    for jar in jars:
        for name, content in _files(jar):
            if name.startswith(_SERVICES):
                services.setdefault(name, {}).update(dict.fromkeys(_lines(content)))
            elif _LICENCE.fullmatch(name):
                entries[f"META-INF/licenses/{jar.stem}/{name.rpartition('/')[2]}"] = content
            else:
                entries.setdefault(name, content)
    entries |= {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in services.items() if lines}
    entries["META-INF/MANIFEST.MF"] = _MANIFEST
    return entries


def _files(jar: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(jar) as archive:
        for info in archive.infolist():
            name = info.filename
            if not (info.is_dir() or name.startswith(_NATIVE) or _DROPPED.fullmatch(name)):
                yield name, archive.read(info)


def _lines(content: bytes) -> Iterator[str]:
    """The entries of a services file, without comments (java.util.ServiceLoader)."""
    for line in content.decode("utf-8").splitlines():
        if entry := line.partition("#")[0].strip():
            yield entry


def _stamp(jars: Sequence[Path]) -> bytes:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for jar in jars:
        digest.update(f"\n{jar.name}\n".encode() + hashlib.sha256(jar.read_bytes()).digest())
    return digest.hexdigest().encode()
