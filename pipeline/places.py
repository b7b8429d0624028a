"""Where a job's tables are: table name -> Connector. Between cloud and emulator only the endpoint differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors import aws, dynamodb, files, kinesis
from connectors.connector import Connector
from jobs.unicorn_summary import JOB
from pipeline.settings import Settings

KEY = ("Name", "StatusTime")  # of the table
_COLUMN = re.compile(r"^\s+(\w+) (\w+)\b.*,?$", re.MULTILINE)


def connectors(settings: Settings) -> dict[str, Connector]:
    """A connector for every table of the job, in the place that the settings name.

    Raises ConnectorError for connector options that do not exist or have no usable value.
    """
    return {"aws": _on_aws, "files": _in_files}[settings.place](settings)


def _on_aws(settings: Settings) -> dict[str, Connector]:
    values, options = settings.values, settings.options
    place = _aws(values["aws"])
    readings = values["readings"]
    return {
        "readings": kinesis.source(
            place,
            readings["stream"],
            kinesis.Start(readings["start"], readings.get("start.timestamp")),
            fan_out_consumer=readings["consumer"] if readings["reader"] == "EFO" else None,
            more=options["readings"],
        ),
        "summary_stream": kinesis.sink(
            place, values["summary_stream"]["stream"], partition_key="Name", more=options["summary_stream"]
        ),
        "sensor_data": dynamodb.sink(place, values["sensor_data"]["table"], key=KEY, more=options["sensor_data"]),
        "error_stream": kinesis.sink(place, values["error_stream"]["stream"], more=options["error_stream"]),
    }


def is_emulated(settings: Settings) -> bool:
    """Whether streams and table are an emulator's: an endpoint that is not one of AWS's own, such as a VPC's."""
    host = urlsplit(settings.values.get("aws", {}).get("endpoint", "")).hostname or ""
    return bool(host) and not host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def misfit(described: Mapping[str, Any]) -> str | None:
    """Why a DynamoDB table, as DescribeTable tells of it, cannot take the rows; None if it can."""
    columns = _COLUMN.findall(JOB.sql("tables", "sensor_data"))
    return dynamodb.misfit(described, KEY, {name: "S" if type_ == "STRING" else "N" for name, type_ in columns})


def _aws(values: Mapping[str, str]) -> aws.Aws:
    return aws.Aws(values["region"], values.get("endpoint"), values["credentials"], values.get("profile"))


def _in_files(settings: Settings) -> dict[str, Connector]:
    place, options = settings.values["files"], settings.options
    sinks = ("summary_stream", "sensor_data", "error_stream")
    return {
        "readings": files.source(Path(place["input"]), more=options["readings"]),
        **{table: files.sink(Path(place["output"]) / table, more=options[table]) for table in sinks},
    }
