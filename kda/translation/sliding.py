"""OVER: windows that slide, and end with the row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from kda.rule import Part
from kda.translation.aggregates import distance, over
from kda.translation.expressions import Failure, Value, value
from kda.translation.names import unique
from kda.translation.options import Options, refuse
from kda.translation.scopes import RowNames, Scope
from kda.translation.state import State
from kda.translation.text import indented, interval, quoted, select
from kda.windows import Sliding, named


def _window(one: Sliding, part: Part, names: RowNames, options: Options) -> tuple[str, list[Failure]]:
    """The text of the window behind OVER, and when its keys fail."""
    meant = named(one.node, part.select)
    if meant is None:
        refuse(one.node, "the window that OVER names is not in the WINDOW clause")
    if not one.is_by_time or not one.is_backward:
        refuse(one.node, "a sliding window in another order than that of ROWTIME has no translation")
    keys = [value(key, names, options) for key in meant.args.get("partition_by") or []]
    failures = [failure for key in keys for failure in key.failures]
    lines = [f"PARTITION BY {', '.join(key.sql for key in keys)}"] if keys else []
    names.scope.clock.require(one.node)  # in a stream of two kinds of times rows are not in the order of ROWTIME
    lines.append(f"ORDER BY {names.scope.main.attribute}")
    lines.append(_frame(one, meant))
    return "\n".join(lines), failures


def _frame(one: Sliding, meant: exp.Window) -> str:
    if one.function == "LAG":
        return f"ROWS BETWEEN {distance(one.node.this)} PRECEDING AND CURRENT ROW"
    spec = meant.args.get("spec")
    if spec is None or spec.args["start"] == "UNBOUNDED":
        kind = one.kind or "RANGE"
        return f"{kind} BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    if one.preceding is None:
        refuse(one.node, "a sliding window of an unknown length has no translation")
    if one.kind == "ROWS":
        return f"ROWS BETWEEN {one.preceding} PRECEDING AND CURRENT ROW"
    return f"RANGE BETWEEN {interval(one.preceding)} PRECEDING AND CURRENT ROW"


def failures(part: Part, names: RowNames, options: Options) -> list[Failure]:
    """When an argument of a function, or a key of its window, fails: before the windows are made."""
    found: list[Failure] = []
    for one in part.windowing.sliding:
        found += _window(one, part, names, options)[1]
        found += over(one.node.this, names, options).failures
    return found


class OverNames(RowNames):
    """The names of a row with its windows."""

    def __init__(self, scope: Scope, state: State) -> None:
        super().__init__(scope, state.subject.catalog, state.options)
        self.calls: dict[int, Value] = {}

    def replaced(self, node: exp.Expr) -> Value | None:
        """A function OVER its window."""
        if id(node) in self.calls:
            return self.calls[id(node)]
        return super().replaced(node)


def prepared(state: State, scope: Scope, where: Sequence[str]) -> tuple[Scope, list[str], OverNames, str]:
    """FROM, WHERE, names and the WINDOW clause; each window but the last in a query of its own."""
    sliding = list(scope.part.windowing.sliding)
    conditions = list(where)
    windows = _windows(state, scope, sliding)
    held: dict[int, tuple[str, Value]] = {}
    if len(windows) > 1:
        items, sources = replace(scope, where=()).flat(state.subject.catalog)
        body = select([*items, scope.main.attribute], scope.in_from, where=[*scope.filters, *conditions])
        scope, conditions = scope.over(body, sources, is_view=False), []
        for text, calls in list(_windows(state, scope, sliding).items())[:-1]:
            names = OverNames(scope, state)
            columns = list(dict.fromkeys(_held_columns(scope)))
            taken = [one.strip("`") for one in columns]
            items = [*columns, *(column for column, _value in held.values())]
            for one in calls:
                found = over(one.node.this, names, state.options)
                column = quoted(unique([*taken, f"over_{len(held) + 1}"])[-1])
                items.append(f"{found.sql} AS {column}")
                held[id(one.node)] = (column, Value(column, found.type, least=found.least))
            body = select([*items, scope.main.attribute], scope.in_from, further=f"WINDOW w AS (\n{indented(text)}\n)")
            scope = scope.over(body, scope.sources, is_view=False)
    text, calls = list(_windows(state, scope, sliding).items())[-1]
    names = OverNames(scope, state)
    names.calls = {key: found for key, (_column, found) in held.items()}
    rows = RowNames(scope, state.subject.catalog, state.options)
    for one in calls:
        names.calls[id(one.node)] = replace(over(one.node.this, rows, state.options), failures=())
    return scope, conditions, names, f"WINDOW w AS (\n{indented(text)}\n)"


def _held_columns(scope: Scope) -> list[str]:
    columns = [quoted(name) for source in scope.sources for name, _kind in source.columns.values()]
    return [*columns, *(source.moment for source in scope.sources if source.moment)]


def _windows(state: State, scope: Scope, sliding: Sequence[Sliding]) -> dict[str, list[Sliding]]:
    """The functions by the text of their windows."""
    names = RowNames(scope, state.subject.catalog, state.options)
    found: dict[str, list[Sliding]] = {}
    for one in sliding:
        found.setdefault(_window(one, scope.part, names, state.options)[0], []).append(one)
    return found
