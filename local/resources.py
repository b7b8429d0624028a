"""A job's streams, tables and archive on the emulator, created from the template for the cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy import retained, template
from deploy.account import Account
from deploy.stack import Stack
from local import stock
from pipeline import settings
from pipeline.job import Job, load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient


@dataclass(frozen=True)
class Names:
    """The names of the workshop job's resources; the job's default settings have these names."""

    raw: str
    summary: str
    errors: str
    table: str

    def of_tables(self) -> dict[str, str]:
        """The names by the job's tables."""
        return {
            "readings": self.raw,
            "summary_stream": self.summary,
            "error_stream": self.errors,
            "sensor_data": self.table,
        }


def workshop() -> Job:
    """The job that demo and dashboard show."""
    return load(template.WORKSHOP)


def default_names() -> Names:
    """The names that the workshop's job uses without settings."""
    values = settings.example(workshop()).groups
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
    """The emulator described by these environment variables, as a target of deployments."""
    return Account.at(environment["AWS_ENDPOINT_URL"], environment=environment)


def create(
    environment: Mapping[str, str],
    shards: int,
    job: Job,
    names: Mapping[str, str] | None = None,
    objects: Mapping[str, Path] | None = None,
    **parameters: str,
) -> Mapping[str, str]:
    """Create a job's stack without the Flink application on the emulator, from the cloud's template; its outputs.

    shards: of each stream that the job reads. names: of streams and tables by the job's tables, if they differ from the
    job's declaration; they make a stack of their own. Existing resources are used. What no stack makes is made too
    (local.stock). objects: the contents of reference tables, if they are not those of the job's folder. parameters:
    further parameters of the template; without any there is neither archive nor dashboard.
    Raises DeployError.
    """
    known, where = template.of(job), account(environment)
    given = names or {}
    named = {one.parameter: given[table] for one in known.places for table in one.tables if table in given}
    other = {name: value for name, value in named.items() if value != known.parameters[name].default}
    suffix = f"-{hashlib.sha256(repr(sorted(other.items())).encode()).hexdigest()[:8]}" if other else ""
    values = {
        **named,
        "StreamMode": "PROVISIONED",
        "Shards": str(shards),
        "BucketPrefix": known.parameters["BucketPrefix"].default[: 20 - len(suffix)] + suffix,
        "Emulated": "yes",
        **({"Archive": "no"} if known.has_archive else {}),
        **({"Dashboard": "no"} if known.has_dashboard else {}),
        **parameters,
    }
    known.check(values)
    made = Stack(where, known.stack + suffix)
    there = retained.existing(where, known, values, made.resources() if made.find() else {})
    outputs = made.execute(made.propose(known.text(there.used, there.taken_over), values)).outputs
    stock.provide(where, known, lambda parameter: known.value(parameter, values), objects)
    return outputs
