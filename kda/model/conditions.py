"""Conditions: True, False, and None for what is not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from kda.model import patterns, values
from kda.model.evaluation import Compiling, Context, Evaluate, Expression, as_text, strict
from kda.model.rows import NotModelled
from kda.model.values import BOOLEAN, DOUBLE, VARCHAR, is_number, is_text
from kda.sql_types import Type

COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
}


def conjunction(compiler: Compiling, node: exp.Expr) -> Expression:
    """a AND b, a OR b: the right side is not evaluated where the left one decides."""
    left, right = compiler.condition(node.this), compiler.condition(node.expression)
    decided = isinstance(node, exp.Or)  # by True; AND by False

    def at(context: Context) -> Any:
        first = left.at(context)
        if first is decided:
            return decided
        second = right.at(context)
        if second is decided:
            return decided
        return None if first is None or second is None else not decided

    return Expression(BOOLEAN, at)


def negation(compiler: Compiling, node: exp.Not) -> Expression:
    """NOT a."""
    return strict(BOOLEAN, [compiler.condition(node.this)], lambda value: not value)


def compared(compiler: Compiling, nodes: Sequence[exp.Expr]) -> list[Expression]:
    """The expressions, made such that their values can be compared: texts as what they are compared with."""
    found = compiler.all(nodes)
    others = [one.type for one in found if one.type is not None and not is_text(one.type)]
    kind = None
    for other in others:
        kind = values.comparable(kind, other)
    if any(is_text(one.type) for one in found):
        kind = VARCHAR if kind is None else DOUBLE if is_number(kind) else kind
    if kind is not None and kind.name in ("INTERVAL", "MONTHS", "ROW"):
        raise NotModelled(f"A comparison of {kind.name} is not modelled.")

    return [Expression(kind, _comparable(one, kind)) for one in found]


def _comparable(one: Expression, kind: Type | None) -> Evaluate:
    return lambda context: values.compared(one.at(context), one.type, kind)


def comparison(compiler: Compiling, node: exp.Expr) -> Expression:
    """a = b and its like."""
    return strict(BOOLEAN, compared(compiler, [node.this, node.expression]), COMPARISONS[type(node)])


def distinct_from(compiler: Compiling, node: exp.Expr) -> Expression:
    """a IS DISTINCT FROM b, of which NULL is a value."""
    left, right = compared(compiler, [node.this, node.expression])
    is_same = isinstance(node, exp.NullSafeEQ)
    return Expression(BOOLEAN, lambda context: (left.at(context) == right.at(context)) is is_same)


def between(compiler: Compiling, node: exp.Between) -> Expression:
    """a BETWEEN b AND c."""
    parts = compared(compiler, [node.this, node.args["low"], node.args["high"]])

    def at(context: Context) -> Any:
        value, low, high = (part.at(context) for part in parts)
        above = None if value is None or low is None else value >= low
        below = None if value is None or high is None else value <= high
        return False if False in (above, below) else None if None in (above, below) else True

    return Expression(BOOLEAN, at)


def member(compiler: Compiling, node: exp.In) -> Expression:
    """a IN (b, c)."""
    if node.args.get("query"):
        raise NotModelled("A query within a condition is not modelled.")
    value, *options = compared(compiler, [node.this, *node.expressions])

    def at(context: Context) -> bool | None:
        own = value.at(context)
        others = [option.at(context) for option in options]
        if own is None:
            return None
        return True if own in [one for one in others if one is not None] else None if None in others else False

    return Expression(BOOLEAN, at)


def what_it_is(compiler: Compiling, node: exp.Is) -> Expression:
    """a IS NULL, TRUE, FALSE, UNKNOWN."""
    what = node.expression
    is_null = isinstance(what, exp.Null)
    value = compiler.compiled(node.this) if is_null else compiler.condition(node.this)
    if isinstance(what, exp.Boolean):
        return Expression(BOOLEAN, lambda context: value.at(context) is bool(what.this))
    return Expression(BOOLEAN, lambda context: value.at(context) is None)


def like(compiler: Compiling, node: exp.Expr) -> Expression:
    """a LIKE b, a SIMILAR TO b."""
    value, pattern = map(as_text, compiler.all([node.this, node.expression]))
    escape = node.args["escape"].name if node.args.get("escape") else ""
    matches = patterns.like if isinstance(node, exp.Like) else patterns.similar
    return strict(BOOLEAN, [value, pattern], lambda text, shape: matches(text, shape, escape))
