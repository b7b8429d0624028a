"""Input schemas of generated programs of KDA, records that fit them or do not, and the file of a reference table.

Arrivals rise, and no two records have the same one unless it is said. Among them are the first and the last millisecond
of a minute, and gaps that are longer than the windows. In a shard the records are read in their order; those of
different shards may be read up to half a second apart from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.kda_values import MOMENTS, NUMBERS, WORDS, Column

BEGIN = round(datetime(2026, 11, 22, 10, 0, tzinfo=UTC).timestamp() * 1000)
LOGS = (
    '127.0.0.1 - frank [10/Oct/2026:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326',
    '10.0.0.7 - - [22/Nov/2026:10:00:00 +0000] "POST /b?x=1 HTTP/1.1" 404 -',
    '1.2.3.4 - bo [22/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 5 "http://a.b/" "Mozilla/5.0 (X11)"',
    "north 12 up",
    "a,b,c",
    "one two",
    "",
)
KEYS = ("north", "south", "east", "west", "N")


@dataclass(frozen=True)
class Record:
    """A record. arrival: ms since 1970, UTC."""

    data: bytes
    arrival: int
    shard: str


@dataclass(frozen=True)
class Table:
    """The reference table. name: as SQL writes it."""

    name: str
    columns: tuple[Column, ...]

    def named(self, key: str) -> str:
        """How SQL writes the column of this name."""
        return next(column.name for column in self.columns if column.key == key)


@dataclass(frozen=True)
class Input:
    """An input: its columns, and how records hold them.

    row_path: "" for CSV; is_clean: whether all records fit the columns; is_single: whether each makes one row at most.
    """

    columns: tuple[Column, ...]
    paths: tuple[tuple[str, ...], ...]
    row_path: str
    delimiter: str
    reference: Table
    is_reference_csv: bool
    count: int
    is_clean: bool
    is_single: bool

    @property
    def most_rows(self) -> int:
        """Rows that the records can have at most."""
        return self.count * 3

    @property
    def schema(self) -> dict[str, Any]:
        """InputSchema."""
        columns = []
        for column, path in zip(self.columns, self.paths, strict=True):
            one = {"Name": column.key, "SqlType": column.type}
            if self.row_path:
                one["Mapping"] = "$." + ".".join(path)
            columns.append(one)
        if self.row_path:
            form = {
                "RecordFormatType": "JSON",
                "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": self.row_path}},
            }
        else:
            form = _csv(self.delimiter)
        return {"RecordFormat": form, "RecordEncoding": "UTF-8", "RecordColumns": columns}

    @property
    def reference_source(self) -> dict[str, Any]:
        """ReferenceDataSource."""
        name = self.reference.name.strip('"')
        columns = []
        for column in self.reference.columns:
            one = {"Name": column.key, "SqlType": column.type}
            if not self.is_reference_csv:
                one["Mapping"] = f"$.{column.key}"
            columns.append(one)
        json_form = {"RecordFormatType": "JSON", "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}}}
        form = _csv(",") if self.is_reference_csv else json_form
        return {
            "TableName": name,
            "S3ReferenceDataSource": {"BucketARN": "arn:aws:s3:::reference-data", "FileKey": "companies"},
            "ReferenceSchema": {"RecordFormat": form, "RecordEncoding": "UTF-8", "RecordColumns": columns},
        }

    def records(self, random: Random, shards: int, *, has_ties: bool) -> list[Record]:
        """The records in the order of reading."""
        found: list[Record] = []
        arrival = BEGIN + random.randint(0, 60_000)
        for _ in range(self.count):
            step = random.random()
            if has_ties and step < 0.3 and found:
                pass
            elif step < 0.45:
                arrival += random.randint(1, 2_000)
            elif step < 0.75:
                arrival += random.randint(1_000, 20_000)
            elif step < 0.85:
                arrival = arrival // 60_000 * 60_000 + 60_000  # the first millisecond of a minute
            elif step < 0.93:
                arrival = (arrival + 1) // 60_000 * 60_000 + 59_999  # the last one
                arrival = max(arrival, found[-1].arrival + (0 if has_ties else 1)) if found else arrival
            else:
                arrival += random.randint(120_000, 400_000)
            shard = f"shardId-{random.randrange(shards):012d}"
            found.append(Record(self._record(random, arrival), arrival, shard))
        for index in range(len(found) - 1):
            one, two = found[index : index + 2]
            if one.shard != two.shard and 0 < two.arrival - one.arrival < 500 and random.random() < 0.5:
                found[index : index + 2] = [two, one]
        return found

    def _record(self, random: Random, arrival: int) -> bytes:
        if not self.row_path:
            rows = [self._line(random, arrival) for _ in range(1 if self.is_single else random.choice((1, 1, 1, 2)))]
            return "\n".join(rows).encode()
        if not self.is_clean and random.random() < 0.04:
            wrong = (b"oops", b'{"a": ', b"", b"\xff\xfe", b"null", b"17")
            return random.choice(wrong if self.is_single else (*wrong, b"[1, 2]"))  # two rows, of one ROWTIME
        documents = [self._document(random, arrival)]
        if not self.is_single and random.random() < 0.15:
            documents.append(self._document(random, arrival))
        return random.choice((b"", b"\n")).join(documents)

    def _line(self, random: Random, arrival: int) -> str:
        values = [_value(random, column, arrival, is_clean=self.is_clean) for column in self.columns]
        texts = ["" if value is None else _text(value) for value in values]
        if any(sign in text for text in texts for sign in (self.delimiter, '"', "\n")):
            texts = [text.replace(self.delimiter, "_").replace('"', "").replace("\n", " ") for text in texts]
        if not self.is_clean and random.random() < 0.04:
            texts = texts[:-1] if random.random() < 0.5 else [*texts, "more"]
        return self.delimiter.join(texts)

    def _document(self, random: Random, arrival: int) -> bytes:
        if self.row_path == "$":
            value: Any = self._object(random, arrival)
        else:
            value = {"sent": "x", "rows": [self._object(random, arrival) for _ in range(random.choice((1, 1, 2, 3)))]}
        return json.dumps(value, ensure_ascii=random.random() < 0.5).encode()

    def _object(self, random: Random, arrival: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for column, path in zip(self.columns, self.paths, strict=True):
            if random.random() < 0.05:
                continue  # a field that is missing
            value = _value(random, column, arrival, is_clean=self.is_clean)
            place = made
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = value
        if random.random() < 0.1:
            made["unknown"] = 1
        return made

    def files(self, random: Random, keys: Sequence[str]) -> dict[str, bytes]:
        """The file of the reference table, with these columns as its unique key."""
        found: list[dict[str, Any]] = []
        seen = set()
        for _ in range(9):
            row = {column.key: _value(random, column, BEGIN, is_clean=True) for column in self.reference.columns}
            row["K"], row["K2"] = random.choice(KEYS), random.choice((0, 1, 2, 3, 10))
            unique = tuple(row[key] for key in keys)
            if unique not in seen:
                seen.add(unique)
                found.append(row)
        if self.is_reference_csv:
            lines = [
                ",".join("" if value is None else _text(value).replace(",", "") for value in row.values())
                for row in found
            ]
        else:
            lines = [json.dumps(row) for row in found]
        if random.random() < 0.2 and not self.is_reference_csv:
            lines.append("no row")
        return {self.reference.name.strip('"'): ("\n".join(lines) + "\n").encode()}


def _csv(delimiter: str) -> dict[str, Any]:
    parameters = {"RecordRowDelimiter": "\n", "RecordColumnDelimiter": delimiter}
    return {"RecordFormatType": "CSV", "MappingParameters": {"CSVMappingParameters": parameters}}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(random: Random, column: Column, arrival: int, *, is_clean: bool) -> Any:
    """A value for a column; now and then NULL, or one that is none of its type."""
    if random.random() < 0.08:
        return None
    if not is_clean and random.random() < 0.015 and column.kind != "text":
        return random.choice(("abc", [1], {"a": 1}, 10**20, "2026-99-99"))
    if column.kind == "text":
        return _any_text(random, column)
    if column.kind == "truth":
        return random.choice((True, False) if is_clean else (True, False, True, False, "true", "x", 1))
    if column.kind == "time":
        moment = datetime.fromtimestamp((arrival - random.choice((0, 500, 60_000, 61_001))) / 1000, UTC)
        return moment.strftime(random.choice(("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S")))[:23]
    return arrival - random.randint(0, 90_000) if column.holds == "ms" else _number(random, column)


def _number(random: Random, column: Column) -> Any:
    """A small number, now and then as a text."""
    most = min(round(column.bound), 200)
    wholes = (0, 1, 2, 3, 10, -1, random.randint(-most, most))
    broken = (0, 1, 2.5, -0.25, random.randint(-400, 4000) / 4)
    value = random.choice(wholes if column.kind == "whole" else broken)
    return str(value) if random.random() < 0.05 else value


def _any_text(random: Random, column: Column) -> Any:
    known = {"number": NUMBERS, "moment": MOMENTS, "log": LOGS, "key": KEYS}
    if column.holds == "" and random.random() < 0.04:
        return random.choice((12, 1.5, True, ["a"], {"b": 1}))
    return random.choice(known.get(column.holds, WORDS))


def schema(random: Random, used: set[str]) -> Input:
    """An input with five to nine columns."""
    kinds = [
        Column('"ticker"', "text", random.choice(("VARCHAR(4)", "VARCHAR(16)")), holds="key"),
        Column("CHANGE", "whole", "INTEGER", 32, 1_000),
        Column('"price"', "double", random.choice(("DOUBLE", "DOUBLE", "REAL")), 64, 1_000),
    ]
    more = [
        Column('"sector"', "text", random.choice(("VARCHAR(8)", "VARCHAR(64)", "CHAR(4)"))),
        Column("AMOUNT", "whole", random.choice(("BIGINT", "SMALLINT", "TINYINT")), 64, 1_000),
        Column('"ok"', "truth", "BOOLEAN"),
        Column('"sent_at"', "time", "TIMESTAMP"),
        Column("TXT", "text", "VARCHAR(32)", holds=random.choice(("number", "moment"))),
        Column('"log"', "text", "VARCHAR(256)", holds="log"),
        Column('"cost"', "decimal", "DECIMAL(10,2)", 64, 1_000),
        Column('"epoch"', "whole", "BIGINT", 64, 2e12, holds="ms"),
        Column('"value"', "whole", "INTEGER", 32, 1_000),
        Column('"Name of it"', "text", "VARCHAR(16)"),
    ]
    chosen = [*kinds, *random.sample(more, random.randint(2, 5)), *more[3 : 3 + (random.random() < 0.3)]]
    columns = [_narrowed(column) for column in dict.fromkeys(chosen)]
    random.shuffle(columns)
    is_csv = random.random() < 0.12
    row_path = "" if is_csv else "$.rows[0:]" if random.random() < 0.12 else "$"
    used.add("CSV input" if is_csv else "row path to an array" if row_path != "$" else "JSON input")
    paths = []
    for number, _column in enumerate(columns):
        name = f"f{number}"
        nested = random.random() < 0.2
        if nested and not is_csv:
            used.add("nested path")
        paths.append(
            ("deep", "er", name) if nested and random.random() < 0.3 else ("deep", name) if nested else (name,)
        )
    reference = Table(
        random.choice(("COMPANIES", '"companies"')),
        (
            Column(random.choice(("K", '"K"')), "text", "VARCHAR(16)", holds="key"),
            Column("K2", "whole", "INTEGER", 32, 1_000),
            Column("REGION", "text", random.choice(("VARCHAR(4)", "VARCHAR(32)"))),
            Column('"weight"', "double", "DOUBLE", 64, 1_000),
        ),
    )
    return Input(
        tuple(columns),
        tuple(paths),
        row_path,
        random.choice((",", "|", ";")),
        reference,
        random.random() < 0.5,
        random.randint(12, 36),
        random.random() < 0.4,
        random.random() < 0.6 and row_path in ("$", ""),
    )


def _narrowed(column: Column) -> Column:
    widths = {"SMALLINT": 16, "TINYINT": 8}
    if column.type not in widths:
        return column
    width = widths[column.type]
    return Column(column.name, column.kind, column.type, width, min(column.bound, 2 ** (width - 1) - 1))
