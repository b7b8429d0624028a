"""The README.md of a migrated job: what became what, what is different, what has to exist, what to compare."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from kda.applications import Reference
from kda.check import Finding, Report
from kda.lookups import lookups
from kda.migration.declaration import ERRORS, End
from kda.migration.first_tests import FILE
from kda.migration.parts import CODE, Parts, Wanted
from kda.rule import Kind
from kda.translation import Translation

# By rule: what shows in the rows once the job has taken the application's place.
_COMPARE = {
    "K10": "Counts of neighbouring windows: a record that came within seconds of a boundary may be counted beside it. "
    "Their sum is the same.",
    "K12": "Nothing may depend on the order of rows within a second: a reader that did has to sort.",
    "K13": "The first value of LAG after a silence: it may be older than the window was.",
    "K15": "Counts that were estimates: they are exact now.",
    "K16": "Scores: alike, not equal. A threshold such as 2 tells the same rows apart, but for those near it.",
    "K17": "REAL columns: the same numbers with more digits.",
    "K21": "Rows on the errors stream named DIVISION: KDA had them on its own.",
    "K22": "Rows on the errors stream named COERCION whose message begins with a pump: KDA had them on its own.",
    "K28": "Whole numbers near the limits of their type: KDA gave no row for a result beyond them.",
    "K29": "CHAR columns: texts without the blanks at their end.",
    "K30": "Hotspots: the same dense regions, whose borders and density may differ.",
    "K31": "Windows over windows: the counts are KDA's. Where the skew was never wanted, migrate with `--align`.",
    "K32": "Partial rows of a window: a reader may have put them together.",
    "K35": "The sign of time differences.",
    "K36": "Keys of reference tables that are there twice: KDA gave a row for each, here the last one counts.",
    "K37": "The guessed columns: their names, types and paths are in the view that calls `kda_rows`.",
}


def document(parts: Parts, wanted: Wanted, ends: Sequence[End], said: Sequence[str]) -> str:
    """The page. said: sentences about the tests."""
    return "\n".join(_lines(parts, wanted, ends, said)) + "\n"


def _lines(parts: Parts, wanted: Wanted, ends: Sequence[End], said: Sequence[str]) -> Iterator[str]:
    name = parts.application.name
    named = f'the application "{_escaped(name)}"' if name else "an application"
    given = f", with {_code(shlex.join(wanted.flags))}" if wanted.flags else ""
    yield from (f"# {wanted.job}", "")
    yield f"What {named} of Kinesis Data Analytics for SQL (KDA) computed, as a job."
    yield f"`python -m kda migrate` wrote it from {_file(wanted.origin)}{given}."
    yield f"A line below is one of {_file(CODE if parts.code is not None else wanted.origin)}."
    yield from ("", "| In KDA | Line | Here |", "|---|---|---|", *_became(parts))
    yield from ("", "## What has to exist", "", *_exist(ends))
    for kind, title in ((Kind.CHANGED, "What is different"), (Kind.DECIDE, "To decide")):
        found = [finding for finding in parts.report.findings if finding.rule.kind is kind]
        if found:
            yield from ("", f"## {title}", "", *(_finding(finding, wanted) for finding in found))
    if notes := parts.translation.notes:
        yield from ("", "## Also", "", *(f"- {_escaped(note)}" for note in notes))
    if pumps := parts.reduced.pumps:
        yield from ("", "## What is left out", "", *(f"- pump {_code(pump)}" for pump in pumps))
        yield from (f"- stream {_code(stream)}, which nothing else wrote" for stream in parts.reduced.streams)
    yield from ("", "## What to compare", "", *_compare(parts.report))
    yield from ("", "## Tests", "", *_tests(wanted, said))


def _tests(wanted: Wanted, said: Sequence[str]) -> Iterator[str]:
    yield f"{_file(FILE)} has records, and their rows by a model of KDA, which is not Flink. Read them, and keep those"
    yield "that say what the job is for."
    yield from said
    # The place of another folder is that of one machine.
    job = wanted.job if wanted.is_shipped else "JOB"
    yield from ("", "```sh", f"python -m jobs test {job}", "```")
    if not wanted.is_shipped:
        yield from ("", "JOB is the path of this folder.")


def _became(parts: Parts) -> Iterator[str]:
    translation = parts.translation
    for table, end in translation.sources.items():
        files = [f"tables/{table}.sql"]
        if isinstance(end, Reference):
            yield _row(f"reference table {_code(end.table)}", "", [*files, *_views(translation, [end.table])])
        else:
            yield _row(
                f"input {_code(end.prefix)}",
                "",
                [*files, *_parsed(translation, table), *_views(translation, end.streams)],
            )
    pumps = parts.report.subject.program.pumps
    for name, stream in parts.report.subject.program.streams.items():
        own = [pump for pump in pumps if pump.target == name]
        by = f", by {', '.join(_code(pump.name) for pump in own)}" if own else ""
        statements = [stream.statement, *(pump.statement for pump in own)]
        places = (parts.application.code.place(statement.offset) for statement in statements)
        lines = ", ".join(dict.fromkeys(str(place.sql_line) for place in places))
        row = _row(f"stream {_code(name)}{by}", lines, _views(translation, [name]))
        yield row if name in translation.names or not own else row.removesuffix(" |") + "left out: K43 below |"
    for table, written in parts.streams.items():
        what = (
            f"output {_code(written)}" if translation.sinks[table] else f"{_code(written)}, of which no output is known"
        )
        yield _row(what, "", [f"tables/{table}.sql", f"views/{translation.inserts[table]}.sql"])
    yield _row("`error_stream`", "", ["views/rejects.sql"])


def _parsed(translation: Translation, table: str) -> list[str]:
    """The view that makes rows of records."""
    names = (f"{table}_parsed", "parsed")
    return [f"views/{name}.sql" for name in names if name in translation.views][:1]


def _views(translation: Translation, names: Sequence[str]) -> list[str]:
    found = [translation.names.get(name, name) for name in names]
    return [f"views/{view}.sql" for view in found if view in translation.views]


def _row(what: str, lines: str, files: Sequence[str]) -> str:
    return f"| {_escaped(what)} | {lines} | {', '.join(map(_file, files))} |"


def _exist(ends: Sequence[End]) -> Iterator[str]:
    yield from ("| Table | In AWS | |", "|---|---|---|")
    for end in ends:
        note = (
            ""
            if end.name.is_known
            else "new"
            if end.table == ERRORS
            else "the name is made up: put yours into job.toml"
        )
        yield f"| `{end.table}` | {end.kind} `{end.name.text}` | {note} |"


def _finding(finding: Finding, wanted: Wanted) -> str:
    number, page = finding.rule.number, finding.rule.page
    where = (
        f"line {finding.place.line} of {_file(wanted.origin)}" if finding.in_file else f"line {finding.place.sql_line}"
    )
    link = f"[{number}](../../{page})" if wanted.is_shipped else f"{number}, {page}"
    return f"- {where}: {_escaped(finding.text)} ({link})"


def _compare(report: Report) -> Iterator[str]:
    yield "KDA has ended, so nothing runs beside it. Where its rows were kept, compare the same hours:"
    yield ""
    yield "- The number of rows of each output, and the sums of their numbers."
    yield "- The errors stream: each row there is a record, or a row of a pump, that is in no output."
    rules = dict.fromkeys(finding.rule.number for finding in report.findings)
    yield from (f"- {_COMPARE[number]}" for number in sorted(rules) if number in _COMPARE)


def reference(parts: Parts, ends: Sequence[End]) -> str:
    """The page of the reference tables: their objects, columns and keys."""
    objects = {end.table: end.name.text for end in ends}
    keys: dict[str, dict[str, None]] = {}
    for part in parts.report.subject.parts:
        for one in lookups(part, parts.report.subject.catalog):
            keys.setdefault(one.relation.name, {}).update(dict.fromkeys(one.keys))
    lines = ["# Reference tables", ""]
    lines.append(
        "Each is an object in S3. Without `refresh` in job.toml the job reads it once, at its start, as KDA did; after "
        "a change of it, start the job anew. With it, the job takes over a changed object while it runs."
    )
    for table in parts.completed.references:
        place = objects.get(parts.reference_tables.get(table.table, ""), "none: no pump reads it")
        lines += ["", f"## {table.table}", "", f"Object: `{place}`"]
        if table.format == "CSV":
            columns, rows = map(_shown, (table.column_delimiter, table.row_delimiter))
            lines.append(f"Form: CSV; columns end with `{columns}`, rows with `{rows}`")
        else:
            lines.append(f"Form: JSON, rows at `{table.row_path or '$'}`")
        found = list(keys.get(table.table, ()))
        if found:
            names = ", ".join(map(_code, found))
            lines.append(f"Key: {names}, which must be in one row only")
        lines += ["", "| Column | Type | From |", "|---|---|---|"]
        for number, column in enumerate(table.columns or (), 1):
            origin = _code(column.mapping) if column.mapping else f"column {number}"
            lines.append(f"| {_escaped(_code(column.name))} | {column.type} | {_escaped(origin)} |")
    return "\n".join(lines) + "\n"


def _shown(delimiter: str) -> str:
    return delimiter.encode("unicode_escape").decode()


def _code(name: str) -> str:
    return f"`{name}`" if "`" not in name else f"`` {name} ``"


def _escaped(text: str) -> str:
    """Text for a line or a cell of Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("\n", " ")


def _file(path: str) -> str:
    """A link to a file of the folder."""
    return f"[{path}](<{path}>)" if re.search(r"[^\w./-]", path, re.ASCII) else f"[{path}]({path})"
