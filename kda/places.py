"""Where a character of an SQL text stands in the file that holds it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from kda.malformed import Malformed


@dataclass(frozen=True)
class File:
    """A file that was read. name: as it was typed, for messages."""

    name: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        return _line_starts(self.text)

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an index into the text."""
        return _line_column(self._starts, offset)

    def malformed(self, offset: int, problem: str) -> Malformed:
        """The error at an index into the text."""
        return Malformed(self.name, *self.line_column(offset), problem)


@dataclass(frozen=True, order=True)
class Place:
    """line, column: of the file, from 1. sql_line, sql_column: of the SQL text alone, from 1."""

    line: int
    column: int
    sql_line: int
    sql_column: int


@dataclass(frozen=True)
class Code:
    """An SQL text in a file. offsets: the index into the file of each of its characters, and of its end.

    An SQL text that a file puts together, as Fn::Join does, has parts from several places. literals: the indices into
    the SQL of each ${ that is a text and no placeholder; defaults: index, parameter and value of each that was put in.
    """

    file: File
    text: str
    offsets: Sequence[int]
    literals: frozenset[int] = frozenset()
    defaults: tuple[tuple[int, str, str], ...] = ()

    @staticmethod
    def whole(file: File) -> Code:
        """The whole file is SQL."""
        return Code(file, file.text, range(len(file.text) + 1))

    def part(self, begin: int, end: int) -> Code:
        """The text from an index to another, without what is known of it beside its places."""
        return Code(self.file, self.text[begin:end], self.offsets[begin : end + 1])

    def standing(self, at: int) -> Code:
        """The same text, with all of it at one index into the file."""
        return replace(self, offsets=[at] * (len(self.text) + 1))

    @cached_property
    def _starts(self) -> list[int]:
        return _line_starts(self.text)

    def place(self, offset: int) -> Place:
        """The place of an index into the SQL text."""
        offset = min(max(offset, 0), len(self.text))
        return Place(*self.file.line_column(self.offsets[offset]), *_line_column(self._starts, offset))

    @cached_property
    def has_lines(self) -> bool:
        """Whether the lines of the SQL are lines of the file; False for a text with `\\n` in a string of JSON."""
        written = self.text.rstrip()
        lines = written.count("\n") + 1
        first, last = (self.file.line_column(self.offsets[at])[0] for at in (0, max(len(written) - 1, 0)))
        return last - first + 1 >= lines

    def malformed(self, offset: int, problem: str) -> Malformed:
        """The error at an index into the SQL text."""
        place = self.place(offset)
        if self.has_lines:
            return Malformed(self.file.name, place.line, place.column, problem)
        where = f"line {place.sql_line}, column {place.sql_column} of the SQL"
        return Malformed(self.file.name, place.line, place.column, f"{where}: {problem}")


def joined(file: File, parts: Iterable[Code]) -> Code:
    """One SQL text of several."""
    text, offsets, end = "", list[int](), 0
    literals, defaults = set[int](), list[tuple[int, str, str]]()
    for part in parts:
        literals |= {len(text) + at for at in part.literals}
        defaults += [(len(text) + at, name, value) for at, name, value in part.defaults]
        text += part.text
        offsets += part.offsets[: len(part.text)]
        end = part.offsets[len(part.text)]
    return Code(file, text, [*offsets, end], frozenset(literals), tuple(defaults))


def _line_starts(text: str) -> list[int]:
    return [0, *(number + 1 for number, character in enumerate(text) if character == "\n")]


def _line_column(starts: Sequence[int], offset: int) -> tuple[int, int]:
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
