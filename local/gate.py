"""The gate before the emulator: it admits only callers that have the keys.

ministack's AUTH=true is not enough. It takes an unsigned call that names the key `test` or an account number for a
call of the root user. It checks no signature of root. It leaves its own switches (/_ministack/reset,
/_ministack/config) open. A page in a browser can post all these calls blindly, and can read the answers too if its name
resolves to 127.0.0.1.
So a request must name this machine as its host, must not come from another site, and must be signed. The signature uses
the keys of this run, and the gate checks it; or it uses the keys of a session, and ministack checks it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = "/_ministack/health"
SESSION = "ASIA"  # prefix of a session's keys; the keys of a run never have it
_LARGEST = 64 * 1024 * 1024  # bytes of a body; S3 accepts more in one call, this application's package is the largest
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/\d{8}/[a-z0-9-]+/[a-z0-9-]+/aws4_request, ?"
    r"SignedHeaders=[a-z0-9;_.-]+, ?Signature=[0-9a-f]{64}"
)


class Refused(Exception):  # noqa: N818  (the name is the event)
    """The request is refused; the arguments are the status, AWS's error code, and a sentence."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(why)
        self.status, self.code, self.why = status, code, why


class Gate:
    """An ASGI application that guards another ASGI application."""

    def __init__(self, app: App, key: str, secret: str) -> None:
        self._app, self._key, self._secret = app, key, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        try:
            body = await self._admit(scope, headers, receive)
        except Refused as refused:
            await _answer(scope, headers, refused, send)
            return
        await self._app(scope, _again(body, receive), send)

    async def _admit(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> bytes:
        """The body of an admitted request. Raises Refused for any other request."""
        if scope["type"] != "http":
            raise Refused(403, "AccessDenied", "Nothing here speaks WebSocket.")
        _require_own(headers)
        if scope["path"] == HEALTH and scope["method"] == "GET":
            return b""
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        key = _key(headers, query)
        body = await _read(receive)
        if key == self._key:
            self._check(scope, headers, query, body)
        elif scope["path"].startswith("/_") or not key.startswith(SESSION):
            raise Refused(403, "UnrecognizedClientException", "These are not the keys of this emulator's run.")
        return body

    def _check(self, scope: Scope, headers: Mapping[str, str], query: Mapping[str, list[str]], body: bytes) -> None:
        """Raise Refused unless the signature is right and recent."""
        from ministack.core import sigv4  # noqa: PLC0415  (the emulator's; only its process has it loaded)

        presigned = "authorization" not in headers
        signature = sigv4.parse_query_signature(query) if presigned else sigv4.parse_header_signature(headers)
        if isinstance(signature, tuple):
            raise Refused(403, *signature)
        if presigned:
            late = sigv4.presigned_request_is_expired(signature.amz_date, query.get("X-Amz-Expires", ["0"])[0])
            failure = ("AccessDenied", "Request has expired") if late else None
        else:
            failure = sigv4.request_time_failure(signature)
        path = scope["raw_path"].decode("latin-1")
        failure = failure or sigv4.header_signature_failure(
            signature, self._secret, scope["method"], path, query, headers, body, presigned=presigned
        )
        if failure:
            raise Refused(403, *failure)


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name. A repeated header has both values, so that neither passes for the only value."""
    found: dict[str, str] = {}
    for name, value in scope.get("headers", ()):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def _require_own(headers: Mapping[str, str]) -> None:
    """Raise Refused if the request names another host, or comes from a page of another host."""
    host = headers.get("host", "")
    if not _is_here(host):
        raise Refused(421, "AccessDenied", "The emulator is known as 127.0.0.1 and localhost only.")
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        raise Refused(403, "AccessDenied", "No page of another site may ask.")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused(403, "AccessDenied", "No page of another site may ask.")


def _is_here(host: str) -> bool:
    """Whether a Host header names this machine, with or without a bucket before the name, as S3 allows."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in ("127.0.0.1", "localhost", "::1") or name.endswith(".localhost")


def _key(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str:
    """The access key of the signature, from the header or the presigned query, but not from both."""
    in_query = {name.lower() for name in query} & {"x-amz-credential", "x-amz-algorithm", "awsaccesskeyid", "signature"}
    if "authorization" in headers:
        match = _SIGNED.fullmatch(headers["authorization"])
        if match and not in_query:
            return match[1]
    elif query.get("X-Amz-Algorithm") == ["AWS4-HMAC-SHA256"] and "awsaccesskeyid" not in in_query:
        found = query.get("X-Amz-Credential", [])
        if len(found) == 1:
            return found[0].partition("/")[0]
    raise Refused(403, "MissingAuthenticationTokenException", "A call has to be signed with the emulator's keys.")


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "IncompleteBody", "The request ended before its body.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > _LARGEST:
            raise Refused(413, "RequestEntityTooLargeException", f"A body has {_LARGEST:,} bytes at most.")
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that returns the body already read, and after it the events that follow."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def once() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return once


async def _answer(scope: Scope, headers: Mapping[str, str], refused: Refused, send: Send) -> None:
    if scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1008})
        return
    if "x-amz-target" in headers:
        # Services with this protocol use this name for the same error.
        code = "InvalidSignatureException" if refused.code == "SignatureDoesNotMatch" else refused.code
        kind = "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": refused.why}).encode()
    else:
        error = f"<Error><Code>{refused.code}</Code><Message>{refused.why}</Message></Error>"
        is_query = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        body = (f"<ErrorResponse>{error}</ErrorResponse>" if is_query else error).encode()
        kind = "text/xml"
    answer = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refused.status, "headers": answer})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})
