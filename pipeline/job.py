"""A folder of SQL becomes tables, views and inserts of a TableEnvironment: `declare`, then `inserts`.

This is the one module in which Python and SQL keywords meet. A job's tables are `tables/*.sql` (columns and
watermark), its views `views/*.sql` (one SELECT each, the file's name is the view's); the connector's clauses
are appended here, and nothing else is ever put into the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from connectors.connector import Connector
from java import FUNCTIONS
from pipeline import window

if TYPE_CHECKING:
    from pyflink.table import StatementSet, TableEnvironment

# A column that the connector fills: name, type, METADATA. What follows METADATA is the connector's to say.
_METADATA_COLUMN = re.compile(r"^(\s*)(\w+)(\s+[\w()]+(?:\s+NOT NULL)?)\s+METADATA\b", re.MULTILINE)

# The view that puts each reading into its windows.
WINDOWED = "windowed"


@dataclass(frozen=True)
class Job:
    """One job: its package of SQL files, its tables, its views in the order of their use, what goes where.

    configuration: what the job needs of Flink wherever it runs; never parallelism, checkpoints or jars.
    view_files: the file of a view that is not named after it. So two jobs share the files that mean the same to both,
    and one of these may read a view that each job makes in its own way.
    """

    name: str
    package: str
    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    views: tuple[str, ...]
    inserts: Mapping[str, str]
    configuration: Mapping[str, str]
    view_files: Mapping[str, str] = field(default_factory=dict)

    @property
    def most_subtasks(self) -> int | None:
        """How many subtasks a job restored from its state can have at most; None where Flink decides at the start."""
        most = self.configuration.get("pipeline.max-parallelism")
        return None if most is None else int(most)

    def sql(self, kind: str, name: str) -> str:
        """The text of `tables/NAME.sql` or `views/NAME.sql`."""
        return (resources.files(self.package) / kind / f"{name}.sql").read_text(encoding="utf-8").strip()

    def view(self, name: str) -> str:
        """The SELECT that a view of this job is."""
        return self.sql("views", self.view_files.get(name, name))

    def window(self) -> window.Window:
        """How long the job's windows are: what its view `windowed` says. Raises window.WindowError."""
        return window.read(self.view(WINDOWED))


def declarations(job: Job, connectors: Mapping[str, Connector]) -> Iterator[str]:
    """The statements that declare functions, tables and views. Raises KeyError for an unbound table."""
    for name, class_name in FUNCTIONS.items():
        yield f"CREATE TEMPORARY FUNCTION {name} AS '{class_name}' LANGUAGE JAVA"
    for table in job.sources + job.sinks:
        yield bound(job.sql("tables", table), connectors[table])
    for view in job.views:
        select = job.view(view)
        yield f"CREATE TEMPORARY VIEW {view} AS\n{_with_last(select) if view == WINDOWED else select}"


def _with_last(select: str) -> str:
    """The windows of each reading with `is_last`: of several that a reading belongs to, the one that closes last.

    A reading that came too late for all of them is one error, told by that one. Which it is follows from the window's
    lengths, which no column of Flink's windows holds; so they are taken from the text, where they stand once.
    """
    found = window.read(select)
    last = {
        "TUMBLE": "TRUE",
        "HOP": f"{found.column} < window_start + {found.literals.get('SLIDE')}",
        "CUMULATE": f"window_end >= window_start + {found.literals.get('SIZE')}",
    }[found.kind]
    return f"SELECT *, {last} AS is_last\nFROM (\n{select}\n) AS windows"


def insertions(job: Job) -> Iterator[str]:
    """One INSERT for each sink; by position, which is why a test holds both ends' column names together."""
    for table, view in job.inserts.items():
        yield f"INSERT INTO {table} SELECT * FROM {view}"  # noqa: S608  (both names are the job's own)


def bound(table: str, connector: Connector) -> str:
    """A table's text with a connector: metadata columns filled in, PARTITIONED BY and WITH appended."""

    def metadata(match: re.Match[str]) -> str:
        indent, column, type_ = match.groups()
        clause = connector.metadata[column]
        # A connector that cannot read the column from the record computes it; the type is then the cast's.
        return f"{indent}{column} {clause}" if clause.startswith("AS ") else f"{indent}{column}{type_} {clause}"

    clauses = [_METADATA_COLUMN.sub(metadata, table)]
    if connector.partitioned_by:
        clauses.append(f"PARTITIONED BY ({', '.join(connector.partitioned_by)})")
    options = ",\n".join(f"    {_quoted(name)} = {_quoted(value)}" for name, value in connector.options.items())
    clauses.append(f"WITH (\n{options}\n)")
    return "\n".join(clauses).replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1)


def script(job: Job, connectors: Mapping[str, Connector]) -> str:
    """Every statement of the job as bound, ready to paste into Flink's SQL client."""
    settings = [f"SET {_quoted(name)} = {_quoted(value)};" for name, value in job.configuration.items()]
    statements = [f"{statement};" for statement in declarations(job, connectors)]
    inserts = "\n".join(f"    {statement};" for statement in insertions(job))
    return "\n\n".join(["\n".join(settings), *statements, f"EXECUTE STATEMENT SET\nBEGIN\n{inserts}\nEND;"])


def declare(environment: TableEnvironment, job: Job, connectors: Mapping[str, Connector]) -> None:
    """Set the job's configuration and declare everything it consists of."""
    for name, value in job.configuration.items():
        environment.get_config().set(name, value)
    for statement in declarations(job, connectors):
        environment.execute_sql(statement)


def inserts(environment: TableEnvironment, job: Job) -> StatementSet:
    """All inserts as one statement set: one scan, one aggregation feed every sink. The caller executes it."""
    statements = environment.create_statement_set()
    for statement in insertions(job):
        statements.add_insert_sql(statement)
    return statements


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
