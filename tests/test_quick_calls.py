"""PutRecords from a template: the service gets what boto3 would send, and the caller what boto3 would read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from aws.session import client, to
from producer import quick_calls

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient

ENDPOINT = "http://127.0.0.1:4566"
RECORDS = [
    {"Data": b'{"Name": "Shadowfax"}\n', "PartitionKey": "Shadowfax"},
    {"Data": b"\xff\x00", "PartitionKey": 'Zoë "x" \\'},
    {"Data": b"", "PartitionKey": "%b %s"},
]
RESULTS = [
    {"SequenceNumber": "1", "ShardId": "shardId-000000000000"},
    {"ErrorCode": "InternalFailure", "ErrorMessage": "Zoë"},
    {"SequenceNumber": "2", "ShardId": "shardId-000000000001"},
]
ANSWER = json.dumps({"FailedRecordCount": 1, "EncryptionType": "NONE", "Records": RESULTS}).encode()


class Raw(io.BytesIO):
    """The body of a response, as urllib3 has it."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def called(install: Callable[[KinesisClient], None], status: int, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The request that the service gets, and what the caller gets for this response. Raises what boto3 raises."""
    requests: list[Any] = []
    headers: Any = {}

    def answer(request: AWSPreparedRequest, **_: Any) -> Any:
        requests.append(request)
        return AWSResponse(request.url, status, headers, Raw(body))

    kinesis: Any = client(
        "kinesis", to(ENDPOINT), ENDPOINT, Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    )
    install(kinesis)
    kinesis.meta.events.register("before-send.kinesis.PutRecords", answer)
    output = kinesis.put_records(StreamName="wildrydes", Records=RECORDS)
    (request,) = requests
    assert int(request.headers["Content-Length"]) == len(request.body)
    return json.loads(request.body), dict(output)


def test_request_and_response_are_boto3s() -> None:
    """For any bytes and keys, the request has the same content as boto3's, and so has the response."""
    assert called(quick_calls.install, 200, ANSWER) == called(lambda _: None, 200, ANSWER)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"__type": "ResourceNotFoundException", "message": "no stream"}', ClientError),
        (500, b"", ClientError),
        (200, b"<html>", None),
        (200, b'{"Records": null}', None),
        (200, b"{}", None),
    ],
)
def test_errors_are_boto3s(status: int, body: bytes, error: type[Exception] | None) -> None:
    """An error response, and a response that is none of Kinesis, end as they do with boto3 alone."""
    ends = []
    for install in (quick_calls.install, lambda _: None):
        if error is None:
            ends.append(str(called(install, status, body)))
        else:
            with pytest.raises(error) as raised:
                called(install, status, body)
            ends.append(str(raised.value))
    assert ends[0] == ends[1]
