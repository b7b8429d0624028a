"""Quantities as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime


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
