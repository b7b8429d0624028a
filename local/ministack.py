"""The emulator's process, `python -m local.ministack`: ministack behind a gate, with two of its errors corrected.

Kinesis takes a time in JSON as seconds since 1970. The connector reads with the AWS SDK for Java 1, which writes
milliseconds into JSON. It uses JSON once CBOR is off, and an emulator needs CBOR off (`flink.distribution`). In CBOR,
which the service speaks, milliseconds are right. ministack takes the milliseconds for seconds, sees no record in the
next 50,000 years, and starts at the end of the shard.

ministack's permissions look for a stream's name in every request. GetRecords has an iterator instead of a name. The
service applies the permission for the iterator's stream.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any

from local.gate import Gate

MILLISECONDS = 1e11  # the least time in milliseconds: in seconds it would be the year 5138, in milliseconds it is 1973


def seconds(time: float | str | datetime) -> float:
    """A time in seconds, from seconds or milliseconds since 1970; a time in CBOR is a datetime already."""
    value = time.timestamp() if isinstance(time, datetime) else float(time)
    return value / 1000 if abs(value) >= MILLISECONDS else value


def _read_start_times() -> None:
    """Make ministack's Kinesis read a start time with `seconds`."""
    from ministack.services import kinesis  # noqa: PLC0415

    position = kinesis._start_position

    def start_position(records: Any, kind: str, sequence_number: str, time: Any) -> Any:
        return position(records, kind, sequence_number, None if time is None else seconds(time))

    kinesis._start_position = start_position


def _know_streams_of_iterators() -> None:
    """Make ministack's permissions use the stream of the iterator: GetRecords need not name a stream."""
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
    """The iterator in a request; empty if there is none."""
    try:
        return str(json.loads(body)["ShardIterator"])
    except (ValueError, LookupError, TypeError):
        return ""


def main() -> None:
    """Serve until SIGTERM, with the address, services and keys of the environment."""
    from ministack import app  # noqa: PLC0415  (it reads its environment when it is loaded)

    _read_start_times()
    _know_streams_of_iterators()
    # ministack's `main` serves the module's `app`: replacing it is the only way to put the gate in front.
    app.app = Gate(app.app, os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    app.main()


if __name__ == "__main__":
    main()
