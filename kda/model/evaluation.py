"""Expressions of a SELECT: their types, and their values in a row.

`expression.at(context)` gives the value in a row. It raises Failed where the row is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlglot import exp

from kda.model import functions, values
from kda.model.rows import NotModelled
from kda.model.values import DOUBLE, VARCHAR, is_text
from kda.sql_types import Type


@dataclass(frozen=True)
class Item:
    """A row on its way. time: its ROWTIME; moment: what windows by ROWTIME count it by, which differs with align only.

    moments: the same for columns that are a time of rows, or a step of one.
    """

    time: int
    values: dict[str, Any]
    moment: int
    moments: dict[str, int] = field(default_factory=dict)


@dataclass
class Context:
    """A row in a SELECT. parts: the row of each relation, None for one without; results: of functions of rows."""

    parts: list[Item | None]
    time: int
    moment: int
    results: list[Any] = field(default_factory=list)


Evaluate = Callable[[Context], Any]


@dataclass(frozen=True)
class Clock:
    """That a value is a time of rows, cut to a step or not: it changes when `at` passes offset + n * size.

    size: milliseconds, 1 for the time itself; offset: of the windows, after 1970; shift: what is added to the time, of
    the time itself; at: a moment within the window.
    """

    size: int
    offset: int
    shift: int
    at: Evaluate

    def begin(self, at: int) -> int:
        """The begin of the window that holds a moment; its end is `size` later."""
        return (at - self.offset) // self.size * self.size + self.offset


@dataclass(frozen=True)
class Expression:
    """type: None for NULL, and for nothing else; clock: of a time of rows."""

    type: Type | None
    at: Evaluate
    clock: Clock | None = None


@dataclass(frozen=True)
class Column:
    """A column of a relation. clock: size, offset and shift of one that is a time of rows."""

    name: str
    type: Type | None
    clock: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Relation:
    """A relation of FROM. columns: in their order; has_time: whether its rows have a ROWTIME."""

    alias: str
    name: str
    columns: tuple[Column, ...]
    has_time: bool = True

    def column(self, name: str) -> Column | None:
        """Its column of this name."""
        return next((column for column in self.columns if column.name == name), None)


class Compiling(Protocol):
    """What makes expressions of nodes."""

    def compiled(self, node: exp.Expr) -> Expression:
        """The expression of a node. Raises NotModelled for what the model does not know."""
        ...

    def all(self, nodes: Sequence[exp.Expr]) -> list[Expression]:
        """The expressions of some nodes."""
        ...

    def condition(self, node: exp.Expr) -> Expression:
        """The expression of a node that has to be BOOLEAN."""
        ...


def constant(value: Any, kind: Type | None) -> Expression:
    """An expression that always has this value."""
    return Expression(kind, lambda _context: value)


def field_of(row: Expression, name: str) -> Expression:
    """A field of a row that a function gives."""
    if not isinstance(row.type, functions.RowType):
        raise NotModelled(f"There is no field {name} of a value that is no row.")
    kind = row.type.field(name)

    def at(context: Context) -> Any:
        found = row.at(context)
        return None if found is None else found[name]

    return Expression(kind, at)


def converted(value: Expression, to: Type | None) -> Expression:
    """A value as one of a type, as by CAST."""
    if to is None or value.type is None or value.type == to:
        return value
    return Expression(to, lambda context: values.cast(value.at(context), value.type, to))


def as_text(value: Expression) -> Expression:
    """A value as a text."""
    return value if is_text(value.type) else converted(value, VARCHAR)


def as_number(value: Expression) -> Expression:
    """A value as a number, of a text a DOUBLE."""
    return converted(value, DOUBLE) if is_text(value.type) else value


def strict(kind: Type | None, arguments: Sequence[Expression], function: Callable[..., Any]) -> Expression:
    """A function that gives NULL for any NULL among its arguments, all of which are evaluated."""

    def at(context: Context) -> Any:
        found = [argument.at(context) for argument in arguments]
        return None if None in found else function(*found)

    return Expression(kind, at)


def chosen(branches: Sequence[tuple[Expression | None, Expression]]) -> Expression:
    """The value of the first branch whose condition is true; the condition None always is."""
    kind = None
    for _condition, value in branches:
        kind = values.common(kind, value.type)

    def at(context: Context) -> Any:
        for condition, value in branches:
            if condition is None or condition.at(context) is True:
                return assigned(value.at(context), value.type, kind)
        return None

    return Expression(kind, at)


def assigned(value: Any, source: Type | None, to: Type | None) -> Any:
    """A value as one of a type that holds it."""
    return value if value is None or to is None or source == to else values.cast(value, source, to)
