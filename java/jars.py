"""The connector jars: read the lock, download missing jars, verify every byte.

The lock (`jars.lock`) names each jar by Maven coordinates (group:artifact:version) and SHA-256. A jar in the cache with
the right checksum is not downloaded, so a second call needs no network. Transitive dependencies are not resolved: the
lock is the whole list. The list comes from running the job, not from reading poms.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from program.addresses import without_credentials
from program.errors import Failure

LOCK = resources.files(__package__) / "jars.lock"
REPOSITORY_VARIABLE = "MAVEN_REPOSITORY_URL"
SCRATCH = "download-"  # prefix of a temporary folder in the cache, removed after the download
# Errors of the operating system. Any other failure comes from the network or the repository.
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
_LINE = re.compile(r"^([\w.-]+):([\w.-]+):([\w.-]+) sha256:([0-9a-f]{64})$")


class JarError(Failure):
    """A jar is not available or differs from the lock; the text is a sentence with the remedy."""


@dataclass(frozen=True)
class Jar:
    """A line of the lock: Maven coordinates and the SHA-256 of the file in hexadecimal."""

    section: str
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(text: str) -> list[Jar]:
    """The jars of a lock file, in its order (the order of the class path). Raises JarError for a bad line."""
    jars: list[Jar] = []
    section = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        match = _LINE.match(line)
        if not match or not section:
            raise JarError(
                f"Line {number} of the jar lock is not 'group:artifact:version sha256:<64 hex digits>' "
                f"below a [section]: {line!r}."
            )
        jars.append(Jar(section, *match.groups()))
    return jars


def locked(section: str) -> list[Jar]:
    """The jars in a section of the project's lock: 'job' (for running jobs) or 'build'."""
    return [jar for jar in read_lock(LOCK.read_text(encoding="utf-8")) if jar.section == section]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def provide(jars: Sequence[Jar], cache: Path) -> list[Path]:
    """Paths of the given jars inside `cache`, each downloaded if missing and verified against the lock.

    Raises JarError if a jar cannot be downloaded or written, or has another checksum. No unverified jar stays there.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=SCRATCH) as scratch, ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda jar: _provide_one(jar, cache, Path(scratch)), jars))
    except OSError as error:
        raise JarError(
            f"The jars cannot be written into {cache} ({error.strerror or error}): {_remedy(error)}."
        ) from error


def _provide_one(jar: Jar, cache: Path, scratch: Path) -> Path:
    path = cache / jar.file_name
    if path.is_file() and sha256_of(path) == jar.sha256:
        return path
    path.unlink(missing_ok=True)
    download = _download(jar, scratch)
    actual = sha256_of(download)
    if actual != jar.sha256:
        raise JarError(
            f"{jar.coordinates} has the SHA-256 {actual}, the lock says {jar.sha256}: the download was "
            "refused; find out why the repository serves another file before you change java/jars.lock."
        )
    partial = scratch / f"{jar.file_name}.verified"
    shutil.copyfile(download, partial)
    partial.replace(path)  # in one step, so that an interrupted set-up never leaves half a jar
    return path


def _download(jar: Jar, scratch: Path) -> Path:
    # Imported here: jgo is needed for a download only, and importing this module must stay cheap.
    from jgo.maven import MavenContext  # noqa: PLC0415

    mirror = os.environ.get(REPOSITORY_VARIABLE, "").rstrip("/")
    repositories = {"mirror": mirror} if mirror else None
    reason: Exception | str = "no such artifact there"
    for attempt in ("first", "second"):  # jgo does not retry, and a connection may break once
        # A folder for each attempt: jgo would use a file that a broken connection left incomplete.
        context = MavenContext(repo_cache=scratch / attempt, remote_repos=repositories, timeout=60)
        try:
            artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
            found = artifact.resolve()
        except Exception as error:  # jgo raises any error of its HTTP client
            if isinstance(error, OSError) and error.errno in _NO_SPACE + _NOT_WRITABLE:
                raise  # not the network: a second attempt would fail, too
            reason = error
        else:
            if found and Path(found).is_file():
                return Path(found)
    where = without_credentials(mirror) or "Maven Central"
    raise JarError(
        f"{jar.coordinates} cannot be downloaded from {where} ({_told(reason)}): "
        f"{_remedy(reason)}, or put the file as {jar.file_name} into .cache/jars."
    )


def _told(reason: Exception | str) -> str:
    """The failure as text, without the credentials that an address may hold."""
    if isinstance(reason, RuntimeError):  # jgo's, for every HTTP status but 200
        return "it answered that it has none, or refused to give it"
    text = without_credentials(str(reason))
    return text.splitlines()[0][:200] if text else type(reason).__name__


def _remedy(reason: Exception | str) -> str:
    """The remedy as a clause."""
    if isinstance(reason, OSError) and reason.errno in _NO_SPACE:
        return "make room on that disk, and run make setup again"
    if isinstance(reason, OSError) and reason.errno in _NOT_WRITABLE:
        return "give the folder to the user who runs make setup"
    if isinstance(reason, OSError) and reason.errno is not None:
        return "mend that, and run make setup again"
    if "certificate" in str(reason).lower():
        return "name the certificates that your network needs in SSL_CERT_FILE (and REQUESTS_CA_BUNDLE)"
    if isinstance(reason, RuntimeError | str):
        return f"set {REPOSITORY_VARIABLE} to a repository that has it"
    return f"check network and proxy, set {REPOSITORY_VARIABLE} to a mirror"
