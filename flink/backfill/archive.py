"""Gathers the archive of raw records in a folder for Flink: files, folders and S3 objects, plain or gzip."""

from __future__ import annotations

import gzip
import os
import re
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws import s3
from aws.failures import Kind
from aws.session import Services
from program.addresses import is_loopback
from program.formats import many, size
from program.output import Say
from program.processes import RunError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")

_GZIP = b"\x1f\x8b"  # RFC 1952


@dataclass(frozen=True)
class Archive:
    """A folder of links to the files, the number of files, and their bytes in all."""

    folder: Path
    files: int
    bytes: int

    def __str__(self) -> str:
        return f"{many(self.files, 'file')} of {size(self.bytes)}"


def gather(sources: Sequence[str], folder: Path, place: Mapping[str, str], asked: threading.Event, say: Say) -> Archive:
    """Make `folder`, download the S3 objects, and link all files into it. Empty files are left out.

    The links have new names, because Flink skips names that begin with a dot or an underscore, and detects gzip by the
    ending. This function detects gzip by the first bytes. Raises RunError or AwsError.
    """
    links = folder / "links"
    links.mkdir(parents=True)
    files = bytes_ = 0
    for number, source in enumerate(sources):
        before = files
        if source.startswith("s3://"):
            here = folder / f"objects-{number}"
            here.mkdir()
            _download(source, here, place, asked, say)
        else:
            here = Path(source)
        for path in list(_files(here, source)):
            if asked.is_set():
                break
            length = path.stat().st_size
            if not length:
                continue
            (links / f"{files:08d}{'.gz' if _is_gzip(path) else ''}").symlink_to(path.resolve())
            files, bytes_ = files + 1, bytes_ + length
        if files == before and not asked.is_set():
            raise RunError(
                f"There is nothing in {source}: name a file, a folder, or s3://BUCKET/PREFIX with records in it."
            )
    return Archive(links, files, bytes_)


def _files(path: Path, source: str) -> Iterator[Path]:
    """The file itself, or all files below a folder in order of their names, without hidden files such as .DS_Store."""

    def refuse(error: OSError) -> None:
        raise error

    try:
        if path.is_file():
            yield path
            return
        if not path.is_dir():
            raise RunError(f"There is no file or folder {source}: --from takes these, or s3://BUCKET/PREFIX.")
        for folder, folders, names in os.walk(path, onerror=refuse):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
            for name in sorted(names):
                found = Path(folder, name)
                if not name.startswith((".", "_")) and found.is_file():
                    yield found
    except OSError as error:
        raise RunError(f"{error.filename or source} cannot be read ({error.strerror or error}).") from error


def _is_gzip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == _GZIP
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror or error}).") from error


def unreadable(archive: Archive) -> str | None:
    """A sentence about the first damaged gzip file of the archive; None without such a file."""
    for link in sorted(archive.folder.glob("*.gz")):
        try:
            with gzip.open(link) as file:
                while file.read(1 << 20):
                    pass
        except (OSError, EOFError, zlib.error) as error:
            return f"{link.readlink()} cannot be unpacked ({str(error).rstrip('.')}): get it again, or leave it out."
    return None


def _download(source: str, folder: Path, place: Mapping[str, str], asked: threading.Event, say: Say) -> None:
    """Download every object below an s3:// prefix into `folder`, until `asked` is set. Raises AwsError, RunError."""
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    if not bucket:
        raise RunError(f"There is no bucket in {source}: write s3://BUCKET/PREFIX.")
    say(f"downloading {source}")
    services = Services.at(_endpoint(place), place["region"], place.get("profile"))
    remedies = {
        Kind.ABSENT: "check the name of the bucket",
        Kind.DENIED: "allow this identity s3:ListBucket and s3:GetObject on it",
    }
    with services.sentences(source, remedies):
        client = services.client("s3", attempts=5, read_timeout=30)
        # The download keeps each object's time: it is the arrival of its lines, and bounds their event times.
        wanted = (
            (one, folder / f"{number:08d}-{_UNSAFE.sub('_', one.key.rpartition('/')[2])[-100:]}")
            for number, one in enumerate(s3.objects(client, bucket, prefix))
            if one.size
        )
        s3.download(client, bucket, wanted, say, asked.is_set)


def _endpoint(place: Mapping[str, str]) -> str | None:
    """The endpoint of S3: first a loopback endpoint in the settings or in AWS_ENDPOINT_URL.

    Else None if AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3 is set, which boto3 reads itself. Else the settings' endpoint.
    """
    named = (place.get("endpoint"), os.environ.get("AWS_ENDPOINT_URL"))
    endpoint = next((one for one in named if is_loopback(one)), None)
    if endpoint is None and not {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}.intersection(os.environ):
        return place.get("endpoint")
    return endpoint
