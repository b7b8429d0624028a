"""The names of streams and objects behind a migrated job's tables, from the ARNs of the application."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors import firehose, reference
from kda.applications import Input, Output, Reference

_STREAM = r"[a-zA-Z0-9_.-]{1,128}"
_LAST = re.compile(r"[/:]([^/:]+)$")
# What a template has in the place of an ARN: ${Clicks.Arn}, and aws_kinesis_stream.clicks.arn in Terraform.
_LOGICAL = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}$|^(?:\$\{)?aws_\w+\.([\w-]+)\.\w+\}?$")


@dataclass(frozen=True)
class Name:
    """A name of a stream, bucket or key. is_known: whether it stood in the file; else it was made up."""

    text: str
    is_known: bool


def stream(end: Input | Output | None, table: str) -> Name:
    """The stream behind a table, by the last part of its ARN."""
    if isinstance(end, Output) and end.service == "lambda":
        return Name(_plain(table), is_known=False)
    is_firehose = isinstance(end, Output) and end.service == "firehose"
    return _name(end.arn if end is not None else "", firehose.NAME if is_firehose else _STREAM, table)


def bucket(table: Reference) -> Name:
    """The bucket of a reference table."""
    return _name(table.bucket, reference.BUCKET, table.table)


def key(table: Reference) -> Name:
    """The key of a reference table's object in its bucket."""
    if re.fullmatch(reference.KEY, table.key):
        return Name(table.key, is_known=True)
    return Name(f"{_plain(table.table)}.{table.format.lower()}", is_known=False)


def _name(arn: str, form: str, table: str) -> Name:
    """The last part of an ARN if it has this form; else a name by the template's own, or by the table's."""
    last = _LAST.search(arn) if arn.startswith("arn:") else None
    if last is not None and re.fullmatch(form, last[1]):  # region and account may be a template's
        return Name(last[1], is_known=True)
    logical = _LOGICAL.search(arn)
    found = next(filter(None, logical.groups()), "") if logical else ""
    return Name(
        next((name for name in (found, found.lower()) if re.fullmatch(form, name)), _plain(table)), is_known=False
    )


def _plain(table: str) -> str:
    """A name that is one of everything, from 3 to 63 small letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", table.lower()).strip("-")[:60].strip("-")
    return name if len(name) > 2 else f"kda-{name or 'stream'}"
