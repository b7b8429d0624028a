"""The application's streams, table and archive on the emulator, from the template that makes them in the cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, HTTPClientError

from aws import failures, session
from aws.failures import of_configuration, of_proxy
from deploy import stack, template
from deploy.account import Account
from deploy.stack import Stack
from pipeline import places, settings
from pipeline.job import load
from program.processes import RunError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient


@dataclass(frozen=True)
class Names:
    """The resources by their names; the job's default settings name them."""

    raw: str
    summary: str
    errors: str
    table: str


def default_names() -> Names:
    """The names that a job without settings of its own reads and writes."""
    values = settings.example(load("unicorn_summary")).values
    return Names(
        values["readings"]["stream"],
        values["summary_stream"]["stream"],
        values["error_stream"]["stream"],
        values["sensor_data"]["table"],
    )


def clients(environment: Mapping[str, str]) -> tuple[KinesisClient, DynamoDBClient]:
    """Clients for the emulator described by these environment variables."""
    made, endpoint = _session(environment), environment["AWS_ENDPOINT_URL"]
    return session.client("kinesis", made, endpoint), session.client("dynamodb", made, endpoint)


def account(environment: Mapping[str, str]) -> Account:
    """The emulator described by these environment variables, as what things are deployed to."""
    return Account(_session(environment), environment["AWS_ENDPOINT_URL"])


def _session(environment: Mapping[str, str]) -> boto3.Session:
    return session.to(environment["AWS_ENDPOINT_URL"], environment=environment)


def create(environment: Mapping[str, str], shards: int, names: Names, **parameters: str) -> Mapping[str, str]:
    """Create everything but the Flink application from the cloud's own template on the emulator; the stack's outputs.

    shards: of the raw stream. parameters: further ones of the template; without any there is neither archive nor
    dashboard. Names of their own make a stack of their own. Raises DeployError.
    """
    made = Stack(account(environment), _stack(names))
    values = {
        "RawStream": names.raw,
        "SummaryStream": names.summary,
        "ErrorStream": names.errors,
        "Table": names.table,
        "StreamMode": "PROVISIONED",
        "Shards": str(shards),
        "BucketPrefix": _prefix(names),
        "Archive": "no",
        "Dashboard": "no",
        "Emulated": "yes",
        **parameters,
    }
    template.check(values)
    return made.execute(made.propose(template.text(), values)).outputs


def _stack(names: Names) -> str:
    return stack.NAME if names == default_names() else f"{stack.NAME}-{_digest(names)}"


def _prefix(names: Names) -> str:
    """Buckets have names of their own too."""
    default = template.parameters()["BucketPrefix"].default
    return default if names == default_names() else f"{default}-{_digest(names)}"


def _digest(names: Names) -> str:
    return hashlib.sha256(repr(names).encode()).hexdigest()[:8]


def require(values: Mapping[str, Mapping[str, str]]) -> None:
    """Raise RunError unless the streams and the table of these settings are there.

    Without one of them the job would show RUNNING, try again for ever, and write nothing.
    """
    place = values["aws"]
    where = failures.where(place)
    what = "place"
    try:
        config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
        kinesis = session.at(place, "kinesis", config)
        dynamodb = session.at(place, "dynamodb", config)
        for table in ("readings", "summary_stream", "error_stream"):
            what = f"stream {values[table]['stream']}"
            stream = kinesis.describe_stream_summary(StreamName=values[table]["stream"])["StreamDescriptionSummary"]
            _require_usable(stream["StreamStatus"], f"{what} at {where}")
        what = f"table {values['sensor_data']['table']}"
        described = dynamodb.describe_table(TableName=values["sensor_data"]["table"])["Table"]
        _require_usable(described["TableStatus"], f"{what} at {where}")
        if problem := places.misfit(load("unicorn_summary"), "sensor_data", described):
            raise RunError(
                f"The {what} at {where} {problem}: name another as sensor_data.table in the settings, or make one with "
                "this key."
            )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reason = "does not exist" if code == "ResourceNotFoundException" else f"cannot be looked up ({code})"
        raise RunError(f"The {what} at {where} {reason}: `python -m local aws` makes all of them here.") from error
    except (BotoCoreError, ValueError) as error:
        raise RunError(f"The {what} at {where} cannot be looked up: {_reason(error)}.") from error


def _reason(error: BotoCoreError | ValueError) -> str:
    if found := of_configuration(error) or of_proxy(error):
        return ": ".join(found)
    if isinstance(error, EndpointConnectionError | HTTPClientError):  # whose text has the whole address
        return f"it does not answer ({type(error).__name__})"
    return str(error).rstrip(".")


def _require_usable(status: str, what: str) -> None:
    """Raise RunError for a stream or table that is only being made, or is being removed."""
    if status not in ("ACTIVE", "UPDATING"):
        raise RunError(f"The {what} is {status.lower()}: wait until it is active, or name another in the settings.")
