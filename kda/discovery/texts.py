"""Delimiters, rows and a header of CSV."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kda.discovery.tree import TEXT, of_text

_COLUMNS = (",", "\t", ";", "|")
_LOOKED_AT = 200  # rows, to find the delimiter


@dataclass(frozen=True)
class Table:
    """Rows of CSV. header: the first row if it looks like one, which is then not among the rows.

    odd: rows with more or fewer values than most, which are among them; is_cut: whether there are more rows.
    """

    row_delimiter: str
    column_delimiter: str
    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    width: int
    odd: int
    is_cut: bool


def table(records: Sequence[str], most: int | None) -> Table:
    """The rows of these texts, at most so many, if it is given."""
    breaks = Counter(one for text in records for one in re.findall(r"\r\n|\n|\r", text))
    row_delimiter = breaks.most_common(1)[0][0] if breaks else "\n"
    lines = [line for text in records for line in text.split(row_delimiter) if line.strip()]
    column_delimiter = _delimiter(lines[:_LOOKED_AT])
    # With a header there is one line more.
    rows = [_cells(line, column_delimiter) for line in (lines if most is None else lines[: most + 1])]
    width = Counter(map(len, rows)).most_common(1)[0][0]
    header = rows[0] if _is_header(rows, width) else None
    kept = rows[1:] if header else rows[:most]
    odd = sum(len(row) != width for row in kept)
    is_cut = len(lines) > len(kept) + bool(header)
    return Table(row_delimiter, column_delimiter, header, tuple(kept), width, odd, is_cut)


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    """The values of a row, without the quotes around them."""
    if delimiter not in line:
        return (line.strip(),)
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter, skipinitialspace=True)))
    except csv.Error:  # longer than the module takes
        return tuple(line.split(delimiter))


def _delimiter(lines: Sequence[str]) -> str:
    """What parts most lines into the same number of values, and into the most of them; a comma if nothing does."""
    best, found = (0.0, 0), _COLUMNS[0]
    for delimiter in _COLUMNS:
        (width, count) = Counter(len(_cells(line, delimiter)) for line in lines).most_common(1)[0]
        # Nearly all lines: a comma in a text must not win over the delimiter of every line.
        score = (round(count / len(lines), 1), width)
        if width > 1 and score > best:
            best, found = score, delimiter
    return found


def _is_header(rows: Sequence[tuple[str, ...]], width: int) -> bool:
    """Whether the first row has names: only texts, each another, where a column below has none but numbers or times."""
    first, below = rows[0], [row for row in rows[1:] if len(row) == width]
    if len(first) != width or len(set(first)) != width or any(of_text(one) != TEXT or not one for one in first):
        return False
    for number in range(width):
        kinds = {of_text(row[number]) for row in below if row[number]}
        if kinds and TEXT not in kinds:
            return True
    return False
