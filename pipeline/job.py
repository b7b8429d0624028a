"""A job, loaded from a folder of SQL and a TOML file, without Flink.

    jobs/NAME/job.toml      the view for each sink, and the connector of each table
    jobs/NAME/tables/*.sql  columns and watermark of a table, by the file's name
    jobs/NAME/views/*.sql   a SELECT each; the file's name is the view's
    pipeline/tables, pipeline/views   shared by all jobs, unless a job has a file with the same name

The sources, the views and their order follow from the tables and views that the SELECTs read.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from connectors import dynamodb, files, firehose, kinesis, reference
from connectors.kind import Declared, End, Kind
from pipeline import preprocessing, references, window
from program.errors import Unusable, hint, shown, similar

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (kinesis.KIND, dynamodb.KIND, firehose.KIND, reference.KIND)}
SHARED = Path(__file__).resolve().parent  # the tables and views of all jobs
JOBS = SHARED.parent / "jobs"
DECLARATION = "job.toml"
WINDOWED = "windowed"  # the view that puts each record into its windows
TIMED = "timed"  # the view that says by which watermark a record is late
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}", re.ASCII)
RESERVED = ("job", "aws", "files")  # groups of settings that belong to no table
OPTION = "option."  # the prefix of a connector's option in settings
_NUMBER = re.compile(r"(TINYINT|SMALLINT|INT|INTEGER|BIGINT|FLOAT|DOUBLE|REAL|DECIMAL|DEC|NUMERIC)\b", re.IGNORECASE)
# Flink's configuration of every job in every place. Parallelism, checkpoints and jars are the launcher's.
CONFIGURATION: Mapping[str, str] = {
    # The most subtasks of a restored job: four times the limit of a deployment, twice the limit of autoscaling (64
    # units of 8 subtasks). The state depends on it: state with another number cannot be restored.
    "pipeline.max-parallelism": "1024",
    # Timestamps are UTC in any time zone of the machine.
    "table.local-time-zone": "UTC",
    # Saves a quarter of the CPU. Safe, since no function keeps a reference to a row that Flink reuses.
    "pipeline.object-reuse": "true",
    # Never forget the clock of a shard (pipeline/views/gathered.sql), whatever the cluster's configuration. After a
    # forgotten clock, a late record would count as timely, and its closed window would drop it without an error.
    "table.exec.state.ttl": "0 s",
}
_IN_BATCH_MODE = ("table.local-time-zone", "pipeline.object-reuse")


class JobError(Unusable):
    """An invalid folder of a job; the text names the folder and all problems."""

    def __init__(self, folder: str, problems: Sequence[str]) -> None:
        super().__init__(self.listed(f"The job in {shown(Path(folder))}", problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Table:
    """A table's connector, as job.toml declares it.

    connector: a name in KINDS. settings: defaults of the table's settings. options: the connector's, by its own names.
    """

    connector: str
    settings: Mapping[str, str]
    declared: Declared = field(default_factory=Declared)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job.

    views: in the order of their declaration. inserts: sink -> view. tables: of sources and sinks, from job.toml. texts:
    the SQL of each table and view by its name. configuration: Flink's, for every place. steps: views on the way to
    others, which nobody looks at.
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
    steps: tuple[str, ...] = ()

    @property
    def most_subtasks(self) -> int | None:
        """The most subtasks of a job restored from its state; None if Flink decides at the start."""
        most = self.configuration.get("pipeline.max-parallelism")
        return None if most is None else int(most)

    @property
    def argument(self) -> str:
        """The argument of `load` for this job: its name if it is in this checkout, else its folder."""
        return self.name if self.folder.parent == JOBS else str(self.folder)

    @property
    def has_windows(self) -> bool:
        """Whether the job has the view `windowed`, which defines its windows."""
        return WINDOWED in self.views

    def window(self) -> window.Window:
        """The windows of the view `windowed`. Raises window.WindowError."""
        if not self.has_windows:
            raise window.WindowError(f"The job {self.name} has no view `windowed` that defines its windows.")
        return window.read(self.texts[WINDOWED])

    def end(self, table: str) -> End:
        """The End of a source's or sink's connector."""
        kind = self.kind(table)
        end = kind.source if table in self.sources else kind.sink
        if end is None:
            raise KeyError(table)  # `load` refuses such a declaration
        return end

    def kind(self, table: str) -> Kind:
        """The kind of a source's or sink's connector."""
        return KINDS[self.tables[table].connector]

    def far_end(self, table: str) -> str:
        """The resource behind a source or sink: "stream", "table", "delivery stream" or "object"."""
        return self.kind(table).far_end

    @property
    def hooked(self) -> tuple[str, ...]:
        """The sources whose records a function changes before SQL reads them."""
        return tuple(table for table in self.sources if preprocessing.declared(self.tables[table].settings))

    def handler(self, table: str) -> Path | None:
        """The file with the function of a source; None without a function, or if it is Lambda's."""
        return preprocessing.file(self.folder, self.tables[table].settings)

    def files(self) -> list[Path]:
        """job.toml, all SQL files of the job, its own and shared files, and the handlers of its sources."""
        kinds = {**dict.fromkeys(self.views, "views"), **dict.fromkeys((*self.sources, *self.sinks), "tables")}
        handlers = [path for table in self.hooked if (path := self.handler(table))]
        return [self.folder / DECLARATION, *(_path(self.folder, kind, name) for name, kind in kinds.items()), *handlers]

    def columns(self, table: str) -> dict[str, str]:
        """The physical columns of a table with their types, in order."""
        return references.columns(self.texts[table])

    def backfill(self, *, each: bool = False) -> Job:
        """The job that computes the same rows from an archive in batch mode, for the tables with a key.

        A shared view takes the place of `timed`: no record is late in a complete archive. Equal lines count once, and
        `tally` counts the archive's records. With `each`, equal lines count each, without a tally. Raises JobError for
        a job without windows or without a table with a key.
        """
        keyed = {table: view for table, view in self.inserts.items() if self.tables[table].declared.key}
        if not keyed or TIMED not in self.views:
            lack = "no table with a key, so a backfill has nothing to repair" if not keyed else "no view `windowed`"
            raise JobError(str(self.folder), [f"it has {lack}"])
        if called := [table for table in self.hooked if not self.handler(table)]:
            reads = f"a Lambda function makes the records of {', '.join(called)}, which an archive does not have"
            raise JobError(str(self.folder), [f"{reads}: a backfill needs its handler in the job's folder"])
        inserts = keyed if each else keyed | {"tally": "counted"}
        resolved = _resolve(self.folder, inserts, {TIMED: "archived_each" if each else "archived"})
        name = f"{self.name}_backfill{'_each' if each else ''}"
        return replace(
            self,
            name=name,
            sources=resolved.sources,
            sinks=tuple(inserts),
            views=resolved.views,
            inserts=inserts,
            texts=resolved.texts,
            configuration={
                **{option: self.configuration[option] for option in _IN_BATCH_MODE},
                **preprocessing.configuration(self.tables[table].settings for table in resolved.sources),
                "pipeline.name": name,
            },
        )


def shipped() -> list[str]:
    """The names of the jobs in this checkout."""
    return sorted(path.name for path in JOBS.iterdir() if NAME.fullmatch(path.name) and (path / DECLARATION).is_file())


def folder_of(job: str) -> Path:
    """The folder of a job by its name below jobs/, or by its path. Raises JobError if it does not exist."""
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
    others = f" (there are {', '.join(shipped())}, or the path of a job's folder)"
    raise JobError(job, [f"there is no such job{similar(job, shipped()) or others}"])


def load(job: str | Path) -> Job:
    """The job of this name below jobs/, or in this folder. Raises JobError with all problems of the folder."""
    folder = folder_of(job) if isinstance(job, str) else job
    problems: list[str] = []
    document = _document(folder)
    inserts = {table: view for table, view in document.get("insert", {}).items() if isinstance(view, str)}
    problems += [
        f"[insert] {table} must be the name of a view" for table in document.get("insert", {}).keys() - inserts
    ]
    if not inserts:
        problems.append(f'{DECLARATION} has no [insert] with a view for each sink: table = "view"')
    problems += _reserved(folder)
    if not NAME.fullmatch(folder.name):
        problems.append(f"{folder.name!r} is no name of a job: a letter, then up to 49 letters, digits or underscores")
    unknown = [name for name in document if name not in ("steps", "insert", "table")]
    problems += [f"unknown [{name}] in {DECLARATION}: there are [insert] and [table.NAME]" for name in unknown]
    resolved = _resolve(folder, inserts, {})
    problems += resolved.problems
    steps = tuple(document.get("steps", ()))
    problems += [
        f"steps names {name}, which is no view of the job{similar(name, list(resolved.views))}"
        for name in steps
        if name not in resolved.views
    ]
    tables = _tables(folder, document.get("table", {}), resolved, inserts, problems)
    problems += _unused(folder, resolved)
    if problems:
        raise JobError(str(folder), problems)
    sources = [tables[table].settings for table in resolved.sources]
    return Job(
        folder.name,
        folder,
        resolved.sources,
        tuple(inserts),
        resolved.views,
        inserts,
        tables,
        resolved.texts,
        {
            "pipeline.name": folder.name,
            **CONFIGURATION,
            **preprocessing.configuration(sources),
        },
        steps,
    )


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads((folder / DECLARATION).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise JobError(str(folder), [f"{DECLARATION} cannot be read ({error})"]) from error
    except RecursionError as error:
        raise JobError(str(folder), [f"{DECLARATION} is nested too deeply"]) from error
    for name in ("insert", "table"):
        if not isinstance(document.get(name, {}), dict):
            raise JobError(str(folder), [f"{name} in {DECLARATION} is no table of TOML: write [{name}]"])
    steps = document.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(one, str) for one in steps):
        raise JobError(str(folder), [f'steps in {DECLARATION} is no list of views: write steps = ["view"]'])
    return document


@dataclass(frozen=True)
class _Resolved:
    """The sources and views of the inserts, in the order of their declaration, and the SQL of all tables and views."""

    sources: tuple[str, ...]
    views: tuple[str, ...]
    texts: Mapping[str, str]
    problems: Sequence[str]


def _resolve(folder: Path, inserts: Mapping[str, str], instead: Mapping[str, str]) -> _Resolved:
    """Collect all tables and views that the inserted views read. instead: a shared view for a view, by name."""
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
        view = _text(SHARED if name in instead else folder, "views", instead.get(name, name))
        if view is None:
            table = _text(folder, "tables", name)
            if table is None:
                problems.append(_unknown(folder, name, path))
            else:
                texts[name] = table
                sources[name] = None
            return
        for relation in references.of(view):
            follow(relation, (*path, name))
        texts[name] = view
        views[name] = None

    for table, view in inserts.items():
        text = _text(folder, "tables", table)
        if text is None:
            near = similar(table, _names(folder, "tables"))
            problems.append(f"[insert] names the table {table}{near or f', but there is no tables/{table}.sql'}")
        else:
            texts[table] = text
        follow(view, ())
    return _Resolved(tuple(sources), tuple(views), texts, list(dict.fromkeys(problems)))


def _unknown(folder: Path, name: str, path: tuple[str, ...]) -> str:
    reader = f"views/{path[-1]}.sql reads" if path else "[insert] names"
    known = [*_names(folder, "views"), *_names(folder, "tables")]
    missing = f", but there is no views/{name}.sql and no tables/{name}.sql"
    return f"{reader} {name}{similar(name, known) or missing}"


def _unused(folder: Path, resolved: _Resolved) -> Iterator[str]:
    for kind in ("views", "tables"):
        for name in _own(folder, kind):
            if name not in resolved.texts:
                verb = "reads" if kind == "views" else "reads or writes"
                yield f"nothing {verb} {kind}/{name}.sql: insert it, read it in a view, or remove the file"
            if kind == "views" and name in _own(folder, "tables"):
                yield f"{name} is the name of a table and of a view: rename the table or the view"


def _reserved(folder: Path) -> Iterator[str]:
    """Names that need backticks in Flink's SQL."""
    text = (SHARED / "reserved.txt").read_text(encoding="utf-8")
    reserved = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    for kind in ("tables", "views"):
        for name in _own(folder, kind):
            if name.upper() in reserved:
                yield f"{kind}/{name}.sql: {name} is a reserved word of Flink's SQL, so give the file another name"
            elif not NAME.fullmatch(name):
                yield f"{kind}/{name}.sql: {name!r} is no name: a letter, then letters, digits or underscores"


def _tables(
    folder: Path,
    declared: Mapping[str, Any],
    resolved: _Resolved,
    inserts: Mapping[str, str],
    problems: list[str],
) -> dict[str, Table]:
    tables = {}
    names = tuple(dict.fromkeys((*resolved.sources, *inserts)))
    problems += _read_sinks(resolved, inserts)
    unknown = [name for name in declared if name not in names]
    problems += [
        f"[table.{name}] in {DECLARATION}: the job has no such table{similar(name, names)}" for name in unknown
    ]
    for name in names:
        if name in RESERVED:
            problems.append(f"{name} cannot be the name of a table: it is the name of a group of settings")
            continue
        if not NAME.fullmatch(name):
            problems.append(f"{name!r} is no name of a table: a letter, then up to 49 letters, digits or underscores")
            continue
        entries = declared.get(name)
        if not isinstance(entries, dict):
            problems.append(f"{DECLARATION} has no connector for the table {name}: write [table.{name}]")
            continue
        table = _table(name, dict(entries), "sink" if name in inserts else "source", problems)
        if table is not None:
            tables[name] = table
            if name in resolved.texts:
                problems.extend(_misdeclared(name, resolved.texts[name], is_source=name not in inserts))
                problems.extend(_columns_missing(name, table.declared, references.columns(resolved.texts[name])))
                if preprocessing.declared(table.settings):
                    problems.extend(preprocessing.misdeclared(folder, name, table.settings, resolved.texts))
    return tables


def _read_sinks(resolved: _Resolved, inserts: Mapping[str, str]) -> Iterator[str]:
    """Problems of sinks that a view reads."""
    for sink in inserts:
        if sink in resolved.sources:
            views = [f"views/{view}.sql" for view in resolved.views if sink in references.of(resolved.texts[view])]
            yield f"{', '.join(views) or '[insert]'} reads the table {sink}, which is a sink: read a view or a source"


def _table(name: str, entries: dict[str, Any], role: str, problems: list[str]) -> Table | None:
    """The declaration of a table; adds its problems to `problems`."""
    where = f"[table.{name}]"
    kind = KINDS.get(str(entries.pop("connector", "")))
    end = getattr(kind, role) if kind else None
    if kind is None or end is None:
        able = [name for name in KINDS if getattr(KINDS[name], role)]
        problems.append(f"{where} needs connector = {' or '.join(map(repr, able))}, as it is a {role}")
        return None
    settings: dict[str, str] = {}
    options: dict[str, str] = {}
    columns: dict[str, Any] = {}
    for key, value in entries.items():
        if isinstance(value, dict):
            problems.append(f'{where} {key}: write a key with a dot in quotes, such as "{key}.{next(iter(value), "")}"')
        elif key in end.declared:
            is_one = key == "partition_key"
            if not (isinstance(value, str) if is_one else _is_list_of_texts(value)):
                problems.append(f"{where} {key} must be a {'column' if is_one else 'list of columns'}")
            else:
                columns[key] = value if is_one else tuple(value)
        elif key in end.settings or key.startswith(OPTION):
            choices = end.settings[key].choices if key in end.settings else ()
            if not isinstance(value, str) or not value.strip():
                wanted = f'in quotes, "{value}"' if isinstance(value, int | float) else "that is not empty"
                problems.append(f"{where} {key} must be a text {wanted}")
            elif choices and value not in choices:
                problems.append(f"{where} {key} is {value!r}, but must be one of {', '.join(choices)}")
            elif key in end.settings:
                settings[key] = value
            else:
                options[key.removeprefix(OPTION)] = value
        else:
            known = [*end.settings, *end.declared]
            problems.append(f"{where} {key} is no setting of a {kind.name} {role}{hint(key, known)}")
    missing = [key for key, setting in end.settings.items() if setting.default is None and key not in entries]
    missing += [key for key in end.required if key not in entries]
    problems.extend(f"{where} needs {key}" for key in missing)
    return Table(kind.name, settings, Declared(**columns), options)


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _misdeclared(name: str, text: str, *, is_source: bool) -> Iterator[str]:
    """Problems of a table's file."""
    tokens = references.tokenize(text)
    upper = [token.upper() for token in tokens]
    if upper[:2] != ["CREATE", "TABLE"] or [token.strip("`") for token in tokens[2:3]] != [name]:
        yield f"tables/{name}.sql must begin with CREATE TABLE {name}"
    elif ("WITH", "(") in pairwise(upper):
        yield f"tables/{name}.sql has a WITH: declare the connector in {DECLARATION}"
    elif is_source and len(columns := references.columns(text)) != 1:
        yield (
            f"tables/{name}.sql: a source has one column for the record, such as line BYTES; the others are METADATA "
            f"or computed (there are {', '.join(columns) or 'none'})"
        )
    for column in references.metadata(text):
        if column not in files.METADATA:
            known = ", ".join(files.METADATA)
            yield f"tables/{name}.sql: no connector fills the METADATA column {column} (there are {known})"


def _columns_missing(table: str, declared: Declared, known: Mapping[str, str]) -> Iterator[str]:
    partition = (declared.partition_key,) if declared.partition_key else ()
    for entry, names in (
        ("key", declared.key),
        ("partition_key", partition),
        ("grows", declared.grows),
        ("shrinks", declared.shrinks),
    ):
        for name in names:
            if name not in known:
                yield f"[table.{table}] {entry} names the column {name}, which tables/{table}.sql does not have"
            elif entry in ("grows", "shrinks") and not _NUMBER.match(known[name]):
                yield f"[table.{table}] {entry} names the column {name}, which is no number"
    if len(declared.key) > 2:
        yield f"[table.{table}] key has {len(declared.key)} columns: DynamoDB allows 1 or 2"
    for name in (*declared.grows, *declared.shrinks):
        if name in declared.grows and name in declared.shrinks:
            yield f"[table.{table}] {name} cannot both grow and shrink"
            break


def _text(folder: Path, kind: str, name: str) -> str | None:
    """The SQL of a table or view: the job's own, else the shared file. Raises JobError if it cannot be read."""
    if not NAME.fullmatch(name):  # no file has such a name; it may be too long to look for, or lead elsewhere
        return None
    path = _path(folder, kind, name)
    try:
        return path.read_text(encoding="utf-8").strip().removesuffix(";").rstrip() if path.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise JobError(str(folder), [f"{kind}/{name}.sql cannot be read as UTF-8 ({error})"]) from error


def _path(folder: Path, kind: str, name: str) -> Path:
    own = folder / kind / f"{name}.sql"
    return own if own.is_file() else SHARED / kind / f"{name}.sql"


def _own(folder: Path, kind: str) -> list[str]:
    if not (folder / kind).is_dir():
        return []
    return sorted(path.name.removesuffix(".sql") for path in (folder / kind).iterdir() if path.name.endswith(".sql"))


def _names(folder: Path, kind: str) -> list[str]:
    return [*_own(folder, kind), *_own(SHARED, kind)]
