"""kinesis-mock treats shards like Kinesis, has the lock's version, and is reachable from this machine only."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dashboard import node
from local import emulator, resources
from program import processes
from program.processes import StartError
from tests.faults import kinesis_mock, proxy

TOP = 2**128  # hash keys are below it
FIRST = "shardId-000000000000"


def create(kinesis: Any, stream: str, shards: int) -> None:
    kinesis.create_stream(StreamName=stream, ShardCount=shards)
    wait_until_active(kinesis, stream)


def wait_until_active(kinesis: Any, stream: str) -> None:
    """Wait until the stream is neither being created nor resharded."""
    deadline = time.monotonic() + 20
    while kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamStatus"] != "ACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def put(kinesis: Any, stream: str, data: str, hash_key: int) -> str:
    """Put a record to the shard of this hash key; returns the shard from the answer."""
    answer = kinesis.put_record(StreamName=stream, Data=data, PartitionKey="any", ExplicitHashKey=str(hash_key))
    return str(answer["ShardId"])


def read(kinesis: Any, stream: str, shard: str) -> tuple[list[str], bool]:
    """The records in the shard, and whether it ends like a closed shard."""
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"])
    return [record["Data"].decode() for record in answer["Records"]], answer.get("NextShardIterator") is None


def shards(kinesis: Any, stream: str) -> dict[str, Any]:
    return {shard["ShardId"]: shard for shard in kinesis.list_shards(StreamName=stream)["Shards"]}


def kept() -> list[Path]:
    """The files that an installation left in the cache, beside its lock."""
    return [path for path in kinesis_mock.CACHE.parent.iterdir() if not path.name.startswith(".")]


def test_split(kinesis: Any) -> None:
    """The parent keeps its records and ends; later records are in the child of their hash key."""
    create(kinesis, "split", 1)
    for number in range(10):
        put(kinesis, "split", f"before {number}", number)
    kinesis.split_shard(StreamName="split", ShardToSplit=FIRST, NewStartingHashKey=str(TOP // 2))
    wait_until_active(kinesis, "split")
    low, high = put(kinesis, "split", "low", 0), put(kinesis, "split", "high", TOP - 1)
    assert read(kinesis, "split", FIRST) == ([f"before {number}" for number in range(10)], True)
    assert read(kinesis, "split", low) == (["low"], False)
    assert read(kinesis, "split", high) == (["high"], False)
    found = shards(kinesis, "split")
    assert set(found) == {FIRST, low, high}
    assert len(found) == 3
    assert {found[child]["ParentShardId"] for child in (low, high)} == {FIRST}
    assert "EndingSequenceNumber" in found[FIRST]["SequenceNumberRange"]


def test_merge(kinesis: Any) -> None:
    """Both parents keep their records and end; the child names both, and has the later records."""
    create(kinesis, "merge", 2)
    low, high = put(kinesis, "merge", "low", 0), put(kinesis, "merge", "high", TOP - 1)
    assert low != high
    kinesis.merge_shards(StreamName="merge", ShardToMerge=low, AdjacentShardToMerge=high)
    wait_until_active(kinesis, "merge")
    child = put(kinesis, "merge", "later", 0)
    assert put(kinesis, "merge", "later still", TOP - 1) == child
    assert read(kinesis, "merge", low) == (["low"], True)
    assert read(kinesis, "merge", high) == (["high"], True)
    assert read(kinesis, "merge", child) == (["later", "later still"], False)
    merged = shards(kinesis, "merge")[child]
    assert {merged["ParentShardId"], merged["AdjacentParentShardId"]} == {low, high}


def test_a_reader_under_way(kinesis: Any) -> None:
    """An iterator from before the split reads the parent to its end, which names the children."""
    create(kinesis, "under-way", 1)
    put(kinesis, "under-way", "one", 0)
    iterator = kinesis.get_shard_iterator(StreamName="under-way", ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")
    answer = kinesis.get_records(ShardIterator=iterator["ShardIterator"], Limit=1)
    put(kinesis, "under-way", "two", 0)
    kinesis.split_shard(StreamName="under-way", ShardToSplit=FIRST, NewStartingHashKey=str(TOP // 2))
    wait_until_active(kinesis, "under-way")
    answer = kinesis.get_records(ShardIterator=answer["NextShardIterator"])
    assert [record["Data"] for record in answer["Records"]] == [b"two"]
    assert answer.get("NextShardIterator") is None
    assert {child["ShardId"] for child in answer["ChildShards"]} == set(shards(kinesis, "under-way")) - {FIRST}


def test_this_machine_only(mock: kinesis_mock.KinesisMock) -> None:
    """Neither port answers at another address; every machine has these two addresses."""
    for port in (int(mock.endpoint.rpartition(":")[2]), mock.tls_port):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        for other in ("127.0.0.2", "::1"):
            with pytest.raises(OSError, match=r"refused|unreachable|assign"):
                socket.create_connection((other, port), timeout=5)


def test_beside_the_emulator(mock: kinesis_mock.KinesisMock, aws: emulator.Emulator) -> None:
    """A single endpoint for both: streams of kinesis-mock, tables of the emulator."""
    with proxy.running({"Kinesis": mock.endpoint, "DynamoDB": aws.endpoint}, aws.keys) as between:
        streams, tables = resources.clients(between.environment)
        create(streams, "beside", 1)
        put(streams, "beside", "through", 0)
        assert read(streams, "beside", FIRST) == (["through"], False)
        assert "TableNames" in tables.list_tables()


def test_end(tmp_path: Path) -> None:
    """kinesis-mock ends with the block, also with an open connection; a port in use is one sentence."""
    with kinesis_mock.running(tmp_path / "log") as mock:
        port = int(mock.endpoint.rpartition(":")[2])
        streams, _ = resources.clients(mock.environment)
        streams.list_streams()
        with pytest.raises(StartError, match=rf"^Port {port} of 127.0.0.1 is taken: [^\n]*\.$"):
            kinesis_mock.running(tmp_path / "log", port).__enter__()
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert mock.process.poll() is not None
    processes.require_free(port, "port")


def test_installed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with the lock's version is used without npm, and so without a network."""
    kinesis_mock.installed()
    monkeypatch.setattr(node, "NPM", ("false",))
    assert (kinesis_mock.installed() / "main.js").is_file()


@dataclass(frozen=True)
class Registry:
    """An npm registry in this process, with a kinesis-local made by the test."""

    endpoint: str
    integrity: str
    asked: list[str]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """Make npm use the registry, and install below `tmp_path`, together with the lock."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as made:
        for name, text in (("package.json", '{"name": "kinesis-local", "version": "0.6.2"}'), ("main.js", "")):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            made.addfile(member, io.BytesIO(text.encode()))
    integrity = f"sha512-{base64.b64encode(hashlib.sha512(archive.getvalue()).digest()).decode()}"
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            # Without a checksum: npm would not trust it either.
            version = {"name": "kinesis-local", "version": "0.6.2", "dist": {"tarball": f"{endpoint}/archive.tgz"}}
            page = {"name": "kinesis-local", "dist-tags": {"latest": "0.6.2"}, "versions": {"0.6.2": version}}
            self.wfile.write(archive.getvalue() if self.path.endswith(".tgz") else json.dumps(page).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name in BaseHTTPRequestHandler)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        use(tmp_path, monkeypatch, endpoint)
        yield Registry(endpoint, integrity, asked)
        server.shutdown()
        thread.join(5)


def use(folder: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Make npm use this registry and install into this folder."""
    monkeypatch.setattr(kinesis_mock, "FOLDER", shutil.copytree(kinesis_mock.FOLDER, folder / "node"))
    monkeypatch.setattr(kinesis_mock, "CACHE", folder / "cache" / "kinesis-local")
    monkeypatch.setenv("npm_config_registry", endpoint)
    monkeypatch.setenv("npm_config_noproxy", "127.0.0.1")


def test_another_archive(registry: Registry) -> None:
    """An archive with another checksum than the lock's is refused, and no file of it stays."""
    with pytest.raises(StartError, match=r"^The npm package kinesis-local has another checksum[^\n]*\.$"):
        kinesis_mock.installed()
    assert registry.asked[-1] == "/archive.tgz"
    assert kept() == []


def test_another_lock(registry: Registry) -> None:
    """An archive with the lock's checksum replaces the archive of an older lock, once."""
    lock = kinesis_mock.FOLDER / "package-lock.json"
    content = json.loads(lock.read_text(encoding="utf-8"))
    content["packages"][kinesis_mock.PACKAGE]["integrity"] = registry.integrity
    lock.write_text(json.dumps(content), encoding="utf-8")
    former = kinesis_mock.CACHE / kinesis_mock.PACKAGE / "former.js"
    former.parent.mkdir(parents=True)
    former.touch()
    assert kinesis_mock.installed() == kinesis_mock.CACHE / kinesis_mock.PACKAGE
    calls = len(registry.asked)
    assert (kinesis_mock.installed() / "main.js").is_file()
    assert len(registry.asked) == calls
    assert not former.exists()
    assert kept() == [kinesis_mock.CACHE]


def test_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed download is one sentence, and no partial installation stays."""
    use(tmp_path, monkeypatch, f"http://127.0.0.1:{processes.free_port()}/")
    with pytest.raises(
        StartError, match=r"^The npm package kinesis-local[^\n]* ECONNREFUSED[^\n]*check network[^\n]*\.$"
    ):
        kinesis_mock.installed()
    assert kept() == []


def test_lock() -> None:
    """The lock has a checksum for each download, and no registry, so that npm uses the user's registry."""
    text = (kinesis_mock.FOLDER / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    assert set(packages) == {"", kinesis_mock.PACKAGE}
    assert packages[kinesis_mock.PACKAGE]["integrity"].startswith("sha512-")
