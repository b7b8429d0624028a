"""Rows of which some fail: a view that says which, for the stream that reads the others and for the errors."""

from __future__ import annotations

from collections.abc import Sequence

from kda.translation.expressions import Failure
from kda.translation.names import unique
from kda.translation.options import refuse
from kda.translation.scopes import Query, Rows, Scope
from kda.translation.state import State, Tried, messages
from kda.translation.text import indented, literal, quoted, select
from kda.translation.values import hidden

_FAILURE = "failure"
_WHY_HIDDEN = "COALESCE(NULL, x) is x, and keeps Flink's planner from working out what is in it: it goes wrong there."


def _case(failures: Sequence[Failure], pump: str) -> str:
    lines = [f"WHEN {condition}\n{indented(f'THEN {literal(text)}')}" for condition, text in messages(failures, pump)]
    return hidden("CASE\n" + indented("\n".join(lines)) + "\nEND")


def _column(names: Sequence[str]) -> str:
    """The name of the column that says why, apart from others."""
    return unique([*names, _FAILURE])[-1]


def _add(state: State, comment: str, sql: str, failure: str, rows: Rows) -> str:
    view = state.step(f"{state.stream}_tried", [comment, _WHY_HIDDEN], sql)
    state.tried.append(Tried(view, failure, state.pump, rows))
    return view


def rows_tried(state: State, scope: Scope, where: Sequence[str], failures: Sequence[Failure]) -> Scope:
    """The rows of FROM that pass, or fail: the same SELECT, read from the view of those that do not fail.

    where: the conditions; a row for which one of them fails is in the view too.
    """
    if scope.is_full:
        refuse(scope.part.select, "a value that can fail, of rows of a FULL JOIN of streams, has no translation")
    items, sources = scope.flat(state.subject.catalog)
    columns = {name: kind for source in sources for name, kind in source.columns.values()}
    moments = [source.moment for source in sources if source.moment]
    failure = _column([*columns, *(one.strip("`") for one in moments)])
    text = select(
        [*items, f"{_case(failures, state.pump)} AS {quoted(failure)}", scope.main.attribute],
        scope.in_from,
        where=[*scope.filters, *where],
    )
    comment = f"One row per row that pump {state.pump} computes with; {failure} says why it has no result."
    view = _add(state, comment, text, failure, Rows(columns, scope.main.clock))
    return scope.over(view, sources, is_view=True, filters=(f"{quoted(failure)} IS NULL",))


def results_tried(state: State, query: Query, text: str, failures: Sequence[Failure]) -> Query:
    """The results of a query that do not fail. text: the query, with {failure} where the column goes."""
    failure = _column(list(query.rows.columns))
    column = f"{_case(failures, state.pump)} AS {quoted(failure)}"
    comment = f"One row per result of pump {state.pump}; {failure} says why it is none."
    view = _add(state, comment, text.replace(MARK, indented(column).lstrip()), failure, query.rows)
    items = [quoted(name) for name in (*query.rows.columns, "ROWTIME")]
    return Query(select(items, view, where=[f"{quoted(failure)} IS NULL"]), query.rows)


MARK = "\x00failure\x00"  # where the column goes
