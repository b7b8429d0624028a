"""Names in a template: of parameters and resources."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

Node = dict[str, Any]  # a piece of a template


def camel(text: str) -> str:
    """A name's words in one, each with a capital: RawStream of raw_stream."""
    return "".join(part[:1].upper() + part[1:] for part in text.replace("-", "_").split("_"))


def free(name: str, taken: Collection[str]) -> str:
    """The name, with a number if the name is taken."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}{number}", number + 1
    return found
