"""A proxy between AWS clients and the emulator, with faults on request while the clients work.

    with proxy.running(aws.endpoint) as between:
        with between.fault(rules.throttle("PutRecords", share=0.3)) as throttled:
            ...  # clients that use between.endpoint
        assert throttled.hits

It speaks HTTP/1.1 with JSON: HTTP/2 and CBOR must be off in Java's clients. Each request is forwarded at most once, on
a connection of its own, so a record that is written twice was sent twice.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import socketserver
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local import emulator
from local.emulator import Keys
from tests.faults import exchange
from tests.faults.exchange import Answer, Cut, Request, Shard
from tests.faults.rules import Rule

UPSTREAM_LIMIT = 30.0  # seconds that the emulator may be silent
IDLE_LIMIT = 120.0  # seconds that a client's connection may be silent; SDKs close theirs after 60
END_LIMIT = 10.0  # seconds for all connections to end
LARGEST_BODY = 16 * 1024 * 1024  # bytes; PutRecords takes 10 MiB, BatchWriteItem 16
HOST = "127.0.0.1"
# Headers between two neighbours, or that follow from the body: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
# Answers must not be compressed, since rules may read them.
_NOT_FORWARDED = {
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "transfer-encoding",
}


class ProxyError(Exception):
    """The proxy cannot do its work, or a test used it wrongly; the text is one sentence."""


@contextlib.contextmanager
def running(upstream: str | Mapping[str, str], keys: Keys | None = None) -> Iterator[Proxy]:
    """A proxy on a free port of 127.0.0.1 in front of an endpoint, or an endpoint per service ("Kinesis", "DynamoDB").

    An endpoint with a path gets all its requests at that path.
    keys: of the emulator, with which the proxy signs requests again that a rule has changed.
    Raises ProxyError at the end if a rule or a client made an error.
    """
    between = Proxy(upstream, keys)
    try:
        yield between
    finally:
        between.close()
    if between.mistakes:
        raise ProxyError(between.mistakes[0])


class Proxy:
    """A running proxy. `seen` counts all incoming requests by operation."""

    def __init__(self, upstream: str | Mapping[str, str], keys: Keys | None = None) -> None:
        self._upstreams = upstream
        self._keys = keys or Keys("local", "local")
        self._rules: list[Rule] = []
        self._shards: dict[str, Shard] = {}  # by every iterator in an answer
        self._calls: set[http.client.HTTPConnection] = set()
        self._closed = False
        self._lock = threading.Lock()
        self.seen: Counter[str] = Counter()
        self.mistakes: list[str] = []
        # It never listens. It keeps other processes from taking the port while the proxy is gone.
        self._place = socket.socket()
        _share(self._place)
        self._place.bind((HOST, 0))
        self.port = int(self._place.getsockname()[1])
        self._servers = [_Server(self)]  # the last server listens; connections of the other servers may be ending

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which every AWS SDK calls the proxy."""
        return emulator.environment(self.endpoint, self._keys)

    def serve(self, service: str, endpoint: str) -> None:
        """Forward the requests of one service more, of a proxy with an endpoint per service."""
        assert isinstance(self._upstreams, dict), "the proxy has one endpoint for all services"
        self._upstreams[service] = endpoint

    def add(self, rule: Rule) -> None:
        """Apply the rule from now on. A request passes the rules in the order in which they were added."""
        rule.over.clear()
        with self._lock:
            self._rules.append(rule)

    def remove(self, rule: Rule) -> None:
        """Stop applying the rule; requests that wait in it continue."""
        with self._lock:
            self._rules = [other for other in self._rules if other is not rule]
        rule.over.set()

    def clear(self) -> None:
        for rule in tuple(self._rules):
            self.remove(rule)

    @contextlib.contextmanager
    def fault(self, rule: Rule) -> Iterator[Rule]:
        """Apply the rule until the block ends."""
        self.add(rule)
        try:
            yield rule
        finally:
            self.remove(rule)

    @contextlib.contextmanager
    def gone(self) -> Iterator[None]:
        """Until the block ends, the port refuses connections, and all connections are cut; then the proxy is back.

        Requests that the emulator already has are still carried out.
        """
        self._servers[-1].stop()
        try:
            yield
        finally:
            self._servers.append(_Server(self))

    def close(self) -> None:
        """End every connection and thread. Raises ProxyError if a thread does not end."""
        with self._lock:
            self._closed = True
        self.clear()
        deadline = time.monotonic() + END_LIMIT
        self._servers[-1].stop()
        with self._lock:
            calls = tuple(self._calls)
        for call in calls:
            _cut(call.sock)
        self._place.close()
        threads = [thread for server in self._servers for thread in server.threads()]
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        if any(thread.is_alive() for thread in threads):
            raise ProxyError(f"A connection of the fault proxy did not end within {END_LIMIT:.0f} s.")

    def answer(self, request: Request) -> Answer:
        """The answer of the rules, or else of the emulator; raises Cut for no answer."""
        with self._lock:
            self.seen[request.operation] += 1
            rules = tuple(self._rules)
        if "cbor" in request.header("content-type"):
            raise ProxyError("The fault proxy reads JSON only: set AWS_CBOR_DISABLE=true and CBOR_ENABLED=false.")
        if request.operation == "GetRecords":
            request = replace(request, shard=self._shards.get(request.json.get("ShardIterator", "")))
        forward = self._forward
        for rule in reversed(rules):
            forward = partial(rule.apply, forward=forward)
        return forward(request)

    def _forward(self, request: Request) -> Answer:
        endpoint = self._upstreams if isinstance(self._upstreams, str) else self._upstreams.get(request.service)
        if endpoint is None:
            raise ProxyError(f"The fault proxy has no endpoint for {request.service or request.path}.")
        try:
            answer = self._call(endpoint, request)
        except (OSError, http.client.HTTPException) as error:
            message = f"{endpoint} does not answer the fault proxy: {str(error) or type(error).__name__}."
            return exchange.answer(request, {"__type": "BadGateway", "message": message}, 502)
        self._remember(request, answer)
        return answer

    def _call(self, endpoint: str, request: Request) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=UPSTREAM_LIMIT)
        with self._lock:
            if self._closed:  # the request has waited in a rule until now
                raise Cut
            self._calls.add(connection)
        try:
            path = urlsplit(endpoint).path or request.path
            connection.request(request.method, path, request.body, self._signed(request))
            response = connection.getresponse()
            return Answer(response.status, tuple(_forwarded(response.getheaders())), response.read())
        finally:
            with self._lock:
                self._calls.discard(connection)
            connection.close()

    def _signed(self, request: Request) -> dict[str, str]:
        """The headers to forward, with a new signature, since a rule may have changed the body."""
        headers = dict(_forwarded(request.headers))
        scope = re.search(rf"Credential={self._keys.id}/\d+/([^/]+)/([^/]+)/", request.header("authorization"))
        if scope is None:
            return headers
        url = f"http://{request.header('host')}{request.path}"
        again = AWSRequest(request.method, url, headers, request.body)
        SigV4Auth(Credentials(self._keys.id, self._keys.secret), scope[2], scope[1]).add_auth(again)
        return dict(again.headers)

    def _remember(self, request: Request, answer: Answer) -> None:
        """Remember the shard of each iterator in the answer."""
        if answer.status != 200:
            return
        if request.operation == "GetShardIterator":
            self._shards[answer.json["ShardIterator"]] = Shard(request.stream, request.json["ShardId"])
        elif request.operation == "GetRecords" and request.shard and (following := _next(answer)):
            self._shards[following] = request.shard


def _next(answer: Answer) -> str | None:
    """The NextShardIterator of a GetRecords; None at the end of a closed shard."""
    following = answer.json.get("NextShardIterator")
    return None if following is None else str(following)


def _forwarded(headers: Any) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in headers if name.lower() not in _NOT_FORWARDED)


def _share(listener: socket.socket) -> None:
    """Let other sockets of this user share the port: a placeholder keeps it while the server comes and goes."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _cut(connection: socket.socket | None) -> None:
    """End a connection whose thread may be reading or writing."""
    if connection is not None:
        with contextlib.suppress(OSError):  # it has just ended by itself
            connection.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    """A listening socket and a thread for each connection, until it is stopped."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, proxy: Proxy) -> None:
        super().__init__((HOST, proxy.port), _Connection, bind_and_activate=False)
        self.proxy = proxy
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        try:
            _share(self.socket)
            self.server_bind()
            self.server_activate()
        except OSError as error:
            self.server_close()
            raise ProxyError(f"The fault proxy cannot listen on port {proxy.port} of {HOST}: {error}.") from error
        self._listening = threading.Thread(target=self.serve_forever, args=(0.1,), name="fault proxy", daemon=True)
        self._listening.start()

    def stop(self) -> None:
        """Stop listening, and cut every connection; their threads end soon after."""
        self.shutdown()
        self.server_close()
        self._listening.join(END_LIMIT)
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            _cut(connection)

    def threads(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._open.values())

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="fault proxy", daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._open[request]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Ignore a client that disconnected."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.proxy.mistakes.append(f"The fault proxy failed: {error!r}.")


class _Connection(BaseHTTPRequestHandler):
    """The requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_LIMIT
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in as few packets as possible
    server: _Server

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        request = Request(self.command, self.path, tuple(self.headers.items()), body)
        try:
            answer = self.server.proxy.answer(request)
        except Cut:
            self.close_connection = True
        except Exception as error:  # a rule's condition is the test's own code and may raise anything
            self._mistake(request, error)
        else:
            self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  (their names in BaseHTTPRequestHandler)

    def _body(self) -> bytes | None:
        """The whole body, or None, after which the connection ends."""
        length = self.headers.get("Content-Length", "" if self.command == "POST" else "0")
        if "Transfer-Encoding" in self.headers or (length.isdecimal() and int(length) > LARGEST_BODY):
            self.send_error(413)
        elif length.isdecimal():  # otherwise the connection was cut before the client sent a length
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
        self.close_connection = True
        return None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the error, and report it at the end of the test: for example HTTP/2, or a body without a length."""
        super().send_error(code, message, explain)
        if code != 400:  # 400 is the rest of a request whose connection was cut
            self.server.proxy.mistakes.append(f"The fault proxy refused {self.requestline[:60]!r} with status {code}.")

    def _mistake(self, request: Request, error: Exception) -> None:
        text = str(error) if isinstance(error, ProxyError) else f"A rule failed at {request.operation}: {error!r}."
        self.server.proxy.mistakes.append(text)
        self._send(Answer(500, (), json.dumps({"__type": "FaultProxyError", "message": text}).encode()))

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name in BaseHTTPRequestHandler)
        """Print nothing: tests look at counters."""
