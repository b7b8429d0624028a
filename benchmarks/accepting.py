"""A server that accepts each PutRecords at once: what is measured against it is the caller."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from benchmarks.serving import serving


@dataclass
class Accepting:
    """The server's address, and the bodies of all calls in their order."""

    endpoint: str
    bodies: list[bytes]

    def records(self) -> Iterator[bytes]:
        """The data of all records, in the order in which they came."""
        for body in self.bodies:
            for record in json.loads(body)["Records"]:
                yield base64.b64decode(record["Data"])


@contextmanager
def accepting() -> Iterator[Accepting]:
    """Serve on 127.0.0.1 until the end of the block."""

    def answer(body: bytes) -> bytes:
        bodies.append(body)
        return _answer(body.count(b'"PartitionKey"'))

    bodies: list[bytes] = []
    with serving(answer, "application/x-amz-json-1.1") as endpoint:
        yield Accepting(endpoint, bodies)


@cache
def _answer(count: int) -> bytes:
    result = {"SequenceNumber": "4" * 56, "ShardId": "shardId-000000000001"}
    return json.dumps({"FailedRecordCount": 0, "Records": [result] * count}).encode()
