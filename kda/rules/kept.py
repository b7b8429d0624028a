"""KEPT: what gives the same rows in Flink."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from kda.functions import AGGREGATES, REWRITTEN
from kda.joins import by_rows, stream_joins
from kda.lookups import lookups
from kda.nodes import FloorTo, Step, Words
from kda.rule import Found, Kind, Part, Subject, rule
from kda.scope import own
from kda.windows import calendar_unit, frame, in_order, length, milliseconds, named, window


@rule("K01", Kind.KEPT, "Tumbling window on ROWTIME")
def rowtime_window(subject: Subject) -> Iterator[Found]:
    """GROUP BY of a step of ROWTIME, in its three forms, or of ROWTIME itself."""
    for part in subject.parts:
        for found in part.windowing.tumbling:
            if found.milliseconds and found.time:
                moved = f", {length(found.offset)} after multiples of its length" if found.offset else ""
                size = length(found.milliseconds)
                yield part.found(found.node, f"tumbling window of {size} on {found.time.name}{moved}")


@rule("K02", Kind.KEPT, "In-application stream as a view")
def view(subject: Subject) -> Iterator[Found]:
    """A stream between pumps needs no Kinesis stream."""
    for name, stream in subject.program.streams.items():
        if name in subject.read:
            count = sum(pump.target == name for pump in subject.program.pumps)
            of = f", of the rows of {count} pumps" if count > 1 else ""
            yield Found(
                stream.statement.offset, f"stream {name} becomes a view{of}, without a Kinesis stream in between"
            )


@rule("K03", Kind.KEPT, "Reference table")
def reference_table(subject: Subject) -> Iterator[Found]:
    """A join with a table in S3."""
    for part in subject.parts:
        for one in lookups(part, subject.catalog):
            if not one.problem:
                yield part.found(one.relation.node, f"reference table {one.relation.name} is looked up for each row")


@rule("K04", Kind.KEPT, "Stagger window")
def stagger_window(subject: Subject) -> Iterator[Found]:
    """A window of each key, that its first row opens."""
    for part in subject.parts:
        stagger = part.windowing.stagger
        if stagger is not None and (size := milliseconds(stagger.args["range"])):
            yield part.found(stagger, f"stagger window of {length(size)}, from the first row of each key on")


@rule("K05", Kind.KEPT, "Functions by another name")
def rewritten(subject: Subject) -> Iterator[Found]:
    """Functions that are rewritten and give the same."""
    for part in subject.parts:
        for node, name in part.calls(REWRITTEN):
            yield part.found(node, f"{name} becomes {REWRITTEN[name]}")
        for node in own(part.select):
            if isinstance(node, Words) and node.name == "EXTRACT" and node.args["parts"][0] == "SECOND":
                yield part.found(node, "EXTRACT(SECOND ..) becomes seconds with their milliseconds; Flink's has none")
            elif isinstance(node, Step) and not isinstance(node.args["by"], exp.Interval):
                yield part.found(node, "STEP of a number becomes x / n * n")


@rule("K06", Kind.KEPT, "Sliding window")
def sliding_window(subject: Subject) -> Iterator[Found]:
    """A function OVER a window of time or rows that ends with the row."""
    for part in subject.parts:
        for one in part.windowing.sliding:
            if one.function not in AGGREGATES or not one.is_backward or not one.is_by_time:
                continue
            if one.kind == "ROWS" and one.preceding is not None:
                size = f"of the row and {one.preceding} before it"
            elif one.kind == "RANGE" and one.preceding is not None:
                size = f"of {length(one.preceding)}" if one.preceding else "of the rows of one moment"
            elif one.kind == "" or _is_unbounded(one.node, part):
                size = "of all rows so far"
            else:
                continue
            yield part.found(one.node, f"{one.function} over a sliding window {size}")


def _is_unbounded(node: exp.Window, part: Part) -> bool:
    spec = (named(node, part.select) or node).args.get("spec")
    return spec is not None and spec.args["start"] == "UNBOUNDED"


@rule("K07", Kind.KEPT, "Join of streams with one window")
def window_join(subject: Subject) -> Iterator[Found]:
    """A row meets the rows of the other stream's window."""
    for part in subject.parts:
        for join, left, right in stream_joins(part):
            window_ = left or right
            if window_ is None or (left and right) or by_rows(window_):
                continue
            if in_order(window_, part.select, subject.catalog):
                size = frame(window_.args.get("spec"))[1]
                yield part.found(join, f"each row is joined with those of the last {length(size)}")


@rule("K08", Kind.KEPT, "Step of a time of the record")
def payload_step(subject: Subject) -> Iterator[Found]:
    """STEP or FLOOR of another time than ROWTIME is a value like others."""
    for part in subject.parts:
        for node in own(part.select):
            if isinstance(node, Step | FloorTo):
                found = window(node, part.select, subject.catalog)
                # In the epoch's form it is an interval, which K90 names.
                if not found or found.time or found.form == "epoch":
                    continue
                unit = calendar_unit(node)
                if found.milliseconds or unit:
                    size = length(found.milliseconds) if found.milliseconds else f"the {unit.lower()}"
                    yield part.found(node, f"{found.form} of a time of the record, to {size}")


@rule("K09", Kind.KEPT, "SELECT DISTINCT within a window")
def distinct(subject: Subject) -> Iterator[Found]:
    """SELECT DISTINCT with a step of ROWTIME, or ROWTIME itself, is a GROUP BY of that window."""
    for part in subject.parts:
        found = part.windowing.distinct
        if found and found.milliseconds:
            yield part.found(part.select, f"each row once within {length(found.milliseconds)}")
