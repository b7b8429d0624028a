"""The records of a stream's shards: a sample of each. Reads only, and imports AWS's library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws.failures import Kind
from aws.session import Services, endpoint_of, stream_at
from consumer.records import batch_of
from consumer.shards import LATEST, TRIM_HORIZON, list_shards
from consumer.tail import BEHIND_PAUSE, CAUGHT_UP_PAUSE, MOST_RECORDS, Clock
from kda.discovery.samples import NoSample, Sample
from program.formats import duration

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

_REMEDIES = {
    Kind.ABSENT: "create it, or check --stream, --region and --endpoint",
    Kind.DENIED: "allow these credentials kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords on it, "
    "and kms:Decrypt",
    "EndpointConnectionError": "check --region, --endpoint, AWS_ENDPOINT_URL and the network",
}
_ATTEMPTS = 5  # of a call that fails for a passing reason


@dataclass(frozen=True)
class Reading:
    """What is read of a stream. most: records of each shard; is_latest: from now on, else from the oldest record."""

    stream: str
    most: int
    seconds: float
    is_latest: bool = False


def of_stream(reading: Reading, region: str | None, endpoint: str | None) -> Sample:
    """The records of a stream. Raises NoSample if there are none, AwsError for what the service refuses."""
    services = Services.at(endpoint_of(endpoint), region)
    with services.sentences(stream_at(reading.stream, services.region, services.endpoint), _REMEDIES):
        records = sample(services.client("kinesis", _ATTEMPTS, read_timeout=30), reading)
    if not records:
        way = "came in" if reading.is_latest else "was read in"
        remedy = "raise --seconds, or use --start TRIM_HORIZON" if reading.is_latest else "see that it has records"
        raise NoSample(f"Stream {reading.stream}: no record {way} {duration(reading.seconds)}: {remedy}.")
    return Sample(f"stream {reading.stream}", tuple(records))


@dataclass
class _Shard:
    """A shard that is read. iterator: None at its end; due: when it may be called again."""

    id: str
    iterator: str | None
    due: float = 0.0
    records: list[bytes] = field(default_factory=list)


def sample(client: KinesisClient, reading: Reading, clock: Clock | None = None) -> list[bytes]:
    """The records, shard after shard. Raises botocore's errors.

    From the oldest record on, reading ends where a shard has no more; from now on, it waits as long as it may.
    """
    clock = clock or Clock()
    end = clock.monotonic() + reading.seconds
    shards = [
        _Shard(one.id, _opened(client, reading, one.id))
        for one in list_shards(client, reading.stream)[0]
        if one.open or not reading.is_latest
    ]
    while open_ := [one for one in shards if one.iterator is not None and len(one.records) < reading.most]:
        shard = min(open_, key=lambda one: one.due)
        if max(shard.due, clock.monotonic()) >= end:
            break
        clock.sleep(max(shard.due - clock.monotonic(), 0))
        _read(client, reading, shard, clock)
    return [record for shard in shards for record in shard.records]


def _opened(client: KinesisClient, reading: Reading, shard: str) -> str:
    start = LATEST if reading.is_latest else TRIM_HORIZON
    output = client.get_shard_iterator(StreamName=reading.stream, ShardId=shard, **start.arguments())
    return output["ShardIterator"]


def _read(client: KinesisClient, reading: Reading, shard: _Shard, clock: Clock) -> None:
    """One call of GetRecords."""
    limit = min(reading.most - len(shard.records), MOST_RECORDS)
    output = client.get_records(ShardIterator=shard.iterator or "", Limit=limit)
    batch = batch_of(shard.id, output)
    shard.records += [one.data for one in batch.records]
    is_behind = bool(batch.records) or batch.millis_behind > 0
    shard.iterator = output.get("NextShardIterator") if is_behind or reading.is_latest else None
    shard.due = clock.monotonic() + (BEHIND_PAUSE if is_behind else CAUGHT_UP_PAUSE)
