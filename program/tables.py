"""Rows as a table in a terminal, in a pipe or in a log."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from program.formats import NULL, quoted

LONGEST = 300  # characters of a printed value
NARROW = 24  # columns up to this width are not broken into lines
SHORT = 10  # characters of a column's name that are worth as much as its values
LEAST = 6  # characters of a column whose values are cut off
GAP = 2  # spaces after a column


def console() -> Console:
    """A console as wide as the terminal; in a pipe, a row is a line."""
    return Console(width=shutil.get_terminal_size((10_000, 24)).columns, highlight=False)


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], line: int | None = None) -> Table:
    """The rows in their order. Values that are too wide go on in the next line.

    line: the width of a line, if each row is to be on one: then they are cut off.
    """
    cells = [[cell(row.get(column)) for column in columns] for row in rows]
    values = [max([min(len(name), SHORT), *(len(row[at]) for row in cells)]) for at, name in enumerate(columns)]
    gaps = GAP * (len(columns) - 1)
    widths = [] if line is None else fitted(values, list(map(len, columns)), line - gaps)
    made = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for number, column in enumerate(columns):
        is_number = all(isinstance(row.get(column), int | float | None) for row in rows)
        made.add_column(
            column if line is None else Text(column, no_wrap=True, overflow="ellipsis"),
            justify="right" if is_number else "left",
            overflow="fold" if line is None else "ellipsis",
            no_wrap=line is not None or max(len(column), values[number]) <= NARROW,
            width=None if line is None else widths[number],
        )
    for row in cells:
        made.add_row(*row)
    return made


def fitted(values: Sequence[int], names: Sequence[int], room: int) -> list[int]:
    """Widths of columns with values and names of these lengths, whose sum fits into the room.

    The widest values are cut off, to the same width, none below LEAST. Names have what values leave.
    """
    most = max(values, default=0)
    while most > LEAST and sum(min(value, most) for value in values) > room:
        most -= 1
    widths = [min(value, most) for value in values]
    return [
        width + more for width, more in zip(widths, shares(_lacking(widths, names), room - sum(widths)), strict=True)
    ]


def _lacking(widths: Sequence[int], names: Sequence[int]) -> list[int]:
    return [max(name - width, 0) for width, name in zip(widths, names, strict=True)]


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """How much each gets of so much room, in turn until all have what they want or nothing is left."""
    given = [0] * len(wanted)
    while room > 0 and given != list(wanted):
        for number, want in enumerate(wanted):
            if given[number] < want and room > 0:
                given[number] += 1
                room -= 1
    return given


def cell(value: Any) -> Text:
    """A value on a line of its own, not too long; NULL is dim where there are colours."""
    return Text(NULL, style="dim") if value is None else Text(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return _short(json.dumps(value, ensure_ascii=False))
    found = quoted(value) if isinstance(value, str) else str(value)
    return _short(found.replace("\n", " "))


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."
