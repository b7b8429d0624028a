"""A query of a pump as Flink SQL: its SELECTs, with what each does with time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kda import cursors
from kda.dialect import printed
from kda.nodes import Cursor
from kda.rule import Part
from kda.scope import Relation
from kda.sql_types import Type
from kda.translation import order, relations, sliding, staggering
from kda.translation.aggregates import failures_of, has_aggregate, has_order
from kda.translation.cursors import over_rows
from kda.translation.expressions import Failure, Names, Value, converted, value
from kda.translation.names import inside, unique
from kda.translation.options import refuse, refuse_processing
from kda.translation.relations import Relations
from kda.translation.scopes import BOUNDS, TIME, Clock, Query, RowNames, Rows, Scope, conjuncts, projections
from kda.translation.state import State
from kda.translation.text import item, nested, quoted, select
from kda.translation.tries import MARK, results_tried, rows_tried
from kda.translation.types import BIGINT, TEXT, common, flink
from kda.translation.values import shown
from kda.translation.windows import Group, GroupNames, has_columns, key_of, seconds, shortest, tumble
from kda.windows import Window, window

MIXED = (
    "rows of windows and others, or of windows over windows, go into one stream, and in Flink their times are 1 "
    "millisecond apart: write each into a stream of its own before ROWTIME is read"
)


@dataclass(frozen=True)
class Target:
    """The columns that a pump fills. columns: all of the stream; filled: those that it has values for."""

    columns: Sequence[tuple[str, Type]]
    filled: Sequence[str]


@dataclass
class _Results:
    """The results of a SELECT. items: with their names, without the time."""

    items: list[str] = field(default_factory=list)
    columns: dict[str, Type | None] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def query(source: Relations, node: exp.Expr, target: Target | None = None, names: Sequence[str] = ()) -> Query:
    """A query. target: the stream's columns, for that of a pump; names: of the results, for a part of UNION ALL."""
    if isinstance(node, exp.Subquery):
        return query(source, node.this, target, names)
    if isinstance(node, exp.Union) and node.args.get("distinct") is False:
        first = query(source, node.this, target, names)
        second = query(source, node.expression, target, list(first.rows.columns))
        return union([first, second])
    if not isinstance(node, exp.Select):
        refuse(node, f"{node.key.upper()} has no translation")
    return _Writer(source, source.state.part(node), target, names).query()


def union(queries: Sequence[Query]) -> Query:
    """UNION ALL of queries that have the same columns."""
    clocks = {one.rows.clock for one in queries}
    clock = clocks.pop() if len(clocks) == 1 else Clock(problem=MIXED)
    first = queries[0].rows.columns
    columns = {
        name: common([list(one.rows.columns.values())[number] for one in queries])
        for number, name in enumerate(first)
        if all(number < len(one.rows.columns) for one in queries)
    }
    return Query("\nUNION ALL\n".join(one.sql for one in queries), Rows(columns, clock))


class _Writer:
    """Writes one SELECT."""

    def __init__(self, source: Relations, part: Part, target: Target | None, names: Sequence[str]) -> None:
        self.source, self.part, self.target, self.given = source, part, target, names
        self.state: State = source.state
        self.options = self.state.options
        self.catalog = self.state.subject.catalog
        self.select = part.select

    def query(self) -> Query:
        """The SELECT."""
        self.order = order.wanted(self.state, self.select)
        scope = relations.scope(self.source, self.part)
        if self.part.windowing.is_grouped or self.part.windowing.distinct or self.part.windowing.stagger:
            return self._grouped(scope)
        if self.select.args.get("distinct"):
            refuse(self.select, "SELECT DISTINCT of columns without ROWTIME or a step of it has no translation")
        if has_aggregate(self.select):
            refuse(self.select, "an aggregate without GROUP BY or OVER has no translation")
        if self.part.windowing.sliding:
            return self._sliding(scope)
        return self._plain(scope)

    def _names(self, scope: Scope) -> RowNames:
        return RowNames(scope, self.catalog, self.options)

    # ---- results

    def _results(self, scope: Scope, names: Names) -> _Results:
        """What the SELECT gives, for the columns of the stream if there is one."""
        given = projections(scope)
        if self.target is not None and TIME in self.target.filled and len(given) == len(self.target.filled):
            self._require_time(given[list(self.target.filled).index(TIME)][1])
        found = [
            (name, value(node, names, self.options)) for name, node in given if name != TIME or self._keeps_time(node)
        ]
        return self._assigned(found) if self.target is not None else self._named(found)

    def _require_time(self, node: exp.Expr) -> None:
        """A column that is declared as ROWTIME is the time of all rows."""
        if self.catalog.time(node, self.select) is None:
            refuse(node, "a value for the column ROWTIME that is another time has no translation")

    def _keeps_time(self, node: exp.Expr) -> bool:
        """Whether a result that is called ROWTIME is a column of its own; within a pump it is the time of all rows."""
        parent = self.select.parent
        alias = parent.args.get("alias") if isinstance(parent, exp.Subquery) else None
        is_by_place = isinstance(parent, exp.SetOperation) or (alias is not None and alias.args.get("columns"))
        return self.target is not None or bool(is_by_place) or self.catalog.time(node, self.select) is None

    def _named(self, found: list[tuple[str, Value]]) -> _Results:
        results = _Results()
        names = (
            list(self.given)
            if len(self.given) == len(found)
            else unique([TIME, *(inside(name) for name, _one in found)])[1:]
        )
        for name, (_own, one) in zip(names, found, strict=True):
            settled = Value("CAST(NULL AS STRING)", TEXT) if one.is_null else one
            results.items.append(item(settled.sql, name))
            results.columns[name] = settled.type
            results.failures += settled.failures
        return results

    def _assigned(self, found: list[tuple[str, Value]]) -> _Results:
        assert self.target is not None  # noqa: S101  (its caller looked)
        results = _Results()
        if len(found) != len(self.target.filled):
            refuse(self.select, f"{len(found)} values for {len(self.target.filled)} columns of {self.state.stream}")
        values = dict(zip(self.target.filled, (one for _name, one in found), strict=True))
        for name, kind in self.target.columns:
            if name == TIME:
                continue  # the time of all rows
            one = values.get(name)
            failures: tuple[Failure, ...] = ()
            if one is None:
                sql = f"CAST(NULL AS {flink(kind, self.options)})"
            elif self._is_same(one.type, kind):
                sql, failures = one.sql, one.failures
            else:
                fitting = converted(one, kind, self.options, name)
                sql, failures = fitting.sql, fitting.failures
            results.items.append(item(sql, inside(name)))
            results.columns[inside(name)] = kind
            results.failures += failures
        return results

    def _is_same(self, own: Type | None, wanted: Type) -> bool:
        """Whether a value is of the column's type already, so that a CAST would only be noise."""
        is_exact = own is not None and own.name != "DECIMAL"
        return is_exact and own is not None and flink(own, self.options) == flink(wanted, self.options)

    def _where(self, scope: Scope, names: Names) -> tuple[list[str], list[Failure]]:
        """The conditions of WHERE, and when they fail; a row for which they fail passes too."""
        texts: list[str] = []
        failures: list[Failure] = []
        for condition in scope.where:
            whole = value(condition, names, self.options)
            if whole.failures:
                texts.append(f"({' OR '.join([whole.sql, *(one.condition for one in whole.failures)])})")
                failures += whole.failures
            else:
                texts += [value(one, names, self.options).sql for one in conjuncts(condition)]
        return [_bare(text) for text in texts] if len(texts) == 1 else texts, failures

    # ---- SELECTs without windows

    def _plain(self, scope: Scope) -> Query:
        names = self._names(scope)
        where, failures = self._where(scope, names)
        results = self._results(scope, names)
        failures += results.failures
        if failures:
            scope = rows_tried(self.state, scope, where, failures)
            where, results = [], self._results(scope, self._names(scope))
        by = ""
        if self.order is not None:
            scope, by = order.of_rows(self.state, self.order, scope, self._names(scope))
        text = self._text(scope, results.items, where, by)
        return Query(text, Rows(results.columns, scope.clock))

    @staticmethod
    def _text(scope: Scope, items: Sequence[str], where: Sequence[str], further: str = "") -> str:
        return select([*items, _time(scope)], scope.in_from, where=[*scope.filters, *where], further=further)

    # ---- windows that slide

    def _sliding(self, scope: Scope) -> Query:
        names = self._names(scope)
        where, failures = self._where(scope, names)
        failures += sliding.failures(self.part, names, self.options)
        if failures:
            scope = rows_tried(self.state, scope, where, failures)
            where = []
        scope, where, over, clause = sliding.prepared(self.state, scope, where)
        results = self._results(scope, over)
        rows = Rows(results.columns, scope.clock)
        if self.order is not None:
            refuse(self.order, order.LOST)
        if not results.failures:
            return Query(self._text(scope, results.items, where, clause), rows)
        text = self._text(scope, [*results.items, MARK], where, clause)
        return results_tried(self.state, Query("", rows), text, results.failures)

    # ---- windows that tumble

    def _grouped(self, scope: Scope) -> Query:
        names = self._names(scope)
        where, failures = self._where(scope, names)
        keys, window = self._keys(scope, names)
        for _node, key in keys:
            failures += key.failures
        having = self.select.args.get("having")
        values = [node for _name, node in projections(scope)] + ([having.this] if having is not None else [])
        failures += failures_of(iter(values), names, self.options)
        if failures:
            scope = rows_tried(self.state, scope, where, failures)
            where = []
        elif self.part.windowing.stagger is not None:
            pass  # a view of its own follows
        elif scope.is_joined:
            items, sources = replace(scope, where=()).flat(self.catalog)
            body = select([*items, _time(scope)], scope.in_from, where=[*scope.filters, *where])
            scope = scope.over(body, sources, is_view=False)
            where = []
        else:
            scope = scope.over(
                scope.main.body, [replace(one, prefix="") for one in scope.sources], is_view=scope.main.is_view
            )
        if self.part.windowing.stagger is not None:
            return self._staggered(scope, where, having)
        if has_order(values):
            if self.options.time == "processing":
                refuse_processing(self.select, "FIRST_VALUE and LAST_VALUE with GROUP BY")
            keys = self._keys(scope, self._names(scope))[0]
            scope = order.sorted_rows(self.state, scope, where, [one.sql for node, one in keys if has_columns(node)])
            where = []
        names = self._names(scope)
        keys, window = self._keys(scope, names)
        group = Group(scope, window, keys, self._skew(scope, window), dict(projections(scope)))
        return self._window(group, names, where, having)

    def _staggered(self, scope: Scope, where: Sequence[str], having: exp.Having | None) -> Query:
        stagger = self.part.windowing.stagger
        assert stagger is not None  # noqa: S101  (its caller looked)
        held = staggering.held(self.state, scope, where, stagger)
        names = self._names(held.scope)
        keys, window_ = self._keys(held.scope, names)
        skew = scope.clock.require(stagger)
        return self._window(
            Group(held.scope, window_, keys, skew, dict(projections(scope)), held.columns), names, [], having
        )

    def _window(self, group: Group, names: RowNames, where: Sequence[str], having: exp.Having | None) -> Query:
        scope = group.scope
        results = self._results(scope, GroupNames(group, names, self.options))
        failures = list(results.failures)
        condition = ""
        if having is not None:
            whole = value(having.this, GroupNames(group, names, self.options), self.options)
            condition = " OR ".join([whole.sql, *(one.condition for one in whole.failures)])
            condition = _bare(condition) if not whole.failures else condition
            failures = [*whole.failures, *failures]
        by = ""
        if self.order is not None:
            if failures:
                refuse(self.order, order.LOST)
            size = group.window.milliseconds or 0
            by = order.of_group(self.state, self.order, self.select, GroupNames(group, names, self.options), size)
        clock = Clock(0 if self.options.time == "processing" else group.skew + (not group.is_moment))
        rows = Rows(results.columns, clock)
        text = select(
            [*results.items, *([MARK] if failures else []), item(BOUNDS[2], TIME)],
            tumble(scope.main.body, group.window.milliseconds or 0, group.offset, is_view=scope.main.is_view),
            where=[*scope.filters, *where],
            group=group.by,
            having=condition,
            further=by,
        )
        return results_tried(self.state, Query("", rows), text, failures) if failures else Query(text, rows)

    def _keys(self, scope: Scope, names: RowNames) -> tuple[list[tuple[exp.Expr, Value]], Window]:
        """What it groups by, apart from the window, and the window."""
        windowing = self.part.windowing
        windows = list(windowing.tumbling)
        nodes: list[exp.Expr] = []
        if windowing.stagger is not None:
            windows = [staggering.window_of(windowing.stagger, self.options)]
            nodes = windowing.stagger.args["partition_by"] or []
        elif windowing.is_grouped:
            nodes = [key_of(node, self.select, scope, names) for node in self.select.args["group"].expressions]
            if windowing.distinct:
                self._require_distinct(nodes)
        elif windowing.distinct is not None:
            windows = [windowing.distinct]
            nodes = [node for _name, node in projections(scope)]
        keys = []
        for node in nodes:
            if windowing.stagger is None and self._is_window(node):
                continue
            key = value(node, names, self.options)
            keys.append((node, replace(key, sql=shown(key.sql))))
        return keys, shortest(windows, self.select)

    def _is_window(self, node: exp.Expr) -> bool:
        """Whether a key is a window, or the time of the rows, that Flink has columns of its own for."""
        found = window(node, self.select, self.catalog)
        if found is not None:
            return found.time is not None and not isinstance(node.unnest(), exp.Column)
        return self.catalog.time(node, self.select) is not None

    def _require_distinct(self, keys: Sequence[exp.Expr]) -> None:
        """Groups differ in their keys; DISTINCT leaves none out if each key is a result."""
        results = {printed(one.unalias().copy()) for one in self.select.expressions}
        if not all(self._is_window(key) or printed(key.copy()) in results for key in keys):
            refuse(self.select, "SELECT DISTINCT of groups without all of their keys has no translation")

    def _skew(self, scope: Scope, window: Window) -> int:
        """The milliseconds that the times of rows are before KDA's, which the window makes up for."""
        skew = scope.clock.require(window.node)
        if self.options.align:
            return 0
        # A step that a query in FROM groups by, or ROWTIME of its SELECT DISTINCT, lies in the step and is not its end.
        if window.time is None or window.time.is_end or window.time.select is self.select or not skew:
            return skew
        inner = self.state.part(window.time.select).windowing
        windows = [one for one in (*inner.tumbling, inner.distinct) if one is not None]
        return skew - any(one.milliseconds != 1 for one in windows)


def function(source: Relations, relation: Relation) -> Query:
    """TABLE(TOP_K_ITEMS_TUMBLING(..)), TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(..)), and what adds columns to rows."""
    call = relation.node.this
    if relation.name in cursors.FUNCTIONS:
        rows_of = cursors.query(call)
        if rows_of is None:
            refuse(call, f"{relation.name} without CURSOR(..) has no translation")
        return over_rows(source.state, relation, query(source, rows_of))
    cursor, name, *numbers = call.expressions
    if not isinstance(cursor, Cursor) or not isinstance(name, exp.Literal) or not name.is_string:
        refuse(call, f"{relation.name} without CURSOR(..) and a column in quotes has no translation")
    rows = query(source, cursor.this)
    known = [one for one in rows.rows.columns if one == inside(name.name)]
    column = next(iter(known or [one for one in rows.rows.columns if one.upper() == name.name.upper()]), None)
    if column is None:
        refuse(name, f"{relation.name}: the query has no column {name.name}")
    size = seconds(numbers[-1])
    options = source.state.options
    skew = 0 if options.align else rows.rows.clock.require(call)
    table = tumble(rows.sql, size, -skew, is_view=False)
    clock = Clock(0 if options.time == "processing" else skew + 1)
    if relation.name == "COUNT_DISTINCT_ITEMS_TUMBLING":
        items = [item(f"COUNT(DISTINCT {quoted(column)})", "NUMBER_OF_DISTINCT_ITEMS"), item(BOUNDS[2], TIME)]
        return Query(select(items, table, group=BOUNDS), Rows({"NUMBER_OF_DISTINCT_ITEMS": BIGINT}, clock))
    if len(numbers) != 2 or not isinstance(numbers[0], exp.Literal) or not numbers[0].name.isdigit():
        refuse(call, f"{relation.name} without the number of items has no translation")
    if options.time == "processing":
        refuse_processing(call, relation.name)
    counted = select(
        [item(f"CAST({quoted(column)} AS STRING)", "ITEM"), item("COUNT(*)", "ITEM_COUNT"), *BOUNDS],
        table,
        group=[quoted(column), *BOUNDS],
    )
    place = (
        "ROW_NUMBER() OVER (\n    PARTITION BY window_start, window_end ORDER BY `ITEM_COUNT` DESC, `ITEM`\n) AS place"
    )
    placed = select(["`ITEM`", "`ITEM_COUNT`", "window_time", place], nested(counted, "counted"))
    text = select(
        ["`ITEM`", "`ITEM_COUNT`", item(BOUNDS[2], TIME)],
        nested(placed, "placed"),
        where=[f"place <= {numbers[0].name}"],
    )
    return Query(text, Rows({"ITEM": TEXT, "ITEM_COUNT": BIGINT}, clock))


def _time(scope: Scope) -> str:
    return scope.main.attribute


def _bare(sql: str) -> str:
    """A condition without the parentheses around all of it."""
    return sql[1:-1] if relations.is_wrapped(sql) else sql
