"""A Lambda service with one function, a handler in Python, that answers as told: slowly, throttled, not at all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

ARN = "arn:aws:lambda:us-east-1:123456789012:function:clean"


class Context:
    """What the test's handler asks of its context."""

    def get_remaining_time_in_millis(self) -> int:
        return 1000


@dataclass
class Service:
    """handler: the function. latency: of an answer, in seconds; late: of the next answers, before that counts. refuses:
    code and status of the next answers. is_down: whether all answers are that the service is unavailable. called: the
    number of records of each event. paths: of the requests. address: of the endpoint.
    """

    handler: Callable[[Any, Any], Any]
    latency: float = 0
    late: list[float] = field(default_factory=list)
    refuses: list[tuple[str, int]] = field(default_factory=list)
    is_down: bool = False
    called: list[int] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    refused: int = 0
    address: str = ""


@contextmanager
def serving(handler: Callable[[Any, Any], Any]) -> Iterator[Service]:
    """The service, at an address of its own."""
    service = Service(handler)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_what: object) -> None:
            """Silence: a test prints nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.paths.add(unquote(self.path))
            if service.is_down or service.refuses:
                code, status = ("ServiceException", 503) if service.is_down else service.refuses.pop(0)
                service.refused += 1
                self._answer(status, {"message": "Later."}, {"x-amzn-errortype": code})
                return
            event = json.loads(body)
            service.called.append(len(event["records"]))
            service.events.append({**event, "records": event["records"][:1]})
            time.sleep(service.late.pop(0) if service.late else service.latency)
            try:
                answer, headers = service.handler(event, Context()), {}
            except Exception as error:
                answer = {"errorMessage": str(error), "errorType": type(error).__name__}
                headers = {"X-Amz-Function-Error": "Unhandled"}
            with suppress(OSError):  # the client has not waited for it
                self._answer(200, answer, headers)

        def _answer(self, status: int, document: Any, headers: dict[str, str]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
