"""Where rows come from: the tables of inputs and reference tables, and the views that read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kda.applications import Column, Input, Reference
from kda.sql_types import Type
from kda.translation.names import inside, unique
from kda.translation.options import Options, Untranslatable
from kda.translation.scopes import TIME, Clock, Rows
from kda.translation.state import State, View
from kda.translation.text import commented, indented, item, literal, quoted, select
from kda.translation.types import flink, widest
from pipeline.preprocessing import REFUSAL

BOUND = 1000  # milliseconds by which the arrivals of a shard may be out of order
_AHEAD = "INTERVAL '10' MINUTE"  # by which a record's own time may be after its arrival, as clocks differ
_EPOCH = "TIMESTAMP '1970-01-01 00:00:00.000'"
_PLACE = ("line", "shard", "sequence_number", "part")
# Beside the rows of kda_rows, a name alone may also be that of a field of their records.
_CAME, _ROWS = "records", "rows_of"
_CAME_PLACE = tuple(f"{_CAME}.{name}" for name in _PLACE)
_RECORD = f"{_ROWS}.record"
_METADATA = {"SHARD_ID": "shard", "SEQUENCE_NUMBER": "sequence_number"}
_BOUND = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?")
_UNITS = {"ms": 1, None: 1000, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}
HIDDEN = tuple(_METADATA)


@dataclass(frozen=True)
class Chosen:
    """Which time rows have. kind: arrival, processing or column; column: its name; bound: of disorder, in ms."""

    kind: str
    column: str = ""
    bound: int = BOUND

    @staticmethod
    def of(options: Options) -> Chosen:
        """The time that the options choose. Raises Untranslatable for what is no choice."""
        kind, _, rest = options.time.partition(":")
        if kind in ("arrival", "processing") and not rest:
            return Chosen(kind)
        name, _, bound = rest.rpartition(",") if "," in rest else (rest, "", "")
        if kind != "column" or not (name or bound):
            raise Untranslatable(0, f"--time is {options.time}, expected arrival, processing or column:NAME[,bound]")
        if not bound:
            return Chosen(kind, name)
        match = _BOUND.fullmatch(bound.strip())
        if match is None:
            raise Untranslatable(0, f"--time: the bound is {bound}, expected a length such as 30s or 5min")
        return Chosen(kind, name, round(float(match[1]) * _UNITS[match[2]]))


@dataclass(frozen=True)
class Read:
    """The views of an input. checked: of records; timed: with a watermark, "" without one; parsed: of rows.

    refuses: whether a record may be wrong before it is parsed: in its time, or for the function before the input.
    """

    checked: str
    timed: str
    parsed: str
    refuses: bool


@dataclass(frozen=True)
class RecordColumn:
    """A column of an input or reference table. field: its name in the record that kda_rows gives."""

    name: str
    type: Type
    field: str
    path: str


def record_columns(columns: Sequence[Column]) -> list[RecordColumn]:
    """The columns of a schema, with the names that they have in the record."""
    names = {column.name for column in columns}
    found = []
    for column in columns:
        field = column.name
        while field in ("error", "message", "source") or (field != column.name and field in names):
            field += "_"
        found.append(RecordColumn(column.name, Type.written(column.type), field, column.mapping))
    return found


def call(
    source: Input | Reference, columns: Sequence[RecordColumn], function: str = "kda_rows", line: str = f"{_CAME}.line"
) -> str:
    """The call of a function that makes rows of a line: kda_rows all, kda_first the first."""
    declared, form, begin, end = _literals(source, columns)
    literals = f"{form}, {begin}, {end}" if end else f"{form}, {begin}"
    return f"{function}(\n        {line},\n        {declared},\n        {literals}\n    )"


def _literals(source: Input | Reference, columns: Sequence[RecordColumn]) -> tuple[str, str, str, str]:
    """The literals that declare a schema: columns, format, where rows begin or end, where the columns of CSV do."""
    is_csv = source.format.upper() == "CSV"
    declared = literal(", ".join(_declared(one, is_csv=is_csv) for one in columns))
    if is_csv:
        return declared, "'CSV'", literal(source.row_delimiter), literal(source.column_delimiter)
    return declared, "'JSON'", literal(source.row_path or "$"), ""


def _rows(source: Input | Reference, columns: Sequence[RecordColumn], table: str) -> str:
    """FROM: each record of a table, with each of its rows, of which there is one at least.

    It is no CROSS JOIN: Flink's planner moves conditions into that, and has no plan if they are never true.
    """
    return f"{table} AS {_CAME}\nLEFT JOIN LATERAL TABLE(\n    {call(source, columns)}\n) AS {_ROWS} (record) ON TRUE"


def _declared(one: RecordColumn, *, is_csv: bool) -> str:
    sizes = f"({', '.join(one.type.sizes)})" if one.type.sizes else ""
    path = "" if is_csv else f" {one.path}" if one.path else f" $.{one.name}"
    return f"{quoted(one.name)} {one.type.name}{sizes}{path}"


class Sources:
    """The inputs and reference tables that are read."""

    def __init__(self, state: State, hidden: Sequence[str]) -> None:
        """hidden: the names of metadata that some query reads."""
        self.state, self.time, self.hidden = state, Chosen.of(state.options), hidden
        self.tables: dict[str, Input | Reference] = {}
        self.inputs: dict[str, Read] = {}  # by prefix
        self.references: list[str] = []  # the views `checked` of reference tables
        self._views: dict[tuple[str, ...], View] = {}
        self._is_one = len(_read(state)) <= 1

    def input(self, one: Input, number: int) -> View:
        """The view of one of an input's streams, the first is 0."""
        key = (one.prefix, str(number))
        if key not in self._views:
            if one.prefix not in self.inputs:
                self._add_input(one)
            self._views[key] = self._stream(one, number)
        return self._views[key]

    def _columns(self, source: Input | Reference, name: str) -> list[RecordColumn]:
        if not source.columns:
            raise Untranslatable(0, f"the columns of {name} are not known: give the file that has them")
        return record_columns(source.columns)

    def _add_input(self, one: Input) -> None:
        columns = self._columns(one, one.prefix)
        if one.lambda_arn and self.time.kind != "arrival":
            why = f"a function changes the records of input {one.prefix} after their time was taken: take the arrival"
            raise Untranslatable(0, f"--time is {self.state.options.time}, but {why}")
        table = self.state.names.given(one.prefix)
        self.tables[table] = one
        self.state.tables[table] = self._table(one, table, columns)
        given = self.state.names.given
        if self._is_one:
            checked, timed, parsed = "checked", "timed", given("parsed")
        else:
            checked, timed, parsed = given(f"{table}_checked"), "", given(f"{table}_parsed")
            self.state.steps += [checked, parsed]
        self.state.views[checked] = self._checked(one, table, columns)
        if self.time.kind == "processing":
            timed = ""
        elif not self._is_one:
            timed = self._timed(table, checked)
        self.state.views[parsed] = self._parsed(one, timed or checked, columns)
        self.inputs[one.prefix] = Read(checked, timed, parsed, self.time.kind == "column" or bool(one.lambda_arn))

    def _table(self, one: Input, table: str, columns: Sequence[RecordColumn]) -> str:
        comments = [
            f"One row per record of the stream that was the input {one.prefix}, whatever its bytes.",
            *_TIMES[self.time.kind],
        ]
        return _created(comments, table, self._times(one, columns))

    def _times(self, one: Input, columns: Sequence[RecordColumn]) -> list[str]:
        if self.time.kind == "processing":
            return ["event_time AS PROCTIME()", f"disorder AS {_disorder(0)}"]
        disorder = f"disorder AS {_disorder(self.time.bound)}"
        if self.time.kind == "arrival":
            return [
                "event_time AS arrival",
                disorder,
                "WATERMARK FOR event_time AS shard_watermark(arrival, shard, disorder)",
            ]
        column = self._time_column(columns)
        is_csv = one.format.upper() == "CSV"
        first, field = call(one, columns if is_csv else [column], "kda_first", "line"), quoted(column.field)
        return [
            f"payload AS {first}",
            f"latest AS arrival + {_AHEAD}",
            f"event_time AS COALESCE(\n        {first}.{field}, {_EPOCH}\n    )",
            disorder,
            "WATERMARK FOR event_time AS shard_watermark(\n"
            f"        CASE WHEN payload.{field} <= latest THEN payload.{field} END, shard, disorder\n    )",
        ]

    def _time_column(self, columns: Sequence[RecordColumn]) -> RecordColumn:
        wanted = self.time.column
        found = [one for one in columns if one.name == wanted]
        found = found or [one for one in columns if one.name.upper() == wanted.upper()]
        if not found:
            raise Untranslatable(0, f"--time: no column {wanted} in the input, which has {_listed(columns)}")
        if found[0].type.name != "TIMESTAMP":
            raise Untranslatable(0, f"--time: the column {wanted} is {found[0].type.name}, expected TIMESTAMP")
        return found[0]

    def _checked(self, one: Input, table: str, columns: Sequence[RecordColumn]) -> str:
        """The view of records. What is wrong with the rows in them is seen later: only the time counts here."""
        none = "CAST(NULL AS STRING)"
        error, message, time = none, none, "arrival" if self.time.kind == "processing" else "event_time"
        comments = ["One row per record; error_name is NULL for a record whose rows are looked at."]
        if self.time.kind == "column":
            column = self._time_column(columns)
            message = self._wrong_time(column)
            error = f"CASE WHEN payload.error = 'PARSE' THEN 'PARSE' WHEN {message} IS NOT NULL THEN 'COERCION' END"
        elif one.lambda_arn:
            message = REFUSAL
            error = f"CASE WHEN {message} IS NOT NULL THEN 'PREPROCESSING' END"
        items = [
            *_PLACE,
            "event_time",
            "disorder",
            f"{none} AS record",
            f"CAST({time} AS TIMESTAMP(3)) AS row_time",
            f"{error} AS error_name",
            f"{message} AS message",
        ]
        return commented(comments, select(items, table)) + "\n"

    @staticmethod
    def _wrong_time(column: RecordColumn) -> str:
        """What is wrong with a record's time, or NULL: one from the future would close the windows of all others."""
        value, name = f"payload.{quoted(column.field)}", column.name
        missing = literal(f"{name} is NULL, but it is the time of the row")
        ahead = " || ".join(
            [
                literal(f"{name} is "),
                _written(value),
                literal(", expected at most "),
                _written("latest"),
                literal(" of a record that arrived at "),
                _written("arrival"),
            ]
        )
        return (
            f"CASE\n    WHEN {value} IS NULL THEN COALESCE(payload.message, {missing})\n"
            f"    WHEN {value} > latest THEN {ahead}\nEND"
        )

    def _parsed(self, one: Input, view: str, columns: Sequence[RecordColumn]) -> str:
        """The view of rows. Records are taken apart last, so that a record of many rows is carried once."""
        error, message = f"{_RECORD}.error", f"{_RECORD}.message"
        if self.time.kind == "column":
            column = self._time_column(columns)
            other = f"{_RECORD}.{quoted(column.field)} IS DISTINCT FROM {_CAME}.event_time"
            text = literal(f"{column.name} is not that of the first row of its record")
            error = f"COALESCE({error}, CASE WHEN {other} THEN 'COERCION' END)"
            message = f"COALESCE({message}, CASE WHEN {other} THEN {text} END)"
        items = [
            *_CAME_PLACE,
            f"{_CAME}.event_time",
            _RECORD,
            f"{error} AS error_name",
            f"{message} AS message",
        ]
        comments = [
            f"One row per row that the schema of {one.prefix} makes of a record that is not late, with what is wrong",
            "with it: error_name is NULL for a row that counts.",
        ]
        counts = "error_name IS NULL" if self.time.kind == "processing" else "shard_watermark < {0}.event_time"
        where = f"{_CAME}.{counts.format(_CAME)}"
        return commented(comments, select(items, _rows(one, columns, view), where=[where])) + "\n"

    def _timed(self, table: str, checked: str) -> str:
        """The views `gathered` and `timed` of one of several inputs, as the pipeline has them for a single one."""
        columns = [*_PLACE, "event_time", "record"]
        own = "MAX(event_time - disorder) OVER (PARTITION BY shard ORDER BY PROCTIME()) AS own_watermark"
        gathered = self.state.step(
            f"{table}_gathered",
            [
                f"One row per record of {table} that counts, with the watermark of its shard.",
                "Why it is computed in this way, pipeline/views/gathered.sql says.",
            ],
            select([*columns, own], checked, where=["error_name IS NULL"]),
        )
        watermark = "GREATEST(own_watermark, COALESCE(CURRENT_WATERMARK(event_time), own_watermark)) AS shard_watermark"
        return self.state.step(
            f"{table}_timed",
            [f"One row per record of {table} that counts, with the watermark that decides whether it is late."],
            select([*columns, watermark], gathered),
        )

    def _stream(self, one: Input, number: int) -> View:
        columns = self._columns(one, one.prefix)
        name = one.streams[number]
        parsed = self.inputs[one.prefix].parsed
        items = [f"record.{quoted(column.field)} AS {quoted(inside(column.name))}" for column in columns]
        known = {inside(column.name): column.type for column in columns}
        for hidden in self.hidden:
            if hidden not in known:
                items.append(f"{_METADATA[hidden]} AS {quoted(hidden)}")
                known[hidden] = Type("VARCHAR")
        items.append(f"event_time AS {quoted(TIME)}")
        where = ["error_name IS NULL"]
        comments = [f"One row per row of the input stream {name} that counts."]
        if one.parallelism > 1:
            where.append(_share(number, one.parallelism))
            comments.append(
                f"It has its share of the shards: those whose number, divided by {one.parallelism}, leaves {number}."
            )
        return View(self.state.add(name, comments, select(items, parsed, where=where)), Rows(known, Clock()))

    # ---- reference tables

    def reference(self, one: Reference, keys: Sequence[str]) -> View:
        """The view of a reference table that is looked up by these columns."""
        key = (one.table, *sorted(keys))
        if key not in self._views:
            columns = self._columns(one, one.table)
            checked = self._checked_rows(one, columns, sorted(keys))
            self.references.append(checked)
            self._views[key] = self._versioned(one, columns, sorted(keys), checked)
        return self._views[key]

    def _file(self, one: Reference) -> str:
        """The table of the lines of a reference table."""
        table = next((table for table, end in self.tables.items() if end is one), "")
        if not table:
            table = self.state.names.given(f"{one.table}_file")
            self.tables[table] = one
            comments = [f"One row per line of the file of the reference table {one.table}.", *_VERSIONS]
            self.state.tables[table] = _created(comments, table, _VALID)
        return table

    def _checked_rows(self, one: Reference, columns: Sequence[RecordColumn], keys: Sequence[str]) -> str:
        """The view of the rows of a reference table, version by version, with what is wrong with them."""
        items = [
            "line",
            "shard",
            "CAST(NULL AS STRING) AS sequence_number",
            "CAST(NULL AS STRING) AS part",
            "rowtime AS valid",
            "present",
            "record",
            "record.error AS error_name",
            "record.message AS message",
        ]
        name = self.state.names.given(f"{one.table}_checked")
        declared, form, begin, end = _literals(one, columns)
        arguments = [
            f"input => TABLE {self._file(one)}",
            f"columns => {declared}",
            f"form => {form}",
            f"key => {literal(', '.join(map(quoted, keys)))}",
            *([f"row_end => {begin}", f"column_end => {end}"] if end else [f"row_path => {begin}"]),
            "on_time => DESCRIPTOR(valid)",
            f"uid => '{name}'",
        ]
        comments = [
            f"One row per row of {one.table} that is new or changed, and per key that is gone (present is FALSE),",
            "with what is wrong with it: error_name is NULL for a row that counts.",
        ]
        called = "reference_rows(\n    " + ",\n    ".join(arguments) + "\n)"
        return self.state.put_step(name, comments, select(items, called))

    def _value(self, column: RecordColumn, kind: Type) -> str:
        field = f"record.{quoted(column.field)}"
        wide = flink(kind, self.state.options)
        is_same = wide == flink(column.type, self.state.options)
        return f"{field if is_same else f'CAST({field} AS {wide})'} AS {quoted(inside(column.name))}"

    def _versioned(self, one: Reference, columns: Sequence[RecordColumn], keys: Sequence[str], checked: str) -> View:
        # A lookup by a CAST of the key is none in Flink, so keys have the type that those of all streams fit.
        known = {inside(one.name): widest(one.type) if one.name in keys else one.type for one in columns}
        names = list(map(quoted, known))
        valid, row_of_key, present = map(quoted, _added(known))
        by = ", ".join(quoted(inside(key)) for key in keys)
        inner = select(
            [
                *(self._value(column, known[inside(column.name)]) for column in columns),
                item("`valid`", valid.strip("`")),
                item("`present`", present.strip("`")),
            ],
            checked,
            where=["error_name IS NULL"],
        )
        place = f"ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {valid} DESC) AS {row_of_key}"
        found = [f"{quoted(inside(key))} IS NOT NULL" for key in keys]  # Flink's join would find NULL by NULL
        placed = select([*names, valid, present, place], _in_parentheses(inner, "rows_that_count"), where=found)
        comments = [
            f"The reference table {one.table}, looked up by {', '.join(keys)}: of equal keys the last row.",
            "Of a key that is gone there is a row, too, in which present is FALSE: joins leave it out.",
        ]
        text = select([*names, valid, present], _in_parentheses(placed, "placed"), where=[f"{row_of_key} = 1"])
        return View(self.state.add(one.table, comments, text), Rows(known, Clock()))


def presence(columns: Iterable[str]) -> str:
    """The column of a reference table's view that says whether the key has a row. columns: the others."""
    return _added(columns)[-1]


def _added(columns: Iterable[str]) -> list[str]:
    """The names that the view of a reference table has besides those of its columns."""
    return unique([*columns, "valid", "row_of_key", "present"])[-3:]


_VALID = (
    "valid AS COALESCE(\n"
    "        TO_TIMESTAMP(sequence_number, 'yyyy-MM-dd HH:mm:ss.SSS'), TO_TIMESTAMP('1970-01-01 00:00:00')\n    )",
    "WATERMARK FOR valid AS valid - INTERVAL '0.001' SECOND",
)
_VERSIONS = (
    "The first version is valid since 1970: a row of a stream finds it whenever it came. With `refresh` in job.toml a",
    "later version is valid from the moment that sequence_number says; part says where a version begins and ends.",
)
_TIMES: Mapping[str, tuple[str, ...]] = {
    "arrival": (
        "ROWTIME is the time of arrival: the moment at which the record came into the stream.",
        "A record may arrive `disorder` after a newer one of its shard.",
    ),
    "processing": ("ROWTIME is the moment at which the record is processed: another one with each run.",),
    "column": (
        "ROWTIME is a time of the record itself. A record without it gets 1970, and is refused.",
        "So is a record from the future, which would close the windows of all others: at `latest` clocks may differ.",
        "A record may come `disorder` after a newer one of its shard; one that comes later is LATE.",
    ),
}


def _read(state: State) -> set[str]:
    """The prefixes of the inputs that some pump reads."""
    read = {name.upper() for name in state.subject.read}
    return {one.prefix for one in state.subject.application.inputs if any(name.upper() in read for name in one.streams)}


def _created(comments: Sequence[str], table: str, times: Sequence[str]) -> str:
    """The table of a source. times: its computed columns and its watermark."""
    lines = [
        "line BYTES",
        "shard STRING METADATA",
        "sequence_number STRING METADATA",
        "part STRING METADATA",
        "arrival TIMESTAMP(3) NOT NULL METADATA",
        *times,
    ]
    return commented(comments, f"CREATE TABLE {table} (\n    " + ",\n    ".join(lines) + "\n)") + "\n"


def _disorder(milliseconds: int) -> str:
    days, rest = divmod(milliseconds, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    fraction = f".{rest % 1000:03d}" if rest % 1000 else ""
    return f"INTERVAL '{days} {hours:02d}:{minutes:02d}:{rest // 1000:02d}{fraction}' DAY TO SECOND"


def _share(number: int, count: int) -> str:
    """Whether a shard belongs to one of several streams: by the number at the end of its name."""
    shard = "COALESCE(TRY_CAST(REGEXP_EXTRACT(shard, '([0-9]{1,18})$', 1) AS BIGINT), 0)"
    return f"MOD({shard}, {count}) = {number}"


def _written(time: str) -> str:
    return f"DATE_FORMAT({time}, 'yyyy-MM-dd HH:mm:ss.SSS')"


def _in_parentheses(query: str, name: str) -> str:
    return f"(\n{indented(query)}\n) AS {name}"


def _listed(columns: Sequence[RecordColumn]) -> str:
    return ", ".join(one.name for one in columns)
