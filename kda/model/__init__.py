"""A model of KDA: what an application makes of records, row by row, in Python.

It works on the reader's syntax tree, without Flink and without the translation, so that both can be compared. It makes
the expectations of tests: where docs/kda names a difference, it gives what the migrated job gives. What it does not
know it refuses (NotModelled): it never guesses.

    rows         Record, Row, Failure, Outcome, NotModelled, Failed
    inputs       records into rows by a schema; json_values and csv_cells read them, coercions converts their values
    values       types, arithmetic, CAST, text forms: what is chosen where the reference is silent stands there
    evaluation   rows on their way, and expressions: their types and their values in a row
    expressions  nodes into expressions, with names, conditions and arithmetic; functions, logs, patterns, times and
                 formats hold what they call
    aggregates   functions of rows; sliding those OVER a window
    joins        the rows of FROM
    queries      WHERE, GROUP BY, SELECT, DISTINCT, UNION ALL, table functions; grouping: what a node is in a group
    outputs      written(row, stream): a row as the job writes it

Times are milliseconds since 1970. A row of a window has the window's end as ROWTIME. Windows are computed from values:
a key of GROUP BY that is a time of rows or a step of it is evaluated in each row, and its window ends where it changes.

What the rules of docs/kda mean here:

    K01  a window is from its begin to before its end; ROWTIME is the end, a step of ROWTIME the begin; the rows of one
         moment, GROUP BY ROWTIME, keep that ROWTIME
    K04  a stagger window opens with the first row of its key, and has the rows of the key from then to before its end;
         ROWTIME is the end; a row at the end or later opens the next
    K03, K36  a lookup finds one row, the last in the file of those with the key; NULL keys never meet
    K07, K14, K33  rows meet if each is in its window at the time of the other; the joined row has the ROWTIME of the
         side without a window, or else of the left one
    K09  SELECT DISTINCT gives a row once within the step, at its end; ROWTIME beside a step is that end, but a step
         of it further out is the same window's
    K10, K18  ROWTIME, APPROXIMATE_ARRIVAL_TIME and the present time are the arrival
    K11  the rows of an outer join have the ROWTIME of the side whose rows all stay
    K12  rows are in the order of their ROWTIME, then as they came; ORDER BY changes nothing
    K13  LAG looks back over any distance
    K15  TOP_K and COUNT_DISTINCT are exact; equal counts by the text of the item
    K17  REAL is DOUBLE
    K10, K01  all windows close: the last record is followed by silence, in which the clock goes on
    K16  the rows of RANDOM_CUT_FOREST, and what is made of them, are not computed, as Outcome says
    K20  a text that is no time by the format is NULL
    K21, K22  a division by zero and a CAST that fails give a Failure and no row; a text that is too long is cut
    K24  NOT NULL is not checked
    K25  a time that is NULL is NULL as a text
    K27  FIRST_VALUE and LAST_VALUE leave NULL out
    K30  HOTSPOTS as docs/hotspots.md defines it, of the rows by their ROWTIME, and at one moment by their values
    K31  a window over windows counts a row by its end; with `align` by its last millisecond
    K34  X_00i of n streams reads the shards whose number, modulo n, is i - 1
    K35  TSDIFF(a, b) is a - b
    K42  pumps that are stopped run
    K43  pumps of which no output is made give no failures, where the file names outputs

Overflow of arithmetic, records that come more than a second late within their shard, and several inputs are not
modelled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kda.applications import Application, Input, Reference
from kda.model import inputs
from kda.model.evaluation import Column, Item, assigned
from kda.model.queries import Queries, Table
from kda.model.rows import Failed, Failure, NotComputed, NotModelled, Outcome, Record, Row
from kda.program import Program, Pump, parsed
from kda.rule import Subject
from kda.scope import Catalog
from kda.sql_types import Type

__all__ = ["Failure", "NotModelled", "Outcome", "Record", "Row", "run"]

_LATE = 1_000  # milliseconds that a record may be behind another of its shard


def run(
    application: Application,
    records: Sequence[Record],
    references: Mapping[str, bytes] = {},
    *,
    align: bool = False,
) -> Outcome:
    """What an application makes of records, in the order in which they are read, and of the files of reference tables.

    align: a window over windows counts a row by its own window. Raises NotModelled, and Malformed for SQL that does not
    parse.
    """
    program = parsed(application.code)
    running = _Running(program, Catalog.of(application, program), records, references, align=align)
    for pump in program.pumps:
        if pump.target not in program.streams:
            raise NotModelled(f"Pump {pump.name} writes {pump.target}, which is not declared.")
    names = [*running.catalog.inputs, *program.streams]
    try:
        tables = {name: found for name in names if (found := running.computed(name)) is not None}
    except (ArithmeticError, RecursionError) as error:  # a time beyond the year 9999, a number of a thousand digits
        raise NotModelled(f"A value that Python does not have is not modelled ({error}).") from error
    streams = {name: tuple(Row(item.time, item.values) for item in table.items) for name, table in tables.items()}
    subject = Subject(application, program, running.catalog)
    taken = [part for part in subject.parts if part.pump.name not in subject.untaken]
    read = {relation.name for part in taken for relation in part.relations}
    failures = [one for one in running.failures if one.pump not in subject.untaken]
    failures += [one for name, wrong in running.wrong_lines.items() if name in read for one in wrong]
    return Outcome(streams, tuple(failures), running.uncomputed)


@dataclass
class _Running:
    """An application at work: its relations, each made when it is first read."""

    program: Program
    catalog: Catalog
    records: Sequence[Record]
    references: Mapping[str, bytes]
    align: bool = field(kw_only=True)
    failures: list[Failure] = field(default_factory=list)
    uncomputed: dict[str, str] = field(default_factory=dict)
    _made: dict[str, Table | None] = field(default_factory=dict)
    wrong_lines: dict[str, list[Failure]] = field(default_factory=dict)  # by reference table
    _read: dict[int, list[tuple[Record, list[dict[str, object]]]]] = field(default_factory=dict)

    def computed(self, name: str) -> Table | None:
        """A relation by its name; None if only Flink can compute it."""
        try:
            return self.table(name)
        except NotComputed:
            return None

    def table(self, name: str) -> Table:
        """A relation by its name."""
        kind = self.catalog.kind(name)
        if kind not in ("stream", "input", "reference"):
            raise NotModelled(f"There is no stream or table {name}.")
        name = name if kind == "stream" else self._declared(name)
        if name in self.uncomputed:
            raise NotComputed(self.uncomputed[name])
        if name not in self._made:
            self._made[name] = None
            try:
                self._made[name] = getattr(self, f"_{kind}")(name)
            except NotComputed as error:
                self.uncomputed[name] = str(error)
                raise
        found = self._made[name]
        if found is None:
            raise NotModelled(f"Stream {name}, which is made of its own rows, is not modelled.")
        return found

    def _declared(self, name: str) -> str:
        """The name as the application declares it, which the console let people write in any case."""
        known = [*self.catalog.inputs, *self.catalog.references]
        return next((one for one in known if one.upper() == name.upper()), name)

    # ---- what comes from outside

    def _input(self, name: str) -> Table:
        declared = self.catalog.inputs.get(name)
        if declared is None or declared.columns is None:
            raise NotModelled(f"The columns of {name} are not known: complete the application first.")
        if len({id(one) for one in self.catalog.inputs.values()}) > 1:
            raise NotModelled("Several inputs are not modelled.")
        share = declared.streams.index(name)
        items = [
            Item(record.arrival, dict(row), record.arrival)
            for record, rows in self._rows(declared)
            if _shard(record, declared.parallelism) == share
            for row in rows
        ]
        return Table(_columns(declared), sorted(items, key=lambda item: item.time))

    def _rows(self, declared: Input) -> list[tuple[Record, list[dict[str, object]]]]:
        """The rows of each record; what fails is told once."""
        if id(declared) not in self._read:
            latest: dict[str, int] = {}
            found = []
            for record in self.records:
                if record.arrival <= latest.get(record.shard, record.arrival) - _LATE:
                    raise NotModelled(
                        "A record that comes over a second after later ones of its shard is not modelled."
                    )
                latest[record.shard] = max(record.arrival, latest.get(record.shard, record.arrival))
                rows = []
                for row in inputs.rows(record.data, declared):
                    if isinstance(row, Failed):
                        self.failures.append(Failure(record.arrival, None, row.name, row.message))
                    else:
                        rows.append(row)
                found.append((record, rows))
            self._read[id(declared)] = found
        return self._read[id(declared)]

    def _reference(self, name: str) -> Table:
        declared = self.catalog.references.get(name)
        if declared is None or declared.columns is None:
            raise NotModelled(f"The columns of {name} are not known: complete the application first.")
        if name not in self.references:
            raise NotModelled(f"The file of the reference table {name} is not given.")
        items = []
        wrong = self.wrong_lines[name] = []
        for row in inputs.lines(self.references[name], declared):
            if isinstance(row, Failed):
                wrong.append(Failure(None, None, row.name, row.message))
            else:
                items.append(Item(0, row, 0))
        return Table(_columns(declared), items, has_time=False)

    # ---- streams

    def _stream(self, name: str) -> Table:
        stream = self.program.streams[name]
        columns = tuple(Column(column, Type.of(kind)) for column, kind in stream.columns)
        items: list[Item] = []
        for pump in self.program.pumps:
            if pump.target == name:
                columns, found = self._pumped(pump, columns)
                items += found
        return Table(columns, sorted(items, key=lambda item: item.time))

    def _pumped(self, pump: Pump, columns: tuple[Column, ...]) -> tuple[tuple[Column, ...], list[Item]]:
        """The rows that a pump puts into a stream, and the stream's columns, which of some only the query says."""

        def failed(time: int, why: Failed) -> None:
            self.failures.append(Failure(time, pump.name, why.name, why.message))

        table = Queries(self.catalog, self.table, failed, self.align).table(pump.query)
        if not columns:
            columns = tuple(replace(column, clock=None) for column in table.columns)
        named = [column.name for column in columns] if pump.columns is None else list(pump.columns)
        known = {column.name: column for column in columns}
        if len(named) != len(table.columns) or not set(named) <= set(known):
            raise NotModelled(f"Pump {pump.name} gives {len(table.columns)} values for {len(named)} columns.")
        items = []
        for item in table.items:
            row: dict[str, object] = dict.fromkeys(known)
            try:
                for column, name in zip(table.columns, named, strict=True):
                    row[name] = assigned(item.values[column.name], column.type, known[name].type)
            except Failed as why:
                failed(item.time, why)
            else:
                items.append(Item(item.time, row, item.moment))
        return columns, items


def _columns(declared: Input | Reference) -> tuple[Column, ...]:
    return tuple(Column(column.name, Type.written(column.type)) for column in declared.columns or ())


def _shard(record: Record, count: int) -> int:
    """Which of so many streams has the records of this record's shard."""
    found = re.search(r"\d+$", record.shard)
    if count == 1:
        return 0
    if not found:
        raise NotModelled(f"The shard {record.shard!r}, which has no number, is not modelled.")
    return int(found[0]) % count
