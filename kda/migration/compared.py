"""What an application's SQL compares its columns with: what a sample needs so that conditions hold and fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from kda.constants import number
from kda.functions import PARSING
from kda.nodes import SqlType, called
from kda.program import canonical
from kda.rule import Subject
from kda.sql_types import Type

_COMPARISONS = (
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
    *(exp.Like, exp.SimilarTo, exp.In, exp.Between, exp.Case),
)


@dataclass(frozen=True)
class Compared:
    """Of a column, by its name in any relation.

    texts, numbers: the constants beside it; types: to what a CAST turns it; formats: by which it is read as a time,
    `milliseconds` for a number that is one; group: the first name of the columns that it is equal to in joins.
    """

    texts: list[str] = field(default_factory=list)
    numbers: list[int | float] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    group: str = ""


def compared(subject: Subject) -> Mapping[str, Compared]:
    """What the pumps' SQL says of each column."""
    found: dict[str, Compared] = {}
    groups: dict[str, str] = {}

    def of(name: str) -> Compared:
        return found.setdefault(name, Compared())

    for pump in subject.program.pumps:
        for node in pump.query.walk():
            if isinstance(node, exp.EQ) and _is_column(node.this) and _is_column(node.expression):
                _join(groups, canonical(node.this), canonical(node.expression))
            if isinstance(node, _COMPARISONS):
                for name in _columns(node):
                    _add(of(name), node)
            elif isinstance(node, exp.Cast) and isinstance(node.args["to"], SqlType):
                for name in _columns(node):
                    of(name).types.append(Type.of(node.args["to"]).name)
            elif (function := called(node)) in PARSING and len(node.expressions) == 2:
                for name in _columns(node.expressions[1]):
                    of(name).formats.append(node.expressions[0].name)
            elif function == "TO_TIMESTAMP":
                for name in _columns(node):
                    of(name).formats.append("milliseconds")
    return {
        name: Compared(one.texts, one.numbers, one.types, one.formats, _first(groups, name))
        for name, one in {**dict.fromkeys(groups, Compared()), **found}.items()
    }


def _is_column(node: Any) -> bool:
    return isinstance(node, exp.Column) and not isinstance(node.this, exp.Star)


def _columns(node: exp.Expr) -> Iterator[str]:
    yield from dict.fromkeys(canonical(one) for one in (node, *_within(node)) if _is_column(one))


def _within(node: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes of a comparison, without those of a query or of another comparison in it."""
    inner = (exp.Select, exp.Connector, *_COMPARISONS)
    for child in node.iter_expressions():
        if isinstance(child, exp.If):  # of a CASE: its WHEN, not its THEN
            child = child.this  # noqa: PLW2901
        if not isinstance(child, inner):
            yield child
            yield from _within(child)


def _add(column: Compared, comparison: exp.Expr) -> None:
    for one in _within(comparison):
        if not isinstance(one, exp.Literal):
            continue
        if not one.is_string:
            value = number(one.name)
            if value is not None:
                column.numbers.append(-value if isinstance(one.parent, exp.Neg) else value)
        elif isinstance(comparison, exp.Like):
            escape = comparison.args.get("escape")
            if one is not escape:
                column.texts.append(_like(one.name, escape.name if isinstance(escape, exp.Literal) else ""))
        elif not isinstance(comparison, exp.SimilarTo):
            column.texts.append(one.name)


def _like(pattern: str, escape: str) -> str:
    """A text that is like this pattern."""
    kept = f"{re.escape(escape)}(.)|" if escape else "()|"
    return re.sub(f"{kept}(%)|(_)", lambda match: match[1] or ("" if match[2] else "a"), pattern)


def _join(groups: dict[str, str], left: str, right: str) -> None:
    first, second = _first(groups, left), _first(groups, right)
    groups.setdefault(first, first)
    groups[second] = first
    groups.setdefault(left, first)
    groups.setdefault(right, first)


def _first(groups: Mapping[str, str], name: str) -> str:
    while groups.get(name, name) != name:
        name = groups[name]
    return name
