"""The dashboard on this machine: the built page on 127.0.0.1, with a path that leads to the AWS emulator.

Page and data have one origin. So the page's policy can name that origin alone, and CORS is not involved (CORS would not
cover the Authorization header: the emulator allows `*`).
"""

from __future__ import annotations

import gzip
import io
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTP_PORT
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aws.session import REGION
from deploy import site
from java import paths
from local.emulator import Keys
from local.resources import Names
from program import processes
from program.processes import StartError

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "default",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_AWS = "/aws"
_MOST_BYTES = 1_000_000  # of a request; a request of the page has some hundred
_MOST_DIGITS = 20  # of the request's length; Python refuses to read a number of thousands of digits
_MOST_CONNECTIONS = 100  # at once; a browser opens six
# The limit for each of these as a whole, however small its parts: the wait for a request after the previous
# request, the request itself, the emulator's answer, and the sending of our answer.
_SECONDS = 30.0
_LAST_SECONDS = 2.0  # for data that a client still sends after a refusal
# The headers that an SDK may have signed.
_FORWARDED = re.compile(r"host|content-type|authorization|(x-)?amz-[a-z0-9-]+", re.IGNORECASE)
# The calls of a guest before it has keys. The emulator accepts them only with a signature, and this server signs them.
_UNSIGNED = ("AWSCognitoIdentityService.GetId", "AWSCognitoIdentityService.GetCredentialsForIdentity")
_RETURNED = ("x-amzn-requestid", "x-amzn-errortype", "x-amz-crc32", "date")
_TEXTS = (".html", ".js", ".css", ".json", ".svg")


@dataclass(frozen=True)
class Page:
    """A page that is served: its address, with a slash at the end."""

    address: str


@dataclass(frozen=True)
class _File:
    """A file of the page as S3 would send it, compressed if that saves enough."""

    plain: site.File
    packed: bytes | None


def settings(names: Names, region: str, identity_pool: str) -> dict[str, Any]:
    """The page's config.json for streams and table with these names, with AWS behind the page's own address."""
    streams = (names.raw, names.summary, names.errors)
    return {**site.config(region, identity_pool, streams, names.table), "endpoint": _AWS}


@contextmanager
def running(
    config: Mapping[str, Any], endpoint: str, port: int = 0, dist: Path = paths.PAGE, keys: Keys | None = None
) -> Iterator[Page]:
    """Serve the built page with these settings until the end. Port 0 takes a free port.

    endpoint: of the emulator, which gets every request below /aws. keys: the emulator's own keys; without them no guest
    can get keys. Raises StartError without a built page, or if the port is in use.
    """
    files = _files(dist)
    processes.require_free(port, "--page-port")

    class Bound(_Handler):
        page_files = files
        page_config = config
        emulator = endpoint
        emulator_keys = keys
        pool = urllib3.PoolManager(
            maxsize=16, block=True, retries=False, timeout=urllib3.Timeout(connect=5, read=_SECONDS)
        )

    with _Server(("127.0.0.1", port), Bound) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="page", daemon=True)
        thread.start()
        try:
            yield Page(f"http://127.0.0.1:{server.server_address[1]}/")
        finally:
            server.shutdown()
            thread.join(5)
            server.end_connections()
            Bound.pool.clear()


class _Server(ThreadingHTTPServer):
    """A server with a thread for each connection and a limit on connections."""

    daemon_threads = True
    request_queue_size = _MOST_CONNECTIONS
    block_on_close = False  # a browser keeps its connections open; end_connections ends them and their threads
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Close a connection beyond the limit at once."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve the connection in its own thread; at its end, release its place in the limit."""
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            self._places.release()

    def end_connections(self) -> None:
        """Shut down the connections that browsers keep open."""
        for connection in list(self._open):
            with suppress(OSError):  # the connection has ended already
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a browser that leaves in the middle of an answer: that is no error."""


class _Stream(io.RawIOBase):
    """A socket that can be read and written until a deadline, in seconds of the monotonic clock."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.deadline = 0.0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._allow()
        return self._connection.recv_into(buffer)

    def write(self, data: Any) -> int:
        self._allow()
        return self._connection.send(data)

    def _allow(self) -> None:
        """Give the next call the remaining time. Raises TimeoutError if there is none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)


def _signed(url: str, headers: Mapping[str, str], body: bytes, keys: Keys) -> dict[str, str]:
    """The headers of a call to Cognito, with its signature."""
    request = AWSRequest("POST", url, dict(headers), body)
    SigV4Auth(Credentials(keys.id, keys.secret), "cognito-identity", REGION).add_auth(request)
    return dict(request.headers)


def _files(dist: Path) -> dict[str, _File]:
    """Every file by its path in an address. Only these files are ever sent. Raises StartError without a page."""
    if not (dist / "index.html").is_file():
        raise StartError(f"The dashboard is not in {dist}: `make page` builds it, --no-dashboard leaves it out.")
    files = {f"/{file.key}": _File(file, _packed(file)) for file in site.built(dist)}
    files["/"] = files["/index.html"]
    return files


def _packed(file: site.File) -> bytes | None:
    return gzip.compress(file.body, mtime=0) if file.key.endswith(_TEXTS) else None


class _Handler(BaseHTTPRequestHandler):
    """One connection of a browser."""

    protocol_version = "HTTP/1.1"
    server_version = "page"
    sys_version = ""
    disable_nagle_algorithm = True
    page_files: ClassVar[Mapping[str, _File]]
    page_config: ClassVar[Mapping[str, Any]]
    emulator: ClassVar[str]
    emulator_keys: ClassVar[Keys | None]
    pool: ClassVar[urllib3.PoolManager]

    def setup(self) -> None:
        """Limit reading and writing as a whole; the library's limit is for each byte."""
        super().setup()
        self._stream = _Stream(self.connection)
        self.rfile = io.BufferedReader(self._stream)
        self.wfile = io.BufferedWriter(self._stream)

    def handle_one_request(self) -> None:
        """Handle the next request of the connection, if it arrives in time."""
        self._allow(_SECONDS)
        super().handle_one_request()

    def _allow(self, seconds: float) -> None:
        self._stream.deadline = time.monotonic() + seconds

    def handle_expect_100(self) -> bool:
        """Answer a request with `Expect: 100-continue`, if the request is accepted."""
        return self._is_welcome() and super().handle_expect_100()

    def do_GET(self) -> None:
        """Send a file of the page, or its settings."""
        if not self._is_welcome():
            return
        if self.headers.get_all("Content-Length", ["0"]) != ["0"] or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.BAD_REQUEST, f"A {self.command} has no body.")
            return
        path = self._path()
        if path == "/config.json":
            body = json.dumps(dict(self.page_config), indent=2).encode()
            self._send(HTTPStatus.OK, body, "application/json; charset=utf-8", {"Cache-Control": "no-store"})
        elif path in self.page_files:
            plain, packed = self.page_files[path].plain, self.page_files[path].packed
            headers = {"Cache-Control": plain.headers["CacheControl"], "Vary": "Accept-Encoding"}
            body = plain.body
            if packed is not None and "gzip" in self.headers.get("Accept-Encoding", ""):
                headers["Content-Encoding"] = "gzip"
                body = packed
            self._send(HTTPStatus.OK, body, plain.headers["ContentType"], headers)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such file.")

    def do_HEAD(self) -> None:
        """Send the answer to a GET without its body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Pass a call to AWS on to the emulator."""
        if not self._is_welcome():
            return
        length = self._length()
        if length is None or length > _MOST_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {_MOST_BYTES} bytes, and a Content-Length."
            )
            return
        if self._path().rstrip("/") != _AWS:
            self._refuse(HTTPStatus.NOT_FOUND, f"Only {_AWS} takes calls.")
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the body ended early
            return
        # The page's signature covers host and path: they stay the same.
        headers = {name.lower(): value for name, value in self.headers.items() if _FORWARDED.fullmatch(name)}
        is_unsigned = self.headers.get("X-Amz-Target") in _UNSIGNED and "Authorization" not in self.headers
        if self.emulator_keys and is_unsigned:
            headers = _signed(f"http://{self.headers['Host']}{self.path}", headers, body, self.emulator_keys)
        try:
            answer = self.pool.request("POST", self.emulator + self.path, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            self._refuse(HTTPStatus.BAD_GATEWAY, "The AWS emulator does not answer.")
            return
        returned = {name: value for name, value in answer.headers.items() if name.lower() in _RETURNED}
        kind = answer.headers.get("Content-Type", "application/x-amz-json-1.1")
        self._send(answer.status, answer.data, kind, {"Cache-Control": "no-store", **returned})

    def _path(self) -> str:
        """The target without its query."""
        return self.path.partition("?")[0]

    def _length(self) -> int | None:
        """Length of the body in bytes; None without a Content-Length, or with an ambiguous Content-Length."""
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or "Transfer-Encoding" in self.headers:
            return None
        length = lengths[0]
        return int(length) if length.isascii() and length.isdigit() and len(length) <= _MOST_DIGITS else None

    def _is_welcome(self) -> bool:
        """Whether the request names this server, and comes from its own page or from no page; else it is refused.

        A page of another site may point its name to 127.0.0.1 (DNS rebinding), or post here blindly. An ambiguous
        request is refused: two hosts, a malformed line among the headers, another server's address as the target.
        """
        hosts = self.headers.get_all("Host", [])
        origins = self.headers.get_all("Origin", [])
        if len(hosts) != 1 or self.headers.defects or not self.path.startswith("/"):
            self._refuse(HTTPStatus.BAD_REQUEST, "A request has a path, one Host, and headers.")
        elif hosts[0].lower() not in self._own_hosts():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "This server is known as 127.0.0.1 only.")
        elif origins not in ([], [f"http://{hosts[0].lower()}"]):
            self._refuse(HTTPStatus.FORBIDDEN, "Only the dashboard itself may send requests here.")
        elif any(len(self.headers.get_all(name, [])) > 1 for name in self.headers if _FORWARDED.fullmatch(name)):
            # With two targets, this check would see the first target, and the emulator would use the second.
            self._refuse(HTTPStatus.BAD_REQUEST, "A header that is signed comes once.")
        else:
            return True
        return False

    def _own_hosts(self) -> list[str]:
        names = ("127.0.0.1", "localhost")
        port = self.server.server_address[1]  # type: ignore[index]
        return [*(f"{name}:{port}" for name in names), *(names if port == HTTP_PORT else ())]

    def _refuse(self, status: int, why: str) -> None:
        """Refuse the request and end the connection; the request's body is not read."""
        self.close_connection = True
        self.request_version = self.protocol_version  # the library takes a malformed version for HTTP/0.9: no status
        self._send(status, f"{why}\n".encode(), "text/plain; charset=utf-8", {"Cache-Control": "no-store"})
        # Closing a connection while data still arrives may lose the answer.
        self.connection.shutdown(socket.SHUT_WR)
        self._allow(_LAST_SECONDS)
        while self.rfile.read1():
            pass

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self._allow(_SECONDS)
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send the status line only: the emulator's answers have their own Date."""
        self.send_response_only(code, message)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the library's refusals (a method, a malformed request) with the same headers as all other answers."""
        self.command = getattr(self, "command", None) or "GET"
        self._refuse(code, explain or message or HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's name)
        """Print nothing: the terminal belongs to the demo."""
