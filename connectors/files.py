"""Lines on disk: `filesystem`, for tests, backfill, and looking at results without any service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.connector import Connector, Option, checked, merged

OPTIONS: Mapping[str, Option] = {
    "connector": Option(choices=("filesystem",)),
    "path": Option(),
    "format": Option(choices=("raw", "json", "debezium-json")),
    "source.monitor-interval": Option(),
    "source.path.regex-pattern": Option(),
    "sink.rolling-policy.rollover-interval": Option(default="30 min"),
    "sink.rolling-policy.check-interval": Option(default="1 min"),
}

# A file stands for a shard, and its lines arrived when it was last written. What only Kinesis knows stays empty.
METADATA: Mapping[str, str] = {
    "shard": "METADATA FROM 'file.name' VIRTUAL",
    "sequence_number": "AS CAST(NULL AS STRING)",
    "arrival": "METADATA FROM 'file.modification-time' VIRTUAL",
}


# As it stands in files of records (see `records`).
_IN_THE_RECORD: Mapping[str, str] = dict.fromkeys(METADATA, "")


def uri(path: Path) -> str:
    """The path as Flink takes it: it does not decode, so that Path.as_uri() would name other files than are meant."""
    return f"file://{path.resolve()}"


def source(path: Path, *, more: Mapping[str, str] | None = None) -> Connector:
    """The lines of a file, or of every file in a folder, each line one BYTES column. Bounded: it ends."""
    options = {"connector": "filesystem", "path": uri(path), "format": "raw"}
    return Connector(checked("file source", merged(options, more), OPTIONS), metadata=METADATA)


def records(path: Path) -> Connector:
    """A file of records with all that is known of each: JSON lines with `line` (base64), shard, arrival and so on."""
    options = {"connector": "filesystem", "path": uri(path), "format": "json"}
    return Connector(checked("file source", options, OPTIONS), metadata=_IN_THE_RECORD)


def sink(path: Path, *, changes: bool = False, more: Mapping[str, str] | None = None) -> Connector:
    """A folder that gets files of JSON lines. Not partitioned: that makes folders and drops the column.

    changes: each line is a change (Debezium's form), as for a table whose rows replace older ones.
    """
    options = {"connector": "filesystem", "path": uri(path), "format": "debezium-json" if changes else "json"}
    return Connector(checked("file sink", merged(options, more), OPTIONS))
