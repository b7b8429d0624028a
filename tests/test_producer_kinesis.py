"""PutRecords, its limits and its failures, against a client that fails on purpose."""

import time
from collections import defaultdict
from dataclasses import replace

import pytest
from botocore import exceptions as boto

from producer.delivery import Delivery, Stop
from producer.event_clock import EventClock
from producer.kinesis import MAX_CALL, MAX_RECORD, calls
from producer.progress import Progress
from producer.records import Record
from producer.sinks import ProducerError
from program.waiting import Retry
from tests.producer_fakes import FakeKinesis, Lines, Pauses, client_error, record, sink

THROTTLED = "ProvisionedThroughputExceededException"


def put(client: FakeKinesis, pauses: Pauses, sent: list[Record]) -> list[Record]:
    return [one for acknowledged in sink(client, pauses).put(sent) for one in acknowledged]


def test_exactly_the_failed_records_are_resent() -> None:
    """After a partial failure the next call contains exactly the refused records, in order."""
    sent = [record("a", number) for number in range(10)]
    chosen = {sent[2].data, sent[5].data, sent[9].data}
    client = FakeKinesis(lambda call, data: THROTTLED if call == 0 and data in chosen else None)
    pauses = Pauses()
    assert sorted(put(client, pauses, sent), key=lambda one: one.at_ms) == sent
    assert client.calls == [[one.data for one in sent], [sent[2].data, sent[5].data, sent[9].data]]
    assert pauses.refused == [3]


def test_order_by_key_is_kept() -> None:
    """No record of a later call overtakes a refused record, and the resent records keep their order."""
    sent = [record("abc"[number % 3], number) for number in range(1200)]
    # Key a is refused as a whole, by each call twice.
    seen: defaultdict[bytes, int] = defaultdict(int)

    def refuses(_: int, data: bytes) -> str | None:
        seen[data] += 1
        return "InternalFailure" if data.startswith(b"a") and seen[data] <= 2 else None

    client = FakeKinesis(refuses)
    put(client, Pauses(), sent)
    for key in "abc":
        expected = [one.data for one in sent if one.key == key]
        assert [data for name, data in client.accepted if name == key] == expected


def test_acknowledged_as_they_are_accepted() -> None:
    """Each record is acknowledged once, in the part in which it was accepted."""
    sent = [record("a", number) for number in range(4)]
    client = FakeKinesis(lambda call, data: THROTTLED if data.startswith(b"a %d " % (3 - call)) else None)
    parts = [[one.at_ms for one in part] for part in sink(client, Pauses()).put(sent)]
    assert parts == [[0, 1, 2], [3]]


@pytest.mark.parametrize(
    "error",
    [
        client_error(THROTTLED),
        client_error("ThrottlingException"),
        client_error("LimitExceededException"),
        client_error("Busy", 429),
        client_error("InternalFailure", 500),
        client_error("503", 503),
        boto.EndpointConnectionError(endpoint_url="http://127.0.0.1:4566"),
        boto.ReadTimeoutError(endpoint_url="http://127.0.0.1:4566"),
        boto.ConnectTimeoutError(endpoint_url="http://127.0.0.1:4566"),
        boto.ConnectionClosedError(endpoint_url="http://127.0.0.1:4566"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_passing_failures_of_a_call(error: Exception) -> None:
    """Throttling, 5xx and connection errors of the whole call are retried with all of its records."""
    sent = [record("a", number) for number in range(3)]
    client, pauses = FakeKinesis(raises=[error, error]), Pauses()
    assert put(client, pauses, sent) == sent
    assert client.calls == [[one.data for one in sent]] * 3
    assert pauses.refused == [3, 3]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            client_error("ResourceNotFoundException"),
            ["Stream wildrydes in eu-west-1", "not exist", "create-stream"],
        ),
        (client_error("AccessDeniedException"), ["PutRecords", "stream wildrydes", "kinesis:PutRecords"]),
        (
            client_error("ExpiredTokenException", message="secret"),
            ["127.0.0.1", "credentials", "the line that `python -m local aws`"],
        ),
        (client_error("UnrecognizedClientException", message="secret"), ["127.0.0.1", "credentials", "the line"]),
        (client_error("ValidationException"), ["ValidationException", "its own words"]),
        (boto.NoCredentialsError(), ["no AWS credentials", "AWS_ACCESS_KEY_ID"]),
        (boto.TokenRetrievalError(provider="sso", error_msg="secret"), ["login has expired", "aws sso login"]),
        (boto.BotoCoreError(), ["BotoCoreError", "check"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_lasting_failures(error: Exception, words: list[str]) -> None:
    """A lasting error gives a sentence at once: the problem, the place, the remedy; no secret."""
    client, pauses = FakeKinesis(raises=[error]), Pauses()
    with pytest.raises(ProducerError) as failure:
        put(client, pauses, [record("a", 1)])
    text = str(failure.value)
    assert all(word in text for word in words)
    assert "secret" not in text
    assert "\n" not in text
    assert (len(client.calls), pauses.seconds) == (1, [])


def test_a_response_that_is_not_from_kinesis() -> None:
    """A response without a result per record is an error."""
    client = FakeKinesis()
    client.put_records = lambda **_: {}  # type: ignore[method-assign]
    with pytest.raises(ProducerError, match=r"^http://127\.0\.0\.1:4566 does not answer"):
        put(client, Pauses(), [record("a", 1)])


def test_gives_up_after_the_limit_and_counts_the_unsent_records() -> None:
    """If no record is accepted until the limit, the rest is counted: refused, batched, withheld."""
    sent = [record("a", number) for number in range(700)]
    client = FakeKinesis(lambda _, data: None if data.endswith(b"1 ") else THROTTLED)
    pauses, stop = Pauses(), Stop()
    progress = Progress(Lines(), in_place=False, quiet=False)
    delivery = Delivery(sink(client, pauses, limit=0.05), None, progress)
    with pytest.raises(ProducerError, match=r"throttles stream wildrydes .* for 0\.05 s: add shards or lower --rate\."):
        delivery.run(iter(sent), EventClock(0, float("inf"), 0.0), stop)
    assert delivery.unsent == 700 - len(client.accepted)
    assert len(client.accepted) == 50
    assert stop.requested


def test_a_stop_sends_nothing_from_the_future() -> None:
    """After a stop, readings up to now are sent at once, withheld or not; later readings are not sent."""
    client, stop = FakeKinesis(), Stop()
    stop.request()
    withheld = replace(record("a", 0), send_ms=200_000)
    delivery = Delivery(sink(client, Pauses()), None, Progress(Lines(), in_place=False, quiet=True))
    delivery.run(iter([record("a", 0), withheld, record("a", 9000)]), EventClock(0, 1.0, time.monotonic()), stop)
    assert [data for _, data in client.accepted] == [b"a 0 ", b"a 0 "]
    assert delivery.unsent == 0


def test_progress_resets_the_limit() -> None:
    """Each accepted record starts the limit and the backoff again."""
    sent = [record("a", number) for number in range(40)]
    client = FakeKinesis(lambda call, data: None if data.startswith(b"a %d " % call) else THROTTLED)
    pauses = Pauses()
    assert put(client, pauses, sent) == sent
    assert max(pauses.seconds) <= Retry().first


def test_progress_shows_the_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress line shows the seconds by which the sink is behind the event clock."""
    lines = Lines()
    progress = Progress(lines, in_place=True, quiet=False)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 100)
    progress.due = now + 98.5
    progress.tick()
    assert "0 sent" in lines.texts[-1]
    assert "BEHIND by 2 s" in lines.texts[-1]
    monkeypatch.setattr(time, "monotonic", lambda: now + 101)
    progress.due = now + 101.5
    progress.tick()
    assert len(lines.texts) == 2
    assert "BEHIND" not in lines.texts[-1]


def test_calls_of_500_records() -> None:
    """A call has 500 records at most, in order."""
    sent = [record("a", number) for number in range(1201)]
    parts = list(calls(sent))
    assert [len(part) for part in parts] == [500, 500, 201]
    assert [one for part in parts for one in part] == sent
    assert list(calls([])) == []


def test_calls_of_5_mib() -> None:
    """A call has 5 MiB at most, with partition keys."""
    exact = [record("k" * 24, number, MAX_RECORD // 2 - 24) for number in range(21)]
    assert [len(part) for part in calls(exact)] == [10, 10, 1]
    over = [record("k" * 25, number, MAX_RECORD // 2 - 24) for number in range(21)]
    assert [len(part) for part in calls(over)] == [9, 9, 3]
    assert all(sum(len(one.data) + len(one.key) for one in part) <= MAX_CALL for part in calls(over))


def test_record_of_1_mib() -> None:
    """A record has 1 MiB at most, with its partition key; a larger record is an error."""
    assert len(list(calls([record("é", 1, MAX_RECORD - 2)]))) == 1
    with pytest.raises(ProducerError, match="1,048,577 bytes"):
        list(calls([record("é", 1, MAX_RECORD - 1)]))
