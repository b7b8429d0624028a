"""Expressions of a SELECT: from a node of the tree to a type and a function of a row.

`Compiler.compiled(node)` gives an `Expression`; `expression.at(context)` its value in a row. It raises Failed where the
row is an error. Only what is evaluated fails: AND and OR stop when they are decided, CASE takes one branch, COALESCE
stops at the first value that is not NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlglot import exp

from kda.functions import AGGREGATES, NOW
from kda.model import functions, patterns, times, values
from kda.model.rows import Failed, NotModelled, milliseconds, moment
from kda.model.values import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL,
    MONTHS,
    TIME,
    TIMESTAMP,
    VARCHAR,
    is_number,
    is_text,
    is_whole,
)
from kda.nodes import FloorTo, IntervalOf, Plus, Step, TypedLiteral, Words, called
from kda.program import canonical
from kda.scope import METADATA, TIMES
from kda.sql_types import Type
from program.errors import hint

_SIGNS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_COMPARISONS: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
}


@dataclass(frozen=True)
class Item:
    """A row on its way. time: its ROWTIME; moment: what windows by ROWTIME count it by, which differs with align only.

    moments: the same for columns that are a time of rows, or a step of one.
    """

    time: int
    values: dict[str, Any]
    moment: int
    moments: dict[str, int] = field(default_factory=dict)


@dataclass
class Context:
    """A row in a SELECT. parts: the row of each relation, None for one without; results: of functions of rows."""

    parts: list[Item | None]
    time: int
    moment: int
    results: list[Any] = field(default_factory=list)


Evaluate = Callable[[Context], Any]


@dataclass(frozen=True)
class Clock:
    """That a value is a time of rows, cut to a step or not: it changes when `at` passes offset + n * size.

    size: milliseconds, 1 for the time itself; offset: of the windows, after 1970; shift: what is added to the time, of
    the time itself; at: a moment within the window.
    """

    size: int
    offset: int
    shift: int
    at: Evaluate

    def begin(self, at: int) -> int:
        """The begin of the window that holds a moment; its end is `size` later."""
        return (at - self.offset) // self.size * self.size + self.offset


@dataclass(frozen=True)
class Expression:
    """type: None for NULL, and for nothing else; clock: of a time of rows."""

    type: Type | None
    at: Evaluate
    clock: Clock | None = None


@dataclass(frozen=True)
class Column:
    """A column of a relation. clock: size, offset and shift of one that is a time of rows."""

    name: str
    type: Type | None
    clock: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Relation:
    """A relation of FROM. columns: in their order; has_time: whether its rows have a ROWTIME."""

    alias: str
    name: str
    columns: tuple[Column, ...]
    has_time: bool = True

    def column(self, name: str) -> Column | None:
        """Its column of this name."""
        return next((column for column in self.columns if column.name == name), None)


Replaced = Callable[[exp.Expr], Expression | None]


def _nothing(_node: exp.Expr) -> Expression | None:
    return None


def constant(value: Any, kind: Type | None) -> Expression:
    """An expression that always has this value."""
    return Expression(kind, lambda _context: value)


@dataclass(frozen=True)
class Compiler:
    """Makes expressions of nodes. replaced: asked first for each node; leading: the relation with the row's time."""

    relations: Sequence[Relation]
    leading: int = 0
    replaced: Replaced = _nothing

    def compiled(self, node: exp.Expr) -> Expression:
        """The expression of a node. Raises NotModelled for what the model does not know."""
        found = self.replaced(node)
        if found is not None:
            return found
        for kind, compile_ in _COMPILERS.items():
            if isinstance(node, kind):
                return compile_(self, node)
        raise NotModelled(f"{type(node).__name__} is not modelled.")

    def all(self, nodes: Sequence[exp.Expr]) -> list[Expression]:
        """The expressions of some nodes."""
        return [self.compiled(node) for node in nodes]

    def condition(self, node: exp.Expr) -> Expression:
        """The expression of a node that has to be BOOLEAN."""
        found = self.compiled(node)
        if found.type is not None and found.type != BOOLEAN and not is_text(found.type):
            raise NotModelled(f"A condition that is {found.type.name} is not modelled.")
        return converted(found, BOOLEAN)

    # ---- names

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


def field_of(row: Expression, name: str) -> Expression:
    """A field of a row that a function gives."""
    if not isinstance(row.type, functions.RowType):
        raise NotModelled(f"There is no field {name} of a value that is no row.")
    kind = row.type.field(name)

    def at(context: Context) -> Any:
        found = row.at(context)
        return None if found is None else found[name]

    return Expression(kind, at)


def converted(value: Expression, to: Type | None) -> Expression:
    """A value as one of a type, as by CAST."""
    if to is None or value.type is None or value.type == to:
        return value
    return Expression(to, lambda context: values.cast(value.at(context), value.type, to))


def as_text(value: Expression) -> Expression:
    """A value as a text."""
    return value if is_text(value.type) else converted(value, VARCHAR)


def as_number(value: Expression) -> Expression:
    """A value as a number, of a text a DOUBLE."""
    return converted(value, DOUBLE) if is_text(value.type) else value


def strict(kind: Type | None, arguments: Sequence[Expression], function: Callable[..., Any]) -> Expression:
    """A function that gives NULL for any NULL among its arguments, all of which are evaluated."""

    def at(context: Context) -> Any:
        found = [argument.at(context) for argument in arguments]
        return None if None in found else function(*found)

    return Expression(kind, at)


# ---- literals


def _literal(_compiler: Compiler, node: exp.Literal) -> Expression:
    if node.is_string:
        return constant(node.name, VARCHAR)
    digits = node.name
    if "E" in digits.upper():
        return constant(values.finite(float(digits)), DOUBLE)
    if "." in digits:
        value = Decimal(digits)
        scale = len(digits.partition(".")[2])
        return constant(value, values.decimal(max(len(value.as_tuple().digits), scale), scale))
    number = int(digits)
    if number >= 2**63:
        return constant(Decimal(number), values.decimal(len(str(number)), 0))
    return constant(number, INTEGER if number < 2**31 else BIGINT)


def _typed_literal(_compiler: Compiler, node: TypedLiteral) -> Expression:
    if not node.is_time:
        raise NotModelled(f"A text that begins with {node.args['kind']}' is not modelled.")
    kind = Type(node.args["kind"])
    try:
        return constant(values.cast(node.this.name, VARCHAR, kind), kind)
    except Failed as failed:
        raise NotModelled(f"A literal whose {failed.message} is not modelled.") from None


def _interval(_compiler: Compiler, node: exp.Interval) -> Expression:
    unit, number = times.length(node)
    return constant(number, INTERVAL if unit == "MILLISECOND" else MONTHS)


# ---- logic: True, False, and None for what is not known


def _and(compiler: Compiler, node: exp.Expr) -> Expression:
    left, right = compiler.condition(node.this), compiler.condition(node.expression)
    decided = isinstance(node, exp.Or)  # by True; AND by False

    def at(context: Context) -> Any:
        first = left.at(context)
        if first is decided:
            return decided
        second = right.at(context)
        if second is decided:
            return decided
        return None if first is None or second is None else not decided

    return Expression(BOOLEAN, at)


def _not(compiler: Compiler, node: exp.Not) -> Expression:
    return strict(BOOLEAN, [compiler.condition(node.this)], lambda value: not value)


def _compared(compiler: Compiler, nodes: Sequence[exp.Expr]) -> list[Expression]:
    """The expressions, made such that their values can be compared: texts as what they are compared with."""
    found = compiler.all(nodes)
    others = [one.type for one in found if one.type is not None and not is_text(one.type)]
    kind = None
    for other in others:
        kind = values.comparable(kind, other)
    if any(is_text(one.type) for one in found):
        kind = VARCHAR if kind is None else DOUBLE if is_number(kind) else kind
    if kind is not None and kind.name in ("INTERVAL", "MONTHS", "ROW"):
        raise NotModelled(f"A comparison of {kind.name} is not modelled.")

    return [Expression(kind, _comparable(one, kind)) for one in found]


def _comparable(one: Expression, kind: Type | None) -> Evaluate:
    return lambda context: values.compared(one.at(context), one.type, kind)


def _comparison(compiler: Compiler, node: exp.Expr) -> Expression:
    return strict(BOOLEAN, _compared(compiler, [node.this, node.expression]), _COMPARISONS[type(node)])


def _distinct_from(compiler: Compiler, node: exp.Expr) -> Expression:
    left, right = _compared(compiler, [node.this, node.expression])
    is_same = isinstance(node, exp.NullSafeEQ)
    return Expression(BOOLEAN, lambda context: (left.at(context) == right.at(context)) is is_same)


def _between(compiler: Compiler, node: exp.Between) -> Expression:
    parts = _compared(compiler, [node.this, node.args["low"], node.args["high"]])

    def at(context: Context) -> Any:
        value, low, high = (part.at(context) for part in parts)
        above = None if value is None or low is None else value >= low
        below = None if value is None or high is None else value <= high
        return False if False in (above, below) else None if None in (above, below) else True

    return Expression(BOOLEAN, at)


def _in(compiler: Compiler, node: exp.In) -> Expression:
    if node.args.get("query"):
        raise NotModelled("A query within a condition is not modelled.")
    value, *options = _compared(compiler, [node.this, *node.expressions])

    def at(context: Context) -> bool | None:
        own = value.at(context)
        others = [option.at(context) for option in options]
        if own is None:
            return None
        return True if own in [one for one in others if one is not None] else None if None in others else False

    return Expression(BOOLEAN, at)


def _is(compiler: Compiler, node: exp.Is) -> Expression:
    what = node.expression
    is_null = isinstance(what, exp.Null)
    value = compiler.compiled(node.this) if is_null else compiler.condition(node.this)
    if isinstance(what, exp.Boolean):
        return Expression(BOOLEAN, lambda context: value.at(context) is bool(what.this))
    return Expression(BOOLEAN, lambda context: value.at(context) is None)


def _like(compiler: Compiler, node: exp.Expr) -> Expression:
    value, pattern = map(as_text, compiler.all([node.this, node.expression]))
    escape = node.args["escape"].name if node.args.get("escape") else ""
    matches = patterns.like if isinstance(node, exp.Like) else patterns.similar
    return strict(BOOLEAN, [value, pattern], lambda text, shape: matches(text, shape, escape))


# ---- arithmetic


def _arithmetic(compiler: Compiler, node: exp.Expr) -> Expression:
    left, right = compiler.all([node.this, node.expression])
    sign = _SIGNS[type(node)]
    if isinstance(node, exp.Add) and left.type in (INTERVAL, MONTHS):
        left, right = right, left
    if right.type in (INTERVAL, MONTHS) and sign in "+-":
        return _moved(left, right, -1 if sign == "-" else 1)
    return computed(sign, left, right)


def computed(sign: str, left: Expression, right: Expression) -> Expression:
    """left + right and so on, of numbers, and of texts as numbers."""
    left, right = as_number(left), as_number(right)
    if not all(one.type is None or is_number(one.type) for one in (left, right)):
        kinds = " and ".join(one.type.name for one in (left, right) if one.type)
        raise NotModelled(f"{sign} of {kinds} is not modelled.")
    if left.type is None or right.type is None:
        return strict(left.type or right.type, [left, right], lambda _left, _right: None)
    kind = values.result(sign, left.type, right.type)
    return strict(kind, [left, right], lambda first, second: values.computed(sign, first, second, kind))


def _moved(time: Expression, by: Expression, sign: int) -> Expression:
    if time.type == DATE and by.type == INTERVAL:
        day = timedelta(days=1) // timedelta(milliseconds=1)

        def moved(value: date, length: int) -> date:
            if length % day:
                raise NotModelled("A DATE with hours added is not modelled.")
            return value + timedelta(milliseconds=sign * length)

        return strict(DATE, [time, by], moved)
    if time.type not in (TIMESTAMP, DATE, None):
        raise NotModelled("An interval added to what is no TIMESTAMP is not modelled.")
    if by.type == MONTHS:
        return strict(time.type, [time, by], lambda value, months: times.months_later(value, sign * months))
    clock = time.clock
    if clock is not None and clock.size == 1:
        shift = sign * by.at(Context([], 0, 0))
        clock = Clock(1, 0, clock.shift + shift, clock.at)
    else:
        clock = None
    found = strict(time.type, [time, by], lambda value, length: value + timedelta(milliseconds=sign * length))
    return Expression(found.type, found.at, clock)


def _signed(compiler: Compiler, node: exp.Expr) -> Expression:
    value = as_number(compiler.compiled(node.this))
    if value.type is not None and not is_number(value.type):
        raise NotModelled(f"A sign before a value that is {value.type.name} is not modelled.")
    return value if isinstance(node, Plus) else strict(value.type, [value], lambda number: -number)


def _concatenated(compiler: Compiler, node: exp.DPipe) -> Expression:
    parts = [as_text(part) for part in compiler.all([node.this, node.expression])]
    return strict(VARCHAR, parts, lambda left, right: left + right)


# ---- CASE, CAST


def chosen(branches: Sequence[tuple[Expression | None, Expression]]) -> Expression:
    """The value of the first branch whose condition is true; the condition None always is."""
    kind = None
    for _condition, value in branches:
        kind = values.common(kind, value.type)

    def at(context: Context) -> Any:
        for condition, value in branches:
            if condition is None or condition.at(context) is True:
                return assigned(value.at(context), value.type, kind)
        return None

    return Expression(kind, at)


def assigned(value: Any, source: Type | None, to: Type | None) -> Any:
    """A value as one of a type that holds it."""
    return value if value is None or to is None or source == to else values.cast(value, source, to)


def _case(compiler: Compiler, node: exp.Case) -> Expression:
    branches: list[tuple[Expression | None, Expression]] = []
    for branch in node.args["ifs"]:
        if node.this is not None:
            compared = _compared(compiler, [node.this, branch.this])
            condition = strict(BOOLEAN, compared, lambda left, right: left == right)
        else:
            condition = compiler.condition(branch.this)
        branches.append((condition, compiler.compiled(branch.args["true"])))
    default = node.args.get("default")
    if default is not None:
        branches.append((None, compiler.compiled(default)))
    return chosen(branches)


def _cast(compiler: Compiler, node: exp.Cast) -> Expression:
    value, to = compiler.compiled(node.this), Type.of(node.args["to"])
    clock = value.clock if to == TIMESTAMP else None
    return Expression(to, lambda context: values.cast(value.at(context), value.type, to), clock)


# ---- steps of times


def _step(compiler: Compiler, node: Step) -> Expression:
    value = compiler.compiled(node.this)
    if not isinstance(node.args["by"], exp.Interval):
        by = compiler.compiled(node.args["by"])
        if not is_whole(value.type):
            raise NotModelled("STEP of a number that is not whole is not modelled.")
        return computed("*", computed("/", value, by), by)
    unit, size = times.length(node.args["by"])
    if unit != "MILLISECOND":
        raise NotModelled("STEP by months is not modelled.")
    return _stepped(value, size, is_up=False)


def _stepped(value: Expression, size: int, *, is_up: bool) -> Expression:
    if value.type in (DATE, TIME):
        return converted(_stepped(_on_a_day(value), size, is_up=is_up), value.type)
    if value.type != TIMESTAMP:
        raise NotModelled("A step of what is no time is not modelled.")
    if size <= 0:
        raise NotModelled("A step without a length is not modelled.")

    def cut(time: datetime) -> datetime:
        at = milliseconds(time)
        return moment(-(-at // size) * size if is_up else at // size * size)

    own = value.clock
    if own is None or own.size != 1:
        return strict(TIMESTAMP, [value], cut)

    def at(context: Context) -> datetime | None:
        # Of the moment by which a window counts the row: the two differ where windows are aligned.
        return None if value.at(context) is None else cut(moment(own.at(context) + own.shift))

    return Expression(TIMESTAMP, at, Clock(size, (-own.shift + is_up) % size, 0, own.at))


def _on_a_day(value: Expression) -> Expression:
    """A date at midnight, or a time of day of 1970-01-01, as a TIMESTAMP."""
    if value.type == DATE:
        return converted(value, TIMESTAMP)
    return strict(TIMESTAMP, [value], lambda clock: datetime.combine(moment(0).date(), clock))


def _floor_to(compiler: Compiler, node: FloorTo) -> Expression:
    if isinstance(node.this, exp.Div | IntervalOf):
        return _since(compiler, node)
    value = compiler.compiled(node.this)
    unit, is_up = node.args["unit"], node.args["name"] != "FLOOR"
    size = times.UNITS.get(unit)
    if size is not None:
        return _stepped(value, size, is_up=is_up)
    if is_up or unit not in times.CALENDAR or value.type not in (TIMESTAMP, DATE):
        raise NotModelled(f"{node.args['name']} TO {unit} is not modelled.")
    return strict(value.type, [value], lambda time: times.floored(time, unit))


def _since(compiler: Compiler, node: FloorTo) -> Expression:
    """FLOOR((t - origin) SECOND / n TO MINUTE): windows of n minutes since the origin; its value is not modelled."""
    is_divided = isinstance(node.this, exp.Div)
    since, count = (node.this.this, node.this.expression) if is_divided else (node.this, exp.Literal.number(1))
    unit = times.UNITS.get(node.args["unit"])
    difference = since.this.this if isinstance(since, IntervalOf) else None
    if unit is None or node.args["name"] != "FLOOR" or not isinstance(difference, exp.Sub) or not count.name.isdigit():
        raise NotModelled("FLOOR of such an interval is not modelled.")
    size = unit * int(count.name)
    time, origin = compiler.all([difference.this, difference.expression])
    if size <= 0 or times.UNITS.get(times.finest(since.args["unit"]), unit + 1) > unit:
        raise NotModelled("FLOOR of such an interval is not modelled.")
    if time.clock is None or time.clock.size != 1 or not isinstance(difference.expression, exp.Cast | TypedLiteral):
        raise NotModelled("FLOOR of an interval since a time that is not written out is not modelled.")
    begin = values.cast(origin.at(Context([], 0, 0)), origin.type, TIMESTAMP)
    offset = (milliseconds(begin) - time.clock.shift) % size
    clock = Clock(size, offset, 0, time.clock.at)
    return Expression(INTERVAL, lambda context: clock.begin(clock.at(context)), clock)


# ---- functions


def _words(compiler: Compiler, node: Words) -> Expression:
    words = [part for part in node.args["parts"] if isinstance(part, str)]
    arguments = compiler.all([part for part in node.args["parts"] if not isinstance(part, str)])
    return _applied(node.name.upper(), words, arguments)


def _call(compiler: Compiler, node: exp.Anonymous) -> Expression:
    name = called(node)
    if name in AGGREGATES or name == "LAG":
        raise NotModelled(f"{name} without GROUP BY or OVER is not modelled.")
    if name in NOW:
        return compiler.now(name)
    if name == "UNIX_TIMESTAMP" and not node.expressions:
        own = compiler.rowtime("")
        return Expression(BIGINT, lambda context: milliseconds(own.at(context)))
    if name == "NULLIF":
        return _nullif(compiler, node)
    arguments = compiler.all(node.expressions)
    special: dict[str, Callable[[], Expression]] = {
        "MONOTONIC": lambda: arguments[0],
        "COALESCE": lambda: _coalesce(arguments),
        "MOD": lambda: computed("%", *arguments),
    }
    return special[name]() if name in special else _applied(name, [], arguments)


def _applied(name: str, words: list[str], arguments: list[Expression]) -> Expression:
    types = [argument.type for argument in arguments]
    kind, function = functions.function(name, words, types, _literals(arguments))
    taken = [converted(argument, to) for argument, to in zip(arguments, types, strict=True)]
    return strict(kind, taken, function)


def _literals(arguments: Sequence[Expression]) -> list[Any]:
    """The values of those arguments that need no row, None for others."""
    found: list[Any] = []
    for argument in arguments:
        try:
            found.append(argument.at(Context([], 0, 0)))
        except (Failed, IndexError):
            found.append(None)
    return found


def _coalesce(arguments: Sequence[Expression]) -> Expression:
    kind = None
    for argument in arguments:
        kind = values.common(kind, argument.type)

    def at(context: Context) -> Any:
        for argument in arguments:
            value = argument.at(context)
            if value is not None:
                return assigned(value, argument.type, kind)
        return None

    return Expression(kind, at)


def _nullif(compiler: Compiler, node: exp.Anonymous) -> Expression:
    value = compiler.compiled(node.expressions[0])
    left, right = _compared(compiler, node.expressions)

    def at(context: Context) -> Any:
        return None if left.at(context) == right.at(context) else value.at(context)

    return Expression(value.type, at)


_COMPILERS: dict[Any, Callable[[Compiler, Any], Expression]] = {
    exp.Paren: lambda compiler, node: compiler.compiled(node.this),
    exp.Alias: lambda compiler, node: compiler.compiled(node.this),
    exp.Literal: _literal,
    exp.Null: lambda _compiler, _node: constant(None, None),
    exp.Boolean: lambda _compiler, node: constant(bool(node.this), BOOLEAN),
    TypedLiteral: _typed_literal,
    exp.Interval: _interval,
    exp.Column: lambda compiler, node: compiler.column(node),
    exp.Dot: lambda compiler, node: field_of(compiler.compiled(node.this), canonical(node.expression)),
    exp.And: _and,
    exp.Or: _and,
    exp.Not: _not,
    exp.NullSafeEQ: _distinct_from,
    exp.NullSafeNEQ: _distinct_from,
    **dict.fromkeys(_COMPARISONS, _comparison),
    exp.Between: _between,
    exp.In: _in,
    exp.Is: _is,
    exp.Like: _like,
    exp.SimilarTo: _like,
    **dict.fromkeys(_SIGNS, _arithmetic),
    exp.Neg: _signed,
    Plus: _signed,
    exp.DPipe: _concatenated,
    exp.Case: _case,
    exp.Cast: _cast,
    Step: _step,
    FloorTo: _floor_to,
    Words: _words,
    exp.Anonymous: _call,
}
