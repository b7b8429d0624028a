"""JSON with places: the standard library's parser says where an error is, but not where a value stands."""

from __future__ import annotations

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed does not have it

from kda.places import File
from kda.tree import Fields, Items, Node, Scalar, Text

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


def parsed(file: File) -> Node:
    """The value of a file. Raises Malformed."""
    reader = _Reader(file)
    try:
        node, at = reader.value(reader.skip(file.text.startswith("\ufeff")))
    except RecursionError:
        raise file.malformed(0, "expected JSON of less depth") from None
    at = reader.skip(at)
    if at < len(file.text):
        raise reader.unexpected(at, "the end of the file after the JSON value")
    return node


class _Reader:
    def __init__(self, file: File) -> None:
        self._file, self._text = file, file.text

    def skip(self, at: int) -> int:
        """The index of the next character that is no white space."""
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def unexpected(self, at: int, expected: str) -> Exception:
        """The error at an index."""
        found = repr(self._text[at]) if at < len(self._text) else "the end of the file"
        return self._file.malformed(at, f"expected {expected}, found {found}")

    def value(self, at: int) -> tuple[Node, int]:
        """The value that begins here, and the index behind it."""
        first = self._text[at : at + 1]
        if first == "{":
            return self._fields(at)
        if first == "[":
            return self._items(at)
        if first == '"':
            return self._string(at)
        match = _SCALAR.match(self._text, at)
        if not match:
            raise self.unexpected(at, "a JSON value")
        return Scalar(match.group(), at), match.end()

    def _string(self, at: int) -> tuple[Text, int]:
        try:
            value, end = scanstring(self._text, at + 1, True)
        except JSONDecodeError as error:
            problem = {
                "Unterminated string starting at": 'expected " at the end of the text that begins here',
                "Invalid control character at": "expected \\n or \\t in place of a line break or tab in a text",
            }.get(error.msg, 'expected an escape of JSON, such as \\n, \\" or \\u0041')
            raise self._file.malformed(error.pos, problem) from None
        return Text(value, at, end, has_escapes=True), end

    def _items(self, start: int) -> tuple[Items, int]:
        values: list[Node] = []
        at = self.skip(start + 1)
        if self._text[at : at + 1] == "]":
            return Items(values, start), at + 1
        while True:
            node, at = self.value(self.skip(at))
            values.append(node)
            at = self.skip(at)
            sign = self._text[at : at + 1]
            if sign == "]":
                return Items(values, start), at + 1
            if sign != ",":
                raise self.unexpected(at, "',' or ']'")
            at += 1

    def _fields(self, start: int) -> tuple[Fields, int]:
        fields = Fields({}, start)
        at = self.skip(start + 1)
        if self._text[at : at + 1] == "}":
            return fields, at + 1
        while True:
            at = self.skip(at)
            if self._text[at : at + 1] != '"':
                raise self.unexpected(at, "a name in double quotes")
            key, behind = self._string(at)
            at = self.skip(behind)
            if self._text[at : at + 1] != ":":
                raise self.unexpected(at, "':'")
            fields.values[key.value], at = self.value(self.skip(at + 1))
            at = self.skip(at)
            sign = self._text[at : at + 1]
            if sign == "}":
                return fields, at + 1
            if sign != ",":
                raise self.unexpected(at, "',' or '}'")
            at += 1
