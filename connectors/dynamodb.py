"""DynamoDB tables as sinks: this project's own `dynamodb` (java/src/dynamodb).

Names, types and defaults of options: docs/connectors.md.
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
    **aws.sink_options(entries=25, size=16_000_000),
}


def sink(place: aws.Aws, table: str, *, key: tuple[str, ...], more: Mapping[str, str] | None = None) -> Connector:
    """A table to write whole items to; the newest item of a key wins.

    key: the table's key columns. The sink sends only the last item of a key in a batch, as the service refuses a batch
    with the same key twice, and never two items of a key at a time.
    """
    options = {
        "connector": "dynamodb",
        "table-name": table,
        **place.options(),
        "sink.flush-buffer.timeout": "500",
        # Refused items are sent again until they are accepted. Whatever the value, an item that is never accepted or a
        # missing table fails the job, which goes on from its checkpoint once that is corrected.
        "sink.fail-on-error": "false",
    }
    return Connector(checked("DynamoDB sink", merged(options, more), OPTIONS), partitioned_by=key)


_TYPES = {"S": "text", "N": "number", "B": "bytes"}


def mismatch(described: Mapping[str, Any], key: Sequence[str], columns: Mapping[str, str]) -> str | None:
    """Why the table does not accept the rows, as a clause such as "has the key ..., not ..."; None if it does.

    described: the table in the response of DescribeTable. key: the rows' key, the partition key first. columns: the
    type of each column (S, N or B); an index with another type for a column refuses the rows.
    """
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in described["AttributeDefinitions"]}
    hash_first = sorted(described["KeySchema"], key=lambda part: part["KeyType"] != "HASH")
    actual = [part["AttributeName"] for part in hash_first]
    if actual != list(key) or any(types.get(name) != columns[name] for name in key):
        return f"has the key {_typed(actual, types)}, not {_typed(key, columns)}"
    for name, type_ in types.items():
        if type_ != columns.get(name, type_):
            return f"has an index over {_typed([name], types)}, where the rows have {_typed([name], columns)}"
    return None


def _typed(names: Sequence[str], types: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({_TYPES.get(types.get(name, ''), 'unknown')})" for name in names)


def _sink(place: aws.Aws, settings: Mapping[str, str], declared: Declared, options: Mapping[str, str]) -> Connector:
    return sink(place, settings["table"], key=declared.key, more=options)


KIND = Kind(
    "dynamodb",
    "table",
    "{table}",
    sink=End(
        {"table": Setting("the DynamoDB table to write")},
        _sink,
        declared=("key", "grows", "shrinks"),
        required=("key",),
    ),
)
