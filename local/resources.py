"""The streams and the table of the application, made through the same calls as on AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from jobs import settings

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
