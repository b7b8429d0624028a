"""Functions of rows: COUNT, SUM and their like, of a group or of a sliding window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlglot import exp

from kda.functions import AGGREGATES
from kda.nodes import called
from kda.scope import own
from kda.sql_types import FLOATING, WHOLE, Type
from kda.translation.expressions import Failure, Names, Value, converted, value
from kda.translation.options import Options, refuse
from kda.translation.types import BIGINT, DOUBLE, common, flink, sizes
from kda.translation.values import settled

_OF_ARGUMENT = ("MIN", "MAX", "FIRST_VALUE", "LAST_VALUE")
_SPREAD = ("STDDEV", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP")
_EXACT = ("SUM", "AVG", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP")
_DIGITS = "38"  # of a DECIMAL that is a sum


def unwrapped(node: exp.Expr) -> exp.Expr:
    """The call without IGNORE NULLS or RESPECT NULLS."""
    return node.this if isinstance(node, exp.IgnoreNulls | exp.RespectNulls) else node


def is_aggregate(node: exp.Expr) -> bool:
    """Whether it is a function of a group's rows."""
    return called(unwrapped(node)) in AGGREGATES and not isinstance(node.parent, exp.Window)


def aggregates(node: exp.Expr) -> Iterator[exp.Expr]:
    """The aggregate functions in a value, without those of sliding windows."""
    for one in node.walk():
        if called(one) in AGGREGATES and not _is_over(one):
            yield one


def _is_over(node: exp.Expr) -> bool:
    parent = node.parent
    if isinstance(parent, exp.IgnoreNulls | exp.RespectNulls):
        parent = parent.parent
    return isinstance(parent, exp.Window)


def arguments(call: exp.Expr) -> list[exp.Expr]:
    """The arguments of a function of rows, without DISTINCT and the star of COUNT(*)."""
    found: list[exp.Expr] = []
    for one in unwrapped(call).expressions:
        found += one.expressions if isinstance(one, exp.Distinct) else [] if isinstance(one, exp.Star) else [one]
    return found


def aggregate(node: exp.Expr, names: Names, options: Options) -> Value:
    """The call, with its arguments as the names of a row have them; its failures are those of the arguments."""
    call = unwrapped(node)
    name = called(call)
    values = [value(one, names, options) for one in arguments(call)]
    failures = tuple(failure for one in values for failure in one.failures)
    if not values:
        if name != "COUNT":
            refuse(node, f"{name} without an argument has no translation")
        return Value("COUNT(*)", BIGINT, least=1)
    distinct = "DISTINCT " if isinstance(call.expressions[0], exp.Distinct) else ""
    texts = [one.sql for one in values]
    kind = _type(name, values[0].type)
    if name in _SPREAD and values[0].type is not None and values[0].type.name in WHOLE:
        texts[0] = f"CAST({texts[0]} AS DOUBLE)"
    if kind == BIGINT and name == "SUM":  # a sum in Flink has its argument's type, and wraps around
        texts[0] = texts[0] if values[0].type == BIGINT else f"CAST({texts[0]} AS BIGINT)"
    function = "STDDEV_SAMP" if name == "STDDEV" else name
    if function in _EXACT and kind is not None and kind.name in FLOATING:
        # Flink's own sum keeps what it rounded off for a value that has left the window since.
        function = f"exact_{function.lower()}"
        kind = kind if flink(kind, options) == "DOUBLE" else DOUBLE
    least = 0 if name == "COUNT" else None
    return Value(f"{function}({distinct}{', '.join(texts)})", kind, failures, least=least)


def over(node: exp.Expr, names: Names, options: Options) -> Value:
    """The call OVER the window w, that of LAG with so many rows before as `distance` says.

    Its failures are those of the arguments.
    """
    call = unwrapped(node)
    if called(call) != "LAG":
        found = aggregate(node, names, options)
        return replace(found, sql=f"{found.sql} OVER w")
    # Flink's own LAG has all rows of one moment before it, and so may be the row itself.
    values = [value(one, names, options) for one in arguments(call)[0::2]]
    kind = common([one.type for one in values])
    first, *default = [_fitting(one, kind, options) for one in values]
    rows = f"ARRAY_AGG({settled(first, kind, options).sql}) OVER w"
    otherwise = f" ELSE {default[0].sql}" if default else ""
    sql = f"(CASE WHEN CARDINALITY({rows}) > {distance(node)} THEN ({rows})[1]{otherwise} END)"
    return Value(sql, kind, tuple(failure for one in values for failure in one.failures))


def distance(node: exp.Expr) -> int:
    """How many rows LAG looks back. Raises Untranslatable."""
    call = unwrapped(node)
    written = [*call.expressions[1:2], exp.Literal.number(1)][0]
    if not isinstance(written, exp.Literal) or not written.name.isdigit():
        refuse(node, "LAG by a number of rows that is not written out has no translation")
    return int(written.name)


def _fitting(one: Value, kind: Type | None, options: Options) -> Value:
    is_same = kind is None or (one.type is not None and flink(one.type, options) == flink(kind, options))
    return one if is_same or kind is None else converted(one, kind, options)


def _type(name: str, argument: Type | None) -> Type | None:
    if name == "COUNT":
        return BIGINT
    if name in _OF_ARGUMENT or argument is None:
        return argument
    if name in _SPREAD:
        return DOUBLE if argument.name != "DECIMAL" else None
    if argument.name == "DECIMAL":
        scale = sizes(argument)[1]
        return Type("DECIMAL", (_DIGITS, str(scale if name == "SUM" else max(6, scale))))
    return BIGINT if name == "SUM" and argument.name in WHOLE else argument


def failures_of(nodes: Iterator[exp.Expr], names: Names, options: Options) -> list[Failure]:
    """When an argument of an aggregate function in these values fails."""
    found: list[Failure] = []
    for node in nodes:
        for call in aggregates(node):
            found += aggregate(call, names, options).failures
    return found


def has_order(nodes: Iterable[exp.Expr]) -> bool:
    """Whether an aggregate function in these values depends on the order of rows."""
    return any(called(one) in ("FIRST_VALUE", "LAST_VALUE") for node in nodes for one in aggregates(node))


def has_aggregate(select: exp.Select) -> bool:
    """Whether a SELECT has an aggregate function of its own."""
    return any(called(node) in AGGREGATES and not _is_over(node) for node in own(select))
