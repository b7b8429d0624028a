"""PutRecords without the part of boto3 that takes longer than the record took to make.

boto3 writes a request and reads a response by the service's model, value by value. Here a request is written from a
template, and a response is read as JSON. All the rest stays boto3's: address, credentials, signature, connection,
errors. It happens in handlers of its events:
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/events.html
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient


def install(client: KinesisClient) -> None:
    """Let `put_records` of this client write requests and read responses quickly.

    The client was made with parameter_validation=False. A record has Data in bytes and PartitionKey, and nothing else;
    put_records raises ValueError for more.
    """
    client.meta.events.register("before-parameter-build.kinesis.PutRecords", _withhold)
    client.meta.events.register("before-call.kinesis.PutRecords", _write)
    client.meta.events.register("before-parse.kinesis.PutRecords", _read)


def _withhold(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Keep the records from boto3, which serializes the other parameters."""
    context["records"] = params["Records"]
    params["Records"] = ()


def _write(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Put the records into the request before it is signed."""
    body = json.loads(params["body"])
    del body["Records"]
    others = json.dumps(body).encode()
    params["body"] = others[:-1] + b', "Records": [' + b", ".join(_entries(context["records"])) + b"]}"


def _entries(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    records = tuple(records)
    if any(len(record) > len(("Data", "PartitionKey")) for record in records):
        raise ValueError("A record has Data and PartitionKey here, and nothing else.")
    return (
        b'{"Data": "%b", "PartitionKey": %b}'
        % (b2a_base64(record["Data"], newline=False), _quoted(record["PartitionKey"]))
        for record in records
    )


@cache  # as many entries as there are keys
def _quoted(key: str) -> bytes:
    return json.dumps(key).encode()


def _read(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Read the results of the records; boto3 reads what else a response has, and errors."""
    if response_dict["status_code"] != HTTPStatus.OK:
        return
    try:
        results = json.loads(response_dict["body"])
    except ValueError:
        return  # boto3 reads it, and says so
    if isinstance(results, dict) and isinstance(results.get("Records"), list):
        customized_response_dict.update(results)
        response_dict["body"] = b"{}"
