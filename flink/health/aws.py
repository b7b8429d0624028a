"""A job's streams and tables, by Kinesis and DynamoDB: which of them exist, and which shards get records.

All readers of a shard share 5 reads a second, and the job uses them all. So this module reads a shard four times at
most, and few of its records. Durations are seconds, event times milliseconds since 1970 UTC. None means not known.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from aws.failures import ERRORS, AwsError, is_absence
from aws.parts import parts
from aws.session import Services, stream_at
from consumer.records import Record, batch_of, service_time
from consumer.shards import at, list_shards
from consumer.tail import Clock
from flink import resources
from flink.health.flink import shard_name
from flink.resources import ATTEMPTS, Resource
from pipeline import references, window
from pipeline.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

MOMENT = 5.0  # seconds; a shard without a record in this time is read again, over WINDOW
WINDOW = 120.0  # seconds
SAMPLE = 1000  # records in a read, at most
READS = 2  # from a position, at most; records may follow an empty batch
PAUSE = 0.25  # seconds between two reads of a shard
TOGETHER = 8  # shards read at a time

# The columns that a source's SQL reads from a record: json_record(line, 'A STRING, B TIMESTAMP(3), ...').
_COLUMNS = re.compile(r"\bjson_record\s*\(\s*\w+\s*,\s*'([^']*)'", re.IGNORECASE)
_TIME = re.compile(r"\s*`?(\w+)`?\s+TIMESTAMP\b", re.IGNORECASE)
# The latest event time that a record may have: latest AS arrival + INTERVAL '10' MINUTE.
_LATEST = re.compile(r"\barrival\s*\+\s*(INTERVAL\s*'[^']*'\s*\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Shard:
    """An open shard of a stream that the job reads.

    asked: whether its records could be read. silent: since its newest record arrived, None for more than two minutes.
    event, oldest: the newest and the oldest event time of its last records. ahead: milliseconds from the arrival of a
    record to its event time, if the job rejects the record as from the future.
    """

    id: str
    asked: bool = True
    silent: float | None = None
    event: int | None = None
    oldest: int | None = None
    ahead: int | None = None


@dataclass(frozen=True)
class Aws:
    """where: the sources' streams, and their region or endpoint. problem: why AWS could not be queried; then the other
    fields are empty. streams: the names of the sources' streams.
    """

    where: str
    problem: str | None = None
    resources: tuple[Resource, ...] = ()
    shards: tuple[Shard, ...] = ()
    streams: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventTime:
    """The event time of a source's records: the first TIMESTAMP that its SQL reads from a record.

    field: None without a TIMESTAMP. future: milliseconds that it may be after the record's arrival; None for no limit.
    """

    field: str | None = None
    future: float | None = None

    def of(self, part: bytes) -> int | None:
        """The event time of a record, or of a part of one, in milliseconds; None if it has none, or another format."""
        if self.field is None:
            return None
        try:
            made = datetime.fromisoformat(json.loads(part)[self.field])
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return int(made.replace(tzinfo=UTC).timestamp() * 1000)


def event_time(table: str) -> EventTime:
    """The event time that the SQL of a source names."""
    columns = _COLUMNS.search(table)
    times = (_TIME.match(column) for column in (columns[1] if columns else "").split(","))
    field = next((match[1] for match in times if match), None)
    latest = _LATEST.search(" ".join(references.tokenize(table)))
    future = window.intervals(latest[1])[0].total_seconds() * 1000 if latest else None
    return EventTime(field, future)


def gather(chosen: Settings) -> Aws:
    """The streams and tables of these settings, and the shards. Raises no error of a service: `problem` has it."""
    place, job = chosen.groups["aws"], chosen.job
    sources = [table for table in job.sources if job.far_end(table) == "stream"]
    streams = tuple(dict.fromkeys(chosen.groups[table]["stream"] for table in sources))
    where = stream_at(" and ".join(streams), place["region"], place.get("endpoint"))
    try:
        services = Services.of_settings(place)
        client = services.client("kinesis", ATTEMPTS)
    except AwsError as error:
        return Aws(where, str(error).rstrip("."))
    shards: list[Shard] = []
    try:
        found = tuple(resources.look_up(chosen, services))
        for table in sources:
            stream, event = chosen.groups[table]["stream"], event_time(job.texts[table])
            shards += open_shards(client, stream, event, Clock(), names_stream=len(job.sources) > 1)
    except ERRORS as error:
        return Aws(where, services.explain(error).problem)
    return Aws(where, None, found, tuple(shards), streams)


def open_shards(
    client: KinesisClient, stream: str, event: EventTime, clock: Clock, *, names_stream: bool = False
) -> tuple[Shard, ...]:
    """The open shards, with the times of their last records; empty when the stream does not exist."""
    try:
        shards, page = list_shards(client, stream)
    except ClientError as error:
        if is_absence(error):
            return ()
        raise
    probe = Probe(client, stream, event, service_time(page) or clock.now(), clock, names_stream)
    with ThreadPoolExecutor(TOGETHER) as pool:
        return tuple(pool.map(probe.look, [shard.id for shard in shards if shard.open]))


@dataclass(frozen=True)
class Probe:
    """Reads the last records of shards of a stream. now: by the service's clock, which gives records their arrival."""

    client: KinesisClient
    stream: str
    event: EventTime
    now: datetime
    clock: Clock
    names_stream: bool = False

    def look(self, shard: str) -> Shard:
        """The shard, by four reads at most. Facts that the reads cannot show stay unknown."""
        name = shard_name(self.stream, shard, self.names_stream)
        try:
            last, _all = self._since(shard, MOMENT)
            if last:
                return self.heard(name, last, (self.now - last[-1].arrival).total_seconds())
            self.clock.sleep(PAUSE)
            last, is_all = self._since(shard, WINDOW)
        except (ClientError, BotoCoreError):
            return Shard(name, asked=False)  # throttled, most likely, because the job reads too
        if not last:
            return Shard(name, asked=is_all)
        return self.heard(name, last, (self.now - last[-1].arrival).total_seconds() if is_all else MOMENT)

    def heard(self, name: str, last: list[Record], silent: float) -> Shard:
        """A shard with these last records."""
        times: list[int] = []
        ahead: list[int] = []
        for arrival, part in ((record.arrival, part) for record in last for part in parts(record.data)):
            time = self.event.of(part)
            if time is None:
                continue
            after_arrival = time - round(arrival.timestamp() * 1000)
            if self.event.future is not None and after_arrival > self.event.future:
                ahead.append(after_arrival)
            else:
                times.append(time)
        return Shard(
            name,
            silent=max(silent, 0.0),
            event=max(times, default=None),
            oldest=min(times, default=None),
            ahead=max(ahead, default=None),
        )

    def _since(self, shard: str, seconds: float) -> tuple[list[Record], bool]:
        """Some records of the last `seconds`, and whether they are all records of that time."""
        start = at(self.now - timedelta(seconds=seconds)).arguments()
        iterator: str | None = self.client.get_shard_iterator(StreamName=self.stream, ShardId=shard, **start)[
            "ShardIterator"
        ]
        found: list[Record] = []
        for read in range(READS):
            if read:
                self.clock.sleep(PAUSE)
            if iterator is None:
                return found, True
            output = self.client.get_records(ShardIterator=iterator, Limit=SAMPLE)
            batch = batch_of(shard, output)
            found += batch.records
            if not batch.millis_behind:
                return found, True
            if found and seconds == MOMENT:
                break  # any record shows that the shard is not silent
            iterator = output.get("NextShardIterator")
        return found, False
