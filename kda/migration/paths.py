"""A document that has a value at a path of an input schema, such as `$.quote.price`."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"\.([^.\[\]]+)|\[\s*(?:'([^']*)'|\"([^\"]*)\")\s*\]|\[\s*(\d+)\s*\]|\[\s*(\*|\d*\s*:\s*\d*)\s*\]")
Step = str | int | None  # a field, an index of an array, or each of its elements
_MOST = 100  # the highest index that is written out


def steps(path: str) -> tuple[Step, ...] | None:
    """The steps of a path after its `$`; None if it is not understood."""
    text = path.strip()
    at, found = 1 if text.startswith("$") else 0, list[Step]()
    if not at:
        text = f".{text}" if text else ""
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (match[4] and int(match[4]) > _MOST):
            return None
        field = next((one for one in match.groups()[:3] if one is not None), None)
        found.append(field if field is not None else int(match[4]) if match[4] else None)
        at = match.end()
    return tuple(found)


def put(document: Any, path: tuple[Step, ...], value: Any) -> Any:
    """The document with a value at the path. A None in the path is the first element of an array."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        fields = dict(document) if isinstance(document, dict) else {}
        fields[step] = put(fields.get(step), rest, value)
        return fields
    index = step or 0
    items = list(document) if isinstance(document, list) else []
    items += [None] * (index + 1 - len(items))
    items[index] = put(items[index], rest, value)
    return items
