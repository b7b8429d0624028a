"""Nodes of the syntax tree that sqlglot does not have."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp


class CreateStream(exp.Expression):
    """CREATE STREAM. this: exp.Schema or exp.Table; query: of a stream that is a query; description: a literal."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "replace": False, "description": False, "query": False}


class CreatePump(exp.Expression):
    """CREATE PUMP. this: exp.Table; insert: exp.Insert; state: "STARTED", "STOPPED" or None."""

    arg_types: ClassVar[dict[str, bool]] = {
        "this": True,
        "replace": False,
        "description": False,
        "state": False,
        "insert": True,
    }


class AlterPump(exp.Expression):
    """ALTER PUMP this START. this: exp.Table; state: "START" or "STOP"."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "state": True}


class Other(exp.Expression):
    """Another statement than CREATE STREAM, CREATE PUMP, INSERT, SELECT. text: as written; word: its first words."""

    arg_types: ClassVar[dict[str, bool]] = {"text": True, "word": True}


class Step(exp.Expression, exp.Condition):
    """STEP(this BY interval)."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "by": True}


class FloorTo(exp.Expression, exp.Condition):
    """FLOOR(this TO unit) and CEIL; `name` is the function's, `unit` a text."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "unit": True, "name": True}


class IntervalOf(exp.Expression, exp.Condition):
    """(a - b) SECOND: the difference of two times as an interval. this: exp.Paren; unit: a text."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "unit": True}


class Cursor(exp.Expression, exp.Condition):
    """CURSOR(query), the argument of a table function."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class Stagger(exp.Expression):
    """WINDOWED BY STAGGER (PARTITION BY keys RANGE interval). side: "" or " PRECEDING"."""

    arg_types: ClassVar[dict[str, bool]] = {"partition_by": False, "range": True, "side": False}


class SqlType(exp.Expression):
    """A type. this: its name in upper case; expressions: its numbers."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "expressions": False}


class Plus(exp.Expression, exp.Condition):
    """+ before a value."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class TypedLiteral(exp.Expression, exp.Condition):
    """TIMESTAMP '2026-01-01 00:00:00', U&'..'. kind: TIMESTAMP, DATE, TIME, or another prefix; this: a literal."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "kind": True}

    @property
    def is_time(self) -> bool:
        """Whether it is a time, a date or a time of day."""
        return self.args["kind"] in ("TIMESTAMP", "DATE", "TIME")


class Words(exp.Expression, exp.Condition):
    """A function with words between its arguments: SUBSTRING(a FROM 1 FOR 2). this: its name; parts: nodes, words."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "parts": True}


def called(node: exp.Expr | None) -> str:
    """The name of the function that a node calls, in upper case; "" for another node."""
    return str(node.this).upper() if isinstance(node, exp.Anonymous) else ""


# What KDA adds to the relations and queries of sqlglot.
exp.Select.arg_types = {**exp.Select.arg_types, "windowed_by": False}
exp.Table.arg_types = {**exp.Table.arg_types, "over": False}
exp.Subquery.arg_types = {**exp.Subquery.arg_types, "over": False}
exp.Ordered.arg_types = {**exp.Ordered.arg_types, "within": False}
for _kind in (exp.Like, exp.SimilarTo):
    _kind.arg_types = {**_kind.arg_types, "escape": False}
