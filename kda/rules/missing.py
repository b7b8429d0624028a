"""CANNOT K96: what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from kda.functions import NOW
from kda.grammar import UNITS
from kda.nodes import AlterPump, CreateStream, Cursor, called
from kda.program import Program, Pump, canonical, offset, other
from kda.rule import Found, Kind, Part, Subject, rule
from kda.scope import ERROR_STREAM, METADATA, TIMES, own, qualifier, result, starred
from kda.windows import named


@rule("K96", Kind.CANNOT, "Something is missing")
def incomplete(subject: Subject) -> Iterator[Found]:
    """A placeholder, a stream that nobody declares, columns that nobody knows."""
    program = subject.program
    for at, text in program.placeholders:
        inside = [pump.name for pump in program.pumps if pump.statement.offset <= at < pump.statement.tree.meta["end"]]
        yield Found(at, f"the value of {text} is not in this file: put it in", next(iter(inside), None))
    for at, text in subject.application.gaps:
        yield Found(at, text, in_file=True)
    if not program.pumps and (program.statements or not program.placeholders):
        yield Found(0, "there is no pump: nothing is computed")
    for comment in program.swallowing:
        yield Found(comment.offset, "the comment that begins here holds a statement: a line break in it may be lost")
    yield from _beside_pumps(program)
    for pump in program.pumps:
        if pump.target in program.streams:
            yield from _columns(subject, pump)
        else:
            yield Found(
                pump.statement.offset, f"stream {pump.target} is not declared: CREATE STREAM is missing", pump.name
            )
    for part in subject.parts:
        yield from _names(part, subject)
        yield from _unknown(part, subject)
    for output in subject.application.outputs:
        if output.stream not in program.streams and output.stream.upper() != ERROR_STREAM:
            yield Found(
                output.offset, f"output {output.stream} is a stream that the SQL does not declare", in_file=True
            )


def _beside_pumps(program: Program) -> Iterator[Found]:
    """Queries that are in no pump, and pumps that are started or stopped and not there."""
    for statement in program.others:
        if (word := other(statement)) in ("SELECT", "INSERT"):
            yield Found(statement.offset, f"this {word} is not in a pump: nothing takes its rows")
    names = {pump.name for pump in program.pumps}
    for statement in program.statements:
        if isinstance(statement.tree, AlterPump) and (name := canonical(statement.tree.this)) not in names:
            yield Found(statement.offset, f"pump {name} is not declared: CREATE PUMP is missing")


def _names(part: Part, subject: Subject) -> Iterator[Found]:
    """Relations and windows that are named and not declared."""
    text = "the window that OVER names is not in the WINDOW clause"
    for relation in part.relations:
        if relation.kind == "unknown" and not subject.application.gaps:
            yield part.found(relation.node, f"{relation.name} is no stream, input or reference table here")
        if relation.window is not None and named(relation.window, part.select) is None:
            yield part.found(relation.node, text)
    for one in part.windowing.sliding:
        if named(one.node, part.select) is None:
            yield part.found(one.node, text)


def _unknown(part: Part, subject: Subject) -> Iterator[Found]:
    """Columns, and names before them, that no relation has; only where all that could have them is known."""
    if not _is_relation(part.select):
        return  # a query in a condition may mean the relations around it
    relations = part.relations
    names = {name.upper() for one in relations for name in (one.alias, one.name)}
    results = set(filter(None, map(result, part.select.expressions)))
    known = [name for one in relations for name in one.columns or ()]
    fields = set(map(str.upper, known))
    is_known = all(one.columns is not None for one in relations)
    told = set[tuple[str, str]]()
    for node in own(part.select):
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star) or node.args.get("db"):
            continue
        table, name = qualifier(node).upper(), canonical(node)
        if (table, name) in told or "${" in table + name or name.upper() in (*TIMES, *METADATA):
            continue
        text = ""
        if table and table not in names:
            # It may be a column with fields, as those of the functions that parse logs, which no input has.
            if table not in fields and all(one.kind in ("input", "reference") or one.columns for one in relations):
                text = f"there is no relation {qualifier(node)} in FROM"
        elif table:
            owner = subject.catalog.owner(node, part.select)
            if owner is not None and owner.columns is not None and name not in owner.columns:
                text = f"{owner.name or owner.alias} has no column {name}{_alike(name, owner.columns)}"
        elif is_known and name not in known and not is_other(node, name, results):
            text = f"no relation in FROM has a column {name}{_alike(name, known)}"
        if text:
            told.add((table, name))
            yield part.found(node, text)


def _alike(name: str, columns: Iterable[str]) -> str:
    """What is said of the column that is the same in another case; "" if there is none."""
    for column in columns:
        if column.upper() == name.upper():
            quote = "" if column == column.upper() else '"'
            return f" (there is {quote}{column}{quote})"
    return ""


def is_other(node: exp.Column, name: str, results: set[str]) -> bool:
    """Whether a name may be a result, where it is not a column: in GROUP BY, HAVING and ORDER BY; or the present."""
    is_after = node.find_ancestor(exp.Order, exp.Group, exp.Having, exp.Select)
    is_unit = name.upper() in UNITS and bool(called(node.parent))  # TIMESTAMPDIFF(SECOND, a, b)
    is_present = name.upper() in NOW and not node.this.quoted
    return is_unit or is_present or (name in results and not isinstance(is_after, exp.Select))


def _is_relation(select: exp.Select) -> bool:
    """Whether a SELECT stands in a pump, in FROM or in CURSOR, and not in a condition or for a value."""
    node: exp.Expr | None = select.parent
    while isinstance(node, exp.SetOperation) or (
        isinstance(node, exp.Subquery) and not isinstance(node.parent, exp.From | exp.Join)
    ):
        node = node.parent
    return node is None or isinstance(node, exp.Insert | exp.Subquery | Cursor | CreateStream)


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
