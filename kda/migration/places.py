"""The names of streams and objects behind a migrated job's tables, from the ARNs of the application."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kda.applications import Input, Output, Reference

_STREAM = re.compile(r"[a-zA-Z0-9_.-]{1,128}", re.ASCII)
_LOGICAL = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}$")


@dataclass(frozen=True)
class Name:
    """A name of a stream. is_known: whether it stood in the file; else it was made up, and has to be seen to."""

    text: str
    is_known: bool


def stream(end: Input | Output | None, table: str) -> Name:
    """The stream behind a table, by the last part of its ARN."""
    arn = end.arn if end is not None else ""
    if "${" not in arn and _STREAM.fullmatch(name := re.split(r"[/:]", arn)[-1]):
        return Name(name, is_known=True)
    if logical := _LOGICAL.search(arn):
        return Name(logical[1], is_known=False)
    return Name(re.sub(r"[^a-z0-9]+", "-", table.lower()).strip("-") or "stream", is_known=False)


def bucket(table: Reference) -> Name:
    """The bucket of a reference table."""
    name = table.bucket.rpartition(":")[2]
    if name and "${" not in name:
        return Name(name, is_known=True)
    logical = _LOGICAL.search(table.bucket)
    return Name((logical[1] if logical else table.table).lower().replace("_", "-"), is_known=False)


def key(table: Reference) -> Name:
    """The key of a reference table's object in its bucket."""
    if table.key and "${" not in table.key:
        return Name(table.key, is_known=True)
    return Name(f"{table.table.lower()}.{table.format.lower()}", is_known=False)
