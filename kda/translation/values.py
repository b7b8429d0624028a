"""A value as Flink SQL, and the conditions under which it fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from sqlglot import exp

from kda.sql_types import Type
from kda.translation.options import Options
from kda.translation.types import TEXT, flink

NULL = "NULL"  # the SQL of the literal, whose type the place decides that it is put in


@dataclass(frozen=True)
class Failure:
    """When a value fails. condition: Flink SQL, TRUE when it fails, never NULL; name: DIVISION or COERCION."""

    condition: str
    name: str
    text: str


@dataclass(frozen=True)
class Value:
    """A value. sql: to be put in anywhere; type: None if it is not known; failures: in the order of evaluation.

    fields: of a row that a parser of logs gives, the SQL of each of its texts by name; the type is then `types.row`.
    least: the least that a number of rows is, 0 or 1; None for other values. It fits an INTEGER.
    """

    sql: str
    type: Type | None
    failures: tuple[Failure, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    least: int | None = None

    @property
    def is_null(self) -> bool:
        """Whether it is the literal NULL, without a type."""
        return self.sql == NULL


class Names(Protocol):
    """What the names of a query mean."""

    def replaced(self, node: exp.Expr) -> Value | None:
        """The value of a node that the query has SQL of its own for; asked first, for every node."""
        ...

    def column(self, node: exp.Column) -> Value:
        """The value of another column."""
        ...


Of = Callable[[exp.Expr], Value]


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def settled(value: Value, kind: Type | None, options: Options) -> Value:
    """The value; for NULL one of this type."""
    if not value.is_null:
        return value
    kind = kind or TEXT
    return Value(f"CAST(NULL AS {flink(kind, options)})", kind, value.failures)


def nonzero(sql: str) -> str:
    """A divisor: NULL in place of zero, by which Flink would stop the job."""
    return f"NULLIF({sql}, 0)"


def hidden(sql: str) -> str:
    """A value that may be NULL, behind a function that Flink's planner does not look through.

    The planner fails on a quotient that it has to compute itself, as behind the condition that a/b has no result; and
    of CASE .. END IS NULL it takes conditions for false that are NULL.
    """
    return f"COALESCE(NULL, {sql})"


def shown(sql: str) -> str:
    """The value without what hides it: Flink does not find a hidden value of GROUP BY again in SELECT."""
    return re.sub(r"('(?:[^']|'')*')|COALESCE\(NULL, ", lambda match: match[1] or "(", sql)


def varying(sql: str, attribute: str) -> str:
    """A value that is not always the same to Flink's planner, though it may be. attribute: a time of rows.

    The planner puts constants in the place of columns that an earlier query pins, and then has no key to join by.
    """
    return f"IF(CURRENT_WATERMARK({attribute}) IS NULL, {sql}, {sql})"


def failures(*values: Value) -> tuple[Failure, ...]:
    """Those of values that are all evaluated, each condition once."""
    found: dict[str, Failure] = {}
    for value in values:
        for one in value.failures:
            found.setdefault(one.condition, one)
    return tuple(found.values())


def only_if(condition: str, found: Iterable[Failure]) -> tuple[Failure, ...]:
    """The failures of a value that is evaluated only if a condition, which is never NULL, is true."""
    return tuple(replace(one, condition=f"({condition} AND {one.condition})") for one in found)
