"""The streams and the table of the application, made through the same calls as on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from jobs import settings
from local.processes import RunError

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
    values = settings.parse([{"PropertyGroupId": "aws", "PropertyMap": {"region": "any"}}]).values
    return Names(
        values["readings"]["stream"],
        values["summary_stream"]["stream"],
        values["error_stream"]["stream"],
        values["sensor_data"]["table"],
    )


def clients(environment: dict[str, str]) -> tuple[KinesisClient, DynamoDBClient]:
    """Clients for the emulator described by these environment variables."""
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    endpoint = environment["AWS_ENDPOINT_URL"]
    return session.client("kinesis", endpoint_url=endpoint), session.client("dynamodb", endpoint_url=endpoint)


def create(kinesis: KinesisClient, dynamodb: DynamoDBClient, shards: int, names: Names) -> None:
    """Create the three streams (the raw one with so many shards) and the table, and wait until they are usable."""
    _create_stream(kinesis, names.raw, shards)
    create_outputs(kinesis, dynamodb, names)


def create_outputs(kinesis: KinesisClient, dynamodb: DynamoDBClient, names: Names) -> None:
    """Create what the job writes to, and wait until it is usable."""
    _create_stream(kinesis, names.summary, 1)
    _create_stream(kinesis, names.errors, 1)
    dynamodb.create_table(
        TableName=names.table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "Name", "KeyType": "HASH"},
            {"AttributeName": "StatusTime", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "Name", "AttributeType": "S"},
            {"AttributeName": "StatusTime", "AttributeType": "S"},
        ],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=names.table, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def _create_stream(kinesis: KinesisClient, stream: str, shards: int) -> None:
    kinesis.create_stream(StreamName=stream, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def require(values: Mapping[str, Mapping[str, str]]) -> None:
    """Raise RunError unless the streams and the table of these settings are there.

    Without one of them the job would show RUNNING, try again for ever, and write nothing.
    """
    place = values["aws"]
    where = place.get("endpoint", f"AWS in {place['region']}")
    what = "place"
    try:
        session = boto3.Session(region_name=place["region"], profile_name=place.get("profile"))
        config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
        kinesis = session.client("kinesis", endpoint_url=place.get("endpoint"), config=config)
        dynamodb = session.client("dynamodb", endpoint_url=place.get("endpoint"), config=config)
        for table in ("readings", "summary_stream", "error_stream"):
            what = f"stream {values[table]['stream']}"
            kinesis.describe_stream_summary(StreamName=values[table]["stream"])
        what = f"table {values['sensor_data']['table']}"
        dynamodb.describe_table(TableName=values["sensor_data"]["table"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reason = "does not exist" if code == "ResourceNotFoundException" else f"cannot be looked up ({code})"
        raise RunError(f"The {what} at {where} {reason}: `python -m local aws` makes all of them here.") from error
    except (BotoCoreError, ValueError) as error:
        raise RunError(f"The {what} at {where} cannot be looked up: {str(error).rstrip('.')}.") from error
