"""An object store that answers GetObject as told: whole, broken off, late, refused. It has one object."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODIFIED = "Sun, 22 Nov 2026 06:00:00 GMT"


@dataclass
class Bucket:
    """content: of the object. breaks: after how many bytes each of the next answers breaks off. instead: the content
    after the next of these. refuses: code and status of the next answers. opened: awaited by each answer. asked: the
    Range of each request, in order.
    """

    content: bytes
    breaks: list[int] = field(default_factory=list)
    instead: bytes | None = None
    refuses: list[tuple[str, int]] = field(default_factory=list)
    opened: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def tag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


@contextmanager
def serving(content: bytes) -> Iterator[Bucket]:
    """A server with this object under any name. It answers at once, unless `opened` is cleared."""
    bucket = Bucket(content)
    bucket.opened.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_what: object) -> None:
            """Silence: a test prints nothing."""

        def do_GET(self) -> None:
            bucket.asked.append(self.headers.get("Range", ""))
            bucket.opened.wait(60)
            self.close_connection = True
            if bucket.refuses:
                self._refuse(*bucket.refuses.pop(0))
            elif self.headers.get("If-Match", bucket.tag) != bucket.tag:
                self._refuse("PreconditionFailed", 412)
            else:
                first = int((re.findall(r"\d+", self.headers.get("Range", "")) or ["0"])[0])
                self._give(bucket.content[first:], partly=first > 0)

        def _give(self, body: bytes, *, partly: bool) -> None:
            self.send_response(206 if partly else 200)
            for name, value in (("Content-Length", len(body)), ("ETag", bucket.tag), ("Last-Modified", MODIFIED)):
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body[: bucket.breaks[0]] if bucket.breaks else body)
            if bucket.breaks:
                bucket.breaks.pop(0)
                bucket.content, bucket.instead = bucket.instead or bucket.content, None

        def _refuse(self, code: str, status: int) -> None:
            body = f"<Error><Code>{code}</Code><Message>as told</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/xml")
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    bucket.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield bucket
    finally:
        bucket.opened.set()
        server.shutdown()
        server.server_close()
        thread.join()
