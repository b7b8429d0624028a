"""The server of the live map on this machine: what it sends, what it forwards, whom it refuses."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local import emulator, page, processes, resources
from local.emulator import Emulator
from local.processes import StartError
from local.resources import Names

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
    with page.running(CONFIG, aws.endpoint, dist=dist) as running:
        yield running


def ask(
    on: page.Page, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The answer to one request, exactly as it is written here: status, headers, body."""
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
    """Nothing but the page's own files is loaded or asked, no text becomes HTML, nobody may frame it."""
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
    """Each with a sentence, and without reading what else was sent."""
    told, answer, body = ask(served, path, method, **headers)
    assert told == status
    assert b"business" not in body
    assert "content-security-policy" in answer


def test_calls_reach_the_emulator_and_come_back(served: page.Page) -> None:
    """By the SDK of another language, with a body in and errors out."""
    kinesis, _dynamodb = resources.clients(emulator.environment(f"{served.address}aws"))
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
    """A browser that polls opens six connections, not one for each poll."""
    connection = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=10)
    connection.connect()
    opened = connection.sock
    body = json.dumps({"StreamName": "nowhere"}).encode()
    target = {"X-Amz-Target": "Kinesis_20131202.DescribeStreamSummary", "Content-Type": "application/x-amz-json-1.1"}
    for _time in range(3):
        connection.request("POST", "/aws/", body, target)
        answer = connection.getresponse()
        assert answer.status == 400
        assert b"ResourceNotFoundException" in answer.read()
        assert connection.sock is opened
    connection.close()


def test_no_emulator(dist: Path) -> None:
    """A sentence with status 502; the page itself goes on being served."""
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


def test_only_this_machine(served: page.Page) -> None:
    """It listens on 127.0.0.1, and nowhere else."""
    port = urlsplit(served.address).port or 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=2)


@pytest.mark.parametrize("flags", [[], ["--no-dashboard"]])
def test_with_the_emulator_by_hand(flags: list[str]) -> None:
    """`local aws` serves the page with the settings of what it made, or leaves it out."""
    command = [sys.executable, "-m", "local", "aws", "--port", "0", "--page-port", "0", "--no-archive", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            told = "".join(process.stdout.readline() for _line in range(3))
            address = re.search(r"live map (http://127\.0\.0\.1:\d+/)", told)
            assert (address is None) == bool(flags)
            if address:
                config = json.loads(ask(page.Page(address[1]), "/config.json")[2])
                cognito = resources.account(emulator.environment(f"{address[1]}aws")).client("cognito-identity")
                visitor = cognito.get_id(IdentityPoolId=config["identityPool"])["IdentityId"]
                assert cognito.get_credentials_for_identity(IdentityId=visitor)["Credentials"]["AccessKeyId"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def test_no_built_page(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="`make page` builds it"), page.running(CONFIG, "", dist=tmp_path):
        pass
