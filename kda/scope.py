"""Which relation and column a name in a SELECT means."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlglot import exp

from kda import cursors
from kda.applications import Application, Input, Reference
from kda.nodes import Cursor, called
from kda.program import Program, canonical

# What table functions give: columns of their own, or those of their query and more.
_COUNTING = {
    "TOP_K_ITEMS_TUMBLING": ("ITEM", "ITEM_COUNT"),
    "COUNT_DISTINCT_ITEMS_TUMBLING": ("NUMBER_OF_DISTINCT_ITEMS",),
}
D = TypeVar("D", Input, Reference)
TIMES = ("ROWTIME", "APPROXIMATE_ARRIVAL_TIME")  # the same column from now on
METADATA = ("PARTITION_KEY", "SEQUENCE_NUMBER", "SHARD_ID")  # further columns of an input's record
ERROR_STREAM = "ERROR_STREAM"  # which every application has


@dataclass(frozen=True)
class Relation:
    """A relation in FROM.

    kind: "stream" (in-application), "input", "reference", "query", "function", or "unknown"; name: "" for a query.
    columns: None if they are not known; node: in the tree, exp.Table or exp.Subquery; join: None for the first.
    """

    alias: str
    kind: str
    name: str
    columns: tuple[str, ...] | None
    node: exp.Expr
    join: exp.Join | None

    @property
    def is_stream(self) -> bool:
        """Whether its rows come one after the other, and not all at the start."""
        return self.kind != "reference"

    def is_call(self, names: Collection[str]) -> bool:
        """Whether it is TABLE(..) of one of these functions."""
        return self.kind == "function" and self.name in names

    @property
    def inner(self) -> Iterator[exp.Select]:
        """The SELECTs in it: of a query, or of a table function's CURSOR."""
        return self.node.find_all(exp.Select)

    @property
    def query(self) -> exp.Expr | None:
        """The query whose columns it has: in FROM, or in CURSOR of a function that adds to them; None for others."""
        if self.kind == "query":
            found: exp.Expr = self.node.this
            return found
        return cursors.query(self.node.this) if self.is_call(cursors.FUNCTIONS) else None

    @property
    def window(self) -> exp.Expr | None:
        """Its OVER: exp.Window, or exp.Identifier of a named one."""
        return self.node.args.get("over")


@dataclass(frozen=True)
class Time:
    """A time of rows. name: ROWTIME or APPROXIMATE_ARRIVAL_TIME; select: the one whose FROM gives these rows.

    is_end: whether it comes from a query with GROUP BY, and so is the end of a window.
    """

    name: str
    select: exp.Select
    is_end: bool = False


@dataclass(frozen=True)
class Catalog:
    """The relations of an application by name."""

    program: Program
    inputs: Mapping[str, Input | None]
    references: Mapping[str, Reference | None]
    # By the id of its SELECT: the tree stays as it is while the program lives.
    _relations: dict[int, list[Relation]] = field(default_factory=dict, repr=False, compare=False)
    _columns: dict[str, tuple[str, ...] | None] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(application: Application, program: Program) -> Catalog:
        """The relations that the application declares; for a text of SQL alone, those too that it reads."""
        inputs: dict[str, Input | None] = {name: one for one in application.inputs for name in one.streams}
        references: dict[str, Reference | None] = {one.table: one for one in application.references}
        if application.is_configured:
            return Catalog(program, inputs, references)
        read: dict[str, None] = {}
        looked_up: dict[str, None] = {}
        for pump in program.pumps:
            for table in pump.query.find_all(exp.Table):
                if isinstance(table.this, exp.Func) or (name := canonical(table)) in program.streams:
                    continue
                if _in(inputs, name) or _in(references, name):
                    continue
                is_joined = isinstance(table.parent, exp.Join) and not table.args.get("over")
                (looked_up if is_joined and not re.search(r"_\d{3}$", name) else read)[name] = None
        tables = dict.fromkeys(name for name in looked_up if name not in read)
        return Catalog(program, {**inputs, **dict.fromkeys(read)}, {**references, **tables})

    def kind(self, name: str) -> str:
        """What this name of a relation is."""
        if name in self.program.streams:
            return "stream"
        return "input" if _in(self.inputs, name) else "reference" if _in(self.references, name) else "unknown"

    def columns(self, name: str) -> tuple[str, ...] | None:
        """The columns of a relation; None if they are not known."""
        if name not in self._columns:
            self._columns[name] = None  # what a stream that reads itself has
            self._columns[name] = self._declared(name)
        return self._columns[name]

    def _declared(self, name: str) -> tuple[str, ...] | None:
        stream = self.program.streams.get(name)
        if stream is not None:
            if stream.columns or stream.query is None:
                return tuple(column for column, _type in stream.columns)
            return self.results(stream.query)
        declared = self.declared(name)
        return tuple(column.name for column in declared.columns) if declared and declared.columns else None

    def declared(self, name: str) -> Input | Reference | None:
        """The input or reference table of this name; None if the file does not have it."""
        return _of(self.inputs, name) or _of(self.references, name)

    def relations(self, select: exp.Select) -> list[Relation]:
        """The relations of a SELECT, in their order."""
        if id(select) not in self._relations:
            joins = select.args.get("joins") or []
            self._relations[id(select)] = [
                self._relation(node, join)
                for node, join in [(select.args["from_"].this, None), *((j.this, j) for j in joins)]
            ]
        return self._relations[id(select)]

    def _relation(self, node: exp.Expr, join: exp.Join | None) -> Relation:
        named = node.args.get("alias")
        alias = canonical(named) if named else ""
        given = tuple(map(canonical, named.args.get("columns") or ())) if named else ()
        if isinstance(node, exp.Subquery):
            return Relation(alias, "query", "", given or self.results(node.this), node, join)
        if isinstance(node.this, exp.Func):
            name = called(node.this)
            return Relation(alias, "function", name, given or self._given(name, node.this), node, join)
        name = canonical(node)
        return Relation(alias or name, self.kind(name), name, given or self.columns(name), node, join)

    def _given(self, name: str, call: exp.Expr) -> tuple[str, ...] | None:
        """The columns of TABLE(function(CURSOR(query)))."""
        if name in _COUNTING:
            return _COUNTING[name]
        cursor = call.find(Cursor)
        columns = self.results(cursor.this) if cursor is not None and name in cursors.FUNCTIONS else None
        return None if columns is None else (*columns, *cursors.FUNCTIONS[name].results)

    def results(self, query: exp.Expr) -> tuple[str, ...] | None:
        """The columns of a query; None if a star stands for columns that are not known."""
        first = next(leaves(query), None)
        values = self._values(first) if first is not None else None
        return None if values is None else tuple(name for name, _value in values)

    def _values(self, select: exp.Select) -> list[tuple[str, exp.Expr]] | None:
        """The name and value of each result, those of stars among them; None if a star stands for unknown columns."""
        found: list[tuple[str, exp.Expr]] = []
        for number, projection in enumerate(select.expressions):
            star = starred(projection)
            if star is None:
                found.append((result(projection) or f"EXPR${number}", projection.unalias()))
                continue
            for relation in self.relations(select):
                if star in ("", relation.alias):
                    if relation.columns is None:
                        return None
                    found += [
                        (name, exp.column(name, relation.alias or None, quoted=True)) for name in relation.columns
                    ]
        return found

    def behind(self, column: exp.Column, select: exp.Select) -> list[tuple[exp.Expr, exp.Select]]:
        """What a column of a query in FROM stands for: a value in each SELECT of that query. [] for other columns."""
        name, table = canonical(column), qualifier(column)
        for relation in self.relations(select):
            if relation.query is None or table not in ("", relation.alias):
                continue
            found = []
            for leaf in leaves(relation.query):
                values = self._values(leaf)
                if values is not None and relation.columns and name in relation.columns:
                    index = relation.columns.index(name)
                    found += [(value, leaf) for _name, value in values[index : index + 1]]
                elif values is None:
                    found += [(one.unalias(), leaf) for one in leaf.expressions if result(one) == name][:1]
            if found:
                return found
        return []

    def owner(self, column: exp.Column, select: exp.Select) -> Relation | None:
        """The relation of a SELECT that a column belongs to; None if that is not known."""
        name, table, relations = canonical(column), qualifier(column), self.relations(select)
        if table:
            return next((one for one in relations if table.upper() in (one.alias.upper(), one.name.upper())), None)
        owners = [one for one in relations if one.columns and name in one.columns]
        return owners[0] if len(owners) == 1 else relations[0] if len(relations) == 1 else None

    def time(self, node: exp.Expr, select: exp.Select) -> Time | None:
        """The time of rows that a value is, also under another name and through queries in FROM; None for others."""
        if isinstance(node, exp.Paren):
            return self.time(node.this, select)
        if called(node) == "MONOTONIC" and len(node.expressions) == 1:
            return self.time(node.expressions[0], select)
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        values = self.behind(node, select)
        if values:
            times = [self.time(value, leaf) for value, leaf in values]
            known = [time for time in times if time is not None]
            is_grouped = any(leaf.args.get("group") or leaf.args.get("windowed_by") for _value, leaf in values)
            is_end = is_grouped or any(time.is_end for time in known)
            return replace(known[0], is_end=is_end) if len(known) == len(times) else None
        name = canonical(node)
        return Time(name, select) if name in TIMES else None


def leaves(query: exp.Expr) -> Iterator[exp.Select]:
    """The SELECTs whose rows a query gives: one, or those of UNION ALL."""
    if isinstance(query, exp.SetOperation):
        yield from leaves(query.this)
        yield from leaves(query.expression)
    elif isinstance(query, exp.Subquery):
        yield from leaves(query.this)
    elif isinstance(query, exp.Select):
        yield query


def qualifier(column: exp.Expr) -> str:
    """The name before a column's; "" without one."""
    return canonical(column.args["table"]) if column.args.get("table") else ""


def starred(projection: exp.Expr) -> str | None:
    """ "" for *, the relation's alias for t.*, None for another projection."""
    if isinstance(projection, exp.Star):
        return ""
    if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
        return canonical(projection.args["table"])
    return None


def result(projection: exp.Expr) -> str:
    """The name of a result column; "" for an expression without one."""
    if isinstance(projection, exp.Alias):
        return canonical(projection.args["alias"])
    return canonical(projection) if isinstance(projection, exp.Column) else ""


def own(select: exp.Select) -> Iterator[exp.Expr]:
    """The nodes of a SELECT without those of the queries in it."""
    for node in select.walk(prune=lambda node: node is not select and isinstance(node, exp.Select)):
        if node is select or not isinstance(node, exp.Select):
            yield node


def _in(declared: Mapping[str, Any], name: str) -> bool:
    """Whether it is declared; the console let people write these names in any case."""
    return any(name.upper() == one.upper() for one in declared)


def _of(declared: Mapping[str, D | None], name: str) -> D | None:
    return next((one for known, one in declared.items() if known.upper() == name.upper()), None)
