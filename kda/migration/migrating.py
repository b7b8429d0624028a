"""An application as the files of a job's folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kda import guessing
from kda.applications import Application
from kda.check import check
from kda.discovery.samples import require_text
from kda.migration import declaration, first_tests, leaving_out, page, places
from kda.migration.declaration import End
from kda.migration.described import with_schemas
from kda.migration.leaving_out import Refused
from kda.migration.parts import CODE, Parts, Wanted
from kda.rule import Subject
from kda.translation import translated
from kda.translation.options import Untranslatable
from pipeline import binding, cases, settings
from pipeline.job import load
from program.errors import Unusable, hint

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
    parts = parts_of(application, wanted)
    ends = declaration.ends(parts.completed, parts.translation, wanted.job, wanted.options.time)
    samples = _samples(parts, wanted)
    tests = first_tests.made(
        chosen(parts, wanted), wanted.lines, {table: content for table, (_path, content) in samples.items() if table}
    )
    files = {name: text.encode() for name, text in _texts(parts, wanted, ends, tests)}
    files[wanted.origin] = wanted.path.read_bytes()
    return Migrated({**files, **dict(samples.values())}, parts, ends, tests.said)


def _samples(parts: Parts, wanted: Wanted) -> dict[str, tuple[str, bytes]]:
    """The samples by reference table, "" for the input: where each is kept, and its content. Raises Unusable."""
    tables = {table.table: table for table in parts.completed.references}
    found = {}
    for name, path in wanted.samples.items():
        table = name if name in tables else name.upper()
        if name and table not in tables:
            raise Unusable(f"--sample {name}={path}: there is no such reference table{hint(name, tables)}.")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Unusable(f"--sample {path} cannot be read ({error.strerror}).") from error
        if name and not content.strip():
            raise Unusable(f"--sample {name}={path}: the file is empty: give one with rows of the reference table.")
        if name:
            require_text(str(path), content.splitlines())
        kept = (
            f"reference/{places.key(tables[table]).text.rpartition('/')[2]}" if name else f"origin/sample{path.suffix}"
        )
        found[table if name else ""] = kept, content
    return found


def parts_of(application: Application, wanted: Wanted) -> Parts:
    """What the files are made of. Raises as `migrated` does."""
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
    return Parts(application, reduced, completed, report, translation)


def chosen(parts: Parts, wanted: Wanted) -> first_tests.Chosen:
    """What the model computes."""
    time = wanted.options.time
    column = time.removeprefix("column:").partition(",")[0] if time.startswith("column:") else None
    return first_tests.Chosen(
        parts.completed, parts.input, parts.reference_tables, parts.streams, wanted.options.align, column, time
    )


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
