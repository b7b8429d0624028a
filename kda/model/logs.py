"""The parsers of logs: from a text to a row of fields, COLUMN1 and so on.

A text that does not fit gives NULL in each field. What the reference leaves open is as Flink's functions have it: an
expression is searched in the text (REGEXP_EXTRACT), and a text is split without regard to quotes (SPLIT_INDEX).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kda.model import patterns, values
from kda.model.rows import NotModelled
from kda.sql_types import Type

_TEXT = Type("VARCHAR", ("1024",))
FUNCTIONS = (
    *("REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSER"),
    *("VARIABLE_COLUMN_LOG_PARSE", "W3C_LOG_PARSE"),
)
_FORMATS = {
    "COMMON": '%h %l %u %t "%r" %>s %b',
    "COMMON WITH VHOST": '%v %h %l %u %t "%r" %>s %b',
    "NCSA EXTENDED": '%h %l %u %t "%r" %>s %b "%[Referer]i" "%[User-agent]i"',
    "COMBINED": '%h %l %u %t "%r" %>s %b "%[Referer]i" "%[User-agent]i"',
    "REFERER": "%[Referer]i ---> %U",
    "AGENT": "%[User-agent]i",
}
_COLUMN = re.compile(r'\s*("[^"]+"|\w+)(?:\s+(?:TYPE\s+)?(.+?)(?:\s+NOT\s+NULL)?)?\s*', re.IGNORECASE)
_SPECIFIER = re.compile(r"%%|%[<>!\d,]*(?:\[[^\]]*\]|\{[^}]*\})?([A-Za-z])")  # as %h, %>s, %[User-agent]i


@dataclass(frozen=True)
class RowType(Type):
    """A row. fields: names and types."""

    fields: tuple[tuple[str, Type], ...] = field(default=())

    def field(self, name: str) -> Type:
        """The type of a field."""
        known = dict(self.fields)
        if name not in known:
            raise NotModelled(f"There is no field {name}: there are {', '.join(known)}.")
        return known[name]


Parse = Callable[[str], dict[str, Any]]


def parser(name: str, arguments: Sequence[Any]) -> tuple[RowType, Parse]:
    """What one of FUNCTIONS gives, by its arguments after the text, which have to be written out."""
    if not arguments or not isinstance(arguments[0], str):
        raise NotModelled(f"{name} whose second argument is not a text that is written out is not modelled.")
    if name == "VARIABLE_COLUMN_LOG_PARSE":
        return _split(arguments)
    if len(arguments) != 1:
        raise NotModelled(f"{name} with {len(arguments) + 1} arguments is not modelled.")
    if name == "W3C_LOG_PARSE":
        return _searched(re.compile(_w3c(arguments[0]), re.ASCII))
    return _searched(patterns.regex(arguments[0]))


def _searched(pattern: re.Pattern[str]) -> tuple[RowType, Parse]:
    if not pattern.groups:
        raise NotModelled("A parser of logs by an expression without a group is not modelled.")
    names = [f"COLUMN{number}" for number in range(1, pattern.groups + 1)]

    def parse(text: str) -> dict[str, Any]:
        found = pattern.search(text)
        groups = found.groups() if found else [None] * len(names)
        return {
            name: None if group is None else values.cut(group, _TEXT) for name, group in zip(names, groups, strict=True)
        }

    return RowType("ROW", (), tuple((name, _TEXT) for name in names)), parse


def _w3c(name: str) -> str:
    """The regular expression of a format by its name, or of one of Apache's: a group for each specifier.

    What is in quotes loses them, a time keeps its brackets, and the text of a header at the end may have blanks.
    """
    shape = _FORMATS.get(name.strip().upper(), name)
    found, end = "", 0
    for specifier in _SPECIFIER.finditer(shape):
        found += re.escape(shape[end : specifier.start()])
        before, after = shape[specifier.start() - 1 : specifier.start()], shape[specifier.end() :]
        end = specifier.end()
        if specifier[0] == "%%":
            found += "%"
        elif before == '"' and after.startswith('"'):
            found += r'((?:[^"\\]|\\.)*)'
        elif specifier[1] == "t":
            found += r"(\[[^\]]*\])"
        else:
            found += "(.*)" if specifier[1] == "i" and not after else r"(\S+)"
    if not end:
        raise NotModelled(f"The format {name!r} of W3C_LOG_PARSE is not modelled.")
    return f"^{found}{re.escape(shape[end:])}$"


def _split(arguments: Sequence[Any]) -> tuple[RowType, Parse]:
    if len(arguments) != 2 or not isinstance(arguments[1], str) or not arguments[1]:
        raise NotModelled("VARIABLE_COLUMN_LOG_PARSE with an escape or quotes is not modelled.")
    columns = []
    for one in re.split(r",(?![^(]*\))", arguments[0]):
        found = _COLUMN.fullmatch(one)
        kind = Type.written(found[2]) if found and found[2] else _TEXT
        if not found or kind.name != "VARCHAR":
            raise NotModelled(f"The column {one.strip()!r} of VARIABLE_COLUMN_LOG_PARSE is not modelled.")
        columns.append((found[1].strip('"') if found[1].startswith('"') else found[1].upper(), kind))
    if arguments[0].strip().isdigit():
        columns = [(f"COLUMN{number}", _TEXT) for number in range(1, int(arguments[0]) + 1)]

    def parse(text: str) -> dict[str, Any]:
        parts: list[str | None] = list(text.split(arguments[1])) if text else []
        parts += [None] * len(columns)
        return {
            name: values.cast(part, values.VARCHAR, kind) for (name, kind), part in zip(columns, parts, strict=False)
        }

    return RowType("ROW", (), tuple(columns)), parse
