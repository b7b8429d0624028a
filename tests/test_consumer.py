"""Reading a stream, with a Kinesis in memory and a clock that needs no waiting."""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import SimpleNamespace

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from aws.failures import code_of
from consumer.shards import LATEST, TRIM_HORIZON, at
from consumer.tail import GaveUp, Tail, stored

NOON = datetime(2026, 1, 27, 12, tzinfo=UTC)
ITERATOR_LIFE = 300  # seconds, as in Kinesis


def refused(code: str, status: int = 400, operation: str = "GetRecords") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


@dataclass
class FakeClock:
    """A clock that only sleep and calls move; `events` happen at their second."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self.seconds += seconds


@dataclass
class FakeShard:
    """A shard that exists from the second `opened`, with records that have a second of arrival."""

    id: str
    parents: tuple[str, ...] = ()
    opened: float = 0.0
    closed: float = float("inf")
    records: list[tuple[float, bytes]] = field(default_factory=list)
    gone: float = float("inf")


class FakeKinesis:
    """The three calls of the consumer. Each takes 10 ms; faults wait in `faults` by operation."""

    meta = SimpleNamespace(endpoint_url="http://me:secret@127.0.0.1:4566")

    def __init__(self, clock: FakeClock, *shards: FakeShard, page: int = 1000, batch: int = 10_000) -> None:
        self.clock = clock
        self.shards = {shard.id: shard for shard in shards}
        self.page = page
        self.batch = batch
        self.faults: dict[str, deque[Exception | None]] = defaultdict(deque)
        self.calls: list[tuple[float, str, str]] = []
        self.opened: list[tuple[str, str]] = []

    def _call(self, operation: str, shard: str = "") -> None:
        self.calls.append((self.clock.seconds, operation, shard))
        self.clock.seconds += 0.01
        faults = self.faults[operation]
        fault = faults.popleft() if faults else None
        if fault:
            raise fault.with_traceback(None)

    def list_shards(self, *, StreamName: str | None = None, NextToken: str | None = None) -> dict:  # noqa: N803
        assert (StreamName is None) != (NextToken is None), "the service refuses both together"
        self._call("ListShards")
        now = self.clock.seconds
        seen = [shard for shard in self.shards.values() if shard.opened <= now < shard.gone]
        first = int(NextToken or 0)
        answer: dict = {"Shards": [self._shown(shard) for shard in seen[first : first + self.page]]}
        if len(seen) > first + self.page:
            answer["NextToken"] = str(first + self.page)
        return answer

    def _shown(self, shard: FakeShard) -> dict:
        names = zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False)
        numbers = {"StartingSequenceNumber": "0"}
        if shard.closed <= self.clock.seconds:
            numbers["EndingSequenceNumber"] = "9"
        return {"ShardId": shard.id, "SequenceNumberRange": numbers, **dict(names)}

    def get_shard_iterator(
        self,
        *,
        StreamName: str,  # noqa: ARG002, N803
        ShardId: str,  # noqa: N803
        ShardIteratorType: str,  # noqa: N803
        StartingSequenceNumber: str = "",  # noqa: N803
        Timestamp: datetime | None = None,  # noqa: N803
    ) -> dict:
        self._call("GetShardIterator", ShardId)
        self.opened.append((ShardId, ShardIteratorType))
        records = self._existing(ShardId)
        position = {
            "TRIM_HORIZON": lambda: 0,
            "LATEST": lambda: len(records),
            "AFTER_SEQUENCE_NUMBER": lambda: int(StartingSequenceNumber) + 1,
            "AT_TIMESTAMP": lambda: sum(NOON + timedelta(seconds=when) < Timestamp for when, _ in records),
        }[ShardIteratorType]()
        return {"ShardIterator": self._token(ShardId, position)}

    def _token(self, shard: str, position: int) -> str:
        return f"{shard}|{position}|{self.clock.seconds}"

    def _existing(self, shard_id: str) -> list[tuple[float, bytes]]:
        shard = self.shards[shard_id]
        if self.clock.seconds >= shard.gone:
            raise refused("ResourceNotFoundException")
        return [record for record in shard.records if record[0] <= self.clock.seconds]

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict:  # noqa: N803
        shard_id, position, made = ShardIterator.split("|")
        self._call("GetRecords", shard_id)
        if self.clock.seconds - float(made) > ITERATOR_LIFE:
            raise refused("ExpiredIteratorException")
        records, first = self._existing(shard_id), int(position)
        last = min(len(records), first + min(Limit, self.batch))
        behind = self.clock.seconds - records[last][0] if last < len(records) else 0
        answer: dict = {
            "Records": [
                {
                    "SequenceNumber": str(number),
                    "PartitionKey": "Shadowfax",
                    "ApproximateArrivalTimestamp": NOON + timedelta(seconds=records[number][0]),
                    "Data": records[number][1],
                }
                for number in range(first, last)
            ],
            "MillisBehindLatest": int(behind * 1000) + 1 if last < len(records) else 0,
        }
        if last < len(records) or self.shards[shard_id].closed > self.clock.seconds:
            answer["NextShardIterator"] = self._token(shard_id, last)
        return answer


class World:
    """A stream, its clock, and the records read."""

    def __init__(self, *shards: FakeShard, page: int = 1000, batch: int = 10_000) -> None:
        self.clock = FakeClock()
        self.kinesis = FakeKinesis(self.clock, *shards, page=page, batch=batch)
        self.notes: list[str] = []

    def tail(self, start=TRIM_HORIZON, **options) -> Tail:
        options = {"jitter": lambda bound: bound, "note": self.notes.append, **options}
        return Tail(self.kinesis, "wildrydes", start, clock=self.clock, **options)

    def read(self, start=TRIM_HORIZON, **options) -> list[bytes]:
        return [record.data for record in self.tail(start, until_caught_up=True, **options).records()]

    def read_for(self, seconds: float, start=LATEST, **options) -> list[bytes]:
        found = []
        for batch in self.tail(start, **options).batches():
            found += [record.data for record in batch.records]
            if self.clock.seconds > seconds:
                break
        return found

    def calls(self, operation: str) -> list[tuple[float, str]]:
        return [(when, shard) for when, name, shard in self.kinesis.calls if name == operation]


def arriving(*seconds: float, name: str = "r") -> list[tuple[float, bytes]]:
    return [(second, f"{name}{second:g}".encode()) for second in seconds]


# Where reading starts


def test_latest_gives_only_what_arrives_later():
    """From LATEST, records from before the reading are skipped."""
    world = World(FakeShard("s0", records=arriving(-5, -1, 3, 4)))
    assert world.read_for(6) == [b"r3", b"r4"]
    assert world.kinesis.opened == [("s0", "LATEST")]


def test_trim_horizon_gives_everything():
    """From TRIM_HORIZON, every record that the stream still holds is read."""
    world = World(FakeShard("s0", records=arriving(-5, -1, 3)), FakeShard("s1", records=arriving(-2)))
    assert sorted(world.read_for(6, TRIM_HORIZON)) == [b"r-1", b"r-2", b"r-5", b"r3"]


def test_at_a_time_gives_what_arrived_since_in_old_shards_and_their_children():
    """From a time, each shard of the first list starts at that time, also a child of a closed shard."""
    parent = FakeShard("s0", opened=-100, closed=-50, records=arriving(-90, -60))
    child = FakeShard("s1", ("s0",), opened=-50, records=arriving(-40, -20, -10))
    assert World(parent, child).read(at(NOON - timedelta(seconds=25))) == [b"r-20", b"r-10"]
    assert World(parent, child).read(at(NOON - timedelta(seconds=70))) == [b"r-60", b"r-40", b"r-20", b"r-10"]


def test_a_record_comes_with_its_origin():
    """A record carries its shard, sequence number, key, arrival in UTC and the bytes as put."""
    world = World(FakeShard("s0", records=[(-1, b"\x00\xff")]))
    (record,) = world.tail(until_caught_up=True).records()
    assert (record.shard, record.sequence_number, record.partition_key) == ("s0", "0", "Shadowfax")
    assert record.arrival == NOON - timedelta(seconds=1)
    assert record.arrival.tzinfo is UTC
    assert record.data == b"\x00\xff"


# Expired iterators


def test_expiry_after_a_record_goes_on_behind_it():
    """The iterator after an expired iterator starts after the last record: no loss, no duplicate."""
    world = World(FakeShard("s0", records=arriving(-3, -2, 5)), batch=1)
    world.kinesis.faults["GetRecords"] += [None, refused("ExpiredIteratorException")]
    assert world.read_for(8, TRIM_HORIZON) == [b"r-3", b"r-2", b"r5"]
    assert world.kinesis.opened == [("s0", "TRIM_HORIZON"), ("s0", "AFTER_SEQUENCE_NUMBER")]


def test_expiry_before_any_record_loses_none_since_latest():
    """Before the first record, LATEST is reopened at the time the reading began, not at a later LATEST."""
    world = World(FakeShard("s0", records=arriving(-1, 400)))
    records = world.tail(LATEST).batches()
    next(records)
    world.clock.seconds += 500  # the reader sleeps past the iterator's life; a record comes meanwhile
    assert [record.data for batch in islice(records, 3) for record in batch.records] == [b"r400"]
    assert world.kinesis.opened == [("s0", "LATEST"), ("s0", "AT_TIMESTAMP")]


def test_a_failed_opening_at_latest_loses_none():
    """If LATEST cannot be opened at once, the shard is read from the time the reading began."""
    world = World(FakeShard("s0", records=arriving(-1, 0.2, 3)))
    world.kinesis.faults["GetShardIterator"] += [refused("ProvisionedThroughputExceededException")] * 2
    assert world.read_for(5) == [b"r0.2", b"r3"]


def test_expiry_before_any_record_keeps_trim_horizon():
    """Before the first record, TRIM_HORIZON is reopened as TRIM_HORIZON."""
    world = World(FakeShard("s0", records=arriving(-1)))
    world.kinesis.faults["GetRecords"].append(refused("ExpiredIteratorException"))
    assert world.read() == [b"r-1"]


def test_the_service_s_own_clock_counts_for_latest():
    """A fast local clock does not change the time at which LATEST is reopened."""
    world = World(FakeShard("s0", records=arriving(-9, 400)))
    plain = world.kinesis.list_shards
    dated = {"ResponseMetadata": {"HTTPHeaders": {"date": "Tue, 27 Jan 2026 12:00:00 GMT"}}}
    world.kinesis.list_shards = lambda **names: plain(**names) | dated
    world.clock.now = lambda: NOON + timedelta(hours=1)
    records = world.tail(LATEST).batches()
    next(records)
    world.clock.seconds += 500
    assert [record.data for batch in islice(records, 3) for record in batch.records] == [b"r400"]


def test_iterators_that_always_expire_end_the_reading():
    """Iterators that expire at once are a failure like others: retried, and given up after `patience`."""
    world = World(FakeShard("s0"))
    world.kinesis.faults["GetRecords"] += [refused("ExpiredIteratorException")] * 10_000
    with pytest.raises(GaveUp, match="ExpiredIterator"):
        world.read()
    assert len(world.kinesis.opened) < 60


# Throttling and outages


@pytest.mark.parametrize(
    "fault",
    [
        refused("ProvisionedThroughputExceededException"),
        refused("LimitExceededException"),
        refused("ThrottlingException"),
        refused("InternalFailure", 500),
        refused("anything", 503),
        ReadTimeoutError(endpoint_url="http://k"),
        ConnectionClosedError(endpoint_url="http://k"),
        EndpointConnectionError(endpoint_url="http://k"),
    ],
    ids=code_of,
)
def test_passing_failures_are_waited_out(fault):
    """Throttling, server errors and lost connections cost time but no record, in each of the calls."""
    world = World(FakeShard("s0", records=arriving(-2, -1)), batch=1)
    for operation in ("ListShards", "GetShardIterator", "GetRecords"):
        first = [] if operation != "ListShards" else [refused("InternalFailure", 500)]  # so it has answered
        world.kinesis.faults[operation] += [*first, fault, fault]
    assert world.read() == [b"r-2", b"r-1"]
    assert world.notes[0] == "reading 1 shard of wildrydes from TRIM_HORIZON"


def test_waits_double_up_to_a_bound_and_are_drawn_at_random():
    """Full jitter: each wait is random below a bound that doubles from 0.25 s to 10 s."""
    world = World(FakeShard("s0"))
    world.kinesis.faults["ListShards"] += [refused("LimitExceededException")] * 8
    bounds = []
    world.read(jitter=lambda bound: bounds.append(bound) or 0.0)
    assert bounds == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_patience_ends_with_the_shard_and_the_reason():
    """After `patience` seconds of failures the reading gives up; a note comes before."""
    world = World(FakeShard("s0"))
    world.kinesis.faults["GetRecords"] += [refused("ProvisionedThroughputExceededException")] * 10_000
    with pytest.raises(GaveUp) as gave_up:
        world.read(patience=60)
    assert str(gave_up.value) == (
        "Gave up reading s0 of wildrydes at http://127.0.0.1:4566, which failed for 60 s, last with "
        "ProvisionedThroughputExceededException: other readers use up its limit: stop one, or raise --patience."
    )
    assert gave_up.value.code == "ProvisionedThroughputExceededException"
    assert 60 <= world.clock.seconds < 62
    said = [note for note in world.notes if "has been failing" in note]
    assert 1 <= len(said) <= 3


def test_a_success_starts_patience_anew():
    """Only failures in a row count: 5 throttled calls before each success can go on for ever."""
    world = World(FakeShard("s0", records=arriving(*range(-100, 0))), batch=1)
    throttled = refused("ProvisionedThroughputExceededException")
    world.kinesis.faults["GetRecords"] += [*[throttled] * 5, None] * 90
    assert len(world.read(patience=10)) == 100
    assert world.clock.seconds > 600


def test_an_outage_is_noted_once_for_all_shards_and_its_end_too():
    """A long outage has a single note for all shards; a short outage has none."""
    world = World(*[FakeShard(f"s{number}") for number in range(4)])
    world.kinesis.faults["GetRecords"] += [None] * 8 + [ConnectionClosedError(endpoint_url="http://k")] * 30
    world.read_for(90)
    assert len([note for note in world.notes if "has been failing" in note]) == 1
    assert len([note for note in world.notes if "works again" in note]) == 1


def test_one_throttled_shard_does_not_hold_up_the_others():
    """The other shards are read during a throttled shard's wait."""
    world = World(FakeShard("s0"), FakeShard("s1", records=arriving(*range(1, 20))))
    plain = world.kinesis.get_records

    def throttle_s0(**names):
        if names["ShardIterator"].startswith("s0"):
            raise refused("ProvisionedThroughputExceededException")
        return plain(**names)

    world.kinesis.get_records = throttle_s0
    assert len(world.read_for(25)) == 19


@pytest.mark.parametrize(
    "fault",
    [
        refused("ResourceNotFoundException"),
        refused("AccessDeniedException"),
        NoCredentialsError(),
        EndpointConnectionError(endpoint_url="http://nowhere"),
        SSLError(endpoint_url="https://k", error="self-signed"),
    ],
    ids=code_of,
)
def test_lasting_errors_are_raised_at_once(fault):
    """No stream, no permission, no credentials, an address that never answered: no wait."""
    world = World(FakeShard("s0"))
    world.kinesis.faults["ListShards"].append(fault)
    with pytest.raises(type(fault)):
        world.read()
    assert world.clock.waits == []


def test_the_reader_s_own_pauses_do_not_use_up_patience():
    """Two failures are not an hour of failures if the caller worked for an hour between them."""
    world = World(FakeShard("s0", records=arriving(-1)), FakeShard("s1", records=arriving(-1)))
    throttled = refused("ProvisionedThroughputExceededException")
    world.kinesis.faults["GetRecords"] += [throttled, None, throttled]
    batches = world.tail().batches()
    next(batches)
    world.clock.seconds += 3600
    assert sum(len(batch.records) for batch in islice(batches, 9)) == 1


# The pace


@pytest.mark.parametrize("batch", [1, 10_000])
def test_no_shard_is_called_five_times_a_second(batch):
    """Caught up or behind, throttled or not, a shard gets fewer than 5 GetRecords in any second."""
    world = World(*[FakeShard(f"s{n}", records=arriving(*range(-50, 0))) for n in range(3)], batch=batch)
    world.kinesis.faults["GetRecords"] += [None, refused("ProvisionedThroughputExceededException")] * 20
    world.read_for(30, TRIM_HORIZON, jitter=lambda _bound: 0.0)
    for name in world.kinesis.shards:
        times = [when for when, shard in world.calls("GetRecords") if shard == name]
        assert all(later - earlier > 0.8 for earlier, later in zip(times, times[4:], strict=False))


# Shards that come and go


def test_children_of_a_split_follow_their_parent():
    """A split during the reading: the parent to its end, then both children from their first record."""
    parent = FakeShard("s0", closed=10, records=arriving(-1, 5, 9.99, name="p"))
    left = FakeShard("s1", ("s0",), opened=10, records=arriving(10, 12, name="l"))
    right = FakeShard("s2", ("s0",), opened=10, records=arriving(10.1, 11, name="r"))
    world = World(parent, left, right)
    found = world.read_for(20)
    assert found[:2] == [b"p5", b"p9.99"]
    assert sorted(found[2:]) == [b"l10", b"l12", b"r10.1", b"r11"]
    assert world.kinesis.opened == [("s0", "LATEST"), ("s1", "TRIM_HORIZON"), ("s2", "TRIM_HORIZON")]


def test_the_child_of_a_merge_waits_for_both_parents():
    """A merged shard is read after both parents, also if a parent takes much longer."""
    short = FakeShard("s0", opened=-90, closed=-10, records=arriving(-50, name="a"))
    long = FakeShard("s1", opened=-90, closed=-10, records=arriving(*range(-70, -10), name="b"))
    child = FakeShard("s2", ("s0", "s1"), opened=-10, records=arriving(-9, -1, name="c"))
    found = World(child, short, long, batch=5).read()
    assert len(found) == 63
    assert found[-2:] == [b"c-9", b"c-1"]


def test_latest_leaves_closed_shards_alone_but_not_their_open_children():
    """From LATEST, a closed shard is skipped, and its open child starts at LATEST."""
    parent = FakeShard("s0", opened=-90, closed=-50, records=arriving(-60))
    child = FakeShard("s1", ("s0",), opened=-50, records=arriving(-40, 2))
    world = World(parent, child)
    assert world.read_for(4) == [b"r2"]
    assert world.kinesis.opened == [("s1", "LATEST")]


def test_a_split_between_two_pages_of_the_listing_loses_nothing():
    """If a page lists an open shard and the next page its child, the child is read from its start, after the shard."""
    parent = FakeShard("s0", closed=0.015, records=arriving(0.001))
    child = FakeShard("s1", ("s0",), opened=0.015, records=arriving(0.016, 3))
    world = World(parent, FakeShard("sx"), child, page=2)
    assert world.read_for(5) == [b"r0.016", b"r3"]
    assert ("s1", "TRIM_HORIZON") in world.kinesis.opened


def test_a_parent_past_its_retention_is_not_waited_for():
    """A child whose parent is no longer listed is read at once."""
    assert World(FakeShard("s1", ("s0",), records=arriving(-1))).read() == [b"r-1"]


def test_a_shard_without_a_known_parent_is_discovered():
    """A shard without a closed parent is discovered within 10 s, and read from its start."""
    world = World(FakeShard("s0"), FakeShard("s1", opened=5, records=arriving(6, 30)))
    assert world.read_for(40) == [b"r6", b"r30"]


def test_a_shard_that_vanishes_is_given_up_for_its_children():
    """A shard deleted during the reading gets a note, and its children are read."""
    parent = FakeShard("s0", closed=5, gone=5, records=arriving(1))
    world = World(parent, FakeShard("s1", ("s0",), opened=5, records=arriving(6)))
    assert world.read_for(9) == [b"r1", b"r6"]
    assert any("s0 of wildrydes no longer exists" in note for note in world.notes)


def test_a_stream_that_vanishes_ends_the_reading():
    """A deleted stream ends the reading."""
    world = World(FakeShard("s0", gone=5))
    world.kinesis.faults["ListShards"] += [None, refused("ResourceNotFoundException")]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        world.read_for(60)
    assert world.clock.seconds < 7


def test_all_pages_of_the_listing_are_read():
    """All pages of ListShards are read, again from the first page if a token expires."""
    world = World(*[FakeShard(f"s{n}", records=arriving(n - 9)) for n in range(7)], page=2)
    world.kinesis.faults["ListShards"] += [None, refused("ExpiredNextTokenException")]
    assert len(world.read()) == 7
    assert len(world.kinesis.opened) == 7


# The end of the stream


def test_caught_up_needs_an_empty_read_where_the_lag_is_always_zero():
    """Emulators return no lag: only a batch without records shows the end."""
    world = World(FakeShard("s0", records=arriving(*range(-9, 0))), batch=2)
    plain = world.kinesis.get_records
    world.kinesis.get_records = lambda **names: plain(**names) | {"MillisBehindLatest": 0}
    assert len(world.read()) == 9


def test_caught_up_needs_no_lag_where_a_read_is_empty():
    """Kinesis returns batches without records on the way through old data: with a lag they are not the end."""
    world = World(FakeShard("s0", records=arriving(-1)))
    plain = world.kinesis.get_records
    empty = [{"Records": [], "NextShardIterator": "s0|0|0", "MillisBehindLatest": 1000}] * 3
    world.kinesis.get_records = lambda **names: empty.pop() if empty else plain(**names)
    assert world.read() == [b"r-1"]


def test_caught_up_comes_on_a_stream_that_never_rests():
    """If records arrive faster than they are read, reading ends at records newer than its beginning."""
    world = World(FakeShard("s0", records=arriving(*[n / 20 for n in range(-200, 20_000)])))
    assert 200 <= len(world.read()) < 300


def test_stored_is_the_whole_stream():
    """`stored` reads from the oldest record to the newest, then ends."""
    world = World(FakeShard("s0", records=arriving(-2, -1)))
    tail = stored(world.kinesis, "wildrydes")
    assert [record.data for record in tail] == [b"r-2", b"r-1"]


def test_reading_can_stop_at_any_record():
    """The caller can stop after two records."""
    world = World(FakeShard("s0", records=arriving(*range(-9, 0))), batch=1)
    assert len(list(islice(world.tail().records(), 2))) == 2
    assert len(world.calls("GetRecords")) == 2


# Any history, any faults


@st.composite
def histories(draw) -> list[FakeShard]:
    """A stream that is split and merged at random, some of it before and some during the reading."""
    count = draw(st.integers(1, 3))
    shards = [FakeShard(f"s{n}", opened=-60) for n in range(count)]
    live = list(shards)
    for when in sorted(draw(st.lists(st.integers(-50, 40), max_size=6, unique=True))):
        merged = len(live) > 1 and draw(st.booleans())
        parents = [live.pop(draw(st.integers(0, len(live) - 1))) for _ in range(2 if merged else 1)]
        for parent in parents:
            parent.closed = when
        for _ in range(1 if merged else 2):
            child = FakeShard(f"s{len(shards)}", tuple(p.id for p in parents), opened=when)
            shards.append(child)
            live.append(child)
    for shard in shards:
        last = min(shard.closed, 45)
        offsets = draw(st.lists(st.floats(0, 0.99), max_size=5))
        times = sorted(shard.opened + offset * (last - shard.opened) for offset in offsets)
        shard.records = [(time, f"{shard.id}:{n}".encode()) for n, time in enumerate(times)]
    return draw(st.permutations(shards))


FAULTS = [
    refused("ExpiredIteratorException"),
    refused("ProvisionedThroughputExceededException"),
    refused("InternalFailure", 500),
    ConnectionClosedError(endpoint_url="http://k"),
]


def read_through_faults(shards, seed, start) -> tuple[World, list]:
    """Read until all faults have happened, all shards are closed, and no record has come for 30 s."""
    chance = random.Random(seed)
    world = World(*shards, page=chance.randint(3, 6), batch=chance.randint(1, 3))
    for operation, count in (("ListShards", 12), ("GetShardIterator", 12), ("GetRecords", 60)):
        usable = FAULTS if operation == "GetRecords" else FAULTS[1:]
        world.kinesis.faults[operation] += [
            chance.choice(usable) if chance.random() < 0.3 else None for _ in range(count)
        ]
    found, last = [], 0.0
    for batch in world.tail(start, jitter=lambda bound: chance.uniform(0, bound)).batches():
        found += batch.records
        pauses = chance.random() < 0.005
        if pauses:
            world.clock.seconds += 400  # the reader's pause, in which every iterator expires
        if batch.records or pauses or world.kinesis.faults["ListShards"] or world.kinesis.faults["GetRecords"]:
            last = max(world.clock.seconds, 45.0)
        if world.clock.seconds > last + 30:
            break
    return world, found


def assert_in_order(shards, found) -> None:
    """Each record once, in order within its shard, and after its shard's parents' records."""
    assert max(Counter(record.data for record in found).values(), default=0) <= 1
    family = {shard.id: shard.parents for shard in shards}
    last_of = {record.shard: place for place, record in enumerate(found)}
    seen: dict[str, int] = {}
    for place, record in enumerate(found):
        assert seen.get(record.shard, -1) < int(record.sequence_number)
        seen[record.shard] = int(record.sequence_number)
        assert all(last_of.get(parent, -1) < place for parent in family[record.shard])


@settings(max_examples=15, deadline=None)
@given(histories(), st.integers(0, 2**32))
def test_from_the_start_every_record_comes_once_and_parents_first(shards, seed):
    """With any splits, merges and faults: every record exactly once, in order, parents before children."""
    _, found = read_through_faults(shards, seed, TRIM_HORIZON)
    assert {record.data for record in found} == {data for shard in shards for _, data in shard.records}
    assert_in_order(shards, found)


@settings(max_examples=15, deadline=None)
@given(histories(), st.integers(0, 2**32))
def test_from_latest_every_later_record_comes_once_and_parents_first(shards, seed):
    """With any splits, merges and faults: all records that arrive after the first list's shards were opened."""
    world, found = read_through_faults(shards, seed, LATEST)
    listed = world.calls("GetShardIterator")[0][0]  # the listing was complete by then
    opened = {name: when + 0.01 for when, name in reversed(world.calls("GetShardIterator"))}
    due = {
        data
        for shard in shards
        for when, data in shard.records
        if when > (opened.get(shard.id, listed) if shard.opened < listed else listed)
    }
    assert due <= {record.data for record in found}
    assert all(record.arrival >= NOON for record in found)
    assert_in_order(shards, found)


@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(1, 3))
def test_what_is_there_is_read_to_its_end(shards, batch):
    """Until caught up: at least all records from before the reading, each once, then the end."""
    world = World(*shards, batch=batch)
    found = list(world.tail(until_caught_up=True).records())
    there = {data for shard in shards for when, data in shard.records if when <= 0}
    assert there <= {record.data for record in found}
    assert_in_order(shards, found)
