"""A sample of records: made up from an input's schema and what the SQL compares, or the lines of a file.

Equal applications give equal samples. Records arrive one after the other, never two in a millisecond, so that the order
of rows in a window is sure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from sqlglot import exp

from kda.applications import Column, Input, Reference
from kda.lookups import lookups
from kda.migration.compared import Compared, compared
from kda.migration.paths import Step, put, steps
from kda.model import Record
from kda.rule import Subject
from kda.sql_types import FLOATING, WHOLE, Type
from kda.windows import milliseconds, named

BEGIN = int(datetime(2026, 1, 5, 10, tzinfo=UTC).timestamp() * 1000)  # of the first arrival
GOOD = 24  # records that are made up
_MOST = 100  # rows of a given file of CSV
_NULLS = (GOOD // 3, GOOD // 3 * 2)  # the numbers of records with NULLs
LONGEST = 86_400_000  # of a gap between two arrivals, in milliseconds
_LIMITS = {"TINYINT": 127, "SMALLINT": 32_767, "INTEGER": 2_147_483_647, "BIGINT": 2**63 - 1}
_TIME = "yyyy-MM-dd HH:mm:ss.SSS"
# A pattern of Java's for times, as strftime has it.
_PATTERN = re.compile(r"yyyy|MM|dd|HH|mm|ss|SSS|'([^']*)'|[A-Za-z]+")
_DIRECTIVES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


@dataclass(frozen=True)
class Sample:
    """Records in the order of reading, the content of each reference table's file, and records that are refused."""

    records: tuple[Record, ...]
    references: Mapping[str, bytes]
    refused: tuple[Record, ...] = ()


def made(subject: Subject, seed: int, time_column: str | None = None) -> Sample:
    """A sample of the application's only input. Its columns are known.

    time_column: the one that has the time of a record, in place of its arrival.
    """
    (source,) = subject.application.inputs
    draw = Random(f"{seed}")  # noqa: S311  (equal seeds give equal samples)
    words = compared(subject)
    gaps = list(_gaps(subject))
    shards = [f"shardId-{number:012d}" for number in range(max(1, source.parallelism))]
    values = {column.name: _values(column, words) for column in source.columns or ()}
    records, at = [], BEGIN
    for number in range(GOOD):
        row = {name: draw.choice(choices)(at) for name, choices in values.items()}
        if number in _NULLS:  # each column is NULL once
            row |= dict.fromkeys([name for name in row if name != time_column][_NULLS.index(number) :: len(_NULLS)])
        if time_column is not None:
            row[time_column] = _moment(at)
        records.append(Record(written(source, row), at, shards[number % len(shards)]))
        at += draw.choice(gaps)
    refused = tuple(Record(data, at + 1000 * number, shards[0]) for number, data in enumerate(_refused(source, values)))
    return Sample(tuple(records), _references(subject, words), refused)


def of_lines(lines: Sequence[bytes], subject: Subject, references: Mapping[str, bytes]) -> Sample:
    """A sample of given records, so that some fall into each of the shortest windows, and of reference tables."""
    (source,) = subject.application.inputs
    if source.format == "CSV":  # a file of it is one record for those who do not know its form
        end = source.row_delimiter.encode()
        lines = [row for line in lines for row in line.split(end) if row.strip()][:_MOST]
    step = max(1, min(_lengths(subject), default=5_000) // 5)
    records = [Record(line, BEGIN + number * step) for number, line in enumerate(lines)]
    return Sample(tuple(records), {**_references(subject, compared(subject)), **references})


def written(source: Input | Reference, row: Mapping[str, Any]) -> bytes:
    """A record that has these values of columns, in the form of the input. A None is left out of JSON."""
    columns = source.columns or ()
    if source.format == "CSV":
        texts = ["" if row[column.name] is None else str(row[column.name]) for column in columns]
        return source.column_delimiter.join(texts).encode()
    base = steps(source.row_path) or ()
    document: Any = put(None, base, {})
    for column in columns:
        path = _path(column, base)
        if path is not None and row[column.name] is not None:
            document = put(document, path, row[column.name])
    return json.dumps(document, ensure_ascii=False).encode()


def _path(column: Column, base: tuple[Step, ...]) -> tuple[Step, ...] | None:
    """The path of a column from the record's root, where paths begin also if rows are in an array."""
    return steps(column.mapping) if column.mapping else (*base, column.name)


def _refused(source: Input, values: Mapping[str, Any]) -> Iterator[bytes]:
    """A record that is no JSON, and one with a text for a number."""
    whole = next((one.name for one in source.columns or () if Type.written(one.type).name in WHOLE), None)
    if source.format != "CSV":
        yield b"no JSON"
    if whole is not None:
        row = {name: choices[0](BEGIN) for name, choices in values.items()}
        yield written(source, row | {whole: "many"})


def _lengths(subject: Subject) -> Iterator[int]:
    """The lengths of the windows of the pumps, in milliseconds."""
    for part in subject.parts:
        yield from (one.milliseconds for one in part.windows if one.milliseconds)
        yield from (one.preceding for one in part.windowing.sliding if one.kind == "RANGE" and one.preceding)
        for relation in part.relations:
            if relation.window is not None and (over := named(relation.window, part.select)) is not None:
                yield from filter(None, map(milliseconds, over.find_all(exp.Interval)))


def _gaps(subject: Subject) -> Iterator[int]:
    """Times between arrivals: short ones, and some by which windows end."""
    yield from (250, 1_000, 1_500, 2_750)
    for length in dict.fromkeys(_lengths(subject)):
        yield max(1, min(length // 4, LONGEST))
        yield max(1, min(length // 2, LONGEST))
        yield max(1, min(length, LONGEST))


def _values(column: Column, words: Mapping[str, Compared]) -> list[Callable[[int], Any]]:
    """What a column may have, each from the time at which its record arrives."""
    found = next((words[name] for name in (column.name, column.name.upper()) if name in words), Compared())
    type_ = Type.written(column.type)
    if type_.name in _OF_TIME:
        return [_OF_TIME[type_.name]]
    if type_.name in (*WHOLE, *FLOATING, "DECIMAL"):
        return [_since_1970] if "milliseconds" in found.formats else [*map(_constant, _numbers(type_, found))]
    if type_.name == "VARCHAR":
        return [*_texts(column.name, int(type_.sizes[0]) if type_.sizes else 1, found)]
    return [*map(_constant, (True, False) if type_.name == "BOOLEAN" else (None,))]


def _since_1970(at: int) -> int:
    return at


def _constant(value: Any) -> Callable[[int], Any]:
    return lambda _at: value


def _numbers(type_: Type, found: Compared) -> Iterator[int | float]:
    """Numbers about those that the SQL compares, and some others."""
    given = list(dict.fromkeys(found.numbers))
    near = [one for value in given for one in (value, value + 1, value - 1)] or [1, 2, 3, 5]
    if type_.name in WHOLE:
        limit = _LIMITS[type_.name]
        yield from dict.fromkeys(int(value) for value in near if -limit <= value <= limit)
        return
    digits = type_.sizes and int(type_.sizes[0]) - int(type_.sizes[1] if len(type_.sizes) > 1 else 0)
    fraction = 0 if type_.sizes and len(type_.sizes) < 2 else 0.5  # DECIMAL(8) has none
    for value in dict.fromkeys([*near, near[0] + fraction]):
        if not digits or abs(value) < 10**digits:
            yield value


def _texts(name: str, longest: int, found: Compared) -> Iterator[Callable[[int], Any]]:
    """Texts that the SQL compares or turns into something else, and some others."""
    for pattern in dict.fromkeys(found.formats):
        if (directives := _directives(pattern)) is not None:
            yield partial(_formatted, directives)
            yield partial(_formatted, directives, earlier=timedelta(hours=1))
    if found.formats:
        return
    if "TIMESTAMP" in found.types:
        yield _moment
        return
    if {*found.types} & {*WHOLE, *FLOATING, "DECIMAL"}:
        yield from map(_constant, ("1", "2", "7"))
        return
    given = [text for text in dict.fromkeys(found.texts) if len(text) <= longest]
    yield from map(_constant, given)
    stem = re.sub(r"[^a-z0-9]", "", (found.group or name).lower()) or "text"
    others = [f"{stem}-{number}" if len(stem) + 2 <= longest else "ABC"[number - 1] for number in (1, 2, 3)]
    yield from map(_constant, others[: 1 if given else 3])


def _directives(pattern: str) -> str | None:
    """A pattern of Java's as strftime takes it; None if a part of it is not known."""
    unknown = []

    def replaced(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1].replace("%", "%%") or "'"
        if match[0] in ("SSS", "S"):
            return "000"
        unknown.extend([] if match[0] in _DIRECTIVES else [match[0]])
        return _DIRECTIVES.get(match[0], "")

    directives = _PATTERN.sub(replaced, pattern.replace("%", "%%"))
    return None if unknown else directives


def _references(subject: Subject, words: Mapping[str, Compared]) -> dict[str, bytes]:
    """The content of each reference table's file: a row for each value of its keys."""
    keys: dict[str, tuple[str, ...]] = {}
    for part in subject.parts:
        for one in lookups(part, subject.catalog):
            keys[one.relation.name] = (*keys.get(one.relation.name, ()), *one.keys)
    found = {}
    for table in subject.application.references:
        values = {column.name: _values(column, words) for column in table.columns or ()}
        rows = max((len(values[name]) for name in keys.get(table.table, ()) if name in values), default=1)
        lines = [
            written(table, {name: choices[min(row, len(choices) - 1)](BEGIN) for name, choices in values.items()})
            for row in range(rows)
        ]
        end = table.row_delimiter if table.format == "CSV" else "\n"
        found[table.table] = b"".join(line + end.encode() for line in lines)
    return found


def _formatted(directives: str, at: int, earlier: timedelta = timedelta()) -> str:
    return (_when(at) - earlier).strftime(directives)


def _when(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def _moment(at: int) -> str:
    """A time in milliseconds since 1970 as yyyy-MM-dd HH:mm:ss.SSS."""
    return _when(at).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


_OF_TIME: Mapping[str, Callable[[int], Any]] = {
    "TIMESTAMP": _moment,
    "DATE": lambda at: _moment(at)[:10],
    "TIME": lambda at: _moment(at)[11:19],
}
