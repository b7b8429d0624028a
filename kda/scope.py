"""Which relation and column a name in a SELECT means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlglot import exp

from kda.applications import Application, Input, Reference
from kda.nodes import Cursor
from kda.program import Program, canonical

# What table functions give: columns of their own, or those of their query and more.
_COUNTING = {
    "TOP_K_ITEMS_TUMBLING": ("ITEM", "ITEM_COUNT"),
    "COUNT_DISTINCT_ITEMS_TUMBLING": ("NUMBER_OF_DISTINCT_ITEMS",),
}
_ADDING = {
    "RANDOM_CUT_FOREST": ("ANOMALY_SCORE",),
    "RANDOM_CUT_FOREST_WITH_EXPLANATION": ("ANOMALY_SCORE", "ANOMALY_EXPLANATION"),
    "HOTSPOTS": ("HOTSPOTS_RESULT",),
}
D = TypeVar("D", Input, Reference)
TIMES = ("ROWTIME", "APPROXIMATE_ARRIVAL_TIME")  # the same column from now on
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

    @property
    def window(self) -> exp.Expr | None:
        """Its OVER: exp.Window, or exp.Identifier of a named one."""
        return self.node.args.get("over")


@dataclass(frozen=True)
class Catalog:
    """The relations of an application by name.

    guessed: whether inputs and reference tables were told from how the SQL uses them, as the file does not have them.
    """

    program: Program
    inputs: Mapping[str, Input | None]
    references: Mapping[str, Reference | None]
    is_guessed: bool

    @staticmethod
    def of(application: Application, program: Program) -> Catalog:
        """The relations that the application declares; for a text of SQL alone, those that it reads."""
        if application.is_configured:
            inputs: dict[str, Input | None] = {name: one for one in application.inputs for name in one.streams}
            references: dict[str, Reference | None] = {one.table: one for one in application.references}
            return Catalog(program, inputs, references, is_guessed=False)
        read: dict[str, None] = {}
        looked_up: dict[str, None] = {}
        for pump in program.pumps:
            for table in pump.query.find_all(exp.Table):
                if isinstance(table.this, exp.Func) or (name := canonical(table)) in program.streams:
                    continue
                is_joined = isinstance(table.parent, exp.Join) and not table.args.get("over")
                (looked_up if is_joined and not re.search(r"_\d{3}$", name) else read)[name] = None
        tables = dict.fromkeys(name for name in looked_up if name not in read)
        return Catalog(program, dict.fromkeys(read), tables, is_guessed=True)

    def kind(self, name: str) -> str:
        """What this name of a relation is."""
        if name in self.program.streams:
            return "stream"
        return "input" if _in(self.inputs, name) else "reference" if _in(self.references, name) else "unknown"

    def columns(self, name: str) -> tuple[str, ...] | None:
        """The columns of a relation; None if they are not known."""
        stream = self.program.streams.get(name)
        if stream is not None:
            if stream.columns or stream.query is None:
                return tuple(column for column, _type in stream.columns)
            return self.results(stream.query)
        declared = _of(self.inputs, name) or _of(self.references, name)
        return tuple(column.name for column in declared.columns) if declared and declared.columns else None

    def relations(self, select: exp.Select) -> list[Relation]:
        """The relations of a SELECT, in their order."""
        joins = select.args.get("joins") or []
        return [
            self._relation(node, join)
            for node, join in [(select.args["from_"].this, None), *((j.this, j) for j in joins)]
        ]

    def _relation(self, node: exp.Expr, join: exp.Join | None) -> Relation:
        alias = canonical(node.args["alias"]) if node.args.get("alias") else ""
        if isinstance(node, exp.Subquery):
            return Relation(alias, "query", "", self.results(node.this), node, join)
        if isinstance(node.this, exp.Func):
            name = str(node.this.this).upper()
            return Relation(alias, "function", name, self._given(name, node.this), node, join)
        name = canonical(node)
        return Relation(alias or name, self.kind(name), name, self.columns(name), node, join)

    def _given(self, name: str, call: exp.Expr) -> tuple[str, ...] | None:
        """The columns of TABLE(function(CURSOR(query)))."""
        if name in _COUNTING:
            return _COUNTING[name]
        cursor = call.find(Cursor)
        columns = self.results(cursor.this) if cursor is not None and name in _ADDING else None
        return None if columns is None else (*columns, *_ADDING[name])

    def results(self, query: exp.Expr) -> tuple[str, ...] | None:
        """The columns of a query; None if a star stands for columns that are not known."""
        if isinstance(query, exp.SetOperation | exp.Subquery):
            return self.results(query.this)
        if not isinstance(query, exp.Select):
            return None
        found: list[str] = []
        for number, projection in enumerate(query.expressions, 1):
            star = starred(projection)
            if star is None:
                found.append(result(projection) or f"EXPR${number - 1}")
                continue
            for relation in self.relations(query):
                if star in ("", relation.alias):
                    if relation.columns is None:
                        return None
                    found += relation.columns
        return tuple(found)

    def time(self, node: exp.Expr, select: exp.Select) -> str:
        """ROWTIME or APPROXIMATE_ARRIVAL_TIME if the node is such a column, also under another name; else ""."""
        node = node.unnest() if isinstance(node, exp.Paren) else node
        if isinstance(node, exp.Anonymous) and str(node.this).upper() == "MONOTONIC" and node.expressions:
            return self.time(node.expressions[0], select)
        if not isinstance(node, exp.Column):
            return ""
        name = canonical(node)
        table = canonical(node.args["table"]) if node.args.get("table") else ""
        for relation in self.relations(select):
            if relation.kind != "query" or table not in ("", relation.alias):
                continue
            inner = relation.node.this
            if isinstance(inner, exp.Select):
                for projection in inner.expressions:
                    if result(projection) == name:
                        return self.time(projection.unalias(), inner)
        return name if name in TIMES else ""


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
