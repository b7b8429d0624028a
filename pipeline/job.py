"""A job: a folder of SQL and a few lines of TOML, read and understood. `load` does it; nothing here runs Flink.

    jobs/NAME/job.toml      what goes into which table, and how each table is reached
    jobs/NAME/tables/*.sql  columns and watermark of a table; the file's name is the table's
    jobs/NAME/views/*.sql   one SELECT each; the file's name is the view's
    pipeline/tables, pipeline/views   the same for every job; a job's own file of that name takes the place of one

Which tables are sources, which views are needed and in which order follows from what the SELECTs read.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from connectors import dynamodb, files, kinesis
from connectors.kind import Declared, End, Kind
from pipeline import references, window
from program.errors import Unusable, shown

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (kinesis.KIND, dynamodb.KIND)}
SHARED = Path(__file__).resolve().parent  # what every job can use lies beside this file
JOBS = SHARED.parent / "jobs"
DECLARATION = "job.toml"
WINDOWED = "windowed"  # the view that puts each record into its windows
TIMED = "timed"  # the view that says by which watermark a record is late
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}", re.ASCII)
RESERVED = ("job", "aws", "files")  # groups of settings that are no table's
OPTION = "option."  # before an option of a table's connector, by the connector's own name
# What every job needs of Flink wherever it runs; never parallelism, checkpoints or jars, which are the launcher's.
_NUMBER = re.compile(r"(TINYINT|SMALLINT|INT|INTEGER|BIGINT|FLOAT|DOUBLE|REAL|DECIMAL|DEC|NUMERIC)\b", re.IGNORECASE)
CONFIGURATION: Mapping[str, str] = {
    # A restored job can have no more subtasks than this. Four times what a deployment may ask for, and twice what
    # autoscaling can reach (64 units of 8 subtasks). Part of the state: with another number none can be restored.
    "pipeline.max-parallelism": "1024",
    # Timestamps are UTC, whatever the zone of the machine.
    "table.local-time-zone": "UTC",
    # A quarter less CPU; safe, since no function keeps a reference to a row that Flink may fill again.
    "pipeline.object-reuse": "true",
    # A subtask whose shards are all silent must not hold back the windows for ever. A shorter time would cost records:
    # a subtask that is only slow to connect would count as silent.
    "table.exec.source.idle-timeout": "60 s",
    # Never forget where a shard was (pipeline/views/gathered.sql), whatever the cluster itself says. If that were
    # forgotten in a long stop, a late record would pass for timely, and its closed window would drop it without a word.
    "table.exec.state.ttl": "0 s",
}
_OF_A_BATCH = ("table.local-time-zone", "pipeline.object-reuse")


class JobError(Unusable):
    """A job's folder that cannot be used; the text names the folder and every problem in it."""

    def __init__(self, folder: str, problems: Sequence[str]) -> None:
        super().__init__(self.listed(f"The job in {shown(Path(folder))}", problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Table:
    """How job.toml says that a table is reached.

    connector: a name in KINDS. settings: defaults for the table's settings. declared: what is no setting. options: of
    the connector, by its own names.
    """

    connector: str
    settings: Mapping[str, str]
    declared: Declared = field(default_factory=Declared)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One job: its folder, its tables, its views in the order of their use, what goes where.

    inserts: sink -> view. tables: what job.toml says of sources and sinks. configuration: Flink's, as every place needs
    it. texts: the SQL of each table and view by its name.
    """

    name: str
    folder: Path
    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    views: tuple[str, ...]
    inserts: Mapping[str, str]
    tables: Mapping[str, Table]
    texts: Mapping[str, str]
    configuration: Mapping[str, str]

    @property
    def most_subtasks(self) -> int | None:
        """How many subtasks a job restored from its state can have at most; None where Flink decides at the start."""
        most = self.configuration.get("pipeline.max-parallelism")
        return None if most is None else int(most)

    @property
    def argument(self) -> str:
        """What `load` finds the job by: its name if it lies in this checkout, else its folder."""
        return self.name if self.folder.parent == JOBS else str(self.folder)

    @property
    def has_windows(self) -> bool:
        """Whether it has the view `windowed`, by which the pipeline knows its windows."""
        return WINDOWED in self.views

    def window(self) -> window.Window:
        """How long the job's windows are: what its view `windowed` says. Raises window.WindowError."""
        if not self.has_windows:
            raise window.WindowError(f"The job {self.name} has no view `windowed` that says how long its windows are.")
        return window.read(self.texts[WINDOWED])

    def end(self, table: str) -> End:
        """What the connector of a source or sink is to it."""
        kind = KINDS[self.tables[table].connector]
        found = kind.source if table in self.sources else kind.sink
        if found is None:
            raise KeyError(table)  # `load` refuses such a declaration
        return found

    def far_end(self, table: str) -> str:
        """What a source or sink leads to, a stream or a table; the setting that names it is called so, too."""
        return KINDS[self.tables[table].connector].far_end

    def files(self) -> list[Path]:
        """The declaration and every SQL file that the job is made of, its own and those that it shares."""
        kinds = {**dict.fromkeys(self.views, "views"), **dict.fromkeys((*self.sources, *self.sinks), "tables")}
        return [self.folder / DECLARATION, *(_path(self.folder, kind, name) for name, kind in kinds.items())]

    def columns(self, table: str) -> dict[str, str]:
        """The physical columns of a table with their types, in order: not those of the connector, nor computed ones."""
        return references.columns(self.texts[table])

    def backfill(self, *, each: bool = False) -> Job:
        """The same rows from an archive of raw records, in batch mode, into the tables that have a key.

        The archive is complete when it is read, so nothing is late: `timed` comes from another file. Equal lines count
        once, and `tally` says what the archive held; with `each` they count each, and there is no tally.
        Raises JobError for a job without windows, or without such a table.
        """
        keyed = {table: view for table, view in self.inserts.items() if self.tables[table].declared.key}
        if not keyed or TIMED not in self.views:
            why = "no table with a key, so a backfill has nothing to repair" if not keyed else "no view `windowed`"
            raise JobError(str(self.folder), [f"it has {why}"])
        inserts = keyed if each else keyed | {"tally": "counted"}
        archived = _shared("views", "archived_each" if each else "archived")
        found = _resolve(self.folder, inserts, {TIMED: archived})
        return replace(
            self,
            name=f"{self.name}_backfill{'_each' if each else ''}",
            sources=found.sources,
            sinks=tuple(inserts),
            views=found.views,
            inserts=inserts,
            texts=found.texts,
            configuration={name: self.configuration[name] for name in _OF_A_BATCH}
            | {"pipeline.name": f"{self.name}_backfill{'_each' if each else ''}"},
        )


def shipped() -> list[str]:
    """The jobs that lie in this checkout, by their names."""
    return sorted(one.name for one in JOBS.iterdir() if NAME.fullmatch(one.name) and (one / DECLARATION).is_file())


def folder_of(job: str) -> Path:
    """The folder of a job by its name below jobs/, or by its path. Raises JobError if there is none."""
    named = JOBS / job if NAME.fullmatch(job) else None
    if named is not None and (named / DECLARATION).is_file():
        return named
    path = Path(os.path.abspath(job))  # noqa: PTH100  (a link keeps its own name, which is the job's)
    if os.path.isfile(path / DECLARATION):  # noqa: PTH113  (false for a name that no file can have)
        return path
    if os.path.isdir(path):  # noqa: PTH112
        raise JobError(
            job, [f"it has no {DECLARATION}: `python -m jobs new NAME` makes a folder with everything needed"]
        )
    near = difflib.get_close_matches(job, shipped(), 1)
    hint = f"did you mean {near[0]}" if near else f"there are {', '.join(shipped())}, or the path of a job's folder"
    raise JobError(job, [f"there is no such job ({hint})"])


def load(job: str | Path) -> Job:
    """The job of this name below jobs/, or in this folder. Raises JobError that lists every problem of the folder."""
    folder = folder_of(job) if isinstance(job, str) else job
    problems: list[str] = []
    document = _document(folder)
    inserts = {table: view for table, view in document.get("insert", {}).items() if isinstance(view, str)}
    problems += [
        f"[insert] {table} must be the name of a view" for table in document.get("insert", {}).keys() - inserts
    ]
    if not inserts:
        problems.append(f'{DECLARATION} has no [insert] that says which view goes into which table: table = "view"')
    problems += _reserved(folder)
    if not NAME.fullmatch(folder.name):
        problems.append(f"{folder.name!r} is no name of a job: a letter, then up to 49 letters, digits or underscores")
    problems += [
        f"[{name}] in {DECLARATION} means nothing: there are [insert] and [table.NAME]"
        for name in document
        if name not in ("insert", "table")
    ]
    found = _resolve(folder, inserts, {})
    problems += found.problems
    tables = _tables(document.get("table", {}), found, inserts, problems)
    problems += _unused(folder, found)
    if problems:
        raise JobError(str(folder), problems)
    return Job(
        folder.name,
        folder,
        found.sources,
        tuple(inserts),
        found.views,
        inserts,
        tables,
        found.texts,
        {"pipeline.name": folder.name, **CONFIGURATION},
    )


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads((folder / DECLARATION).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise JobError(str(folder), [f"{DECLARATION} cannot be read ({error})"]) from error
    for name in ("insert", "table"):
        if not isinstance(document.get(name, {}), dict):
            raise JobError(str(folder), [f"{name} in {DECLARATION} is no table of TOML: write [{name}]"])
    return document


@dataclass(frozen=True)
class _Found:
    """What the inserts need: sources, views in the order in which they can be declared, and the texts of all."""

    sources: tuple[str, ...]
    views: tuple[str, ...]
    texts: Mapping[str, str]
    problems: Sequence[str]


def _resolve(folder: Path, inserts: Mapping[str, str], instead: Mapping[str, str]) -> _Found:
    """Follow what the inserted views read. instead: texts of views that are taken in place of the files'."""
    texts: dict[str, str] = {}
    sources: dict[str, None] = {}
    views: dict[str, None] = {}
    problems: list[str] = []

    def follow(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            problems.append(f"the views {' -> '.join([*path[path.index(name) :], name])} read each other in a circle")
            return
        if name in views or name in sources:
            return
        view = instead.get(name) or _text(folder, "views", name)
        if view is None:
            table = _text(folder, "tables", name)
            if table is None:
                problems.append(_unknown(folder, name, path))
            else:
                texts[name] = table
                sources[name] = None
            return
        for read in references.of(view):
            follow(read, (*path, name))
        texts[name] = view
        views[name] = None

    for table, view in inserts.items():
        text = _text(folder, "tables", table)
        if text is None:
            problems.append(f"[insert] names the table {table}, but there is no tables/{table}.sql")
        else:
            texts[table] = text
        follow(view, ())
    return _Found(tuple(sources), tuple(views), texts, list(dict.fromkeys(problems)))


def _unknown(folder: Path, name: str, path: tuple[str, ...]) -> str:
    reader = f"views/{path[-1]}.sql reads" if path else "[insert] names"
    known = [*_names(folder, "views"), *_names(folder, "tables")]
    near = difflib.get_close_matches(name, known, 1)
    hint = f" (did you mean {near[0]!r}?)" if near else f", but there is no views/{name}.sql and no tables/{name}.sql"
    return f"{reader} {name}{hint}"


def _unused(folder: Path, found: _Found) -> Iterator[str]:
    for kind in ("views", "tables"):
        for name in _own(folder, kind):
            if name not in found.texts:
                verb = "reads" if kind == "views" else "reads or writes"
                yield f"nothing {verb} {kind}/{name}.sql: insert it, read it in a view, or remove the file"
            if kind == "views" and name in _own(folder, "tables"):
                yield f"{name} is the name of a table and of a view: rename one of them"


def _reserved(folder: Path) -> Iterator[str]:
    """Names that Flink's SQL does not take without backticks."""
    text = (SHARED / "reserved.txt").read_text(encoding="utf-8")
    words = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    for kind in ("tables", "views"):
        for name in _own(folder, kind):
            if name.upper() in words:
                yield f"{kind}/{name}.sql: {name} is a word of Flink's SQL, so give the file another name"
            elif not NAME.fullmatch(name):
                yield f"{kind}/{name}.sql: {name!r} is no name: a letter, then letters, digits or underscores"


def _tables(
    declared: Mapping[str, Any], found: _Found, inserts: Mapping[str, str], problems: list[str]
) -> dict[str, Table]:
    tables = {}
    for name in declared:
        if name not in (*found.sources, *inserts):
            problems.append(f"[table.{name}] in {DECLARATION} is about no table of the job")
    for name in (*found.sources, *inserts):
        if name in RESERVED or not NAME.fullmatch(name):
            problems.append(f"{name} cannot be the name of a table: it is the name of a group of settings")
            continue
        values = declared.get(name)
        if not isinstance(values, dict):
            problems.append(f"{DECLARATION} does not say how the table {name} is reached: write [table.{name}]")
            continue
        table = _table(name, dict(values), "source" if name in found.sources else "sink", problems)
        if table is not None:
            tables[name] = table
            if name in found.texts:
                problems.extend(_misdeclared(name, found.texts[name]))
                problems.extend(_columns_missing(name, table.declared, references.columns(found.texts[name])))
    return tables


def _table(name: str, values: dict[str, Any], role: str, problems: list[str]) -> Table | None:
    """The declaration of a table; what is wrong with it goes to `problems`."""
    where = f"[table.{name}]"
    kind = KINDS.get(str(values.pop("connector", "")))
    end = getattr(kind, role) if kind else None
    if kind is None or end is None:
        able = [one for one in KINDS if getattr(KINDS[one], role)]
        problems.append(f"{where} needs connector = one of {', '.join(map(repr, able))}, as it is a {role}")
        return None
    settings: dict[str, str] = {}
    options: dict[str, str] = {}
    facts: dict[str, Any] = {}
    for key, value in values.items():
        if key in end.declared:
            is_list = isinstance(value, list) and value and all(isinstance(one, str) for one in value)
            if not (isinstance(value, str) if key == "partition_key" else is_list):
                wanted = "a column" if key == "partition_key" else "a list of columns"
                problems.append(f"{where} {key} must be {wanted}")
            else:
                facts[key] = value if key == "partition_key" else tuple(value)
        elif key in end.settings or key.startswith(OPTION):
            choices = end.settings[key].choices if key in end.settings else ()
            if not isinstance(value, str) or not value.strip():
                problems.append(f"{where} {key} must be a text that is not empty")
            elif choices and value not in choices:
                problems.append(f"{where} {key} is {value!r}, but must be one of {', '.join(choices)}")
            elif key in end.settings:
                settings[key] = value
            else:
                options[key.removeprefix(OPTION)] = value
        else:
            known = [*end.settings, *end.declared]
            near = difflib.get_close_matches(key, known, 1)
            hint = f" (did you mean {near[0]!r}?)" if near else f" (there are {', '.join(known)})"
            problems.append(f"{where} {key} is nothing that a {role} of {kind.name} has{hint}")
    missing = [key for key, setting in end.settings.items() if setting.default is None and key not in values]
    missing += [key for key in end.required if key not in values]
    problems.extend(f"{where} needs {key}" for key in missing)
    return Table(kind.name, settings, Declared(**facts), options)


def _misdeclared(name: str, text: str) -> Iterator[str]:
    """What a table's file says that it must not, or does not say."""
    words = references.tokens(text)
    upper = [word.upper() for word in words]
    if upper[:2] != ["CREATE", "TABLE"] or words[2].strip("`") != name:
        yield f"tables/{name}.sql must begin with CREATE TABLE {name}"
    elif ("WITH", "(") in pairwise(upper):
        yield f"tables/{name}.sql has a WITH: how a table is reached is said in {DECLARATION}"
    for column in references.metadata(text):
        if column not in files.METADATA:
            known = ", ".join(files.METADATA)
            yield f"tables/{name}.sql: no connector fills the METADATA column {column} (there are {known})"


def _columns_missing(table: str, declared: Declared, known: Mapping[str, str]) -> Iterator[str]:
    partition = (declared.partition_key,) if declared.partition_key else ()
    for what, names in (
        ("key", declared.key),
        ("partition_key", partition),
        ("grows", declared.grows),
        ("shrinks", declared.shrinks),
    ):
        for name in names:
            if name not in known:
                yield f"[table.{table}] {what} names the column {name}, which tables/{table}.sql does not have"
            elif what in ("grows", "shrinks") and not _NUMBER.match(known[name]):
                yield f"[table.{table}] {what} names the column {name}, which is no number"
    if len(declared.key) > 2:
        yield f"[table.{table}] key has {len(declared.key)} columns: DynamoDB takes one, or two"
    for name in (*declared.grows, *declared.shrinks):
        if name in declared.grows and name in declared.shrinks:
            yield f"[table.{table}] {name} cannot both grow and shrink"
            break


def _text(folder: Path, kind: str, name: str) -> str | None:
    """The text of a table or view: the job's own, else the shared text. Raises JobError if it is no text."""
    path = _path(folder, kind, name)
    try:
        return path.read_text(encoding="utf-8").strip().removesuffix(";").rstrip() if path.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise JobError(str(folder), [f"{kind}/{name}.sql cannot be read as UTF-8 ({error})"]) from error


def _path(folder: Path, kind: str, name: str) -> Path:
    own = folder / kind / f"{name}.sql"
    return own if own.is_file() else SHARED / kind / f"{name}.sql"


def _shared(kind: str, name: str) -> str:
    return (SHARED / kind / f"{name}.sql").read_text(encoding="utf-8").strip()


def _own(folder: Path, kind: str) -> list[str]:
    if not (folder / kind).is_dir():
        return []
    return sorted(one.name.removesuffix(".sql") for one in (folder / kind).iterdir() if one.name.endswith(".sql"))


def _names(folder: Path, kind: str) -> list[str]:
    return [*_own(folder, kind), *_own(SHARED, kind)]
