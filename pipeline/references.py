"""Which tables and views a statement reads, found in its text: the order of views follows from that.

No parser of Flink's SQL is needed for it. A name stands for a table where FROM, JOIN or TABLE comes before it, or a
comma in the list after FROM; everything else that looks like one is a column, a function or a name given by WITH.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
      (?P<skip>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<text>'(?:[^']|'')*')
    | (?P<name>`(?:[^`]|``)+`|[A-Za-z_]\w*)
    | (?P<other>\d[\w.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# FROM stands in these calls too, and means no table there: EXTRACT(DAY FROM t), TRIM(BOTH ' ' FROM s).
_CALLS = {"EXTRACT", "TRIM", "SUBSTRING", "OVERLAY", "POSITION", "CEIL", "FLOOR"}
_ENDS_LIST = {
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "ORDER",
    "LIMIT",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "SELECT",
    "QUALIFY",
}
_NOT_A_NAME = {"LATERAL", "UNNEST", "TABLE", "VALUES", "SELECT"}


@dataclass
class _Level:
    """What is known between a pair of parentheses. call: the word before them, in capitals."""

    call: str = ""
    in_list: bool = False  # of tables, after FROM
    names: set[str] = field(default_factory=set)


def tokens(sql: str) -> list[str]:
    """The words and signs of a statement, without comments and white space; a text keeps its quotes."""
    return [match[0] for match in _TOKEN.finditer(sql) if match.lastgroup != "skip"]


def of(sql: str) -> list[str]:
    """The tables and views that a SELECT reads, each once, in the order of the text; names without their backticks."""
    found = list(dict.fromkeys(_names(tokens(sql))))
    common = _named_by_with(tokens(sql))
    return [name for name in found if name not in common]


def _names(words: list[str]) -> Iterator[str]:
    levels = [_Level()]
    for number, word in enumerate(words):
        before = words[number - 1].upper() if number else ""
        level, upper = levels[-1], word.upper()
        if word == "(":
            # A list of tables may stand in parentheses itself: FROM (a JOIN b ON ...).
            levels.append(_Level(before, in_list=before in ("FROM", "JOIN") and level.in_list))
        elif word == ")":
            if len(levels) > 1:
                levels.pop()
        elif upper in _ENDS_LIST:
            level.in_list = False
        elif upper == "FROM":
            level.in_list = level.call not in _CALLS and not _is_distinct(words, number)
        elif _is_name(word) and upper not in _NOT_A_NAME and _may_be_table(before, level):
            yield _full(words, number)


def _may_be_table(before: str, level: _Level) -> bool:
    return (before in ("FROM", ",", "(") and level.in_list) or before in ("JOIN", "TABLE")


def _is_distinct(words: list[str], number: int) -> bool:
    """Whether this FROM belongs to IS [NOT] DISTINCT FROM."""
    return number > 1 and words[number - 1].upper() == "DISTINCT" and words[number - 2].upper() in ("IS", "NOT")


def _is_name(word: str) -> bool:
    return word.startswith("`") or bool(re.fullmatch(r"[A-Za-z_]\w*", word))


def _full(words: list[str], number: int) -> str:
    """The name that starts here, with what follows a dot: `database.table` is one name."""
    parts = [words[number]]
    while number + 2 < len(words) and words[number + 1] == "." and _is_name(words[number + 2]):
        number += 2
        parts.append(words[number])
    return ".".join(map(_plain, parts))


def _named_by_with(words: list[str]) -> set[str]:
    """The names that WITH gives to parts of the statement: NAME AS ( after WITH or a comma."""
    found = set()
    for number in range(1, len(words) - 2):
        if _is_name(words[number]) and words[number - 1].upper() in ("WITH", "RECURSIVE", ","):
            after = number + 1
            if words[after] == "(" and ")" in words[after:]:  # the names of its columns
                after = words.index(")", after) + 1
            if [word.upper() for word in words[after : after + 2]] == ["AS", "("]:
                found.add(_plain(words[number]))
    return found


def columns(table: str) -> dict[str, str]:
    """The physical columns of a CREATE TABLE with their types, in order: neither the connector's, nor computed ones."""
    return {
        _plain(words[0]): _type(words[1:]) for words in _parts(table) if len(words) > 1 and not _is_no_column(words)
    }


def metadata(table: str) -> list[str]:
    """The columns of a CREATE TABLE that its connector fills."""
    return [_plain(words[0]) for words in _parts(table) if "METADATA" in (word.upper() for word in words)]


def _parts(table: str) -> Iterator[list[str]]:
    """The words of each part of a CREATE TABLE: of a column, a watermark, a key."""
    words = tokens(table)
    part: list[str] = []
    depth = 0
    for word in words[words.index("(") + 1 :] if "(" in words else []:
        depth += {"(": 1, "<": 1, ")": -1, ">": -1}.get(word, 0)
        if depth < 0 or (word == "," and not depth):
            yield part
            part = []
            if depth < 0:
                return
        else:
            part.append(word)


def _plain(name: str) -> str:
    """A name without its backticks."""
    return name.strip("`").replace("``", "`")


def _is_no_column(words: list[str]) -> bool:
    upper = [word.upper() for word in words]
    return upper[0] in ("WATERMARK", "PRIMARY", "CONSTRAINT", "UNIQUE") or upper[1] == "AS" or "METADATA" in upper


def _type(words: list[str]) -> str:
    """A column's type, with what stands between its brackets: DECIMAL(10,2), ROW<a INT>."""
    end = len(words)
    for number, word in enumerate(words):
        if number and word.upper() in ("NOT", "NULL", "COMMENT", "PRIMARY", "CONSTRAINT") and _closed(words[:number]):
            end = number
            break
    text = " ".join(words[:end])
    return re.sub(r" ?([(<>,)]) ?", r"\1", text).replace(",", ", ")


def _closed(words: list[str]) -> bool:
    return all(words.count(opening) == words.count(closing) for opening, closing in ("()", "<>"))
