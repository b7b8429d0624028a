"""The command line of `python -m kda migrate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kda import broken
from kda.applications import Application, Reference, Schema
from kda.check import EXIT_CODES
from kda.migration import folder as folders
from kda.migration.declaration import ERRORS
from kda.migration.parts import Wanted
from kda.reader import read, schema
from kda.rule import Kind
from kda.translation.options import Options
from program import command_line
from program.command_line import Value, option
from program.errors import Failure, Unusable, hint, shown
from program.formats import listed, many

if TYPE_CHECKING:
    from kda.migration.migrating import Migrated

_MOST = 100  # records of a sample that become a test
_WHAT = {  # what the files of a folder are, by the begin of their names
    "job.toml": "what goes into which table, and how each table is reached",
    "README.md": "what became what, what is different, what has to exist",
    "tables": "a CREATE TABLE each",
    "views": "a SELECT each: one for each in-application stream, and what leads to it",
    "tests": "records, and the rows that must come out",
    "reference": "where the reference tables are, and their keys",
    "origin": "the file as it came",
}


def time(text: str) -> str:
    """A value of --time. Raises BadParameter."""
    kind, _, rest = text.partition(":")
    if text in ("arrival", "processing") or (kind == "column" and rest.partition(",")[0].strip()):
        return text
    raise click.BadParameter(f"{text!r} is not arrival, processing, or column:NAME[,BOUND]")


def _named(text: str) -> tuple[str, str]:
    """A value [NAME=]FILE."""
    name, is_named, file = text.rpartition("=")
    return (name, file) if is_named and not Path(text).exists() else ("", text)


def _schema(text: str) -> tuple[str, Schema]:
    """A value of --schema. Raises Malformed for a file that has no schema."""
    name, file = _named(text)
    return name, schema(Path(file))


_choice = partial(option, section="What to choose")
_given = partial(option, section="What is known beside FILE")


@command_line.command(
    name="migrate",
    example="python -m kda migrate clicks.json --into clicks\n"
    "python -m kda migrate clicks.sql --into clicks --schema schema.json --sample records.jsonl",
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@option("--into", "job", required=True, metavar="JOB", help="The job to write: a name below jobs/, or a folder's path.")
@option(
    "--application",
    metavar="NAME",
    help="The application, of a file that has several.",
)
@_given(
    "--schema",
    "schemas",
    multiple=True,
    metavar="[NAME=]FILE",
    help="An InputSchema, as `kda discover --json` prints it, for the input or reference table NAME; may be repeated.",
)
@_given(
    "--sample",
    "samples",
    multiple=True,
    metavar="[NAME=]FILE",
    help=f"Records of the input for the first test, at most {_MOST}; with NAME the file of a reference table; may be "
    "repeated.  [default: records that are made up]",
)
@_choice(
    "--time",
    type=Value(time, "TIME"),
    default="arrival",
    help="What becomes of ROWTIME: arrival, the time at which a record came into the stream; processing, that at which "
    "it is read; column:NAME[,BOUND], its own, which may be out of order by so many seconds.",
)
@_choice("--align", is_flag=True, help="A row of a window counts in the window that it ends, not in the next one.")
@_choice("--exact-types", is_flag=True, help="REAL stays a number of 32 bits.")
@_choice("--keep-order", is_flag=True, help="ORDER BY sorts the rows of a window, at parallelism 1.")
@_choice("--leave-out", multiple=True, metavar="PUMP", help="A pump that is not migrated; may be repeated.")
def migrate(path: Path, job: str, application: str | None, **given: Any) -> int:
    """Write the folder of a job that computes what an application computed, with its first tests.

    What `kda check` calls CANNOT is refused, unless its pump is left out. A folder that exists is written again only if
    all its files are as a former migration wrote them.

    Exit code: 0 if all is kept, 1 if something is changed or to be decided, 2 if nothing was written, 3 if FILE cannot
    be read, 4 if this program fails.
    """
    from kda.migration import origin  # noqa: PLC0415  (`check` needs none of it)
    from kda.migration.migrating import migrated, require_whole  # noqa: PLC0415

    folder = folders.of(job)
    folders.require_free(folder)
    try:
        wanted = _wanted(path, folder, **given)
        done = migrated(_application(path, application), wanted)
    except (Failure, click.ClickException):
        raise
    except Exception as error:
        click.echo(f"{path}: {broken.sentence(error, 'nothing was written')}", err=True)
        return broken.EXIT_CODE
    folders.write(folder, done.files, origin.described(wanted, done.parts.application.name), require_whole)
    click.echo("\n".join(_lines(done, wanted)))
    return EXIT_CODES[done.parts.report.worst]


def _wanted(  # noqa: PLR0913  (the options, by their names)
    path: Path,
    folder: Path,
    *,
    schemas: Sequence[str],
    samples: Sequence[str],
    time: str,
    align: bool,
    exact_types: bool,
    keep_order: bool,
    leave_out: Sequence[str],
) -> Wanted:
    flags = [] if time == "arrival" else ["--time", time]
    switches = {"--align": align, "--exact-types": exact_types, "--keep-order": keep_order}
    flags += [name for name, is_given in switches.items() if is_given]
    flags += [word for pump in leave_out for word in ("--leave-out", pump)]
    files = {name: Path(file) for name, file in map(_named, samples)}
    return Wanted(
        path,
        folder,
        Options(time, align, exact_types, keep_order),
        flags,
        leave_out,
        dict(map(_schema, schemas)),
        next((_records(path) for name, path in files.items() if not name), None),
        files,
    )


def _records(path: Path) -> list[bytes]:
    """The first records of a sample."""
    from kda.discovery.samples import of_file, require_text  # noqa: PLC0415  (only here)

    sample = of_file(path, _MOST)
    require_text(sample.name, sample.records)
    return list(sample.records)


def _application(path: Path, name: str | None) -> Application:
    """The application of the file, by its name if there are several. Raises Malformed and Unusable."""
    found = {one.name or "": one for one in read(path).applications}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name is None:
        raise Unusable(f"{path} has several applications: name one with --application{hint('', found)}.")
    if name not in found:
        raise Unusable(f"--application {name}: {path} has no such application{hint(name, found)}.")
    return found[name]


def _lines(done: Migrated, wanted: Wanted) -> Iterator[str]:
    """The folder's tree, and what comes next."""
    yield f"{shown(wanted.folder)}/"
    counted: dict[str, int] = {}
    for name in done.files:
        counted[name.partition("/")[0]] = counted.get(name.partition("/")[0], 0) + 1
    names = {name: name if "." in name else f"{name}/" for name in _WHAT if name in counted}
    width = max(map(len, names.values()))
    for name, shown_name in names.items():
        number = f"{many(counted[name], 'file')}: " if name in ("tables", "views") else ""
        yield f"  {shown_name:<{width}}  {number}{_WHAT[name]}"
    yield ""
    findings = done.parts.report.findings
    told = [
        f"{count} {word}"
        for kind, word in ((Kind.CHANGED, "changed"), (Kind.DECIDE, "to decide"))
        if (count := sum(one.rule.kind is kind for one in findings))
    ]
    if told:
        yield f"Of {many(len(findings), 'finding')} of `kda check`: {', '.join(told)}. README.md has them."
    if made_up := [end.table for end in done.ends if not end.name.is_known and end.table != ERRORS]:
        yield f"{wanted.path.name} has no names of streams for {listed(made_up)}: put them into job.toml."
    yield from done.said
    yield f"Next: python -m jobs test {wanted.named}"
    sources = done.parts.translation.sources.items()
    streams = [table for table, source in sources if not isinstance(source, Reference)]
    given = "--input FILE" if len(streams) == 1 else " ".join(f"--input {table}=FILE" for table in streams)
    yield f"      python -m jobs run {wanted.named} {given} --arrival-step 1"
    for table, source in sources:
        if isinstance(source, Reference):
            yield f"{table} is read from the job's folder reference/; --input {table}=FILE names another file."
