"""A program of KDA for each construct that is kept or changed, over generated records.

What is refused has its example on its page, docs/kda/cannot.md, which tests/test_kda_check.py holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.kda_programs import Made, application_of
from tests.kda_records import Input, Table
from tests.kda_values import Column

SCHEMA = (
    Column('"ticker"', "text", "VARCHAR(8)", holds="key"),
    Column("CHANGE", "whole", "INTEGER", 32, 200),
    Column('"price"', "double", "DOUBLE", 64, 1_000),
    Column('"cost"', "decimal", "DECIMAL(10,2)", 64, 1_000),
    Column('"ok"', "truth", "BOOLEAN"),
    Column('"sent_at"', "time", "TIMESTAMP"),
    Column('"epoch"', "whole", "BIGINT", 64, 2e12, holds="ms"),
    Column("TXT", "text", "VARCHAR(32)", holds="number"),
    Column('"moment"', "text", "VARCHAR(32)", holds="moment"),
    Column('"log"', "text", "VARCHAR(256)", holds="log"),
    Column('"ratio"', "double", "REAL", 64, 1_000),
)
TABLE = Table(
    "COMPANIES",
    (
        Column("K", "text", "VARCHAR(16)", holds="key"),
        Column("K2", "whole", "INTEGER", 32, 1_000),
        Column("REGION", "text", "VARCHAR(4)"),
        Column('"weight"', "double", "DOUBLE", 64, 1_000),
    ),
)
IN = '"SOURCE_SQL_STREAM_001"'
MINUTES = f"""CREATE OR REPLACE STREAM "MINUTES" ("ticker" VARCHAR(8), "n" BIGINT);
CREATE OR REPLACE PUMP "MINUTES_PUMP" AS INSERT INTO "MINUTES"
SELECT STREAM "ticker", COUNT(*) FROM {IN} AS s GROUP BY "ticker", STEP(s.ROWTIME BY INTERVAL '1' MINUTE);"""
HIGH = f"""CREATE OR REPLACE STREAM "HIGH" ("ticker" VARCHAR(8), N INTEGER);
CREATE OR REPLACE PUMP "HIGH_PUMP" AS INSERT INTO "HIGH"
SELECT STREAM "ticker", CHANGE FROM {IN} WHERE CHANGE > 1;"""


@dataclass(frozen=True)
class Construct:
    """columns: of the output stream; query: of the pump into it; before: statements before; keys: of the lookup.

    row_path: "" for CSV; has_ties: whether records may have the same arrival; parallelism: of the input.
    """

    name: str
    columns: str
    query: str
    before: str = ""
    keys: tuple[str, ...] = ()
    row_path: str = "$"
    has_ties: bool = False
    parallelism: int = 1

    def code(self, number: int) -> str:
        """The statements; the names of streams and pumps end with the number."""
        code = f"""{self.before}
CREATE OR REPLACE STREAM "OUT" ({self.columns});
CREATE OR REPLACE PUMP "OUT_PUMP" AS INSERT INTO "OUT"
{self.query};"""
        return re.sub(r'"((?:OUT|HIGH|MINUTES|BOTH|FIRST|SECOND)(?:_PUMP)?)"', rf'"\1_{number}"', code)


NOWHERE = b'{"K": null, "K2": 2, "REGION": "nowhere", "weight": 9}\n'  # a row that no key finds, NULL neither


def program(number: int, constructs: Sequence[Construct], shards: int) -> Made:
    """One program of these constructs, which have the same input; its records are over so many shards."""
    one = constructs[0]
    random = Random(f"{one.name} {shards}")
    paths = tuple(("deep", f"f{at}") if at % 4 == 1 else (f"f{at}",) for at in range(len(SCHEMA)))
    input_ = Input(
        SCHEMA,
        paths,
        one.row_path,
        "|",
        TABLE,
        is_reference_csv=False,
        count=60,
        is_clean=False,
        is_single=one.row_path == "$",
    )
    stream = {"ResourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/in"}
    form = {"RecordFormatType": "JSON"}
    document: dict[str, Any] = {
        "ApplicationName": f"constructs-{number}",
        "ApplicationCode": "\n".join(construct.code(at) for at, construct in enumerate(constructs)),
        "Inputs": [
            {
                "NamePrefix": "SOURCE_SQL_STREAM",
                "KinesisStreamsInput": stream,
                "InputSchema": input_.schema,
                "InputParallelism": {"Count": one.parallelism},
            }
        ],
        "Outputs": [
            {"Name": f"OUT_{at}", "KinesisStreamsOutput": stream, "DestinationSchema": form}
            for at in range(len(constructs))
        ],
    }
    if one.keys:
        document["ReferenceDataSources"] = [input_.reference_source]
    text = json.dumps(document)
    return Made(
        number,
        text,
        application_of(text),
        tuple(input_.records(random, shards, has_ties=one.has_ties)),
        {name: data + NOWHERE for name, data in input_.files(random, one.keys).items()} if one.keys else {},
        frozenset(construct.name for construct in constructs),
    )


def programs(shards: int) -> list[Made]:
    """All constructs in few programs: those with the same input share one, by tens."""
    groups: dict[tuple[Any, ...], list[Construct]] = {}
    for one in CONSTRUCTS:
        groups.setdefault((one.keys, one.row_path, one.has_ties, one.parallelism), []).append(one)
    tens = [group[at : at + 10] for group in groups.values() for at in range(0, len(group), 10)]
    return [program(number, ten, shards) for number, ten in enumerate(tens)]


def _windows() -> list[Construct]:
    forms = {
        "STEP": "STEP(s.ROWTIME BY INTERVAL '90' SECOND)",
        "FLOOR": "FLOOR(s.ROWTIME TO MINUTE)",
        "CEIL": "CEIL(s.ROWTIME TO MINUTE)",
        "interval since 1970": "FLOOR((s.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') MINUTE / 5 TO MINUTE)",
        "interval since an origin": "FLOOR((s.ROWTIME - TIMESTAMP '2026-01-01 00:01:00') MINUTE / 5 TO MINUTE)",
        "offset": "FLOOR(s.ROWTIME + INTERVAL '20' SECOND TO MINUTE)",
        "APPROXIMATE_ARRIVAL_TIME": "STEP(s.APPROXIMATE_ARRIVAL_TIME BY INTERVAL '1' MINUTE)",
        "ROWTIME alone": "s.ROWTIME",
        "MONOTONIC": "MONOTONIC(FLOOR(s.ROWTIME TO MINUTE))",
    }
    columns = '"ticker" VARCHAR(8), "n" BIGINT, "sum" DOUBLE, "mean" INTEGER'
    aggregates = 'COUNT(*), SUM("price"), AVG(CHANGE)'
    return [
        Construct(
            f"tumbling window, {name}",
            columns,
            f'SELECT STREAM "ticker", {aggregates} FROM {IN} AS s GROUP BY "ticker", {step}',
        )
        for name, step in forms.items()
    ]


def _joins() -> list[Construct]:
    minute, ten = "OVER (RANGE INTERVAL '1' MINUTE PRECEDING)", "OVER (RANGE INTERVAL '10' SECOND PRECEDING)"
    columns = '"ticker" VARCHAR(8), N INTEGER, "price" DOUBLE'
    return [
        Construct(
            f"join, {name}",
            columns,
            f'SELECT STREAM a."ticker", a.N, s."price" FROM "HIGH" {left} AS a\n'
            f'{side} JOIN {IN} {right} AS s ON a."ticker" = s."ticker"',
            HIGH,
        )
        for name, left, side, right in (
            ("window on the right", "", "", minute),
            ("window on the left", minute, "", ""),
            ("two windows", minute, "INNER", ten),
            ("no window", "", "", ""),
            ("LEFT", "", "LEFT", minute),
            ("LEFT, two windows", minute, "LEFT OUTER", ten),
            ("RIGHT", minute, "RIGHT", ""),
            ("FULL", minute, "FULL", ten),
        )
    ]


def _joins_of_windows() -> list[Construct]:
    columns = '"ticker" VARCHAR(8), "n" BIGINT, "price" DOUBLE'
    return [
        Construct(
            f"join of a stream of windows, {side or 'INNER'}{window and ', window'}",
            columns,
            f'SELECT STREAM s."ticker", m."n", s."price" FROM "MINUTES" AS m\n'
            f'{side} JOIN {IN} {window} AS s ON m."ticker" = s."ticker"',
            MINUTES,
        )
        for side in ("", "LEFT", "RIGHT")
        for window in ("", "OVER (RANGE INTERVAL '1' MINUTE PRECEDING)")
    ]


CONSTRUCTS = (
    Construct(
        "rows of the input",
        '"a" VARCHAR(8), "b" DECIMAL(10,2), "c" BOOLEAN, D TIMESTAMP',
        f'SELECT STREAM "ticker", "cost", "ok", "sent_at" FROM {IN}',
    ),
    Construct(
        "row path to an array",
        '"a" VARCHAR(8), "b" INTEGER',
        f'SELECT STREAM "ticker", CHANGE FROM {IN}',
        row_path="$.rows[0:]",
    ),
    Construct(
        "CSV",
        '"a" VARCHAR(8), "b" INTEGER, "c" DOUBLE',
        f'SELECT STREAM "ticker", CHANGE, "price" FROM {IN}',
        row_path="",
    ),
    Construct(
        "input in two streams",
        '"a" VARCHAR(8), "b" INTEGER',
        f'SELECT STREAM "ticker", CHANGE FROM {IN}\nUNION ALL\n'
        'SELECT STREAM "ticker", CHANGE FROM "SOURCE_SQL_STREAM_002"',
        parallelism=2,
    ),
    Construct("chain of pumps", '"a" VARCHAR(8)', 'SELECT STREAM "ticker" FROM "HIGH" WHERE N > 2', HIGH),
    Construct(
        "several pumps into a stream",
        '"a" VARCHAR(8), "b" INTEGER',
        'SELECT STREAM "ticker", N FROM "BOTH"',
        f"""CREATE OR REPLACE STREAM "BOTH" ("ticker" VARCHAR(8), N INTEGER);
CREATE OR REPLACE PUMP "FIRST_PUMP" AS INSERT INTO "BOTH" SELECT STREAM "ticker", CHANGE FROM {IN} WHERE CHANGE > 2;
CREATE OR REPLACE PUMP "SECOND_PUMP" AS INSERT INTO "BOTH" (N) SELECT STREAM CHANGE * 2 FROM {IN};""",
    ),
    Construct(
        "names",
        'value_ VARCHAR(8), "timestamp" INTEGER, "Order By" DOUBLE',
        f'SELECT STREAM x."ticker", x.change, "price" FROM {IN} AS x',
    ),
    Construct(
        "conditions",
        '"a" VARCHAR(8), "b" VARCHAR(16), "c" VARCHAR(40), "d" INTEGER',
        f"""SELECT STREAM "ticker", CASE WHEN CHANGE > 2 THEN 'up' WHEN CHANGE < 0 THEN 'down' END,
    "ticker" || '-' || SUBSTRING("log" FROM 2 FOR 3), POSITION('o' IN "ticker")
FROM {IN}
WHERE "ticker" LIKE 'n%' OR "ticker" SIMILAR TO '(south|[A-Z])' OR CHANGE IN (1, 2) AND "price" BETWEEN 0 AND 100""",
    ),
    *_windows(),
    Construct(
        "STEP and ROWTIME as values",
        '"begin" TIMESTAMP, "end" TIMESTAMP, "n" BIGINT',
        f"SELECT STREAM STEP(s.ROWTIME BY INTERVAL '1' MINUTE), s.ROWTIME, COUNT(*) FROM {IN} AS s\n"
        "GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE)",
    ),
    Construct(
        "stagger window",
        '"a" VARCHAR(8), "minute" TIMESTAMP, "n" BIGINT, "sum" DOUBLE, "end" TIMESTAMP, "last" TIMESTAMP',
        f"""SELECT STREAM "ticker", FLOOR("sent_at" TO MINUTE), COUNT(*), SUM("price"), s.ROWTIME, MAX(s.ROWTIME)
FROM {IN} AS s WINDOWED BY STAGGER (PARTITION BY FLOOR("sent_at" TO MINUTE), "ticker" RANGE INTERVAL '1' MINUTE)""",
        has_ties=True,
    ),
    Construct(
        "stagger window of each key",
        '"a" VARCHAR(8), "n" BIGINT, "kinds" BIGINT, "mean" INTEGER, "most" VARCHAR(8)',
        f"""SELECT STREAM "ticker", COUNT("price"), COUNT(DISTINCT CHANGE), AVG(CHANGE),
    CASE WHEN MAX(CHANGE) > 1 THEN 'high' ELSE 'low' END
FROM {IN} WINDOWED BY STAGGER (PARTITION BY "ticker" RANGE INTERVAL '1:30' MINUTE TO SECOND)""",
        has_ties=True,
    ),
    Construct(
        "stagger window, with conditions",
        '"a" INTEGER, "b" BIGINT, "c" INTEGER, "d" DOUBLE',
        f"""SELECT STREAM 10 / CHANGE, SUM(CHANGE) / COUNT("ticker"), FIRST_VALUE(CHANGE), LAST_VALUE("price")
FROM {IN} WHERE CAST(TXT AS INTEGER) > 0
WINDOWED BY STAGGER (PARTITION BY 10 / CHANGE RANGE INTERVAL '5' MINUTE)
HAVING COUNT(*) > 1""",
    ),
    Construct(
        "stagger window by a step of ROWTIME",
        '"minute" TIMESTAMP, "n" BIGINT',
        f"""SELECT STREAM FLOOR(s.ROWTIME TO MINUTE), COUNT(*) FROM {IN} AS s
WINDOWED BY STAGGER (PARTITION BY FLOOR(s.ROWTIME TO MINUTE) RANGE INTERVAL '10' SECOND)""",
        has_ties=True,
    ),
    Construct(
        "stagger window of all rows",
        '"n" BIGINT',
        f"SELECT STREAM COUNT(*) FROM {IN} WINDOWED BY STAGGER (PARTITION BY 1 RANGE INTERVAL '1' MINUTE)",
        has_ties=True,
    ),
    Construct(
        "stagger window after a lookup",
        '"a" VARCHAR(4), "n" BIGINT, "b" DOUBLE',
        f"""SELECT STREAM r.REGION, COUNT(s."ticker"), MAX(r."weight") FROM {IN} AS s
LEFT JOIN COMPANIES AS r ON s."ticker" = r.K
WINDOWED BY STAGGER (PARTITION BY r.REGION, s."ok" RANGE INTERVAL '1' MINUTE)""",
        keys=("K",),
    ),
    Construct(
        "stagger window over windows",
        '"a" VARCHAR(8), "n" BIGINT, "end" TIMESTAMP',
        """SELECT STREAM "ticker", SUM("n"), m.ROWTIME FROM "MINUTES" AS m
WINDOWED BY STAGGER (PARTITION BY "ticker" RANGE INTERVAL '2' MINUTE)""",
        before=MINUTES,
    ),
    Construct(
        "windows over stagger windows",
        '"n" BIGINT, "minute" TIMESTAMP',
        f"""SELECT STREAM SUM(q.N), STEP(q.ROWTIME BY INTERVAL '5' MINUTE) FROM (
    SELECT STREAM "ticker", COUNT(*) AS N FROM {IN}
    WINDOWED BY STAGGER (PARTITION BY "ticker" RANGE INTERVAL '1' MINUTE)
) AS q GROUP BY STEP(q.ROWTIME BY INTERVAL '5' MINUTE)""",
    ),
    Construct(
        "HAVING",
        '"a" VARCHAR(8), "n" BIGINT',
        f'SELECT STREAM "ticker", COUNT(*) FROM {IN} AS s GROUP BY "ticker", FLOOR(s.ROWTIME TO MINUTE)\n'
        "HAVING COUNT(*) > 1 AND SUM(CHANGE) > 0",
    ),
    Construct(
        "several steps",
        '"a" TIMESTAMP, "b" TIMESTAMP, "n" BIGINT',
        f"SELECT STREAM FLOOR(s.ROWTIME TO HOUR), FLOOR(s.ROWTIME TO MINUTE), COUNT(*) FROM {IN} AS s\n"
        "GROUP BY FLOOR(s.ROWTIME TO HOUR), FLOOR(s.ROWTIME TO MINUTE)",
    ),
    Construct(
        "event time and ROWTIME",
        '"minute" TIMESTAMP, "n" BIGINT',
        f"""SELECT STREAM STEP("sent_at" BY INTERVAL '60' SECOND), COUNT(*) FROM {IN} AS s
GROUP BY STEP("sent_at" BY INTERVAL '60' SECOND), STEP(s.ROWTIME BY INTERVAL '60' SECOND)""",
    ),
    Construct(
        "step of a time of the record",
        '"a" TIMESTAMP, "b" TIMESTAMP, "c" TIMESTAMP',
        f"""SELECT STREAM STEP("sent_at" BY INTERVAL '10' SECOND), FLOOR("sent_at" TO HOUR), FLOOR("sent_at" TO MONTH)
FROM {IN}""",
    ),
    Construct(
        "window over windows",
        '"ticker" VARCHAR(8), "sum" BIGINT, "end" TIMESTAMP',
        """SELECT STREAM "ticker", SUM("n"), m.ROWTIME FROM "MINUTES" AS m
GROUP BY "ticker", STEP(m.ROWTIME BY INTERVAL '2' MINUTE)""",
        MINUTES,
    ),
    Construct(
        "sliding window, RANGE",
        '"a" VARCHAR(8), "n" BIGINT, "mean" DOUBLE, "most" INTEGER',
        f"""SELECT STREAM "ticker", COUNT(*) OVER W, AVG("price") OVER W, MAX(CHANGE) OVER W FROM {IN}
WINDOW W AS (PARTITION BY "ticker" RANGE INTERVAL '1' MINUTE PRECEDING)""",
        has_ties=True,
    ),
    Construct(
        "sliding window, ROWS",
        '"a" VARCHAR(8), "n" BIGINT, "sum" INTEGER',
        f"""SELECT STREAM "ticker", COUNT(*) OVER (PARTITION BY "ticker" ROWS 2 PRECEDING),
    SUM(CHANGE) OVER (PARTITION BY "ticker" ROWS 2 PRECEDING) FROM {IN}""",
    ),
    Construct(
        "sliding window without a frame",
        '"a" VARCHAR(8), "n" BIGINT',
        f'SELECT STREAM "ticker", COUNT(*) OVER (PARTITION BY "ticker") FROM {IN}',
        has_ties=True,
    ),
    Construct(
        "two sliding windows",
        '"a" VARCHAR(8), "n" BIGINT, "m" BIGINT, "sum" DOUBLE',
        f"""SELECT STREAM "ticker", COUNT(*) OVER (PARTITION BY "ticker" RANGE INTERVAL '10' SECOND PRECEDING),
    COUNT(*) OVER (ROWS 3 PRECEDING), SUM("price") OVER (RANGE INTERVAL '1' HOUR PRECEDING) FROM {IN}""",
    ),
    Construct(
        "LAG",
        '"a" VARCHAR(8), "b" INTEGER, "c" DOUBLE',
        f"""SELECT STREAM "ticker", LAG(CHANGE, 1) OVER (PARTITION BY "ticker" RANGE INTERVAL '1' HOUR PRECEDING),
    LAG("price", 2) OVER (PARTITION BY "ticker" RANGE INTERVAL '1' HOUR PRECEDING) FROM {IN}""",
    ),
    Construct(
        "LAG of rows of one moment",
        '"a" VARCHAR(8), "b" INTEGER, "c" DOUBLE, "d" VARCHAR(8), "e" BOOLEAN, "f" TIMESTAMP, "g" DECIMAL(10,2)',
        f"""SELECT STREAM "ticker", LAG(CHANGE) OVER (RANGE INTERVAL '1' HOUR PRECEDING), LAG("price", 2) OVER (),
    LAG("ticker", 1, 'none') OVER (), LAG("ok", 1) OVER (), LAG("sent_at", 1) OVER (), LAG("cost", 3, 0) OVER ()
FROM {IN}""",
        row_path="$.rows[0:]",
    ),
    Construct(
        "FIRST_VALUE, LAST_VALUE",
        '"a" VARCHAR(8), "b" INTEGER, "c" DOUBLE',
        f"""SELECT STREAM "ticker", FIRST_VALUE(CHANGE) OVER W, LAST_VALUE("price") IGNORE NULLS OVER W FROM {IN}
WINDOW W AS (PARTITION BY "ticker" RANGE INTERVAL '1' MINUTE PRECEDING)""",
    ),
    Construct(
        "FIRST_VALUE, LAST_VALUE of a window",
        '"a" VARCHAR(8), "b" INTEGER, "c" DOUBLE',
        f"""SELECT STREAM "ticker", FIRST_VALUE(CHANGE), LAST_VALUE("price") FROM {IN} AS s
GROUP BY "ticker", FLOOR(s.ROWTIME TO MINUTE)""",
    ),
    Construct(
        "FIRST_VALUE of a window, with conditions",
        '"a" VARCHAR(8), "b" INTEGER, "c" DOUBLE',
        f"""SELECT STREAM "ticker", FIRST_VALUE(10 / CHANGE), LAST_VALUE("price") FROM {IN} AS s
WHERE "price" > 0 GROUP BY "ticker", FLOOR(s.ROWTIME TO MINUTE) HAVING COUNT(*) > 1""",
    ),
    Construct(
        "FIRST_VALUE after a lookup",
        '"a" VARCHAR(4), "b" INTEGER, "c" DOUBLE',
        f"""SELECT STREAM r.REGION, FIRST_VALUE(s.CHANGE), LAST_VALUE(r."weight") FROM {IN} AS s
LEFT JOIN COMPANIES AS r ON s."ticker" = r.K GROUP BY r.REGION, FLOOR(s.ROWTIME TO MINUTE)""",
        keys=("K",),
    ),
    Construct(
        "lookup by a column that is always the same",
        '"a" VARCHAR(8), "b" VARCHAR(4), "c" INTEGER',
        """SELECT STREAM s."ticker", r.REGION, r.K2 FROM "FIRST" AS s LEFT JOIN COMPANIES AS r ON s."ticker" = r.K""",
        before=f"""CREATE OR REPLACE STREAM "FIRST" ("ticker" VARCHAR(8));
CREATE OR REPLACE PUMP "FIRST_PUMP" AS INSERT INTO "FIRST"
SELECT STREAM 'north' FROM {IN} WHERE CHANGE > 0;""",
        keys=("K",),
    ),
    Construct(
        "STDDEV",
        '"a" VARCHAR(8), "b" DOUBLE, "c" DOUBLE, "d" DOUBLE',
        f"""SELECT STREAM "ticker", STDDEV_POP("price"), STDDEV_SAMP("price"), VAR_POP("price") FROM {IN} AS s
GROUP BY "ticker", STEP(s.ROWTIME BY INTERVAL '5' MINUTE)""",
    ),
    Construct(
        "STDDEV over a sliding window",
        '"a" VARCHAR(8), "b" DOUBLE',
        f"""SELECT STREAM "ticker",
    STDDEV_SAMP("price") OVER (PARTITION BY "ticker" RANGE INTERVAL '1' MINUTE PRECEDING) FROM {IN}""",
    ),
    *_joins(),
    *_joins_of_windows(),
    Construct(
        "window after a join",
        '"a" VARCHAR(8), "n" BIGINT',
        f"""SELECT STREAM "ticker", COUNT(*) FROM (
    SELECT STREAM a."ticker" FROM "HIGH" AS a
    JOIN {IN} OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS s ON a."ticker" = s."ticker"
) AS q GROUP BY "ticker", STEP(q.ROWTIME BY INTERVAL '1' MINUTE)""",
        HIGH,
    ),
    Construct(
        "lookup, LEFT",
        '"a" VARCHAR(8), "b" VARCHAR(4), "c" DOUBLE',
        f'SELECT STREAM s."ticker", r.REGION, r."weight" FROM {IN} AS s LEFT JOIN COMPANIES AS r ON s."ticker" = r.K',
        keys=("K",),
    ),
    Construct(
        "lookup, inner",
        '"a" VARCHAR(8), "b" VARCHAR(4)',
        f'SELECT STREAM s."ticker", r.REGION FROM {IN} AS s JOIN COMPANIES AS r ON r.K = s."ticker"',
        keys=("K",),
    ),
    Construct(
        "lookup by two columns",
        '"a" VARCHAR(8), "b" VARCHAR(4)',
        f'SELECT STREAM s."ticker", r.REGION FROM {IN} AS s\n'
        'LEFT JOIN COMPANIES AS r ON s."ticker" = r.K AND s.CHANGE = r.K2',
        keys=("K", "K2"),
    ),
    Construct(
        "window after a lookup",
        '"a" VARCHAR(4), "n" BIGINT',
        f"""SELECT STREAM r.REGION, COUNT(*) FROM {IN} AS s LEFT JOIN COMPANIES AS r ON s."ticker" = r.K
GROUP BY r.REGION, STEP(s.ROWTIME BY INTERVAL '1' MINUTE)""",
        keys=("K",),
    ),
    Construct(
        "ORDER BY",
        '"a" VARCHAR(8), "b" INTEGER',
        f'SELECT STREAM "ticker", CHANGE FROM {IN} AS s ORDER BY FLOOR(s.ROWTIME TO SECOND), CHANGE DESC',
    ),
    Construct(
        "SELECT DISTINCT",
        '"a" VARCHAR(8), "b" TIMESTAMP',
        f'SELECT STREAM DISTINCT "ticker", FLOOR(s.ROWTIME TO MINUTE) FROM {IN} AS s',
    ),
    Construct(
        "idiom of DISTINCT",
        '"a" VARCHAR(8), "n" BIGINT',
        f"""SELECT STREAM q."ticker", COUNT(q.CHANGE) FROM (
    SELECT STREAM DISTINCT ROWTIME AS t, "ticker", CHANGE, STEP(r.ROWTIME BY INTERVAL '1' MINUTE) FROM {IN} AS r
) AS q GROUP BY q."ticker", STEP(q.t BY INTERVAL '1' MINUTE)""",
    ),
    Construct(
        "TOP_K_ITEMS_TUMBLING",
        '"a" VARCHAR(8), "n" BIGINT',
        f"""SELECT STREAM ITEM, ITEM_COUNT
FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM "ticker" FROM {IN}), 'ticker', 2, 60))""",
    ),
    Construct(
        "COUNT_DISTINCT_ITEMS_TUMBLING",
        '"n" BIGINT',
        f"""SELECT STREAM NUMBER_OF_DISTINCT_ITEMS
FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM "ticker" FROM {IN}), 'ticker', 60))""",
    ),
    Construct(
        "times in milliseconds",
        '"a" BIGINT, "b" BIGINT, "c" TIMESTAMP',
        f'SELECT STREAM UNIX_TIMESTAMP("sent_at"), TSDIFF(s.ROWTIME, "sent_at"), TO_TIMESTAMP("epoch") FROM {IN} AS s',
    ),
    Construct(
        "times as texts",
        '"a" TIMESTAMP, "b" VARCHAR(32)',
        f"""SELECT STREAM CHAR_TO_TIMESTAMP('yyyy-MM-dd HH:mm:ss', "moment"),
    TIMESTAMP_TO_CHAR('dd/MM/yyyy HH:mm', "sent_at") FROM {IN}""",
    ),
    Construct(
        "parts of a time",
        '"a" BIGINT, "b" BIGINT, "c" DECIMAL(8,3)',
        f"""SELECT STREAM EXTRACT(YEAR FROM "sent_at"), EXTRACT(MINUTE FROM s.ROWTIME), EXTRACT(SECOND FROM "sent_at")
FROM {IN} AS s""",
    ),
    Construct(
        "the present time",
        '"a" TIMESTAMP, "b" TIMESTAMP',
        f"SELECT STREAM CURRENT_TIMESTAMP, CURRENT_ROW_TIMESTAMP FROM {IN}",
    ),
    Construct(
        "REGEX_LOG_PARSE",
        '"a" VARCHAR(32), "b" VARCHAR(32)',
        f"""SELECT STREAM l.rec.COLUMN1, l.rec.COLUMN2
FROM (SELECT STREAM REGEX_LOG_PARSE("log", '([^ ]+) (.*)') AS rec FROM {IN}) AS l""",
    ),
    Construct(
        "FAST_REGEX_LOG_PARSER",
        '"a" VARCHAR(32), "b" VARCHAR(32)',
        f"""SELECT STREAM l.rec.COLUMN1, l.rec.COLUMN2
FROM (SELECT STREAM FAST_REGEX_LOG_PARSER("log", '([^ ]+) (.*)') AS rec FROM {IN}) AS l""",
    ),
    Construct(
        "VARIABLE_COLUMN_LOG_PARSE",
        '"a" VARCHAR(32), "b" VARCHAR(32)',
        f"""SELECT STREAM l.rec.FIRST, l.rec.SECOND
FROM (
    SELECT STREAM VARIABLE_COLUMN_LOG_PARSE("log", 'first TYPE VARCHAR(8), second TYPE VARCHAR(32)', ' ') AS rec
    FROM {IN}
) AS l""",
    ),
    Construct(
        "W3C_LOG_PARSE",
        '"a" VARCHAR(32), "b" VARCHAR(64), "c" VARCHAR(8)',
        f"""SELECT STREAM l.rec.COLUMN1, l.rec.COLUMN5, l.rec.COLUMN6
FROM (SELECT STREAM W3C_LOG_PARSE("log", 'COMMON') AS rec FROM {IN}) AS l""",
    ),
    Construct(
        "REGEX_REPLACE", '"a" VARCHAR(32)', f"SELECT STREAM REGEX_REPLACE(\"ticker\", '[aeiou]', '_', 1, 0) FROM {IN}"
    ),
    Construct(
        "division",
        '"a" VARCHAR(8), "b" INTEGER, "c" DOUBLE, "d" INTEGER',
        f'SELECT STREAM "ticker", 10 / CHANGE, "price" / CHANGE, MOD(7, CHANGE) FROM {IN}',
    ),
    Construct(
        "division of aggregates",
        '"a" VARCHAR(8), "b" BIGINT',
        f'SELECT STREAM "ticker", COUNT(*) / SUM(CHANGE) FROM {IN} AS s GROUP BY "ticker", FLOOR(s.ROWTIME TO MINUTE)',
    ),
    Construct(
        "division of what is constant where it fails",
        '"a" VARCHAR(8), "b" BIGINT',
        f"""SELECT STREAM "ticker", COUNT(CHANGE) / COUNT(CHANGE)
FROM {IN} AS s GROUP BY "ticker", FLOOR(s.ROWTIME TO MINUTE)""",
    ),
    Construct(
        "division by what is constant behind a function",
        '"a" VARCHAR(8), "b" INTEGER',
        f"SELECT STREAM \"ticker\", CHAR_LENGTH('four') / COALESCE(STEP(10 BY 10), CHANGE, 5) FROM {IN}",
    ),
    Construct(
        "division in a branch",
        '"a" VARCHAR(8), "b" DOUBLE',
        f'SELECT STREAM "ticker", CASE WHEN CHANGE IS NOT NULL THEN "price" / "price" ELSE "price" END FROM {IN}',
    ),
    Construct(
        "a value that never fails",
        '"a" TINYINT',
        f"""SELECT STREAM CHAR_LENGTH(COALESCE('nord-ost', "log")) FROM {IN} WHERE TXT IS DISTINCT FROM "ticker"
UNION ALL
SELECT STREAM CHANGE FROM {IN}""",
    ),
    Construct(
        "CAST that fails",
        '"a" INTEGER, "b" DOUBLE, "c" TIMESTAMP',
        f'SELECT STREAM CAST(TXT AS INTEGER), CAST(TXT AS DOUBLE), CAST("moment" AS TIMESTAMP) FROM {IN}',
    ),
    Construct(
        "CAST in a condition",
        '"a" VARCHAR(8)',
        f'SELECT STREAM "ticker" FROM {IN} WHERE CHANGE > 0 AND CAST(TXT AS INTEGER) > 1',
    ),
    Construct(
        "assignment that fails", '"a" TINYINT, "b" SMALLINT', f"SELECT STREAM CHANGE * 3, CHANGE * CHANGE FROM {IN}"
    ),
    Construct(
        "texts that are cut",
        '"a" VARCHAR(2), "b" CHAR(3), "c" VARCHAR(4)',
        f'SELECT STREAM "ticker", "ticker", CAST("ticker" AS VARCHAR(4)) FROM {IN}',
    ),
    Construct("REAL", '"a" REAL, "b" FLOAT', f'SELECT STREAM "ratio", "price" FROM {IN}'),
    Construct("SELECT *", ", ".join(f"{column.name} {column.type}" for column in SCHEMA), f"SELECT STREAM * FROM {IN}"),
    Construct(
        "query in FROM",
        '"a" VARCHAR(8), "n" BIGINT',
        f"""SELECT STREAM q.A, q.N FROM (
    SELECT STREAM "ticker" AS A, COUNT(*) OVER (PARTITION BY "ticker" RANGE INTERVAL '1' MINUTE PRECEDING) AS N
    FROM {IN}
) AS q WHERE q.N > 1""",
        has_ties=True,
    ),
    Construct(
        "windows of one end, with a window over them",
        '"a" BIGINT, "b" VARCHAR(8)',
        f"""SELECT STREAM SUM(m.N), m."ticker" FROM (
    SELECT STREAM q.N, q."ticker" FROM (
        SELECT STREAM s."ticker", COUNT(*) AS N, s.ROWTIME AS E FROM {IN} AS s
        GROUP BY s."ticker", STEP(s.ROWTIME BY INTERVAL '1' MINUTE)
    ) AS q WHERE q.E = TIMESTAMP '2026-11-22 10:02:00'
) AS m GROUP BY m."ticker", STEP(m.ROWTIME BY INTERVAL '5' MINUTE)""",
    ),
    Construct(
        "FULL JOIN whose condition is never true",
        '"a" VARCHAR(8), "b" INTEGER',
        f"""SELECT STREAM a."ticker", b.CHANGE FROM {IN} AS a
FULL JOIN {IN} OVER (RANGE INTERVAL '10' SECOND PRECEDING) AS b ON a."ticker" = b."ticker" AND a.CHANGE <> a.CHANGE""",
    ),
    Construct(
        "UNION ALL",
        '"a" VARCHAR(8), "b" INTEGER',
        f'SELECT STREAM "ticker", CHANGE FROM {IN} WHERE CHANGE > 1\n'
        f'UNION ALL\nSELECT STREAM "ticker", -CHANGE FROM {IN}',
    ),
)
