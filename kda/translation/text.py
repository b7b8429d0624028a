"""The text of Flink SQL: names, literals, lengths of time, comments, and the layout of a SELECT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kda.scanner import Comment

_INDENT = "    "
_UNITS = (("DAY", 86_400_000), ("HOUR", 3_600_000), ("MINUTE", 60_000), ("SECOND", 1000))
# What stands in quotes, or in a comment of one line.
_CLOSED = r"""'(?:[^']|'')*' | `(?:[^`]|``)*` | "(?:[^"]|"")*" | --[^\n]*"""
_QUOTES = re.compile(_CLOSED, re.VERBOSE)
_LINES = re.compile(rf"(?P<closed> {_CLOSED} ) | \n(?!\n|\Z)", re.VERBOSE)
# What Flink or an editor takes for the end of a line would end a comment.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_LARGEST = 99  # that an INTERVAL takes without a precision


def quoted(name: str) -> str:
    """A name in backticks."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def interval(milliseconds: int) -> str:
    """A length of time: INTERVAL '90' SECOND, INTERVAL '-0.001' SECOND."""
    sign, size = "-" if milliseconds < 0 else "", abs(milliseconds)
    for unit, length in _UNITS:
        if size >= length and size % length == 0 and size // length <= _LARGEST:
            return f"INTERVAL '{sign}{size // length}' {unit}"
    if size < (_LARGEST + 1) * 1000:
        return f"INTERVAL '{sign}{size // 1000}.{size % 1000:03d}' SECOND"
    days, rest = divmod(size, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    number = f"{days} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    return f"INTERVAL '{sign}{number}' DAY({len(str(days))}) TO SECOND(3)"


def shifted(sql: str, milliseconds: int) -> str:
    """A time moved by some milliseconds, to be put in anywhere."""
    if not milliseconds:
        return sql
    return f"({sql} {'+' if milliseconds > 0 else '-'} {interval(abs(milliseconds))})"


def indented(text: str) -> str:
    """The text one level deeper. What stands in quotes stays as it is."""
    return _INDENT + _LINES.sub(lambda match: match["closed"] or f"\n{_INDENT}", text)


def unquoted(sql: str) -> str:
    """The SQL, as long as it is, with blanks in the place of quotes and comments."""
    return _QUOTES.sub(lambda match: " " * len(match[0]), sql)


def item(sql: str, name: str) -> str:
    """A result of a SELECT."""
    return sql if sql == quoted(name) or sql.endswith(f".{quoted(name)}") else f"{sql} AS {quoted(name)}"


def select(  # noqa: PLR0913  (its clauses)
    items: Iterable[str],
    source: str,
    *,
    where: Sequence[str] = (),
    group: Sequence[str] = (),
    having: str = "",
    further: str = "",
) -> str:
    """A SELECT, one result a line. source: all of FROM; where: conditions that all hold."""
    lines = ["SELECT", ",\n".join(map(indented, items)), f"FROM {source}"]
    if where:
        lines.append("WHERE " + f"\n{_INDENT}AND ".join(where))
    if group:
        lines.append("GROUP BY " + ", ".join(group))
    if having:
        lines.append(f"HAVING {having}")
    if further:
        lines.append(further)
    return "\n".join(lines)


def nested(query: str, name: str = "") -> str:
    """A query in parentheses, with a name."""
    return f"(\n{indented(query)}\n)" + (f" AS {alias(name)}" if name else "")


def alias(name: str) -> str:
    """The name of a relation within a query."""
    return quoted(name)


def commented(comments: Iterable[str], sql: str) -> str:
    """The SQL with these lines of comment before it, which stay comments whatever names they hold."""
    lines = [f"-- {_CONTROL.sub(' ', line)}".rstrip() for line in comments]
    return "\n".join([*lines, sql])


def remarks(comments: Iterable[Comment]) -> list[str]:
    """The lines of the comments of a program, without the signs that made them comments."""
    lines = [line.strip(" -*=#") and line for comment in comments for line in comment.words.split("\n")]
    return [_CONTROL.sub(" ", line) for line in lines if line]
