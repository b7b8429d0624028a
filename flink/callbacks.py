"""Python's end of PyFlink's gateway, which the JVM calls back: kept from everybody who speaks HTTP.

Both ends listen on 127.0.0.1, at ports of their own choice, without a password. The JVM's ends a connection at the
first line that is no command of its protocol. Python's goes on to the next line: what a page in a browser posts there
would be carried out, which is to import a module by its name, or to forget the object by which the JVM sees that Python
is alive, upon which it ends.
"""

from __future__ import annotations

import socket
from typing import Any

_COMMANDS = (b"c\n", b"g\n")  # call, and forget: py4j.protocol, CALL_PROXY and GARBAGE_COLLECT_PROXY


def for_java_only(gateway: Any) -> None:
    """From now on a connection to the gateway's callback server has to begin as the JVM's do, or it ends."""
    server = gateway.get_callback_server()
    create = server._create_connection

    def checked(connection: socket.socket, stream: Any) -> Any:
        thread = create(connection, stream)
        run = thread.run
        thread.run = lambda: run() if _begins_as_java(connection) else thread.close(True)
        return thread

    server._create_connection = checked


def _begins_as_java(connection: socket.socket) -> bool:
    """Whether the first bytes are a command; they stay to be read. A browser's are a method's name, or TLS."""
    try:
        return connection.recv(2, socket.MSG_PEEK | socket.MSG_WAITALL) in _COMMANDS
    except OSError:
        return False
