"""Numbers that are written out in SQL."""

from __future__ import annotations

import re

from sqlglot import exp

from kda.nodes import Plus, SqlType
from kda.sql_types import FLOATING, WHOLE, Type

LIMITS = {"TINYINT": 2**7, "SMALLINT": 2**15, "INTEGER": 2**31, "BIGINT": 2**63}  # the first number that is too large
_DIGITS = 40  # more than any whole number has
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def constant(node: exp.Expr) -> int | float | None:
    """The number that a value always is: 60 * 60, -1, CAST(100 AS DOUBLE); None for others, or too large ones."""
    try:
        return _constant(node)
    except (OverflowError, RecursionError, ValueError):  # ValueError: of infinity less infinity
        return None


def _constant(node: exp.Expr) -> int | float | None:
    if isinstance(node, exp.Literal):
        return None if node.is_string else number(node.name)
    if isinstance(node, exp.Paren | Plus):
        return _constant(node.this)
    if isinstance(node, exp.Neg):
        value = _constant(node.this)
        return None if value is None else -value
    if isinstance(node, exp.Cast):
        return _cast(node.args["to"], _constant(node.this))
    return _arithmetic(node) if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div) else None


def beyond(node: exp.Expr, kind: Type | None) -> int | None:
    """The whole number that a value always is, if it is none of this type of whole numbers; None for others."""
    value = constant(node) if kind is not None and kind.name in WHOLE else None
    is_beyond = isinstance(value, int) and kind is not None and not -LIMITS[kind.name] <= value < LIMITS[kind.name]
    return value if is_beyond and isinstance(value, int) else None


def number(text: str) -> int | float | None:
    """The number of a text such as 12, -1.5 or 2E3, as a CAST reads it; None for other texts."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if text.lstrip("+-").isdigit() and len(text) <= _DIGITS else float(text)


def _cast(to: SqlType, value: int | float | None) -> int | float | None:
    if value is None:
        return None
    name = Type.of(to).name
    if name in WHOLE:
        return int(value)
    return float(value) if name in FLOATING else value if name == "DECIMAL" else None


def _arithmetic(node: exp.Add | exp.Sub | exp.Mul | exp.Div) -> int | float | None:
    left, right = _constant(node.this), _constant(node.expression)
    if left is None or right is None:
        return None
    if isinstance(node, exp.Add | exp.Sub):
        return left + right if isinstance(node, exp.Add) else left - right
    if isinstance(node, exp.Mul):
        return left * right
    if right == 0:
        return None
    # Of whole numbers KDA gives the whole part.
    return int(left / right) if isinstance(left, int) and isinstance(right, int) else left / right
