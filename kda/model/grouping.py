"""What the nodes of a SELECT with GROUP BY are: keys, windows, functions of the group's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from kda.functions import AGGREGATES
from kda.model.aggregates import Reduce
from kda.model.evaluation import Clock, Context, Expression
from kda.model.expressions import Compiler
from kda.model.rows import NotModelled, moment
from kda.model.sliding import aggregated
from kda.model.values import TIMESTAMP
from kda.nodes import FloorTo, Step, called
from kda.program import canonical
from kda.scope import result


@dataclass(frozen=True)
class Function:
    """A function of the rows of a group."""

    argument: Expression
    reduce: Reduce


@dataclass(frozen=True)
class Grouping:
    """What the nodes of a grouped SELECT are: its keys, functions of its rows, and the window's begin and end.

    The results of a row of it are those of the keys, then of the functions, then the begin of its window.
    """

    compiler: Compiler
    keys: Sequence[Expression]
    canons: Sequence[Any]
    functions: list[Function]
    aliases: dict[str, exp.Expr]
    is_stagger: bool = False

    def replaced(self, node: exp.Expr) -> Expression | None:
        """The expression of a node that has another meaning than in a row."""
        canon = self.compiler.canon(node)
        if canon in self.canons:
            return self._key(self.canons.index(canon))
        if isinstance(node, exp.Window):
            raise NotModelled("OVER in a SELECT with GROUP BY is not modelled.")
        if isinstance(node, exp.IgnoreNulls | exp.RespectNulls):
            return self.replaced(node.this)
        if called(node) in AGGREGATES:
            return self._function(node)
        if isinstance(node, Step | FloorTo):
            return self._step(node)
        if canon == ("ROWTIME",):
            return Expression(TIMESTAMP, _end, Clock(1, 0, 0, lambda row: row.moment))
        return self._column(node) if isinstance(node, exp.Column) else None

    def _column(self, node: exp.Column) -> Expression | None:
        """The result of this name, which HAVING may use; None for one that is no column."""
        name = canonical(node)
        if self.compiler.place(node):
            raise NotModelled(f"The column {name}, which is not in GROUP BY, is not modelled.")
        meant = self.aliases.get(name) if not node.args.get("table") else None
        if meant is None or any(canonical(one) == name for one in meant.find_all(exp.Column)):
            return None
        return replace(self.compiler, replaced=self.replaced).compiled(meant)

    def _key(self, number: int) -> Expression:
        key = self.keys[number]
        clock = replace(key.clock, at=_begin) if key.clock else None
        return Expression(key.type, lambda row: row.results[number], clock)

    def _function(self, node: exp.Expr) -> Expression:
        kind, argument, reduce = aggregated(node, self.compiler)
        self.functions.append(Function(argument, reduce))
        number = len(self.keys) + len(self.functions) - 1
        return Expression(kind, lambda row: row.results[number])

    def _step(self, node: exp.Expr) -> Expression | None:
        """A step of ROWTIME that is written in another way than the key, or is another step: of the window's begin."""
        if any(called(one) in AGGREGATES for one in node.walk()):
            return None
        own = self.compiler.compiled(node)
        if own.clock is None:
            return None
        if self.is_stagger:
            raise NotModelled("A step of ROWTIME that is no key of its stagger window is not modelled.")
        for number, key in enumerate(self.keys):
            clock = key.clock
            if clock and key.type == TIMESTAMP and (clock.size, clock.offset) == (own.clock.size, own.clock.offset):
                return self._key(number)

        def replaced(inner: exp.Expr) -> Expression | None:
            if self.compiler.canon(inner) == ("ROWTIME",):
                return Expression(TIMESTAMP, lambda row: moment(_begin(row)), Clock(1, 0, 0, _begin))
            if isinstance(inner, exp.Column) and self.compiler.place(inner):
                raise NotModelled("A step of a column that is not in GROUP BY is not modelled.")
            return None

        return replace(self.compiler, replaced=replaced).compiled(node)


def end_of(begin: int, size: int) -> int:
    """The ROWTIME of a window's row: its end, or of one that is a moment that moment."""
    return begin + size if size > 1 else begin


def _begin(row: Context) -> int:
    return int(row.results[-1])


def _end(row: Context) -> Any:
    return moment(row.time)


def key_of(node: exp.Expr, select: exp.Select, compiler: Compiler) -> exp.Expr:
    """A key of GROUP BY, or the result whose name it is."""
    if isinstance(node, exp.Column) and not node.args.get("table") and not compiler.place(node):
        for projection in select.expressions:
            if isinstance(projection, exp.Alias) and result(projection) == canonical(node):
                return projection.unalias()
    return node


def shortest(keys: Sequence[Expression]) -> Clock:
    """The shortest of the windows among the keys. Raises NotModelled if there is none, or others are not made of it."""
    clocks = [key.clock for key in keys if key.clock]
    if not clocks:
        raise NotModelled("GROUP BY without a step of ROWTIME is not modelled.")
    least = min(clocks, key=lambda clock: clock.size)
    if any(one.size % least.size or (one.offset - least.offset) % least.size for one in clocks):
        raise NotModelled("Windows that do not begin together, or do not divide each other, are not modelled.")
    return least
