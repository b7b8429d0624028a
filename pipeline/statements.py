"""A job becomes tables, views and inserts of a TableEnvironment: `declare`, then `inserts`.

This is the one module in which Python and SQL keywords meet. A job's files say what is computed; the connector's
clauses are appended here. Two things are added that a file cannot know: `is_last`, which follows from a window's
length, and the job's name as PUMP_NAME of an error.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from connectors.connector import Connector
from java import FUNCTIONS
from pipeline import window
from pipeline.job import WINDOWED, Job

if TYPE_CHECKING:
    from pyflink.table import StatementSet, TableEnvironment

# A column that the connector fills: name, type, METADATA. What follows METADATA is the connector's to say.
_METADATA_COLUMN = re.compile(r"^(\s*)(\w+)(\s+[\w()]+(?:\s+NOT NULL)?)\s+METADATA\b", re.MULTILINE)
_DECLARED = re.compile(r"^CREATE TEMPORARY (VIEW|TABLE) (\w+)", re.MULTILINE)
ERRORS = "errors"  # the view whose rows bear the job's name


def declarations(job: Job, connectors: Mapping[str, Connector]) -> Iterator[str]:
    """The statements that declare functions, tables and views. Raises KeyError for an unbound table."""
    for name, class_name in FUNCTIONS.items():
        yield f"CREATE TEMPORARY FUNCTION {name} AS '{class_name}' LANGUAGE JAVA"
    for table in job.sources + job.sinks:
        yield bound(job.texts[table], connectors[table])
    for view in job.views:
        yield f"CREATE TEMPORARY VIEW {view} AS\n{_completed(job, view)}"


def _completed(job: Job, view: str) -> str:
    """A view's SELECT, with what the files cannot say."""
    select = job.texts[view]
    if view == WINDOWED:
        return _with_last(select)
    if view == ERRORS:
        return f"SELECT *, {_quoted(job.name)} AS PUMP_NAME\nFROM (\n{select}\n) AS errors_of_any_job"
    return select


def _with_last(select: str) -> str:
    """The windows of each record with `is_last`: of several that a record belongs to, the window that closes last.

    A record that came too late for all of them is one error, reported with that window. Which it is follows from the
    window's lengths, which no column of Flink's windows holds; so they are taken from the text, where they stand once.
    """
    found = window.read(select)
    last = {
        "TUMBLE": "TRUE",
        "HOP": f"{found.column} < window_start + {found.literals.get('SLIDE')}",
        "CUMULATE": f"window_end >= window_start + {found.literals.get('SIZE')}",
    }[found.kind]
    return f"SELECT *, {last} AS is_last\nFROM (\n{select}\n) AS windows"


def insertions(job: Job, sinks: Collection[str] | None = None) -> Iterator[str]:
    """One INSERT for each sink, or for some of them; by position, so that a test compares the columns of both ends."""
    for table, view in job.inserts.items():
        if sinks is not None and table not in sinks:
            continue
        yield f"INSERT INTO {table} SELECT * FROM {view}"  # noqa: S608  (both names are the job's own)


def bound(table: str, connector: Connector) -> str:
    """A table's text with a connector: metadata columns filled in, PARTITIONED BY and WITH appended."""

    def metadata(match: re.Match[str]) -> str:
        indent, column, type_ = match.groups()
        clause = connector.metadata[column]
        # A connector that cannot read the column from the record computes it; the type is then the cast's.
        return (
            f"{indent}{column} {clause}" if clause.startswith("AS ") else f"{indent}{column}{type_} {clause}".rstrip()
        )

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


def environment(configuration: Mapping[str, str], *, batch: bool = False) -> TableEnvironment:
    """A TableEnvironment with this configuration of Flink, in streaming mode or in batch mode."""
    from pyflink.common import Configuration  # noqa: PLC0415  (PyFlink needs a JVM, and seconds)
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

    given = Configuration()
    for name, value in configuration.items():
        given.set_string(name, value)
    mode = EnvironmentSettings.new_instance()
    mode = mode.in_batch_mode() if batch else mode.in_streaming_mode()
    return TableEnvironment.create(mode.with_configuration(given).build())


def declare(environment: TableEnvironment, job: Job, connectors: Mapping[str, Connector]) -> None:
    """Set the job's configuration and declare everything it consists of."""
    for name, value in job.configuration.items():
        environment.get_config().set(name, value)
    for statement in declarations(job, connectors):
        try:
            environment.execute_sql(statement)
        except Exception as error:
            if match := _DECLARED.search(statement):
                error.add_note(f"{match[1].lower()}s/{match[2]}.sql")  # Flink's own message names no file
            raise


def inserts(environment: TableEnvironment, job: Job) -> StatementSet:
    """All inserts as one statement set: one scan, one aggregation feed every sink. The caller executes it."""
    statements = environment.create_statement_set()
    for statement in insertions(job):
        statements.add_insert_sql(statement)
    return statements


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
