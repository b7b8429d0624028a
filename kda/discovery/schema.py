"""The schema of a sample: columns with what was met in each, the form of the records, and what is not certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws.parts import parts
from kda.applications import Column, Schema
from kda.discovery import row_paths
from kda.discovery.documents import Array, Object
from kda.discovery.names import has_path, mapping, names
from kda.discovery.samples import NoSample, Sample, decoded, unpacked, unreadable
from kda.discovery.texts import Table, table
from kda.discovery.tree import Values
from kda.discovery.types import typed
from program.formats import listed, many, share

_MOST_COLUMNS = 1000  # of a schema of KDA
_MORE = "the file has more than what was looked at: --records takes more"
_SHOWN = 60  # characters of a record that is not read


@dataclass(frozen=True)
class Found:
    """A column. seen: rows that have a value; missing: rows without one; met: rows by the kind of their value.

    longest: characters of the longest value; doubt: what could not be decided, "" if nothing.
    """

    column: Column
    seen: int
    missing: int
    met: Mapping[str, int]
    longest: int
    example: str
    doubt: str


@dataclass(frozen=True)
class Discovery:
    """What a sample shows. schema: with the columns; unread: parts of records that are no rows; notes: sentences."""

    name: str
    schema: Schema
    columns: tuple[Found, ...]
    records: int
    rows: int
    unread: int
    notes: tuple[str, ...]

    @property
    def doubts(self) -> Iterator[Found]:
        """The columns that could not be decided."""
        return (one for one in self.columns if one.doubt)


def discovered(sample: Sample) -> Discovery:
    """The schema of a sample. Raises NoSample if it has no rows."""
    compressed = [unpacked(record) for record in sample.records]
    whole = [record if inside is None else inside for record, inside in zip(sample.records, compressed, strict=True)]
    notes = list(_of_sample(sample, sum(inside is not None for inside in compressed)))
    pieces = [part for record in whole for part in parts(record)]
    documents = [decoded(part) for part in pieces]
    if sum(one is not None for one in documents) * 2 >= len(documents) and documents:
        return _of_json(sample, pieces, documents, notes)
    problems = [found for piece in pieces if (found := unreadable(piece)) is not None]
    if len(problems) * 2 >= len(pieces) and problems:
        told = f"of {many(len(pieces), 'record')}, {len(problems):,} cannot be read: it is {problems[0]}"
        raise NoSample(f"{sample.name}: {told}.")
    return _of_csv(sample, whole, notes)


def _of_sample(sample: Sample, compressed: int) -> Iterator[str]:
    if sample.is_cut:
        yield _MORE
    if compressed:
        yield (
            f"{many(compressed, 'record')} of {len(sample.records):,} ({share(compressed / len(sample.records))}) "
            "came in gzip, which KDA read only behind a Lambda function (K44)"
        )


def _of_json(
    sample: Sample, pieces: Sequence[bytes], documents: Sequence[Object | Array | None], notes: list[str]
) -> Discovery:
    read = [one for one in documents if one is not None]
    path, fields = row_paths.row_path(read)
    tree, beside, rows, unread, first = Values(), Values(), 0, 0, b""
    for piece, document in zip(pieces, documents, strict=True):
        found = None if document is None else row_paths.rows(document, fields)
        good = [one for one in found or () if isinstance(one, Object)]
        for one in good:
            tree.add(one)
            if fields:
                beside.add(row_paths.around(document, fields))
        rows += len(good)
        # An array without elements is no row and no error.
        if found is None or len(good) < len(found):
            unread, first = unread + 1, first or piece
    if not rows:
        raise NoSample(f"{sample.name}: no record has an object, which a row is made of: see what the records are.")
    if unread:
        notes.append(_unread(unread, len(pieces), first, f"JSON with objects at {path}"))
    if path == "$[0:]":
        what = "record is an array" if len(read) > 1 else "sample is one array"
        notes.append(f"the {what}: each of its objects is a row; if the objects were records, the row path is $")
    begin = "" if fields is None else path.removeprefix("$")
    places = [(one, mapping(one), values) for one, values in beside.columns()]
    # The path of a value in a row leads through the array.
    places += [((*(fields or ()), *one), f"${begin}{mapping(one)[1:]}", values) for one, values in tree.columns()]
    if lost := [".".join(one) for one, _path, _values in places if not has_path(one)]:
        notes.append(f"no path can name a field with both kinds of quotes, so it is no column: {listed(lost)}")
    columns = _columns([one for one in places if has_path(one[0])], rows)
    return _with(_discovery(sample, Schema((), "JSON", path), columns, (rows, unread)), notes)


def _of_csv(sample: Sample, records: Sequence[bytes], notes: list[str]) -> Discovery:
    texts, unread, first = [], 0, b""
    for record in records:
        try:
            texts.append(record.decode("utf-8"))
        except UnicodeDecodeError:
            unread, first = unread + 1, first or record
    if "\0" in "".join(text[:1000] for text in texts) or not any(text.strip() for text in texts):
        raise NoSample(f"{sample.name}: the records are neither JSON nor text in UTF-8: KDA read only these.")
    if unread:
        notes.append(_unread(unread, len(records), first, "UTF-8"))
    found = table(texts, sample.most)
    notes += _of_table(found)
    values = [Values() for _ in range(found.width)]
    for row in found.rows:
        for one, cell in zip(values, (*row, *[""] * found.width)[: found.width], strict=True):
            one.add_text(cell)
    fields: list[tuple[str, ...]] = (
        [(name.strip(),) for name in found.header] if found.header else [("",)] * found.width
    )
    columns = _columns([(name, "", one) for name, one in zip(fields, values, strict=True)], len(found.rows))
    schema = Schema((), "CSV", "", found.row_delimiter, found.column_delimiter)
    return _with(_discovery(sample, schema, columns, (len(found.rows), unread)), notes)


def _of_table(found: Table) -> Iterator[str]:
    if found.is_cut:
        yield _MORE
    if found.header:
        yield (
            "the first row looks like a header: the names are taken from it, and it is not counted; KDA took such a "
            "row of a stream for data"
        )
    if found.width == 1:
        yield "no delimiter of comma, tab, semicolon or bar parts the rows: each is one column"
    if found.odd:
        yield (
            f"{many(found.odd, 'row')} of {len(found.rows):,} ({share(found.odd / len(found.rows))}) "
            f"{'has' if found.odd == 1 else 'have'} more or fewer than {many(found.width, 'value')}"
        )


def _unread(count: int, of: int, first: bytes, wanted: str) -> str:
    shown = first.decode("utf-8", "replace").strip()
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}.."
    verb = "is" if count == 1 else "are"
    return f"{many(count, 'record')} of {of:,} ({share(count / of)}) {verb} no {wanted}; the first: {shown!r}"


def _columns(places: Sequence[tuple[tuple[str, ...], str, Values]], rows: int) -> tuple[Found, ...]:
    """The columns of fields: the names that lead to each, its path in a record, and its values."""
    found = []
    for name, (_field, path, values) in zip(names([one[0] for one in places]), places, strict=True):
        kind, doubt = typed(values, rows)
        met = dict(values.met)
        column = Column(name, kind, path)
        found.append(Found(column, values.seen, rows - values.seen, met, values.longest, values.example, doubt))
    return tuple(found)


def _discovery(sample: Sample, schema: Schema, columns: tuple[Found, ...], counted: tuple[int, int]) -> Discovery:
    """The discovery, without notes. counted: rows, and parts of records that are none."""
    if not columns:
        raise NoSample(f"{sample.name}: the objects have no fields: there is nothing to make columns of.")
    known = replace(schema, columns=tuple(one.column for one in columns))
    return Discovery(sample.name, known, columns, len(sample.records), *counted, ())


def _with(found: Discovery, notes: Sequence[str]) -> Discovery:
    """The discovery with what is to be known of it."""
    count = len(found.columns)
    more = [f"{count:,} columns, KDA took {_MOST_COLUMNS:,}: names that are values make so many"]
    return replace(found, notes=(*notes, *(more if count > _MOST_COLUMNS else ())))


def input_schema(schema: Schema) -> dict[str, Any]:
    """A schema as DiscoverInputSchema answered it."""
    if schema.format == "JSON":
        parameters: dict[str, Any] = {"JSONMappingParameters": {"RecordRowPath": schema.row_path}}
    else:
        delimiters = {
            "RecordRowDelimiter": schema.row_delimiter,
            "RecordColumnDelimiter": schema.column_delimiter,
        }
        parameters = {"CSVMappingParameters": delimiters}
    return {
        "RecordFormat": {"RecordFormatType": schema.format, "MappingParameters": parameters},
        "RecordEncoding": "UTF-8",
        "RecordColumns": [_record_column(one) for one in schema.columns or ()],
    }


def _record_column(column: Column) -> dict[str, str]:
    mapped = {"Mapping": column.mapping} if column.mapping else {}
    return {"Name": column.name, **mapped, "SqlType": column.type}
