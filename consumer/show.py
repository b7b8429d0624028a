"""How a record looks: JSON for readers of stdout, and never a character that drives the terminal."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    from consumer.tail import Record

INDENT = 4  # spaces, as the workshop's own consumer printed


def as_json(data: bytes, *, compact: bool = False) -> str | None:
    """The JSON value in `data`, laid out anew with its keys in their order; None when it holds no such value.

    Strictly RFC 8259 in UTF-8: NaN is not JSON, nor are numbers too large for a float, which would be printed
    as Infinity, nor what Python refuses to read: thousands of nested levels or of digits in an integer.
    """
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
        layout: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": INDENT}
        text = json.dumps(value, ensure_ascii=False, **layout)
    except (ValueError, RecursionError):
        return None
    return _escaped(text, keep="\n", escape=_json_escape)


def as_text(data: bytes) -> str:
    r"""Bytes that are not JSON, in one line, less their line end; control characters look like `\x1b`."""
    text = data.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "backslashreplace")
    return printable(text)


def printable(text: str) -> str:
    """`text` in one line that a terminal only shows."""
    return _escaped(text, keep="", escape=_python_escape)


def origin(record: Record) -> str:
    """Where a record comes from, in one line."""
    arrival = record.arrival.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
    return f"{record.shard} {arrival} key={printable(record.partition_key)}"


def _escaped(text: str, keep: str, escape: Callable[[str], str]) -> str:
    # isprintable is false for control characters (C1 and DEL too), for what reverses the direction of writing
    # and for lone surrogates, which UTF-8 cannot hold.
    if text.replace(keep, "").isprintable() if keep else text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == keep else escape(char) for char in text)


def _json_escape(char: str) -> str:
    # Outside strings JSON has no character that needs this, so the value stays the same.
    return json.dumps(char)[1:-1] if ord(char) != 0x7F else r"\u007f"


def _python_escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number
