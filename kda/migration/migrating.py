"""An application as the files of a job's folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kda import guessing
from kda.applications import Application
from kda.check import check
from kda.migration import declaration, first_tests, leaving_out, page
from kda.migration.declaration import End
from kda.migration.described import with_schemas
from kda.migration.leaving_out import Refused
from kda.migration.parts import CODE, Parts, Wanted
from kda.rule import Subject
from kda.translation import translated
from kda.translation.options import Untranslatable
from pipeline import binding, cases, settings
from pipeline.job import load

LINT = (
    "# `kda migrate` wrote the SQL in a layout of its own. Without this file, `make lint` takes the house's.\n*.sql\n"
)


@dataclass(frozen=True)
class Migrated:
    """files: path in the folder -> content; said: sentences about the first tests, for people."""

    files: Mapping[str, bytes]
    parts: Parts
    ends: Sequence[End]
    said: Sequence[str]


def migrated(application: Application, wanted: Wanted) -> Migrated:
    """The job of an application. Raises Malformed, Refused, and other Unusable errors."""
    reduced = leaving_out.without(application, wanted.leave_out)
    described = with_schemas(reduced.application, wanted.schemas or {})
    report = check(described)
    leaving_out.require(report, str(wanted.path))
    completed = guessing.completed(described)
    try:
        translation = translated(Subject.of(completed), wanted.options)
    except Untranslatable as error:
        place = completed.code.place(error.offset)
        where = f"line {place.line}" if completed.code.has_lines else f"line {place.sql_line} of the SQL"
        raise Refused(f"{wanted.path} is not migrated, and nothing was written: {where}: {error}") from None
    parts = Parts(application, reduced, completed, report, translation)
    ends = declaration.ends(completed, translation, wanted.job)
    tests = _tests(parts, wanted)
    files = {name: text.encode() for name, text in _texts(parts, wanted, ends, tests)}
    return Migrated({**files, wanted.origin: wanted.path.read_bytes()}, parts, ends, tests.said)


def _tests(parts: Parts, wanted: Wanted) -> first_tests.Made:
    time = wanted.options.time
    column = time.removeprefix("column:").partition(",")[0] if time.startswith("column:") else None
    chosen = first_tests.Chosen(
        parts.completed, parts.input, parts.reference_tables, parts.streams, wanted.options.align, column, time
    )
    return first_tests.made(chosen, wanted.lines)


def _texts(parts: Parts, wanted: Wanted, ends: Sequence[End], tests: first_tests.Made) -> Iterator[tuple[str, str]]:
    """Each file with its text."""
    translation = parts.translation
    yield from ((f"tables/{name}.sql", text) for name, text in translation.tables.items())
    yield from ((f"views/{name}.sql", text) for name, text in translation.views.items())
    yield "job.toml", declaration.document(parts.completed, translation, ends)
    yield ".sqlfluffignore", LINT
    yield "README.md", page.document(parts, wanted, ends, tests.said)
    if parts.completed.references:
        yield "reference/README.md", page.reference(parts, ends)
    if parts.code is not None:
        yield CODE, parts.code
    yield first_tests.FILE, first_tests.document(wanted.job, tests.tests)


def require_whole(folder: Path) -> None:
    """Raise what is wrong with a job's folder: JobError, SettingsError, ConnectorError or CaseError."""
    job = load(folder)
    binding.connectors(settings.example(job))
    cases.read(folder / first_tests.FILE, job)
