"""What was met at each path of the rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kda.discovery.documents import Array, Number, Object

BOOLEAN, INTEGER, NUMBER, TIME, TEXT, ARRAY, OBJECT = (
    "boolean",
    "integer",
    "number",
    "timestamp",
    "text",
    "array",
    "object",
)
_SHOWN = 80  # characters of an example
# The two forms of a time that a TIMESTAMP column takes: 1992-02-14 and 1992-02-14 18:35:44.0
_TIME = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,9})?)?", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)


@dataclass
class Values:
    """The values at a path. seen: rows with one that is not null; nulls: rows with null; longest: in characters.

    least, most: of the whole numbers; fields: what is inside, where there are objects; rows: of arrays of objects.
    """

    seen: int = 0
    nulls: int = 0
    met: Counter[str] = field(default_factory=Counter)
    longest: int = 0
    least: int = 0
    most: int = 0
    example: str = ""
    has_objects: bool = False
    fields: dict[str, Values] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        """Count a value of a row of JSON."""
        if value is None:
            self.nulls += 1
            return
        kind, text = _of_json(value)
        self._count(kind, text)
        if isinstance(value, Object):
            for name, inner in value.items():
                self.fields.setdefault(name, Values()).add(inner)
        elif isinstance(value, Array):
            self.has_objects |= any(isinstance(one, Object) for one in value)

    def add_text(self, text: str) -> None:
        """Count a value of a row of CSV; an empty one is missing."""
        if text:
            self._count(of_text(text), text)
        else:
            self.nulls += 1

    def _count(self, kind: str, text: str) -> None:
        self.seen += 1
        self.met[kind] += 1
        self.longest = max(self.longest, len(text))
        if kind == INTEGER and len(text) < 40:
            self.least, self.most = min(self.least, int(text)), max(self.most, int(text))
        elif kind == INTEGER:  # more digits than any type has
            self.most = 10**39
        # An empty text shows nothing.
        self.example = self.example or (text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..")

    def columns(self, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Values]]:
        """The paths below that become columns, each with its values: all but objects, which become their fields."""
        for name, inner in self.fields.items():
            path = (*before, name)
            if inner.fields and set(inner.met) == {OBJECT}:
                yield from inner.columns(path)
            else:
                yield path, inner


def _of_json(value: Any) -> tuple[str, str]:
    """The kind of a value, and its text."""
    if isinstance(value, bool):
        return BOOLEAN, "true" if value else "false"
    if isinstance(value, Number):
        return INTEGER if _WHOLE.fullmatch(value) else NUMBER, str(value)
    if isinstance(value, Object):
        return OBJECT, value.text
    if isinstance(value, Array):
        return ARRAY, value.text
    return (TIME if _is_time(value) else TEXT), value


def of_text(text: str) -> str:
    """The kind of a value that is only a text, as those of CSV; a number with zeros before it is a text."""
    text = text.strip()
    if text.lower() in ("true", "false"):
        return BOOLEAN
    if _NUMBER.fullmatch(text):
        digits = text.removeprefix("-")
        if digits.startswith("0") and digits[1:2].isdigit():
            return TEXT
        return INTEGER if _WHOLE.fullmatch(text) else NUMBER
    return TIME if _is_time(text) else TEXT


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:  # 2026-02-30
        return False
    return True
