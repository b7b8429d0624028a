"""Kinesis streams as tables: read by `kinesis` of flink-connector-kinesis 4.3.0-1.19, written by this project's own
`kinesis-shards` (java/src/kinesis).

Names, types and defaults of the source's options: the connector's documentation of release 4.3, without the options
that have no effect in SQL (`scan.shard.idle.interval`, `scan.watermark.*`). Those of the sink: docs/connectors.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors import aws
from connectors.connector import Connector, ConnectorError, Option, checked, merged
from connectors.kind import Declared, End, Kind, Setting

POSITIONS = ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")
READERS = ("POLLING", "EFO")
# Retries: 30 years at a second or two each. (Not the largest integer: the connector adds 1 to some of these options.)
FOR_EVER = "1000000000"
# The calls of the source while the job runs. The connector retries them after ProvisionedThroughputExceeded and server
# errors (5xx); GetRecords and ListShards also after a timeout; ListShards and the calls of enhanced fan-out also after
# LimitExceeded. It retries DescribeStream for ever anyway. Other errors (no permission, a deleted stream, a refused
# connection) restart the job at once.
_RETRIED = (
    "scan.stream.describe",
    "scan.list.shards",
    "scan.stream.describestreamconsumer",
    "scan.stream.registerstreamconsumer",
    "scan.shard.subscribetoshard",
    "scan.shard.getrecords",
    "scan.shard.getiterator",
)


def _retries(name: str, retries: int, base: int, longest: int) -> dict[str, Option]:
    """The connector's four options for the retries of a call: attempts, then backoff (ms, ms, factor)."""
    return {
        f"{name}.maxretries": Option("int", str(retries)),
        f"{name}.backoff.base": Option("ms", str(base)),
        f"{name}.backoff.max": Option("ms", str(longest)),
        f"{name}.backoff.expconst": Option("float", "1.5"),
    }


_COMMON: Mapping[str, Option] = {
    "stream": Option(),
    "format": Option(choices=("raw", "json", "json-lines")),
    **aws.OPTIONS,
}

SOURCE_OPTIONS: Mapping[str, Option] = {
    "connector": Option(choices=("kinesis",)),
    **_COMMON,
    "scan.stream.initpos": Option(default="LATEST", choices=POSITIONS),
    "scan.stream.initpos-timestamp": Option(),
    "scan.stream.initpos-timestamp-format": Option(default="yyyy-MM-dd'T'HH:mm:ss.SSSXXX"),
    "scan.stream.recordpublisher": Option(default="POLLING", choices=READERS),
    "scan.stream.efo.consumername": Option(),
    "scan.stream.efo.registration": Option(default="LAZY", choices=("LAZY", "EAGER", "NONE")),
    "scan.stream.efo.http-client.max-concurrency": Option("int", "10000"),
    "scan.shard-assigner": Option(default="default", choices=("default", "uniform")),
    "scan.shard.getrecords.maxrecordcount": Option("int", "10000"),
    "scan.shard.getrecords.intervalmillis": Option("ms", "200"),
    "scan.shard.discovery.intervalmillis": Option("ms", "10000"),
    "scan.shard.adaptivereads": Option("bool", "false"),
    "scan.stream.registerstreamconsumer.timeout": Option("int", "60"),
    "scan.stream.deregisterstreamconsumer.timeout": Option("int", "60"),
    "shard.consumer.error.recoverable[N].exception": Option(),
    **_retries("scan.stream.describe", 50, 2000, 5000),
    **_retries("scan.list.shards", 10, 1000, 5000),
    **_retries("scan.stream.describestreamconsumer", 50, 2000, 5000),
    **_retries("scan.stream.registerstreamconsumer", 10, 500, 2000),
    **_retries("scan.stream.deregisterstreamconsumer", 10, 500, 2000),
    **_retries("scan.shard.subscribetoshard", 10, 1000, 2000),
    **_retries("scan.shard.getrecords", 3, 300, 1000),
    **_retries("scan.shard.getiterator", 3, 300, 1000),
}

SINK_OPTIONS: Mapping[str, Option] = {
    "connector": Option(choices=("kinesis-shards",)),
    **_COMMON,
    "sink.partitioner": Option(default="random", choices=("random", "fixed")),
    **aws.sink_options(entries=500, size=5 << 20),
}

METADATA: Mapping[str, str] = {
    "shard": "METADATA FROM 'shard-id' VIRTUAL",
    "sequence_number": "METADATA FROM 'sequence-number' VIRTUAL",
    "arrival": "METADATA FROM 'timestamp' VIRTUAL",
}
_BEGINNING = "1970-01-01T00:00:00.000+00:00"  # before the oldest record of any shard


@dataclass(frozen=True)
class Start:
    """The position at which reading begins without a checkpoint.

    position: a name from POSITIONS. timestamp: ISO 8601 with a zone, for AT_TIMESTAMP only.
    """

    position: str = "TRIM_HORIZON"
    timestamp: str | None = None

    def options(self) -> dict[str, str]:
        if (self.position == "AT_TIMESTAMP") != (self.timestamp is not None):
            raise ConnectorError("A start timestamp belongs to the position AT_TIMESTAMP, and to no other.")
        return {
            "scan.stream.initpos": self.position,
            # Always a time. After AT_TIMESTAMP, the state of a shard without records is only "from the time": the job
            # could not be restored with another position if no time were set.
            "scan.stream.initpos-timestamp": self.timestamp or _BEGINNING,
        }


def source(
    place: aws.Aws,
    stream: str,
    start: Start,
    *,
    fan_out_consumer: str | None = None,
    more: Mapping[str, str] | None = None,
) -> Connector:
    """A stream to read, each record as a BYTES column, so that no format can fail.

    fan_out_consumer: the name of an enhanced fan-out consumer; None polls (2 MB/s per shard, shared).
    more: further options by the connector's names; they win over the options here.
    """
    options = {
        "connector": "kinesis",
        "stream": stream,
        "format": "raw",
        **place.options(),
        **start.options(),
        # Round robin by shard number: the default hashes names and can assign all shards to the same subtask.
        "scan.shard-assigner": "uniform",
        # After a split or merge, a subtask without open shards does not hold back the watermark until it discovers the
        # child shards. Their records are still on time after a second; after the default of 10 s some would be late.
        "scan.shard.discovery.intervalmillis": "1000",
        # Other readers of the stream share its limits. With the default of three retries, the job would restart for as
        # long as they read too fast. The pauses stay the connector's: random, at most 1 to 5 s, so that reading goes on
        # soon after the last refusal.
        **{f"{call}.maxretries": FOR_EVER for call in _RETRIED},
    }
    if fan_out_consumer is not None:
        options |= {"scan.stream.recordpublisher": "EFO", "scan.stream.efo.consumername": fan_out_consumer}
    return Connector(checked("Kinesis source", merged(options, more), SOURCE_OPTIONS), metadata=METADATA)


def sink(
    place: aws.Aws, stream: str, *, partition_key: str | None = None, more: Mapping[str, str] | None = None
) -> Connector:
    """A stream to write: a record is a JSON object and a line feed.

    partition_key: a column; None for a random key.
    """
    options = {
        "connector": "kinesis-shards",
        "stream": stream,
        "format": "json-lines",
        **place.options(),
        # A minute's rows come in a burst: the default wait of 5 s would only delay them.
        "sink.flush-buffer.timeout": "500",
        # Refused records are sent again until they are accepted. True would fail the job at every throttled record. The
        # job's SQL keeps out records that are never accepted (a key or record too long), which fail the job.
        "sink.fail-on-error": "false",
    }
    keys = () if partition_key is None else (partition_key,)
    return Connector(checked("Kinesis sink", merged(options, more), SINK_OPTIONS), partitioned_by=keys)


_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", re.ASCII)


def is_time(text: str) -> bool:
    """Whether the text matches the connector's pattern yyyy-MM-dd'T'HH:mm:ss.SSSXXX."""
    if not _TIMESTAMP.fullmatch(text):  # strptime accepts more: zones without a colon, microseconds
        return False
    try:
        return bool(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z"))
    except ValueError:
        return False


def _source(place: aws.Aws, settings: Mapping[str, str], _declared: Declared, options: Mapping[str, str]) -> Connector:
    start = Start(settings["start"], settings.get("start.timestamp"))
    consumer = settings["consumer"] if settings["reader"] == "EFO" else None
    return source(place, settings["stream"], start, fan_out_consumer=consumer, more=options)


def _sink(place: aws.Aws, settings: Mapping[str, str], declared: Declared, options: Mapping[str, str]) -> Connector:
    return sink(place, settings["stream"], partition_key=declared.partition_key, more=options)


def _problems(settings: Mapping[str, str]) -> Iterator[str]:
    timestamp = settings.get("start.timestamp")
    if (settings["start"] == "AT_TIMESTAMP") != (timestamp is not None):
        yield "start.timestamp belongs to start AT_TIMESTAMP, and to no other"
    if timestamp is not None and not is_time(timestamp):
        yield f"start.timestamp is {timestamp!r}, but must be a time such as 2026-11-22T06:00:00.000+00:00"


JOB_NAME = "{job}"  # in a default: the job's name
KIND = Kind(
    "kinesis",
    "stream",
    source=End(
        {
            "stream": Setting("the stream to read"),
            "start": Setting(
                "where reading begins without a checkpoint: " + ", ".join(POSITIONS), "TRIM_HORIZON", POSITIONS
            ),
            "start.timestamp": Setting(
                "for AT_TIMESTAMP: ISO 8601 with a zone, such as 2026-11-22T06:00:00.000+00:00", ""
            ),
            "reader": Setting(
                "POLLING shares 2 MB/s per shard; EFO (enhanced fan-out) has its own, at a price", "POLLING", READERS
            ),
            "consumer": Setting("the fan-out consumer's name when reader is EFO", JOB_NAME),
        },
        _source,
        problems=lambda settings: list(_problems(settings)),
    ),
    sink=End({"stream": Setting("the stream to write")}, _sink, declared=("partition_key",)),
)
