"""What a SELECT does with time: windows that tumble, slide or stagger."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from kda.nodes import FloorTo, IntervalOf, Stagger, Step
from kda.program import canonical
from kda.scope import Catalog, own

_UNITS = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000, "WEEK": 604_800_000}
_ORDER = ("DAY", "HOUR", "MINUTE", "SECOND")


@dataclass(frozen=True)
class Window:
    """A time that is cut to a step: STEP(t BY ..), FLOOR(t TO ..), or FLOOR((t - epoch) MINUTE / 5 TO MINUTE).

    milliseconds: None for months, years, and a length that is not known. form: "STEP", "FLOOR", "CEIL" or "epoch".
    time: ROWTIME or APPROXIMATE_ARRIVAL_TIME; "" for a time of the record.
    """

    milliseconds: int | None
    form: str
    time: str
    node: exp.Expr


@dataclass(frozen=True)
class Sliding:
    """A function OVER a window that ends with the row.

    function: in upper case; kind: RANGE, ROWS or "" without a frame; preceding: milliseconds or rows; None: unbounded,
    or not a number; is_backward: whether it ends with the current row; keys: of PARTITION BY.
    """

    function: str
    kind: str
    preceding: int | None
    is_backward: bool
    keys: tuple[exp.Expr, ...]
    node: exp.Window


@dataclass(frozen=True)
class Windowing:
    """The windows of one SELECT. tumbling: those that it groups by; keys: what else; payload: steps of other times."""

    tumbling: tuple[Window, ...]
    payload: tuple[Window, ...]
    keys: tuple[exp.Expr, ...]
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


def window(node: exp.Expr, select: exp.Select, catalog: Catalog) -> Window | None:
    """The window that an expression is; None if it is none."""
    if isinstance(node, exp.Paren):
        return window(node.this, select, catalog)
    if isinstance(node, Step):
        is_interval = isinstance(node.args["by"], exp.Interval)  # STEP(23 BY 5) is about numbers
        time = catalog.time(node.this, select)
        return Window(milliseconds(node.args["by"]), "STEP", time, node) if is_interval else None
    if not isinstance(node, FloorTo):
        return None
    unit = _UNITS.get(node.args["unit"])
    if isinstance(node.this, exp.Div | IntervalOf):
        # An interval since the epoch, divided by n and cut to a unit: windows of n units.
        is_divided = isinstance(node.this, exp.Div)
        since, count = (node.this.this, node.this.expression) if is_divided else (node.this, exp.Literal.number(1))
        if isinstance(since, IntervalOf) and isinstance(difference := since.this.this, exp.Sub):
            is_number = isinstance(count, exp.Literal) and count.name.isdigit()
            size = unit * int(count.name) if unit and is_number else None
            return Window(size or None, "epoch", catalog.time(difference.this, select), node)
        return None
    # CEIL makes the same groups as FLOOR.
    return Window(unit, node.args["name"], catalog.time(node.this, select), node)


def windowing(select: exp.Select, catalog: Catalog) -> Windowing:
    """All windows of a SELECT, without those of the queries in it."""
    group = select.args.get("group")
    tumbling, payload, keys = [], [], []
    for node in group.expressions if group else ():
        found = window(node, select, catalog)
        if found is None or not found.time:
            keys.append(node)
        else:
            tumbling.append(found)
        if found is not None and not found.time:
            payload.append(found)
    calls = (node for node in own(select) if isinstance(node, exp.Window) and node.args.get("over"))
    sliding = tuple(_sliding(node, select) for node in calls)
    return Windowing(
        tuple(tumbling), tuple(payload), tuple(keys), sliding, select.args.get("windowed_by"), group is not None
    )


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


def _sliding(node: exp.Window, select: exp.Select) -> Sliding:
    function = node.this.this if isinstance(node.this, exp.IgnoreNulls | exp.RespectNulls) else node.this
    meant = named(node, select) or node
    spec = meant.args.get("spec")
    kind, preceding, is_backward = frame(spec)
    keys = tuple(meant.args.get("partition_by") or ())
    return Sliding(str(function.this).upper(), kind, preceding, is_backward, keys, node)


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
    """A length for people: 1 minute, 90 seconds, 1.5 seconds."""
    if value is None:
        return "a length that is not known"
    for unit, size in reversed(_UNITS.items()):
        if unit != "WEEK" and value >= size and value % size == 0:
            return f"{value // size} {unit.lower()}{'' if value == size else 's'}"
    return f"{value / 1000:g} seconds"
