"""CHANGED: what gives other rows in Flink in cases that are named."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from sqlglot import exp

from kda.applications import Input, Reference
from kda.casts import cuts, fails, is_whole
from kda.constants import constant
from kda.cursors import FUNCTIONS
from kda.functions import FORMATTING, NOW, PARSING, TUMBLING
from kda.joins import by_rows, stream_joins
from kda.nodes import IntervalOf, Plus, SqlType, called
from kda.program import canonical, offset
from kda.rule import Found, Kind, Part, Subject, rule
from kda.scope import ERROR_STREAM, TIMES, Relation, leaves, own
from kda.sql_types import FLOATING, Type
from kda.windows import length


@rule("K10", Kind.CHANGED, "ROWTIME is the time of arrival")
def arrival(subject: Subject) -> Iterator[Found]:
    """Once for an application that does anything by ROWTIME."""
    uses = [
        (offset(node), part)
        for part in subject.parts
        for node in own(part.select)
        if (isinstance(node, exp.Column) and not isinstance(node.this, exp.Star) and canonical(node) in TIMES)
        or isinstance(node, exp.Window)
        or called(node) in {*TUMBLING, *FUNCTIONS}
    ]
    if uses:
        at, _part = min(uses, key=lambda use: use[0])
        yield Found(
            at, "ROWTIME is the moment at which a record came into the stream; it was that at which KDA read it"
        )


@rule("K11", Kind.CHANGED, "Outer join of streams")
def outer_join(subject: Subject) -> Iterator[Found]:
    """The row without a counterpart comes when the window has passed."""
    for part in subject.parts:
        for join, left, right in stream_joins(part):
            side = join.args.get("side")
            if side and (left or right) and not by_rows(left) and not by_rows(right):
                yield part.found(join, f"{side} JOIN: a row without a counterpart comes when its window has passed")


@rule("K12", Kind.CHANGED, "ORDER BY")
def order_by(subject: Subject) -> Iterator[Found]:
    """Rows are not sorted."""
    for part in subject.parts:
        order = part.select.args.get("order")
        if order is not None:
            what = ", ".join(_short(one.this) for one in order.expressions)
            is_inner = all(part.select is not leaf for leaf in leaves(part.pump.query))
            is_read = part.pump.target in subject.read or is_inner
            then = (
                "rows are not sorted, and what is read from them by their order, as by ROWS or FIRST_VALUE, differs"
                if is_read
                else "the rows are the same, not their order"
            )
            yield part.found(order, f"ORDER BY {what}: {then}")


def _short(node: exp.Expr) -> str:
    from kda.dialect import printed  # noqa: PLC0415  (only for this text)

    text = printed(node.copy())
    return text if len(text) <= 40 else f"{text[:37]}..."


@rule("K13", Kind.CHANGED, "LAG looks back further than the window")
def lag(subject: Subject) -> Iterator[Found]:
    """LAG looks back so many rows here, not so long."""
    for part in subject.parts:
        for one in part.windowing.sliding:
            if one.function == "LAG":
                size = f" of {length(one.preceding)}" if one.kind == "RANGE" and one.preceding else ""
                yield part.found(one.node, f"LAG gives the row before also when it is older than the window{size}")


@rule("K14", Kind.CHANGED, "Join of two windows")
def two_windows(subject: Subject) -> Iterator[Found]:
    """The time of the joined row."""
    for part in subject.parts:
        for join, left, right in stream_joins(part):
            if left and right and not by_rows(left) and not by_rows(right):
                yield part.found(join, "a joined row has the ROWTIME of the left row; in KDA that of the later one")


@rule("K15", Kind.CHANGED, "Exact instead of approximate")
def exact(subject: Subject) -> Iterator[Found]:
    """TOP_K_ITEMS_TUMBLING and COUNT_DISTINCT_ITEMS_TUMBLING."""
    for part in subject.parts:
        for relation in part.relations:
            if relation.is_call(TUMBLING):
                yield part.found(relation.node, f"{relation.name} counts exactly; KDA's count was an estimate")


@rule("K16", Kind.CHANGED, "RANDOM_CUT_FOREST")
def forest(subject: Subject) -> Iterator[Found]:
    """The same algorithm, with other random numbers."""
    for relation, part in _calls(subject, {*FUNCTIONS} - {"HOTSPOTS"}):
        yield part.found(relation.node, f"{relation.name} makes its cuts at random: scores differ a little from KDA's")


def _calls(subject: Subject, names: Collection[str]) -> Iterator[tuple[Relation, Part]]:
    for part in subject.parts:
        for relation in part.relations:
            if relation.is_call(names):
                yield relation, part


@rule("K17", Kind.CHANGED, "REAL has more digits")
def real(subject: Subject) -> Iterator[Found]:
    """REAL becomes DOUBLE."""
    for statement in subject.program.statements:
        for kind in statement.tree.find_all(SqlType):
            if kind.name == "REAL":
                yield Found(offset(kind), "REAL becomes DOUBLE: numbers have more digits")
    schemas: list[Input | Reference] = [*subject.application.inputs, *subject.application.references]
    for one in schemas:
        if names := [column.name for column in one.columns or () if column.type.upper() == "REAL"]:
            yield Found(
                one.offset, f"REAL becomes DOUBLE in {', '.join(names)}: numbers have more digits", in_file=True
            )


@rule("K18", Kind.CHANGED, "The present time is the row's")
def present(subject: Subject) -> Iterator[Found]:
    """CURRENT_TIMESTAMP and its like."""
    for part in subject.parts:
        for node in own(part.select):
            if isinstance(node, exp.Column) and not node.args.get("table") and not isinstance(node.this, exp.Star):
                name = canonical(node)
                if name in NOW and not node.this.quoted:
                    yield part.found(node, f"{name} is the row's ROWTIME, so that a replay gives the same rows")


@rule("K20", Kind.CHANGED, "A text that is no time")
def no_time(subject: Subject) -> Iterator[Found]:
    """CHAR_TO_TIMESTAMP and its like."""
    for part in subject.parts:
        for node, name in part.calls(PARSING):
            yield part.found(
                node, f"{name}: a text that is not {PARSING[name]} gave a row on error_stream; here it gives NULL"
            )


@rule("K21", Kind.CHANGED, "Division by zero")
def division(subject: Subject) -> Iterator[Found]:
    """The divisor may be zero."""
    for part in subject.parts:
        for node in _computed(part):
            divisor = _divisor(node)
            if divisor is not None and _may_be_zero(divisor, part):
                yield part.found(node, f"{_short(node)}: {_ERRORS} for a divisor of zero; here on the errors stream")


_ERRORS = "KDA put a row on error_stream and none on the result"


def _computed(part: Part) -> Iterator[exp.Expr]:
    """The nodes of a SELECT without those of its ORDER BY, which is left out."""
    order = part.select.args.get("order")
    left_out = {id(node) for node in order.walk()} if order is not None else set()
    yield from (node for node in own(part.select) if id(node) not in left_out)


def _divisor(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, exp.Div):
        return None if isinstance(node.this, IntervalOf) else node.expression
    return node.expressions[1] if called(node) == "MOD" and len(node.expressions) == 2 else None


def _may_be_zero(divisor: exp.Expr, part: Part) -> bool:
    value = constant(divisor)
    if value is not None:
        return value == 0
    if isinstance(divisor, exp.Paren | exp.Neg | Plus):
        return _may_be_zero(divisor.this, part)
    if isinstance(divisor, exp.Mul):
        return _may_be_zero(divisor.this, part) or _may_be_zero(divisor.expression, part)
    if isinstance(divisor, exp.Cast) and Type.of(divisor.args["to"]).name in FLOATING:
        return _may_be_zero(divisor.this, part)
    if called(divisor) == "NULLIF" and len(divisor.expressions) == 2:
        return constant(divisor.expressions[1]) != 0
    return not _counts_rows(divisor, part)


def _counts_rows(divisor: exp.Expr, part: Part) -> bool:
    """COUNT(*) has at least the row that opened its window, or with OVER the current one."""
    while isinstance(divisor, exp.Paren | exp.Cast):
        divisor = divisor.this
    ends_with_row = any(one.node is divisor and one.is_backward for one in part.windowing.sliding)
    call = divisor.this if ends_with_row else divisor
    counted = call.expressions[:1] if called(call) == "COUNT" else []
    return (ends_with_row or part.windowing.is_grouped) and bool(counted) and isinstance(counted[0], exp.Star)


@rule("K22", Kind.CHANGED, "CAST that fails")
def cast(subject: Subject) -> Iterator[Found]:
    """CAST to a number, a time or a BOOLEAN of what may be none, and to a text of what may not fit."""
    for part in subject.parts:
        for node in _computed(part):
            if not isinstance(node, exp.Cast):
                continue
            if fails(node, part.select, subject.catalog):
                yield part.found(node, f"{_short(node)}: {_ERRORS} for a value that is none; here on the errors stream")
            elif cuts(node, part.select, subject.catalog):
                yield part.found(node, f"{_short(node)}: {_ERRORS} for a value that does not fit; here its text is cut")


@rule("K23", Kind.CHANGED, "Output to a Lambda function")
def to_function(subject: Subject) -> Iterator[Found]:
    """A stream with an event source mapping takes its place."""
    for one in subject.application.outputs:
        if one.service == "lambda":
            yield Found(
                one.offset,
                f"output {one.stream} went to a Lambda function: here to a Kinesis stream that calls the function",
                in_file=True,
            )


@rule("K24", Kind.CHANGED, "NOT NULL is not checked")
def not_null(subject: Subject) -> Iterator[Found]:
    """A column of a stream that must not be NULL."""
    for stream in subject.program.streams.values():
        names = [
            column.this.name
            for column in stream.statement.tree.find_all(exp.ColumnDef)
            if column.args.get("constraints")
        ]
        if names:
            yield Found(stream.statement.offset, f"NOT NULL of {', '.join(names)} is not checked: a NULL passes")


@rule("K25", Kind.CHANGED, "A time that is NULL, as text")
def null_text(subject: Subject) -> Iterator[Found]:
    """TIMESTAMP_TO_CHAR and its like."""
    for part in subject.parts:
        for node, name in part.calls(FORMATTING):
            yield part.found(node, f"{name} becomes DATE_FORMAT: of NULL it gave the text 'null'; here it gives NULL")


@rule("K26", Kind.CHANGED, "The error stream as an output")
def error_output(subject: Subject) -> Iterator[Found]:
    """An output that takes error_stream."""
    for one in subject.application.outputs:
        if one.stream.upper() == ERROR_STREAM:
            yield Found(
                one.offset,
                "output error_stream: the job's errors stream takes its place, with other columns",
                in_file=True,
            )


@rule("K27", Kind.CHANGED, "FIRST_VALUE and LAST_VALUE leave NULL out")
def first_of_all(subject: Subject) -> Iterator[Found]:
    """Without IGNORE NULLS, of what may be NULL."""
    for part in subject.parts:
        for node, name in part.calls(("FIRST_VALUE", "LAST_VALUE")):
            value = node.expressions[0] if node.expressions else None
            is_set = isinstance(value, exp.Literal) or (value and subject.catalog.time(value, part.select))
            if not isinstance(node.parent, exp.IgnoreNulls) and not is_set:
                yield part.found(node, f"{name} leaves NULL out; KDA gave the NULL, as there is no IGNORE NULLS")


@rule("K28", Kind.CHANGED, "Overflow of whole numbers")
def overflow(subject: Subject) -> Iterator[Found]:
    """Once for a pump, at the first sum, difference or product of whole numbers that are not all constants."""
    told: set[str] = set()
    for part in subject.parts:
        for node in own(part.select):
            if part.pump.name in told or not isinstance(node, exp.Add | exp.Sub | exp.Mul):
                continue
            if constant(node) is None and is_whole(node, part.select, subject.catalog):
                told.add(part.pump.name)
                yield part.found(node, f"{_short(node)}: {_ERRORS} for one that is too large; here it wraps around")


_PADDED = re.compile(r"CHAR(ACTER)?(\s*\(\s*\d+\s*\))?", re.IGNORECASE)


@rule("K29", Kind.CHANGED, "CHAR is not padded")
def padded(subject: Subject) -> Iterator[Found]:
    """CHAR becomes VARCHAR."""
    text = "becomes VARCHAR: a shorter text is not filled up with blanks"
    for statement in subject.program.statements:
        for kind in statement.tree.find_all(SqlType):
            if kind.name in ("CHAR", "CHARACTER"):
                yield Found(offset(kind), f"CHAR {text}")
    schemas: list[Input | Reference] = [*subject.application.inputs, *subject.application.references]
    for one in schemas:
        if names := [column.name for column in one.columns or () if _PADDED.fullmatch(column.type.strip())]:
            yield Found(one.offset, f"CHAR {text} in {', '.join(names)}", in_file=True)


@rule("K30", Kind.CHANGED, "HOTSPOTS")
def hotspots(subject: Subject) -> Iterator[Found]:
    """Built from its description."""
    for relation, part in _calls(subject, {"HOTSPOTS"}):
        yield part.found(relation.node, "HOTSPOTS is built from its description: regions may differ from KDA's")
