"""Check the archive: every well-formed record that was sent is in S3, and a query over the archive returns it."""

from __future__ import annotations

import struct
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deploy import query, template
from deploy.account import Account
from local import oracle
from program.output import Say
from program.waiting import wait_until

LIMIT = 90.0  # seconds for Firehose to deliver its buffer
QUERY = f"SELECT Name, StatusTime, Distance, HealthPoints, MagicPoints FROM {template.archive_table()}"  # noqa: S608
SHOWN = 160  # characters of a record in a sentence

Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Archived:
    """The number of well-formed records in the archive, and each breach as a sentence."""

    readings: int
    problems: Sequence[str]


def prove(account: Account, bucket: str, sent: Sequence[bytes], say: Say) -> Archived:
    """Compare an archive with the records sent, after waiting for Firehose's buffer. Raises DeployError.

    Each well-formed record must be in the archive at least once, since Firehose may deliver a record again.
    It must be in the answer of a query too. The archive must hold no record that was not sent.
    """
    result = Archived(0, [])

    def is_whole() -> bool:
        nonlocal result
        with tempfile.TemporaryDirectory(prefix="archive-") as scratch:
            files = query.download(account, bucket, Path(scratch), say)
            result = compare(sent, _lines(files), query.over(files, QUERY))
        if result.problems:
            say("not everything has arrived in the archive yet")
        return not result.problems

    wait_until(is_whole, LIMIT, 3)
    return result


def compare(sent: Sequence[bytes], archived: Sequence[bytes], answer: query.Result) -> Archived:
    """Compare the archive's lines, and the rows of QUERY over the archive, with the records sent."""
    readings = [(line, reading) for line in sent if isinstance(reading := oracle.read(line), oracle.Reading)]
    problems = [
        f"Sent, but {n} times missing in the archive: {line[:SHOWN]!r}."
        for line, n in (Counter(line for line, _reading in readings) - Counter(archived)).items()
    ]
    known = set(sent)
    problems += [
        f"In the archive, but not sent: {line[:SHOWN]!r}." for line in dict.fromkeys(archived) if line not in known
    ]
    rows = Counter(_row(row) for row in answer.rows)
    problems += [
        f"Archived, but {n} times missing in the answer of a query: {key}."
        for key, n in (Counter(_key(reading) for _line, reading in readings) - rows).items()
    ]
    return Archived(len(readings), problems)


def _lines(files: Mapping[str, Path]) -> list[bytes]:
    lines: list[bytes] = []
    for path in files.values():
        with path.open("rb") as file:
            lines += file
    return lines


def _key(reading: oracle.Reading) -> Key:
    return (
        reading.name,
        reading.event_time.isoformat(),
        _single(reading.distance),
        str(reading.health),
        str(reading.magic),
    )


def _row(row: Sequence[str | None]) -> Key:
    name, event_time, distance, health, magic = row
    return (
        name,
        datetime.fromisoformat(event_time).replace(tzinfo=UTC).isoformat() if event_time else None,
        _single(float(distance)) if distance else None,
        health,
        magic,
    )


def _single(value: float) -> str:
    """The number in single precision, as in the table; infinite beyond that range."""
    try:
        return struct.pack("<f", value).hex()
    except OverflowError:
        return "infinite"
