"""The job's SQL, given and expected side by side. Each scenario is one run of the very files that production runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.sql import DAY, reading, run

pytestmark = pytest.mark.usefixtures("jvm")


@dataclass(frozen=True)
class Scenario:
    """What comes in, the rows that must come out (Name, end of the minute, columns that matter), and the errors
    (ERROR_NAME, the record's number in `given`, a part of MESSAGE)."""

    rule: str
    given: list[bytes]
    rows: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)
    errors: list[tuple[str, int, str]] = field(default_factory=list)


def json_with(**changes: str) -> bytes:
    """A good record of Shadowfax at 12:00:10 in which some values are replaced by other JSON text."""
    fields = {
        "Distance": "30.5",
        "HealthPoints": "150",
        "MagicPoints": "150",
        "Name": '"Shadowfax"',
        "StatusTime": f'"{DAY}12:00:10.000"',
    } | changes
    return ("{" + ", ".join(f'"{key}": {value}' for key, value in fields.items() if value) + "}").encode()


GOOD = reading("Shadowfax", "12:00:10.000", 30.5)
ONE_ROW = [("Shadowfax", "12:01:00.000", {"Distance": 31})]  # 30.5 rounds half up

SCENARIOS = [
    Scenario(
        "sums and extremes of one unicorn in one minute",
        [
            reading("Shadowfax", "12:00:01.000", 30.25, magic=150, health=149),
            reading("Shadowfax", "12:00:02.000", 29.5, magic=148, health=152),
            reading("Shadowfax", "12:00:03.000", 30.75, magic=151, health=150),
        ],
        [
            (
                "Shadowfax",
                "12:01:00.000",
                {
                    "Distance": 91,  # 90.5
                    "MinMagicPoints": 148,
                    "MaxMagicPoints": 151,
                    "MinHealthPoints": 149,
                    "MaxHealthPoints": 152,
                },
            )
        ],
    ),
    Scenario(
        "a reading at the full minute belongs to the next window, one a millisecond before to this one",
        [reading("Shadowfax", "12:00:59.999", 1), reading("Shadowfax", "12:01:00.000", 2)],
        [("Shadowfax", "12:01:00.000", {"Distance": 1}), ("Shadowfax", "12:02:00.000", {"Distance": 2})],
    ),
    Scenario(
        "out of order within 5 s is counted, also across the end of a window",
        [
            reading("Shadowfax", "12:00:58.000", 1),
            reading("Shadowfax", "12:01:03.000", 2),
            reading("Shadowfax", "12:00:59.000", 4),  # out of order
        ],
        [("Shadowfax", "12:01:00.000", {"Distance": 5}), ("Shadowfax", "12:02:00.000", {"Distance": 2})],
    ),
    Scenario(
        "late is what comes after its window has closed; it changes no row and is told with both times",
        [
            reading("Shadowfax", "12:00:30.000", 1),
            reading("Shadowfax", "12:01:06.000", 2),
            reading("Shadowfax", "12:00:59.999", 4),  # late: the watermark is at 12:01:01
            reading("Shadowfax", "12:01:02.000", 8),  # out of order, its window is open
        ],
        [("Shadowfax", "12:01:00.000", {"Distance": 1}), ("Shadowfax", "12:02:00.000", {"Distance": 10})],
        [
            (
                "LATE",
                2,
                "closed at 2026-11-22 12:01:00.000, its shard's watermark was at 2026-11-22 12:01:01.000 (shard)",
            )
        ],
    ),
    Scenario(
        "a window closes at its last millisecond: a reading that meets a watermark of :59.999 is late, not lost",
        [
            reading("Shadowfax", "12:00:30.000", 1),
            reading("Shadowfax", "12:01:04.999", 2),
            reading("Shadowfax", "12:00:31.000", 4),  # late by nothing at all
        ],
        [("Shadowfax", "12:01:00.000", {"Distance": 1}), ("Shadowfax", "12:02:00.000", {"Distance": 2})],
        [("LATE", 2, "its shard's watermark was at 2026-11-22 12:00:59.999")],
    ),
    Scenario(
        "and one that meets :59.998 is still counted",
        [
            reading("Shadowfax", "12:00:30.000", 1),
            reading("Shadowfax", "12:01:04.998", 2),
            reading("Shadowfax", "12:00:31.000", 4),
        ],
        [("Shadowfax", "12:01:00.000", {"Distance": 5}), ("Shadowfax", "12:02:00.000", {"Distance": 2})],
    ),
    Scenario(
        "two unicorns in one window have a row each; one unicorn's late reading says nothing of the other's",
        [
            reading("Shadowfax", "12:00:01.000", 1),
            reading("Rocinante", "12:00:02.000", 2),
            reading("Shadowfax", "12:00:03.000", 4),
            reading("Bucephalus", "12:00:03.000", 8),
        ],
        [
            ("Bucephalus", "12:01:00.000", {"Distance": 8}),
            ("Rocinante", "12:01:00.000", {"Distance": 2}),
            ("Shadowfax", "12:01:00.000", {"Distance": 5}),
        ],
    ),
    Scenario(
        "a silent minute has no row",
        [reading("Shadowfax", "12:00:30.000", 1), reading("Shadowfax", "12:02:30.000", 2)],
        [("Shadowfax", "12:01:00.000", {"Distance": 1}), ("Shadowfax", "12:03:00.000", {"Distance": 2})],
    ),
    Scenario(
        "StatusTime is the window's end in UTC with .000, also at midnight",
        [reading("Shadowfax", "23:59:30.250", 1)],
        [("Shadowfax", "2026-11-23 00:00:00.000", {"Distance": 1})],
    ),
    Scenario(
        "extra keys are ignored, whatever they hold",
        [json_with(Trip='{"from": [1, null], "Name": "Rocinante"}', InputData='"Unicornerror"', Latitude="null")],
        ONE_ROW,
    ),
    Scenario(
        "integers do where a float is expected",
        [json_with(Distance="30"), json_with(Distance="-0"), json_with(Distance="1e0")],
        ONE_ROW,
    ),
    Scenario(
        "NULL and missing keys are COERCION, and take nothing along",
        [
            json_with(Distance="null"),
            json_with(Name="null"),
            json_with(StatusTime=""),
            json_with(MagicPoints=""),
            json_with(HealthPoints="null"),
            GOOD,
        ],
        ONE_ROW,
        [
            ("COERCION", 0, "Distance"),
            ("COERCION", 1, "Name"),
            ("COERCION", 2, "StatusTime"),
            ("COERCION", 3, "MagicPoints"),
            ("COERCION", 4, "HealthPoints"),
        ],
    ),
    Scenario(
        "wrong types are COERCION",
        [
            json_with(Distance='"far"'),
            json_with(Name="7"),
            json_with(StatusTime='"yesterday"'),
            json_with(StatusTime=f'"{DAY}25:00:00.000"'),
            json_with(StatusTime='"2026-02-30 12:00:00.000"'),
            json_with(MagicPoints="150.5"),
            json_with(HealthPoints="true"),
            GOOD,
        ],
        ONE_ROW,
        [
            ("COERCION", 0, "Distance"),
            ("COERCION", 1, "Name"),
            ("COERCION", 2, "StatusTime"),
            ("COERCION", 3, "StatusTime"),
            ("COERCION", 4, "StatusTime"),
            ("COERCION", 5, "MagicPoints"),
            ("COERCION", 6, "HealthPoints"),
        ],
    ),
    Scenario(
        "absurd numbers are COERCION: no sum overflows and no counter wraps",
        [
            json_with(Distance="1e400"),
            json_with(Distance="1e300"),
            json_with(Distance="-1000000001"),
            json_with(MagicPoints="2147483648"),
            json_with(HealthPoints="-99999999999999999999"),
            json_with(Distance="1e9"),
        ],
        [("Shadowfax", "12:01:00.000", {"Distance": 1_000_000_000})],
        [
            ("COERCION", 0, "Distance"),
            ("COERCION", 1, "expected -1e9 to 1e9 metres"),
            ("COERCION", 2, "expected -1e9 to 1e9 metres"),
            ("COERCION", 3, "MagicPoints"),
            ("COERCION", 4, "HealthPoints"),
        ],
    ),
    Scenario(
        "a name that cannot be a key of stream and table is COERCION",
        [json_with(Name='""'), json_with(Name=f'"{"x" * 129}"'), json_with(Name=f'"{"é" * 128}"')],
        [("é" * 128, "12:01:00.000", {"Distance": 31})],
        [("COERCION", 0, "Name has 0 characters"), ("COERCION", 1, "Name has 129 characters")],
    ),
    Scenario(
        "a time over ten minutes after its arrival, which is at midnight here, is COERCION and moves no clock",
        [
            reading("Shadowfax", "12:00:01.000", 1),
            json_with(StatusTime='"9999-12-31 23:59:59.999"'),
            json_with(StatusTime='"9999-12-31 23:59:00"', Name=f'"{"x" * 129}"'),
            json_with(StatusTime='"9999-12-31 23:59:00"', Distance="1e10"),
            json_with(StatusTime='"2026-11-23 00:10:00.001"'),
            reading("Shadowfax", "12:00:02.000", 2),
            json_with(StatusTime='"2026-11-23 00:10:00.000"', Distance="4"),
        ],
        [("Shadowfax", "12:01:00.000", {"Distance": 3}), ("Shadowfax", "2026-11-23 00:11:00.000", {"Distance": 4})],
        [
            (
                "COERCION",
                1,
                "StatusTime is 9999-12-31 23:59:59.999, expected at most 2026-11-23 00:10:00.000"
                " of a record that arrived at 2026-11-23 00:00:00.000",
            ),
            ("COERCION", 2, "StatusTime is 9999-12-31 23:59:00.000"),
            ("COERCION", 3, "StatusTime is 9999-12-31 23:59:00.000"),
            ("COERCION", 4, "StatusTime is 2026-11-23 00:10:00.001"),
        ],
    ),
    Scenario(
        "no record that is COERCION tells the time: the reading after it is not late",
        [
            reading("Shadowfax", "12:00:01.000", 1),
            json_with(Name='""', StatusTime=f'"{DAY}12:30:00"'),
            json_with(Distance="-1e10", StatusTime=f'"{DAY}12:30:00"'),
            json_with(MagicPoints="null", StatusTime=f'"{DAY}12:30:00"'),
            reading("Shadowfax", "12:00:02.000", 2),
        ],
        [("Shadowfax", "12:01:00.000", {"Distance": 3})],
        [("COERCION", 1, "Name"), ("COERCION", 2, "Distance"), ("COERCION", 3, "MagicPoints")],
    ),
    Scenario(
        "times long ago are times like others, before 1970 too",
        [
            json_with(StatusTime='"0001-01-01 00:00:00.000"', Distance="1"),
            json_with(StatusTime='"1969-12-31 23:59:59.999"', Distance="2"),
            json_with(StatusTime='"1970-01-01 00:00:00.000"', Distance="4"),
            reading("Shadowfax", "12:00:01.000", 8),
        ],
        [
            ("Shadowfax", "0001-01-01 00:01:00.000", {"Distance": 1}),
            ("Shadowfax", "1970-01-01 00:00:00.000", {"Distance": 2}),
            ("Shadowfax", "1970-01-01 00:01:00.000", {"Distance": 4}),
            ("Shadowfax", "12:01:00.000", {"Distance": 8}),
        ],
    ),
    Scenario(
        "a sum is exact, in whatever order its distances came; a half is rounded away from zero",
        [
            *(reading("Up", "12:00:10.000", metres) for metres in (14.8, 8.1, 9.7, 3.9)),
            *(reading("Down", "12:00:10.000", metres) for metres in (3.9, 9.7, 8.1, 14.8)),
            *(reading("Back", "12:00:10.000", -metres) for metres in (14.8, 8.1, 9.7, 3.9)),
            *(reading("Tenths", "12:00:10.000", 0.1) for _ in range(25)),
            reading("Nearly", "12:00:10.000", 0.49999999999999994),
            *(reading("Far", "12:00:10.000", metres) for metres in (1e9, 0.25, -1e9, 0.25)),
        ],
        [
            ("Back", "12:01:00.000", {"Distance": -37}),
            ("Down", "12:01:00.000", {"Distance": 37}),
            ("Far", "12:01:00.000", {"Distance": 1}),
            ("Nearly", "12:01:00.000", {"Distance": 0}),
            ("Tenths", "12:01:00.000", {"Distance": 3}),
            ("Up", "12:01:00.000", {"Distance": 37}),
        ],
    ),
    Scenario(
        "what is no JSON object is PARSE",
        [
            b"not json",
            b'{"Name": "Shadowfax"',
            b"[1, 2]",
            b'"Shadowfax"',
            b"null",
            b"",
            b"   ",
            b"{} {}",
            b'{"Distance": NaN}',
            b"\xff\xfe{}",
            b'{"Name": "\xc3\x28"}',
            GOOD,
        ],
        ONE_ROW,
        [("PARSE", number, "") for number in range(11)],
    ),
    Scenario(
        "a megabyte is just a long record: a good one counts, a bad one is told and cut",
        [
            json_with(InputData='"' + "x" * 1_000_000 + '"'),
            b"y" * 1_000_000,
        ],
        ONE_ROW,
        [("PARSE", 1, "DATA_ROW has the first 150000 of 1000000 characters")],
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.rule)
def test_sql(scenario: Scenario, tmp_path: Path) -> None:
    outcome = run(scenario.given, tmp_path)
    expected = sorted((name, end if "-" in end else DAY + end, columns) for name, end, columns in scenario.rows)
    for sink in (outcome.stream, outcome.table):
        found = sorted(sink, key=lambda row: (row["Name"], row["StatusTime"]))
        shown = [
            (row["Name"], row["StatusTime"], {column: row[column] for column in columns})
            for row, (_, _, columns) in zip(found, expected, strict=False)
        ]
        assert len(found) == len(expected), f"{len(found)} rows, expected {len(expected)}: {found}"
        assert shown == expected
    told = sorted(outcome.errors, key=lambda row: (row["ERROR_NAME"], row["DATA_ROW"]))
    wanted = sorted(
        ((name, _text(scenario.given[number]), part) for name, number, part in scenario.errors),
        key=lambda error: error[:2],
    )
    assert [(row["ERROR_NAME"], row["DATA_ROW"]) for row in told] == [(name, text) for name, text, _ in wanted]
    for row, (_, _, part) in zip(told, wanted, strict=True):
        assert part in row["MESSAGE"]


def _text(line: bytes) -> str:
    try:
        return line.decode()[:150_000]
    except UnicodeDecodeError:
        return line.decode("latin-1")[:150_000]


def test_columns_of_rows_and_errors(tmp_path: Path) -> None:
    """Rows and errors have exactly the contract's columns, in its order."""
    outcome = run([GOOD, b"bad"], tmp_path)
    row: dict[str, Any] = outcome.stream[0]
    assert list(row) == [
        "Name",
        "StatusTime",
        "Distance",
        "MinMagicPoints",
        "MaxMagicPoints",
        "MinHealthPoints",
        "MaxHealthPoints",
    ]
    assert list(outcome.table[0]) == list(row)
    assert list(outcome.errors[0]) == [
        "ERROR_TIME",
        "ERROR_LEVEL",
        "ERROR_NAME",
        "MESSAGE",
        "DATA_ROWTIME",
        "DATA_ROW",
        "PUMP_NAME",
    ]
    assert outcome.errors[0]["PUMP_NAME"] == "unicorn_summary"
    assert outcome.errors[0]["DATA_ROWTIME"] is None


def test_row_time_of_a_late_reading(tmp_path: Path) -> None:
    """DATA_ROWTIME is the record's own event time where it has one."""
    late = reading("Shadowfax", "12:00:00.000", 4)
    outcome = run([reading("Shadowfax", "12:30:00.000"), late, json_with(Distance='"far"')], tmp_path)
    times = {row["ERROR_NAME"]: row["DATA_ROWTIME"] for row in outcome.errors}
    assert times == {"LATE": DAY + "12:00:00.000", "COERCION": DAY + "12:00:10.000"}
