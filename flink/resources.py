"""The streams and tables of a job, looked up: which of them can it use? Before it starts, and while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, HTTPClientError, NoCredentialsError

from aws import failures, session
from connectors import dynamodb, kinesis
from pipeline import places
from pipeline.settings import Settings
from program.processes import RunError

CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
ERRORS = (ClientError, BotoCoreError, ValueError)  # what calls and clients raise


@dataclass(frozen=True)
class Resource:
    """The far end of a source or sink.

    table: its name in the job's SQL. name: such as "stream wildrydes". problem: why the job cannot use it, a clause
    such as "does not exist"; None if it can.
    """

    table: str
    name: str
    problem: str | None = None


def names(chosen: Settings) -> dict[str, str]:
    """The far end of every table of the job: "stream wildrydes", "table UnicornSensorData"."""
    kinds = {kinesis.KIND.name: "stream", dynamodb.KIND.name: "table"}
    found = {}
    for table in (*chosen.job.sources, *chosen.job.sinks):
        kind = kinds[chosen.job.tables[table].connector]
        found[table] = f"{kind} {chosen.values[table][kind]}"
    return found


def look_up(chosen: Settings) -> list[Resource]:
    """Every stream and table of the job. Raises ERRORS when the services cannot be asked at all."""
    place, job = chosen.values["aws"], chosen.job
    clients = {
        kind: session.at(place, kind, CONFIG) for kind in sorted({job.tables[one].connector for one in job.tables})
    }

    def stream(_table: str, name: str) -> str | None:
        described = clients[kinesis.KIND.name].describe_stream_summary(StreamName=name)
        return _unusable(described["StreamDescriptionSummary"]["StreamStatus"])

    def item_table(table: str, name: str) -> str | None:
        described = clients[dynamodb.KIND.name].describe_table(TableName=name)["Table"]
        return _unusable(described["TableStatus"]) or places.misfit(job, table, described)

    look: dict[str, Callable[[str, str], str | None]] = {"stream": stream, "table": item_table}
    return [
        Resource(table, name, _problem(look[name.partition(" ")[0]], table, name.partition(" ")[2]))
        for table, name in names(chosen).items()
    ]


def _unusable(status: str) -> str | None:
    """Why a resource of this status cannot be used; while it is being updated it can."""
    return None if status in ("ACTIVE", "UPDATING") else f"is {status.lower()}"


def _problem(look: Callable[[str, str], str | None], table: str, name: str) -> str | None:
    try:
        return look(table, name)
    except ClientError as error:
        code = code_of(error)
        return "does not exist" if code == "ResourceNotFoundException" else f"cannot be looked up ({code})"


def require(chosen: Settings) -> None:
    """Raise RunError unless all of them can be used.

    Without one of them the job would show RUNNING, try again for ever, and write nothing.
    """
    where = failures.where(chosen.values["aws"])
    try:
        found = look_up(chosen)
    except ERRORS as error:
        first = next(iter(names(chosen).values()))
        raise RunError(f"The {first} at {where} cannot be looked up: {reason(error)}.") from error
    for one in found:
        if one.problem:
            raise RunError(f"The {one.name} at {where} {one.problem}: {_remedy(one)}.")


def _remedy(resource: Resource) -> str:
    problem = resource.problem or ""
    if problem.startswith("has "):
        return f"name another as {resource.table}.table in the settings, or make one with this key"
    if problem.startswith("is "):
        return "wait until it is active, or name another in the settings"
    return "`python -m local aws` makes all of them here"


def code_of(error: Exception) -> str:
    """The service's code of an error, or the name of its class if it never reached the service."""
    known: Any = getattr(error, "response", {})
    return str(known.get("Error", {}).get("Code") or type(error).__name__)


def reason(error: Exception) -> str:
    """Why services cannot be asked, as a clause without anything secret."""
    if isinstance(error, ClientError):
        return f"{error.operation_name} was refused ({code_of(error)})"
    if found := failures.of_configuration(error) or failures.of_proxy(error):
        return ": ".join(found)
    if isinstance(error, NoCredentialsError):
        return "there are no usable AWS credentials"
    if isinstance(error, EndpointConnectionError | HTTPClientError):  # their texts have the whole address
        return f"it does not answer ({type(error).__name__})"
    return str(error).rstrip(".")
