"""Records into rows, by the schema of an input or of a reference table.

A record that is no JSON fails as PARSE, a row with a value that is none of its column's type as COERCION. A value that
is missing is NULL. Several documents in a record are several parts of it, by `aws.parts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aws.parts import parts
from kda.applications import Column, Input, Reference
from kda.model import json_values
from kda.model.coercions import converted
from kda.model.csv_cells import cells, unescaped
from kda.model.json_values import NotJson, Value
from kda.model.rows import Failed, NotModelled
from kda.sql_types import Type

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[0:\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
EACH = object()  # the step [0:]
Path = tuple[Any, ...]


def rows(data: bytes, schema: Input | Reference) -> Iterator[dict[str, Any] | Failed]:
    """The rows of a record, or for each that fails why."""
    for part in parts(data):
        yield from _rows(part, schema)


def lines(data: bytes, schema: Reference) -> Iterator[dict[str, Any] | Failed]:
    """The rows of a file, each line of which is a record."""
    found = data.split(b"\n")
    for line in found if found[-1] else found[:-1]:
        yield from _rows(line.removesuffix(b"\r"), schema)


def _rows(data: bytes, schema: Input | Reference) -> Iterator[dict[str, Any] | Failed]:
    columns = schema.columns
    if columns is None:
        raise NotModelled("Rows without a schema are not modelled: complete the application first.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield Failed("PARSE", f"The record is not UTF-8 after byte {error.start}.")
        return
    if text.startswith("\ufeff"):
        yield Failed("PARSE", "The record begins with a byte order mark.")
        return
    if schema.format == "CSV":
        yield from _of_csv(text, schema, columns)
        return
    try:
        value = json_values.read(text)
    except NotJson as error:
        yield Failed("PARSE", f"The record {error}.")
        return
    yield from _of_json(value, schema, columns)


# ---- JSON


def path(text: str) -> Path:
    """The steps of $.a.b[0]: names, numbers, EACH."""
    if not text.startswith("$"):
        raise NotModelled(f"The path {text!r} is not modelled.")
    found: list[Any] = []
    at = 1
    while at < len(text):
        step = _STEP.match(text, at)
        if not step:
            raise NotModelled(f"The path {text!r} is not modelled.")
        name, number, quoted, in_quotes = step.groups()
        if number is not None:
            found.append(int(number))
        else:
            found.append(next((one for one in (name, quoted, in_quotes) if one is not None), EACH))
        at = step.end()
    return tuple(found)


@dataclass(frozen=True)
class _Place:
    """Where a JSON record has its rows. steps: to an object or array; is_asked: whether the row path names it.

    is_array: whether paths of columns name it, by [0:] with steps behind it: then an object there is no row.
    """

    steps: Path
    is_asked: bool
    is_array: bool

    @staticmethod
    def of(row_path: str, paths: Sequence[Path]) -> _Place:
        """By the row path and the columns' paths."""
        steps = path(row_path or "$")
        steps = steps[:-1] if steps[-1:] == (EACH,) else steps
        arrays = {one[: one.index(EACH)] for one in paths if EACH in one[:-1]}
        is_array = not steps and bool(arrays - {()})
        found = next(iter(arrays)) if is_array else steps
        if EACH in found or arrays - {found}:
            raise NotModelled("Rows of several arrays are not modelled.")
        return _Place(found, bool(steps), is_array)

    def within(self, steps: Path) -> tuple[bool, Path]:
        """Whether a path leads into a row, and its steps from there."""
        rest = steps[len(self.steps) :] if steps[: len(self.steps)] == self.steps else ()
        if len(rest) > 1 and rest[0] is EACH:
            return True, rest[1:]
        if not self.is_array and rest and isinstance(rest[0], str):
            return True, rest
        return False, steps


def _of_json(record: Value, schema: Input | Reference, columns: Sequence[Column]) -> Iterator[dict[str, Any] | Failed]:
    paths = [path(column.mapping or f"$.{column.name}") for column in columns]
    place = _Place.of(schema.row_path, paths)
    if record.kind != "object" and (record.kind != "array" or (place.steps and isinstance(place.steps[0], str))):
        yield Failed("PARSE", "The record is no JSON object.")
        return
    failed: Failed | None = None
    elements: list[Value | None] = []
    try:
        elements = _elements(_follow(record, place.steps, is_first=True), place)
        _follow(record, place.steps)
    except Failed as error:
        failed = error
    for element in elements or [None]:
        row = _row(record, element, columns, [place.within(one) for one in paths])
        yield failed or row


def _elements(found: Value | None, place: _Place) -> list[Value | None]:
    """The values that are rows. Raises Failed where the row path has to lead to some and does not."""
    if found is not None and found.kind == "array":
        return list(found.content)
    is_there = found is not None and found.kind == "object"
    if place.is_asked and not is_there:
        raise Failed("COERCION", "There is no array or object at the row path.")
    return [found] if is_there and not place.is_array else []


def _follow(value: Value, steps: Path, *, is_first: bool = False) -> Value | None:
    """The value at a path; None if there is none. Raises Failed where a name is there twice, or takes the first."""
    found: Value | None = value
    for step in steps:
        if found is None:
            return None
        if isinstance(step, str):
            values_ = found.fields(step)
            if len(values_) > 1 and not is_first:
                raise Failed("COERCION", f"{step} is there twice.")
            found = values_[0] if values_ else None
        elif found.kind != "array":
            return None
        elif isinstance(step, int):
            found = found.content[step] if step < len(found.content) else None
    return found


def _row(
    record: Value, element: Value | None, columns: Sequence[Column], paths: Sequence[tuple[bool, Path]]
) -> dict[str, Any] | Failed:
    row: dict[str, Any] = {}
    failed: Failed | None = None
    for column, (is_inside, steps) in zip(columns, paths, strict=True):
        start = element if is_inside else record
        try:
            value = _follow(start, steps) if start is not None else None
            row[column.name] = converted(value.kind, _text(value), column) if value and value.kind != "null" else None
        except Failed as error:
            failed = failed or error
    return failed or row


def _text(value: Value) -> str:
    return str(value.content) if value.kind == "string" else value.source


# ---- CSV


def _of_csv(text: str, schema: Input | Reference, columns: Sequence[Column]) -> Iterator[dict[str, Any] | Failed]:
    lines_ = list(cells(text, unescaped(schema.row_delimiter), unescaped(schema.column_delimiter)))
    if not lines_:
        yield Failed("PARSE", "The record is empty.")
    for line in lines_:
        row: dict[str, Any] = dict.fromkeys(column.name for column in columns)
        try:
            for cell, column in zip(line, columns, strict=False):
                is_text = Type.written(column.type).name == "VARCHAR"
                if cell is not None and (is_text or cell.strip()):
                    row[column.name] = converted("string", cell, column)
        except Failed as error:
            yield error
        else:
            yield row
