"""Functions OVER a window that ends with the row.

RANGE n PRECEDING has the rows of the partition from n before the row's ROWTIME on, those of the same millisecond
included; ROWS n PRECEDING the n rows before and the row; without a frame there are all rows so far. LAG looks back over
any distance (K13).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from kda.functions import AGGREGATES
from kda.model import times
from kda.model.aggregates import Reduce, aggregate
from kda.model.evaluation import Context, Expression, assigned
from kda.model.expressions import Compiler
from kda.model.rows import NotModelled
from kda.model.values import common
from kda.nodes import called
from kda.program import canonical
from kda.sql_types import Type


@dataclass(frozen=True)
class Sliding:
    """A function OVER a window. kind: RANGE, ROWS or "" for all rows; length: milliseconds or rows."""

    type: Type | None
    partition: Sequence[Expression]
    arguments: Sequence[Expression]
    reduce: Callable[[Sequence[Sequence[Any]], int, int, int], Any]
    kind: str
    length: int

    def computed(self, contexts: Sequence[Context], given: Sequence[tuple[list[Any], list[Any]]]) -> list[Any]:
        """Its value in each row. given: the keys and arguments of each; the rows are in the order of their ROWTIME."""
        partitions: dict[tuple[Any, ...], list[int]] = {}
        for number, (keys, _arguments) in enumerate(given):
            partitions.setdefault(tuple(keys), []).append(number)
        found: list[Any] = [None] * len(contexts)
        for numbers in partitions.values():
            moments = [contexts[number].time for number in numbers]
            arguments = [given[number][1] for number in numbers]
            for place, number in enumerate(numbers):
                begin, end = self._bounds(moments, place)
                found[number] = self.reduce(arguments, begin, end, place)
        return found

    def _bounds(self, moments: Sequence[int], place: int) -> tuple[int, int]:
        if self.kind == "ROWS":
            return max(0, place - self.length), place + 1
        begin = bisect_left(moments, moments[place] - self.length) if self.kind else 0
        return begin, bisect_right(moments, moments[place])


def sliding(node: exp.Window, select: exp.Select, compiler: Compiler) -> Sliding:
    """The function of a node with OVER. compiler: of the rows themselves."""
    has_nulls = isinstance(node.this, exp.IgnoreNulls | exp.RespectNulls)
    call = node.this.this if has_nulls else node.this
    name = called(call)
    if has_nulls and (name not in ("FIRST_VALUE", "LAST_VALUE") and not isinstance(node.this, exp.RespectNulls)):
        raise NotModelled(f"{name} IGNORE NULLS is not modelled.")
    window = named(node, select)
    for one in (node, window):
        require_order(one, compiler)
    kind, length = frame(window)
    partition = compiler.all(window.args.get("partition_by") or [])
    if name == "LAG":
        return _lag(call, partition, compiler)
    type_, argument, reduce = aggregated(call, compiler)

    def reduced(arguments: Sequence[Sequence[Any]], begin: int, end: int, _place: int) -> Any:
        return reduce([one[0] for one in arguments[begin:end]])

    return Sliding(type_, partition, [argument], reduced, kind, length)


def aggregated(call: exp.Expr, compiler: Compiler) -> tuple[Type | None, Expression, Reduce]:
    """The type, the argument and the function of an aggregate. Raises NotModelled for another node."""
    name = called(call)
    if name not in AGGREGATES or len(call.expressions) != 1:
        raise NotModelled(f"{name or type(call).__name__} over rows is not modelled.")
    node, is_distinct = call.expressions[0], False
    if isinstance(node, exp.Distinct):
        if len(node.expressions) != 1:
            raise NotModelled(f"{name} of several values is not modelled.")
        node, is_distinct = node.expressions[0], True
    if isinstance(node, exp.Star):
        if name != "COUNT":
            raise NotModelled(f"{name}(*) is not modelled.")
        argument = Expression(None, lambda _context: 1)
    else:
        argument = compiler.compiled(node)
    kind, reduce = aggregate(name, argument.type, distinct=is_distinct)
    return kind, argument, reduce


def _lag(call: exp.Expr, partition: Sequence[Expression], compiler: Compiler) -> Sliding:
    nodes = call.expressions
    offset = 1
    if len(nodes) > 1:
        if not isinstance(nodes[1], exp.Literal) or not nodes[1].name.isdigit():
            raise NotModelled("LAG by a number of rows that is not written out is not modelled.")
        offset = int(nodes[1].name)
    arguments = compiler.all([nodes[0], *nodes[2:3]])
    kind = arguments[0].type
    for one in arguments:
        kind = common(kind, one.type)

    def lagged(found: Sequence[Sequence[Any]], _begin: int, _end: int, place: int) -> Any:
        if place >= offset:
            return assigned(found[place - offset][0], arguments[0].type, kind)
        return assigned(found[place][1], arguments[1].type, kind) if len(arguments) > 1 else None

    return Sliding(kind, partition, arguments, lagged, "", 0)


def named(node: exp.Expr, select: exp.Select) -> exp.Window:
    """A window, or the one of the WINDOW clause that it names."""
    name = node if isinstance(node, exp.Identifier) else node.args.get("alias")
    if name is None and isinstance(node, exp.Window):
        return node
    windows: list[exp.Window] = select.args.get("windows") or []
    for window in windows:
        if name is not None and canonical(window.this) == canonical(name):
            return window
    raise NotModelled("A window that is not declared is not modelled.")


def require_order(window: exp.Expr, compiler: Compiler) -> None:
    """Raise NotModelled if the rows of a window are in another order than that of ROWTIME."""
    order = window.args.get("order")
    for number, one in enumerate(order.expressions if order else ()):
        clock = compiler.compiled(one.this).clock
        if number or one.args.get("desc") or clock is None or clock.size != 1:
            raise NotModelled("A sliding window in another order than that of ROWTIME is not modelled.")


def frame(window: exp.Expr) -> tuple[str, int]:
    """RANGE, ROWS, or "" for all rows so far, and the milliseconds or rows before the row."""
    spec = window.args.get("spec")
    if spec is None:
        return "", 0
    start, kind = spec.args["start"], str(spec.args["kind"])
    if spec.args.get("end") not in (None, "CURRENT ROW") or spec.args.get("start_side") == "FOLLOWING":
        raise NotModelled("A sliding window that does not end with the row is not modelled.")
    if start == "UNBOUNDED":
        return ("ROWS", 2**62) if kind == "ROWS" else ("", 0)
    if start == "CURRENT ROW":
        return kind, 0
    if kind == "RANGE" and isinstance(start, exp.Interval):
        unit, length = times.length(start)
        if unit == "MILLISECOND":
            return kind, length
    if kind == "ROWS" and isinstance(start, exp.Literal) and start.name.isdigit():
        return kind, int(start.name)
    raise NotModelled("A sliding window of an unknown length is not modelled.")
