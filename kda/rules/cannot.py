"""CANNOT: what has no counterpart, or is not there."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from kda.functions import AGGREGATES, FOREST, KNOWN
from kda.nodes import FloorTo, IntervalOf, Words
from kda.program import Pump, offset, other
from kda.rule import Found, Kind, Part, Subject, rule
from kda.rules.kept import by_rows, distinct_window, stream_joins
from kda.scope import ERROR_STREAM, own, result, starred
from kda.windows import named


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
    for part in subject.parts:
        yield from _constructs(part, subject)


def _constructs(part: Part, subject: Subject) -> Iterator[Found]:
    yield from _queries(part)
    yield from _windows(part, subject)
    for projection in part.select.expressions:
        if result(projection) == "ROWTIME" and not subject.catalog.time(projection.unalias(), part.select):
            yield part.found(projection, "a column AS ROWTIME, which gives the row another time, is not translated")
    for relation in part.relations:
        side = relation.join.args.get("side") if relation.join is not None else None
        if relation.kind == "reference" and side in ("RIGHT", "FULL"):
            yield part.found(relation.node, f"{side} JOIN with a reference table is not translated")
    if not any(relation.is_stream for relation in part.relations):
        yield part.found(part.select, "a SELECT from reference tables alone is not translated")


def _queries(part: Part) -> Iterator[Found]:
    """Queries where a relation is not expected, intervals as values, T-sorting."""
    steps = {id(found.node) for found in (*part.windowing.tumbling, *part.windowing.payload)}
    relation_of = (exp.From, exp.Join, exp.In, exp.SetOperation)
    for node in own(part.select):
        if (isinstance(node, exp.In) and node.args.get("query")) or isinstance(node, exp.Exists):
            yield part.found(node, "a query within a condition is not translated")
        elif isinstance(node, exp.Subquery) and not isinstance(node.parent, relation_of):
            yield part.found(node, "a query as a value is not translated")
        elif isinstance(node, IntervalOf) and id(node.find_ancestor(FloorTo)) not in steps:
            yield part.found(node, "the difference of two times as an interval is not translated: TSDIFF is")
        elif isinstance(node, exp.Ordered) and node.args.get("within"):
            yield part.found(node, "ORDER BY .. WITHIN, which sorts late rows by another time, is not translated")


def _windows(part: Part, subject: Subject) -> Iterator[Found]:
    for found in part.windowing.tumbling:
        if not found.milliseconds:
            yield part.found(
                found.node, f"a window of {found.form} by months, years or an unknown length is not translated"
            )
    if len({found.milliseconds for found in part.windowing.tumbling}) > 1 and not _nested(part):
        group = part.select.args["group"]
        yield part.found(group, "windows of lengths that do not divide each other are not translated")
    if part.select.args.get("distinct") and not distinct_window(part, subject):
        yield part.found(part.select, "SELECT DISTINCT without a step of ROWTIME among its columns is not translated")
    for one in part.windowing.sliding:
        spec = (named(one.node, part.select) or one.node).args.get("spec")
        is_known = spec is None or one.preceding is not None or spec.args["start"] == "UNBOUNDED"
        if not one.is_backward or not is_known:
            yield part.found(one.node, "a sliding window that does not end with the row, or is of an unknown length")


def _nested(part: Part) -> bool:
    """Whether each window of a GROUP BY is made of whole ones of the shortest."""
    lengths = [found.milliseconds for found in part.windowing.tumbling if found.milliseconds]
    return all(one % min(lengths) == 0 for one in lengths)


@rule("K91", Kind.CANNOT, "HOTSPOTS")
def hotspots(subject: Subject) -> Iterator[Found]:
    """No library does what it did."""
    yield from _table_functions(subject, {"HOTSPOTS"}, "{} has no counterpart")


def _table_functions(subject: Subject, names: set[str], text: str) -> Iterator[Found]:
    for part in subject.parts:
        for relation in part.relations:
            if relation.kind == "function" and relation.name in names:
                yield part.found(relation.node, text.format(relation.name))


@rule("K92", Kind.CANNOT, "A Lambda function before the input")
def preprocessor(subject: Subject) -> Iterator[Found]:
    """InputProcessingConfiguration."""
    for one in subject.application.inputs:
        if one.lambda_arn:
            yield Found(
                one.offset,
                f"the records of input {one.prefix} went through the Lambda function {one.lambda_arn} first, "
                "which is no SQL: let the producers send what it made",
                in_file=True,
            )


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
            if not isinstance(node, exp.Anonymous):
                continue
            name = str(node.this).upper()
            if name == "REGEX_REPLACE" and not _replaces_all(node):
                yield part.found(node, "REGEX_REPLACE from another position or of one match only has no translation")
            elif name not in KNOWN or (id(node) in sliding and name not in {*AGGREGATES, "LAG"}):
                yield part.found(node, f"the function {name} has no translation")


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _replaces_all(node: exp.Anonymous) -> bool:
    return [argument.name for argument in node.expressions[3:]] in ([], ["1"], ["1", "0"])


@rule("K96", Kind.CANNOT, "Something is missing")
def incomplete(subject: Subject) -> Iterator[Found]:
    """A placeholder, a stream that nobody declares, columns that nobody knows."""
    program = subject.program
    for at, text in program.placeholders:
        inside = [pump.name for pump in program.pumps if pump.statement.offset <= at < pump.statement.tree.meta["end"]]
        yield Found(at, f"the value of {text} is not in this file: put it in", next(iter(inside), None))
    if not program.pumps:
        yield Found(0, "there is no pump: nothing is computed")
    for statement in program.others:
        if (word := other(statement)) in ("SELECT", "INSERT"):
            yield Found(statement.offset, f"this {word} is not in a pump: nothing takes its rows")
    for pump in program.pumps:
        if pump.target in program.streams:
            yield from _columns(subject, pump)
        else:
            yield Found(
                pump.statement.offset, f"stream {pump.target} is not declared: CREATE STREAM is missing", pump.name
            )
    for part in subject.parts:
        yield from _names(part)
    for output in subject.application.outputs:
        if output.stream not in program.streams and output.stream.upper() != ERROR_STREAM:
            yield Found(
                output.offset, f"output {output.stream} is a stream that the SQL does not declare", in_file=True
            )


def _names(part: Part) -> Iterator[Found]:
    """Relations and windows that are named and not declared."""
    text = "the window that OVER names is not in the WINDOW clause"
    for relation in part.relations:
        if relation.kind == "unknown":
            yield part.found(relation.node, f"{relation.name} is no stream, input or reference table here")
        if relation.window is not None and named(relation.window, part.select) is None:
            yield part.found(relation.node, text)
    for one in part.windowing.sliding:
        if named(one.node, part.select) is None:
            yield part.found(one.node, text)


def _columns(subject: Subject, pump: Pump) -> Iterator[Found]:
    """Whether a pump gives as many values as it has columns to fill."""
    results = subject.catalog.results(pump.query)
    declared = [column for column, _type in subject.program.streams[pump.target].columns]
    wanted = pump.columns or declared
    if results is None:
        yield from _stars(subject, pump)
    elif wanted and len(results) != len(wanted):
        values = f"{len(results)} value{'' if len(results) == 1 else 's'}"
        yield Found(offset(pump.query), f"{values} for {len(wanted)} columns of {pump.target}", pump.name)
    for column in pump.columns or () if declared else ():
        if column not in declared:
            yield Found(pump.statement.offset, f"stream {pump.target} has no column {column}", pump.name)


def _stars(subject: Subject, pump: Pump) -> Iterator[Found]:
    """Stars that stand for columns which are not known."""
    for select in pump.selects:
        for projection in select.expressions:
            star = starred(projection)
            for relation in subject.catalog.relations(select) if star is not None else ():
                if star in ("", relation.alias) and relation.columns is None and relation.kind != "query":
                    name = relation.name or "the function"
                    yield Found(
                        offset(projection), f"* needs the columns of {name}, which are not in this file", pump.name
                    )


@rule("K97", Kind.CANNOT, "WINDOWED BY STAGGER")
def stagger(subject: Subject) -> Iterator[Found]:
    """Not built yet."""
    for part in subject.parts:
        if part.windowing.stagger is not None:
            yield part.found(part.windowing.stagger, "WINDOWED BY STAGGER is not translated yet")


@rule("K98", Kind.CANNOT, "RANDOM_CUT_FOREST")
def forest(subject: Subject) -> Iterator[Found]:
    """Not built yet."""
    yield from _table_functions(subject, FOREST, "{} is not translated yet")


@rule("K99", Kind.CANNOT, "GROUP BY without a window")
def no_window(subject: Subject) -> Iterator[Found]:
    """No step of ROWTIME among the keys: KDA refused it as well."""
    for part in subject.parts:
        one = part.windowing
        has_window = one.tumbling or one.stagger
        if one.is_grouped and not has_window:
            yield part.found(part.select.args["group"], "GROUP BY without a step of ROWTIME never gives a row")
        elif not has_window and not one.is_grouped and (node := _aggregate(part)):
            yield part.found(node, "an aggregate without GROUP BY or OVER never gives a row")


def _aggregate(part: Part) -> exp.Expr | None:
    """An aggregate function outside of OVER."""
    over = {id(one.node.this) for one in part.windowing.sliding}
    for node in own(part.select):
        is_aggregate = isinstance(node, exp.Anonymous) and str(node.this).upper() in AGGREGATES
        if is_aggregate and id(node) not in over and not isinstance(node.parent, exp.IgnoreNulls | exp.RespectNulls):
            return node
    return None
