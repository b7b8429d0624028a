"""Quantities as a person reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime


def duration(seconds: float) -> str:
    """In the two largest units: 2.7 s, 62 s, 9 min 57 s, 3 h 2 min, 2 d 3 h."""
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


def size(count: float) -> str:
    """Bytes: 812 B, 31 KB, 4.2 MB."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def many(count: int, what: str) -> str:
    """1 shard, 2 shards."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def share(part: float) -> str:
    return f"{part:.0%}" if part >= 0.1 or part == 0 else f"{part:.1%}"


def moment(milliseconds: int) -> str:
    """An event time, UTC."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """a, b and c; of many the first ones."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def part(vertex: str) -> str:
    """A part of the job by its first operator and what it writes, as its whole name fills a line or two."""
    first, *others = vertex.split(" -> ")
    writers = written(" ".join(others))
    return f"{first} ... {listed(writers)}" if writers else f"{first} ..." if others else first


def written(vertex: str) -> list[str]:
    """The sink tables that a part of the job writes."""
    return re.findall(r"(\w+)(?:\[\d+])?: Writer", vertex)
