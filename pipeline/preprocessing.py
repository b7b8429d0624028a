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

from connectors import aws, preprocessing
from connectors.connector import Connector
from pipeline import handler, references

REFUSAL = "preprocessing_error"  # the column of a refused record's reason
PLACE = ("shard", "sequence_number", "part", "arrival")  # the metadata columns that such a source needs
PROGRAM = Path(handler.__file__)
_SPLIT = "source.record.split-documents"


def declared(settings: Mapping[str, str]) -> str:
    """The function of a source with these settings: a file's name or an ARN; empty for none."""
    return settings.get(preprocessing.PREPROCESS, "")


def configuration(sources: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Flink's configuration of a job whose sources have these settings, beside that of every job."""
    name = f"{preprocessing.PREPROCESS}.records"
    default = preprocessing.OPTIONS["records"].default or ""
    records = [int(source.get(name, default)) for source in sources if declared(source)]
    return preprocessing.configuration(max(records)) if records else {}


def file(folder: Path, settings: Mapping[str, str]) -> Path | None:
    """The file of a source's handler in the job's folder; None without a function, or if it is Lambda's."""
    name = declared(settings)
    return folder / name if preprocessing.is_file(name) else None


def without_service(folder: Path, settings: Mapping[str, str], options: Mapping[str, str]) -> dict[str, str]:
    """The options of a source's function where no service is at hand: in tests and over files.

    A Lambda function is left out there: the records that are given are what it would answer. options: of the source.
    """
    path = file(folder, settings)
    if path is None:
        return {}
    splits = options.get(_SPLIT) != "false"
    return preprocessing.of_file(path, PROGRAM, sys.executable, settings, splits=splits)


def on_stream(folder: Path, connector: Connector, place: aws.Aws, settings: Mapping[str, str]) -> Connector:
    """The connector of a source that is a stream, with its function. The function gets whole records."""
    splits = connector.options.get(_SPLIT) != "false"
    options = without_service(folder, settings, connector.options) or preprocessing.of_lambda(
        place, declared(settings), settings, splits=splits
    )
    return replace(connector, options={**connector.options, _SPLIT: "false"}, preprocessing=options)


def misdeclared(folder: Path, name: str, settings: Mapping[str, str], texts: Mapping[str, str]) -> Iterator[str]:
    """Problems of a source with a function. texts: the SQL of all tables and views."""
    text = texts[name]
    where = f"[table.{name}] {preprocessing.PREPROCESS}"
    yield from (f"[table.{name}] {problem}" for problem in preprocessing.problems(settings))
    if path := file(folder, settings):
        yield from (f"{where}: {problem}" for problem in _unusable(path))
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
