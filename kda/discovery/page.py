"""What is printed: a page for people, JSON for programs, SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kda.discovery.schema import Discovery, Found, input_schema
from program.formats import many, share

_WIDEST = 40  # characters of a cell
_HEADS = ("COLUMN", "TYPE", "PATH", "SEEN", "MISSING", "MET", "LONGEST", "EXAMPLE")
_RIGHT = {"SEEN", "MISSING", "LONGEST"}
_SHOWN = {"\n": "\\n", "\r\n": "\\r\\n", "\r": "\\r", "\t": "\\t"}


def page(found: Discovery) -> Iterator[str]:
    """The lines for people: the form, a line per column, then what is not certain."""
    schema = found.schema
    if schema.format == "JSON":
        form = f"JSON, row path {schema.row_path}"
    else:
        row, column = (_SHOWN.get(one, one) for one in (schema.row_delimiter, schema.column_delimiter))
        form = f"CSV, row delimiter {row}, column delimiter {column}"
    counted = f"{many(found.records, 'record')}, {many(found.rows, 'row')}, {many(len(found.columns), 'column')}"
    yield f"{found.name}: {counted}: {form}"
    yield ""
    heads = [head for head in _HEADS if head != "PATH" or schema.format == "JSON"]
    cells = [heads, *([_cell(one, head, found.rows) for head in heads] for one in found.columns)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        parts = [
            cell.rjust(width) if head in _RIGHT else cell.ljust(width)
            for cell, width, head in zip(line, widths, heads, strict=True)
        ]
        yield f"  {'  '.join(parts)}".rstrip()
    doubts = [f"{one.column.name}: {one.doubt}" for one in found.doubts]
    for title, lines in (("Not decided:", doubts), ("To know:", found.notes)):
        if lines:
            yield ""
            yield title
            yield from (f"  {line}." for line in lines)
    yield ""
    yield "Nothing was written. With --json this is KDA's InputSchema, with --sql a CREATE STREAM."


def _cell(one: Found, head: str, rows: int) -> str:
    if head == "MISSING":
        return f"{one.missing:,} ({share(one.missing / rows)})" if one.missing else "0"
    met = ", ".join(one.met) if len(one.met) == 1 else ", ".join(f"{kind} {n:,}" for kind, n in one.met.items())
    whole = {
        "COLUMN": one.column.name,
        "TYPE": one.column.type,
        "PATH": one.column.mapping,
        "SEEN": f"{one.seen:,}",
        "MET": met or "nothing",
        "LONGEST": f"{one.longest:,}",
        "EXAMPLE": one.example,
    }[head]
    # A line break in an example would break the table.
    text = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in whole)
    return text if head != "EXAMPLE" or len(text) <= _WIDEST else f"{text[:_WIDEST]}.."


def as_json(found: Discovery) -> dict[str, Any]:
    """What DiscoverInputSchema answered, and Statistics beside it."""
    columns = [
        {
            "Name": one.column.name,
            "Seen": one.seen,
            "Missing": one.missing,
            "Met": dict(one.met),
            "Longest": one.longest,
            "Example": one.example,
            "NotDecided": one.doubt or None,
        }
        for one in found.columns
    ]
    statistics = {
        "Records": found.records,
        "Rows": found.rows,
        "Unread": found.unread,
        "Notes": list(found.notes),
        "Columns": columns,
    }
    return {"InputSchema": input_schema(found.schema), "Statistics": statistics}


def sql(found: Discovery, stream: str = "SOURCE_SQL_STREAM_001") -> str:
    """A CREATE STREAM with the columns, as an application that reads them sees them."""
    columns = ",\n".join(f'    "{one.column.name}" {one.column.type}' for one in found.columns)
    return f'CREATE STREAM "{stream}" (\n{columns}\n);'
