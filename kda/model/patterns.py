"""LIKE, SIMILAR TO, and the regular expressions of functions."""

from __future__ import annotations

import re
from functools import lru_cache

from kda.model.rows import NotModelled

_ONE = "[^\n\r\u0085\u2028\u2029]"  # what a point matches in Java
_ANY = "(?s:.*)"
_OPERATORS = "|*+?{}()[]^-"  # of SIMILAR TO, beside % and _
# What Java and Python read in another way, or only one of them.
_FOREIGN = re.compile(r"\\[pPQERXhHvVGzZkN]|\(\?[<#P]|&&|(?<!\\)\[\[|\\[0-9]|\(\?[a-zA-Z-]+[:)]")


def like(text: str, pattern: str, escape: str) -> bool:
    """text LIKE pattern ESCAPE escape; escape: "" without it."""
    if not escape and "\\" in pattern:
        raise NotModelled("LIKE of a pattern with a backslash and without ESCAPE is not modelled.")
    return re.fullmatch(_like(pattern, escape), text) is not None


@lru_cache(maxsize=256)
def _like(pattern: str, escape: str) -> str:
    found = ""
    for sign, is_escaped in _signs(pattern, escape):
        found += re.escape(sign) if is_escaped or sign not in "%_" else _ANY if sign == "%" else _ONE
    return found


def similar(text: str, pattern: str, escape: str) -> bool:
    """text SIMILAR TO pattern ESCAPE escape."""
    if "[:" in pattern:
        raise NotModelled("SIMILAR TO with a class of characters by name is not modelled.")
    try:
        return re.fullmatch(_similar(pattern, escape), text) is not None
    except re.error as error:
        raise NotModelled(f"The pattern {pattern!r} of SIMILAR TO is not modelled ({error}).") from None


@lru_cache(maxsize=256)
def _similar(pattern: str, escape: str) -> str:
    found, in_brackets = "", False
    for sign, is_escaped in _signs(pattern, escape):
        if not is_escaped and sign in "[]":
            in_brackets = sign == "["
        if is_escaped or (sign not in _OPERATORS and (in_brackets or sign not in "%_")):
            found += re.escape(sign)
        else:
            found += sign if in_brackets or sign not in "%_" else _ANY if sign == "%" else _ONE
    return found


def _signs(pattern: str, escape: str) -> list[tuple[str, bool]]:
    """Each character of a pattern, and whether it is escaped."""
    found: list[tuple[str, bool]] = []
    signs = iter(pattern)
    for sign in signs:
        if escape and sign == escape:
            following = next(signs, None)
            if following is None:
                raise NotModelled("A pattern that ends with its ESCAPE is not modelled.")
            found.append((following, True))
        else:
            found.append((sign, False))
    return found


@lru_cache(maxsize=256)
def regex(pattern: str) -> re.Pattern[str]:
    """A regular expression of Java. Raises NotModelled for one that Python may read in another way."""
    if _FOREIGN.search(pattern):
        raise NotModelled(f"The regular expression {pattern!r} is not modelled.")
    try:
        return re.compile(pattern, re.ASCII)
    except re.error as error:
        raise NotModelled(f"The regular expression {pattern!r} is not modelled ({error}).") from None
