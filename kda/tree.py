"""The values of a JSON, YAML or Terraform file, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from kda.places import File

_ESCAPED = {"u": 6, "x": 4, "U": 10}  # characters of an escape by its letter; others have two


@dataclass(frozen=True)
class Text:
    """A text. start, end: where it stands in the file, quotes included; has_escapes: backslashes are escapes there."""

    value: str
    start: int
    end: int
    has_escapes: bool

    def offsets(self, file: File) -> list[int]:
        """The index into the file of each character of the value, and of its end.

        The characters of the value stand in the file in their order; between them are escapes, indentation, line
        breaks that the format folds, and the signs that begin a block.
        """
        raw, at = file.text, _begin(file.text, self.start, self.end)
        offsets = []
        for character in self.value:
            at = self._next(raw, at, character)
            offsets.append(at)
            if self.has_escapes and raw[at : at + 1] == "\\":
                at += _ESCAPED.get(raw[at + 1 : at + 2], 2) * (2 if ord(character) > 0xFFFF else 1)
            elif at < self.end and (raw[at] == character or raw[at].isspace()):
                at += 1
        return [*offsets, min(at, self.end)]

    def _next(self, raw: str, at: int, character: str) -> int:
        """Where this character stands, at `at` or behind it."""
        begin = at
        while at < self.end:
            if self.has_escapes and raw[at] == "\\":
                if raw[at + 1 : at + 2] != "\n":
                    return at
                at += 2
            elif raw[at] == character or character.isspace():
                return at
            else:
                at += 1
        return begin


def _begin(raw: str, start: int, end: int) -> int:
    """The first character of the value: behind a quote, or behind the line of | or > of YAML and of << of Terraform."""
    if raw[start : start + 1] in ("|", ">", "<"):
        line = raw.find("\n", start, end)
        return end if line < 0 else line + 1
    return start + 1 if raw[start : start + 1] in ("'", '"') else start


@dataclass(frozen=True)
class Scalar:
    """A number, true, false, null or, in Terraform, an expression: as it is written."""

    value: str
    start: int


@dataclass(frozen=True)
class Items:
    """A list."""

    values: Sequence[Node]
    start: int


@dataclass(frozen=True)
class Fields:
    """A mapping."""

    values: dict[str, Node]
    start: int


Node = Text | Scalar | Items | Fields
N = TypeVar("N", Text, Scalar, Items, Fields)

KINDS = {Text: "a text", Scalar: "a single value", Items: "a list", Fields: "a mapping"}


def of_kind(file: File, node: Node, kind: type[N], what: str) -> N:
    """The node, of this kind. Raises Malformed."""
    if not isinstance(node, kind):
        raise file.malformed(node.start, f"expected {KINDS[kind]} for {what}, found {KINDS[type(node)]}")
    return node


def child(file: File, fields: Fields, names: Sequence[str], kind: type[N]) -> N | None:
    """The first of these fields that there is; None without one, or if it is null. Raises Malformed."""
    for name in names:
        node = fields.values.get(name)
        if node is not None and not (isinstance(node, Scalar) and node.value in ("null", "~", "")):
            return of_kind(file, node, kind, name)
    return None
