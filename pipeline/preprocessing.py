"""The function that changes a source's records before SQL reads them, as `preprocess` in job.toml declares it.

The job's SQL reads the source by its name, as if the function's answers lay in the stream: `line` is what the function
made of the record. A further column says why the function refused a record, and is NULL for all others.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from connectors import aws, preprocessing
from connectors.connector import Connector
from pipeline import handler, references

if TYPE_CHECKING:
    from pipeline.job import Job, Table

REFUSAL = "preprocessing_error"  # the column of a refused record's reason
PLACE = ("shard", "sequence_number", "part", "arrival")  # the metadata columns that such a source needs
PROGRAM = Path(handler.__file__)
_SPLIT = "source.record.split-documents"


def declared(table: Table) -> str:
    """The function that job.toml declares for a source: a file's name or an ARN; empty for none."""
    return table.settings.get(preprocessing.PREPROCESS, "")


def configuration(sources: Iterable[Table]) -> dict[str, str]:
    """Flink's configuration of a job with these sources, beside that of every job."""
    name = f"{preprocessing.PREPROCESS}.records"
    default = preprocessing.SETTINGS[name].default or ""
    records = [int(source.settings.get(name, default)) for source in sources if declared(source)]
    return preprocessing.configuration(max(records)) if records else {}


def file(job: Job, table: str) -> Path | None:
    """The file of a source's handler, if job.toml declares a file."""
    name = declared(job.tables[table])
    return job.folder / name if preprocessing.is_file(name) else None


def functions(job: Job) -> list[str]:
    """The ARNs of the Lambda functions that job.toml declares."""
    return [declared(job.tables[table]) for table in job.hooked if file(job, table) is None]


def without_service(job: Job, table: str, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The options of a source's function where no service is at hand: in tests and over files.

    A Lambda function is left out there: the records that are given are what it would answer. settings: the source's, if
    there are any beside job.toml.
    """
    values = settings or job.tables[table].settings
    name = values.get(preprocessing.PREPROCESS, "")
    if not preprocessing.is_file(name):
        return {}
    splits = job.tables[table].options.get(_SPLIT) != "false"
    return preprocessing.of_file(job.folder / name, PROGRAM, sys.executable, values, splits=splits)


def on_stream(job: Job, table: str, connector: Connector, place: aws.Aws, settings: Mapping[str, str]) -> Connector:
    """The connector of a source that is a stream, with its function. The function gets whole records."""
    name = settings.get(preprocessing.PREPROCESS, "")
    if not name:
        return connector
    splits = connector.options.get(_SPLIT) != "false"
    options = (
        without_service(job, table, settings)
        if preprocessing.is_file(name)
        else preprocessing.of_lambda(place, name, settings, splits=splits)
    )
    return replace(connector, options={**connector.options, _SPLIT: "false"}, preprocessing=options)


def misdeclared(folder: Path, name: str, table: Table, text: str, texts: Mapping[str, str]) -> Iterator[str]:
    """Problems of a source with a function. text: its CREATE TABLE; texts: the SQL of all tables and views."""
    function = declared(table)
    where = f"[table.{name}] {preprocessing.PREPROCESS}"
    yield from (f"[table.{name}] {problem}" for problem in preprocessing.problems(table.settings))
    if preprocessing.is_file(function):
        yield from (f"{where}: {problem}" for problem in _unusable(folder / function))
    columns = references.columns(text)
    record, type_ = next(iter(columns.items()), ("line", ""))
    if type_ != "BYTES":
        yield f"tables/{name}.sql: {record} must be BYTES, as a function changes the record ({where})"
    if missing := [column for column in PLACE if column not in references.metadata(text)]:
        yield f"tables/{name}.sql needs the METADATA column {', '.join(missing)}, which the function gets ({where})"
    if references.tokenize(text).count(record) > 1:
        yield (
            f"tables/{name}.sql computes with {record}, which is the record before the function: compute it in the "
            f"view that reads {name}, and take the time of arrival ({where})"
        )
    if not any(REFUSAL in references.tokenize(other) for other in texts.values()):
        yield (
            f"no view reads the column {REFUSAL} of {name}, so records that the function refuses would count: make it "
            f"the error of a record in views/checked.sql ({where})"
        )


def _unusable(path: Path) -> Iterator[str]:
    """Why this file cannot be a handler, as far as can be said without running it."""
    try:
        module = ast.parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        yield f"{path.name} cannot be read ({error})"
        return
    except (SyntaxError, ValueError) as error:
        yield f"{path.name} is no Python ({error})"
        return
    if handler.FUNCTION not in _names(module):
        yield f"{path.name} has no function {handler.FUNCTION}(event, context)"


def _names(module: ast.Module) -> Iterator[str]:
    """The names that a module defines at its top."""
    for one in module.body:
        match one:
            case ast.FunctionDef():
                yield one.name
            case ast.Assign():
                yield from (target.id for target in one.targets if isinstance(target, ast.Name))
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name for alias in one.names)
            case _:
                pass
