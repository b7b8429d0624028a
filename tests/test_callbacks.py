"""The two ends of PyFlink's gateway: a POST from a page in a browser has no effect on Python and the JVM."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from typing import Any

import pytest

from flink import callbacks

# In the standard library, never imported here, and without any other effect.
MODULE = "this"


@pytest.fixture
def gateway(jvm: Any) -> Any:  # noqa: ARG001  (prepares this process)
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415  (needs the fixture `jvm` first)

    return get_gateway()


def posted(port: int, commands: str, extra: int) -> bytes:
    """The answer to a POST as a page can send it, with these commands as its body and some further headers."""
    lines = ["POST / HTTP/1.1", "Host: elsewhere.example", "Origin: https://elsewhere.example"]
    lines += [*(f"X-{number}: x" for number in range(extra)), f"Content-Length: {len(commands)}", "", commands]
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall("\r\n".join(lines).encode())
        while more := connection.recv(65536):
            answer += more
    return answer


class Called:
    """An object that the JVM can call."""

    def __init__(self) -> None:
        self.by_java = threading.Event()

    def run(self) -> None:
        self.by_java.set()

    class Java:
        implements = ("java.lang.Runnable",)


def test_python_is_called_by_java_alone(gateway: Any) -> None:
    """A POST calls no Python function, for any number of headers: they shift the pairs in which PyFlink reads lines."""
    callbacks.for_java_only(gateway)
    port = gateway.get_callback_server().get_listening_port()
    assert MODULE not in sys.modules
    for extra in range(4):
        for name in list(gateway.gateway_property.pool.dict):
            body = f"x\nc\n{name}\ngetPythonFunction\ns{MODULE}\nss\ne\n"
            assert posted(port, body, extra) == b""
            assert posted(port, f"x\ng\n{name}\ne\n", extra) == b""
    assert MODULE not in sys.modules
    called = Called()
    gateway.jvm.java.lang.Thread(called).start()
    assert called.by_java.wait(20), "the JVM still reaches Python"


def test_the_jvm_ends_at_the_first_line_of_http(gateway: Any) -> None:
    """The JVM's end closes by itself at the first line of HTTP: no command after that line runs."""
    for extra in range(2):
        posted(gateway.gateway_parameters.port, "c\nz:java.lang.System\nsetProperty\nsdoor\nsopen\ne\n", extra)
    assert gateway.jvm.java.lang.System.getProperty("door") is None
