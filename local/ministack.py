"""The emulator's process, `python -m local.ministack`: ministack, reading a start time as every SDK of ours writes it.

Kinesis takes a time in JSON as seconds since 1970. The AWS SDK for Java 1, with which the connector reads, writes
milliseconds there once CBOR is off, as it must be for an emulator (`local.flink`); in CBOR, which the service speaks
with it, milliseconds are right. ministack takes them for seconds, finds no record in the next 50,000 years, and starts
at the end of the shard.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

MILLISECONDS = 1e11  # from here on: as seconds it would be the year 5138, as milliseconds it is 1973


def seconds(time: float | str | datetime) -> float:
    """A time that was sent as seconds or as milliseconds since 1970, in seconds; CBOR's own are read already."""
    value = time.timestamp() if isinstance(time, datetime) else float(time)
    return value / 1000 if abs(value) >= MILLISECONDS else value


def main() -> None:
    """Serve until the process is told to end; where and what, ministack takes from its environment."""
    from ministack.app import main as serve  # noqa: PLC0415
    from ministack.services import kinesis  # noqa: PLC0415

    position = kinesis._start_position

    def start_position(records: Any, kind: str, sequence_number: str, time: Any) -> Any:
        return position(records, kind, sequence_number, None if time is None else seconds(time))

    kinesis._start_position = start_position
    serve()


if __name__ == "__main__":
    main()
