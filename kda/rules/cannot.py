"""CANNOT: what has no counterpart, or is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sqlglot import exp

from kda import cursors
from kda.applications import Input, Reference
from kda.functions import AGGREGATES, KNOWN
from kda.joins import by_rows, stream_joins
from kda.lookups import lookups
from kda.nodes import FloorTo, IntervalOf, Step, TypedLiteral, Words, called
from kda.program import offset, other
from kda.rule import Found, Kind, Part, Subject, rule
from kda.scope import own, result
from kda.windows import calendar_unit, in_order, milliseconds, named, unusable, window


@rule("K90", Kind.CANNOT, "A construct that is not translated")
def construct(subject: Subject) -> Iterator[Found]:
    """What the language has and no application of note used."""
    for statement in subject.program.others:
        word = other(statement)
        if word not in ("SELECT", "INSERT"):
            yield Found(statement.offset, f"the statement {word} is not translated")
    for pump in subject.program.pumps:
        for node in pump.query.find_all(exp.SetOperation):
            if not (isinstance(node, exp.Union) and node.args.get("distinct") is False):
                yield Found(offset(node), f"{node.key.upper()} without ALL is not translated", pump.name)
        for values in pump.query.find_all(exp.Values):
            yield Found(offset(values), "VALUES, rows that are written out, is not translated", pump.name)
    yield from _column_names(subject)
    yield from _cycles(subject)
    for part in subject.parts:
        yield from _constructs(part, subject)


def _column_names(subject: Subject) -> Iterator[Found]:
    """Names of columns that are no name of a field for those who read the rows."""
    for stream in subject.program.streams.values():
        for column in stream.statement.tree.find_all(exp.ColumnDef):
            if _CONTROL.search(column.this.name):
                yield Found(stream.statement.offset, _BROKEN.format(json.dumps(column.this.name)))
    schemas: list[Input | Reference] = [*subject.application.inputs, *subject.application.references]
    for one in schemas:
        for name in (column.name for column in one.columns or ()):
            if _CONTROL.search(name):
                yield Found(one.offset, _BROKEN.format(json.dumps(name)), in_file=True)


_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_BROKEN = "the column name {}, with a line break or another control character, is not translated"


def _cycles(subject: Subject) -> Iterator[Found]:
    """Streams that are made of themselves."""
    made_of: dict[str, set[str]] = {}
    for part in subject.parts:
        made_of.setdefault(part.pump.target, set()).update(relation.name for relation in part.relations)
    for pump in subject.program.pumps:
        new = {relation.name for part in subject.parts if part.pump is pump for relation in part.relations}
        reached = set[str]()
        while new:
            reached |= new
            new = {one for name in new for one in made_of.get(name, ())} - reached
        if pump.target in reached:
            text = f"stream {pump.target} is made of its own rows, by pump {pump.name}: a cycle is not translated"
            yield Found(pump.statement.offset, text, pump.name)


def _constructs(part: Part, subject: Subject) -> Iterator[Found]:
    yield from _queries(part)
    yield from _windows(part, subject)
    yield from _sliding(part, subject)
    for projection in part.select.expressions:
        if result(projection) == "ROWTIME" and not subject.catalog.time(projection.unalias(), part.select):
            yield part.found(projection, "a column AS ROWTIME, which gives the row another time, is not translated")
    for one in lookups(part, subject.catalog):
        if one.problem:
            yield part.found(one.relation.node, one.problem)
    for relation in part.relations:
        if relation.join is not None and relation.join.args.get("method"):
            yield part.found(relation.join, "NATURAL JOIN, whose columns nobody names, is not translated")
        problem = cursors.problem(relation.name, relation.node.this) if relation.is_call(cursors.FUNCTIONS) else None
        if problem:
            yield part.found(problem[0], f"{problem[1]} is not translated")
    if not any(relation.is_stream for relation in part.relations):
        yield part.found(part.select, "a SELECT from reference tables alone is not translated")


def _queries(part: Part) -> Iterator[Found]:
    """Queries where a relation is not expected, intervals as values, T-sorting."""
    steps = {id(found.node) for found in (*part.windows, *part.windowing.payload)}
    relation_of = (exp.From, exp.Join, exp.In, exp.SetOperation)
    for node in own(part.select):
        if (isinstance(node, exp.In) and node.args.get("query")) or isinstance(node, exp.Exists):
            yield part.found(node, "a query within a condition is not translated")
        elif isinstance(node, exp.Subquery) and not isinstance(node.parent, relation_of):
            yield part.found(node, "a query as a value is not translated")
        elif isinstance(node, IntervalOf) and id(node.find_ancestor(FloorTo)) not in steps:
            yield part.found(
                node,
                "the difference of two times as an interval is not translated: TSDIFF, in milliseconds, is",
            )
        elif isinstance(node, TypedLiteral) and not node.is_time:
            yield part.found(node, f"a text that begins with {node.args['kind']}' is not translated")
        elif isinstance(node, exp.Ordered) and node.args.get("within"):
            yield part.found(node, "ORDER BY .. WITHIN, which sorts late rows by another time, is not translated")


def _windows(part: Part, subject: Subject) -> Iterator[Found]:
    for found in part.windows:
        if not found.milliseconds:
            yield part.found(found.node, f"a window of {found.function} {found.problem} is not translated")
    yield from _stagger(part)
    for node in own(part.select):
        step = window(node, part.select, subject.catalog) if isinstance(node, Step | FloorTo) else None
        if step and not step.time and not step.milliseconds and step.form != "epoch" and not calendar_unit(node):
            yield part.found(node, f"{step.form} of a time of the record {step.problem} is not translated")
    if not _nested(part):
        group = part.select.args["group"]
        yield part.found(group, "windows that do not begin together, or do not divide each other, are not translated")
    if part.select.args.get("distinct") and not part.windowing.distinct:
        yield part.found(part.select, "SELECT DISTINCT of columns without ROWTIME or a step of it is not translated")
    if not part.windowing.tumbling:
        for node in part.windowing.growing:
            yield part.found(node, "GROUP BY of a value that only grows, other than ROWTIME, is not translated")


def _stagger(part: Part) -> Iterator[Found]:
    stagger = part.windowing.stagger
    if stagger is None:
        return
    if not (size := milliseconds(stagger.args["range"])):
        yield part.found(stagger, f"a stagger window {unusable(size)} is not translated")
    if part.windowing.is_grouped:
        yield part.found(stagger, "GROUP BY beside WINDOWED BY STAGGER is not translated")
    if part.windowing.distinct:
        yield part.found(part.select, "SELECT DISTINCT with WINDOWED BY STAGGER is not translated")


def _sliding(part: Part, subject: Subject) -> Iterator[Found]:
    """What stands before OVER, or in the window behind it."""
    text = "a sliding window in another order than that of ROWTIME is not translated"
    for relation in part.relations:
        joined = named(relation.window, part.select)
        if joined is not None and not in_order(joined, part.select, subject.catalog):
            yield part.found(relation.node, text)
    for one in part.windowing.sliding:
        if not one.function:
            yield part.found(one.node, "OVER behind what is no function of rows is not translated")
            continue
        if one.nulls and one.function not in ("FIRST_VALUE", "LAST_VALUE") and (one.function, one.nulls) != _LAG:
            yield part.found(one.node, f"{one.function} {one.nulls} NULLS is not translated: Flink does not do it")
        if not one.is_by_time:
            yield part.found(one.node, text)
        spec = (named(one.node, part.select) or one.node).args.get("spec")
        is_known = spec is None or one.preceding is not None or spec.args["start"] == "UNBOUNDED"
        if not one.is_backward or not is_known:
            yield part.found(one.node, "a sliding window that does not end with the row, or is of an unknown length")


def _nested(part: Part) -> bool:
    """Whether each window of a GROUP BY is made of whole ones of the shortest."""
    known = [(found.milliseconds, found.offset) for found in part.windowing.tumbling if found.milliseconds]
    least, begin = min(known, default=(1, 0))
    return all(size % least == 0 and (at - begin) % least == 0 for size, at in known)


_LAG = ("LAG", "RESPECT")  # as without the words


@rule("K93", Kind.CANNOT, "Join over a number of rows")
def join_over_rows(subject: Subject) -> Iterator[Found]:
    """OVER (ROWS n PRECEDING) of a relation."""
    for part in subject.parts:
        for join, left, right in stream_joins(part):
            if by_rows(left) or by_rows(right):
                yield part.found(join, "a join over a number of rows, or over a window that does not end with the row")


@rule("K94", Kind.CANNOT, "An unknown function")
def unknown_function(subject: Subject) -> Iterator[Found]:
    """A function without a translation."""
    for part in subject.parts:
        sliding = {id(one.node.this): one.function for one in part.windowing.sliding}
        for node in own(part.select):
            if isinstance(node, Words) and node.name == "SUBSTRING" and _is_text(node.args["parts"][2]):
                yield part.found(node, "SUBSTRING by a regular expression has no translation")
            name = called(node)
            if not name:
                continue
            if name == "REGEX_REPLACE" and not _replaces_all(node):
                yield part.found(node, "REGEX_REPLACE from another position or of one match only has no translation")
            elif name in AGGREGATES and not node.expressions:
                yield part.found(node, f"the function {name} without an argument has no translation")
            elif name not in KNOWN or (id(node) in sliding and name not in {*AGGREGATES, "LAG"}):
                yield part.found(node, f"the function {name} has no translation")


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _replaces_all(node: exp.Expr) -> bool:
    return [argument.name for argument in node.expressions[3:]] in ([], ["1"], ["1", "0"])


@rule("K99", Kind.CANNOT, "GROUP BY without a window")
def no_window(subject: Subject) -> Iterator[Found]:
    """No step of ROWTIME among the keys: KDA refused it as well."""
    for part in subject.parts:
        one = part.windowing
        has_window = one.tumbling or one.growing or one.stagger
        if one.is_grouped and not has_window:
            yield part.found(part.select.args["group"], "GROUP BY without a step of ROWTIME never gives a row")
        elif not has_window and not one.is_grouped and (node := _aggregate(part)):
            yield part.found(node, "an aggregate without GROUP BY or OVER never gives a row")


def _aggregate(part: Part) -> exp.Expr | None:
    """An aggregate function outside of OVER."""
    over = {id(one.node.this) for one in part.windowing.sliding}
    for node in own(part.select):
        if (
            called(node) in AGGREGATES
            and id(node) not in over
            and not isinstance(node.parent, exp.IgnoreNulls | exp.RespectNulls)
        ):
            return node
    return None
