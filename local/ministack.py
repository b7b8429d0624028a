"""The emulator's process, `python -m local.ministack`: ministack behind a gate, and two of its errors mended.

Kinesis takes a time in JSON as seconds since 1970. The AWS SDK for Java 1, with which the connector reads, writes
milliseconds there once CBOR is off, as it must be for an emulator (`flink.distribution`); in CBOR, which the service
speaks with it, milliseconds are right. ministack takes them for seconds, finds no record in the next 50,000 years, and
starts at the end of the shard.

Its permissions look for a stream's name in every request. GetRecords has an iterator instead, which is of a stream:
with the service, the permission for that stream counts.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any

from local.gate import Gate

MILLISECONDS = 1e11  # from here on: as seconds it would be the year 5138, as milliseconds it is 1973


def seconds(time: float | str | datetime) -> float:
    """A time that was sent as seconds or as milliseconds since 1970, in seconds; CBOR's own are read already."""
    value = time.timestamp() if isinstance(time, datetime) else float(time)
    return value / 1000 if abs(value) >= MILLISECONDS else value


def _read_start_times() -> None:
    """Have ministack's Kinesis take a start time by `seconds`."""
    from ministack.services import kinesis  # noqa: PLC0415

    position = kinesis._start_position

    def start_position(records: Any, kind: str, sequence_number: str, time: Any) -> Any:
        return position(records, kind, sequence_number, None if time is None else seconds(time))

    kinesis._start_position = start_position


def _know_streams_of_iterators() -> None:
    """Have ministack's permissions look at the stream that an iterator is of: GetRecords need not name another."""
    from ministack.core import iam_actions  # noqa: PLC0415
    from ministack.services import kinesis  # noqa: PLC0415

    resource = iam_actions.extract_resource_arn

    def stream_or_resource(service: str, method: str, path: str, headers: Any, body: bytes, *others: Any) -> Any:
        found = resource(service, method, path, headers, body, *others)
        if service != "kinesis" or found != "*":
            return found
        return kinesis._shard_iterators.get(_iterator(body), {}).get("stream_arn", found)

    iam_actions.extract_resource_arn = stream_or_resource


def _iterator(body: bytes) -> str:
    """The iterator that a request names; empty if it names none."""
    try:
        return str(json.loads(body)["ShardIterator"])
    except (ValueError, LookupError, TypeError):
        return ""


def main() -> None:
    """Serve until SIGTERM, at the address, with the services and with the keys that the environment names."""
    from ministack import app  # noqa: PLC0415  (it reads its environment when it is loaded)

    _read_start_times()
    _know_streams_of_iterators()
    # `main` serves the module's own `app`; there is no other way to have something in front of it.
    app.app = Gate(app.app, os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    app.main()


if __name__ == "__main__":
    main()
