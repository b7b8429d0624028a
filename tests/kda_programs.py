"""Programs of KDA made by chance: an application with its schema and SQL, records, and the file of its reference table.

    made = program(7)      equal numbers give equal programs
    made.application       an Application, as the reader makes it of made.document, its JSON
    made.records           in the order of reading, over 1 or 4 shards
    made.references        by table
    made.constructs        what occurs in it

Each program is one that `check` lets pass. Where the order of rows at one moment would matter, each record has a moment
of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from kda.applications import Application, Configuration, written
from kda.json_tree import parsed
from kda.places import File
from kda.tree import Fields
from tests.kda_records import Input, Record, schema
from tests.kda_values import Column, Typed, Values, declared

LENGTHS = {
    1_000: "'1' SECOND",
    10_000: "'10' SECOND",
    30_000: "'30' SECOND",
    60_000: "'1' MINUTE",
    90_000: "'1:30' MINUTE TO SECOND",
    300_000: "'5' MINUTE",
    3_600_000: "'1' HOUR",
}
STREAMS = (
    *("DESTINATION_SQL_STREAM", "ALARMS", '"Hot Ones"', '"alarms"', "COUNTS", '"per-minute"', "errors", "CHECKED"),
    *('"order"', "STEP_2", '"Ünï"', "TIMED", '"a.b"', "RESULTS", "TEMP_STREAM", '"SOURCE_SQL_STREAM"'),
)
COLUMNS = (
    *('"ticker"', "CHANGE", '"value"', '"timestamp"', '"result"', '"Total Price"', "N", '"shard"', '"failure"'),
    *('"event_time"', '"record"', "WINDOW_END", '"window_start"', '"it`s"', '"with ""quotes"""', '"ünï"', '"a.b"'),
    *("C1", "C2", "C3", "C4", "C5", "C6", '"c1"', '"line"', '"message"', '"text"', "KEY_", "AMOUNT", '"arrival"'),
)


@dataclass(frozen=True)
class Made:
    """A program with its data. number: that it was made from; document: its JSON, as create-application takes it."""

    number: int
    document: str
    application: Application
    records: tuple[Record, ...]
    references: Mapping[str, bytes]
    constructs: frozenset[str]

    @property
    def shown(self) -> str:
        """All of it, for a report."""
        application = json.loads(self.document)
        code = application.pop("ApplicationCode")
        records = "\n".join(f"{one.shard[-1]} {one.arrival} {one.data!r}" for one in self.records)
        tables = "".join(f"\n{name}: {data!r}" for name, data in self.references.items())
        parts = [code, json.dumps(application["Inputs"][0]["InputSchema"]), tables.strip(), records]
        return f"program {self.number}\n" + "\n".join(filter(None, parts))


@dataclass(frozen=True)
class Source:
    """What a pump can read.

    rows: at most so many; is_ordered: whether rows at one moment have a known order; is_windowed: whether its rows are
    those of windows; depth: pumps between it and the input.
    """

    name: str
    columns: tuple[Column, ...]
    rows: int
    is_ordered: bool
    is_windowed: bool = False
    is_input: bool = False
    depth: int = 0
    has_time: bool = True


@dataclass(frozen=True)
class Query:
    """A SELECT. results: a value for each column, named in `names` where the SQL names it."""

    sql: str
    results: tuple[Typed, ...]
    names: tuple[str, ...]
    rows: int
    is_ordered: bool
    is_windowed: bool
    depth: int
    has_time: bool = True


def application_of(document: str, name: str = "generated.json") -> Application:
    """The application of a JSON text."""
    file = File(name, document)
    root = parsed(file)
    assert isinstance(root, Fields)
    application = Configuration(file, written(file)).application(root)
    assert application is not None
    return application


def program(number: int) -> Made:
    """The program of this number."""
    return _Maker(number).made()


@dataclass
class _Maker:
    number: int
    random: Random = field(init=False)
    input: Input = field(init=False)
    keys: tuple[str, ...] = ()
    used: set[str] = field(default_factory=set)
    sources: list[Source] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    pumps: int = 0

    def made(self) -> Made:
        self.random = random = Random(self.number)
        shards = random.choice((1, 4))
        has_ties = random.random() < 0.25
        input_ = self.input = schema(random, self.used)
        columns = input_.columns
        rows = input_.most_rows
        self.sources = [
            Source(name, columns, rows, not has_ties, is_input=True)
            for name in ['"SOURCE_SQL_STREAM_001"' if random.random() < 0.7 else "SOURCE_SQL_STREAM_001"]
        ]
        self.names = random.sample(STREAMS, len(STREAMS))
        for _ in range(random.choice((1, 1, 2, 2, 3, 3, 4))):
            self._stream()
        reads = "\n".join(self.statements)
        document = json.dumps(self._document(input_, reads), indent=1, ensure_ascii=False)
        return Made(
            self.number,
            document,
            application_of(document),
            tuple(input_.records(random, shards, has_ties=has_ties)),
            input_.files(random, self.keys) if self.keys else {},
            frozenset(self.used),
        )

    def _document(self, input_: Input, code: str) -> dict[str, Any]:
        outputs = [
            {
                "Name": name,
                "KinesisStreamsOutput": {"ResourceARN": f"arn:aws:kinesis:eu-west-1:111122223333:stream/out-{number}"},
                "DestinationSchema": {"RecordFormatType": "JSON"},
            }
            for number, name in enumerate(self.outputs)
        ]
        document: dict[str, Any] = {
            "ApplicationName": f"generated-{self.number}",
            "ApplicationCode": code,
            "Inputs": [
                {
                    "NamePrefix": "SOURCE_SQL_STREAM",
                    "KinesisStreamsInput": {"ResourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/in"},
                    "InputSchema": input_.schema,
                }
            ],
            "Outputs": outputs,
        }
        if self.keys:
            document["ReferenceDataSources"] = [input_.reference_source]
        return document

    # ---- statements

    def _stream(self) -> None:
        """A stream with the pumps into it."""
        random = self.random
        name = self._name()
        query = self._query()
        used: list[str] = []
        columns = []
        for value, given in zip(query.results, query.names, strict=True):
            free = [one for one in COLUMNS if one not in used and _key(one) not in map(_key, used)]
            wanted = given if given in free and random.random() < 0.8 else random.choice(free)
            used.append(wanted)
            columns.append(declared(random, value, wanted, fits=not query.has_time))
        queries = [query.sql]
        columns_of: list[tuple[str, ...]] = [()]
        rows, is_ordered = query.rows, query.is_ordered
        is_windowed = query.is_windowed
        has_time = query.has_time
        # Rows of windows and other rows cannot meet in a stream.
        others = [source for source in self.sources if source.is_windowed == is_windowed]
        while others and query.has_time and random.random() < 0.18 and len(queries) < 3:
            self.used.add("several pumps into a stream")
            more, chosen = self._into(columns, is_windowed=is_windowed)
            queries.append(more.sql)
            columns_of.append(chosen)
            rows += more.rows
            is_ordered = False
        # Windows over windows end a millisecond before others, so that nothing can read a stream of both.
        has_time = has_time and not (is_windowed and len(queries) > 1)
        definitions = ", ".join(f"{column.name} {column.type}" for column in columns)
        comment = random.choice(("", "", "-- what is hot\n", "/* a comment */\n"))
        replaced = random.choice(("CREATE OR REPLACE STREAM", "CREATE STREAM"))
        self.statements.append(f"{comment}{replaced} {name} ({definitions});")
        for sql, chosen in zip(queries, columns_of, strict=True):
            self.pumps += 1
            pump = random.choice((f'"PUMP_{self.pumps}"', f"pump_{self.pumps}", f'"Pump {self.pumps}"'))
            into = f" ({', '.join(chosen)})" if chosen else ""
            self.statements.append(f"CREATE OR REPLACE PUMP {pump} AS INSERT INTO {name}{into}\n{sql};")
        if len(self.outputs) < 3:
            self.outputs.append(_key(name))
        if query.depth < 3 and has_time and rows <= 2_000:
            made = Source(name, tuple(columns), rows, is_ordered, is_windowed, depth=query.depth)
            self.sources.append(made)

    def _into(self, columns: Sequence[Column], *, is_windowed: bool) -> tuple[Query, tuple[str, ...]]:
        """A further query into a stream of these columns, and those that it names; () for all."""
        random = self.random
        source = self._source(lambda one: one.is_windowed == is_windowed)
        chosen = list(columns)
        if random.random() < 0.4:
            self.used.add("INSERT with a column list")
            chosen = random.sample(chosen, random.randint(1, len(chosen)))
        alias = random.choice(("", "s"))
        values = self._values(source, alias)
        results = [values.of(column.kind, 1) for column in chosen]
        # A number that is larger than those before it would change what may be done with the column.
        small = {"whole": "1", "double": "1", "decimal": "CAST(1 AS DECIMAL(4,2))"}
        results = [
            value if value.bound <= max(column.bound, 1) else Typed(small[value.kind], value.kind)
            for value, column in zip(results, chosen, strict=True)
        ]
        where = f"\nWHERE {values.truth(1).sql}" if random.random() < 0.5 else ""
        sql = f"SELECT STREAM {', '.join(value.sql for value in results)}\nFROM {self._from(source, alias)}{where}"
        query = Query(sql, (), (), source.rows, False, source.is_windowed, source.depth + 1)
        names = () if chosen == list(columns) else tuple(column.name for column in chosen)
        return query, names

    def _name(self) -> str:
        """A name of a stream that no other has, ignoring case but now and then."""
        name = self.names.pop()
        while _key(name).upper() in map(str.upper, self.streams) and self.random.random() < 0.8:
            name = self.names.pop()
        self.streams.append(_key(name))
        return name

    def _source(self, wanted: Callable[[Source], bool] = lambda _source: True) -> Source:
        """The input or a stream, rather one of the last."""
        found = [source for source in self.sources if wanted(source)]
        if not found:
            return self.sources[0]
        weights = [1 + number for number in range(len(found))]
        return self.random.choices(found, weights)[0]

    def _from(self, source: Source, alias: str, over: str = "") -> str:
        word = self.random.choice((" AS ", " ")) if alias else ""
        return f"{source.name}{over}{word}{alias}"

    def _values(self, source: Source, alias: str) -> Values:
        columns = [column.of(alias) for column in source.columns]
        return Values(self.random, columns, self._times(source, alias), self.used)

    def _times(self, source: Source, alias: str) -> list[str]:
        dot = f"{alias}." if alias else ""
        times = [f"{dot}ROWTIME"]
        if source.is_input:
            times.append(f"{dot}APPROXIMATE_ARRIVAL_TIME")
        return times

    def _is_still(self, source: Source) -> bool:
        """Whether the order is known behind a key, where rows of one record come in any order."""
        return source.is_ordered and self.input.is_single

    # ---- queries

    def _query(self) -> Query:
        forms: list[tuple[int, Callable[[], Query | None]]] = [
            (20, self._mapped),
            (20, self._tumbling),
            (8, self._staggered),
            (5, self._distinct),
            (4, self._idiom),
            (14, self._sliding),
            (6, self._ordered_rows),
            (5, self._top),
            (3, self._count_distinct),
            (6, self._nested),
            (4, self._union),
            (12, self._joined),
            (9, self._looked_up),
            (6, self._parsed_log),
            (5, self._star),
        ]
        while True:
            form = self.random.choices([form for _weight, form in forms], [weight for weight, _form in forms])[0]
            query = form()
            if query is not None:
                return query

    def _listed(self, values: Sequence[Typed]) -> tuple[str, tuple[str, ...]]:
        """The SELECT list of these values, and a name for each."""
        names: list[str] = []
        parts = []
        for value in values:
            free = [one for one in COLUMNS if _key(one) not in map(_key, names)]
            bare = value.sql.rpartition(".")[2]
            name = bare if bare in free else self.random.choice(free)
            names.append(name)
            word = self.random.choice((" AS ", " "))
            parts.append(value.sql if bare == name and self.random.random() < 0.6 else f"{value.sql}{word}{name}")
        return ", ".join(parts), tuple(names)

    def _mapped(self) -> Query:
        random = self.random
        source, alias = self._source(), random.choice(("", "", "s", '"src"'))
        values = self._values(source, alias)
        results = [values.any(random.choice((0, 1, 2, 3))) for _ in range(random.randint(1, 5))]
        where = ""
        if random.random() < 0.6:
            self.used.add("WHERE")
            where = f"\nWHERE {values.truth(random.choice((1, 2))).sql}"
        order = ""
        if random.random() < 0.08:
            self.used.add("ORDER BY")
            order = f"\nORDER BY FLOOR({values.times[0]} TO SECOND)"
        listed, names = self._listed(results)
        stream = random.choice(("STREAM ", "STREAM ", ""))
        sql = f"SELECT {stream}{listed}\nFROM {self._from(source, alias)}{where}{order}"
        is_ordered = source.is_ordered and not order
        return Query(sql, tuple(results), names, source.rows, is_ordered, source.is_windowed, source.depth + 1)

    def _star(self) -> Query:
        source, alias = self._source(), self.random.choice(("", "s"))
        self.used.add("SELECT *")
        values = self._values(source, alias)
        where = f"\nWHERE {values.truth(1).sql}" if self.random.random() < 0.5 else ""
        star = "s.*" if alias and self.random.random() < 0.5 else "*"
        sql = f"SELECT STREAM {star}\nFROM {self._from(source, alias)}{where}"
        return Query(
            sql,
            tuple(column.of("") for column in source.columns),
            tuple(column.name for column in source.columns),
            source.rows,
            source.is_ordered,
            source.is_windowed,
            source.depth + 1,
        )

    def _step(self, time: str, size: int) -> str:
        """A window of this length in one of the forms, without an offset but now and then."""
        random = self.random
        forms = [f"STEP({time} BY INTERVAL {LENGTHS[size]})"] * 3
        unit = {1_000: "SECOND", 60_000: "MINUTE", 3_600_000: "HOUR"}.get(size)
        if unit:
            forms += [f"FLOOR({time} TO {unit})"] * 3
            forms += [f"CEIL({time} TO {unit})"]
        if size % 60_000 == 0:
            minutes = size // 60_000
            origin = random.choice(("1970-01-01 00:00:00", "1970-01-01 00:00:00", "2026-01-01 00:01:00"))
            forms += [f"FLOOR(({time} - TIMESTAMP '{origin}') MINUTE / {minutes} TO MINUTE)"] * 2
            forms += [f"STEP({time} + INTERVAL '20' SECOND BY INTERVAL {LENGTHS[size]})"]
        form = random.choice(forms)
        name = "epoch" if "TIMESTAMP '" in form else "STEP" if form.startswith("STEP") else form[: form.index("(")]
        if "+ INTERVAL" in form:
            name = "STEP with an offset"
        self.used.add(f"window of {name}")
        return form

    def _keys(self, values: Values, most: int = 2) -> list[Typed]:
        """Columns and other values to group by."""
        random = self.random
        found = []
        for _ in range(random.choice((0, 1, 1, 1, most))):
            key = values.column("text", "whole", "truth")
            if key is not None and random.random() < 0.15:
                key = values.of(key.kind, 1)
                if not any(column.sql in key.sql for column in values.columns):
                    continue
                self.used.add("GROUP BY of an expression")
            if key is not None and key.sql not in [one.sql for one in found]:
                found.append(key)
        return found

    def _tumbling(self) -> Query:
        random = self.random
        source, alias = self._source(), random.choice(("", "s", "s"))
        values = self._values(source, alias)
        size = random.choice(list(LENGTHS))
        time = random.choice(values.times)
        step = self._step(time, size)
        keys = self._keys(values)
        grouped = [key.sql for key in keys]
        stepped = [Typed(step, "time")] if not step.startswith("FLOOR((") else []
        if size >= 60_000 and "+" not in step and step.startswith("STEP") and random.random() < 0.15:
            self.used.add("several steps of ROWTIME")
            longer = f"STEP({time} BY INTERVAL {LENGTHS[3_600_000]})"
            if 3_600_000 % size == 0 and size < 3_600_000:
                grouped.append(longer)
                stepped.append(Typed(longer, "time"))
        payload = values.column("time")
        if payload is not None and random.random() < 0.3:
            self.used.add("event time and ROWTIME")
            event = f"STEP({payload.sql} BY INTERVAL {LENGTHS[60_000]})"
            grouped.append(event)
            stepped.append(Typed(event, "time"))
        grouped.insert(random.randint(0, len(grouped)), step)
        self.used.add("tumbling window")
        rest = values.columns
        aggregates = [
            Values(random, rest, (), self.used).aggregate(source.rows, is_ordered=self._is_still(source))
            for _ in range(random.randint(1, 3))
        ]
        outer = Values(random, [*aggregates, *keys, *stepped[:1]], [time], self.used)
        results: list[Typed] = [key for key in keys if random.random() < 0.85]
        results += [one for one in stepped if random.random() < 0.5]
        if random.random() < 0.3:
            self.used.add("ROWTIME of a window")
            results.append(Typed(time, "time"))
        results += [self._of_aggregates(aggregates, one) for one in aggregates]
        random.shuffle(results)
        where = f"\nWHERE {values.truth(1).sql}" if random.random() < 0.35 else ""
        having = ""
        if random.random() < 0.25:
            self.used.add("HAVING")
            having = f"\nHAVING {Values(random, aggregates, (), self.used).truth(1).sql}"
        if random.random() < 0.1 and outer.columns:
            self.used.add("expression of aggregates")
            results.append(Values(random, aggregates, (), self.used).any(2))
        listed, names = self._listed(results)
        sql = f"SELECT STREAM {listed}\nFROM {self._from(source, alias)}{where}\nGROUP BY {', '.join(grouped)}{having}"
        if source.is_windowed:
            self.used.add("window over windows")
        # Windows of CEIL end a millisecond after others, so that rows of both cannot meet in a stream.
        has_time = not step.startswith("CEIL")
        return Query(sql, tuple(results), names, source.rows, False, True, source.depth + 1, has_time=has_time)

    def _staggered(self) -> Query | None:
        random = self.random
        source, alias = self._source(), random.choice(("", "s", "s"))
        values = self._values(source, alias)
        keys = self._keys(values)
        payload = values.column("time")
        if payload is not None and (not keys or random.random() < 0.4):
            self.used.add("event time of a stagger window")
            keys.append(Typed(f"FLOOR({payload.sql} TO MINUTE)", "time"))
        if not keys:
            return None
        self.used.add("stagger window")
        aggregates = [
            Values(random, values.columns, (), self.used).aggregate(source.rows, is_ordered=self._is_still(source))
            for _ in range(random.randint(1, 3))
        ]
        results: list[Typed] = [key for key in keys if random.random() < 0.85]
        if random.random() < 0.3:
            self.used.add("ROWTIME of a stagger window")
            results.append(Typed(random.choice(values.times), "time"))
        results += [self._of_aggregates(aggregates, one) for one in aggregates]
        random.shuffle(results)
        where = f"\nWHERE {values.truth(1).sql}" if random.random() < 0.35 else ""
        having = ""
        if random.random() < 0.25:
            self.used.add("HAVING of a stagger window")
            having = f"\nHAVING {Values(random, aggregates, (), self.used).truth(1).sql}"
        listed, names = self._listed(results)
        length = LENGTHS[random.choice(list(LENGTHS))]
        windowed = f"WINDOWED BY STAGGER (PARTITION BY {', '.join(key.sql for key in keys)} RANGE INTERVAL {length})"
        sql = f"SELECT STREAM {listed}\nFROM {self._from(source, alias)}{where}\n{windowed}{having}"
        if source.is_windowed:
            self.used.add("stagger window over windows")
        return Query(sql, tuple(results), names, source.rows, False, True, source.depth + 1)

    def _of_aggregates(self, aggregates: Sequence[Typed], one: Typed) -> Typed:
        """An aggregate, or something made of it."""
        random = self.random
        if random.random() < 0.7 or one.kind not in ("whole", "double"):
            return one
        other = random.choice(aggregates)
        if other.kind == "whole" and random.random() < 0.6:
            self.used.add("division of aggregates")
            return Typed(
                f"{one.sql} / {other.sql}",
                one.kind,
                max(one.width, other.width),
                one.bound,
                is_atom=False,
                is_exact=one.kind == "whole",
            )
        if one.kind == "whole":
            return Typed(f"CAST({one.sql} AS DOUBLE) / 4", "double", 64, one.bound, is_atom=False, is_exact=False)
        return Typed(f"{one.sql} * 2", one.kind, one.width, one.bound * 2, is_atom=False, is_exact=one.is_exact)

    def _distinct(self) -> Query:
        random = self.random
        source, alias = self._source(), random.choice(("", "s"))
        values = self._values(source, alias)
        size = random.choice(list(LENGTHS))
        time = values.times[0]
        step = f"STEP({time} BY INTERVAL {LENGTHS[size]})"
        if size in (1_000, 60_000) and random.random() < 0.5:
            step = f"FLOOR({time} TO {'SECOND' if size == 1_000 else 'MINUTE'})"
        self.used.add("SELECT DISTINCT")
        results = [*(self._keys(values) or [Typed("1", "whole", 32, 1)]), Typed(step, "time")]
        if random.random() < 0.15:
            self.used.add("SELECT DISTINCT with ROWTIME")
            results.append(Typed(time, "time"))
        if random.random() < 0.1:
            results[-1 if len(results) == 2 else 1] = Typed(time, "time")
        random.shuffle(results)
        listed, names = self._listed(results)
        where = f"\nWHERE {values.truth(1).sql}" if random.random() < 0.35 else ""
        sql = f"SELECT STREAM DISTINCT {listed}\nFROM {self._from(source, alias)}{where}"
        return Query(sql, tuple(results), names, source.rows, False, True, source.depth + 1)

    def _idiom(self) -> Query:
        """Different values within a step, counted within one."""
        random = self.random
        source = self._source()
        values = self._values(source, "s")
        keys = self._keys(values) or [Typed("1", "whole", 32, 1)]
        size = random.choice((10_000, 60_000))
        outer = random.choice((size, 60_000, 300_000))
        names = ['"a"', "B", '"c"', "D"][: len(keys)]
        listed = ", ".join(f"{key.sql} AS {name}" for key, name in zip(keys, names, strict=True))
        inner = (
            f"SELECT STREAM DISTINCT s.ROWTIME AS t, {listed}, STEP(s.ROWTIME BY INTERVAL {LENGTHS[size]}) AS u\n"
            f"    FROM {self._from(source, 's')}"
        )
        self.used.add("idiom of DISTINCT")
        group = [replace(keys[0], sql=f"q.{names[0]}")] if random.random() < 0.7 else []
        count = Typed("COUNT(*)", "whole", 64, source.rows)
        results = [*group, count]
        selected, given = self._listed(results)
        by = ", ".join([*(key.sql for key in group), f"STEP(q.t BY INTERVAL {LENGTHS[outer]})"])
        sql = f"SELECT STREAM {selected}\nFROM (\n    {inner}\n) AS q\nGROUP BY {by}"
        return Query(sql, tuple(results), given, source.rows, False, True, source.depth + 1)

    def _frame(self, source: Source) -> tuple[str, bool]:
        """A frame, and whether it is by time, so that no order within a moment matters."""
        random = self.random
        forms = [
            ("RANGE INTERVAL '1' MINUTE PRECEDING", True),
            ("RANGE INTERVAL '10' SECOND PRECEDING", True),
            ("RANGE INTERVAL '1' HOUR PRECEDING", True),
            ("RANGE BETWEEN INTERVAL '1:30' MINUTE TO SECOND PRECEDING AND CURRENT ROW", True),
            ("RANGE UNBOUNDED PRECEDING", True),
            ("", True),
        ]
        if source.is_ordered:
            forms += [
                ("ROWS 2 PRECEDING", False),
                ("ROWS 9 PRECEDING", False),
                ("ROWS BETWEEN 3 PRECEDING AND CURRENT ROW", False),
                ("ROWS UNBOUNDED PRECEDING", False),
            ]
        frame, by_time = random.choice(forms)
        kind = "no frame" if not frame else "RANGE" if by_time else "ROWS"
        self.used.add(f"sliding window, {kind}")
        return frame, by_time

    def _window(self, values: Values, frame: str) -> str:
        """What stands in the parentheses of an OVER."""
        keys = self._keys(values, 1)[:1]
        parts = [f"PARTITION BY {', '.join(key.sql for key in keys)}"] if keys else []
        if self.random.random() < 0.2:
            parts.append(f"ORDER BY {values.times[0]}")
        return " ".join([*parts, *([frame] if frame else [])])

    def _sliding(self) -> Query:
        random = self.random
        source = self._source(lambda one: one.rows <= 400)
        alias = random.choice(("", "s"))
        values = self._values(source, alias)
        several = random.random() < 0.3
        if several:
            self.used.add("several windows in a SELECT")
            source = replace(source, is_ordered=self._is_still(source))  # one window is computed after the other
        named = random.random() < 0.4
        windows = []
        for _ in range(random.choice((2, 2, 3)) if several else 1):
            frame, _by_time = self._frame(source)
            windows.append(self._window(values, frame))
        clause = ""
        overs = [f"({one})" for one in windows]
        if named:
            self.used.add("WINDOW clause")
            names = ["W", '"w2"', "LAST_ONES"][: len(windows)]
            clause = "\nWINDOW " + ", ".join(f"{n} AS {over}" for n, over in zip(names, overs, strict=True))
            overs = names
        results: list[Typed] = [column for column in values.columns if random.random() < 0.35][:3]
        for over in [*overs, *([random.choice(overs)] if random.random() < 0.4 else [])]:
            one = values.aggregate(source.rows, is_ordered=source.is_ordered, is_over=True)
            result = replace(one, sql=f"{one.sql} OVER {over}", holds="")
            if one.sql.startswith(("FIRST_VALUE", "LAST_VALUE")) and random.random() < 0.4:
                self.used.add("IGNORE NULLS")
                result = replace(result, sql=f"{one.sql} IGNORE NULLS OVER {over}")
            results.append(self._of_over(result, values))
        if random.random() < 0.3:
            results.append(values.any(1))
        random.shuffle(results)
        where = f"\nWHERE {values.truth(1).sql}" if random.random() < 0.3 else ""
        listed, names_ = self._listed(results)
        sql = f"SELECT STREAM {listed}\nFROM {self._from(source, alias)}{where}{clause}"
        if source.is_windowed:
            self.used.add("sliding window over windows")
        return Query(
            sql, tuple(results), names_, source.rows, self._is_still(source), source.is_windowed, source.depth + 1
        )

    def _of_over(self, value: Typed, values: Values) -> Typed:
        random = self.random
        if value.kind not in ("whole", "double") or random.random() < 0.7:
            return value
        self.used.add("expression of a sliding window")
        if random.random() < 0.5 and (column := values.column(value.kind)):
            return replace(
                value,
                sql=f"{column.sql} - {value.sql}",
                bound=value.bound + column.bound,
                width=max(value.width, column.width),
                is_atom=False,
                is_exact=value.is_exact and column.is_exact,
            )
        if not value.is_exact:
            return value
        return Typed(f"CASE WHEN {value.sql} > 2 THEN 'many' ELSE 'few' END", "text")

    def _ordered_rows(self) -> Query | None:
        """LAG, FIRST_VALUE and LAST_VALUE."""
        random = self.random
        source = self._source(lambda one: one.is_ordered and one.rows <= 400)
        if not source.is_ordered:
            return None
        alias = random.choice(("", "s"))
        values = self._values(source, alias)
        column = values.column("text", "whole", "double", "time")
        if column is None:
            return None
        over = self._window(values, random.choice(("RANGE INTERVAL '1' HOUR PRECEDING", "ROWS 3 PRECEDING", "")))
        self.used.add("LAG")
        count = random.choice(("", ", 1", ", 2"))
        lag = replace(column, sql=f"LAG({column.sql}{count}) OVER ({over})", holds="")
        if count and random.random() < 0.3 and column.kind in ("text", "whole"):
            self.used.add("LAG with a default")
            default = "'none'" if column.kind == "text" else "0"
            lag = replace(column, sql=f"LAG({column.sql}{count}, {default}) OVER ({over})", holds="")
        results = [column, lag]
        if column.kind == "whole" and random.random() < 0.5:
            results.append(Typed(f"{column.sql} - {lag.sql}", "whole", column.width, column.bound * 2, is_atom=False))
            if results[-1].bound >= 2 ** (column.width - 1):
                results.pop()
        if column.kind in ("text", "whole") and random.random() < 0.3:
            results.append(Typed(f"CASE WHEN {lag.sql} = {column.sql} THEN 'same' ELSE 'other' END", "text"))
        listed, names = self._listed(results)
        where = f"\nWHERE {values.truth(1).sql}" if random.random() < 0.3 else ""
        sql = f"SELECT STREAM {listed}\nFROM {self._from(source, alias)}{where}"
        return Query(
            sql, tuple(results), names, source.rows, self._is_still(source), source.is_windowed, source.depth + 1
        )

    def _cursor(self) -> tuple[Source, Typed, str, str]:
        """A source, a column of it, a query that gives the column, and its name there."""
        random = self.random
        source = self._source()
        values = self._values(source, "")
        column = values.column("text", "whole") or values.columns[0]
        where = f" WHERE {values.truth(1).sql}" if random.random() < 0.3 else ""
        key = next(one.key for one in source.columns if one.of("").sql == column.sql)
        if random.random() < 0.2:
            return source, column, f"SELECT STREAM * FROM {source.name}{where}", key
        if random.random() < 0.2:
            return source, column, f'SELECT STREAM {column.sql} AS "item of" FROM {source.name}{where}', "item of"
        return source, column, f"SELECT STREAM {column.sql} FROM {source.name}{where}", key

    def _top(self) -> Query | None:
        random = self.random
        source, column, query, key = self._cursor()
        if column.kind not in ("text", "whole"):
            return None
        self.used.add("TOP_K_ITEMS_TUMBLING")
        count, seconds = random.choice((1, 2, 3, 10)), random.choice((10, 60, 300))
        quoted = key.replace("'", "''")
        call = f"TOP_K_ITEMS_TUMBLING(\n    CURSOR({query}),\n    '{quoted}', {count}, {seconds}\n)"
        item = Typed("ITEM", "text")
        results = [item, Typed("ITEM_COUNT", "whole", 64, source.rows)]
        if random.random() < 0.2:
            results.append(Typed("ROWTIME", "time"))
        listed, names = self._listed(results)
        sql = f"SELECT STREAM {listed}\nFROM TABLE({call})"
        return Query(sql, tuple(results), names, source.rows, False, True, source.depth + 1)

    def _count_distinct(self) -> Query:
        source, _column, query, key = self._cursor()
        self.used.add("COUNT_DISTINCT_ITEMS_TUMBLING")
        quoted = key.replace("'", "''")
        call = (
            f"COUNT_DISTINCT_ITEMS_TUMBLING(\n    CURSOR({query}),\n    '{quoted}', {self.random.choice((10, 60))}\n)"
        )
        results = [Typed("NUMBER_OF_DISTINCT_ITEMS", "whole", 64, source.rows)]
        listed, names = self._listed(results)
        sql = f"SELECT STREAM {listed}\nFROM TABLE({call})"
        return Query(sql, tuple(results), names, source.rows, False, True, source.depth + 1)

    def _nested(self) -> Query | None:
        """A query in FROM."""
        random = self.random
        inner = random.choice((self._mapped, self._sliding, self._tumbling))()
        if "ORDER BY FLOOR" in inner.sql or inner.depth > 3:
            return None
        self.used.add("query in FROM")
        columns = [
            replace(value, sql=f"q.{name}", is_atom=True)
            for value, name in zip(inner.results, inner.names, strict=True)
        ]
        if not all(f"{name}" in inner.sql for name in inner.names):
            return None
        is_timed = random.random() < 0.3 and not inner.is_windowed
        values = Values(random, columns, ["q.ROWTIME"] if is_timed else (), self.used)
        results = [values.any(1) for _ in range(random.randint(1, 3))]
        where = f"\nWHERE {values.truth(1).sql}" if random.random() < 0.7 else ""
        listed, names = self._listed(results)
        body = inner.sql.replace("\n", "\n    ")
        sql = f"SELECT STREAM {listed}\nFROM (\n    {body}\n) AS q{where}"
        return replace(inner, sql=sql, results=tuple(results), names=names)

    def _union(self) -> Query:
        self.used.add("UNION ALL")
        first = self._mapped()
        while "ORDER BY" in first.sql:
            first = self._mapped()
        source = self._source(lambda one: one.is_windowed == first.is_windowed)
        values = self._values(source, "u")
        results = []
        for value in first.results:
            other = values.of(value.kind, 1)
            if other.bound > max(value.bound, 1) or (other.kind == "whole" and other.width != value.width):
                fitting = [
                    one
                    for one in values.columns
                    if one.kind == value.kind and one.width == value.width and one.bound <= value.bound
                ]
                other = self.random.choice(fitting) if fitting else Typed("NULL", value.kind)
            results.append(other)
        if any(one.sql == "NULL" for one in results):
            results = [
                replace(one, sql=f"CAST(NULL AS {_cast(value)})") if one.sql == "NULL" else one
                for one, value in zip(results, first.results, strict=True)
            ]
        listed = ", ".join(value.sql for value in results)
        sql = f"{first.sql}\nUNION ALL\nSELECT STREAM {listed}\nFROM {self._from(source, 'u')}"
        return Query(
            sql,
            tuple(
                replace(value, is_exact=value.is_exact and other.is_exact)
                for value, other in zip(first.results, results, strict=True)
            ),
            first.names,
            first.rows + source.rows,
            False,
            first.is_windowed or source.is_windowed,
            max(first.depth, source.depth + 1),
        )

    def _joined(self) -> Query | None:
        random = self.random
        left, right = self._source(), self._source()
        pairs = [
            (a, b)
            for a in left.columns
            for b in right.columns
            if a.kind == b.kind and a.kind in ("text", "whole") and a.width == b.width
        ]
        if not pairs or left.rows * right.rows > 40_000:
            return None
        first, second = random.choice(pairs)
        form = random.choice(("left window", "right window", "right window", "both", "both", "none"))
        windows = [f" OVER (RANGE INTERVAL {random.choice(list(LENGTHS.values())[1:6])} PRECEDING)" for _ in range(2)]
        if form in ("right window", "none"):
            windows[0] = ""
        if form in ("left window", "none"):
            windows[1] = ""
        clause = ""
        if random.random() < 0.12 and windows[1]:
            clause = f"\nWINDOW W AS {windows[1].removeprefix(' OVER ')}"
            windows[1] = " OVER W"
        side = random.choice(("", "", "", "INNER ", "LEFT ", "LEFT OUTER ", "RIGHT ", "FULL "))
        self.used.add(f"join of streams, {form}")
        if side.strip() not in ("", "INNER"):
            self.used.add(f"{side.split()[0]} JOIN of streams")
        values_a, values_b = self._values(left, "a"), self._values(right, "b")
        condition = f"{first.of('a').sql} = {second.of('b').sql}"
        if random.random() < 0.25 and side != "FULL ":  # one that is never true makes it none of two windows
            self.used.add("further condition of a join")
            more = random.choice((values_a, values_b)).truth(0)
            condition += f" AND {more.operand}"
        is_inner = side.strip() in ("", "INNER")
        times = ["a.ROWTIME"] if is_inner or side.startswith("LEFT") else []
        both = Values(random, [*values_a.columns, *values_b.columns], times if random.random() < 0.5 else [], self.used)
        depth = (0, 0, 1)
        if side == "FULL ":  # a value that can fail is not translated there
            depth = (0,)
            both = Values(random, [one for one in both.columns if not one.holds], [], set())
        results = [both.any(random.choice(depth)) for _ in range(random.randint(2, 4))]
        where = f"\nWHERE {both.truth(1).sql}" if random.random() < 0.3 and side != "FULL " else ""
        listed, names = self._listed(results)
        sql = (
            f"SELECT STREAM {listed}\nFROM {self._from(left, 'a', windows[0])}\n"
            f"{side}JOIN {self._from(right, 'b', windows[1])} ON {condition}{where}{clause}"
        )
        return Query(
            sql,
            tuple(results),
            names,
            left.rows * right.rows,
            False,
            left.is_windowed or right.is_windowed,
            max(left.depth, right.depth) + 1,
            has_time=(is_inner or side.startswith("LEFT")) and left.is_windowed == right.is_windowed,
        )

    def _looked_up(self) -> Query | None:
        random = self.random
        table = self.input.reference
        source = self._source(lambda one: any(column.kind == "text" for column in one.columns))
        alias = random.choice(("", "s", "s"))
        before = alias or source.name  # the name itself may stand before a column
        columns = [column.of(before) for column in source.columns]
        texts = [one for one in columns if one.kind == "text"]
        wholes = [one for one in columns if one.kind == "whole" and one.width == 32]
        if not texts:
            return None
        keys = self.keys or random.choice((("K",), ("K",), ("K", "K2")) if wholes else (("K",),))
        if len(keys) == 2 and not wholes:
            return None
        self.keys = keys
        conditions = [f"{random.choice(texts).sql} = r.{table.named('K')}"]
        if len(keys) == 2:
            self.used.add("lookup by two columns")
            conditions.append(f"r.{table.named('K2')} = {random.choice(wholes).sql}")
            random.shuffle(conditions)
        side = random.choice(("", "LEFT ", "LEFT ", "INNER ", "LEFT OUTER "))
        self.used.add("lookup, LEFT" if side.startswith("LEFT") else "lookup, inner")
        found = [column.of("r") for column in table.columns]
        dot = f"{before}."
        both = Values(random, [*columns, *found], [f"{dot}ROWTIME"], self.used)
        word = random.choice((" AS ", " "))
        joined = f"{self._from(source, alias)}\n{side}JOIN {table.name}{word}r ON {' AND '.join(conditions)}"
        where = f"\nWHERE {both.truth(1).sql}" if random.random() < 0.3 else ""
        if random.random() < 0.3:
            self.used.add("window after a lookup")
            key = random.choice([one for one in found if one.kind == "text"])
            one = Values(random, both.columns, (), self.used).aggregate(source.rows, is_ordered=self._is_still(source))
            results = [key, one]
            step = f"STEP({dot}ROWTIME BY INTERVAL '1' MINUTE)"
            listed, names = self._listed(results)
            sql = f"SELECT STREAM {listed}\nFROM {joined}{where}\nGROUP BY {key.sql}, {step}"
            return Query(sql, tuple(results), names, source.rows, False, True, source.depth + 1)
        results = [random.choice(found), *(both.any(1) for _ in range(random.randint(1, 3)))]
        listed, names = self._listed(results)
        sql = f"SELECT STREAM {listed}\nFROM {joined}{where}"
        return Query(
            sql, tuple(results), names, source.rows, self._is_still(source), source.is_windowed, source.depth + 1
        )

    def _parsed_log(self) -> Query | None:
        """The functions that parse logs."""
        random = self.random
        source = self._source(lambda one: any(column.kind == "text" for column in one.columns))
        texts = [column for column in source.columns if column.kind == "text"]
        logs = [column for column in texts if column.holds == "log"] or texts
        if not logs:
            return None
        column = random.choice(logs)
        other = random.choice(source.columns)
        three = "first TYPE VARCHAR(16), second TYPE VARCHAR(8), third TYPE VARCHAR(32)"
        name, call, fields = random.choice(
            (
                ("REGEX_LOG_PARSE", r"'(\w+) (\d+).*'", ("COLUMN1", "COLUMN2")),
                ("REGEX_LOG_PARSE", r"'([^ ]+) .*\[(.*)\] .(\w+).*'", ("COLUMN1", "COLUMN2", "COLUMN3")),
                ("FAST_REGEX_LOG_PARSE", r"'([a-z]+)(.*)'", ("COLUMN1", "COLUMN2")),
                ("VARIABLE_COLUMN_LOG_PARSE", f"'{three}', ' '", ("FIRST", "SECOND", "THIRD")),
                ("VARIABLE_COLUMN_LOG_PARSE", "'c1 TYPE VARCHAR(4), \"c2\" TYPE VARCHAR(16)', ','", ("C1", '"c2"')),
                ("W3C_LOG_PARSE", "'COMMON'", ("COLUMN1", "COLUMN4", "COLUMN5", "COLUMN6")),
                ("W3C_LOG_PARSE", "'COMBINED'", ("COLUMN1", "COLUMN5", "COLUMN8", "COLUMN9")),
            )
        )
        self.used.add(name)
        wanted = [Typed(f"l.rec.{one}", "text") for one in fields if random.random() < 0.8]
        wanted = wanted or [Typed(f"l.rec.{fields[0]}", "text")]
        results = [*wanted, other.of("l")]
        listed, names = self._listed(results)
        inner = f"SELECT STREAM {other.name}, {name}({column.name}, {call}) AS rec FROM {source.name}"
        where = f"\nWHERE {wanted[0].sql} IS NOT NULL" if random.random() < 0.3 else ""
        sql = f"SELECT STREAM {listed}\nFROM (\n    {inner}\n) AS l{where}"
        return Query(sql, tuple(results), names, source.rows, source.is_ordered, source.is_windowed, source.depth + 1)


def _key(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.upper()


def _cast(value: Typed) -> str:
    kinds = {
        "text": "VARCHAR(8)",
        "double": "DOUBLE",
        "decimal": "DECIMAL(10,2)",
        "truth": "BOOLEAN",
        "time": "TIMESTAMP",
    }
    if value.kind == "whole":
        return {8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}[value.width]
    return kinds[value.kind]
