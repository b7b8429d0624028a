"""A port that forwards to another port, until all its connections are cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def running(port: int, endpoint: str) -> Iterator[Cuttable]:
    """Forward this port of 127.0.0.1 to the endpoint until the block ends; then close it, with its connections."""
    host, _colon, upstream = endpoint.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", port)) as server:
        made = Cuttable(server, (host, int(upstream)))
        threading.Thread(target=made.accept, daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown(socket.SHUT_RDWR)
            made.cut()


class Cuttable:
    """The connections through such a port."""

    def __init__(self, server: socket.socket, upstream: tuple[str, int]) -> None:
        self._server = server
        self._upstream = upstream
        self._ends: list[socket.socket] = []

    def accept(self) -> None:
        """Accept connections until the port is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._server.accept()
                service = socket.create_connection(self._upstream)
                self._ends += [client, service]
                for pair in ((client, service), (service, client)):
                    threading.Thread(target=_pump, args=pair, daemon=True).start()

    def cut(self) -> int:
        """Cut all open connections; returns the number of their ends."""
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        return len(ends)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
