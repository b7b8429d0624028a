"""What the model takes and gives: records, rows, failures; and its two exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from program.errors import Unusable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Record:
    """A record of the input. arrival: milliseconds since 1970, in UTC."""

    data: bytes
    arrival: int
    shard: str = "shardId-000000000000"


@dataclass(frozen=True)
class Row:
    """A row of a stream. time: its ROWTIME, milliseconds since 1970; values: by column, times in UTC without a zone."""

    time: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Failure:
    """A row that gives no result. time: None of a reference table; pump: None of an input or a reference table.

    name: PARSE, COERCION or DIVISION; message: a sentence for people, which nothing depends on.
    """

    time: int | None
    pump: str | None
    name: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What an application makes of its records.

    streams: the rows of each in-application stream, inputs among them; uncomputed: why some streams have none. Rows of
    those that fail are no failures.
    """

    streams: Mapping[str, tuple[Row, ...]]
    failures: tuple[Failure, ...]
    uncomputed: Mapping[str, str] = field(default_factory=dict)


class NotModelled(Unusable):
    """The model does not know what KDA or the job would do. It never guesses."""


class NotComputed(NotModelled):
    """A stream is made by a function that only Flink has. The others are computed all the same."""


class Failed(Exception):  # noqa: N818
    """A value that cannot be computed: its row is an error. name: COERCION or DIVISION."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def moment(milliseconds: int) -> datetime:
    """The time so many milliseconds after 1970, in UTC, without a zone."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise NotModelled(f"A time {milliseconds} milliseconds after 1970 is not modelled.") from None


def milliseconds(time: datetime) -> int:
    """The milliseconds from 1970 to a time."""
    return (time - _EPOCH) // timedelta(milliseconds=1)
