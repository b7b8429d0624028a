"""A server of a function as Lambda calls it, which answers after a while: what the benchmark `preprocessing` calls."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serving(function: Callable[[Any, Any], Any], latency: float) -> Iterator[str]:
    """Its address on 127.0.0.1, until the block ends. latency: seconds from a call to its answer, at least."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            began = time.monotonic()
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = json.dumps(function(event, None)).encode()
            time.sleep(max(0.0, latency - (time.monotonic() - began)))
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name in the base class)
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
