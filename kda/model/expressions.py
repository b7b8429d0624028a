"""Expressions of the nodes of a SELECT.

`Compiler.compiled(node)` gives an `Expression`. Only what is evaluated fails: AND and OR stop when they are decided,
CASE takes one branch, COALESCE stops at the first value that is not NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp

from kda.functions import AGGREGATES, NOW
from kda.model import arithmetic, conditions, functions, times, values
from kda.model.evaluation import (
    Column,
    Context,
    Expression,
    Item,
    Relation,
    assigned,
    chosen,
    constant,
    converted,
    field_of,
    strict,
)
from kda.model.names import Names
from kda.model.rows import Failed, NotModelled, milliseconds
from kda.model.values import BIGINT, BOOLEAN, DOUBLE, INTEGER, INTERVAL, MONTHS, TIMESTAMP, VARCHAR, is_text
from kda.nodes import FloorTo, Plus, Step, TypedLiteral, Words, called
from kda.program import canonical
from kda.sql_types import Type

__all__ = ["Column", "Compiler", "Context", "Expression", "Item", "Relation"]

Replaced = Callable[[exp.Expr], Expression | None]


def _nothing(_node: exp.Expr) -> Expression | None:
    return None


@dataclass(frozen=True)
class Compiler(Names):
    """Makes expressions of nodes. replaced: asked first for each node."""

    replaced: Replaced = _nothing

    def compiled(self, node: exp.Expr) -> Expression:
        """The expression of a node. Raises NotModelled for what the model does not know."""
        found = self.replaced(node)
        if found is not None:
            return found
        for kind, compile_ in _COMPILERS.items():
            if isinstance(node, kind):
                return compile_(self, node)
        raise NotModelled(f"{type(node).__name__} is not modelled.")

    def all(self, nodes: Sequence[exp.Expr]) -> list[Expression]:
        """The expressions of some nodes."""
        return [self.compiled(node) for node in nodes]

    def condition(self, node: exp.Expr) -> Expression:
        """The expression of a node that has to be BOOLEAN."""
        found = self.compiled(node)
        if found.type is not None and found.type != BOOLEAN and not is_text(found.type):
            raise NotModelled(f"A condition that is {found.type.name} is not modelled.")
        return converted(found, BOOLEAN)


def _literal(_compiler: Compiler, node: exp.Literal) -> Expression:
    if node.is_string:
        return constant(node.name, VARCHAR)
    digits = node.name
    if "E" in digits.upper():
        return constant(values.finite(float(digits)), DOUBLE)
    if "." in digits:
        whole, _, fraction = digits.partition(".")
        precision = len(whole.lstrip("0") or "0") + len(fraction)  # the 0 before a point is a digit: 0.5 has two
        return constant(Decimal(digits), values.decimal(precision, len(fraction)))
    number = int(digits)
    if number >= 2**63:
        return constant(Decimal(number), values.decimal(len(str(number)), 0))
    return constant(number, INTEGER if number < 2**31 else BIGINT)


def _typed_literal(_compiler: Compiler, node: TypedLiteral) -> Expression:
    if not node.is_time:
        raise NotModelled(f"A text that begins with {node.args['kind']}' is not modelled.")
    kind = Type(node.args["kind"])
    try:
        return constant(values.cast(node.this.name, VARCHAR, kind), kind)
    except Failed as failed:
        raise NotModelled(f"A literal whose {failed.message} is not modelled.") from None


def _interval(_compiler: Compiler, node: exp.Interval) -> Expression:
    unit, number = times.length(node)
    return constant(number, INTERVAL if unit == "MILLISECOND" else MONTHS)


def _case(compiler: Compiler, node: exp.Case) -> Expression:
    branches: list[tuple[Expression | None, Expression]] = []
    for branch in node.args["ifs"]:
        if node.this is not None:
            sides = conditions.compared(compiler, [node.this, branch.this])
            condition = strict(BOOLEAN, sides, lambda left, right: left == right)
        else:
            condition = compiler.condition(branch.this)
        branches.append((condition, compiler.compiled(branch.args["true"])))
    default = node.args.get("default")
    if default is not None:
        branches.append((None, compiler.compiled(default)))
    return chosen(branches)


def _cast(compiler: Compiler, node: exp.Cast) -> Expression:
    value, to = compiler.compiled(node.this), Type.of(node.args["to"])
    clock = value.clock if to == TIMESTAMP else None
    return Expression(to, lambda context: values.cast(value.at(context), value.type, to), clock)


def _words(compiler: Compiler, node: Words) -> Expression:
    words = [part for part in node.args["parts"] if isinstance(part, str)]
    arguments = compiler.all([part for part in node.args["parts"] if not isinstance(part, str)])
    return _applied(node.name.upper(), words, arguments)


def _call(compiler: Compiler, node: exp.Anonymous) -> Expression:
    name = called(node)
    if name in AGGREGATES or name == "LAG":
        raise NotModelled(f"{name} without GROUP BY or OVER is not modelled.")
    if name in NOW:
        return compiler.now(name)
    if name == "UNIX_TIMESTAMP" and not node.expressions:
        own = compiler.rowtime("")
        return Expression(BIGINT, lambda context: milliseconds(own.at(context)))
    if name == "NULLIF":
        return _nullif(compiler, node)
    arguments = compiler.all(node.expressions)
    special: dict[str, Callable[[], Expression]] = {
        "MONOTONIC": lambda: arguments[0],
        "COALESCE": lambda: _coalesce(arguments),
        "MOD": lambda: arithmetic.computed("%", *arguments),
    }
    return special[name]() if name in special else _applied(name, [], arguments)


def _applied(name: str, words: list[str], arguments: list[Expression]) -> Expression:
    types = [argument.type for argument in arguments]
    kind, function = functions.function(name, words, types, _literals(arguments))
    taken = [converted(argument, to) for argument, to in zip(arguments, types, strict=True)]
    return strict(kind, taken, function)


def _literals(arguments: Sequence[Expression]) -> list[Any]:
    """The values of those arguments that need no row, None for others."""
    found: list[Any] = []
    for argument in arguments:
        try:
            found.append(argument.at(Context([], 0, 0)))
        except (Failed, IndexError):
            found.append(None)
    return found


def _coalesce(arguments: Sequence[Expression]) -> Expression:
    kind = None
    for argument in arguments:
        kind = values.common(kind, argument.type)

    def at(context: Context) -> Any:
        for argument in arguments:
            value = argument.at(context)
            if value is not None:
                return assigned(value, argument.type, kind)
        return None

    return Expression(kind, at)


def _nullif(compiler: Compiler, node: exp.Anonymous) -> Expression:
    value = compiler.compiled(node.expressions[0])
    left, right = conditions.compared(compiler, node.expressions)

    def at(context: Context) -> Any:
        return None if left.at(context) == right.at(context) else value.at(context)

    return Expression(value.type, at)


_COMPILERS: dict[Any, Callable[[Compiler, Any], Expression]] = {
    exp.Paren: lambda compiler, node: compiler.compiled(node.this),
    exp.Alias: lambda compiler, node: compiler.compiled(node.this),
    exp.Literal: _literal,
    exp.Null: lambda _compiler, _node: constant(None, None),
    exp.Boolean: lambda _compiler, node: constant(bool(node.this), BOOLEAN),
    TypedLiteral: _typed_literal,
    exp.Interval: _interval,
    exp.Column: lambda compiler, node: compiler.column(node),
    exp.Dot: lambda compiler, node: field_of(compiler.compiled(node.this), canonical(node.expression)),
    exp.And: conditions.conjunction,
    exp.Or: conditions.conjunction,
    exp.Not: conditions.negation,
    exp.NullSafeEQ: conditions.distinct_from,
    exp.NullSafeNEQ: conditions.distinct_from,
    **dict.fromkeys(conditions.COMPARISONS, conditions.comparison),
    exp.Between: conditions.between,
    exp.In: conditions.member,
    exp.Is: conditions.what_it_is,
    exp.Like: conditions.like,
    exp.SimilarTo: conditions.like,
    **dict.fromkeys(arithmetic.SIGNS, arithmetic.arithmetic),
    exp.Neg: arithmetic.signed,
    Plus: arithmetic.signed,
    exp.DPipe: arithmetic.concatenated,
    exp.Case: _case,
    exp.Cast: _cast,
    Step: arithmetic.step,
    FloorTo: arithmetic.floor_to,
    Words: _words,
    exp.Anonymous: _call,
}
