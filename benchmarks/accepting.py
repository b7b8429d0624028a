"""A server that accepts each PutRecords at once: what is measured against it is the caller."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Accepting:
    """The server's address, and the bodies of all calls in their order."""

    endpoint: str
    bodies: list[bytes] = field(default_factory=list)

    def records(self) -> Iterator[bytes]:
        """The data of all records, in the order in which they came."""
        for body in self.bodies:
            for record in json.loads(body)["Records"]:
                yield base64.b64decode(record["Data"])


@contextmanager
def accepting() -> Iterator[Accepting]:
    """Serve on 127.0.0.1 until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer waits 40 ms for the client to acknowledge its head

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.bodies.append(body)
            answer = _answer(body.count(b'"PartitionKey"'))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        calls = Accepting(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield calls
        finally:
            server.shutdown()


@cache
def _answer(count: int) -> bytes:
    result = {"SequenceNumber": "4" * 56, "ShardId": "shardId-000000000001"}
    return json.dumps({"FailedRecordCount": 0, "Records": [result] * count}).encode()
