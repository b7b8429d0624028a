"""Rows as a table in a terminal, in a pipe or in a log."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

LONGEST = 300  # characters of a printed value
NARROW = 24  # columns up to this width are not broken into lines
LEAST = 6  # characters of a column whose values are cut off
GAP = 2  # spaces after a column


def console() -> Console:
    """A console as wide as the terminal; in a pipe, a row is a line."""
    return Console(width=shutil.get_terminal_size((10_000, 24)).columns, highlight=False)


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], line: int | None = None) -> Table:
    """The rows in their order. Values that are too wide go on in the next line.

    line: the width of a line, if each row is to be on one: then they are cut off.
    """
    texts = [[text(row.get(column)) for column in columns] for row in rows]
    natural = [max(len(column), *(len(row[number]) for row in texts)) for number, column in enumerate(columns)]
    widths = natural if line is None else fitted(natural, line - GAP * len(columns))
    made = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for number, column in enumerate(columns):
        is_number = all(isinstance(row.get(column), int | float | None) for row in rows)
        made.add_column(
            column if line is None else Text(column, no_wrap=True, overflow="ellipsis"),
            justify="right" if is_number else "left",
            overflow="fold" if line is None else "ellipsis",
            no_wrap=line is not None or natural[number] <= NARROW,
            width=None if line is None else widths[number],
        )
    for row in texts:
        made.add_row(*map(Text, row))
    return made


def fitted(natural: Sequence[int], room: int) -> list[int]:
    """Widths whose sum fits into the room: the widest are made narrower, to the same width, none below LEAST."""
    most = max(natural, default=0)
    while most > LEAST and sum(min(width, most) for width in natural) > room:
        most -= 1
    return [min(width, most) for width in natural]


def text(value: Any) -> str:
    """A value on a line of its own, not too long."""
    found = "" if value is None else str(value).replace("\n", " ")
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}..."
