"""JSON, read strictly, with the source text of each value."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from kda.model.rows import NotModelled

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])", re.ASCII)
_WORD = re.compile(r"(?:true|false|null)(?!\w)")
_DEEPEST = 1_000


class NotJson(Exception):  # noqa: N818
    """The text is no JSON."""


@dataclass(frozen=True)
class Value:
    """A value. kind: object, array, string, number, true, false, null; content: pairs, values, or the text."""

    kind: str
    content: Any
    source: str

    def fields(self, name: str) -> list[Value]:
        """The values of a name in an object; more than one if it is there twice."""
        return [value for key, value in self.content if key == name] if self.kind == "object" else []


def read(text: str) -> Value:
    """The one value of a text. Raises NotJson."""
    try:
        value, end = _value(text, _after(text, 0), 0)
    except RecursionError:
        raise NotModelled("A record that is nested so deep is not modelled.") from None
    if _after(text, end) != len(text):
        raise NotJson("goes on after the value")
    return value


def _after(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> tuple[Value, int]:
    if depth > _DEEPEST:
        raise NotJson("is nested too deep")
    if text.startswith(("{", "["), at):
        return _structure(text, at, depth + 1)
    for kind, pattern in (("string", _STRING), ("number", _NUMBER), ("", _WORD)):
        found = pattern.match(text, at)
        if found:
            content = _string(found[0]) if kind == "string" else found[0]
            return Value(kind or found[0], content, found[0]), found.end()
    raise NotJson("is no JSON")


def _string(source: str) -> str:
    try:
        return str(json.loads(source))
    except ValueError:
        raise NotJson("has a text that is none") from None


def _structure(text: str, start: int, depth: int) -> tuple[Value, int]:
    is_object = text[start] == "{"
    close = "}" if is_object else "]"
    found: list[Any] = []
    at = _after(text, start + 1)
    if text.startswith(close, at):
        return Value("object" if is_object else "array", found, text[start : at + 1]), at + 1
    while True:
        key = ""
        if is_object:
            name, at = _value(text, at, depth)
            at = _after(text, at)
            if name.kind != "string" or not text.startswith(":", at):
                raise NotJson("is no JSON")
            key, at = name.content, _after(text, at + 1)
        value, at = _value(text, at, depth)
        found.append((key, value) if is_object else value)
        at = _after(text, at)
        if text.startswith(close, at):
            return Value("object" if is_object else "array", found, text[start : at + 1]), at + 1
        if not text.startswith(",", at):
            raise NotJson("is no JSON")
        at = _after(text, at + 1)
