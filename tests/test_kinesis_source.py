"""The project's own Kinesis source: every part of every record is a row, exactly once, under all faults.

The oracle reads the same stream without Flink, and splits records by a second implementation.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from consumer.tail import stored
from local import resources
from local.emulator import Emulator
from program import processes
from tests import forwarding
from tests import kinesis_tables as tables
from tests.emulated import wait_for
from tests.faults import proxy, rules
from tests.kinesis_tables import Row
from tests.kpl import MAGIC, Inner, aggregate

pytestmark = pytest.mark.usefixtures("jvm")


@pytest.fixture
def kinesis(aws: Emulator) -> Any:
    return resources.clients(aws.environment)[0]


@pytest.fixture
def between(aws: Emulator) -> Iterator[proxy.Proxy]:
    with proxy.running(aws.endpoint, aws.keys) as running:
        yield running


def create(kinesis: Any, stream: str, shards: int) -> str:
    kinesis.create_stream(StreamName=stream, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return stream


def put(kinesis: Any, stream: str, records: Sequence[tuple[str, bytes]]) -> None:
    for first in range(0, len(records), 500):
        entries = [{"PartitionKey": key, "Data": data} for key, data in records[first : first + 500]]
        assert kinesis.put_records(StreamName=stream, Records=entries)["FailedRecordCount"] == 0


def numbered(count: int, first: int = 0) -> list[tuple[str, bytes]]:
    return [(f"key {n}", f'{{"n": {n}}}\n'.encode()) for n in range(first, first + count)]


def expected(kinesis: Any, stream: str, parts: Mapping[bytes, Sequence[Inner]] | None = None) -> list[Row]:
    """The rows of a stream for a reader without Flink. parts: the contents of records with several parts."""
    return sorted(
        Row(
            part.data.decode("latin-1"),
            f"{record.arrival:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            record.shard,
            record.sequence_number,
            part.partition_key,
            number,
            f"{number + 1} of {len(inner)}" if len(inner) > 1 else None,
        )
        for record in stored(kinesis, stream)
        for inner in [(parts or {}).get(record.data, [Inner(record.partition_key, record.data)])]
        for number, part in enumerate(inner)
    )


def test_rows_and_metadata(aws: Emulator, kinesis: Any, tmp_path: Path) -> None:
    """Each record of each shard is one row with all metadata of the service; Flink's own counts are right."""
    stream = create(kinesis, "source-plain", 4)
    put(kinesis, stream, [*numbered(2000), ("k", bytes(range(256)))])
    with tables.reading(tmp_path, tables.options(aws.endpoint, stream), parallelism=2) as reading:
        rows = reading.wait_for_rows(2001)
        metrics = reading.metrics("numRecordsIn", "numBytesIn", "millisBehindLatest")
    assert sorted(rows) == expected(kinesis, stream)
    assert sum(metrics["numRecordsIn"].values()) == 2001
    assert sum(metrics["numBytesIn"].values()) == sum(len(row.line) for row in rows)
    # By shard: 0.Source__x.KinesisStreamsSource.region.R.stream.S.shardId.X.millisBehindLatest
    behind = {name.split(".")[-2]: value for name, value in metrics["millisBehindLatest"].items()}
    assert behind == {row.shard: 0 for row in rows}
    assert {name.split(".")[-4] for name in metrics["millisBehindLatest"]} == {stream}


def test_other_formats(aws: Emulator, kinesis: Any) -> None:
    """Columns in any format, in any order beside METADATA columns, and a table without METADATA columns."""
    stream = create(kinesis, "source-formats", 1)
    put(kinesis, stream, [("a", b'{"n": 1, "s": "x"}{"n": 2, "s": "y"}'), ("b", b'{"n": 3, "s": "z"}')])
    made = tables.environment({})
    json_ = tables.options(aws.endpoint, stream, format="json")
    tables.declare(
        made, "columns_first", "n INT, k STRING METADATA FROM 'partition-key' VIRTUAL, s STRING, m AS n * 2", json_
    )
    tables.declare(made, "plain", "s STRING, n INT", json_)
    assert tables.first(made, "SELECT * FROM columns_first", 3) == [
        (1, "a", "x", 2),
        (2, "a", "y", 4),
        (3, "b", "z", 6),
    ]
    assert tables.first(made, "SELECT n, s FROM plain", 3) == [(1, "x"), (2, "y"), (3, "z")]


HERE, ELSEWHERE = "a", "b"
WHOLE = [Inner(HERE, b'{"n": 1}'), Inner(ELSEWHERE, b"rubbish"), Inner(HERE, b'{"n": 2}{"n": 3}\n')]
BROKEN = aggregate(WHOLE)[:-1] + b"\0"
LINES = [Inner(HERE, b'{"n": 4}\n'), Inner(HERE, b"no JSON\n"), Inner(HERE, b'{"n": 5}\n')]
SEVERAL = {
    aggregate(WHOLE): [*WHOLE[:2], Inner(HERE, b'{"n": 2}'), Inner(HERE, b'{"n": 3}\n')],
    b"".join(line.data for line in LINES): LINES,
}


@pytest.mark.parametrize("splits", [True, False])
def test_records_that_hold_several(aws: Emulator, kinesis: Any, tmp_path: Path, splits: bool) -> None:
    """Each record of an aggregate, with any key, is a row; so is each of several JSON objects, unless disabled."""
    stream = create(kinesis, f"source-several-{splits}".lower(), 2)
    put(kinesis, stream, [*((HERE, data) for data in (*SEVERAL, BROKEN)), ("c", b'{"n": 6} \n')])
    wanted = expected(kinesis, stream, SEVERAL if splits else {aggregate(WHOLE): WHOLE})
    table = tables.options(aws.endpoint, stream) | ({} if splits else {"source.record.split-documents": "false"})
    with tables.reading(tmp_path, table) as reading:
        rows = reading.wait_for_rows(len(wanted))
    assert sorted(rows) == wanted
    assert any(row.line.startswith(MAGIC.decode("latin-1")) for row in rows), "the broken one is whole"


def big(first: int) -> list[Inner]:
    """The content of an aggregate of 12,000 records, some of which have two objects."""
    return [Inner(f"k{n}", f'{{"n": {n}}}'.encode() * (1 + n % 2)) for n in range(first, first + 12_000)]


def test_each_part_once_whenever_the_job_fails(kinesis: Any, between: proxy.Proxy, tmp_path: Path) -> None:
    """With checkpoints within aggregates and failures at any moment, no part is lost or repeated."""
    stream = create(kinesis, "source-failures", 2)
    aggregates = {aggregate(inner): inner for inner in (big(100_000 * n) for n in range(4))}
    split = {
        record: [Inner(one.partition_key, data) for one in inner for data in json_objects(one.data)]
        for record, inner in aggregates.items()
    }
    records = [*numbered(2000)]
    for place, record in enumerate(aggregates):
        records.insert(place * 400, (f"aggregate {place}", record))
    for at in range(0, len(records), 50):  # below the limit of 5 MB per call
        put(kinesis, stream, records[at : at + 50])
    wanted = expected(kinesis, stream, split)
    table = tables.options(between.endpoint, stream) | {"source.shard.get-records.max-record-count": "40"}
    with tables.reading(tmp_path, table, parallelism=2, checkpoint=0.02) as reading:
        for failures in range(3):
            time.sleep(0.5)
            with between.fault(rules.deny("GetRecords", times=1)):
                wait_for(lambda: reading.job.restarts() > failures, 60, "a restart")  # noqa: B023
        rows = reading.wait_for_rows(len(wanted), 120)
        assert "denied" in reading.job.failure()
    assert len(rows) == len(set(rows)), "a part came twice"
    assert sorted(rows) == wanted


def json_objects(data: bytes) -> list[bytes]:
    """One or two equal objects, split."""
    first = data[: data.index(b"}") + 1]
    return [first] * (len(data) // len(first))


def test_a_savepoint_and_another_parallelism(aws: Emulator, kinesis: Any, tmp_path: Path) -> None:
    """Reading continues after each emitted part, on any subtask."""
    stream = create(kinesis, "source-savepoint", 4)
    put(kinesis, stream, numbered(1000))
    table = tables.options(aws.endpoint, stream)
    resume: dict[str, str] = {}
    for step, parallelism in enumerate((2, 4, 1), 1):
        with tables.reading(tmp_path, table, parallelism, resume) as reading:
            put(kinesis, stream, numbered(500, 1000 * step))
            reading.wait_for_rows(500 * step + 100)
            resume = {"execution.state-recovery.path": reading.stop()}
    put(kinesis, stream, numbered(500, 4000))
    with tables.reading(tmp_path, table, 2, resume) as reading:
        rows = reading.wait_for_rows(3000)
    assert sorted(rows) == expected(kinesis, stream)


def test_latest_is_the_first_start(aws: Emulator, kinesis: Any, tmp_path: Path) -> None:
    """Records before the start are not read; records during a stop are, even in a shard without earlier records."""
    stream = create(kinesis, "source-latest", 2)
    put(kinesis, stream, numbered(10))
    time.sleep(1.1)
    latest = tables.options(aws.endpoint, stream, source__init__position="LATEST")
    with tables.reading(tmp_path / "first", latest) as reading:
        reading.wait_until_at_the_tip(2)
        resume = {"execution.state-recovery.path": reading.stop()}
    assert reading.rows() == []
    put(kinesis, stream, numbered(10, 100))
    with tables.reading(tmp_path / "second", latest, 2, resume) as reading:
        rows = reading.wait_for_rows(10)
    assert sorted(row.line for row in rows) == sorted(data.decode() for _key, data in numbered(10, 100))


@pytest.mark.parametrize("names", ["apache 5", "apache 4"])
def test_at_a_time(aws: Emulator, kinesis: Any, tmp_path: Path, names: str) -> None:
    """Records that arrived at the time or later are read; the option names of both Apache connectors work."""
    stream = create(kinesis, f"source-time-{names[-1]}", 2)
    put(kinesis, stream, numbered(10))
    time.sleep(2.1)
    put(kinesis, stream, numbered(10, 100))
    arrival = min(row.arrival for row in expected(kinesis, stream) if int(json.loads(row.line)["n"]) >= 100)
    table = tables.options(aws.endpoint, stream)
    position, timestamp = (
        ("source.init.position", "source.init.timestamp")
        if names == "apache 5"
        else ("scan.stream.initpos", "scan.stream.initpos-timestamp")
    )
    del table["source.init.position"]
    table |= {position: "AT_TIMESTAMP", timestamp: f"{arrival.replace(' ', 'T')}+00:00"}
    with tables.reading(tmp_path, table) as reading:
        rows = reading.wait_for_rows(10)
    assert sorted(row.line for row in rows) == sorted(data.decode() for _key, data in numbered(10, 100))


@contextmanager
def putting(kinesis: Any, stream: str) -> Iterator[list[tuple[str, bytes]]]:
    """Puts ten records each tenth of a second until the block ends, and adds them to the list."""
    sent: list[tuple[str, bytes]] = []
    asked = threading.Event()

    def send() -> None:
        while not asked.wait(0.1):
            more = numbered(10, len(sent))
            put(kinesis, stream, more)
            sent.extend(more)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        asked.set()
        thread.join(30)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("throttled", lambda: rules.throttle("GetRecords", "GetShardIterator", "ListShards", share=0.9)),
        ("errors", lambda: rules.server_errors(share=0.7)),
        ("expired", lambda: rules.expire(share=0.5)),
        ("lost", lambda: rules.lose_answer("GetRecords", "GetShardIterator", share=0.5)),
    ],
)
def test_faults_of_the_service(
    kinesis: Any, between: proxy.Proxy, tmp_path: Path, name: str, fault: Callable[[], rules.Rule]
) -> None:
    """The source recovers by itself, without a restart of the job; no record is lost or repeated."""
    stream = create(kinesis, f"source-{name}", 3)
    with (
        tables.reading(tmp_path, tables.options(between.endpoint, stream)) as reading,
        putting(kinesis, stream) as sent,
    ):
        reading.wait_for_rows(50)
        with between.fault(fault()) as rule:
            wait_for(lambda: rule.hits >= 10, 60, "the fault struck")
            time.sleep(2)
        wait_for(lambda: len(sent) > 300, 60, "records")
        reading.wait_for_rows(300)
        reading_after = len(sent)
        rows = reading.wait_for_rows(reading_after)
        assert reading.job.restarts() == 0
    assert len(rows) == len(set(rows)) >= reading_after
    assert set(rows) <= set(expected(kinesis, stream))


def test_an_endpoint_that_is_gone_and_comes_back(aws: Emulator, kinesis: Any, tmp_path: Path) -> None:
    """The source waits for the endpoint, at the start and later, without a restart of the job."""
    stream = create(kinesis, "source-outage", 2)
    put(kinesis, stream, numbered(10))
    port = processes.free_port()
    with tables.reading(tmp_path, tables.options(f"http://127.0.0.1:{port}", stream)) as reading:
        time.sleep(2)
        for first in (100, 200):
            with forwarding.running(port, aws.endpoint):
                reading.wait_for_rows(first // 10)
                put(kinesis, stream, numbered(10, first))
                reading.wait_for_rows(first // 10 + 10)
            time.sleep(1)
        assert reading.job.restarts() == 0
    assert sorted(reading.rows()) == expected(kinesis, stream)


@pytest.mark.parametrize("call", ["ListShards", "GetShardIterator", "GetRecords"])
def test_denied_access_is_one_sentence(kinesis: Any, between: proxy.Proxy, tmp_path: Path, call: str) -> None:
    """The job fails with one sentence: the denied action, the stream, and the remedy."""
    stream = create(kinesis, f"source-denied-{call}".lower(), 1)
    with (
        between.fault(rules.deny(call)),
        tables.reading(tmp_path, tables.options(between.endpoint, stream), ready=False) as reading,
    ):
        wait_for(lambda: bool(reading.job.failure()), 60, "the job failed")
        failure = reading.job.failure()
    assert failure.startswith("AwsFailure: ")
    assert f"the stream {stream} is denied (AccessDeniedException" in failure
    assert failure.endswith("give the job credentials that permit it.")


def test_a_stream_that_is_not_there(aws: Emulator, tmp_path: Path) -> None:
    """A missing stream is one sentence with its name."""
    with tables.reading(tmp_path, tables.options(aws.endpoint, "nowhere"), ready=False) as reading:
        wait_for(lambda: bool(reading.job.failure()), 60, "the job failed")
        failure = reading.job.failure()
    assert "ListShards of the stream nowhere finds nothing there (ResourceNotFoundException" in failure
    assert failure.endswith("check name, region and endpoint.")


def test_a_subtask_without_a_shard_holds_back_nothing(aws: Emulator, kinesis: Any) -> None:
    """Windows close at once at any parallelism, without an idle timeout for subtasks."""
    stream = create(kinesis, "source-alone", 1)
    put(kinesis, stream, [("k", json.dumps({"t": f"2026-11-22 06:00:{n:02}"}).encode()) for n in range(60)])
    made = tables.environment({"parallelism.default": "4"})
    columns = "t TIMESTAMP(3), WATERMARK FOR t AS t"
    tables.declare(made, "times", columns, tables.options(aws.endpoint, stream, format="json"))
    query = (
        "SELECT window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE times, DESCRIPTOR(t), INTERVAL '10' SECOND)) "
        "GROUP BY window_start, window_end"
    )
    assert [count for _end, count in tables.first(made, query, 5, 30)] == [10] * 5


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"stream": None}, "A table needs 'stream.arn', or 'stream' with its name."),
        ({"stream.arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/x"}, "A table needs 'stream.arn', or 'stream'"),
        ({"stream": None, "stream.arn": "x"}, "'x' is not the ARN of a stream, such as arn:aws:kinesis:"),
        ({"aws.region": None}, "A table with 'stream' needs 'aws.region'."),
        ({"source.shard.get-records.max-record-count": "10001"}, "must be from 1 to 10000."),
        ({"source.init.position": "AT_TIMESTAMP"}, "AT_TIMESTAMP needs 'source.init.timestamp'."),
        ({"source.init.position": "AT_TIMESTAMP", "source.init.timestamp": "now"}, "'now' is no time such as yyyy-MM"),
        ({"source.reader.type": "EFO"}, "EFO needs 'source.efo.consumer.name'."),
        ({"source.shard.discovery.intervall": "1 s"}, "source.shard.discovery.intervall"),
        ({"source.reader.type": "PUSH"}, "source.reader.type"),
        ({"aws.credentials.provider": "BASIC"}, "must be one of AUTO, ENV_VAR, SYS_PROP, PROFILE, WEB"),
        ({"aws.credentials.provider": "ASSUME_ROLE"}, "'aws.credentials.role.arn' is missing."),
    ],
)
def test_options_that_are_wrong(table: Mapping[str, str | None], problem: str) -> None:
    """An invalid option is refused when the query is planned, in a sentence with its name."""
    from flink import distribution  # noqa: PLC0415

    changed = tables.options("http://127.0.0.1:1", "x") | dict(table)
    made = tables.environment({})
    tables.declare(
        made, "refused", tables.COLUMNS, {name: value for name, value in changed.items() if value is not None}
    )
    with pytest.raises(distribution.errors()) as caught:
        made.explain_sql("SELECT * FROM refused")
    assert problem in str(caught.value)


def profile(path: Path, key: str, secret: str) -> dict[str, str]:
    """The options for a profile with these keys."""
    path.write_text(f"[reader]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    names = {"provider": "PROFILE", "profile.path": str(path), "profile.name": "reader"}
    return {f"aws.credentials.{name}": value for name, value in names.items()}


def role(sts: str, provider: str) -> dict[str, str]:
    names = {
        "provider": provider,
        "role.arn": "arn:aws:iam::000000000000:role/reader",
        "role.sessionName": "test",
        "role.stsEndpoint": sts,
    }
    return {f"aws.credentials.{name}": value for name, value in names.items()}


def create_role(aws: Emulator) -> None:
    """A role that anybody may assume, and that may read streams."""

    def policy(**what: Any) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **what}]})

    iam = resources.account(aws.environment).client("iam")
    trusted = policy(Principal="*", Action=["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"])
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trusted)
    reads = policy(Action="kinesis:*", Resource="*")
    iam.put_role_policy(RoleName="reader", PolicyName="reads", PolicyDocument=reads)


@contextmanager
def web_identities(aws: Emulator) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """A server that gives the emulator's keys for any web identity, like STS; its address and its requests.

    The emulator accepts only signed calls, and these calls have no signature.
    """
    asked: list[dict[str, list[str]]] = []
    result = (
        f"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{aws.keys.id}"
        f"</AccessKeyId><SecretAccessKey>{aws.keys.secret}</SecretAccessKey><SessionToken>token</SessionToken>"
        "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
        "</AssumeRoleWithWebIdentityResponse>"
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(200)
            self.send_header("Content-Length", str(len(result)))
            self.end_headers()
            self.wfile.write(result)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name in BaseHTTPRequestHandler)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join(5)


def test_credentials(aws: Emulator, kinesis: Any, tmp_path: Path) -> None:
    """A profile in a file, an assumed role, a web identity; the emulator's refusals are one sentence."""
    stream = create(kinesis, "source-credentials", 1)
    put(kinesis, stream, numbered(3))
    create_role(aws)
    token = tmp_path / "token"
    token.write_text("header.payload.signature")
    made = tables.environment({})
    ways = {
        "profile": profile(tmp_path / "credentials", aws.keys.id, aws.keys.secret),
        "environment": {"aws.credentials.provider": "ENV_VAR"},
        "role": role(aws.endpoint, "ASSUME_ROLE"),
    }
    with web_identities(aws) as (sts, asked):
        ways["web"] = role(sts, "WEB_IDENTITY_TOKEN") | {"aws.credentials.webIdentityToken.file": str(token)}
        for name, way in ways.items():
            tables.declare(made, f"by_{name}", "line STRING", tables.options(aws.endpoint, stream) | way)
            rows = tables.first(made, f"SELECT * FROM by_{name}", 3)  # noqa: S608
            assert [line for (line,) in rows] == [data.decode() for _key, data in numbered(3)], name
    assert asked[0]["Action"] == ["AssumeRoleWithWebIdentity"]
    assert asked[0]["WebIdentityToken"] == ["header.payload.signature"]
    assert asked[0]["RoleSessionName"] == ["test"]
    wrong = profile(tmp_path / "wrong", aws.keys.id, "wrong")
    with tables.reading(tmp_path / "job", tables.options(aws.endpoint, stream) | wrong, ready=False) as reading:
        wait_for(lambda: bool(reading.job.failure()), 60, "the job failed")
        failure = reading.job.failure()
    assert f"ListShards of the stream {stream} is denied" in failure
