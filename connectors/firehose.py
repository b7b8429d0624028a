"""Firehose streams as sinks: this project's own connector `firehose` (java/src/firehose).

Names, types and defaults of its options: docs/connectors.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors import aws
from connectors.connector import Connector, Option, checked, merged
from connectors.kind import Declared, End, Kind, Setting

OPTIONS: Mapping[str, Option] = {
    "connector": Option(choices=("firehose",)),
    "delivery-stream": Option(),
    "format": Option(choices=("json", "json-lines")),
    **aws.OPTIONS,
    **aws.sink_options(entries=500, size=4 << 20),
}
NAME = r"[a-zA-Z0-9_.-]{1,64}"


def sink(place: aws.Aws, stream: str, *, more: Mapping[str, str] | None = None) -> Connector:
    """A Firehose stream to write: a record is a JSON object and a line feed. Firehose puts nothing between records."""
    options = {
        "connector": "firehose",
        "delivery-stream": stream,
        "format": "json-lines",
        **place.options(),
        "sink.flush-buffer.timeout": "500",
        # Refused records are sent again until they are accepted. True would fail the job at every throttled record.
        "sink.fail-on-error": "false",
    }
    return Connector(checked("Firehose sink", merged(options, more), OPTIONS))


def _sink(place: aws.Aws, settings: Mapping[str, str], _declared: Declared, options: Mapping[str, str]) -> Connector:
    return sink(place, settings["delivery_stream"], more=options)


def _problems(settings: Mapping[str, str]) -> list[str]:
    stream = settings.get("delivery_stream")
    if stream is None or re.fullmatch(NAME, stream):
        return []
    return [f"delivery_stream is {stream!r}, but a name has at most 64 letters, digits, dots, dashes and underscores"]


KIND = Kind(
    "firehose",
    "delivery stream",
    "{delivery_stream}",
    sink=End({"delivery_stream": Setting("the Firehose stream to write")}, _sink, problems=_problems),
)
