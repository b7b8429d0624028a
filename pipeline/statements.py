"""The statements of a job in a TableEnvironment: `declare`, then `inserts`.

Only this module has SQL keywords in Python. It appends the connector's clauses to the SQL of a job's files, and adds
two columns: `is_last`, which follows from a window's length, and PUMP_NAME, the job's name in an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from connectors.connector import Connector
from java import FUNCTIONS
from pipeline import preprocessing, references, window
from pipeline.job import WINDOWED, Job

if TYPE_CHECKING:
    from pyflink.table import StatementSet, Table, TableEnvironment

# A metadata column: name, type, METADATA. The connector knows the rest.
_METADATA_COLUMN = re.compile(r"^(\s*)(\w+)(\s+[\w()]+(?:\s+NOT NULL)?)\s+METADATA\b", re.MULTILINE)
_DECLARED = re.compile(r"^CREATE TEMPORARY (VIEW|TABLE) (\w+)", re.MULTILINE)
_WITH_UID = re.compile(r"CREATE TEMPORARY VIEW (\w+) AS\n(.*\buid\s*=>.*)", re.DOTALL | re.IGNORECASE)
_UNREADABLE = ("TIMESTAMP", "BYTES", "BINARY", "VARBINARY")  # types that JSON has no good form for
ERRORS = "errors"  # the view that gets the column PUMP_NAME


def declarations(job: Job, connectors: Mapping[str, Connector]) -> Iterator[str]:
    """The statements that declare functions, tables and views. Raises KeyError for a table without a connector."""
    for name, class_name in FUNCTIONS.items():
        yield f"CREATE TEMPORARY FUNCTION {name} AS '{class_name}' LANGUAGE JAVA"
    for table in job.sources + job.sinks:
        if table in job.hooked:
            yield from _preprocessed(job, table, connectors[table])
        else:
            yield bound(job.texts[table], connectors[table])
    for view in job.views:
        yield f"CREATE TEMPORARY VIEW {view} AS\n{_completed(job, view)}"


def _preprocessed(job: Job, table: str, connector: Connector) -> Iterator[str]:
    """A source as it is received, what its function makes of each record, and a view of the source's name over it."""
    received, made = f"{table}_received", f"{table}_preprocessed"
    yield bound(_CREATED.sub(rf"\g<1>{received}", job.texts[table], count=1), connector)
    options = connector.preprocessing or preprocessing.without_service(
        job.folder, job.tables[table].settings, job.tables[table].options
    )
    if not options:
        yield _view(table, ["*", f"CAST(NULL AS STRING) AS {preprocessing.REFUSAL}"], f"FROM {received}")
        return
    line, *others = references.all_columns(job.texts[table])
    never_null = references.never_null(job.texts[table])
    named = {**options, "application": job.name, "stream": connector.options.get("stream", table)}
    texts = {name: f"COALESCE({name}, '')" if name in others else "''" for name in ("sequence_number", "partition_key")}
    # Flink 2.3 makes an empty text, or -1, of a NULL that it carries past an asynchronous function, and computes what
    # is beside the function only behind it. So the function itself carries a digit for each column: 1 for NULL.
    digits = [f"CASE WHEN {name} IS NULL THEN '1' ELSE '0' END" for name in others if name not in never_null]
    nulls = f"CONCAT({', '.join(digits)})" if digits else "''"
    arguments = [line, "shard", *texts.values(), "arrival", nulls, _quoted(json.dumps(named))]
    yield _view(
        made, ["*", f"preprocess(\n        {f',{chr(10)}        '.join(arguments)}\n    ) AS made"], f"FROM {received}"
    )
    carried = {name: f"came.{name}" for name in others}
    for place, name in enumerate((name for name in others if name not in never_null), 1):
        carried[name] = f"CASE WHEN SUBSTRING(rows_of.nulls, {place}, 1) = '0' THEN came.{name} END"
    carried["part"] = f"COALESCE(rows_of.part, {carried['part']})"
    columns = [f"rows_of.line AS {line}", *(f"{value} AS {name}" for name, value in carried.items())]
    yield _view(
        table,
        [*columns, f"rows_of.refusal AS {preprocessing.REFUSAL}"],
        f"FROM {made} AS came\nCROSS JOIN UNNEST(came.made) AS rows_of (line, part, refusal, nulls)",
    )


def _view(name: str, columns: Sequence[str], rest: str) -> str:
    listed = ",\n    ".join(columns)
    return f"CREATE TEMPORARY VIEW {name} AS\nSELECT\n    {listed}\n{rest}"


_CREATED = re.compile(r"^(CREATE\s+TABLE\s+)`?\w+`?", re.MULTILINE | re.IGNORECASE)


def _completed(job: Job, view: str) -> str:
    """A view's SELECT, with the columns that this module adds."""
    select = job.texts[view]
    if view == WINDOWED:
        return _with_last(select)
    if view == ERRORS:
        return f"SELECT *, {_quoted(job.name)} AS PUMP_NAME\nFROM (\n{select}\n) AS errors_of_any_job"
    return select


def _with_last(select: str) -> str:
    """The windows of each record, with `is_last` for the record's window that closes last.

    A record that is late for all its windows is a single error, reported with that window. `is_last` follows from the
    lengths of the windows, which no column of Flink's windows has, so it needs the intervals of the SQL.
    """
    windows = window.read(select)
    last = {
        "TUMBLE": "TRUE",
        "HOP": f"{windows.column} < window_start + {windows.literals.get('SLIDE')}",
        "CUMULATE": f"window_end >= window_start + {windows.literals.get('SIZE')}",
    }[windows.kind]
    return f"SELECT *, {last} AS is_last\nFROM (\n{select}\n) AS windows"


def insertions(job: Job, sinks: Collection[str] | None = None) -> Iterator[str]:
    """An INSERT for each sink, or for `sinks`; columns by position: a test compares those of view and table."""
    for table, view in job.inserts.items():
        if sinks is None or table in sinks:
            yield f"INSERT INTO {table} SELECT * FROM {view}"  # noqa: S608  (both names are the job's own)


def bound(table: str, connector: Connector) -> str:
    """A table's SQL with its connector: complete metadata columns, PARTITIONED BY and WITH."""

    def metadata(match: re.Match[str]) -> str:
        indent, column, type_ = match.groups()
        clause = connector.metadata[column]
        # A computed column has no type of its own, only its CAST's.
        return (
            f"{indent}{column} {clause}" if clause.startswith("AS ") else f"{indent}{column}{type_} {clause}".rstrip()
        )

    written = [match[2] for match in _METADATA_COLUMN.finditer(table)]
    computed = {name: connector.metadata[name][3:] for name in written if connector.metadata[name].startswith("AS ")}
    clauses = [_METADATA_COLUMN.sub(metadata, _inlined(table, computed))]
    if connector.partitioned_by:
        clauses.append(f"PARTITIONED BY ({', '.join(connector.partitioned_by)})")
    options = ",\n".join(f"    {_quoted(name)} = {_quoted(value)}" for name, value in connector.options.items())
    clauses.append(f"WITH (\n{options}\n)")
    return "\n".join(clauses).replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1)


def _inlined(table: str, computed: Mapping[str, str]) -> str:
    """The table with these expressions where its columns name them: Flink knows no computed column in another."""
    if not computed:
        return table
    declared = r"(?!\s+[\w()]+(?:\s+NOT NULL)?\s+METADATA\b)"
    kept = r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\.\s*`?\w+`?"  # comments, texts, fields of a row
    name = rf"\b(?:{'|'.join(computed)})\b"
    names = re.compile(rf"{kept}|`({name})`|({name}){declared}", re.DOTALL)
    return names.sub(lambda match: computed.get(match[1] or match[2], match[0]), table)


def script(job: Job, connectors: Mapping[str, Connector]) -> str:
    """All statements of the job, with connectors, for Flink's SQL client."""
    settings = [f"SET {_quoted(name)} = {_quoted(value)};" for name, value in job.configuration.items()]
    statements = [f"{statement};" for statement in declarations(job, connectors)]
    inserts = "\n".join(f"    {statement};" for statement in insertions(job))
    return "\n\n".join(["\n".join(settings), *statements, f"EXECUTE STATEMENT SET\nBEGIN\n{inserts}\nEND;"])


def environment(configuration: Mapping[str, str], *, batch: bool = False) -> TableEnvironment:
    """A TableEnvironment with this configuration of Flink."""
    from pyflink.common import Configuration  # noqa: PLC0415  (PyFlink needs a JVM, and seconds)
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

    options = Configuration()
    for name, value in configuration.items():
        options.set_string(name, value)
    mode = EnvironmentSettings.new_instance()
    mode = mode.in_batch_mode() if batch else mode.in_streaming_mode()
    return TableEnvironment.create(mode.with_configuration(options).build())


def declare(environment: TableEnvironment, job: Job, connectors: Mapping[str, Connector]) -> None:
    """Set the job's configuration and declare its functions, tables and views."""
    for name, value in job.configuration.items():
        environment.get_config().set(name, value)
    for statement in declarations(job, connectors):
        try:
            _execute(environment, statement)
        except Exception as error:
            if match := _DECLARED.search(statement):
                error.add_note(f"{match[1].lower()}s/{match[2]}.sql")  # Flink's message names no file
            raise


def _execute(environment: TableEnvironment, statement: str) -> None:
    """Execute a declaration.

    A view that calls a function with a uid is declared by its plan. As a text it would be planned anew for each of its
    readers; where Flink then finds a difference, such as the number of a LATERAL, it refuses the uid as one of two.
    """
    if match := _WITH_UID.match(statement):
        environment.create_temporary_view(match[1], environment.sql_query(match[2]))
    else:
        environment.execute_sql(statement)


def inserts(environment: TableEnvironment, job: Job) -> StatementSet:
    """All inserts in a statement set, so that all sinks share the scan and the aggregation; the caller executes it."""
    statements = environment.create_statement_set()
    for statement in insertions(job):
        statements.add_insert_sql(statement)
    return statements


def show(environment: TableEnvironment, statements: StatementSet, relation: str, connector: Connector) -> None:
    """Add an insert of a view's or source's rows to the set, for people to read: times and bytes are texts in it."""
    from pyflink.table import TableDescriptor  # noqa: PLC0415

    kind, *options = connector.options.items()
    descriptor = TableDescriptor.for_connector(kind[1])
    for name, value in options:
        descriptor = descriptor.option(name, value)
    statements.add_insert(descriptor.build(), _as_texts(environment.from_path(relation)))


def _as_texts(table: Table) -> Table:
    """The table with its times and bytes as texts. (A sink takes only one column of event time.)"""
    from pyflink.table import DataTypes  # noqa: PLC0415
    from pyflink.table.expressions import col  # noqa: PLC0415

    # PyFlink's own class of a schema has no types that can be compared.
    types = {str(one.getName()): str(one.getDataType()) for one in table._j_table.getResolvedSchema().getColumns()}
    return table.select(
        *(
            col(name).cast(DataTypes.STRING()).alias(name) if type_.startswith(_UNREADABLE) else col(name)
            for name, type_ in types.items()
        )
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
