"""TABLE(RANDOM_CUT_FOREST(CURSOR(..), ..)) and its like: a view of the rows, and a process table function over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from kda import cursors
from kda.translation.options import refuse, refuse_processing
from kda.translation.scopes import TIME, Query, Rows
from kda.translation.text import indented, item, literal, quoted, select

if TYPE_CHECKING:
    from kda.scope import Relation
    from kda.translation.state import State

_RESULT_TIME = "rowtime"  # the time attribute that Flink adds to the rows of such a function
_ADDED = ("is_late", _RESULT_TIME)  # no row of a job is late there: those are errors before


def over_rows(state: State, relation: Relation, rows: Query) -> Query:
    """The function over the rows of its CURSOR: their columns, and what it adds. It takes them in the order of time."""
    call: exp.Expr = relation.node.this
    known = cursors.FUNCTIONS[relation.name]
    if found := cursors.problem(relation.name, call):
        refuse(found[0], f"{found[1]} has no translation")
    if state.options.time == "processing":
        refuse_processing(call, relation.name)
    rows.rows.clock.require(call)
    columns = rows.rows.columns
    kinds = {name: kind.name if kind is not None else "ROW" for name, kind in columns.items()}
    if problem := cursors.coordinates(relation.name, kinds)[1]:
        remedy = "CAST coordinates to DOUBLE, and a number that is none to VARCHAR, or name types by --schema"
        refuse(call, f"{problem} has no translation: {remedy}")
    if taken := sorted({*columns} & {*known.results, *_ADDED}):
        refuse(call, f"{relation.name} over rows with a column {taken[0]} has no translation: give it another name")
    comments = [f"The rows that pump {state.pump} gives to {relation.name}."]
    view = state.step(f"{state.stream}_points", comments, rows.sql)
    given = [
        f"input => TABLE {view}",
        *(f"{name} => {value}" for name, value in cursors.arguments(relation.name, call)),
    ]
    given += [f"on_time => DESCRIPTOR({quoted(TIME)})", f"uid => {literal(view)}"]
    results = {**columns, **known.results}
    table = f"{known.name}(\n" + ",\n".join(map(indented, given)) + "\n)"
    text = select([*map(quoted, results), item(quoted(_RESULT_TIME), TIME)], table)
    return Query(text, Rows(results, rows.rows.clock))
