"""Records into rows, by the schema of an input or of a reference table.

A record that is no JSON fails as PARSE, a row with a value that is none of its column's type as COERCION. A value that
is missing is NULL. Several documents in a record are several parts of it, by `aws.parts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from aws.parts import parts
from kda.applications import Column, Input, Reference
from kda.model import json_values, values
from kda.model.json_values import NotJson, Value
from kda.model.rows import Failed, NotModelled
from kda.sql_types import FLOATING, WHOLE, Type

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[0:\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
EACH = object()  # the step [0:]
_MOMENT = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d))?([Tt ])?(?:(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
    r"(?:([Zz])|([-+])(\d\d):?(\d\d)?)?",
    re.ASCII,
)
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
        found = _follow(record, place.steps)
        elements = _elements(found, place)
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


def _follow(value: Value, steps: Path) -> Value | None:
    """The value at a path; None if there is none. Raises Failed where a name is there twice."""
    found: Value | None = value
    for step in steps:
        if found is None:
            return None
        if isinstance(step, str):
            values_ = found.fields(step)
            if len(values_) > 1:
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
            row[column.name] = _converted(value.kind, _text(value), column) if value and value.kind != "null" else None
        except Failed as error:
            failed = failed or error
    return failed or row


def _text(value: Value) -> str:
    return str(value.content) if value.kind == "string" else value.source


# ---- CSV


def _of_csv(text: str, schema: Input | Reference, columns: Sequence[Column]) -> Iterator[dict[str, Any] | Failed]:
    lines_ = list(_cells(text, _unescaped(schema.row_delimiter), _unescaped(schema.column_delimiter)))
    if not lines_:
        yield Failed("PARSE", "The record is empty.")
    for cells in lines_:
        row: dict[str, Any] = dict.fromkeys(column.name for column in columns)
        try:
            for cell, column in zip(cells, columns, strict=False):
                is_text = Type.written(column.type).name == "VARCHAR"
                if cell is not None and (is_text or cell.strip()):
                    row[column.name] = _converted("string", cell, column)
        except Failed as error:
            yield error
        else:
            yield row


def _unescaped(delimiter: str) -> str:
    """A delimiter, in which an escape such as that of a tab may be written out."""
    return re.sub(r"\\([nrt\\])", lambda found: {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], "\\"), delimiter)


def _cells(text: str, of_rows: str, of_columns: str) -> Iterator[list[str | None]]:
    """The cells of each row that has a character; None for one without any. A cell may stand in quotes."""
    if of_rows == "\n":
        text = re.sub("\r(?=\n|$)", "", text)
    row_end, column_end = re.escape(of_rows), re.escape(of_columns)
    quoted = re.compile(rf'[ \t]*"((?:[^"]|"")*)"[ \t]*(?={column_end}|{row_end}|\Z)')
    plain = re.compile(rf"(?:(?!{column_end}|{row_end}).)*", re.DOTALL)
    at = 0
    while at < len(text):
        if text.startswith(of_rows, at):
            at += len(of_rows)
            continue
        cells: list[str | None] = []
        while True:
            found = quoted.match(text, at)
            if found:
                cells.append(found[1].replace('""', '"'))
            else:
                found = plain.match(text, at)
                assert found is not None  # noqa: S101
                cells.append(found[0] or None)
                if found[0].lstrip(" \t").startswith('"'):
                    raise NotModelled("Quotes in CSV that are not closed, or a cell that goes on, are not modelled.")
            at = found.end()
            if not text.startswith(of_columns, at):
                break
            at += len(of_columns)
        at += len(of_rows) if text.startswith(of_rows, at) else 0
        yield cells


# ---- values


def _converted(kind: str, text: str, column: Column) -> Any:
    """A value of a record as one of its column's type. Raises Failed(COERCION)."""
    to = Type.written(column.type)
    value = _value(kind, text, to)
    if value is None:
        raise Failed("COERCION", f"{column.name} is {text[:40]!r}, expected {column.type}.")
    return value


def _value(kind: str, text: str, to: Type) -> Any:
    if to.name == "VARCHAR":
        return None if any("\ud800" <= sign <= "\udfff" for sign in text) else values.cut(text, to)
    if kind in ("object", "array"):
        return None
    if to.name == "BOOLEAN":
        return _truth(kind, text)
    if to.name in ("TIMESTAMP", "DATE", "TIME"):
        return _moment(text.strip(), to) if kind == "string" and len(text) <= 64 else None
    if to.name not in (*WHOLE, *FLOATING, "DECIMAL"):
        raise NotModelled(f"An input column of the type {to.name} is not modelled.")
    digits = {"true": "1", "false": "0"}.get(kind, text.strip() if kind == "string" else text)
    return _number(digits, to) if values.NUMBER_TEXT.fullmatch(digits) else None


def _truth(kind: str, text: str) -> bool:
    if kind == "number":
        return any(sign in "123456789" for sign in re.split("[eE]", text)[0])
    return kind == "true" or (kind == "string" and text.lower() == "true")


def _number(digits: str, to: Type) -> Any:
    if to.name in FLOATING:
        number = float(digits)
        return number if abs(number) != float("inf") else None
    if to.name in WHOLE:
        if not re.fullmatch(r"[+-]?\d{1,30}", digits, re.ASCII):
            return None
        try:
            return values.cast(digits, values.VARCHAR, to)
        except Failed:
            return None
    precision, scale = values.sizes(to)
    exact = Decimal(digits)
    if exact and not -scale <= exact.adjusted() < precision - scale:
        return None
    fitted = values.fitted(exact, to)
    return fitted if fitted == exact else None


def _moment(text: str, to: Type) -> Any:
    """A date, a time of day, or both; with both also Z or an offset, which is taken away."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    year, month, day, between, hour, minute, second, fraction, zone, sign, zone_hours, zone_minutes = found.groups()
    has_both = year is not None and hour is not None
    is_there = hour is not None if to.name == "TIME" else year is not None
    if (between is not None) != has_both or ((zone or sign) and not has_both) or not is_there:
        return None
    ahead = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
    if int(zone_hours or 0) > 18 or int(zone_minutes or 0) > 59:
        return None
    milliseconds_ = int((fraction or "").ljust(3, "0")[:3])
    try:
        local = datetime(int(year or 1970), int(month or 1), int(day or 1), tzinfo=UTC).replace(tzinfo=None)
        clock = time(int(hour or 0), int(minute or 0), int(second or 0), milliseconds_ * 1000)
        moment = datetime.combine(local.date(), clock) - (-ahead if sign == "-" else ahead)
    except (ValueError, OverflowError):
        return None
    return values.cast(moment, values.TIMESTAMP, to)
