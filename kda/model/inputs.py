"""Records into rows, by the schema of an input or of a reference table.

A record that is no JSON fails as PARSE, a row with a value that is none of its column's type as COERCION. A value that
is missing is NULL. Several documents in a record are several parts of it, by `aws.parts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
    """The rows of a file."""
    if schema.format == "CSV":
        yield from _rows(data, schema)
        return
    for line in data.split(b"\n"):
        if line.strip():
            yield from rows(line, schema)


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


def _of_json(record: Value, schema: Input | Reference, columns: Sequence[Column]) -> Iterator[dict[str, Any] | Failed]:
    if record.kind not in ("object", "array"):
        yield Failed("PARSE", "The record is neither an object nor an array.")
        return
    place = path(schema.row_path or "$")
    place = place[:-1] if place[-1:] == (EACH,) else place
    paths = [path(column.mapping) for column in columns]
    arrays = {one[: one.index(EACH)] for one in paths if EACH in one[:-1]}
    by_path = not place and len(arrays) == 1 and arrays != {()}
    if by_path:
        place = next(iter(arrays))
    if EACH in place or len(arrays) > 1 or (arrays and arrays != {place}):
        raise NotModelled("Rows of several arrays are not modelled.")
    found = _follow(record, place)
    if len(found) > 1:
        raise NotModelled("A row path that is there twice is not modelled.")
    elements = _elements(found[0] if found else None, by_path=by_path)
    if isinstance(elements, Failed):
        yield elements
        return
    for element in elements:
        yield _row(record, element, columns, [_within(one, place, by_path=by_path) for one in paths])


def _elements(found: Value | None, *, by_path: bool) -> list[Value | None] | Failed:
    """The values that are rows; None for a row of a record whose array is not there."""
    if found is not None and found.kind == "array":
        if not found.content or any(one.kind != "object" for one in found.content):
            raise NotModelled("An array of rows with other values than objects, or none, is not modelled.")
        return list(found.content)
    if by_path:
        if found is not None and found.kind != "null":
            raise NotModelled("A value in the place of an array of rows is not modelled.")
        return [None]
    if found is None or found.kind != "object":
        raise NotModelled("A record without a value at the row path is not modelled.")
    return [found]


def _within(steps: Path, place: Path, *, by_path: bool) -> tuple[bool, Path]:
    """Whether a path leads into a row, and its steps from there."""
    rest = steps[len(place) :] if steps[: len(place)] == place else ()
    if len(rest) > 1 and rest[0] is EACH:
        return True, rest[1:]
    if not by_path and rest and isinstance(rest[0], str):
        return True, rest
    return False, steps


def _follow(value: Value, steps: Path) -> list[Value]:
    """The values at a path: none, one, or more where a name is there twice."""
    found = [value]
    for step in steps:
        if isinstance(step, str):
            found = [inner for one in found for inner in one.fields(step)]
        elif isinstance(step, int):
            found = [one.content[step] for one in found if one.kind == "array" and step < len(one.content)]
        else:
            found = [one for one in found if one.kind == "array"]
    return found


def _row(
    record: Value, element: Value | None, columns: Sequence[Column], paths: Sequence[tuple[bool, Path]]
) -> dict[str, Any] | Failed:
    row: dict[str, Any] = {}
    failed: Failed | None = None
    for column, (is_inside, steps) in zip(columns, paths, strict=True):
        start = element if is_inside else record
        found = _follow(start, steps) if start is not None else []
        try:
            if len(found) > 1:
                raise Failed("COERCION", f"{column.name} is there twice.")
            value = found[0] if found else None
            row[column.name] = _converted(value.kind, _text(value), column) if value and value.kind != "null" else None
        except Failed as error:
            failed = failed or error
    return failed or row


def _text(value: Value) -> str:
    return str(value.content) if value.kind == "string" else value.source


# ---- CSV


def _of_csv(text: str, schema: Input | Reference, columns: Sequence[Column]) -> Iterator[dict[str, Any] | Failed]:
    if '"' in text:
        raise NotModelled("Quotes in CSV are not modelled.")
    for line in text.split(schema.row_delimiter):
        if not line.strip():
            continue
        cells = line.split(schema.column_delimiter)
        row: dict[str, Any] = {}
        try:
            for number, column in enumerate(columns):
                cell = cells[number] if number < len(cells) else ""
                row[column.name] = _converted("string", cell, column) if cell else None
        except Failed as error:
            yield error
        else:
            yield row


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
