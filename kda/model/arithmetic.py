"""Arithmetic of numbers, and of times with intervals; times that are cut to a step."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlglot import exp

from kda.constants import beyond
from kda.model import times, values
from kda.model.evaluation import (
    Clock,
    Compiling,
    Context,
    Expression,
    as_number,
    as_text,
    converted,
    strict,
)
from kda.model.rows import NotModelled, milliseconds, moment
from kda.model.values import DATE, INTERVAL, MONTHS, TIME, TIMESTAMP, VARCHAR, is_number, is_whole
from kda.nodes import FloorTo, IntervalOf, Plus, Step, TypedLiteral

SIGNS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def arithmetic(compiler: Compiling, node: exp.Expr) -> Expression:
    """a + b and its like."""
    left, right = compiler.all([node.this, node.expression])
    sign = SIGNS[type(node)]
    if isinstance(node, exp.Add) and left.type in (INTERVAL, MONTHS):
        left, right = right, left
    if right.type in (INTERVAL, MONTHS) and sign in "+-":
        return _moved(left, right, -1 if sign == "-" else 1)
    found = computed(sign, left, right)
    if (size := beyond(node, found.type)) is not None:  # a constant has a type that it fits
        written = compiler.compiled(exp.Literal.number(abs(size)))
        return strict(written.type, [written], lambda number: -number) if size < 0 else written
    return found


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


def signed(compiler: Compiling, node: exp.Expr) -> Expression:
    """-a, +a."""
    value = as_number(compiler.compiled(node.this))
    if value.type is not None and not is_number(value.type):
        raise NotModelled(f"A sign before a value that is {value.type.name} is not modelled.")
    return value if isinstance(node, Plus) else strict(value.type, [value], lambda number: -number)


def concatenated(compiler: Compiling, node: exp.DPipe) -> Expression:
    """a || b."""
    parts = [as_text(part) for part in compiler.all([node.this, node.expression])]
    return strict(VARCHAR, parts, lambda left, right: left + right)


def step(compiler: Compiling, node: Step) -> Expression:
    """STEP(a BY b)."""
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


def floor_to(compiler: Compiling, node: FloorTo) -> Expression:
    """FLOOR(a TO unit), CEIL(a TO unit)."""
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


def _since(compiler: Compiling, node: FloorTo) -> Expression:
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
