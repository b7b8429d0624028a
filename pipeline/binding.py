"""The connectors of a job's tables, in AWS or in files. An emulator differs from AWS only in the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors import aws, dynamodb, files
from connectors.connector import Connector, ConnectorError
from pipeline import preprocessing
from pipeline.job import Job
from pipeline.settings import Settings


def connectors(settings: Settings) -> dict[str, Connector]:
    """A connector for every table of the job, in the place of the settings. Raises ConnectorError."""
    return {"aws": _on_aws, "files": _in_files}[settings.place](settings)


def _on_aws(settings: Settings) -> dict[str, Connector]:
    groups, job = settings.groups, settings.job
    group = groups["aws"]
    place = aws.Aws(group["region"], group.get("endpoint"), group["credentials"], group.get("profile"))
    made = {
        table: job.end(table).make(
            place, groups[table], job.tables[table].declared, {**job.tables[table].options, **settings.options[table]}
        )
        for table in (*job.sources, *job.sinks)
    }
    hooked = {table: preprocessing.on_stream(job.folder, made[table], place, groups[table]) for table in job.hooked}
    return made | hooked


def _in_files(settings: Settings) -> dict[str, Connector]:
    group, options, job = settings.groups["files"], settings.options, settings.job
    folder = Path(group["output"])
    sources = {
        table: replace(
            files.source(input_of(Path(group["input"]), job, table), more=options[table]),
            preprocessing=preprocessing.without_service(job.folder, settings.groups[table], job.tables[table].options),
        )
        for table in job.sources
    }
    return sources | {table: files.sink(folder / table, more=options[table]) for table in job.sinks}


def sinks_in(folder: Path, job: Job) -> dict[str, Connector]:
    """A folder of JSON lines for each sink; of changes if the sink has a key, as rows replace older rows."""
    return {sink: files.sink(folder / sink, changes=bool(job.tables[sink].declared.key)) for sink in job.sinks}


def input_of(path: Path, job: Job, table: str) -> Path:
    """The file or folder of a source's records: the path, or if the job has several sources, what it has by the name.

    A file may have an ending: TABLE, TABLE.jsonl. It need not exist. Raises ConnectorError for several.
    """
    if len(job.sources) == 1:
        return path
    there = sorted(path.iterdir()) if path.is_dir() else []
    found = [one for one in there if one.name == table or (one.stem == table and one.is_file())]
    if len(found) > 1:
        names = " and ".join(one.name for one in found)
        raise ConnectorError(f"{path} has {names} for the source {table}: leave one of them.")
    return found[0] if found else path / table


def is_emulated(settings: Settings) -> bool:
    """Whether the endpoint is an emulator's; AWS's own endpoints (a VPC's too) are not."""
    host = urlsplit(settings.groups.get("aws", {}).get("endpoint", "")).hostname or ""
    return bool(host) and not host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def lambda_functions(job: Job, groups: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The Lambda functions before SQL, by their sources. groups: the settings of the tables."""
    functions = {table: preprocessing.declared(groups[table]) for table in job.hooked}
    return {table: name for table, name in functions.items() if not preprocessing.file(job.folder, groups[table])}


def left_out(job: Job) -> str:
    """A sentence on the Lambda functions that are not called where the job reads files; empty for none."""
    functions = lambda_functions(job, {table: job.tables[table].settings for table in job.hooked})
    if not functions:
        return ""
    named = ", ".join(f"{function} (before {table})" for table, function in functions.items())
    return f"Over files no Lambda function is called: the records are taken as the answers of {named}."


def require_no_lambda(job: Job, groups: Mapping[str, Mapping[str, str]]) -> None:
    """Raises ConnectorError if the job calls a Lambda function before SQL, for a run on an emulator."""
    for table, function in lambda_functions(job, groups).items():
        raise ConnectorError(
            f"The job {job.name} cannot run on the emulator, which has no Lambda: the source {table} calls {function}; "
            "put the function's handler into the job's folder and name its file in preprocess."
        )


def mismatch(job: Job, table: str, described: Mapping[str, Any]) -> str | None:
    """Why the DynamoDB table, as in DescribeTable, does not accept the rows of this sink; None if it does."""
    return dynamodb.mismatch(described, job.tables[table].declared.key, attributes(job, table))


def attributes(job: Job, table: str) -> dict[str, str]:
    """The columns of a sink with their DynamoDB types: S for texts, N for numbers."""
    return {name: "S" if _is_text(type_) else "N" for name, type_ in job.columns(table).items()}


def _is_text(type_: str) -> bool:
    return type_.partition("(")[0].upper() in ("STRING", "VARCHAR", "CHAR", "TIMESTAMP", "DATE", "TIME")
