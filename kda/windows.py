"""What a SELECT does with time: windows that tumble, slide or stagger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlglot import exp

from kda.functions import TUMBLING
from kda.nodes import FloorTo, IntervalOf, Stagger, Step, TypedLiteral, called
from kda.program import canonical
from kda.scope import Catalog, Time, own

_UNITS = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
_ORDER = ("DAY", "HOUR", "MINUTE", "SECOND")
_CALENDAR = ("MONTH", "QUARTER", "YEAR")
_UNKNOWN = "by months, years or an unknown length"
_EMPTY = "without a length"


@dataclass(frozen=True)
class Window:
    """A time that is cut to a step: STEP(t BY ..), FLOOR(t TO ..), or FLOOR((t - origin) MINUTE / 5 TO MINUTE).

    milliseconds: None for what is not translated, and then `problem` says why. form: "STEP", "FLOOR", "CEIL", "epoch",
    "ROWTIME" for the time itself, or the table function. time: None for a time of the record. offset: the milliseconds
    after 1970 at which a window begins, less than its length.
    """

    milliseconds: int | None
    form: str
    time: Time | None
    node: exp.Expr
    offset: int = 0
    problem: str = _UNKNOWN

    @property
    def function(self) -> str:
        """What it is called in a message."""
        return str(self.node.args["name"]) if self.form == "epoch" else self.form


@dataclass(frozen=True)
class Sliding:
    """A function OVER a window that ends with the row.

    function: in upper case, "" if it is none; nulls: "IGNORE", "RESPECT" or ""; kind: RANGE, ROWS or "" without a
    frame; preceding: milliseconds or rows; None: unbounded, or not a number; is_backward: whether it ends with the
    current row; is_by_time: whether it has no ORDER BY but that of ROWTIME, ascending.
    """

    function: str
    nulls: str
    kind: str
    preceding: int | None
    is_backward: bool
    is_by_time: bool
    node: exp.Window


@dataclass(frozen=True)
class Windowing:
    """The windows of one SELECT.

    tumbling: those that it groups by; distinct: that within which SELECT DISTINCT leaves equal rows out; counting:
    those of table functions. payload: steps of other times; growing: other keys of GROUP BY that only grow.
    """

    tumbling: tuple[Window, ...]
    distinct: Window | None
    counting: tuple[Window, ...]
    payload: tuple[Window, ...]
    growing: tuple[exp.Expr, ...]
    sliding: tuple[Sliding, ...]
    stagger: Stagger | None
    is_grouped: bool


def milliseconds(interval: exp.Expr) -> int | None:
    """The length of INTERVAL '1:30' MINUTE TO SECOND; None for months and years, and for what is no number."""
    if not isinstance(interval, exp.Interval) or not isinstance(interval.this, exp.Literal):
        return None
    first, _, last = re.sub(r"\(.*?\)", "", interval.args["unit"].name).partition(" TO ")
    if first not in _ORDER or (last and last not in _ORDER):
        return None
    units = _ORDER[_ORDER.index(first) : _ORDER.index(last or first) + 1]
    numbers = re.split(r"[ :]", interval.this.name.strip())
    if len(numbers) != len(units) or not all(re.fullmatch(r"\d+(\.\d+)?", number) for number in numbers):
        return None
    return round(sum(float(number) * _UNITS[unit] for number, unit in zip(numbers, units, strict=True)))


def unusable(size: int | None) -> str:
    """Why milliseconds are no length of a window, behind its name: a window of none is another mistake than months."""
    return _EMPTY if size == 0 else _UNKNOWN


def window(node: exp.Expr, select: exp.Select, catalog: Catalog) -> Window | None:
    """The window that an expression is, also under the name that a query in FROM gives it; None if it is none."""
    if isinstance(node, exp.Paren):
        return window(node.this, select, catalog)
    if called(node) == "MONOTONIC" and len(node.expressions) == 1:
        return window(node.expressions[0], select, catalog)
    if isinstance(node, Step) and isinstance(node.args["by"], exp.Interval):  # STEP(23 BY 5) is about numbers
        time, shift = _shifted(node.this, select, catalog)
        return _window(node, milliseconds(node.args["by"]), time, -shift)
    if isinstance(node, FloorTo):
        return _floor(node, select, catalog)
    if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
        return _behind(node, select, catalog)
    return None


def calendar_unit(node: exp.Expr) -> str:
    """MONTH, QUARTER or YEAR if FLOOR cuts a time to it; "" for others, also for CEIL, which ignores hours in Flink."""
    is_floor = isinstance(node, FloorTo) and node.args["name"] == "FLOOR" and node.args["unit"] in _CALENDAR
    return str(node.args["unit"]) if is_floor else ""


def _behind(column: exp.Column, select: exp.Select, catalog: Catalog) -> Window | None:
    """The window that a column of a query in FROM is, if it is the same one in each of that query's SELECTs."""
    found = [window(value, leaf, catalog) for value, leaf in catalog.behind(column, select)]
    same = {(one.milliseconds, one.offset, one.problem, one.time is None) if one else None for one in found}
    return found[0] if len(same) == 1 else None


def _floor(node: FloorTo, select: exp.Select, catalog: Catalog) -> Window | None:
    if isinstance(node.this, exp.Div | IntervalOf):
        return _since(node, select, catalog)
    time, shift = _shifted(node.this, select, catalog)
    found = _window(node, _UNITS.get(node.args["unit"]), time, -shift)
    is_week = node.args["unit"] == "WEEK"
    return replace(found, problem="by weeks, whose first day in KDA is not known,") if is_week else found


def _since(node: FloorTo, select: exp.Select, catalog: Catalog) -> Window | None:
    """FLOOR((t - origin) SECOND / n TO MINUTE): an interval, divided by n and cut to a unit; windows of n units."""
    is_divided = isinstance(node.this, exp.Div)
    since, count = (node.this.this, node.this.expression) if is_divided else (node.this, exp.Literal.number(1))
    if not isinstance(since, IntervalOf) or not isinstance(difference := since.this.this, exp.Sub):
        return None
    time, shift = _shifted(difference.this, select, catalog)
    unit, origin = node.args["unit"], _instant(difference.expression)
    finest = re.sub(r"\(.*?\)", "", since.args["unit"]).rpartition(" TO ")[2]
    is_number = isinstance(count, exp.Literal) and count.name.isdigit()
    # An interval of whole hours has no minutes.
    is_known = unit in _UNITS and is_number and _UNITS.get(finest, 0) <= _UNITS[unit]
    problem = (
        "since a time that is not written out" if origin is None else "of an interval, which it may have cut before,"
    )
    if origin is None or node.args["name"] != "FLOOR":
        return Window(None, "epoch", time, node, problem=problem)
    return replace(
        _window(node, _UNITS[unit] * int(count.name) if is_known else None, time, origin - shift), form="epoch"
    )


def _window(node: Step | FloorTo, size: int | None, time: Time | None, offset: int) -> Window:
    form = node.args["name"] if isinstance(node, FloorTo) else "STEP"
    # CEIL makes groups without their begin and with their end: in milliseconds, those that begin one later.
    offset += form.startswith("CEIL")
    return Window(size or None, form, time, node, offset % size if size else 0, unusable(size))


def _shifted(node: exp.Expr, select: exp.Select, catalog: Catalog) -> tuple[Time | None, int]:
    """A time of rows, and the milliseconds that are added to it: ROWTIME + INTERVAL '9' HOUR."""
    node = node.unnest() if isinstance(node, exp.Paren) else node
    if isinstance(node, exp.Add | exp.Sub):
        left, right = node.this, node.expression
        if isinstance(node, exp.Add) and isinstance(left, exp.Interval):
            left, right = right, left
        by = milliseconds(right)
        if by is None:
            return None, 0
        time, shift = _shifted(left, select, catalog)
        return time, shift + (by if isinstance(node, exp.Add) else -by)
    return catalog.time(node, select), 0


def _instant(node: exp.Expr) -> int | None:
    """The milliseconds since 1970 of TIMESTAMP '2026-01-01 00:00:00'; None for what is no such literal."""
    if not isinstance(node, TypedLiteral | exp.Cast) or not isinstance(node.this, exp.Literal):
        return None
    try:
        return round(datetime.fromisoformat(node.this.name.strip()).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


def _grows(node: exp.Expr, select: exp.Select, catalog: Catalog) -> bool:
    """Whether a value only grows from row to row, so that KDA closed a group when it changed."""
    if called(node) == "MONOTONIC" or catalog.time(node, select):
        return True
    if isinstance(node, exp.Add | exp.Sub):
        return isinstance(node.expression, exp.Literal | exp.Interval) and _grows(node.this, select, catalog)
    if isinstance(node, exp.Paren | Step | FloorTo | exp.Cast):
        return _grows(node.this, select, catalog)
    if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
        values = catalog.behind(node, select)
        return bool(values) and all(_grows(value, leaf, catalog) for value, leaf in values)
    return False


def windowing(select: exp.Select, catalog: Catalog) -> Windowing:
    """All windows of a SELECT, without those of the queries in it."""
    group = select.args.get("group")
    tumbling, payload, growing = [], [], []
    for node in group.expressions if group else ():
        found = window(node, select, catalog) or _moment(node, select, catalog)
        if found is not None and found.time:
            tumbling.append(found)
        elif _grows(node, select, catalog):
            growing.append(node)
        if found is not None and not found.time:
            payload.append(found)
    calls = (node for node in own(select) if isinstance(node, exp.Window) and node.args.get("over"))
    return Windowing(
        tuple(tumbling),
        _distinct(select, catalog, tumbling),
        tuple(_counting(select, catalog)),
        tuple(payload),
        tuple(growing),
        tuple(_sliding(node, select, catalog) for node in calls),
        select.args.get("windowed_by"),
        group is not None,
    )


def _distinct(select: exp.Select, catalog: Catalog, tumbling: list[Window]) -> Window | None:
    """The step of ROWTIME among the columns of SELECT DISTINCT, the window that it groups by, or ROWTIME itself."""
    if not select.args.get("distinct"):
        return None
    values = [projection.unalias() for projection in select.expressions]
    windows = (window(value, select, catalog) for value in values)
    stepped = next((one for one in windows if one and one.time), next(iter(tumbling), None))
    return stepped or next(filter(None, (_moment(value, select, catalog) for value in values)), None)


def _moment(node: exp.Expr, select: exp.Select, catalog: Catalog) -> Window | None:
    """The rows of one moment, for a value that is their time, moved by an interval or not; None for another value."""
    time, _shift = _shifted(node, select, catalog)
    return Window(1, "ROWTIME", time, node) if time else None


def _counting(select: exp.Select, catalog: Catalog) -> Iterator[Window]:
    for relation in catalog.relations(select):
        if relation.is_call(TUMBLING):
            seconds = relation.node.this.expressions[-1:]
            is_number = bool(seconds) and isinstance(seconds[0], exp.Literal) and seconds[0].name.isdigit()
            size = int(seconds[0].name) * 1000 if is_number else None
            yield Window(size or None, relation.name, Time("ROWTIME", select), relation.node, problem=unusable(size))


def named(window_: exp.Expr | None, select: exp.Select) -> exp.Window | None:
    """The window itself, or that of the WINDOW clause which it names; None if there is none of that name."""
    if isinstance(window_, exp.Identifier):
        name = canonical(window_)
    elif isinstance(window_, exp.Window):
        alias = window_.args.get("alias")
        if alias is None:
            return window_
        name = canonical(alias)
    else:
        return None
    known = {canonical(one.this): one for one in select.args.get("windows") or []}
    return known.get(name)


def _sliding(node: exp.Window, select: exp.Select, catalog: Catalog) -> Sliding:
    has_nulls = isinstance(node.this, exp.IgnoreNulls | exp.RespectNulls)
    function = node.this.this if has_nulls else node.this
    nulls = ("IGNORE" if isinstance(node.this, exp.IgnoreNulls) else "RESPECT") if has_nulls else ""
    meant = named(node, select) or node
    spec = meant.args.get("spec")
    kind, preceding, is_backward = frame(spec)
    is_by_time = in_order(node, select, catalog) and in_order(meant, select, catalog)
    return Sliding(called(function), nulls, kind, preceding, is_backward, is_by_time, node)


def in_order(window_: exp.Window, select: exp.Select, catalog: Catalog) -> bool:
    """Whether the rows of a window behind OVER are in the order in which they come."""
    order = window_.args.get("order")
    if order is None:
        return True
    first, *further = order.expressions
    return not further and not first.args.get("desc") and catalog.time(first.this, select) is not None


def frame(spec: exp.WindowSpec | None) -> tuple[str, int | None, bool]:
    """RANGE or ROWS, how far back (milliseconds or rows), and whether it ends with the current row."""
    if spec is None:
        return "", None, True
    start, kind = spec.args["start"], spec.args["kind"]
    preceding: int | None
    if start == "CURRENT ROW":
        preceding = 0
    elif isinstance(start, exp.Interval):
        preceding = milliseconds(start)
    else:
        preceding = int(start.name) if isinstance(start, exp.Literal) and start.name.isdigit() else None
    ends = spec.args.get("end") in (None, "CURRENT ROW")
    return kind, preceding, ends and spec.args.get("start_side") != "FOLLOWING"


def length(value: int | None) -> str:
    """A length for people: 1 minute, 90 seconds, 1.5 seconds, 1 millisecond."""
    if value is None:
        return "a length that is not known"
    for unit, size in reversed(_UNITS.items()):
        if value >= size and value % size == 0:
            return f"{value // size} {unit.lower()}{'' if value == size else 's'}"
    if value < 1000:
        return f"{value} millisecond{'' if value == 1 else 's'}"
    return f"{value / 1000:g} seconds"
