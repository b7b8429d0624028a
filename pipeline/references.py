"""The tables and views that a statement reads, and the columns of a CREATE TABLE, from tokens without a full parser.

A name is a table's after FROM, JOIN or TABLE, or after a comma in the list of FROM, unless a parenthesis follows, as
behind a function: FROM f(input => TABLE t). Any other name is a column's, a function's, or defined by WITH.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<skip>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<text>'(?:[^']|'')*')
    | (?P<name>`(?:[^`]|``)+`|[A-Za-z_]\w*)
    | (?P<other>\d[\w.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# Calls with a FROM that is followed by no table: EXTRACT(DAY FROM t), TRIM(BOTH ' ' FROM s).
_CALLS = {"EXTRACT", "TRIM", "SUBSTRING", "OVERLAY", "POSITION", "CEIL", "FLOOR"}
_ENDS_LIST = {
    *("WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT"),
    *("UNION", "INTERSECT", "EXCEPT", "SELECT", "QUALIFY"),
}
_NOT_A_NAME = {"LATERAL", "UNNEST", "TABLE", "VALUES", "SELECT"}


@dataclass
class _Level:
    """A level of parentheses. call: the token before them, in capitals."""

    call: str = ""
    in_list: bool = False  # of tables, after FROM


def tokenize(sql: str) -> list[str]:
    """The tokens of a statement, without comments and white space; a text keeps its quotes."""
    return [match[0] for match in _TOKEN.finditer(sql) if match.lastgroup != "skip"]


def of(sql: str) -> list[str]:
    """The tables and views that a SELECT reads, without duplicates, in the order of the text, without backticks."""
    tokens = tokenize(sql)
    defined = _defined_by_with(tokens)
    return [name for name in dict.fromkeys(_names(tokens)) if name not in defined]


def _names(tokens: list[str]) -> Iterator[str]:
    levels = [_Level()]
    for number, token in enumerate(tokens):
        before = tokens[number - 1].upper() if number else ""
        level, upper = levels[-1], token.upper()
        if upper == "(":
            # A list of tables may be in parentheses: FROM (a JOIN b ON ...).
            levels.append(_Level(before, in_list=before in ("FROM", "JOIN") and level.in_list))
        elif upper == ")":
            if len(levels) > 1:
                levels.pop()
        elif upper in _ENDS_LIST:
            level.in_list = False
        elif upper == "FROM":
            level.in_list = level.call not in _CALLS and not _is_distinct(tokens, number)
        elif (
            _is_name(token)
            and upper not in _NOT_A_NAME
            and _may_be_table(before, level)
            and not _is_call(tokens, number)
        ):
            yield _full(tokens, number)


def _may_be_table(before: str, level: _Level) -> bool:
    return (before in ("FROM", ",", "(") and level.in_list) or before in ("JOIN", "TABLE")


def _is_call(tokens: list[str], number: int) -> bool:
    return tokens[number + 1 : number + 2] == ["("]


def _is_distinct(tokens: list[str], number: int) -> bool:
    """Whether this FROM belongs to IS [NOT] DISTINCT FROM."""
    return number > 1 and tokens[number - 1].upper() == "DISTINCT" and tokens[number - 2].upper() in ("IS", "NOT")


def _is_name(token: str) -> bool:
    return token.startswith("`") or bool(re.fullmatch(r"[A-Za-z_]\w*", token))


def _full(tokens: list[str], number: int) -> str:
    """The name that starts here, with its parts after dots, such as `database.table`."""
    parts = [tokens[number]]
    while number + 2 < len(tokens) and tokens[number + 1] == "." and _is_name(tokens[number + 2]):
        number += 2
        parts.append(tokens[number])
    return ".".join(map(_plain, parts))


def _defined_by_with(tokens: list[str]) -> set[str]:
    """The names that WITH defines: NAME AS ( after WITH or a comma."""
    names = set()
    for number in range(1, len(tokens) - 2):
        if _is_name(tokens[number]) and tokens[number - 1].upper() in ("WITH", "RECURSIVE", ","):
            after = number + 1
            if tokens[after] == "(" and ")" in tokens[after:]:  # the names of its columns
                after = tokens.index(")", after) + 1
            if [token.upper() for token in tokens[after : after + 2]] == ["AS", "("]:
                names.add(_plain(tokens[number]))
    return names


def columns(table: str) -> dict[str, str]:
    """The physical columns of a CREATE TABLE with their types, in order: without metadata and computed columns."""
    return {_plain(part[0]): _type(part[1:]) for part in _parts(table) if len(part) > 1 and not _is_no_column(part)}


def all_columns(table: str) -> list[str]:
    """The columns of a CREATE TABLE as they are written, in order: physical, metadata and computed ones."""
    no_columns = ("WATERMARK", "PRIMARY", "CONSTRAINT", "UNIQUE")
    return [part[0] for part in _parts(table) if len(part) > 1 and part[0].upper() not in no_columns]


def metadata(table: str) -> list[str]:
    """The metadata columns of a CREATE TABLE."""
    return [_plain(part[0]) for part in _parts(table) if "METADATA" in (token.upper() for token in part)]


def never_null(table: str) -> set[str]:
    """The columns of a CREATE TABLE, as written, that have no NULL: times of events or of processing, and NOT NULL."""
    found = set()
    for part in _parts(table):
        upper = [token.upper() for token in part]
        if upper[:2] == ["WATERMARK", "FOR"]:
            found.add(part[2])
        elif "PROCTIME" in upper or (upper[-1:] == ["METADATA"] and upper[-3:-1] == ["NOT", "NULL"]):
            found.add(part[0])
    return found


def _parts(table: str) -> Iterator[list[str]]:
    """The tokens of each part of a CREATE TABLE: a column, a watermark, a key."""
    tokens = tokenize(table)
    part: list[str] = []
    depth = 0
    for word in tokens[tokens.index("(") + 1 :] if "(" in tokens else []:
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


def _is_no_column(part: list[str]) -> bool:
    upper = [token.upper() for token in part]
    return upper[0] in ("WATERMARK", "PRIMARY", "CONSTRAINT", "UNIQUE") or upper[1] == "AS" or "METADATA" in upper


def _type(tokens: list[str]) -> str:
    """A column's type with its parameters: DECIMAL(10,2), ROW<a INT>."""
    end = len(tokens)
    for number, token in enumerate(tokens):
        if number and token.upper() in ("NOT", "NULL", "COMMENT", "PRIMARY", "CONSTRAINT") and _closed(tokens[:number]):
            end = number
            break
    text = " ".join(tokens[:end])
    return re.sub(r" ?([(<>,)]) ?", r"\1", text).replace(",", ", ")


def _closed(tokens: list[str]) -> bool:
    return all(tokens.count(opening) == tokens.count(closing) for opening, closing in ("()", "<>"))
