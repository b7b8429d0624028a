"""Files on disk: `filesystem`, for tests, backfill and runs without AWS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.connector import Connector, ConnectorError, Option, checked, merged

OPTIONS: Mapping[str, Option] = {
    "connector": Option(choices=("filesystem",)),
    "path": Option(),
    "format": Option(choices=("documents", "json", "debezium-json")),
    "source.monitor-interval": Option(),
    "source.path.regex-pattern": Option(),
    "sink.rolling-policy.rollover-interval": Option(default="30 min"),
    "sink.rolling-policy.check-interval": Option(default="1 min"),
}

# The file's name is the shard, the file's time is the arrival. A line has no sequence number, its documents no part.
METADATA: Mapping[str, str] = {
    "shard": "METADATA FROM 'file.name' VIRTUAL",
    "sequence_number": "AS CAST(NULL AS STRING)",
    "part": "AS CAST(NULL AS STRING)",
    "arrival": "METADATA FROM 'file.modification-time' VIRTUAL",
    "partition_key": "AS CAST(NULL AS STRING)",
}
HIDDEN = (".", "_")  # the beginnings of names that Flink's source skips


def uri(path: Path) -> str:
    """The path as a URI for Flink, which does not decode %20: Path.as_uri() would name another file."""
    return f"file://{path.resolve()}"


def source(path: Path, *, more: Mapping[str, str] | None = None) -> Connector:
    """A bounded source: the lines of a file, or of every file in a folder, as a BYTES column.

    A line that holds several JSON documents is a row for each: Firehose writes records without anything between them.

    Raises ConnectorError for a name that Flink's source skips, as if the file were empty.
    """
    if path.resolve().name.startswith(HIDDEN):
        raise ConnectorError(
            f"Flink skips {path}, as its name begins with a dot or an underscore: give it another name."
        )
    options = {"connector": "filesystem", "path": uri(path), "format": "documents"}
    return Connector(checked("file source", merged(options, more), OPTIONS), metadata=METADATA)


def below(path: Path) -> list[Path]:
    """The files that `source` reads: the file itself, or all in a folder and in its folders, by name."""
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.is_file())
    return [one for one in found if not any(part.startswith(HIDDEN) for part in one.relative_to(path).parts)]


def records(path: Path) -> Connector:
    """A bounded source of JSON lines that have the metadata columns beside the record's own (base64 if bytes)."""
    options = {"connector": "filesystem", "path": uri(path), "format": "json"}
    return Connector(checked("file source", options, OPTIONS), metadata=dict.fromkeys(METADATA, ""))


def sink(path: Path, *, changes: bool = False, more: Mapping[str, str] | None = None) -> Connector:
    """A folder for files of JSON lines, not partitioned: partitions would become folders, without their column.

    changes: each line is a change in Debezium's format, for a table whose rows replace older rows.
    """
    options = {"connector": "filesystem", "path": uri(path), "format": "debezium-json" if changes else "json"}
    return Connector(checked("file sink", merged(options, more), OPTIONS))
