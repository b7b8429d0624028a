"""Kinesis streams as tables: the connector `kinesis` of this project (java/src/kinesis).

Names, types and defaults of its options: docs/connectors.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors import aws, preprocessing
from connectors.connector import Connector, ConnectorError, Option, checked, merged
from connectors.kind import Declared, End, Kind, Setting

POSITIONS = ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")
READERS = ("POLLING", "EFO")

_COMMON: Mapping[str, Option] = {
    "connector": Option(choices=("kinesis",)),
    "stream": Option(),
    "format": Option(choices=("raw", "json", "json-lines")),
    **aws.OPTIONS,
}

SOURCE_OPTIONS: Mapping[str, Option] = {
    **_COMMON,
    "source.init.position": Option(default="LATEST", choices=POSITIONS),
    "source.init.timestamp": Option(),
    "source.init.timestamp.format": Option(default="yyyy-MM-dd'T'HH:mm:ss.SSSXXX"),
    "source.shard.discovery.interval": Option("duration", "10 s"),
    "source.shard.get-records.max-record-count": Option("int", "10000"),
    "source.reader.empty-records-fetch-interval": Option("duration", "250 ms"),
    "source.reader.nonempty-records-fetch-interval": Option("duration", "0 ms"),
    "source.reader.type": Option(default="POLLING", choices=READERS),
    "source.efo.consumer.name": Option(),
    "source.efo.lifecycle": Option(default="JOB_MANAGED", choices=("JOB_MANAGED", "SELF_MANAGED")),
    "source.record.split-documents": Option("bool", "true"),
    "scan.watermark.idle-timeout": Option("duration", "10 s"),
    "source.watermark.arrival-margin": Option("duration"),
}

SINK_OPTIONS: Mapping[str, Option] = {
    **_COMMON,
    "sink.partitioner": Option(default="random", choices=("random", "fixed")),
    **aws.sink_options(entries=500, size=5 << 20),
}

METADATA: Mapping[str, str] = {
    "shard": "METADATA FROM 'shard-id' VIRTUAL",
    "sequence_number": "METADATA FROM 'sequence-number' VIRTUAL",
    "part": "METADATA FROM 'part' VIRTUAL",
    "arrival": "METADATA FROM 'timestamp' VIRTUAL",
    "partition_key": "METADATA FROM 'partition-key' VIRTUAL",
}


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
        found = {"source.init.position": self.position}
        return found if self.timestamp is None else {**found, "source.init.timestamp": self.timestamp}


def source(
    place: aws.Aws,
    stream: str,
    start: Start,
    *,
    fan_out_consumer: str | None = None,
    more: Mapping[str, str] | None = None,
) -> Connector:
    """A stream to read, each record, or each part of one that holds several, as a BYTES column: no format can fail.

    fan_out_consumer: the name of an enhanced fan-out consumer; None polls (2 MB/s per shard, shared).
    more: further options by the connector's names; they win over the options here.
    """
    options = {
        "connector": "kinesis",
        "stream": stream,
        "format": "raw",
        **place.options(),
        **start.options(),
    }
    if fan_out_consumer is not None:
        options |= {"source.reader.type": "EFO", "source.efo.consumer.name": fan_out_consumer}
    return Connector(checked("Kinesis source", merged(options, more), SOURCE_OPTIONS), metadata=METADATA)


def sink(
    place: aws.Aws, stream: str, *, partition_key: str | None = None, more: Mapping[str, str] | None = None
) -> Connector:
    """A stream to write: a record is a JSON object and a line feed.

    partition_key: a column; None for a random key.
    """
    options = {
        "connector": "kinesis",
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
    yield from preprocessing.problems(settings)


FUNCTION = preprocessing.FUNCTION


def _problems_of_sink(settings: Mapping[str, str]) -> Iterator[str]:
    function = settings.get("function")
    if function is not None and not re.fullmatch(FUNCTION, function):
        yield (
            f"function is {function!r}, but must be the ARN of a Lambda function, such as "
            "arn:aws:lambda:us-east-1:123456789012:function:NAME"
        )


JOB_NAME = "{job}"  # in a default: the job's name
KIND = Kind(
    "kinesis",
    "stream",
    "{stream}",
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
            **preprocessing.SETTINGS,
        },
        _source,
        problems=lambda settings: list(_problems(settings)),
    ),
    sink=End(
        {
            "stream": Setting("the stream to write"),
            "function": Setting("for the deployment: the ARN of a Lambda function that gets what is written", ""),
        },
        _sink,
        declared=("partition_key",),
        problems=lambda settings: list(_problems_of_sink(settings)),
    ),
)
