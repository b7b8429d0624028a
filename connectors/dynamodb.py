"""A DynamoDB table to write: `dynamodb` of flink-connector-dynamodb 4.3.0-1.19.

Option names, types and defaults: the connector's documentation page of release 4.3. The factory itself
accepts any name, which is why they are listed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import aws
from connectors.connector import Connector, Option, checked, merged
from connectors.kind import Declared, End, Kind, Setting

OPTIONS: Mapping[str, Option] = {
    "connector": Option(choices=("dynamodb",)),
    "table-name": Option(),
    **aws.OPTIONS,
    # BatchWriteItem takes 25 items at most; a larger number makes the sink throw.
    "sink.batch.max-size": Option("int", "25"),
    "sink.requests.max-inflight": Option("int", "50"),
    "sink.requests.max-buffered": Option("int", "10000"),
    "sink.flush-buffer.timeout": Option("ms", "5000"),
    "sink.fail-on-error": Option("bool", "false"),
    "sink.http-client.max-concurrency": Option("int", "10000"),
    "sink.http-client.read-timeout": Option("ms", "360000"),
}


def sink(place: aws.Aws, table: str, *, key: tuple[str, ...], more: Mapping[str, str] | None = None) -> Connector:
    """A table to write whole items to, the newest winning.

    key: the table's own key columns; within a batch only the last item of a key is sent, since the service
    refuses a batch that holds a key twice.
    """
    options = {
        "connector": "dynamodb",
        "table-name": table,
        **place.options(),
        "sink.flush-buffer.timeout": "500",
        # As for Kinesis: sent again until taken. What BatchWriteItem calls invalid, or a table that is not there, fails
        # the job whatever this says, and it goes on from its checkpoint once that is mended.
        "sink.fail-on-error": "false",
    }
    return Connector(checked("DynamoDB sink", merged(options, more), OPTIONS), partitioned_by=key)


_KINDS = {"S": "text", "N": "number", "B": "bytes"}


def misfit(described: Mapping[str, Any], key: Sequence[str], columns: Mapping[str, str]) -> str | None:
    """Why a table cannot take the rows, as a clause such as "has the key ..., not ..."; None if it can.

    described: the table as DescribeTable tells of it. key: the columns that should be its key, the partition's first.
    columns: the type of each column of a row, S, N or B; an index that has one of them as another type refuses the row.
    """
    types = {one["AttributeName"]: one["AttributeType"] for one in described["AttributeDefinitions"]}
    order = sorted(described["KeySchema"], key=lambda one: one["KeyType"] != "HASH")
    found = [one["AttributeName"] for one in order]
    if found != list(key) or any(types.get(name) != columns[name] for name in key):
        return f"has the key {_told(found, types)}, not {_told(key, columns)}"
    for name, type_ in types.items():
        if type_ != columns.get(name, type_):
            return f"has an index over {_told([name], types)}, where the rows have {_told([name], columns)}"
    return None


def _told(names: Sequence[str], types: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({_KINDS.get(types.get(name, ''), 'unknown')})" for name in names)


def _sink(place: aws.Aws, values: Mapping[str, str], declared: Declared, options: Mapping[str, str]) -> Connector:
    return sink(place, values["table"], key=declared.key, more=options)


KIND = Kind(
    "dynamodb",
    "table",
    sink=End(
        {"table": Setting("the DynamoDB table to write")},
        _sink,
        declared=("key", "grows", "shrinks"),
        required=("key",),
    ),
)
