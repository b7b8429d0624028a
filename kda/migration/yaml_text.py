"""Values as the YAML of a job's tests, so that `pipeline.cases` reads the same values again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

# A text that is plainly a text: no number, no null, true or false, and nothing that YAML gives a meaning.
_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9_']*(?:[ .-][A-Za-z0-9_][A-Za-z0-9_']*)*|\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?)?",
    re.ASCII,
)
_WORDS = ("null", "true", "false")
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def text(value: str) -> str:
    """A text, in quotes where it has to be. Half of a surrogate pair is no character: see `is_text`."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def is_text(value: str) -> bool:
    """Whether a text can stand in a file of UTF-8."""
    return not re.search("[\ud800-\udfff]", value)


def flow(value: Any) -> str:
    """A value in a line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{text(str(name))}: {flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str | date | time):
        return text(value if isinstance(value, str) else _time(value))
    known = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return known[value]
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def _time(value: date | time) -> str:
    return value.isoformat(sep=" ", timespec="milliseconds") if isinstance(value, datetime) else value.isoformat()
