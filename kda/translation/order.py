"""Rows in order: ORDER BY with --keep-order, and the rows of windows of which the first or last is asked for.

Flink sorts by a time of rows first, and by other values among those of one time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from kda.translation.expressions import Names, value
from kda.translation.names import unique
from kda.translation.options import refuse
from kda.translation.scopes import BOUNDS, Scope
from kda.translation.state import State
from kda.translation.text import indented, interval, quoted, select
from kda.translation.windows import tumble
from kda.windows import window

LOST = "ORDER BY has no translation that keeps the order here: leave --keep-order out, or this ORDER BY"


_SORTED = (
    "The rows that pump {} groups, in the order of their ROWTIME, for FIRST_VALUE and LAST_VALUE. In a window Flink",
    "takes rows as they come, and those of several shards come in any order; OVER gives those of a key in order.",
)


def sorted_rows(state: State, scope: Scope, where: Sequence[str], keys: Sequence[str]) -> Scope:
    """The rows of a scope that is not joined, from a view in which those of equal keys are in order.

    where: conditions that they fulfil. keys: SQL of what they are grouped by beside the window.
    """
    columns = [quoted(name) for source in scope.sources for name, _kind in source.columns.values()]
    columns += [source.moment for source in scope.sources if source.moment]
    count = quoted(unique([*(one.strip("`") for one in columns), "in_order"])[-1])
    window = [f"PARTITION BY {', '.join(keys)}"] if keys else []
    window += [
        f"ORDER BY {scope.main.attribute}",
        f"RANGE BETWEEN {interval(1)} PRECEDING AND CURRENT ROW",
    ]
    text = select(
        [*dict.fromkeys(columns), f"COUNT(*) OVER w AS {count}", scope.main.attribute],
        scope.in_from,
        where=[*scope.filters, *where],
        further="WINDOW w AS (\n" + indented("\n".join(window)) + "\n)",
    )
    view = state.step(f"{state.stream}_in_order", [one.format(state.pump) for one in _SORTED], text)
    # The count has to be read, or Flink leaves OVER out. It is 1 at least: the row itself.
    return scope.over(view, scope.sources, is_view=True, filters=(f"{count} > 0",))


def wanted(state: State, select: exp.Select) -> exp.Order | None:
    """The ORDER BY that the rows of a pump are to be sorted by. Raises Untranslatable for one elsewhere."""
    order: exp.Order | None = select.args.get("order")
    if order is None or not state.options.keep_order:
        return None
    if not isinstance(select.parent, exp.Insert) or state.options.time == "processing":
        refuse(order, LOST)
    if sum(pump.target == state.stream for pump in state.subject.program.pumps) > 1:
        refuse(order, LOST)
    return order


def _step(state: State, order: exp.Order, select: exp.Select) -> int:
    """The milliseconds of the step of ROWTIME that is sorted by first, 0 for ROWTIME itself."""
    first = order.expressions[0]
    if first.args.get("desc"):
        refuse(order, LOST)
    if state.subject.catalog.time(first.this, select) is not None:
        return 0
    found = window(first.this, select, state.subject.catalog)
    if found is None or found.time is None or not found.milliseconds or found.offset:
        refuse(order, LOST)
    return found.milliseconds


def _by(state: State, order: exp.Order, names: Names, first: str) -> str:
    keys = [first]
    for one in order.expressions[1:]:
        key = value(one.this, names, state.options)
        if key.failures:
            refuse(order, LOST)
        keys.append(f"{key.sql} DESC" if one.args.get("desc") else key.sql)
    return f"ORDER BY {', '.join(keys)}"


def of_group(state: State, order: exp.Order, select: exp.Select, names: Names, size: int) -> str:
    """ORDER BY of the rows of windows: all of a window have one time."""
    if _step(state, order, select) > size:
        refuse(order, LOST)
    return _by(state, order, names, BOUNDS[2])


def of_rows(state: State, order: exp.Order, scope: Scope, names: Names) -> tuple[Scope, str]:
    """ORDER BY of other rows, and FROM: a step is a window by which rows are sorted."""
    step = _step(state, order, scope.part.select)
    if not step:
        return scope, _by(state, order, names, scope.main.attribute)
    if scope.is_joined or scope.clock.require(order) or _is_read(state):
        refuse(order, LOST)
    body = tumble(scope.main.body, step, 0, is_view=scope.main.is_view)
    sources = [replace(one, body=body, is_view=True) for one in scope.sources]
    sorted_ = replace(scope, sources=tuple(sources), main=sources[scope.sources.index(scope.main)])
    return sorted_, _by(state, order, names, BOUNDS[2])


def _is_read(state: State) -> bool:
    """Whether a pump reads the stream: rows that wait for the end of their step would come late there."""
    return any(one.name == state.stream for part in state.subject.parts for one in part.relations)
