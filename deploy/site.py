"""The dashboard's page in its bucket: the built files, and the settings that follow from the stack."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any

from aws import s3
from deploy import retained, template
from deploy.account import Account, DeployError
from deploy.stack import Found
from deploy.template import Template
from pipeline.job import load
from program.formats import many, size
from program.output import Say

CONFIG = "config.json"
INDEX = "index.html"
HASHED = "assets/"  # file names below it hold a hash of the content, so a file never changes
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


def headers(key: str) -> dict[str, str]:
    """A file's content type and cache control. Raises DeployError for a suffix without a known type."""
    suffix = PurePosixPath(key).suffix
    if suffix not in _TYPES:
        raise DeployError(f"No content type is known for {key} of the page: add that of {suffix!r} to deploy/site.py.")
    if key == CONFIG:
        kept = "no-store"
    elif key.startswith(HASHED):
        kept = "public, max-age=31536000, immutable"
    else:
        kept = "no-cache"  # cached, but validated at each use
    return {"ContentType": _TYPES[suffix], "CacheControl": kept}


@dataclass(frozen=True)
class File:
    """A file of the page: its path below the page's address, its bytes, and the headers that S3 sends with it."""

    key: str
    body: bytes
    headers: Mapping[str, str]

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    def is_that(self, stored: Mapping[str, Any] | None) -> bool:
        """Whether the stored object has this content and these headers."""
        return (
            stored is not None
            and stored.get("Metadata", {}).get("sha256") == self.sha256
            and all(stored.get(name) == value for name, value in self.headers.items())
        )


@dataclass(frozen=True)
class Difference:
    """The page's files that the bucket lacks, in the order of upload, and the keys of objects to remove."""

    missing: Sequence[File] = ()
    stale: Sequence[str] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.missing or self.stale)

    def __str__(self) -> str:
        bytes_ = sum(len(one.body) for one in self.missing)
        told = [f"upload {many(len(self.missing), 'file')} of the page, {size(bytes_)}"] if self.missing else []
        told += [f"remove {many(len(self.stale), 'file')} that it does not have any more"] if self.stale else []
        return " and ".join(told)


def built(folder: Path) -> list[File]:
    """The built page, in the order of upload: a file comes before the files that refer to it.

    Raises DeployError if the page is not built, or if a file's content type is not known.
    """
    if not (folder / INDEX).is_file():
        raise DeployError(f"The dashboard's page is not in {folder}: `make page` builds it.")
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    paths.pop(CONFIG, None)  # from a trial elsewhere, with other settings
    order = sorted(paths, key=lambda key: (key == INDEX, not key.startswith(HASHED), key))
    return [File(key, paths[key].read_bytes(), headers(key)) for key in order]


def config(region: str, identity_pool: str, streams: tuple[str, str, str], table: str) -> dict[str, Any]:
    """The content of the page's config.json. streams: of readings, rows and errors.

    Its window is the time between two rows, in milliseconds.
    """
    names = dict(zip(("readings", "summary", "errors"), streams, strict=True))
    window = round(load(template.WORKSHOP).window().step.total_seconds() * 1000)
    return {"region": region, "identityPool": identity_pool, "streams": names, "table": table, "window": window}


def settings(account: Account, known: Template, values: Mapping[str, str], identity_pool: str) -> dict[str, Any]:
    """The page's config.json for a stack's parameters. Raises DeployError for MapTiles without MapAttribution."""
    value = partial(known.value, values=values)
    streams = (value("RawStream"), value("SummaryStream"), value("ErrorStream"))
    found = config(account.region, identity_pool, streams, value("Table"))
    if account.is_emulated:
        found["endpoint"] = account.endpoint
    if tiles := value("MapTiles"):
        if not value("MapAttribution"):
            raise DeployError("MapTiles without MapAttribution: say whose the tiles are with --set MapAttribution=...")
        found["tiles"] = {"url": tiles, "attribution": value("MapAttribution")}
    return found


class Site:
    """The page of a stack, if the stack has a page. Every method may raise DeployError."""

    def __init__(
        self, account: Account, known: Template, folder: Path, parameters: Mapping[str, str], say: Say
    ) -> None:
        """parameters: of the stack after the change. Raises DeployError if the stack needs a page and none is built."""
        self._account, self._template, self._parameters, self._say = account, known, parameters, say
        is_shown = known.has_dashboard and known.value("Dashboard", parameters) == "yes"
        self._built = built(folder) if is_shown else []
        self._files("")  # wrong settings raise an error before any change

    def difference(self, found: Found | None) -> Difference:
        """The changes that `upload` would make in this stack."""
        outputs = found.outputs if found else {}
        files = self._files(outputs.get("IdentityPool", ""))
        if not files or "SiteBucket" not in outputs:
            return Difference(files)
        bucket = outputs["SiteBucket"]
        client = self._account.client("s3")
        stored = {one.key: self._account.look_up(client.head_object, Bucket=bucket, Key=one.key) for one in files}
        missing = [one for one in files if not one.is_that(stored[one.key])]
        there = self._account.look_up(lambda: list(s3.objects(client, bucket))) or []
        return Difference(missing, [one.key for one in there if one.key not in stored])

    def upload(self, found: Found) -> Difference:
        """Upload missing files, and remove files that are no longer part of the page. Returns the changes.

        Old files are removed at once: an open page has loaded all its files, and CloudFront goes on with its cached
        files. A user who opens the page at the second of the change may have to reload it.
        """
        difference = self.difference(found)
        bucket = found.outputs.get("SiteBucket", "")
        client = self._account.client("s3")
        if not difference.is_nothing:
            self._say(f"the page in s3://{bucket}: {difference}")
        for one in difference.missing:
            with self._account.sentences():
                client.put_object(
                    Bucket=bucket, Key=one.key, Body=one.body, Metadata={"sha256": one.sha256}, **one.headers
                )
        retained.delete(self._account, bucket, difference.stale)
        return difference

    def _files(self, identity_pool: str) -> list[File]:
        """The whole page. The settings come before index.html, which needs them."""
        if not self._built:
            return []
        chosen = settings(self._account, self._template, self._parameters, identity_pool)
        text = json.dumps(chosen, indent=2, ensure_ascii=False) + "\n"
        return [*self._built[:-1], File(CONFIG, text.encode(), headers(CONFIG)), self._built[-1]]
