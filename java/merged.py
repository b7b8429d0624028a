"""Merge jars into a single jar: `flink run --jarfile` and Managed Flink ship a single jar with a job.

If jars have a file of the same name, the first jar's file counts, as on a class path. There are two exceptions: lists
of services, by which Flink finds its connectors, are joined, and every licence is kept, under its jar's name.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from java import zips

# Files without meaning in another jar, by the jar file specification and java.lang.module.
_DROPPED: Mapping[str, re.Pattern[str]] = {
    "signatures": re.compile(r"META-INF/([^/]+\.(SF|DSA|RSA|EC)|SIG-[^/]+)", re.IGNORECASE),
    "indexes": re.compile(r"META-INF/INDEX\.LIST"),
    "module descriptors": re.compile(r"(.*/)?module-info\.class"),
    "manifests": re.compile(r"META-INF/MANIFEST\.MF"),
}
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError)  # errors of reading a damaged archive
_SERVICES = "META-INF/services/"
_LICENCE = re.compile(r"(META-INF/(licenses/)?)?[\w.-]*(LICENSE|NOTICE|DEPENDENCIES)[\w.-]*", re.IGNORECASE)
_LICENCES = "META-INF/licenses/"
_VERSIONS = "META-INF/versions/"
_MANIFEST = "META-INF/MANIFEST.MF"
_KEPT_ATTRIBUTES = ("Implementation-Title", "Implementation-Version", "Implementation-Vendor")


@dataclass(frozen=True)
class Dropped:
    """The number of dropped files of a kind, and their unpacked size in bytes."""

    files: int
    size: int


@dataclass(frozen=True)
class Merged:
    """The files of the merged jar by name, the names of the input jars, and the dropped files by kind."""

    entries: Mapping[str, bytes]
    jars: tuple[str, ...]
    dropped: Mapping[str, Dropped]


def merge(jars: Sequence[Path], out: Path) -> Path:
    """Merge these jars, in their order, into `out` and return `out`; equal inputs give equal bytes.

    An existing jar of the same inputs stays.
    """
    stamp = _stamp(jars)
    if not zips.is_made_from(out, stamp):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="merged-", dir=out.parent) as scratch:
            made = Path(scratch, out.name)
            zips.write(made, combine(jars).entries, stamp)
            made.replace(out)  # in one step, so that no process ships half a jar
    return out


def combine(jars: Sequence[Path]) -> Merged:
    """Merge the files of these jars in memory.

    Raises OSError or zipfile.BadZipFile, with the jar's name, for a jar that cannot be read.
    """
    made = _Making()
    for jar in jars:
        for name, content in _files(jar):
            made.take(jar, name, content)
    return made.done(jars)


def lines(content: bytes) -> list[str]:
    """The entries of a services file, without comments (java.util.ServiceLoader)."""
    found = (line.partition("#")[0].strip() for line in content.decode("utf-8").splitlines())
    return [line for line in found if line]


def service_lists(jar: zipfile.ZipFile) -> dict[str, list[str]]:
    """The services that a jar lists: name of the file -> its entries. Files without entries are left out."""
    listed = {name: lines(jar.read(name)) for name in jar.namelist() if _is_services(name)}
    return {name: entries for name, entries in listed.items() if entries}


@dataclass
class _Making:
    entries: dict[str, bytes] = field(default_factory=dict)
    services: dict[str, dict[str, None]] = field(default_factory=dict)  # in the order of the jars, each line once
    title: dict[str, str] = field(default_factory=dict)  # of the first manifest with attributes
    dropped: dict[str, Dropped] = field(default_factory=dict)

    def take(self, jar: Path, name: str, content: bytes) -> None:
        """Take a file of a jar, by the rule for its name."""
        if kind := _dropped(name):
            before = self.dropped.get(kind, Dropped(0, 0))
            self.dropped[kind] = Dropped(before.files + 1, before.size + len(content))
            if name == _MANIFEST and not self.title:
                self.title = _kept_attributes(content)
        elif _is_services(name):
            self.services.setdefault(name, {}).update(dict.fromkeys(lines(content)))
        elif _LICENCE.fullmatch(name):
            self._keep_licence(jar, name, content)
        else:
            self.entries.setdefault(name, content)

    def _keep_licence(self, jar: Path, name: str, content: bytes) -> None:
        folder = f"{_LICENCES}{jar.stem}/"
        kept = folder + name.rpartition("/")[2]
        if self.entries.get(kept, content) != content:
            kept = folder + name  # another text of the same name, from another folder of the same jar
        self.entries[kept] = content

    def done(self, jars: Sequence[Path]) -> Merged:
        services = {name: list(entries) for name, entries in self.services.items() if entries}
        self.entries |= {name: "".join(f"{line}\n" for line in found).encode() for name, found in services.items()}
        is_multi = any(name.startswith(_VERSIONS) for name in self.entries)
        self.entries[_MANIFEST] = _manifest({**self.title, **({"Multi-Release": "true"} if is_multi else {})})
        return Merged(self.entries, tuple(jar.name for jar in jars), dict(sorted(self.dropped.items())))


def _dropped(name: str) -> str | None:
    """The kind of a file to drop, or None to keep it."""
    return next((kind for kind, pattern in _DROPPED.items() if pattern.fullmatch(name)), None)


def _is_services(name: str) -> bool:
    return name.startswith(_SERVICES) and not name.endswith("/")


def _files(jar: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(jar) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, archive.read(info)
    except BROKEN as error:
        raise zipfile.BadZipFile(f"{jar}: {error}") from error


def _kept_attributes(manifest: bytes) -> dict[str, str]:
    """Title, version and vendor in a manifest's main section. A leading space continues the line before."""
    main = re.sub(rb"\r\n?", b"\n", manifest).partition(b"\n\n")[0].replace(b"\n ", b"").decode("utf-8")
    attributes = {name: value for name, _, value in (line.partition(": ") for line in main.splitlines())}
    return {name: attributes[name] for name in _KEPT_ATTRIBUTES if name in attributes}


def _manifest(attributes: Mapping[str, str]) -> bytes:
    """A manifest of these attributes. A line has at most 72 bytes, without its end (jar file specification)."""
    text = b""
    for name, value in {"Manifest-Version": "1.0", **attributes}.items():
        line = f"{name}: {value}".encode()
        while len(line) > 72:
            text, line = text + line[:72] + b"\r\n", b" " + line[72:]
        text += line + b"\r\n"
    return text + b"\r\n"


def _stamp(jars: Sequence[Path]) -> bytes:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for jar in jars:
        digest.update(f"\n{jar.name}\n".encode() + hashlib.sha256(jar.read_bytes()).digest())
    return digest.hexdigest().encode()
