"""Kinesis streams as tables: `kinesis` of flink-connector-kinesis 4.3.0-1.19 (5.x and 6.x rename most of it).

Option names, types and defaults: the connector's documentation page of release 4.3. Those that do nothing in
SQL although documented (`scan.shard.idle.interval`, `scan.watermark.*`) are left out, so that nobody relies
on them.
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
# So many attempts have no end: at a second or two each, thirty years. (Not the largest number there is: the connector
# adds one to some of them.)
FOR_EVER = "1000000000"
# The calls that the source makes while the job runs. It tries again after ProvisionedThroughputExceeded, a failure of
# the service's own (5xx) and, for GetRecords and ListShards, an answer that did not come; for ListShards and the calls
# of enhanced fan-out after LimitExceeded too. DescribeStream it repeats for ever by itself. What no repetition mends
# (a permission, a stream that is gone) and a connection that is refused end the attempt at once: the job restarts.
_PATIENT = (
    "scan.stream.describe",
    "scan.list.shards",
    "scan.stream.describestreamconsumer",
    "scan.stream.registerstreamconsumer",
    "scan.shard.subscribetoshard",
    "scan.shard.getrecords",
    "scan.shard.getiterator",
)


def _retries(name: str, retries: int, base: int, longest: int) -> dict[str, Option]:
    """The four options with which this connector spells a retry: attempts, then backoff (ms, ms, factor)."""
    return {
        f"{name}.maxretries": Option("int", str(retries)),
        f"{name}.backoff.base": Option("ms", str(base)),
        f"{name}.backoff.max": Option("ms", str(longest)),
        f"{name}.backoff.expconst": Option("float", "1.5"),
    }


_COMMON: Mapping[str, Option] = {
    "connector": Option(choices=("kinesis",)),
    "stream": Option(),
    "format": Option(choices=("raw", "json", "json-lines")),
    **aws.OPTIONS,
}

SOURCE_OPTIONS: Mapping[str, Option] = {
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
    **_COMMON,
    "sink.partitioner": Option(default="random", choices=("random", "fixed")),
    "sink.partitioner-field-delimiter": Option(default="|"),
    "sink.http-client.max-concurrency": Option("int", "10000"),
    "sink.http-client.read-timeout": Option("ms", "360000"),
    "sink.http-client.protocol.version": Option(default="HTTP2", choices=("HTTP2", "HTTP1_1")),
    "sink.batch.max-size": Option("int", "500"),
    "sink.requests.max-inflight": Option("int", "16"),
    "sink.requests.max-buffered": Option("int", "10000"),
    "sink.flush-buffer.size": Option("int", "5242880"),
    "sink.flush-buffer.timeout": Option("ms", "5000"),
    "sink.fail-on-error": Option("bool", "false"),
}

# What the source can tell of a record besides its bytes.
METADATA: Mapping[str, str] = {
    "shard": "METADATA FROM 'shard-id' VIRTUAL",
    "sequence_number": "METADATA FROM 'sequence-number' VIRTUAL",
    "arrival": "METADATA FROM 'timestamp' VIRTUAL",
}


_BEGINNING = "1970-01-01T00:00:00.000+00:00"  # of whatever a shard still has


@dataclass(frozen=True)
class Start:
    """Where reading begins when there is no checkpoint to go on from.

    position: one of POSITIONS. timestamp: ISO 8601 with a zone, for AT_TIMESTAMP only.
    """

    position: str = "TRIM_HORIZON"
    timestamp: str | None = None

    def options(self) -> dict[str, str]:
        if (self.position == "AT_TIMESTAMP") != (self.timestamp is not None):
            raise ConnectorError("A start timestamp belongs to the position AT_TIMESTAMP, and to no other.")
        return {
            "scan.stream.initpos": self.position,
            # State that was written after a start at a time says of a shard without a record only that it is to be read
            # from "the time". Restored under another start, without one, the job would fail for ever.
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
    """A stream to read, each record one BYTES column: no format can fail on it.

    fan_out_consumer: the name of an enhanced fan-out consumer; None polls (2 MB/s per shard, shared).
    more: further options by their connector names; they win over the ones above.
    """
    options = {
        "connector": "kinesis",
        "stream": stream,
        "format": "raw",
        **place.options(),
        **start.options(),
        # Round robin by shard number: the default hashes names and can put all shards on one subtask.
        "scan.shard-assigner": "uniform",
        # A subtask whose shards were all split or merged holds nothing back until it has found their children. Within a
        # second what they have is on time still; after the default of ten, seconds of it would come out late.
        "scan.shard.discovery.intervalmillis": "1000",
        # Whoever else reads the stream shares its limits: after three refusals, the default, the job would restart,
        # again and again for as long as others read too fast. The pauses stay the connector's, random and at most 1 to
        # 5 s long, so that reading goes on soon after the last refusal.
        **{f"{call}.maxretries": FOR_EVER for call in _PATIENT},
    }
    if fan_out_consumer is not None:
        options |= {"scan.stream.recordpublisher": "EFO", "scan.stream.efo.consumername": fan_out_consumer}
    return Connector(checked("Kinesis source", merged(options, more), SOURCE_OPTIONS), metadata=METADATA)


def sink(
    place: aws.Aws, stream: str, *, partition_key: str | None = None, more: Mapping[str, str] | None = None
) -> Connector:
    """A stream to write, one JSON object and a line feed a record.

    partition_key: a column; None spreads at random.
    """
    options = {
        "connector": "kinesis",
        "stream": stream,
        "format": "json-lines",
        **place.options(),
        # A minute's rows come in one burst: waiting five seconds for more of them would only delay it.
        "sink.flush-buffer.timeout": "500",
        # PutRecords takes 5 MiB with partition keys; the sink counts without them and would be refused for ever.
        "sink.flush-buffer.size": "4000000",
        # Refused records are sent again until they are taken. True would fail the job at every throttled record; and
        # what would be refused for ever (a key or record too long) never gets here, the job's SQL sees to that.
        "sink.fail-on-error": "false",
    }
    keys = () if partition_key is None else (partition_key,)
    return Connector(checked("Kinesis sink", merged(options, more), SINK_OPTIONS), partitioned_by=keys)


_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", re.ASCII)


def is_time(text: str) -> bool:
    """Whether the text is what the connector's pattern yyyy-MM-dd'T'HH:mm:ss.SSSXXX accepts."""
    if not _TIMESTAMP.fullmatch(text):  # strptime takes more: zones without a colon, microseconds
        return False
    try:
        return bool(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z"))
    except ValueError:
        return False


def _source(place: aws.Aws, values: Mapping[str, str], _declared: Declared, options: Mapping[str, str]) -> Connector:
    start = Start(values["start"], values.get("start.timestamp"))
    consumer = values["consumer"] if values["reader"] == "EFO" else None
    return source(place, values["stream"], start, fan_out_consumer=consumer, more=options)


def _sink(place: aws.Aws, values: Mapping[str, str], declared: Declared, options: Mapping[str, str]) -> Connector:
    return sink(place, values["stream"], partition_key=declared.partition_key, more=options)


def _problems(values: Mapping[str, str]) -> Iterator[str]:
    timestamp = values.get("start.timestamp")
    if (values["start"] == "AT_TIMESTAMP") != (timestamp is not None):
        yield "start.timestamp belongs to start AT_TIMESTAMP, and to no other"
    if timestamp is not None and not is_time(timestamp):
        yield f"start.timestamp is {timestamp!r}, but must be a time such as 2026-11-22T06:00:00.000+00:00"


JOB_NAME = "{job}"  # stands for the job's name in a default
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
        problems=lambda values: list(_problems(values)),
    ),
    sink=End({"stream": Setting("the stream to write")}, _sink, declared=("partition_key",)),
)
