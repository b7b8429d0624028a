"""The application's streams, table and archive on the emulator, from the template that makes them in the cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy import stack, template
from deploy.account import Account
from deploy.stack import Stack
from pipeline import settings
from pipeline.job import load

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
    made = account(environment)
    return made.client("kinesis"), made.client("dynamodb")


def account(environment: Mapping[str, str]) -> Account:
    """The emulator described by these environment variables, as what things are deployed to."""
    return Account.at(environment["AWS_ENDPOINT_URL"], environment=environment)


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
