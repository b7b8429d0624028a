"""FROM: relations with their columns, joins of streams, lookups of reference tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from sqlglot import exp

from kda.cursors import FUNCTIONS
from kda.functions import TUMBLING
from kda.joins import by_rows
from kda.lookups import lookups
from kda.program import canonical
from kda.rule import Part
from kda.scope import Relation
from kda.sql_types import Type
from kda.translation.expressions import Value, value
from kda.translation.names import outside
from kda.translation.options import refuse, refuse_processing
from kda.translation.scopes import Clock, Query, RowNames, Rows, Scope, Source, conjuncts, owner
from kda.translation.sources import presence
from kda.translation.state import State, View
from kda.translation.text import indented, quoted, shifted, unquoted
from kda.translation.types import flink, widest
from kda.translation.values import varying
from kda.windows import frame, named


class Relations(Protocol):
    """Where the rows of relations come from."""

    state: State

    def stream(self, name: str, node: exp.Expr) -> View:
        """The view of an in-application stream."""
        ...

    def input(self, name: str, node: exp.Expr) -> View:
        """The view of an input's stream."""
        ...

    def reference(self, name: str, keys: tuple[str, ...], node: exp.Expr) -> View:
        """The view of a reference table that is looked up by these columns."""
        ...

    def query(self, node: exp.Expr) -> Query:
        """A query in FROM."""
        ...

    def function(self, relation: Relation) -> Query:
        """A table function."""
        ...


def scope(relations: Relations, part: Part) -> Scope:
    """FROM and WHERE of a SELECT."""
    streams = [one for one in part.relations if one.is_stream]
    ordered = [*streams, *(one for one in part.relations if not one.is_stream)]
    if not streams:
        refuse(part.select, "a SELECT from reference tables alone has no translation")
    is_joined = len(ordered) > 1
    found = list(lookups(part, relations.state.subject.catalog))
    for one in found:
        if one.problem:
            refuse(one.relation.node, one.problem)
    keys = {id(one.relation): one.keys for one in found}
    prefixes = _prefixes(ordered) if is_joined else [""]
    sources = tuple(
        _source(relations, one, keys.get(id(one), ()), prefix) for one, prefix in zip(ordered, prefixes, strict=True)
    )
    where = part.select.args.get("where")
    plain = Scope(part, sources, sources[0], where=(where.this,) if where is not None else (), clock=sources[0].clock)
    return _Joiner(relations.state, plain).joined() if is_joined else plain


def _prefixes(relations: Sequence[Relation]) -> list[str]:
    found: list[str] = []
    for number, one in enumerate(relations, 1):
        prefix = f"{quoted(one.alias or f'rows_{number}')}."
        found.append(prefix if prefix not in found else f"{quoted(f'{one.alias}_{number}')}.")
    return found


def _source(relations: Relations, relation: Relation, keys: tuple[str, ...], prefix: str) -> Source:
    node = relation.node
    if relation.kind == "query":
        return _of_query(relation, relations.query(node.this), prefix)
    if relation.kind == "function":
        if relation.name not in {*TUMBLING, *FUNCTIONS}:
            refuse(node, f"TABLE({relation.name}(..)) has no translation")
        return _of_query(relation, relations.function(relation), prefix)
    if relation.kind == "stream":
        view = relations.stream(relation.name, node)
    elif relation.kind == "input":
        view = relations.input(relation.name, node)
    elif relation.kind == "reference":
        view = relations.reference(relation.name, keys, node)
    else:
        refuse(node, f"{relation.name} is no stream, input or reference table here")
    return Source(relation, view.name, True, _renamed(relation, view.rows), view.rows.clock, prefix)


def _of_query(relation: Relation, query: Query, prefix: str) -> Source:
    return Source(relation, query.sql, False, _renamed(relation, query.rows), query.rows.clock, prefix)


def _renamed(relation: Relation, rows: Rows) -> dict[str, tuple[str, Type | None]]:
    """The columns by the names that AS t (a, b) gives them."""
    alias = relation.node.args.get("alias")
    given = list(map(canonical, alias.args.get("columns") or ())) if alias else []
    names = [*given, *map(outside, list(rows.columns)[len(given) :])]
    return {new: (old, kind) for new, (old, kind) in zip(names, rows.columns.items(), strict=False)}


class _Joiner:
    """The joins of a SELECT."""

    def __init__(self, state: State, plain: Scope) -> None:
        self.state, self.scope = state, plain
        self.catalog = state.subject.catalog
        self.names = RowNames(plain, self.catalog, state.options)
        self.windows = [self._window(one.relation) for one in plain.sources]
        self.where = list(plain.where)

    def _window(self, relation: Relation) -> int | None:
        """The milliseconds of the window behind a stream; None without one."""
        window = named(relation.window, self.scope.part.select)
        if window is None:
            return None
        if by_rows(window):
            refuse(relation.node, "a join over a number of rows has no translation")
        return frame(window.args.get("spec"))[1]

    def joined(self) -> Scope:
        """The scope with the text of its joins."""
        sources = self.scope.sources
        lines = []
        for number, source in enumerate(sources[1:], 1):
            join = source.relation.join or sources[0].relation.join  # of the first where that is a reference table
            if join is None:
                refuse(self.scope.part.select, "these joins have no translation")
            if source.relation.kind == "reference":
                lines.append(self._lookup(source, join))
            else:
                lines.append(self._interval(number, source, join))
        main, problem = self._main()
        clock = Clock(main.clock.skew, problem or main.clock.problem)
        return Scope(self.scope.part, sources, main, tuple(lines), tuple(self.where), clock=clock)

    def _main(self) -> tuple[Source, str]:
        """The source whose time the joined rows have, and why they have none."""
        streams = [one for one in self.scope.sources if one.relation.is_stream]
        sides = [one.relation.join.args.get("side") for one in streams[1:] if one.relation.join is not None]
        if "FULL" in sides:
            return streams[0], "rows of a FULL JOIN of streams have no ROWTIME that a query can go on with"
        if "RIGHT" in sides:
            number = max(at for at, side in enumerate(sides, 1) if side == "RIGHT")
            return streams[number], ""
        if "LEFT" in sides or len(streams) == 1:
            return streams[0], ""
        alone = [one for one, window in zip(streams, self.windows, strict=False) if window is None]
        return (alone or streams)[0], ""

    def _conditions(self, join: exp.Join, source: Source) -> Iterator[str]:
        condition = join.args.get("on")
        for one in conjuncts(condition) if condition is not None else ():
            yield self._condition(one, source)
        for name in map(canonical, join.args.get("using") or ()):
            other = next((one for one in self.scope.sources if one is not source and name in one.columns), None)
            if other is None or name not in source.columns:
                refuse(join, f"USING ({name}) names no column of both sides")
            left = Value(other.column(name), other.columns[name][1])
            right = Value(source.column(name), source.columns[name][1])
            if source.relation.kind == "reference":
                yield self._equal(left, right, join, is_input=other.relation.kind == "input")
            else:
                yield f"{left.sql} = {right.sql}"

    def _equal(self, value_: Value, key: Value, node: exp.Expr, *, is_input: bool) -> str:
        """A value that equals the key of a lookup, and so has to be of its very type.

        is_input: whether it is a column of an input; what other queries give may be a constant, which is no key.
        """
        wanted = None if key.type is None else flink(key.type, self.state.options)
        own = None if value_.type is None else flink(value_.type, self.state.options)
        sql = value_.sql
        if own != wanted and key.type is not None:
            if value_.type is None or widest(value_.type) != key.type:
                name = value_.type.name if value_.type else "row"
                refuse(node, f"a lookup of a {key.type.name} by a {name} has none")
            sql = f"CAST({sql} AS {wanted})"
        return f"{sql if is_input else varying(sql, self._main()[0].attribute)} = {key.sql}"

    def _condition(self, node: exp.Expr, source: Source) -> str:
        if source.relation.kind == "reference" and self._is_key(node, source):
            return self._key(node.unnest() if isinstance(node, exp.Paren) else node, source)
        found = value(node, self.names, self.state.options)
        if found.failures:
            refuse(node, "a condition of a join that can fail has no translation: compare columns of one type")
        join = source.relation.join
        if join is not None and join.args.get("side") == "FULL":
            return self._hidden(node, source, found.sql)
        return found.sql.removeprefix("(").removesuffix(")") if is_wrapped(found.sql) else found.sql

    def _hidden(self, node: exp.Expr, source: Source, sql: str) -> str:
        """A condition of a FULL JOIN that is not always the same to Flink's planner.

        With one that is never true it makes a join without windows, which keeps all rows and takes some back.
        """
        if isinstance(node, exp.EQ):
            sides = [value(one, self.names, self.state.options) for one in (node.this, node.expression)]
            owners = [{id(one): one for one in self._sources(side)} for side in (node.this, node.expression)]
            kinds = {None if one.type is None else flink(one.type, self.state.options) for one in sides}
            if len(kinds) == len(owners[0]) == len(owners[1]) == 1 and owners[0].keys() != owners[1].keys():
                (first,) = owners[0].values()
                return f"{varying(sides[0].sql, first.attribute)} = {sides[1].sql}"
        return f"IF({self.scope.sources[0].attribute} < {source.attribute}, {sql}, {sql})"

    def _key(self, node: exp.Expr, source: Source) -> str:
        """An equality of a reference table's column and another relation's value."""
        sides = [value(one, self.names, self.state.options) for one in (node.this, node.expression)]
        if any(one.failures for one in sides):
            refuse(node, "a condition of a join that can fail has no translation: compare columns of one type")
        is_left = any(owner_ is source for owner_ in self._sources(node.this))
        key, other = sides if is_left else sides[::-1]
        found, given = (node.this, node.expression) if is_left else (node.expression, node.this)
        if not isinstance(found.unnest(), exp.Column):
            return f"{sides[0].sql} = {sides[1].sql}"
        is_input = all(one.relation.kind == "input" for one in self._sources(given))
        return self._equal(other, key, node, is_input=is_input and isinstance(given.unnest(), exp.Column))

    def _sources(self, node: exp.Expr) -> Iterator[Source]:
        for column in node.find_all(exp.Column):
            held = self._owner(column)
            if held is not None:
                yield held[0]

    def _interval(self, number: int, source: Source, join: exp.Join) -> str:
        """A join of a stream: each pair of streams within their windows."""
        side = join.args.get("side")
        conditions = list(self._conditions(join, source))
        own = self.windows[number] or 0
        for other, window in zip(self.scope.sources[:number], self.windows, strict=False):
            node = source.relation.node
            skew = other.clock.require(node) - source.clock.require(node)
            low, high = skew - own, skew + (window or 0)
            begin, end = (shifted(other.attribute, by)[1:-1] if by else other.attribute for by in (low, high))
            # An equality with a sum is a key to Flink, not a condition of times: such a join would not end.
            meet = f"= {begin}" if low == high == 0 else f"BETWEEN {begin} AND {end}"
            if other.relation.join is not None and other.relation.join.args.get("side") in ("LEFT", "FULL"):
                conditions.append(f"({other.attribute} IS NULL OR {source.attribute} {meet})")
            else:
                conditions.append(f"{source.attribute} {meet}")
        return _join(f"{side} JOIN" if side else "JOIN", source.in_from(), conditions)

    def _lookup(self, source: Source, join: exp.Join) -> str:
        """A lookup of a reference table."""
        if self.state.options.time == "processing":
            refuse_processing(source.relation.node, f"a lookup in {source.relation.name}")
        side = join.args.get("side") if source.relation.join is not None else None
        conditions = list(self._conditions(join, source))
        if not self._has_key(join, source) and not side:
            conditions += self._taken(source)
        conditions.append(f"{source.prefix}{quoted(presence(held for held, _kind in source.columns.values()))}")
        main = self._main()[0]
        body = f"{source.body} FOR SYSTEM_TIME AS OF {main.attribute} AS {source.prefix.removesuffix('.')}"
        return _join("LEFT JOIN" if side == "LEFT" else "JOIN", body, conditions)

    def _has_key(self, join: exp.Join, source: Source) -> bool:
        condition = join.args.get("on")
        own = condition is not None and any(self._is_key(one, source) for one in conjuncts(condition))
        return own or bool(join.args.get("using"))

    def _is_key(self, node: exp.Expr, source: Source) -> bool:
        """Whether a condition compares a column of this reference table with another relation's."""
        node = node.unnest() if isinstance(node, exp.Paren) else node
        if not isinstance(node, exp.EQ):
            return False
        owners = [
            {held[0].relation.alias for one in side.find_all(exp.Column) if (held := self._owner(one))}
            for side in (node.this, node.expression)
        ]
        mine = {source.relation.alias}
        return any(a == mine and b and not b & mine for a, b in (owners, owners[::-1]))

    def _owner(self, column: exp.Column) -> tuple[Source, str] | None:
        return owner(column, self.scope, self.catalog)

    def _taken(self, source: Source) -> Iterator[str]:
        """The keys that stand in WHERE, which belong to the lookup."""
        every = [one for condition in self.where for one in conjuncts(condition)]
        keys = [one for one in every if self._is_key(one, source)]
        if keys:
            self.where = [one for one in every if one not in keys]
        for one in keys:
            yield self._condition(one, source)


def is_wrapped(sql: str) -> bool:
    """Whether the first parenthesis closes at the end."""
    if not sql.startswith("(") or not sql.endswith(")"):
        return False
    depth = 0
    for at, sign in enumerate(unquoted(sql)):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if not depth:
            return at == len(sql) - 1
    return False


def _join(words: str, body: str, conditions: Sequence[str]) -> str:
    on = "\nAND ".join(conditions)
    return f"{words} {body}\n{indented(f'ON {on}')}" if conditions else f"{words} {body}\n{indented('ON TRUE')}"
