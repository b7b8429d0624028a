"""Where a job's tables are: table name -> Connector. Between cloud and emulator only the endpoint differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors import aws, dynamodb, files
from connectors.connector import Connector
from pipeline.job import Job
from pipeline.settings import Settings


def connectors(settings: Settings) -> dict[str, Connector]:
    """A connector for every table of the job, in the place that the settings name.

    Raises ConnectorError for connector options that do not exist or have no usable value.
    """
    return {"aws": _on_aws, "files": _in_files}[settings.place](settings)


def _on_aws(settings: Settings) -> dict[str, Connector]:
    values, job = settings.values, settings.job
    given = values["aws"]
    place = aws.Aws(given["region"], given.get("endpoint"), given["credentials"], given.get("profile"))
    return {
        table: job.end(table).make(
            place, values[table], job.tables[table].declared, {**job.tables[table].options, **settings.options[table]}
        )
        for table in (*job.sources, *job.sinks)
    }


def _in_files(settings: Settings) -> dict[str, Connector]:
    place, options, job = settings.values["files"], settings.options, settings.job
    return {
        **{
            table: files.source(input_of(Path(place["input"]), job, table), more=options[table])
            for table in job.sources
        },
        **{table: files.sink(Path(place["output"]) / table, more=options[table]) for table in job.sinks},
    }


def sinks_in(folder: Path, job: Job) -> dict[str, Connector]:
    """For each sink a folder of JSON lines; where it has a key, each line is a change, as rows replace older ones."""
    return {sink: files.sink(folder / sink, changes=bool(job.tables[sink].declared.key)) for sink in job.sinks}


def input_of(path: Path, job: Job, table: str) -> Path:
    """Where the records of a source are: the path itself, or what bears the table's name in it if there are several."""
    return path if len(job.sources) == 1 else path / table


def is_emulated(settings: Settings) -> bool:
    """Whether streams and tables are an emulator's: an endpoint that is not one of AWS's own, such as a VPC's."""
    host = urlsplit(settings.values.get("aws", {}).get("endpoint", "")).hostname or ""
    return bool(host) and not host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def mismatch(job: Job, table: str, described: Mapping[str, Any]) -> str | None:
    """Why a DynamoDB table, as DescribeTable tells of it, cannot take the rows of this sink; None if it can."""
    return dynamodb.mismatch(described, job.tables[table].declared.key, attributes(job, table))


def attributes(job: Job, table: str) -> dict[str, str]:
    """The columns of a sink with the types that DynamoDB has for them: S for texts, N for numbers."""
    return {name: "S" if _is_text(type_) else "N" for name, type_ in job.columns(table).items()}


def _is_text(type_: str) -> bool:
    return type_.partition("(")[0].upper() in ("STRING", "VARCHAR", "CHAR", "TIMESTAMP", "DATE", "TIME")
