"""Sizes, durations, counts, shares, times, lists and values of rows as text for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from rich import filesize

NULL = "NULL"  # of SQL, among the values of a row


def size(bytes_: float) -> str:
    """Bytes in the largest decimal unit: 812 bytes, 31.0 kB, 4.2 MB."""
    return filesize.decimal(round(bytes_))


def many(count: int, noun: str) -> str:
    """A count with its noun: 1 shard, 1,204 shards."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds in the two largest units: 2.7 s, 62 s, 9 min 57 s, 3 h 2 min, 2 d 3 h."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    for limit, unit, larger, part_unit, smaller in (
        (7_200, 60, "min", 1, "s"),
        (172_800, 3_600, "h", 60, "min"),
        (math.inf, 86_400, "d", 3_600, "h"),
    ):
        if whole < limit:
            rest = whole % unit // part_unit
            return f"{whole // unit} {larger}" + (f" {rest} {smaller}" if rest else "")
    raise AssertionError("unreachable")


def listed(names: Sequence[str], most: int = 4) -> str:
    """a, b and c; beyond `most`: a, b, c, d and 3 more."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def share(part: float) -> str:
    """A share of 1 in percent: 12%, 0.4%."""
    return f"{part:.0%}" if part >= 0.1 or part == 0 else f"{part:.1%}"


def moment(milliseconds: float) -> str:
    """A time in milliseconds since 1970, in UTC to the second."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def quoted(text: str) -> str:
    """A text among the values of a row: in quotes, as in SQL, if it looks like NULL, like nothing or like quotes."""
    if text and text != NULL and text == text.strip() and not text.startswith("'"):
        return text
    return "'" + text.replace("'", "''") + "'"
