"""Queries: FROM, WHERE, windows, SELECT, DISTINCT, UNION ALL, and the table functions that count.

The rows of a query are in the order of their ROWTIME, those of one moment in the order in which they came.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from kda import cursors
from kda.functions import TUMBLING
from kda.model import hotspots, joins, sliding, times, values
from kda.model.evaluation import Clock, Column, Context, Expression, Item, Relation, assigned
from kda.model.expressions import Compiler
from kda.model.grouping import Grouping, end_of, key_of, shortest
from kda.model.rows import Failed, NotComputed, NotModelled, moment
from kda.model.values import BIGINT, VARCHAR
from kda.nodes import Cursor, called
from kda.program import canonical
from kda.scope import Catalog, result, starred
from kda.scope import Relation as Named


@dataclass(frozen=True)
class Table:
    """Columns and rows. has_time: whether its rows have a ROWTIME, as all but those of reference tables."""

    columns: tuple[Column, ...]
    items: Sequence[Item]
    has_time: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class _Stagger:
    """A stagger window: it opens with the first row of its key. arguments: of the functions, of each row in it."""

    key: tuple[Any, ...]
    begin: int
    end: int
    arguments: list[list[Any]]


@dataclass(frozen=True)
class Queries:
    """Runs the queries of one pump.

    tables: a relation by its name; failed: told of each row that fails, with its ROWTIME; align: whether a window over
    windows counts a row by its own window, and not by its end.
    """

    catalog: Catalog
    tables: Callable[[str], Table]
    failed: Callable[[int, Failed], None]
    align: bool

    def table(self, query: exp.Expr) -> Table:
        """The rows of a query."""
        if isinstance(query, exp.Union) and query.args.get("distinct") is False:
            return self._union(self.table(query.this), self.table(query.expression))
        if isinstance(query, exp.Subquery):
            return self.table(query.this)
        if isinstance(query, exp.Select):
            return self._select(query)
        raise NotModelled(f"{type(query).__name__} is not modelled.")

    @staticmethod
    def _union(first: Table, second: Table) -> Table:
        if len(first.columns) != len(second.columns):
            raise NotModelled("UNION ALL of queries with other numbers of columns is not modelled.")
        columns = tuple(
            Column(one.name, values.common(one.type, other.type), one.clock if one.clock == other.clock else None)
            for one, other in zip(first.columns, second.columns, strict=True)
        )
        items = [item for table in (first, second) for item in _renamed(table, columns)]
        return Table(columns, _sorted(items))

    def _select(self, select: exp.Select) -> Table:
        order = select.args.get("order")
        if order and any(one.args.get("within") for one in order.expressions):
            raise NotModelled("ORDER BY .. WITHIN is not modelled.")
        sides = [self._side(one, select) for one in self.catalog.relations(select)]
        compiler = Compiler([side.relation for side in sides], joins.leading(sides))
        contexts = self._passing(joins.joined(sides, select), select.args.get("where"), compiler)
        if select.args.get("windowed_by"):
            table = self._staggered(select, contexts, compiler)
        elif select.args.get("group"):
            table = self._grouped(select, contexts, compiler)
        elif select.args.get("having"):
            raise NotModelled("HAVING without GROUP BY or WINDOWED BY is not modelled.")
        else:
            table = self._mapped(select, contexts, compiler)
        return table

    def _side(self, named: Named, select: exp.Select) -> joins.Side:
        """A relation of FROM, with its rows."""
        if named.kind == "query":
            table = self.table(named.node.this)
        elif named.kind == "function":
            table = self._counted(named)
        else:
            table = self.tables(named.name)
        alias = named.node.args.get("alias")
        given = [canonical(name) for name in (alias.args.get("columns") or ())] if alias else []
        if given:
            if len(given) != len(table.columns):
                raise NotModelled("A list of names for another number of columns is not modelled.")
            columns = tuple(replace(column, name=name) for column, name in zip(table.columns, given, strict=True))
            table = Table(columns, list(_renamed(table, columns)), table.has_time)
        relation = Relation(named.alias, named.name, table.columns, table.has_time)
        return joins.Side(relation, table.items, joins.window(named.window, select), named.join)

    def _passing(self, contexts: Sequence[Context], where: exp.Expr | None, compiler: Compiler) -> list[Context]:
        """The rows for which a condition is true."""
        if where is None:
            return list(contexts)
        condition = compiler.condition(where.this)
        return [context for context in contexts if self._tried(context, condition.at) is True]

    def _tried(self, context: Context, evaluate: Callable[[Context], Any]) -> Any:
        """What a row gives; None for a row that fails, which is told."""
        try:
            return evaluate(context)
        except Failed as failed:
            self.failed(context.time, failed)
            return None

    # ---- SELECT

    def _projections(self, select: exp.Select, compiler: Compiler) -> list[tuple[str, Expression]]:
        """The name and the expression of each result."""
        found: list[tuple[str, Expression]] = []
        for number, node in enumerate(select.expressions):
            star = starred(node)
            if star is None:
                found.append((result(node) or f"EXPR${number}", compiler.compiled(node.unalias())))
                continue
            if any(join.args.get("using") for join in select.args.get("joins") or ()):
                raise NotModelled("A star over a join by USING is not modelled.")
            if select.args.get("group") or select.args.get("windowed_by"):
                raise NotModelled("A star with GROUP BY or WINDOWED BY is not modelled.")
            for place, relation in enumerate(compiler.relations):
                if star in ("", relation.alias):
                    found += [(column.name, compiler.column_of(place, column.name)) for column in relation.columns]
        if len({name for name, _value in found}) != len(found):
            names = [name for name, _value in found]
            found = [
                (name if name not in names[:number] else f"{name}${number}", value)
                for number, (name, value) in enumerate(found)
            ]
        return found

    def _mapped(self, select: exp.Select, contexts: list[Context], compiler: Compiler) -> Table:
        """The rows of a SELECT without GROUP BY."""
        over: list[sliding.Sliding] = []

        def replaced(node: exp.Expr) -> Expression | None:
            if not isinstance(node, exp.Window):
                return None
            over.append(sliding.sliding(node, select, compiler))
            number = len(over) - 1
            return Expression(over[-1].type, lambda context: context.results[number])

        projections = self._projections(select, replace(compiler, replaced=replaced))
        if over:
            contexts = self._slid(contexts, over)
        items = self._results(contexts, projections, lambda context: (context.time, context.moment))
        table = Table(_columns(projections), items)
        return self._distinct(table) if select.args.get("distinct") else table

    def _slid(self, contexts: Sequence[Context], over: Sequence[sliding.Sliding]) -> list[Context]:
        """The rows whose keys and arguments do not fail, with the results of the functions OVER their windows."""

        def given(context: Context) -> list[tuple[list[Any], list[Any]]]:
            return [
                ([key.at(context) for key in one.partition], [argument.at(context) for argument in one.arguments])
                for one in over
            ]

        tried = [(context, self._tried(context, given)) for context in contexts]
        passing = [(context, found) for context, found in tried if found is not None]
        kept = [context for context, _found in passing]
        for number, one in enumerate(over):
            for context, value in zip(kept, one.computed(kept, [found[number] for _c, found in passing]), strict=True):
                context.results.append(value)
        return kept

    def _results(
        self,
        contexts: Iterable[Context],
        projections: Sequence[tuple[str, Expression]],
        times: Callable[[Context], tuple[int, int]],
    ) -> list[Item]:
        found = []
        for context in contexts:
            row = self._tried(context, lambda one: {name: value.at(one) for name, value in projections})
            if row is not None:
                moments = {name: value.clock.at(context) for name, value in projections if value.clock}
                time, at = times(context)
                found.append(Item(time, row, at, moments))
        return found

    # ---- GROUP BY

    def _grouped(self, select: exp.Select, contexts: Sequence[Context], compiler: Compiler) -> Table:
        nodes = [key_of(node, select, compiler) for node in select.args["group"].expressions]
        keys = compiler.all(nodes)
        canons = [compiler.canon(node) for node in nodes]
        window = shortest(keys)
        aliases = {result(one): one.unalias() for one in select.expressions if isinstance(one, exp.Alias)}
        grouping = Grouping(compiler, keys, canons, [], aliases)
        projections = self._projections(select, replace(compiler, replaced=grouping.replaced))
        having = select.args.get("having")
        condition = replace(compiler, replaced=grouping.replaced).condition(having.this) if having is not None else None
        groups: dict[Any, list[tuple[list[Any], list[Any]]]] = {}
        begins: dict[Any, int] = {}

        def given(context: Context) -> tuple[list[Any], list[Any]]:
            return [key.at(context) for key in keys], [one.argument.at(context) for one in grouping.functions]

        for context in contexts:
            found = self._tried(context, given)
            if found is not None:
                plain = tuple(value for value, key in zip(found[0], keys, strict=True) if not key.clock)
                clocks = tuple(key.clock.begin(key.clock.at(context)) for key in keys if key.clock)
                group = (plain, clocks)
                groups.setdefault(group, []).append(found)
                begins[group] = window.begin(window.at(context))
        rows = []
        for group, given_ in groups.items():
            begin = begins[group]
            end = end_of(begin, window.size)
            results = [
                one.reduce([arguments[number] for _keys, arguments in given_])
                for number, one in enumerate(grouping.functions)
            ]
            rows.append(Context([], end, end - (self.align and end > begin), [*given_[0][0], *results, begin]))
        rows.sort(key=lambda row: row.time)
        if condition is not None:
            rows = [row for row in rows if self._tried(row, condition.at) is True]
        items = self._results(rows, projections, lambda row: (row.time, row.moment))
        if select.args.get("distinct"):
            items = list({(item.time, *item.values.values()): item for item in items}.values())
        return Table(_columns(projections), items)

    # ---- WINDOWED BY STAGGER

    def _staggered(self, select: exp.Select, contexts: Sequence[Context], compiler: Compiler) -> Table:
        """A row for each window of each key; the rows come by their ROWTIME."""
        if select.args.get("group") or select.args.get("distinct"):
            raise NotModelled("GROUP BY or DISTINCT beside WINDOWED BY STAGGER is not modelled.")
        clause = select.args["windowed_by"]
        nodes = clause.args.get("partition_by") or []
        unit, length = times.length(clause.args["range"])
        if unit != "MILLISECOND" or length <= 0:
            raise NotModelled("A stagger window by months, years or no length is not modelled.")
        keys = [replace(key, clock=None) for key in compiler.all(nodes)]
        aliases = {result(one): one.unalias() for one in select.expressions if isinstance(one, exp.Alias)}
        canons = [compiler.canon(node) for node in nodes]
        grouping = Grouping(compiler, keys, canons, [], aliases, is_stagger=True)
        inner = replace(compiler, replaced=grouping.replaced)
        projections = self._projections(select, inner)
        having = select.args.get("having")
        condition = inner.condition(having.this) if having is not None else None

        def given(context: Context) -> tuple[tuple[Any, ...], list[Any]]:
            return tuple(key.at(context) for key in keys), [one.argument.at(context) for one in grouping.functions]

        windows: list[_Stagger] = []
        newest: dict[tuple[Any, ...], _Stagger] = {}
        for context in sorted(contexts, key=lambda one: one.time):
            found = self._tried(context, given)
            if found is None:
                continue
            window = newest.get(found[0])
            if window is None or context.time >= window.end:  # it has expired: this row is the first of the next
                window = newest[found[0]] = _Stagger(found[0], context.time, context.time + length, [])
                windows.append(window)
            window.arguments.append(found[1])
        rows = []
        for window in sorted(windows, key=lambda one: one.end):
            results = [
                one.reduce([arguments[number] for arguments in window.arguments])
                for number, one in enumerate(grouping.functions)
            ]
            moment_ = window.end - self.align
            rows.append(Context([], window.end, moment_, [*window.key, *results, window.begin]))
        if condition is not None:
            rows = [row for row in rows if self._tried(row, condition.at) is True]
        return Table(_columns(projections), self._results(rows, projections, lambda row: (row.time, row.moment)))

    def _distinct(self, table: Table) -> Table:
        """Each row once within its step of ROWTIME, or among those of one moment."""
        stepped = [column for column in table.columns if column.clock and column.clock[0] > 1]
        times = [column for column in table.columns if column.clock and column.clock[0] == 1]
        if not stepped and not times:
            raise NotModelled("SELECT DISTINCT of columns without ROWTIME or a step of it is not modelled.")
        first = min(stepped or times, key=lambda column: (column.clock or (0,))[0])
        size, offset, shift = first.clock or (1, 0, 0)
        clock = Clock(size, offset, shift, lambda _context: 0)
        kept: dict[Any, Item] = {}
        for item in table.items:
            begin = clock.begin(item.moments[first.name])
            end = end_of(begin, size)
            row = dict(item.values)
            if stepped:
                row |= {one.name: moment(end + (one.clock or (1, 0, 0))[2]) for one in times}
            moments = dict.fromkeys(item.moments, begin)
            kept.setdefault((begin, *row.values()), Item(end, row, end - (self.align and end > begin), moments))
        return Table(table.columns, _sorted(kept.values()))

    # ---- TABLE(..)

    def _hotspots(self, call: exp.Expr) -> Table:
        """The rows of CURSOR in the order of ROWTIME, then of their values, with what HOTSPOTS adds to them."""
        query = cursors.query(call)
        if query is None or cursors.problem("HOTSPOTS", call):
            raise NotModelled("HOTSPOTS with other arguments than its own is not modelled.")
        table = self.table(query)
        kinds = {column.name: column.type.name if column.type else "" for column in table.columns}
        numbers, problem = cursors.coordinates("HOTSPOTS", kinds)
        if problem:
            raise NotModelled(f"{problem} is not modelled.")
        given = dict(cursors.arguments("HOTSPOTS", call))
        items = sorted(table.items, key=lambda item: (item.time, [_rank(value) for value in item.values.values()]))
        found = hotspots.results(
            [[item.values[name] for name in numbers] for item in items],
            int(given["window_size"]),
            float(given["scan_radius"]),
            int(given["minimum_points"]),
        )
        added = cursors.FUNCTIONS["HOTSPOTS"].results
        rows = [
            replace(item, values={**item.values, **dict.fromkeys(added, result_)})
            for item, result_ in zip(items, found, strict=True)
        ]
        return Table((*table.columns, *(Column(name, kind) for name, kind in added.items())), rows)

    def _counted(self, named: Named) -> Table:
        """TOP_K_ITEMS_TUMBLING and COUNT_DISTINCT_ITEMS_TUMBLING."""
        call = named.node.this
        if called(call) == "HOTSPOTS":
            return self._hotspots(call)
        if called(call) in cursors.FUNCTIONS:
            raise NotComputed(f"{called(call)} is a function in Java, which the model of KDA does not have.")
        if called(call) not in TUMBLING or not isinstance(call.expressions[0], Cursor):
            raise NotModelled(f"{called(call)} is not modelled.")
        arguments = call.expressions[1:]
        is_top = called(call) == "TOP_K_ITEMS_TUMBLING"
        if len(arguments) != (3 if is_top else 2) or not all(isinstance(one, exp.Literal) for one in arguments):
            raise NotModelled(f"{called(call)} with other arguments than a column's name and numbers is not modelled.")
        table = self.table(call.expressions[0].this)
        meant = arguments[0].name
        similar = [one for one in table.names if one.upper() == meant.upper()]
        name = meant if meant in table.names else next(iter(similar), None)
        size = int(arguments[-1].name) * 1000
        if name is None or size <= 0:
            raise NotModelled(f"{called(call)} of a column that the query does not have is not modelled.")
        column = table.columns[table.names.index(name)]
        windows: dict[int, dict[Any, int]] = {}
        for item in table.items:
            value = item.values[name]
            found = windows.setdefault((item.moment // size + 1) * size, {})
            found[value] = found.get(value, 0) + 1
        items = []
        for end, counts in sorted(windows.items()):
            if is_top:
                texts = {(None if value is None else values.text(value, column.type)): n for value, n in counts.items()}
                most = sorted(texts.items(), key=lambda one: (-one[1], one[0] is not None, one[0] or ""))
                rows: list[dict[str, Any]] = [
                    {"ITEM": value, "ITEM_COUNT": count} for value, count in most[: int(arguments[1].name)]
                ]
            else:
                rows = [{"NUMBER_OF_DISTINCT_ITEMS": len([value for value in counts if value is not None])}]
            items += [Item(end, row, end - self.align) for row in rows]
        kinds = (("ITEM", VARCHAR), ("ITEM_COUNT", BIGINT)) if is_top else (("NUMBER_OF_DISTINCT_ITEMS", BIGINT),)
        return Table(tuple(Column(*kind) for kind in kinds), items)


def _rank(value: Any) -> tuple[Any, ...]:
    """Where a value is among those of its column, as Flink's function has it: NULL first, texts by their UTF-16."""
    if value is None:
        return (False,)
    if isinstance(value, float):
        return True, value, math.copysign(1, value)  # -0.0 before 0.0
    return True, value.encode("utf-16-be") if isinstance(value, str) else value


def _columns(projections: Sequence[tuple[str, Expression]]) -> tuple[Column, ...]:
    return tuple(
        Column(name, value.type, (value.clock.size, value.clock.offset, value.clock.shift) if value.clock else None)
        for name, value in projections
    )


def _renamed(table: Table, columns: Sequence[Column]) -> Iterable[Item]:
    """The rows with other names, and types that hold their values."""
    for item in table.items:
        row = {
            new.name: assigned(item.values[old.name], old.type, new.type)
            for old, new in zip(table.columns, columns, strict=True)
        }
        moments = {
            new.name: item.moments[old.name]
            for old, new in zip(table.columns, columns, strict=True)
            if old.name in item.moments
        }
        yield Item(item.time, row, item.moment, moments)


def _sorted(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: item.time)
