"""From a reading to the record that is sent."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache

from producer.flight import Reading


class Kind(StrEnum):
    """What was done to a reading on its way out; every record is of exactly one kind."""

    OK = "ok"
    LATE = "late"
    OUT_OF_ORDER = "out of order"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Record:
    """A record to send: partition key, bytes, and when in event time it was read and is to be sent (ms)."""

    key: str
    data: bytes
    kind: Kind
    is_error: bool
    at_ms: int
    send_ms: int


def line(reading: Reading, input_data: str | None = None) -> bytes:
    """What `json.dumps(..., sort_keys=True)` writes, and a line feed; put together by hand for speed."""
    marker = "" if input_data is None else f'"InputData": {_quoted(input_data)}, '
    return (
        f'{{"Distance": {reading.distance!r}, "HealthPoints": {reading.health}, {marker}'
        f'"Latitude": {reading.latitude!r}, "Longitude": {reading.longitude!r}, '
        f'"MagicPoints": {reading.magic}, "Name": {_quoted(reading.unicorn.name)}, '
        f'"StatusTime": "{status_time(reading.at_ms)}"}}\n'
    ).encode()


def status_time(at_ms: int) -> str:
    """Milliseconds since 1970 as `yyyy-MM-dd HH:mm:ss.SSS` in UTC."""
    second, ms = divmod(at_ms, 1000)
    return f"{_second(second)}.{ms:03d}"


@lru_cache(maxsize=64)  # neighbouring readings share the second
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


@cache  # as many entries as there are unicorns
def _quoted(text: str) -> str:
    return json.dumps(text)
