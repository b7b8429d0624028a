"""Flink's REST server and web UI admit programs and pages of their own address, and no page of another origin.

The tests use a JobManager alone, as `local cluster up` starts it. Other tests cover the doorkeeper of a job in one JVM
(tests/test_local.py), and `flink run` with a real cluster (tests/test_cluster.py).
"""

from __future__ import annotations

import http.server
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from flink import cluster
from java import jars, paths
from program import environment
from tests import browser
from tests.emulated import wait_for

FOREIGN = "Origin: https://elsewhere.example"


@dataclass(frozen=True)
class Server:
    """A JobManager with its REST server."""

    folder: Path
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def lines(self, *lines: str) -> bytes:
        """Lines of a request, with the server's port in place of PORT."""
        return "\r\n".join([*lines, "", ""]).replace("PORT", str(self.port)).encode()

    def ask(self, *lines: str) -> int:
        """The status of the answer to exactly these lines; 0 without an answer."""
        with self.connect() as connection:
            connection.sendall(self.lines(*lines, "Connection: close"))
            return status(everything(connection))

    def uploads(self) -> list[Path]:
        """The files in Flink's folder of uploads: a folder for each upload, with the parts received so far."""
        return [*self.folder.rglob("flink-web-upload/*"), *self.folder.rglob("FUp_*")]


def everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def status(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(match[1]) if match else 0


@pytest.fixture(scope="module")
def server(flink: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("doorkeeper")
    with cluster.running(folder, cluster.Size(0, 1), environment.plain()) as running:
        yield Server(folder, urlsplit(running.rest.address).port or 0)


GET = "GET /overview HTTP/1.1"
OWN = "Host: 127.0.0.1:PORT"


@pytest.mark.parametrize(
    "lines",
    [
        (GET, OWN),
        (GET, "Host: localhost:PORT"),
        (GET, "host: LocalHost:PORT"),
        (GET, "Host: [::1]:PORT"),
        (GET, OWN, "Origin: http://127.0.0.1:PORT"),
        (GET, "Host: localhost:PORT", "Origin: http://localhost:PORT"),
        (GET, OWN, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Dest: empty"),
        (GET, OWN, "Sec-Fetch-Site: none", "Sec-Fetch-Dest: document"),
        # A link in another page, such as the dashboard, may lead to the web UI.
        ("GET / HTTP/1.1", OWN, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"),
        ("GET /overview HTTP/1.0", OWN),
    ],
)
def test_programs_and_pages_of_its_own_are_let_in(server: Server, lines: tuple[str, ...]) -> None:
    assert server.ask(*lines) == 200


@pytest.mark.parametrize(
    "lines",
    [
        (GET,),
        ("GET /overview HTTP/1.0",),
        (GET, "Host:"),
        (GET, "Host: elsewhere.example"),
        (GET, "Host: elsewhere.example:PORT"),
        (GET, "Host: 127.0.0.1"),
        (GET, "Host: 127.0.0.1:1"),
        (GET, "Host: 127.0.0.1:0PORT"),
        (GET, "Host: 127.0.0.1.elsewhere.example:PORT"),
        (GET, "Host: localhost.:PORT"),
        (GET, "Host: 0.0.0.0:PORT"),
        (GET, "Host: you@127.0.0.1:PORT"),
        (GET, "Host: 127.0.0.1:PORT, elsewhere.example"),
        (GET, OWN, "Host: elsewhere.example"),
        (GET, "Host: elsewhere.example", OWN),
        (GET, OWN, OWN),
        (GET, "Host : 127.0.0.1:PORT"),
        (GET, OWN, FOREIGN),
        (GET, OWN, "Origin: null"),
        (GET, OWN, "Origin:"),
        (GET, OWN, "Origin: http://127.0.0.1:1"),
        (GET, OWN, "Origin: http://127.0.0.1"),
        (GET, OWN, "Origin: https://127.0.0.1:PORT"),
        (GET, OWN, "Origin: http://localhost:PORT"),  # another server may listen there, on ::1
        (GET, OWN, "Origin: http://127.0.0.1:PORT", FOREIGN),
        (GET, OWN, FOREIGN, "Origin: http://127.0.0.1:PORT"),
        (GET, OWN, "Origin: http://127.0.0.1:PORT https://elsewhere.example"),
        (GET, OWN, "Origin : https://elsewhere.example"),
        (GET, OWN, "Origin:", " https://elsewhere.example"),
        ("GET / HTTP/1.1", OWN, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: iframe"),
        ("POST / HTTP/1.1", OWN, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document", "Content-Length: 0"),
        # No link to an action: Flink cancels a job with a GET too.
        (GET, OWN, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"),
        (f"GET /jobs/{32 * '0'}/yarn-cancel HTTP/1.1", OWN, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"),
        (GET, OWN, "Sec-Fetch-Site: same-site", "Sec-Fetch-Dest: image"),
        (GET, OWN, "Sec-Fetch-Site: cross-site"),
        (GET, OWN, FOREIGN, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        ("GET http://127.0.0.1:PORT/overview HTTP/1.1", OWN),
        ("GET http://elsewhere.example/overview HTTP/1.1", OWN),
        ("OPTIONS /jobs HTTP/1.1", OWN, FOREIGN, "Access-Control-Request-Method: POST"),
        ("OPTIONS * HTTP/1.1", OWN),
        ("CONNECT 127.0.0.1:PORT HTTP/1.1", OWN),
        ("HEAD / HTTP/1.1", "Host: elsewhere.example:PORT"),
        ("PATCH /jobs/00000000000000000000000000000000 HTTP/1.1", OWN, FOREIGN),
        ("POST /jobs HTTP/1.1", OWN, FOREIGN, "Content-Type: text/plain", "Content-Length: 2", "Expect: 100-continue"),
    ],
)
def test_pages_of_anywhere_else_are_refused(server: Server, lines: tuple[str, ...]) -> None:
    """A page of another origin is refused by name, port or origin, in any spelling, for any method, before any body."""
    assert server.ask(*lines) == 403


def test_each_request_of_a_connection_is_looked_at(server: Server) -> None:
    """An admitted request admits no later request on its connection; after a refusal the connection ends."""
    with server.connect() as connection:
        connection.sendall(server.lines(GET, OWN))
        assert status(connection.recv(65536)) == 200
        connection.sendall(server.lines(GET, OWN, FOREIGN) + server.lines(GET, OWN))
        answer = everything(connection)
    assert status(answer) == 403
    assert answer.count(b"HTTP/1.1") == 1


UPLOAD = (
    b'--frontier\r\nContent-Disposition: form-data; name="jobGraph"; filename="graph.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n" + b"\xac\xed\x00\x05" * 50_000
)


@contextmanager
def uploading(server: Server, *headers: str) -> Iterator[socket.socket]:
    """The submission of a job, not yet complete."""
    with server.connect() as connection:
        kind = "Content-Type: multipart/form-data; boundary=frontier"
        connection.sendall(server.lines("POST /v1/jobs HTTP/1.1", *headers, kind, "Content-Length: 90000000") + UPLOAD)
        yield connection


def test_a_refused_upload_never_lands_on_the_disk(server: Server) -> None:
    """An upload in a page's form, without a preflight, is refused during the upload, and no part of it is kept."""
    for headers in ([OWN, FOREIGN], ["Host: elsewhere.example:PORT"]):
        with uploading(server, *headers) as connection:
            assert status(connection.recv(65536)) == 403
            assert not server.uploads()
    with uploading(server, OWN):  # a program's upload is on the disk: so the check above can find an upload
        wait_for(lambda: bool(server.uploads()), 20, "Flink has the upload on its disk")


class _Hostile(http.server.BaseHTTPRequestHandler):
    """A page of another origin that tries to submit a job, to frame the web UI, and to read from the web UI."""

    target: str

    def do_GET(self) -> None:
        page = f"""<!doctype html><title>waiting</title><iframe src="{self.target}/"></iframe>
            <script>
              const form = new FormData();
              form.append("jobGraph", new Blob(["graph"]), "graph.bin");
              const ask = (path, more) => fetch("{self.target}" + path, more).then((it) => it.type, () => "refused");
              Promise.all([
                ask("/v1/jobs", {{ method: "POST", mode: "no-cors", body: form }}),
                ask("/v1/jobs/overview", {{ mode: "no-cors" }}),
                ask("/v1/jobs/overview"),
              ]).then((all) => {{ document.title = all.join(" "); }});
            </script>"""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


def test_in_a_browser(server: Server, tmp_path: Path) -> None:
    """Flink's web UI works in Chromium, and a page of another origin has no effect."""
    address = f"http://127.0.0.1:{server.port}"
    here = ("127.0.0.1", 0)
    with browser.running(tmp_path) as chromium, http.server.ThreadingHTTPServer(here, _Hostile) as elsewhere:
        tab = browser.Tab(chromium)
        tab.open(f"{address}/")
        tab.until(lambda: "Available Task Slots" in tab.js("return document.body.innerText"), "the overview")
        assert "Version: 2.3" in tab.js("return document.body.innerText")
        assert not [answer for answer in answers(chromium) if answer["status"] >= 400]

        _Hostile.target = address
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        tab.open(f"http://127.0.0.1:{elsewhere.server_address[1]}/")
        tab.until(lambda: chromium.title not in ("", "waiting"), "the hostile page is done")
        asked = {answer["url"]: answer["status"] for answer in answers(chromium) if answer["url"].startswith(address)}
        elsewhere.shutdown()
    assert asked == {f"{address}{path}": 403 for path in ("/", "/v1/jobs", "/v1/jobs/overview")}


def answers(chromium: Any) -> list[dict[str, Any]]:
    """URL and status of each answer that the browser has received since the last call."""
    messages = (json.loads(entry["message"])["message"] for entry in chromium.get_log("performance"))
    return [one["params"]["response"] for one in messages if one["method"] == "Network.responseReceived"]


def test_the_doorkeeper_stays_here(tmp_path: Path) -> None:
    """A Flink here has the doorkeeper on its class path, or does not start; the shipped jars do not contain it."""
    for folder in (paths.LIB, paths.CLUSTER_LIB):
        assert (paths.require(folder) / paths.DOORKEEPER.name).exists()
    (tmp_path / "flink-dist.jar").touch()
    with pytest.raises(paths.NotSetUp, match="make setup"):
        paths.require(tmp_path)
    shipped = [*(paths.JARS / jar.file_name for jar in jars.locked("job")), paths.FUNCTIONS]
    assert not [jar for jar in shipped if b"Doorkeeper" in jar.read_bytes()]
    assert b"Doorkeeper" in paths.DOORKEEPER.read_bytes()
