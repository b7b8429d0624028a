"""What the names of one SELECT mean in Flink SQL: relations with their columns, and the time of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kda.program import canonical
from kda.rule import Part
from kda.scope import TIMES, Catalog, Relation, own, qualifier, result, starred
from kda.sql_types import Type
from kda.translation.expressions import Value
from kda.translation.names import unique
from kda.translation.options import Options, refuse
from kda.translation.text import interval, item, nested, quoted, select
from kda.translation.types import TEXT, TIMESTAMP

BOUNDS = ("window_start", "window_end", "window_time")  # the columns that Flink's windows add
TIME = "ROWTIME"  # the column with the time attribute, of every view and query


@dataclass(frozen=True)
class Clock:
    """How the time attribute of rows and KDA's ROWTIME differ.

    skew: the milliseconds that the attribute is before ROWTIME, as the rows of windows have them; problem: why ROWTIME
    cannot be read, "" if it can.
    """

    skew: int = 0
    problem: str = ""

    def require(self, node: exp.Expr) -> int:
        """The skew. Raises Untranslatable at this node if there is none for all rows."""
        if self.problem:
            refuse(node, self.problem)
        return self.skew


@dataclass(frozen=True)
class Rows:
    """The rows of a query or view. columns: by their names in Flink, without ROWTIME, which all have."""

    columns: Mapping[str, Type | None]
    clock: Clock


@dataclass(frozen=True)
class Query:
    """A query as a text, with its rows."""

    sql: str
    rows: Rows


@dataclass(frozen=True)
class Source:
    """A relation in FROM.

    body: the name of a view, or a query; columns: the name in Flink and type by the name in KDA; prefix: stands before
    the names in Flink; moment: the column that has ROWTIME as a value, "" where the time attribute is at hand.
    """

    relation: Relation
    body: str
    is_view: bool
    columns: Mapping[str, tuple[str, Type | None]]
    clock: Clock
    prefix: str = ""
    moment: str = ""

    @property
    def attribute(self) -> str:
        """The time attribute."""
        return f"{self.prefix}{quoted(TIME)}"

    def column(self, name: str) -> str:
        """A column by its name in KDA."""
        return f"{self.prefix}{quoted(self.columns[name][0])}"

    def time(self, node: exp.Expr) -> str:
        """ROWTIME as a value. Raises Untranslatable at this node."""
        return self.moment or moved(f"CAST({self.attribute} AS TIMESTAMP(3))", self.clock.require(node))

    def in_from(self) -> str:
        """The relation as it stands in FROM."""
        name = self.prefix.removesuffix(".")
        if self.is_view:
            return self.body + (f" AS {name}" if name else "")
        return nested(self.body) + f" AS {name or quoted('rows_of_query')}"


def moved(sql: str, milliseconds: int) -> str:
    """A time so many milliseconds later."""
    return f"({sql} + {interval(milliseconds)})" if milliseconds else sql


@dataclass(frozen=True)
class Scope:
    """FROM and WHERE of a SELECT.

    sources: those of streams before those of reference tables; main: the one whose time the rows have, None for none;
    joins: the text after the first; where: conditions that are not translated yet, filters: those that are.
    """

    part: Part
    sources: tuple[Source, ...]
    main: Source
    joins: tuple[str, ...] = ()
    where: tuple[exp.Expr, ...] = ()
    filters: tuple[str, ...] = ()
    clock: Clock = field(default_factory=Clock)

    @property
    def in_from(self) -> str:
        """All of FROM."""
        return "\n".join([self.sources[0].in_from(), *self.joins])

    @property
    def is_joined(self) -> bool:
        """Whether there are several relations, whose columns may have the same name."""
        return bool(self.joins)

    @property
    def is_full(self) -> bool:
        """Whether each stream may have no row in it: the row then has the time of the first that has one."""
        joins = (one.relation.join for one in self.sources if one.relation.is_stream and one.relation.join is not None)
        return self.is_joined and any(join.args.get("side") == "FULL" for join in joins)

    def time(self, node: exp.Expr) -> str:
        """ROWTIME of a row as a value."""
        if not self.is_full:
            return self.main.time(node)
        return f"COALESCE({', '.join(one.time(node) for one in self.sources if one.relation.is_stream)})"

    def used(self, catalog: Catalog) -> list[tuple[Source, str]]:
        """The columns that the SELECT reads after FROM, with their sources; TIME for the time of one of several."""
        found: dict[tuple[int, str], tuple[Source, str]] = {}
        done = [one.args.get("on") for one in self.part.select.args.get("joins") or ()]
        done += [self.part.select.args.get("where")] if not self.where else []
        skipped = {id(column) for one in done if one is not None for column in one.find_all(exp.Column)}
        columns = [node for node in own(self.part.select) if isinstance(node, exp.Column)]
        nodes = [node for node in columns if id(node) not in skipped]
        nodes += [node for _name, node in projections(self) if isinstance(node, exp.Column)]
        for node in nodes:
            if isinstance(node.this, exp.Star):
                continue
            held = owner(node, self, catalog) or row_of(node, self)
            if held is not None:
                found.setdefault((self.sources.index(held[0]), held[1]), held)
        return [found[key] for key in sorted(found, key=lambda key: (key[0], _place(found[key])))]

    def flat(self, catalog: Catalog, taken: Sequence[str] = ()) -> tuple[list[str], tuple[Source, ...]]:
        """The columns of FROM as results of one query, and the sources as they are read from that.

        taken: names that these columns must not have.
        """
        used = [(source, name) for source, name in self.used(catalog) if name != TIME or source is not self.main]
        wanted = [_flat(source, name, self) for source, name in used]
        names = unique([TIME, *BOUNDS, *taken, *wanted])[1 + len(BOUNDS) + len(taken) :]
        items: list[str] = []
        columns: list[dict[str, tuple[str, Type | None]]] = [{} for _source in self.sources]
        moments = [""] * len(self.sources)
        for (source, name), flat in zip(used, names, strict=True):
            number = self.sources.index(source)
            if name == TIME:
                items.append(item(source.time(self.part.select), flat))
                moments[number] = quoted(flat)
            else:
                items.append(item(source.column(name), flat))
                columns[number][name] = (flat, source.columns[name][1])
        read = [
            replace(source, body="", is_view=False, prefix="", columns=held, moment=moment)
            for source, held, moment in zip(self.sources, columns, moments, strict=True)
        ]
        return items, tuple(read)

    def over(self, body: str, sources: Sequence[Source], *, is_view: bool, filters: tuple[str, ...] = ()) -> Scope:
        """The same SELECT, read from one query or view that has these columns."""
        read = tuple(replace(one, body=body, is_view=is_view) for one in sources)
        main = read[self.sources.index(self.main)]
        return replace(self, sources=read, main=main, joins=(), where=(), filters=filters)


def _place(held: tuple[Source, str]) -> int:
    source, name = held
    return list(source.columns).index(name) if name in source.columns else len(source.columns)


def _flat(source: Source, name: str, scope: Scope) -> str:
    """The name of a column where several relations become one."""
    own_name = source.columns[name][0] if name in source.columns else name
    others = [one for one in scope.sources if one is not source]
    if name != TIME and not any(own_name == known for one in others for known, _type in one.columns.values()):
        return own_name
    return f"{source.relation.alias or 'rows'}_{own_name}"


def projections(scope: Scope) -> list[tuple[str, exp.Expr]]:
    """The results of a SELECT with their names in KDA; a star's columns each."""
    found: list[tuple[str, exp.Expr]] = []
    for number, projection in enumerate(scope.part.select.expressions):
        star = starred(projection)
        if star is None:
            found.append((result(projection) or f"EXPR${number}", projection.unalias()))
            continue
        for relation in scope.part.relations:
            if star in ("", relation.alias):
                if relation.columns is None:
                    refuse(projection, f"* needs the columns of {relation.name or relation.alias}")
                for name in relation.columns:
                    column = exp.column(name, relation.alias or None, quoted=True)
                    found.append((name, column))
    return found


def owner(column: exp.Column, scope: Scope, catalog: Catalog) -> tuple[Source, str] | None:
    """The source of a column and its name there, TIME for the time of its rows; None for other names."""
    name, table = canonical(column), qualifier(column)
    relation = catalog.owner(column, scope.part.select)
    candidates = [one for one in scope.sources if one.relation is relation] or ([] if table else list(scope.sources))
    for source in candidates:
        if name in source.columns:
            return source, name
    if not table:
        for source in scope.sources:
            if name in source.columns:
                return source, name
    if name in TIMES:
        timed = [one for one in candidates if one.relation.is_stream] if table else []
        return (timed[0] if timed else scope.main), TIME
    return None


def row_of(column: exp.Column, scope: Scope) -> tuple[Source, str] | None:
    """The column of which this one is a field: r.COLUMN1, where a parser of logs gives r; None if it is none."""
    table = qualifier(column)
    source = next((one for one in scope.sources if table and table in one.columns), None)
    return None if source is None else (source, table)


class RowNames:
    """The names of a row of FROM."""

    def __init__(self, scope: Scope, catalog: Catalog, options: Options) -> None:
        self.scope, self.catalog, self.options = scope, catalog, options

    def replaced(self, node: exp.Expr) -> Value | None:
        """The time of the row, under one of its names."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        held = owner(node, self.scope, self.catalog)
        if held is not None:
            source, name = held
            if name != TIME:
                return None
            return Value(source.time(node) if qualifier(node) else self.scope.time(node), TIMESTAMP)
        return None

    def column(self, node: exp.Column) -> Value:
        """A column, or a field of a column that has fields."""
        held = owner(node, self.scope, self.catalog)
        if held is not None:
            source, name = held
            return Value(source.column(name), source.columns[name][1])
        row = row_of(node, self.scope)
        if row is None:
            refuse(node, f"no relation in FROM has a column {canonical(node)}")
        source, column = row
        return Value(f"{source.column(column)}.{quoted(canonical(node))}", TEXT)


def read(scope: Scope, items: Sequence[str], where: Sequence[str]) -> str:
    """A SELECT of these items from the scope's FROM, with its time."""
    return select([*items, scope.main.attribute], scope.in_from, where=[*scope.filters, *where])


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that AND holds together."""
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.this)
        yield from conjuncts(condition.expression)
    else:
        yield condition
