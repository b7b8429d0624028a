"""The folders of a job's snapshots (checkpoints and savepoints), and the newest snapshot to resume from.

Each job has folders of its own below the cluster's: `NAME-SIGNATURE`, with the signature of the job's state. If a job
began to read at a time, `from-MILLISECONDS` follows in the path. So the path alone says which state a snapshot holds,
even if the cluster is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors import files
from program.errors import Failure

CHECKPOINTS = "execution.checkpointing.dir"
SAVEPOINTS = "execution.checkpointing.savepoint-dir"
# The names of these options before Flink 1.20. Clusters still use them.
_FORMERLY = {CHECKPOINTS: "state.checkpoints.dir", SAVEPOINTS: "state.savepoints.dir"}


class SavepointError(Failure):
    """There is no folder for checkpoints, or no snapshot to resume. The text is a sentence with the remedy."""


@dataclass(frozen=True)
class Snapshot:
    """A complete checkpoint or savepoint: its URI, its time (seconds since 1970), and the signature of its state."""

    uri: str
    made: float
    signature: str | None

    @property
    def start(self) -> int | None:
        """The time at which the job began to read, in milliseconds since 1970; None for the beginning of the stream.

        A shard without a record so far is still to be read from this time, which the snapshot itself does not hold.
        """
        match = re.search(r"/from-(\d+)/", self.uri)
        return int(match[1]) if match else None

    @property
    def kind(self) -> str:
        return "checkpoint" if re.search(r"/chk-\d+/?$", self.uri) else "savepoint"


@dataclass(frozen=True)
class Folders:
    """The URIs below which all jobs of this name have their folders."""

    checkpoints: str
    savepoints: str
    name: str

    def checkpoints_of(self, signature: str, start: int | None = None) -> str:
        """The URI of the checkpoint folder of a job with this signature that began to read at `start`."""
        return f"{self.checkpoints}/{self._folder(signature, start)}"

    def savepoints_of(self, signature: str, start: int | None = None) -> str:
        """The URI of the savepoint folder of such a job."""
        return f"{self.savepoints}/{self._folder(signature, start)}"

    def _folder(self, signature: str, start: int | None) -> str:
        return f"{self.name}-{signature}" + ("" if start is None else f"/from-{start}")

    def on_disk(self) -> list[Snapshot]:
        """Every complete snapshot on this machine's disks. Flink writes `_metadata` last, so it marks completeness."""
        found = []
        for base, pattern in ((self.checkpoints, "*/chk-*/_metadata"), (self.savepoints, "*/_metadata")):
            if (folder := local_path(base)) is not None:
                for start in ("", "from-*/"):
                    for path in folder.glob(f"{self.name}-*/{start}{pattern}"):
                        uri = files.uri(path.parent)
                        found.append(Snapshot(uri, path.stat().st_mtime, signature_in(uri, self.name)))
        return found


def folders(configuration: Mapping[str, str], name: str) -> Folders:
    """The folders of a job on a cluster of this configuration. Raises SavepointError without a checkpoint folder."""
    found = {key: configuration.get(key) or configuration.get(_FORMERLY[key]) for key in (CHECKPOINTS, SAVEPOINTS)}
    checkpoints = found[CHECKPOINTS]
    if not checkpoints:
        raise SavepointError(
            f"The cluster has no {CHECKPOINTS}, so that nothing could be resumed after a failure: set it in the "
            "cluster's configuration to a folder or bucket that every process of it reaches."
        )
    checkpoints = checkpoints.rstrip("/")
    return Folders(checkpoints, (found[SAVEPOINTS] or f"{checkpoints}/savepoints").rstrip("/"), name)


def newest(snapshots: Iterable[Snapshot], where: str) -> Snapshot:
    """The newest of the snapshots. Raises SavepointError if there is none."""
    found = max(snapshots, key=lambda snapshot: snapshot.made, default=None)
    if found is None:
        raise SavepointError(
            f"There is no checkpoint or savepoint under {where} to go on from: name one with --from, or start anew "
            "with `python -m jobs submit JOB`."
        )
    return found


def signature_in(uri: str, name: str) -> str | None:
    """The signature in the path of a snapshot of the job `name`; None for a path without a signature."""
    match = re.search(rf"/{re.escape(name)}-([0-9a-f]{{12}})/", uri)
    return match[1] if match else None


def local_path(uri: str) -> Path | None:
    """The path of a file URI as Flink writes it; None for a URI of another file system."""
    match = re.fullmatch(r"(?:file:(?://)?)?(/.*)", uri)
    return Path(match[1]) if match else None
