"""What a job reads or writes that no stack makes: objects of reference data, Firehose streams.

Nobody but their owner knows what is in the object, and to where the Firehose stream delivers. The stack has their names
as parameters, permits the job their use, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors import firehose, reference
from deploy.account import Account, DeployError
from deploy.names import Node, camel, free
from pipeline import settings
from pipeline.job import Job

OBJECT, DELIVERY = "object", "delivery stream"  # the far ends of connectors.kind
_DENIED = ("403", "AccessDenied", "AccessDeniedException")
_PATTERNS = {"bucket": reference.BUCKET, "key": reference.KEY, "delivery_stream": firehose.NAME}
_PARAMETERS = {"bucket": "Bucket", "key": "Key", "delivery_stream": "Delivery"}


@dataclass(frozen=True)
class Outside:
    """An object or a Firehose stream of a job.

    kind: OBJECT or DELIVERY. tables: the job's tables that are bound to it. parameters: the template's parameter for
    each of its settings. defaults: the settings' values in the declaration.
    """

    kind: str
    tables: tuple[str, ...]
    parameters: Mapping[str, str]
    defaults: Mapping[str, str]

    @property
    def arn(self) -> Node:
        """Its ARN, by the template's parameters."""
        name = {setting: f"${{{parameter}}}" for setting, parameter in self.parameters.items()}
        if self.kind == OBJECT:
            return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{name['bucket']}/{name['key']}"}
        where = "${AWS::Region}:${AWS::AccountId}"
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:firehose:{where}:deliverystream/{name['delivery_stream']}"}

    def names(self, value: Callable[[str], str]) -> dict[str, str]:
        """Its settings, by the values of the template's parameters."""
        return {setting: value(parameter) for setting, parameter in self.parameters.items()}


def of(job: Job, reserved: Collection[str]) -> list[Outside]:
    """What the job reads or writes outside of its stack, sources first. Tables with the same names by default share it.

    reserved: names that the template uses already.
    """
    values = settings.example(job).groups
    grouped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for table in (*job.sources, *job.sinks):
        kind = job.far_end(table)
        if kind in (OBJECT, DELIVERY):
            grouped.setdefault((kind, tuple(values[table][name] for name in _settings(kind))), []).append(table)
    found: list[Outside] = []
    taken = set(reserved)
    for (kind, defaults), tables in grouped.items():
        parameters = {name: free(camel(tables[0]) + _PARAMETERS[name], taken) for name in _settings(kind)}
        taken.update(parameters.values())
        found.append(Outside(kind, tuple(tables), parameters, dict(zip(_settings(kind), defaults, strict=True))))
    return found


def _settings(kind: str) -> tuple[str, ...]:
    """The settings that name what is behind a table."""
    return ("bucket", "key") if kind == OBJECT else ("delivery_stream",)


def parameters(found: Sequence[Outside]) -> Node:
    """The parameters for the names."""
    return {
        parameter: {
            "Type": "String",
            "Default": one.defaults[setting],
            "AllowedPattern": _PATTERNS[setting],
            "Description": f"{_MEANING[setting]} ({', '.join(one.tables)}), which the stack does not make",
        }
        for one in found
        for setting, parameter in one.parameters.items()
    }


_MEANING = {
    "bucket": "the bucket of the object that the job reads at its start",
    "key": "the object that the job reads at its start",
    "delivery_stream": "the Firehose stream that the job writes",
}


def statements(found: Sequence[Outside]) -> Iterator[tuple[str, str, str, list[Node]]]:
    """Permissions of the job's role: name, service, action, and exactly the objects and streams it is for."""
    yield "ReadReferences", "s3", "GetObject", [one.arn for one in found if one.kind == OBJECT]
    yield "WriteFirehose", "firehose", "PutRecordBatch", [one.arn for one in found if one.kind == DELIVERY]


def groups(found: Sequence[Outside]) -> dict[str, Node]:
    """The settings of each table, by the template's parameters."""
    return {
        table: {setting: {"Ref": parameter} for setting, parameter in one.parameters.items()}
        for one in found
        for table in one.tables
    }


def exists(account: Account, kind: str, names: Mapping[str, str]) -> bool:
    """Whether it is there. Raises DeployError if AWS does not answer, or does not permit the question."""
    if kind == OBJECT:
        look = account.client("s3").head_object
        return account.look_up(look, Bucket=names["bucket"], Key=names["key"]) is not None
    look = account.client("firehose").describe_delivery_stream
    return account.look_up(look, DeliveryStreamName=names["delivery_stream"]) is not None


def require(account: Account, found: Sequence[Outside], value: Callable[[str], str]) -> None:
    """Raise DeployError if something is missing. value: of a parameter.

    What this identity may not see may be there.
    """
    for one in found:
        names = one.names(value)
        try:
            is_missing = not exists(account, one.kind, names)
        except DeployError as error:
            if error.code not in _DENIED:
                raise
            is_missing = False
        if is_missing:
            what = f"object s3://{names['bucket']}/{names['key']}" if one.kind == OBJECT else ""
            what = what or f"Firehose stream {names['delivery_stream']}"
            flags = " and ".join(f"--set {parameter}=..." for parameter in one.parameters.values())
            raise DeployError(
                f"There is no {what} in {account.where}, which the table {one.tables[0]} needs, and no stack makes it: "
                f"make it first, or name another with {flags}."
            )
