"""Looks up whether a job can use its streams, tables and objects, before it starts and while it runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError

from aws.failures import Kind, code_of, is_absence
from aws.session import Services
from pipeline import binding
from pipeline.settings import Settings
from program.processes import RunError

ATTEMPTS = 2  # of a call whose failure is transient
_HERE = {Kind.ABSENT: "`python -m local aws` makes all of them here"}


@dataclass(frozen=True)
class Resource:
    """The stream or table behind a source or sink.

    table: the source or sink in the job's SQL. name: such as "stream wildrydes". problem: why the job cannot use the
    resource, a clause such as "does not exist"; None if the job can.
    """

    table: str
    name: str
    problem: str | None = None


def names(chosen: Settings) -> dict[str, str]:
    """The resource behind every source and sink: "stream wildrydes", "table UnicornSensorData"."""
    job = chosen.job
    return {table: job.kind(table).called(chosen.groups[table]) for table in (*job.sources, *job.sinks)}


def look_up(chosen: Settings, services: Services) -> list[Resource]:
    """Every stream and table of the job. Raises aws.failures.ERRORS if AWS does not answer."""
    found = []
    for table, name in names(chosen).items():
        try:
            found.append(Resource(table, name, _problem(chosen, services, table)))
        except ClientError as error:
            problem = "does not exist" if is_absence(error) else f"cannot be looked up ({code_of(error)})"
            found.append(Resource(table, name, problem))
    return found


def require(chosen: Settings, tables: Collection[str] | None = None) -> None:
    """Raise AwsError or RunError unless the job can use all its streams and tables, or those of these `tables`.

    With a missing stream or table the job would show RUNNING, retry for ever, and write no row.
    """
    services = Services.of_settings(chosen.groups["aws"])
    for table, name in names(chosen).items():
        if tables is not None and table not in tables:
            continue
        what = f"{name} at {services.where}"
        with services.sentences(f"the {what}", _HERE):
            problem = _problem(chosen, services, table)
        if problem is not None:
            another = f"name another as {table}.table in the settings, or make one with this key"
            wait = "wait until it is active, or name another in the settings"
            raise RunError(f"The {what} {problem}: {wait if problem.startswith('is ') else another}.")


def _problem(chosen: Settings, services: Services, table: str) -> str | None:
    """Why the job cannot use the resource behind `table`; None if it can. Raises aws.failures.ERRORS."""
    group = chosen.groups[table]
    match chosen.job.far_end(table):
        case "stream":
            stream = services.client("kinesis", ATTEMPTS).describe_stream_summary(StreamName=group["stream"])
            return _unusable(stream["StreamDescriptionSummary"]["StreamStatus"])
        case "delivery stream":
            client = services.client("firehose", ATTEMPTS)
            delivery = client.describe_delivery_stream(DeliveryStreamName=group["delivery_stream"])
            return _unusable(delivery["DeliveryStreamDescription"]["DeliveryStreamStatus"])
        case "object":
            services.client("s3", ATTEMPTS).head_object(Bucket=group["bucket"], Key=group["key"])
            return None
    described = services.client("dynamodb", ATTEMPTS).describe_table(TableName=group["table"])["Table"]
    return _unusable(described["TableStatus"]) or binding.mismatch(chosen.job, table, cast("Any", described))


def _unusable(status: str) -> str | None:
    """Why a resource of this status cannot be used. It can be used during an update."""
    return None if status in ("ACTIVE", "UPDATING") else f"is {status.lower()}"
