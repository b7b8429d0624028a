"""DECIDE: what somebody who knows the application has to choose or look at."""

from __future__ import annotations

from collections.abc import Iterator

from kda.joins import stream_joins
from kda.lookups import lookups
from kda.nodes import CreatePump, CreateStream
from kda.program import canonical, offset
from kda.rule import Found, Kind, Subject, rule


@rule("K31", Kind.DECIDE, "A window over windows counts by their ends")
def skew(subject: Subject) -> Iterator[Found]:
    """A row of a window has the window's end as its ROWTIME."""
    for part in subject.parts:
        for found in part.windows:
            if subject.is_over_windows(found):
                yield part.found(
                    found.node,
                    f"this {found.function} reads rows of windows: each counts by its window's end, so the last one "
                    "of a step counts in the next, as in KDA",
                )


@rule("K32", Kind.DECIDE, "Two windows: event time and ROWTIME")
def two_window_strategy(subject: Subject) -> Iterator[Found]:
    """GROUP BY of a step of ROWTIME and one of a time of the record, or of the time of arrival."""
    for part in subject.parts:
        times = {found.time.name: found.node for found in part.windowing.tumbling if found.time}
        if len(times) > 1:
            yield part.found(
                times["APPROXIMATE_ARRIVAL_TIME"],
                "ROWTIME and APPROXIMATE_ARRIVAL_TIME are one time here: a record that was read late makes no further "
                "row of its step",
            )
        if part.windowing.tumbling and part.windowing.payload:
            yield part.found(
                part.windowing.payload[0].node,
                "a late record makes a further row of its step, as in KDA; event time would make one row of both",
            )


@rule("K33", Kind.DECIDE, "Join of streams without a window")
def no_window(subject: Subject) -> Iterator[Found]:
    """Only the current rows meet."""
    for part in subject.parts:
        for join, left, right in stream_joins(part):
            if left is None and right is None:
                yield part.found(
                    join, "a join without a window: only rows of the same ROWTIME meet, which is hardly ever meant"
                )


@rule("K34", Kind.DECIDE, "One of several input streams read")
def one_of_several(subject: Subject) -> Iterator[Found]:
    """InputParallelism above 1, and a program that reads only X_001."""
    for one in subject.application.inputs:
        read = {name.upper() for name in subject.read}
        unread = [name for name in one.streams if name.upper() not in read]
        if one.parallelism > 1 and unread and len(unread) < len(one.streams):
            yield Found(
                one.offset,
                f"input {one.prefix} has {one.parallelism} streams, and {', '.join(unread)} "
                f"{'is' if len(unread) == 1 else 'are'} read by no pump: KDA lost those records",
                in_file=True,
            )


@rule("K35", Kind.DECIDE, "The sign of TSDIFF")
def sign(subject: Subject) -> Iterator[Found]:
    """TSDIFF(a, b) is a - b."""
    for part in subject.parts:
        for node, _name in part.calls(("TSDIFF",)):
            yield part.found(node, "TSDIFF(a, b) becomes a - b in milliseconds: see that the sign is the one you had")


@rule("K36", Kind.DECIDE, "The key of a reference table must be unique")
def unique_key(subject: Subject) -> Iterator[Found]:
    """A lookup finds one row for a key."""
    for part in subject.parts:
        for one in lookups(part, subject.catalog):
            if not one.problem:
                name = one.relation.name
                what = f"{name} by {', '.join(one.keys)}" if one.keys else name
                yield part.found(
                    one.relation.node, f"a lookup in {what} finds one row; KDA gave a row for each of equal keys"
                )


@rule("K37", Kind.DECIDE, "The schema of an input is not known")
def no_schema(subject: Subject) -> Iterator[Found]:
    """The file has no columns of what is read."""
    for name, part in subject.read.items():
        if subject.catalog.kind(name) in ("input", "reference") and subject.catalog.columns(name) is None:
            node = next(relation.node for relation in part.relations if relation.name == name)
            yield Found(offset(node), f"the columns of {name} are not in this file: they are guessed from their use")


@rule("K38", Kind.DECIDE, "An input from Firehose")
def from_firehose(subject: Subject) -> Iterator[Found]:
    """Flink reads Kinesis streams."""
    for one in subject.application.inputs:
        if one.service == "firehose":
            yield Found(
                one.offset,
                f"input {one.prefix} was a Firehose stream, which nothing but Firehose can read: "
                "let the producers write to a Kinesis stream, and Firehose read from that",
                in_file=True,
            )


@rule("K40", Kind.DECIDE, "Declared twice")
def twice(subject: Subject) -> Iterator[Found]:
    """The last stream or pump of a name is the one that there is."""
    last = {("stream", one.name): one.statement for one in subject.program.streams.values()}
    last |= {
        ("pump", one.name): one.statement for one in subject.program.pumps if isinstance(one.statement.tree, CreatePump)
    }
    for statement in subject.program.statements:
        tree = statement.tree
        if isinstance(tree, CreateStream | CreatePump):
            kind, name = "pump" if isinstance(tree, CreatePump) else "stream", canonical(tree.this)
            if last[kind, name] is not statement:
                line = subject.application.code.place(last[kind, name].offset).sql_line
                yield Found(
                    statement.offset,
                    f"{kind} {name} is declared again in line {line} of the SQL: only that one counts, as in KDA",
                )


@rule("K39", Kind.DECIDE, "An output in CSV")
def csv_output(subject: Subject) -> Iterator[Found]:
    """The sinks write JSON."""
    for one in subject.application.outputs:
        if one.format.upper() == "CSV":
            yield Found(one.offset, f"output {one.stream} was CSV; it is JSON here: see who reads it", in_file=True)


@rule("K41", Kind.DECIDE, "The default of a parameter")
def default(subject: Subject) -> Iterator[Found]:
    """A value that the template has as a default, and a deployment may have had another."""
    comments = [comment for statement in subject.program.statements for comment in statement.comments]
    for at, name, value in subject.application.code.defaults:
        if not any(one.offset <= at < one.offset + len(one.text) for one in comments):
            yield Found(at, f"{name} is taken for its default {value}: see that it was deployed with it")


@rule("K43", Kind.DECIDE, "Rows that nobody takes")
def untaken(subject: Subject) -> Iterator[Found]:
    """A stream that is no output, and of which no output is made, where the file has outputs."""
    for pump in subject.program.pumps:
        if pump.name in subject.untaken:
            yield Found(
                pump.statement.offset,
                f"stream {pump.target} is no output, and no output is made of it: pump {pump.name} is left out, with "
                "its errors",
                pump.name,
            )


@rule("K42", Kind.DECIDE, "A stopped pump")
def stopped(subject: Subject) -> Iterator[Found]:
    """CREATE PUMP .. STOPPED, and ALTER PUMP .. STOP, that no ALTER PUMP .. START follows."""
    for pump in subject.program.pumps:
        statement = subject.program.stopped.get(pump.name)
        if statement is not None:
            yield Found(
                statement.offset,
                f"pump {pump.name} is STOPPED: it gave nothing until it was started; here it runs",
                pump.name,
            )


@rule("K44", Kind.DECIDE, "A Lambda function before the input")
def preprocessor(subject: Subject) -> Iterator[Found]:
    """InputProcessingConfiguration."""
    for one in subject.application.inputs:
        if one.lambda_arn:
            yield Found(
                one.offset,
                f"the records of input {one.prefix} go through the Lambda function {one.lambda_arn} first, as in KDA; "
                "its handler in the job's folder needs no Lambda",
                in_file=True,
            )
