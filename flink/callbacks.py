"""Keeps HTTP clients out of the callback server, which is Python's end of PyFlink's gateway to the JVM.

Both ends listen on 127.0.0.1, at free ports, without a password. The JVM's end closes a connection at the first line
that is no command of its protocol. Python's end goes on to the next line. So a page in a browser could post commands:
to import a module by its name, or to drop the object that shows the JVM that Python is alive, after which the JVM ends.
"""

from __future__ import annotations

import socket
from typing import Any

_COMMANDS = (b"c\n", b"g\n")  # py4j.protocol: CALL_PROXY and GARBAGE_COLLECT_PROXY


def for_java_only(gateway: Any) -> None:
    """From now on the callback server closes every connection that does not begin with a command."""
    server = gateway.get_callback_server()
    create = server._create_connection

    def checked(connection: socket.socket, stream: Any) -> Any:
        thread = create(connection, stream)
        run = thread.run
        thread.run = lambda: run() if _begins_as_java(connection) else thread.close(True)
        return thread

    server._create_connection = checked


def _begins_as_java(connection: socket.socket) -> bool:
    """Whether the first bytes are a command, without consuming them. A browser sends an HTTP method's name, or TLS."""
    try:
        return connection.recv(2, socket.MSG_PEEK | socket.MSG_WAITALL) in _COMMANDS
    except OSError:
        return False
