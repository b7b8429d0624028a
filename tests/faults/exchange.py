"""A request in AWS's JSON protocol through the fault proxy, and its answer.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any


class Cut(Exception):  # noqa: N818  (no error: an order to the proxy)
    """Raised in place of an answer: the client's connection is closed without an answer."""


@dataclass(frozen=True)
class Shard:
    """A shard by the names of its stream and of itself; every stream has a shardId-000000000000."""

    stream: str
    id: str


FUNCTIONS = "/2015-03-31/functions/"  # the path of Lambda's API


@dataclass(frozen=True)
class Request:
    """An HTTP request of an AWS client. `shard` is the shard of a GetRecords' iterator, if known."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    shard: Shard | None = None

    def header(self, name: str) -> str:
        """The header's value, or an empty text."""
        return next((value for given, value in self.headers if given.lower() == name), "")

    @property
    def service(self) -> str:
        """Kinesis or DynamoDB: the name before the date in X-Amz-Target; Lambda by its path; else empty."""
        if self.path.startswith(FUNCTIONS):
            return "Lambda"
        return self.header("x-amz-target").partition("_")[0]

    @property
    def operation(self) -> str:
        """PutRecords, GetRecords, BatchWriteItem, ...; empty without X-Amz-Target."""
        return self.header("x-amz-target").partition(".")[2]

    @cached_property
    def json(self) -> dict[str, Any]:
        """The parsed body. It must not be changed, as it is parsed only once."""
        return dict(json.loads(self.body or b"{}"))

    @property
    def stream(self) -> str:
        """The name of the request's stream, also from an ARN or an iterator; empty if unknown."""
        if self.shard:
            return self.shard.stream
        return str(self.json.get("StreamName") or self.json.get("StreamARN", "").rpartition("/")[2])

    def with_json(self, content: dict[str, Any]) -> Request:
        return replace(self, body=json.dumps(content).encode())


@dataclass(frozen=True)
class Answer:
    """An HTTP answer of an AWS service."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @cached_property
    def json(self) -> dict[str, Any]:
        """The parsed body. It must not be changed, as it is parsed only once."""
        return dict(json.loads(self.body))


def answer(request: Request, content: dict[str, Any], status: int = 200) -> Answer:
    """An answer that the proxy makes itself."""
    version = "1.0" if request.service == "DynamoDB" else "1.1"
    return Answer(
        status,
        (("Content-Type", f"application/x-amz-json-{version}"), ("x-amzn-RequestId", str(uuid.uuid4()))),
        json.dumps(content).encode(),
    )


# Kinesis has plain error names, DynamoDB a prefix with the namespace of its model. AccessDenied comes from the
# framework before both, which capitalises Message. SDKs use the part after the last #.
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_FRAMEWORK = "com.amazon.coral.service#"


def server_error(request: Request) -> Answer:
    """A service's own failure, status 500: a retry may help."""
    message = "The request processing has failed because of an unknown error, exception or failure."
    code = f"{_DYNAMODB}InternalServerError" if request.service == "DynamoDB" else "InternalFailure"
    return answer(request, {"__type": code, "message": message}, 500)


def throttled(request: Request) -> Answer:
    """More than the limit of the shards or the table, status 400: a later retry may help."""
    namespace = _DYNAMODB if request.service == "DynamoDB" else ""
    message = "Rate exceeded: the fault proxy throttles this operation."
    return answer(request, {"__type": f"{namespace}ProvisionedThroughputExceededException", "message": message}, 400)


def denied(request: Request) -> Answer:
    """A missing permission, status 400: no retry helps."""
    namespace = _FRAMEWORK if request.service == "DynamoDB" else ""
    message = (
        "User: arn:aws:iam::000000000000:user/local is not authorized to perform: "
        f"{request.service.lower()}:{request.operation} because no identity-based policy allows the action"
    )
    return answer(request, {"__type": f"{namespace}AccessDeniedException", "Message": message}, 400)


def expired(request: Request) -> Answer:
    """A shard iterator that is over 5 minutes old, status 400: the client needs a new iterator."""
    message = "Iterator expired: it is further in the past than the tolerated delay of 300000 milliseconds."
    return answer(request, {"__type": "ExpiredIteratorException", "message": message}, 400)


def invalid(request: Request) -> Answer:
    """A request that the service never accepts, status 400: no retry helps."""
    message = "1 validation error detected: the fault proxy found a documented limit exceeded."
    if request.service == "DynamoDB":
        return answer(request, {"__type": "com.amazon.coral.validate#ValidationException", "message": message}, 400)
    return answer(request, {"__type": "InvalidArgumentException", "message": message}, 400)
