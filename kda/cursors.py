"""Table functions that add columns to the rows of CURSOR, RANDOM_CUT_FOREST and HOTSPOTS, with their arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from kda.constants import constant
from kda.nodes import Cursor
from kda.program import canonical
from kda.sql_types import FLOATING, WHOLE, Type


@dataclass(frozen=True)
class Argument:
    """An argument after CURSOR. name: in Flink; least, most: of a number, whose type is `kind`."""

    name: str
    kind: str
    least: float = 0
    most: float = 0


@dataclass(frozen=True)
class TableFunction:
    """A function. name: in Flink; required: how many arguments it has at least; results: the columns that it adds."""

    name: str
    arguments: tuple[Argument, ...]
    required: int
    results: Mapping[str, Type]


_FOREST = (
    Argument("number_of_trees", "INT", 1, 1000),
    Argument("sub_sample_size", "INT", 10, 1000),
    Argument("time_decay", "INT", 1, 2**63 - 1),
    Argument("shingle_size", "INT", 1, 30),
)
_SCORE = {"ANOMALY_SCORE": Type("DOUBLE")}
FUNCTIONS = {
    "RANDOM_CUT_FOREST": TableFunction("random_cut_forest", _FOREST, 0, _SCORE),
    "RANDOM_CUT_FOREST_WITH_EXPLANATION": TableFunction(
        "random_cut_forest_with_explanation",
        (*_FOREST, Argument("with_directionality", "BOOLEAN")),
        0,
        {**_SCORE, "ANOMALY_EXPLANATION": Type("VARCHAR")},
    ),
    "HOTSPOTS": TableFunction(
        "hotspots",
        (
            Argument("window_size", "INT", 2, 10_000),
            Argument("scan_radius", "DOUBLE", 1e-150, 1e150),
            Argument("minimum_points", "INT", 2, 10_000),
        ),
        3,
        {"HOTSPOTS_RESULT": Type("VARCHAR")},
    ),
}
"""By name in KDA."""


def coordinates(name: str, kinds: Mapping[str, str]) -> tuple[list[str], str]:
    """The columns of CURSOR that such a function computes with, and why there are none; "" if there are.

    kinds: the types' names, by the columns. KDA took no DECIMAL: whether a row kept it, or was none, is not known.
    """
    if decimal := [column for column, kind in kinds.items() if kind == "DECIMAL"]:
        return [], f"{name} over a DECIMAL, which KDA did not take, as the column {decimal[0]},"
    found = [column for column, kind in kinds.items() if kind in (*WHOLE, *FLOATING)]
    return found, "" if found else f"{name} over rows without a number"


def query(call: exp.Expr) -> exp.Expr | None:
    """The query of the CURSOR that a call begins with; None without one."""
    first = call.expressions[0] if call.expressions else None
    return first.this if isinstance(first, Cursor) else None


def problem(name: str, call: exp.Expr) -> tuple[exp.Expr, str] | None:
    """Why a call of such a function has no translation, and where; None if it has one."""
    known = FUNCTIONS[name]
    if query(call) is None:
        return call, f"{name} without CURSOR(..)"
    given = call.expressions[1:]
    if not known.required <= len(given) <= len(known.arguments):
        return call, f"{name} with {len(given)} arguments after CURSOR(..)"
    for node, argument in zip(given, known.arguments, strict=False):
        if _value(node, argument) is None:
            return node, f"{name} with another {argument.name} than {_wanted(argument)}"
    values = {argument.name: _value(node, argument) for node, argument in zip(given, known.arguments, strict=False)}
    window, minimum = values.get("window_size"), values.get("minimum_points")
    if window is not None and minimum is not None and minimum > window:
        return given[2], f"{name} with minimum_points of {minimum}, more than window_size, which is {window},"
    return None


def arguments(name: str, call: exp.Expr) -> Iterator[tuple[str, str]]:
    """The arguments of a call without a problem: names and literals of Flink SQL."""
    for node, argument in zip(call.expressions[1:], FUNCTIONS[name].arguments, strict=False):
        value = _value(node, argument)
        if isinstance(value, bool):
            yield argument.name, str(value).upper()
        elif argument.kind == "DOUBLE":
            text = repr(float(value or 0))
            yield argument.name, text if "e" in text else f"{text}E0"
        else:
            yield argument.name, str(min(int(value or 0), 2**31 - 1))  # a longer decay makes no difference


def _value(node: exp.Expr, argument: Argument) -> int | float | bool | None:
    """The value of an argument; None for what is no literal, or out of the range."""
    if argument.kind == "BOOLEAN":
        is_named = isinstance(node, exp.Column) and canonical(node) in ("TRUE", "FALSE")
        if isinstance(node, exp.Boolean):
            return bool(node.this)
        return canonical(node) == "TRUE" if is_named else None
    value = constant(node)
    if value is None or not argument.least <= value <= argument.most:
        return None
    return value if argument.kind == "DOUBLE" else int(value) if value == int(value) else None


def _wanted(argument: Argument) -> str:
    if argument.kind == "BOOLEAN":
        return "TRUE or FALSE"
    if argument.most == 2**63 - 1:
        return "a whole number from 1 on"
    what = "a number" if argument.kind == "DOUBLE" else "a whole number"
    return f"{what} from {argument.least:g} to {argument.most:g}"
