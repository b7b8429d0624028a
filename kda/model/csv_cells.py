"""CSV: the cells of each row of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kda.model.rows import NotModelled


def unescaped(delimiter: str) -> str:
    """A delimiter, in which an escape such as that of a tab may be written out."""
    return re.sub(r"\\([nrt\\])", lambda found: {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], "\\"), delimiter)


def cells(text: str, of_rows: str, of_columns: str) -> Iterator[list[str | None]]:
    """The cells of each row that has a character; None for one without any. A cell may stand in quotes."""
    if of_rows == "\n":
        text = re.sub("\r(?=\n|$)", "", text)
    row_end, column_end = re.escape(of_rows), re.escape(of_columns)
    quoted = re.compile(rf'[ \t]*"((?:[^"]|"")*)"[ \t]*(?={column_end}|{row_end}|\Z)')
    plain = re.compile(rf"(?:(?!{column_end}|{row_end}).)*", re.DOTALL)
    at = 0
    while at < len(text):
        if text.startswith(of_rows, at):
            at += len(of_rows)
            continue
        row: list[str | None] = []
        while True:
            found = quoted.match(text, at)
            if found:
                row.append(found[1].replace('""', '"'))
            else:
                found = plain.match(text, at)
                assert found is not None  # noqa: S101
                row.append(found[0] or None)
                if found[0].lstrip(" \t").startswith('"'):
                    raise NotModelled("Quotes in CSV that are not closed, or a cell that goes on, are not modelled.")
            at = found.end()
            if not text.startswith(of_columns, at):
                break
            at += len(of_columns)
        at += len(of_rows) if text.startswith(of_rows, at) else 0
        yield row
