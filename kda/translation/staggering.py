"""WINDOWED BY STAGGER: the rows of each key, held back until the window that the first of them opened closes.

In the view that this module writes, the rows of a window have one time: its last millisecond. A window of one
millisecond then gathers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kda.nodes import Stagger
from kda.translation.expressions import value
from kda.translation.names import unique
from kda.translation.options import Options, refuse, refuse_processing
from kda.translation.scopes import BOUNDS, TIME, RowNames, Scope, Source
from kda.translation.state import State
from kda.translation.text import indented, interval, item, literal, nested, quoted, select
from kda.translation.windows import has_columns
from kda.windows import Window, milliseconds, unusable

FORM = "STAGGER"  # of the window
_ADDED = ("is_late", "rowtime")  # the columns that the function adds
_OPENING = "The rows that pump {} groups in stagger windows, and what they are grouped by."
_HELD = (
    "The rows that pump {} groups, each held back until the stagger window of its key closes. ROWTIME is the window's",
    "last millisecond. No row is late here: what is late by its shard's clock is on the errors stream already.",
)


@dataclass(frozen=True)
class Held:
    """The rows of a SELECT, held back. columns: that of each key of more than a column, by the key's SQL."""

    scope: Scope
    columns: dict[str, str]


def window_of(stagger: Stagger, options: Options) -> Window:
    """The window in which the rows that are held back are grouped. Raises Untranslatable for STAGGER without it."""
    if options.time == "processing":
        refuse_processing(stagger, "WINDOWED BY STAGGER")
    return Window(1, FORM, None, stagger)


def held(state: State, scope: Scope, where: Sequence[str], stagger: Stagger) -> Held:
    """The views of the rows: with the keys, and held back. where: conditions that the rows fulfil."""
    size = milliseconds(stagger.args["range"])
    if not size:
        refuse(stagger, f"a stagger window {unusable(size)} has no translation")
    scope.clock.require(stagger)
    items, sources = _row(state, scope)
    names = [quoted(name) for source in sources for name, _kind in source.columns.values()]
    names += [source.moment for source in sources if source.moment]
    before = RowNames(scope, state.subject.catalog, state.options)
    after = RowNames(scope.over("", sources, is_view=True), state.subject.catalog, state.options)
    keys: list[str] = []
    columns: dict[str, str] = {}
    for node in stagger.args["partition_by"] or ():
        own = value(node, after, state.options).sql
        if not has_columns(node) or own in columns:
            continue
        if own not in names:
            columns[own] = _free(names, f"key_{len(columns) + 1}")
            items.append(item(value(node, before, state.options).sql, columns[own].strip("`")))
            names.append(columns[own])
        keys.append(columns.get(own, own))
    key = keys[0] if len(set(keys)) == 1 else _free(names, "keys")
    text = select([*items, scope.main.attribute], scope.in_from, where=[*scope.filters, *where])
    if key not in names:  # in a view Flink loses the parentheses around several keys: they are the fields of one
        row = f"ROW({', '.join(dict.fromkeys(keys))})" if keys else "TRUE"
        text = select([*names, item(row, key.strip("`")), quoted(TIME)], nested(text, "rows_of_query"))
    opening = state.step(f"{state.stream}_opening", [_OPENING.format(state.pump)], text)
    view = _held(state, opening, names, key, size)
    return Held(scope.over(view, sources, is_view=True), columns)


def _row(state: State, scope: Scope) -> tuple[list[str], tuple[Source, ...]]:
    """The columns that are read of a row; its own time is a column too if it is, as ROWTIME becomes another."""
    whole = replace(scope, where=())
    items, sources = whole.flat(state.subject.catalog, _ADDED)
    main = scope.sources.index(scope.main)
    if (scope.main, TIME) not in whole.used(state.subject.catalog):
        return items, sources
    names = [quoted(name) for source in sources for name, _kind in source.columns.values()]
    moment = _free([*names, *(source.moment for source in sources)], "row_time")
    items.append(item(scope.time(scope.part.select), moment.strip("`")))
    return items, tuple(
        replace(source, moment=moment) if number == main else source for number, source in enumerate(sources)
    )


def _held(state: State, opening: str, names: Sequence[str], key: str, size: int) -> str:
    name = state.names.given(f"{state.stream}_staggered")
    arguments = [
        f"input => TABLE {opening} PARTITION BY {key}",
        f"length => {interval(size)}",
        f"on_time => DESCRIPTOR({quoted(TIME)})",
        f"uid => {literal(name)}",
    ]
    function = "stagger(\n" + indented(",\n".join(arguments)) + "\n)"
    return state.put_step(
        name, [one.format(state.pump) for one in _HELD], select([*names, f"rowtime AS {quoted(TIME)}"], function)
    )


def _free(names: Sequence[str], wanted: str) -> str:
    """A name in backticks, apart from others."""
    taken = [one.strip("`") for one in names]
    return quoted(unique([TIME, *BOUNDS, *_ADDED, *taken, wanted])[-1])
