"""The command line for applications of Kinesis Data Analytics: python -m kda --help."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from kda.check import Finding, Report, check
from kda.discovery.command import discover
from kda.malformed import Malformed
from kda.migration.command import migrate
from kda.reader import read
from kda.rule import Kind
from program.command_line import Group
from program.formats import listed, many

BROKEN = 4  # the exit code of an error that nobody expected
_COUNTED = {
    Kind.KEPT: "as they were",
    Kind.CHANGED: "with changes",
    Kind.DECIDE: "to decide on",
    Kind.CANNOT: "cannot",
}


@click.group(cls=Group)
def program() -> None:
    """Applications of Kinesis Data Analytics for SQL (KDA): what becomes of them as a job of this project.

    FILE is what is left of an application: its SQL (.sql), the answer of describe-application (.json), a template of
    CloudFormation or one that CDK made (.yaml, .json), or a file of Terraform (.tf).
    """


@program.command("check", example="python -m kda check clicks.json\npython -m kda check --json template.yaml")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
def check_file(path: Path, as_json: bool) -> int:
    """Name all that is kept, changed, to be decided, or cannot be translated. Nothing is written, Flink is not needed.

    Exit code: 0 if all is kept, 1 if something is changed or to be decided, 2 if something cannot be translated, 3 if
    FILE cannot be read: it does not parse, or has no application, 4 if this program fails.
    """
    try:
        origin = read(path)
        reports = [check(application) for application in origin.applications]
    except Malformed as error:
        if not as_json:
            raise
        click.echo(json.dumps(_malformed(str(path), error), indent=2))
        return error.exit_code
    except Exception as error:  # Python's own exit code, 1, would say that something is changed
        if as_json:
            click.echo(
                json.dumps({"file": str(path), "exit_code": BROKEN, "error": {"text": _broken(error)}}, indent=2)
            )
        else:
            click.echo(f"{path}: {_broken(error)}", err=True)
        return BROKEN
    code = max(report.exit_code for report in reports)
    if as_json:
        applications = [_as_json(report) for report in reports]
        click.echo(json.dumps({"file": str(path), "exit_code": code, "applications": applications}, indent=2))
    else:
        click.echo("\n\n".join("\n".join(_lines(str(path), report)) for report in reports))
    return code


program.add_command(discover)
program.add_command(migrate)


def _broken(error: Exception) -> str:
    """What is told of an error that nobody expected."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return (
        f"this program failed ({type(error).__name__} in {where}), and nothing is said of the file. "
        "Please report it, with the part of the SQL that it fails for."
    )


def _lines(file: str, report: Report) -> Iterator[str]:
    yield f"{file}: {_summary(report)}"
    code = report.application.code
    if not code.has_lines:
        line = code.place(0).line
        yield f"The SQL stands in line {line} as one text: 'SQL line' counts the lines in it."
    yield ""
    places = [_where(finding, code.has_lines) for finding in report.findings]
    width = max(map(len, places), default=0)
    for where, finding in zip(places, report.findings, strict=True):
        yield f"  {where:<{width}}  {finding.rule.kind:<7}  {finding.rule.number} {finding.text}"
    if report.findings:
        yield ""
    counted = [
        f"{count} {'as it was' if kind is Kind.KEPT and count == 1 else _COUNTED[kind]}"
        for kind, count in report.pumps.items()
        if count
    ]
    pumps = many(len(report.subject.program.pumps), "pump")
    beside = [
        f"{count} {_COUNTED[kind]}"
        for kind in (Kind.CHANGED, Kind.DECIDE, Kind.CANNOT)
        if (count := sum(one.pump is None and one.rule.kind is kind for one in report.findings))
    ]
    yield f"{pumps}{': ' if counted else ''}{', '.join(counted)}." + (
        f" Of the application as a whole: {', '.join(beside)}." if beside else ""
    )
    yield "Nothing was written."
    if pages := dict.fromkeys(finding.rule.page.partition("#")[0] for finding in report.findings):
        yield f"What each rule means: {listed(list(pages))}."


def _where(finding: Finding, has_lines: bool) -> str:
    if finding.in_file or has_lines:
        return f"line {finding.place.line}"
    return f"SQL line {finding.place.sql_line}"


def _summary(report: Report) -> str:
    subject = report.subject
    parts = [f'application "{report.application.name}"'] if report.application.name else []
    parts += [many(len(subject.program.streams), "stream"), many(len(subject.program.pumps), "pump")]
    for name in sorted(subject.catalog.inputs):
        columns = subject.catalog.columns(name)
        parts.append(f"input {name} ({many(len(columns), 'column')})" if columns else f"input {name} (no schema)")
    if tables := subject.catalog.references:
        parts.append(many(len(tables), "reference table"))
    return ", ".join(parts)


def _as_json(report: Report) -> dict[str, Any]:
    subject = report.subject
    return {
        "name": report.application.name,
        "exit_code": report.exit_code,
        "streams": list(subject.program.streams),
        "pumps": {kind.value: count for kind, count in report.pumps.items()},
        "inputs": {name: _columns(subject.catalog.columns(name)) for name in subject.catalog.inputs},
        "references": {name: _columns(subject.catalog.columns(name)) for name in subject.catalog.references},
        "findings": [_finding(finding) for finding in report.findings],
    }


def _columns(columns: Sequence[str] | None) -> list[str] | None:
    return None if columns is None else list(columns)


def _finding(finding: Finding) -> dict[str, Any]:
    """A finding; the place in the SQL is null for what the file configures beside it."""
    return {
        "rule": finding.rule.number,
        "kind": finding.rule.kind.value,
        "line": finding.place.line,
        "column": finding.place.column,
        "sql_line": finding.place.sql_line or None,
        "sql_column": finding.place.sql_column or None,
        "pump": finding.pump,
        "text": finding.text,
        "page": finding.rule.page,
    }


def _malformed(file: str, error: Malformed) -> dict[str, Any]:
    """What does not parse; line and column are null if the whole file is meant."""
    return {
        "file": file,
        "exit_code": error.exit_code,
        "error": {
            "rule": "K95",
            "line": error.line or None,
            "column": error.column or None,
            "text": error.problem,
            "page": "docs/kda/cannot.md#k95",
        },
    }
