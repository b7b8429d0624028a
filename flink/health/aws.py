"""What Kinesis and DynamoDB tell about the far ends of a job: which exist, and which shards of the raw stream speak.

All readers of a shard share 5 reads a second, and the job makes them all: a shard is asked twice, for few records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from aws.failures import ERRORS, AwsError, code_of
from aws.session import Services, stream_at
from consumer.records import Record, batch_of, service_time
from consumer.shards import at, list_shards
from consumer.tail import Clock, SystemClock
from flink.health.facts import Aws, Resource, Shard
from pipeline import places

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

MOMENT = 5.0  # seconds; a shard without a record for so long is asked again, over WINDOW
WINDOW = 120.0  # seconds
SAMPLE = 1000  # records in one read, at most
READS = 2  # from one position, at most: an empty answer may only mean that there is more to look through
PAUSE = 0.25  # seconds between two reads of a shard
FUTURE = 600_000  # milliseconds after its arrival: a reading with a later time is COERCION (views/checked.sql)
TOGETHER = 8  # shards asked at a time
ATTEMPTS = 2  # of a call whose failure may pass


def ask(values: Mapping[str, Mapping[str, str]], clock: Clock | None = None) -> Aws:
    """What the services tell about the streams and the table of these settings; their refusals are part of it."""
    place = values["aws"]
    where = stream_at(values["readings"]["stream"], place["region"], place.get("endpoint"))
    try:
        services = Services.of_settings(place)
        kinesis, dynamodb = services.client("kinesis", ATTEMPTS), services.client("dynamodb", ATTEMPTS)
    except AwsError as error:
        return Aws(where, str(error).rstrip("."))
    try:
        resources = tuple(_resources(kinesis, dynamodb, values))
        return Aws(where, None, resources, open_shards(kinesis, values["readings"]["stream"], clock or SystemClock()))
    except ERRORS as error:
        return Aws(where, services.explain(error).what)


def _resources(
    kinesis: KinesisClient, dynamodb: DynamoDBClient, values: Mapping[str, Mapping[str, str]]
) -> list[Resource]:
    def stream(name: str) -> str | None:
        return _usable(kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"])

    def table(name: str) -> str | None:
        described = dynamodb.describe_table(TableName=name)["Table"]
        return _usable(described["TableStatus"]) or places.misfit(described)

    streams = ("readings", "summary_stream", "error_stream")
    return [
        *(_resource(one, f"stream {values[one]['stream']}", stream, values[one]["stream"]) for one in streams),
        _resource("sensor_data", f"table {values['sensor_data']['table']}", table, values["sensor_data"]["table"]),
    ]


def _usable(status: str) -> str | None:
    """What keeps the job from using what has this status; being updated does not."""
    return None if status in ("ACTIVE", "UPDATING") else f"is {status.lower()}"


def _resource(table: str, what: str, problem: Callable[[str], str | None], name: str) -> Resource:
    """A problem is what keeps the job from using it."""
    try:
        return Resource(table, what, problem(name))
    except ClientError as error:
        missing = code_of(error) == "ResourceNotFoundException"
        return Resource(table, what, "does not exist" if missing else f"cannot be looked up ({code_of(error)})")


def open_shards(kinesis: KinesisClient, stream: str, clock: Clock) -> tuple[Shard, ...]:
    """The open shards, each asked; none when the stream does not exist."""
    try:
        shards, answer = list_shards(kinesis, stream)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return ()
        raise
    probe = Probe(kinesis, stream, service_time(answer) or clock.now(), clock)
    with ThreadPoolExecutor(TOGETHER) as pool:
        return tuple(pool.map(probe.ask, [shard.id for shard in shards if shard.open]))


@dataclass(frozen=True)
class Probe:
    """Asks shards of a stream for their last records. now: by the service's clock, which stamps the records."""

    kinesis: KinesisClient
    stream: str
    now: datetime
    clock: Clock

    def ask(self, shard: str) -> Shard:
        try:
            last, _all = self._since(shard, MOMENT)
            if last:
                return self._heard(shard, last, (self.now - last[-1].arrival).total_seconds())
            self.clock.sleep(PAUSE)
            last, is_all = self._since(shard, WINDOW)
        except (ClientError, BotoCoreError):
            return Shard(shard, asked=False)  # throttled, most likely: the job reads too
        if not last:
            return Shard(shard, asked=is_all)
        return self._heard(shard, last, (self.now - last[-1].arrival).total_seconds() if is_all else MOMENT)

    def _heard(self, shard: str, last: list[Record], silent: float) -> Shard:
        told = [
            (time, round(record.arrival.timestamp() * 1000))
            for record in last
            if (time := event_time(record)) is not None
        ]
        times = [time for time, arrival in told if time - arrival <= FUTURE]
        return Shard(
            shard,
            silent=max(silent, 0.0),
            event=max(times, default=None),
            oldest=min(times, default=None),
            ahead=max((time - arrival for time, arrival in told if time - arrival > FUTURE), default=None),
        )

    def _since(self, shard: str, seconds: float) -> tuple[list[Record], bool]:
        """Some records of so many seconds back and later, and whether they are all of them."""
        start = at(self.now - timedelta(seconds=seconds)).arguments()
        answer = self.kinesis.get_shard_iterator(StreamName=self.stream, ShardId=shard, **start)
        iterator: str | None = answer["ShardIterator"]
        found: list[Record] = []
        for read in range(READS):
            if read:
                self.clock.sleep(PAUSE)
            if iterator is None:
                return found, True
            got = self.kinesis.get_records(ShardIterator=iterator, Limit=SAMPLE)
            batch = batch_of(shard, got)
            found += batch.records
            if not batch.millis_behind:
                return found, True
            if found and seconds == MOMENT:
                break  # it speaks, which is all that is asked
            iterator = got.get("NextShardIterator")
        return found, False


def event_time(record: Record) -> int | None:
    """When a reading says it was made, in milliseconds; None for a record that does not say it in the job's way."""
    try:
        made = datetime.fromisoformat(json.loads(record.data)["StatusTime"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return int(made.replace(tzinfo=UTC).timestamp() * 1000)
