"""The fault proxy follows its rules exactly, and the emulator's clients work with it."""

from __future__ import annotations

import functools
import http.client
import itertools
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, EndpointConnectionError

from local.emulator import Emulator, Keys
from program import processes
from tests.faults import exchange, proxy, rules
from tests.faults.exchange import Request, Shard

FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"
# Hash keys in the first and in the second of two shards.
IN_SHARD = {FIRST: "0", SECOND: str(2**127)}
NUMBERS = itertools.count()


KEYS: list[Keys] = []


@pytest.fixture(scope="module", autouse=True)
def _emulators(keys: Keys) -> None:
    """The keys with which every client here signs."""
    KEYS.append(keys)


@functools.cache
def session() -> boto3.Session:
    """A single session for all clients: parsing the services' descriptions takes long."""
    return boto3.Session(KEYS[0].id, KEYS[0].secret, region_name="us-east-1")


@functools.cache
def client(service: Any, endpoint: str, read_timeout: float = 20) -> Any:
    """A client that sends a request once, without retries."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout, connect_timeout=5)
    return session().client(service, endpoint_url=endpoint, config=config)


@dataclass(frozen=True)
class Stage:
    """A proxy in front of the emulator, with a stream of two shards and a table for the test."""

    aws: Emulator
    between: proxy.Proxy
    name: str

    @property
    def kinesis(self) -> Any:
        return client("kinesis", self.between.endpoint)

    @property
    def dynamodb(self) -> Any:
        return client("dynamodb", self.between.endpoint)

    def put(self, *data: str, shard: str = FIRST) -> Any:
        records = [{"Data": one, "PartitionKey": "any", "ExplicitHashKey": IN_SHARD[shard]} for one in data]
        return self.kinesis.put_records(StreamName=self.name, Records=records)

    def iterator(self, shard: str = FIRST, kind: str = "TRIM_HORIZON", **position: str) -> str:
        answer = self.kinesis.get_shard_iterator(
            StreamName=self.name, ShardId=shard, ShardIteratorType=kind, **position
        )
        return str(answer["ShardIterator"])

    def stored(self, shard: str = FIRST) -> list[str]:
        """The records in the shard, read past the proxy."""
        kinesis = client("kinesis", self.aws.endpoint)
        first = kinesis.get_shard_iterator(StreamName=self.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        return data(kinesis.get_records(ShardIterator=first["ShardIterator"]))

    def write(self, *keys: str) -> Any:
        writes = [{"PutRequest": {"Item": item(key)}} for key in keys]
        return self.dynamodb.batch_write_item(RequestItems={self.name: writes})

    def items(self) -> set[str]:
        """The keys in the table, read past the proxy."""
        found = client("dynamodb", self.aws.endpoint).scan(TableName=self.name)
        return {one["key"]["S"] for one in found["Items"]}


def item(key: str) -> dict[str, dict[str, str]]:
    return {"key": {"S": key}}


def data(answer: Any) -> list[str]:
    return [record["Data"].decode() for record in answer["Records"]]


def numbered(count: int) -> list[str]:
    return [f"record {number}" for number in range(count)]


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    """The code and the status of this call's error."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def stage(aws: Emulator) -> Iterator[Stage]:
    name = f"proxy-{next(NUMBERS)}"
    client("kinesis", aws.endpoint).create_stream(StreamName=name, ShardCount=2)
    client("dynamodb", aws.endpoint).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
    )
    with proxy.running(aws.endpoint, aws.keys) as between:
        yield Stage(aws, between, name)
    assert not threads()


def threads() -> list[threading.Thread]:
    """The running threads of proxies."""
    return [thread for thread in threading.enumerate() if thread.name == "fault proxy"]


def mistake(upstream: str | dict[str, str], work: Callable[[proxy.Proxy], object]) -> str:
    """The mistake that the proxy reports at its end after this work."""

    def run() -> None:
        with proxy.running(upstream) as between:
            work(between)

    with pytest.raises(proxy.ProxyError) as caught:
        run()
    return str(caught.value)


def ended(connection: socket.socket) -> bool:
    """Whether the other side has closed the connection, in either way."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_passes_everything_on(stage: Stage) -> None:
    """Without a rule, or with a rule for other requests, a client gets the same answers as without the proxy."""
    large = "x" * 1_000_000
    with stage.between.fault(rules.deny("DescribeStream")) as idle:
        answer = stage.kinesis.put_records(
            StreamName=stage.name,
            Records=[{"Data": large, "PartitionKey": "a", "ExplicitHashKey": "0"} for _ in range(5)],
        )
        assert answer["FailedRecordCount"] == 0
        assert data(stage.kinesis.get_records(ShardIterator=stage.iterator())) == [large] * 5
        stage.write("one")
        assert stage.dynamodb.get_item(TableName=stage.name, Key=item("one"))["Item"] == item("one")
        assert refusal(lambda: stage.kinesis.put_record(StreamName="none", Data=b"", PartitionKey="a")) == (
            "ResourceNotFoundException",
            400,
        )
    assert idle.hits == 0
    assert stage.between.seen == Counter(
        PutRecords=1, GetShardIterator=1, GetRecords=1, BatchWriteItem=1, GetItem=1, PutRecord=1
    )


def test_keeps_connections(stage: Stage) -> None:
    """Requests share a connection, also after an error; the port is open to this machine only."""
    connection = http.client.HTTPConnection("127.0.0.1", stage.between.port, timeout=5)
    ports = set()
    with stage.between.fault(rules.server_errors(times=1)) as failing:
        for _ in range(3):
            headers = {"X-Amz-Target": "Kinesis_20131202.ListStreams", "Content-Type": "application/x-amz-json-1.1"}
            connection.request("POST", "/", b"{}", headers)
            answer = connection.getresponse()
            assert answer.status in (403, 500)  # the request has no signature
            assert answer.read()
            ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert failing.hits == len(ports) == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", stage.between.port), timeout=5)


def test_many_clients(stage: Stage) -> None:
    """Eight threads with their own connections: every record arrives once."""
    total = 240
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: stage.put(str(number)), range(total)))
    assert Counter(stage.stored()) == Counter(map(str, range(total)))


def test_refusals(stage: Stage) -> None:
    """Errors have their service's names and status codes, and a refused request has no effect."""
    throttled, denied = ("ProvisionedThroughputExceededException", 400), ("AccessDeniedException", 400)
    for rule, of_kinesis, of_dynamodb in (
        (rules.server_errors(), ("InternalFailure", 500), ("InternalServerError", 500)),
        (rules.throttle(), throttled, throttled),
        (rules.deny(), denied, denied),
    ):
        with stage.between.fault(rule):
            assert refusal(lambda: stage.put("a")) == of_kinesis
            assert refusal(lambda: stage.write("a")) == of_dynamodb
        assert rule.hits == 2
    assert (stage.stored(), stage.items()) == ([], set())
    stage.put("a")
    stage.write("a")
    assert (stage.stored(), stage.items()) == (["a"], {"a"})


def test_limits_of_a_rule(stage: Stage) -> None:
    """A rule applies only to its operations, requests, number of hits and share."""
    with stage.between.fault(rules.throttle("PutRecords", where=lambda request: request.stream == stage.name, times=2)):
        stage.kinesis.list_streams()
        for _ in range(2):
            refusal(lambda: stage.put("refused"))
        stage.put("taken")
    with stage.between.fault(rules.throttle(where=lambda request: request.stream == "another")) as idle:
        stage.put("taken")
    assert idle.hits == 0
    assert stage.stored() == ["taken", "taken"]


def test_share() -> None:
    """A share is random, and equal seeds give equal choices."""

    def struck(seed: int) -> list[bool]:
        rule = rules.throttle(share=0.3, seed=seed)
        request = Request("POST", "/", (("X-Amz-Target", "Kinesis_20131202.PutRecords"),), b"{}")
        answer = exchange.answer(request, {})
        return [rule.apply(request, lambda _request: answer).status != 200 for _ in range(1000)]

    assert 250 < sum(struck(1)) < 350
    assert struck(1) == struck(1) != struck(2)


def test_partial_records(stage: Stage) -> None:
    """Exactly the records reported as failed are missing; resending them completes the stream."""
    with stage.between.fault(rules.partial("PutRecords", passed=0.6)) as rule:
        left, reported, codes = numbered(200), 0, set()
        while left:
            answer = stage.put(*left)
            taken = [one for one, entry in zip(left, answer["Records"], strict=True) if "ErrorCode" not in entry]
            failed = [one for one, entry in zip(left, answer["Records"], strict=True) if "ErrorCode" in entry]
            assert answer["FailedRecordCount"] == len(failed)
            assert stage.stored()[len(stage.stored()) - len(taken) :] == taken
            codes |= {entry["ErrorCode"] for entry in answer["Records"] if "ErrorCode" in entry}
            reported += len(failed)
            left = failed
    assert rule.withheld == reported > 100
    assert rule.hits > 1
    assert codes == {"ProvisionedThroughputExceededException", "InternalFailure"}
    assert sorted(stage.stored()) == sorted(numbered(200))


def test_partial_items(stage: Stage) -> None:
    """Exactly the items returned as unprocessed are missing."""
    left, reported = numbered(25), 0
    with stage.between.fault(rules.partial("BatchWriteItem", passed=0.3, seed=3)) as rule:
        while left:
            try:
                answer = stage.write(*left)
            except stage.dynamodb.exceptions.ProvisionedThroughputExceededException:
                continue  # as DynamoDB does when it could process no item
            back = [one["PutRequest"]["Item"]["key"]["S"] for one in answer["UnprocessedItems"].get(stage.name, [])]
            assert stage.items() == set(numbered(25)) - set(back)
            reported += len(back)
            left = back
    assert rule.withheld == reported > 25
    assert stage.items() == set(numbered(25))


def test_partial_of_nothing(stage: Stage) -> None:
    """If nothing is forwarded, each record has failed, or the whole table is throttled."""
    with stage.between.fault(rules.partial(passed=0)):
        assert stage.put("a", "b")["FailedRecordCount"] == 2
        assert refusal(lambda: stage.write("a"))[0] == "ProvisionedThroughputExceededException"
    with pytest.raises(ValueError, match="GetRecords cannot succeed in part"):
        rules.partial("GetRecords")


def test_swallow(stage: Stage) -> None:
    """The answer accepts all records, but some are missing."""
    with stage.between.fault(rules.swallow()) as rule:
        answer = stage.put(*numbered(100))
        assert answer["FailedRecordCount"] == 0
        assert all(entry["SequenceNumber"] and "ErrorCode" not in entry for entry in answer["Records"])
        lost = 100 - len(stage.stored())
        assert rule.withheld == lost > 0
        assert stage.write(*numbered(25))["UnprocessedItems"] == {}
        assert rule.withheld == lost + 25 - len(stage.items()) > lost
    assert 0 < len(stage.items()) < 25


def test_slow_answer(stage: Stage) -> None:
    """A client that times out cannot know that the record was accepted: it sends the record again."""
    hasty = client("kinesis", stage.between.endpoint, read_timeout=0.3)
    record = {"StreamName": stage.name, "Data": b"a", "PartitionKey": "a", "ExplicitHashKey": "0"}
    with stage.between.fault(rules.slow_answer(20, "PutRecord", times=1)) as rule:
        with pytest.raises(BotoCoreError):
            hasty.put_record(**record)
        assert stage.stored() == ["a"]
        hasty.put_record(**record)
    assert rule.hits == 1
    assert stage.stored() == ["a", "a"]


def test_slow_request(stage: Stage) -> None:
    """A slow request is carried out after a later request, and at the latest at the end of the rule."""
    with ThreadPoolExecutor(1) as pool:
        with stage.between.fault(rules.slow_request(20, "PutRecords", times=1)) as rule:
            first = pool.submit(stage.put, "first")
            wait_until(lambda: rule.hits == 1)
            stage.put("second")
            assert stage.stored() == ["second"]
        assert first.result(5)["FailedRecordCount"] == 0
    assert stage.stored() == ["second", "first"]


def test_slow_by_the_clock(stage: Stage) -> None:
    """The delay has the given length."""
    for rule in (rules.slow_answer(0.4), rules.slow_request(0.4)):
        with stage.between.fault(rule):
            began = time.monotonic()
            stage.put("a")
            assert 0.4 <= time.monotonic() - began < 5


def test_lose_answer(stage: Stage) -> None:
    """The request is carried out, and then the connection is cut."""
    with stage.between.fault(rules.lose_answer("PutRecords")), pytest.raises(ConnectionClosedError):
        stage.put("a")
    assert stage.stored() == ["a"]


def test_gone(stage: Stage) -> None:
    """The port refuses connections and existing connections end; then the proxy is back on the same port."""
    stage.put("before")
    idle = socket.create_connection(("127.0.0.1", stage.between.port), timeout=5)
    with stage.between.gone():
        assert ended(idle)
        with pytest.raises(EndpointConnectionError):
            stage.put("lost")
    idle.close()
    stage.put("after")
    assert stage.stored() == ["before", "after"]


def test_gone_keeps_its_port(aws: Emulator) -> None:
    """While the proxy is gone, no other process can take its port."""
    with proxy.running(aws.endpoint) as between:
        for _ in range(3):
            with between.gone(), socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", between.port))
        client("kinesis", between.endpoint).list_streams()


def test_gone_under_a_request(stage: Stage) -> None:
    """When the proxy goes, a client's connection ends at once, also while the client waits for an answer."""
    with ThreadPoolExecutor(1) as pool, stage.between.fault(rules.slow_answer(20, "PutRecords")) as rule:
        first = pool.submit(stage.put, "a")
        wait_until(lambda: rule.hits == 1)
        with stage.between.gone(), pytest.raises(ConnectionClosedError):
            first.result(5)
    assert stage.stored() == ["a"]


def read_on(stage: Stage, read: list[str], iterator: str) -> str:
    """One GetRecords; an expired iterator is replaced by an iterator after the last record, as SDK clients do."""
    try:
        answer = stage.kinesis.get_records(ShardIterator=iterator, Limit=10)
    except stage.kinesis.exceptions.ExpiredIteratorException:
        last = read[-1].partition("|")[2]
        return stage.iterator(kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=last)
    read += [f"{one['Data'].decode()}|{one['SequenceNumber']}" for one in answer["Records"]]
    return str(answer["NextShardIterator"])


def read_all(stage: Stage) -> list[str]:
    read: list[str] = []
    iterator = stage.iterator()
    for _ in range(10):
        iterator = read_on(stage, read, iterator)
    return [one.partition("|")[0] for one in read]


def test_expire(stage: Stage) -> None:
    """A reader that continues after its last record loses no record."""
    stage.put(*numbered(50))
    later = rules.expire(times=3, where=lambda _request: stage.between.seen["GetRecords"] % 2 == 0)
    with stage.between.fault(later):
        assert read_all(stage) == numbered(50)
    assert later.hits == 3


def test_skip_to_latest(stage: Stage) -> None:
    """With this rule the same reader loses the records in between."""
    stage.put(*numbered(50))
    later = rules.expire(times=1, where=lambda _request: stage.between.seen["GetRecords"] == 3)
    with stage.between.fault(later), stage.between.fault(rules.skip_to_latest()) as skipping:
        assert read_all(stage) == numbered(20)
    assert (later.hits, skipping.hits) == (1, 1)


def test_stall(stage: Stage) -> None:
    """A stalled shard seems empty while another shard is read; its backlog then comes whole and in order."""
    stage.put("a0", shard=FIRST)
    stage.put("b0", shard=SECOND)
    iterators = {FIRST: stage.iterator(FIRST), SECOND: stage.iterator(SECOND)}
    read: dict[str, list[str]] = {FIRST: [], SECOND: []}

    def read_both() -> None:
        for shard, iterator in iterators.items():
            answer = stage.kinesis.get_records(ShardIterator=iterator)
            assert answer["MillisBehindLatest"] == 0
            read[shard] += data(answer)
            iterators[shard] = answer["NextShardIterator"]

    read_both()
    ours = rules.stall(FIRST, where=lambda request: request.stream == stage.name)
    with stage.between.fault(ours):
        for number in range(1, 4):
            stage.put(f"a{number}", shard=FIRST)
            stage.put(f"b{number}", shard=SECOND)
            read_both()
        assert read == {FIRST: ["a0"], SECOND: ["b0", "b1", "b2", "b3"]}
    read_both()
    assert read[FIRST] == ["a0", "a1", "a2", "a3"]
    assert ours.hits == 3


def test_shard_of_a_request(stage: Stage) -> None:
    """The shard of a request is known from iterators of any generation, also for a stream with an ARN."""
    seen = []

    def note(request: Request) -> bool:
        seen.append((request.operation, request.shard, request.stream))
        return False

    arn = stage.kinesis.describe_stream(StreamName=stage.name)["StreamDescription"]["StreamARN"]
    with stage.between.fault(rules.deny(where=note)):
        answer = stage.kinesis.get_shard_iterator(StreamARN=arn, ShardId=SECOND, ShardIteratorType="LATEST")
        following = stage.kinesis.get_records(ShardIterator=answer["ShardIterator"])["NextShardIterator"]
        stage.kinesis.get_records(ShardIterator=following)
    shard = Shard(stage.name, SECOND)
    assert seen == [("GetShardIterator", None, stage.name), *[("GetRecords", shard, stage.name)] * 2]


def test_several_rules(stage: Stage) -> None:
    """A request passes the rules in the order in which they were added."""
    with stage.between.fault(rules.throttle(times=1)) as first, stage.between.fault(rules.deny()) as second:
        assert refusal(lambda: stage.put("a"))[0] == "ProvisionedThroughputExceededException"
        assert (first.hits, second.hits) == (1, 0)
        assert refusal(lambda: stage.put("a"))[0] == "AccessDeniedException"
        stage.between.clear()
        stage.put("a")
    assert (first.hits, second.hits) == (1, 1)


def test_routes(aws: Emulator) -> None:
    """Each service has its own endpoint behind the client's single endpoint; other services are refused."""
    with proxy.running(aws.endpoint) as streams, proxy.running(aws.endpoint) as tables:

        def work(between: proxy.Proxy) -> None:
            client("kinesis", between.endpoint).list_streams()
            client("dynamodb", between.endpoint).list_tables()
            assert (streams.seen, tables.seen) == (Counter(ListStreams=1), Counter(ListTables=1))
            assert refusal(client("logs", between.endpoint).describe_log_groups)[1] == 500

        endpoints = {"Kinesis": streams.endpoint, "DynamoDB": tables.endpoint}
        assert mistake(endpoints, work) == "The fault proxy has no endpoint for Logs."


def test_silent_emulator(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the emulator refuses, cuts or does not answer, the client gets a 502, and the proxy continues."""
    monkeypatch.setattr(proxy, "UPSTREAM_LIMIT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoints = {
            "Kinesis": f"http://127.0.0.1:{processes.free_port()}",
            "DynamoDB": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        with proxy.running(endpoints) as between:
            kinesis, dynamodb = client("kinesis", between.endpoint), client("dynamodb", between.endpoint)
            for _ in range(2):
                assert refusal(kinesis.list_streams) == ("BadGateway", 502)
                assert refusal(dynamodb.list_tables) == ("BadGateway", 502)
            endpoints["Kinesis"] = aws.endpoint
            kinesis.list_streams()


def test_ends_under_requests(aws: Emulator) -> None:
    """The end of the proxy waits for no client, rule or emulator, and leaves neither thread nor port."""
    with ThreadPoolExecutor(3) as pool, socket.create_server(("127.0.0.1", 0)) as silent:
        endpoints = {"Kinesis": aws.endpoint, "DynamoDB": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with proxy.running(endpoints) as between:
            kinesis, dynamodb = client("kinesis", between.endpoint), client("dynamodb", between.endpoint)
            between.add(rules.slow_request(60, "ListStreams"))
            between.add(rules.slow_answer(60, "DescribeLimits"))
            work = (kinesis.list_streams, kinesis.describe_limits, dynamodb.list_tables)
            calls = [pool.submit(call) for call in work]
            wait_until(lambda: between.seen.total() == 3)
            time.sleep(0.1)
            began = time.monotonic()
        assert time.monotonic() - began < 3
        assert not wait(calls, 5).not_done
        assert isinstance(calls[2].exception(), (BotoCoreError, ClientError))
    assert not threads()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", between.port))


def test_mistakes_of_a_test(aws: Emulator) -> None:
    """A mistake in a test fails the test at its end, however long its clients retry."""

    def work(between: proxy.Proxy) -> None:
        between.add(rules.deny(where=lambda request: bool(request.json["Misspelt"])))
        assert refusal(client("kinesis", between.endpoint).list_streams) == ("FaultProxyError", 500)

    assert mistake(aws.endpoint, work) == "A rule failed at ListStreams: KeyError('Misspelt')."


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ("PRI * HTTP/2.0\r\n\r\n", "505", "refused 'PRI * HTTP/2.0' with status 505"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "413", "with status 413"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "413", "with status 413"),
        ("POST / HTTP/1.1\r\nContent-Type: application/x-amz-cbor-1.1\r\nContent-Length: 1\r\n\r\n_", "500", "CBOR"),
    ],
    ids=["HTTP/2", "chunks", "too large", "CBOR"],
)
def test_other_protocols(aws: Emulator, sent: str, status: str, said: str) -> None:
    """A client with an unsupported protocol gets an error, and the test fails."""

    def work(between: proxy.Proxy) -> None:
        with socket.create_connection(("127.0.0.1", between.port), timeout=5) as connection:
            connection.sendall(sent.encode())
            assert status in connection.recv(1000).decode()

    assert said in mistake(aws.endpoint, work)


@pytest.mark.parametrize(
    "sent",
    ["", "POS", "POST / HTTP/1.1\r\nContent-", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc"],
    ids=["before", "method", "headers", "body"],
)
def test_broken_off_requests(aws: Emulator, sent: str) -> None:
    """An incomplete request is not forwarded, and is no mistake of the test."""
    with (
        proxy.running(aws.endpoint) as between,
        socket.create_connection(("127.0.0.1", between.port), timeout=5) as connection,
    ):
        connection.sendall(sent.encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1000):
            pass
        assert not between.seen
