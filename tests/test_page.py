"""The server of the dashboard on this machine: its files, the calls that it forwards, its refusals."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from local import emulator, page, resources
from local.emulator import Emulator
from local.resources import Names
from program import processes
from program.processes import StartError
from tests.emulated import wait_for

CONFIG = page.settings(Names("r", "s", "e", "t"), "us-east-1", "us-east-1:pool")
SCRIPT = b"export const answer = 42;\n" * 50


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(b"<!doctype html><title>map</title>")
    (built / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (built / "assets" / "dot.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret.txt").write_text("nobody's business")
    return built


@pytest.fixture
def served(dist: Path, aws: Emulator) -> Iterator[page.Page]:
    with page.running(CONFIG, aws.endpoint, dist=dist, keys=aws.keys) as running:
        yield running


def ask(
    on: page.Page, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The answer to exactly this request: status, headers, body."""
    connection = http.client.HTTPConnection(urlsplit(on.address).netloc, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_files(served: page.Page) -> None:
    status, headers, body = ask(served, "/")
    assert (status, body) == (200, b"<!doctype html><title>map</title>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    status, headers, body = ask(served, "/assets/index-abc.js?x=1")
    assert (status, body) == (200, SCRIPT)
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ask(served, "/assets/dot.png")[1]["content-type"] == "image/png"
    status, headers, body = ask(served, "/", "HEAD")
    assert (status, headers["content-length"], body) == (200, "33", b"")


def test_texts_are_packed_for_those_who_can_unpack(served: page.Page) -> None:
    status, headers, body = ask(served, "/assets/index-abc.js", Accept_Encoding="br, gzip")
    assert (status, headers["content-encoding"], headers["vary"]) == (200, "gzip", "Accept-Encoding")
    assert len(body) < len(SCRIPT) / 5
    assert gzip.decompress(body) == SCRIPT
    assert "content-encoding" not in ask(served, "/assets/dot.png", Accept_Encoding="gzip")[1]


def test_settings(served: page.Page) -> None:
    status, headers, body = ask(served, "/config.json")
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert json.loads(body) == {
        "region": "us-east-1",
        "identityPool": "us-east-1:pool",
        "streams": {"readings": "r", "summary": "s", "errors": "e"},
        "table": "t",
        "window": 60_000,
        "endpoint": "/aws",
    }


@pytest.mark.parametrize("path", ["/", "/config.json", "/nothing", "/aws"])
def test_headers_on_every_answer(served: page.Page, path: str) -> None:
    """A page loads and calls only its own origin, no text becomes HTML, and no other page may frame it."""
    _status, headers, _body = ask(served, path)
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types default"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert "server" not in headers


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/../secret.txt", "GET", {}, 404),
        ("/%2e%2e/secret.txt", "GET", {}, 404),
        ("/assets/../../secret.txt", "GET", {}, 404),
        ("/assets/", "GET", {}, 404),
        ("/aws", "GET", {}, 404),
        ("/", "PUT", {}, 501),
        ("/", "POST", {"Content_Length": "0"}, 404),
        ("/elsewhere", "POST", {"Content_Length": "0"}, 404),
        ("/", "GET", {"Host": "rebound.example"}, 421),
        ("/config.json", "GET", {"Host": "127.0.0.1"}, 421),
        ("/aws/", "POST", {"Content_Length": "0", "Host": "rebound.example"}, 421),
        ("/aws/", "POST", {"Content_Length": "0", "Origin": "https://elsewhere.example"}, 403),
        ("/aws/", "POST", {"Content_Length": "0", "Origin": "null"}, 403),
        ("/aws/", "POST", {"Content_Length": "1000001"}, 413),
        ("/aws/", "POST", {"Content_Length": "-1"}, 413),
        ("/aws/", "POST", {"Content_Length": "\u00b2"}, 413),
        ("/aws/", "POST", {"Transfer_Encoding": "chunked"}, 413),
        ("/aws/", "POST", {"Transfer_Encoding": "chunked", "Content_Length": "0"}, 413),
    ],
)
def test_refused(served: page.Page, path: str, method: str, headers: dict[str, str], status: int) -> None:
    """Each refusal has a sentence, and the rest of the request is not read."""
    told, answer, body = ask(served, path, method, **headers)
    assert told == status
    assert b"business" not in body
    assert "content-security-policy" in answer


def raw(on: page.Page, *lines: str, body: bytes = b"") -> tuple[int, bytes]:
    """Status and bytes of the whole answer to exactly these lines, with the server's port in place of PORT."""
    port = urlsplit(on.address).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        head = "\r\n".join([*lines, "", ""]).replace("PORT", str(port)).encode("latin-1")
        connection.sendall(head + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(match[1]) if match else 0, answer


OWN = "Host: 127.0.0.1:PORT"
GET = "GET /config.json HTTP/1.1"
POST = "POST /aws/ HTTP/1.1"
GUEST = "X-Amz-Target: AWSCognitoIdentityService.GetId"
MALFORMED = [
    # Two hosts, or none, in any order: other programs may use another host than the host that was checked.
    ((GET, OWN, "Host: rebound.example"), 400),
    ((GET, "Host: rebound.example", OWN), 400),
    ((GET, OWN, OWN), 400),
    ((GET,), 400),
    (("GET /config.json HTTP/1.0",), 400),
    ((GET, "Host:"), 421),
    ((GET, "Host: 127.0.0.1:1"), 421),
    ((GET, "Host: 127.0.0.1:PORT, rebound.example"), 421),
    ((GET, "Host: 127.0.0.1:PORT", " rebound.example"), 421),
    ((GET, "Host : 127.0.0.1:PORT"), 400),
    ((GET, OWN, "no header", "Origin: https://elsewhere.example"), 400),
    ((GET, OWN, "Origin : https://elsewhere.example"), 400),
    ((GET, OWN, "Origin:"), 403),
    ((GET, OWN, "Origin: http://127.0.0.1:PORT", "Origin: https://elsewhere.example"), 403),
    ((GET, OWN, "Origin: https://elsewhere.example", "Origin: http://127.0.0.1:PORT"), 403),
    ((GET, OWN, "Origin: https://127.0.0.1:PORT"), 403),
    ((GET, OWN, "Origin: http://localhost:PORT"), 403),  # another server may listen there, on ::1
    (("GET http://rebound.example/config.json HTTP/1.1", OWN), 400),
    (("GET http://127.0.0.1:PORT/config.json HTTP/1.1", OWN), 400),
    (("GET http://[ HTTP/1.1", OWN), 400),
    (("GET config.json HTTP/1.1", OWN), 400),
    # An invalid length, or several lengths.
    *(((POST, OWN, f"Content-Length: {length}"), 413) for length in ("9" * 5000, "0" * 5000, "9" * 50_000, "", "+5")),
    *(((POST, OWN, f"Content-Length: {length}"), 413) for length in ("-0", "1_0", "0x5", "5.0", "5,5", "\xb9", "5 5")),
    ((POST, OWN), 413),
    ((POST, OWN, "Content-Length: 2", "Content-Length: 2"), 413),
    ((POST, OWN, "Content-Length: 0", "Content-Length: 2"), 413),
    ((POST, OWN, "Content-Length: 2", "Transfer-Encoding: chunked"), 413),
    ((GET, OWN, "Content-Length: 2"), 400),
    ((GET, OWN, "Transfer-Encoding: chunked"), 400),
    (("HEAD / HTTP/1.1", OWN, "Content-Length: 2"), 400),
    # Two targets: this server signs for one target, and the emulator must not use the other.
    *(
        ((POST, OWN, "Content-Length: 2", GUEST, f"{name}: Kinesis_20131202.ListStreams"), 400)
        for name in ("X-Amz-Target", "x-amz-target")
    ),
    ((POST, OWN, "Content-Length: 2", "X-Amz-Target: Kinesis_20131202.ListStreams", GUEST), 400),
    # Larger than needed.
    ((f"GET /{'x' * 70_000} HTTP/1.1", OWN), 414),
    ((GET, OWN, f"X-Long: {'x' * 70_000}"), 431),
    ((GET, OWN, *(f"X-{number}: x" for number in range(200))), 431),
    # Not a protocol of this server.
    (("nonsense",), 400),
    (("GET / HTTP/3.0", OWN), 505),
    (("\x16\x03\x01\x02\x00\x01", OWN), 400),
    ((GET, OWN, "Origin: https://elsewhere.example", "Connection: Upgrade", "Upgrade: websocket"), 403),
    (("OPTIONS /aws/ HTTP/1.1", OWN, "Origin: https://elsewhere.example", "Access-Control-Request-Method: POST"), 501),
    # Not a file of the page, in any spelling.
    *(((f"GET {path} HTTP/1.1", OWN), 404) for path in ("/index.html%00.png", "/index.html\0", "//etc/passwd", "/aws")),
    *(((f"GET {path} HTTP/1.1", OWN), 404) for path in ("/..%5csecret.txt", "/..\\secret.txt", "/%252e/", "/./")),
]


@pytest.mark.parametrize(("lines", "status"), MALFORMED)
def test_what_can_be_read_in_two_ways_is_refused(served: page.Page, lines: tuple[str, ...], status: int) -> None:
    """An ambiguous request gets an answer; then the connection ends, so that no rest passes for another request."""
    told, answer = raw(served, *lines, body=b"{}GET /config.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert told == status
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"pool" not in answer
    assert b"Access-Control" not in answer


def test_nothing_is_read_of_a_body_that_is_refused(served: page.Page) -> None:
    """The server does not wait for a refused body, with or without `Expect`, and its answer is not lost."""
    foreign = "Origin: https://elsewhere.example"
    assert raw(served, POST, OWN, foreign, "Content-Length: 9", "Expect: 100-continue")[1].count(b"HTTP/1.1") == 1
    assert raw(served, POST, OWN, foreign, "Content-Length: 9000000", body=b"x" * 9_000_000)[0] == 403
    assert raw(served, POST, OWN, "Content-Length: 9000000", body=b"x" * 9_000_000)[0] == 413


def test_requests_behind_each_other(served: page.Page) -> None:
    """Each request on a connection is answered in order, and checked separately."""
    following = f"{GET}\r\n{OWN}\r\n\r\nHEAD / HTTP/1.1\r\n{OWN}\r\n\r\n{GET}\r\nHost: rebound.example\r\n\r\n"
    port = str(urlsplit(served.address).port)
    _status, answer = raw(served, GET, OWN, body=2 * following.replace("PORT", port).encode())
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"200", b"200", b"200", b"421"]


def test_the_emulators_answer_lets_no_other_origin_read_it(served: page.Page) -> None:
    call = {"X_Amz_Target": "Kinesis_20131202.ListStreams", "Content_Type": "application/x-amz-json-1.1"}
    status, headers, _body = ask(served, "/aws/", "POST", b"{}", **call)
    assert status
    assert not [name for name in headers if name.startswith("access-control")]


SLOWLY = [
    (b"GET / HTTP/1.1\r\n", b"X"),  # headers
    (b"", b"G"),  # the first line
    (b"POST /aws/ HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 999999\r\n\r\n", b"x"),  # a body
    (b"GET /%s HTTP/1.1\r\nHost: rebound.example\r\n\r\n", b"x"),  # the rest of a refused request
]


@pytest.mark.parametrize(("start", "more"), SLOWLY)
def test_a_slow_sender_holds_nothing(dist: Path, monkeypatch: pytest.MonkeyPatch, start: bytes, more: bytes) -> None:
    """The limit is for the whole request: sending byte by byte does not extend it."""
    monkeypatch.setattr(page, "_SECONDS", 0.6)
    monkeypatch.setattr(page, "_LAST_SECONDS", 0.6)
    before = threading.active_count()
    with page.running(CONFIG, "http://127.0.0.1:1", dist=dist) as on:
        port = urlsplit(on.address).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
            slow.sendall(start.replace(b"PORT", str(port).encode()))
            wait_for(lambda: threading.active_count() > before + 1, 10, "the connection has its thread")

            def is_cut() -> bool:
                try:
                    slow.sendall(more)
                except OSError:
                    return True
                return threading.active_count() <= before + 1

            wait_for(is_cut, 20, "the connection is ended")
        assert ask(on, "/")[0] == 200


def test_a_slow_reader_holds_nothing(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads its answer in small parts is limited too."""
    monkeypatch.setattr(page, "_SECONDS", 1.0)
    (dist / "large.png").write_bytes(bytes(30_000_000))
    before = threading.active_count()
    with page.running(CONFIG, "http://127.0.0.1:1", dist=dist) as on:
        port = urlsplit(on.address).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
            slow.sendall(f"GET /large.png HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert slow.recv(1000).startswith(b"HTTP/1.1 200")
            wait_for(lambda: not slow.recv(100) or threading.active_count() <= before + 1, 20, "it is ended")


def test_so_many_connections_and_no_more(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection above the limit ends at once; the end of another connection makes room."""
    monkeypatch.setattr(page, "_MOST_CONNECTIONS", 3)
    with page.running(CONFIG, "http://127.0.0.1:1", dist=dist) as on:
        address = ("127.0.0.1", urlsplit(on.address).port or 0)
        held = [socket.create_connection(address, timeout=10) for _each in range(3)]
        with socket.create_connection(address, timeout=10) as more:
            assert more.recv(10) == b""
        for connection in held:
            connection.close()
        wait_for(lambda: is_served(on), 10, "there is room again")


def is_served(on: page.Page) -> bool:
    try:
        return ask(on, "/")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_calls_reach_the_emulator_and_come_back(served: page.Page, aws: Emulator) -> None:
    """An SDK of another language works, with bodies and errors."""
    kinesis, _dynamodb = resources.clients(emulator.environment(f"{served.address}aws", aws.keys))
    kinesis.create_stream(StreamName="page", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="page", WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    kinesis.put_record(StreamName="page", Data=b"reading", PartitionKey="any")
    iterator = kinesis.get_shard_iterator(
        StreamName="page", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    assert [record["Data"] for record in answer["Records"]] == [b"reading"]
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream_summary(StreamName="nowhere")


def test_one_connection_for_many_requests(served: page.Page) -> None:
    """A browser that polls opens six connections, not a connection per poll."""
    connection = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=10)
    connection.connect()
    opened = connection.sock
    body = json.dumps({"StreamName": "nowhere"}).encode()
    target = {"X-Amz-Target": "Kinesis_20131202.DescribeStreamSummary", "Content-Type": "application/x-amz-json-1.1"}
    for _time in range(3):
        connection.request("POST", "/aws/", body, target)
        answer = connection.getresponse()
        assert answer.status == 403
        assert b"has to be signed" in answer.read()
        assert connection.sock is opened
    connection.close()


def test_no_emulator(dist: Path) -> None:
    """Without the emulator a call gets a sentence with status 502; the page is still served."""
    nobody = f"http://127.0.0.1:{processes.free_port()}"
    with page.running(CONFIG, nobody, dist=dist) as on:
        status, _headers, body = ask(on, "/aws/", "POST", b"{}")
        assert (status, body) == (502, b"The AWS emulator does not answer.\n")
        assert ask(on, "/")[0] == 200


def test_a_browser_that_goes_away_is_no_error(served: page.Page, capfd: pytest.CaptureFixture[str]) -> None:
    for _time in range(5):
        with socket.create_connection(("127.0.0.1", urlsplit(served.address).port or 0)) as left:
            left.sendall(b"GET /assets/index-abc.js HTTP/1.1\r\nHost: x")
    assert ask(served, "/")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_the_port_is_released_and_its_loss_is_told(dist: Path) -> None:
    port = processes.free_port()
    for _time in range(2):
        with page.running(CONFIG, "http://127.0.0.1:1", port, dist) as on:
            assert on.address == f"http://127.0.0.1:{port}/"
            with pytest.raises(StartError, match=f"Port {port} .* --page-port"), page.running(CONFIG, "", port, dist):
                pass
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


def test_a_connection_that_is_kept_ends_with_the_page(dist: Path) -> None:
    """Once the page has ended, no request is answered, not even on an open connection."""
    with page.running(CONFIG, "http://127.0.0.1:1", dist=dist) as on:
        parts = urlsplit(on.address)
        kept = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        kept.request("GET", "/")
        assert kept.getresponse().read()
        opened = kept.sock
    assert opened
    assert opened.recv(1) == b""
    kept.close()


def test_only_this_machine(served: page.Page) -> None:
    """The server listens on 127.0.0.1 only."""
    port = urlsplit(served.address).port or 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=2)


@pytest.mark.parametrize("flags", [[], ["--no-dashboard"]])
def test_with_the_emulator_by_hand(flags: list[str]) -> None:
    """`local aws` serves the page with the settings of the created resources, or leaves it out."""
    command = [sys.executable, "-m", "local", "aws", "--port", "0", "--page-port", "0", "--no-archive", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            told = "".join(process.stdout.readline() for _line in range(3))
            address = re.search(r"dashboard (http://127\.0\.0\.1:\d+/)", told)
            assert (address is None) == bool(flags)
            if address:
                config = json.loads(ask(page.Page(address[1]), "/config.json")[2])
                cognito = boto3.client(
                    "cognito-identity",
                    region_name="us-east-1",
                    endpoint_url=f"{address[1]}aws",
                    config=Config(signature_version=UNSIGNED),
                )
                visitor = cognito.get_id(IdentityPoolId=config["identityPool"])["IdentityId"]
                assert cognito.get_credentials_for_identity(IdentityId=visitor)["Credentials"]["AccessKeyId"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def test_no_built_page(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="`make page` builds it"), page.running(CONFIG, "", dist=tmp_path):
        pass
