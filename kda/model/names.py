"""The names in a SELECT: columns, fields of a row, times of rows, the present time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp

from kda.functions import NOW
from kda.model import times, values
from kda.model.evaluation import Clock, Context, Expression, Relation, field_of
from kda.model.rows import NotModelled, moment
from kda.model.values import DATE, TIME, TIMESTAMP
from kda.nodes import called
from kda.program import canonical
from kda.scope import METADATA, TIMES
from program.errors import hint


@dataclass(frozen=True)
class Names:
    """The names of some relations. leading: the one that has the row's time."""

    relations: Sequence[Relation]
    leading: int = 0

    def place(self, column: exp.Column) -> tuple[int, str] | None:
        """The index of the relation, and the name, that a column has; None if no relation declares it."""
        name = canonical(column)
        table = canonical(column.args["table"]) if column.args.get("table") else ""
        found = [
            number
            for number, relation in enumerate(self.relations)
            if table.upper() in ("", relation.alias.upper(), relation.name.upper()) and relation.column(name)
        ]
        if not found:
            return None
        return found[0], name

    def column_of(self, number: int, name: str) -> Expression:
        """The column of a relation."""
        column = self.relations[number].column(name)
        assert column is not None, name  # noqa: S101

        def at(context: Context) -> Any:
            part = context.parts[number]
            return None if part is None else part.values[name]

        def within(context: Context) -> int:
            part = context.parts[number]
            if part is None:
                raise NotModelled("A window over the time of a row that an outer join does not have is not modelled.")
            return part.moments[name]

        return Expression(column.type, at, Clock(*column.clock, within) if column.clock else None)

    def column(self, node: exp.Column) -> Expression:
        """A column, a field of one, a time of rows, or the present time."""
        if isinstance(node.this, exp.Star):
            raise NotModelled("A star as a value is not modelled.")
        place = self.place(node)
        if place:
            return self.column_of(*place)
        name = canonical(node)
        table = node.args.get("table")
        if name in TIMES:
            return self.rowtime(canonical(table) if table else "")
        if table:
            row = exp.Column(this=table, table=node.args.get("db"))
            if self.place(row):
                return field_of(self.column(row), name)
        if not table and name in NOW and not node.this.quoted:
            return self.now(name)
        if name in METADATA:
            raise NotModelled(f"{name} of a record is not modelled.")
        known = [column.name for relation in self.relations for column in relation.columns]
        raise NotModelled(f"There is no column {name}{hint(name, known)}.")

    def rowtime(self, table: str) -> Expression:
        """ROWTIME: of the row, or of the row of one relation."""
        number = self.leading
        if table:
            names = [one.alias.upper() for one in self.relations]
            if table.upper() not in names:
                names = [one.name.upper() for one in self.relations]
            if table.upper() not in names:
                raise NotModelled(f"There is no relation {table}{hint(table, names)}.")
            number = names.index(table.upper())
        if not self.relations[number].has_time:
            raise NotModelled("ROWTIME of a reference table is not modelled.")
        if not table:
            own = Clock(1, 0, 0, lambda context: context.moment)
            return Expression(TIMESTAMP, lambda context: moment(context.time), own)

        def at(context: Context) -> datetime | None:
            part = context.parts[number]
            return None if part is None else moment(part.time)

        clock = Clock(1, 0, 0, lambda context: context.moment) if number == self.leading else None
        return Expression(TIMESTAMP, at, clock)

    def now(self, name: str) -> Expression:
        """CURRENT_TIMESTAMP and the like: the row's ROWTIME (K18)."""
        own = self.rowtime("")
        kind = DATE if name == "CURRENT_DATE" else TIME if name in ("CURRENT_TIME", "LOCALTIME") else TIMESTAMP
        return Expression(kind, lambda context: values.cast(own.at(context), TIMESTAMP, kind))

    # ---- what a column stands for, whatever it is written like

    def canon(self, node: Any) -> Any:
        """Equal for nodes that mean the same value."""
        if not isinstance(node, exp.Expr):
            return tuple(map(self.canon, node)) if isinstance(node, list) else node
        if isinstance(node, exp.Paren):
            return self.canon(node.this)
        if isinstance(node, exp.Column):
            return self._canon_of_column(node)
        if called(node):
            arguments = tuple(map(self.canon, node.expressions))
            return arguments[0] if called(node) == "MONOTONIC" else (called(node), *arguments)
        if isinstance(node, exp.Interval):
            return ("INTERVAL", *times.length(node))
        parts = ((name, self.canon(part)) for name, part in node.args.items() if part is not None)
        return (type(node).__name__, *parts)

    def _canon_of_column(self, node: exp.Column) -> Any:
        place = self.place(node)
        if place:
            return ("column", *place)
        return ("ROWTIME",) if canonical(node) in TIMES and self._is_leading(node) else ("name", node.sql())

    def _is_leading(self, node: exp.Column) -> bool:
        table = canonical(node.args["table"]).upper() if node.args.get("table") else ""
        leading = self.relations[self.leading]
        return table in ("", leading.alias.upper(), leading.name.upper())
