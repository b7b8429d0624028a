"""The oracle detects every kind of breach in the demo's rows, and reports none without a breach."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import oracle
from tests.kpl import Inner, aggregate
from tests.sql import DAY, reading

ON_TIME = [
    reading("Shadowfax", "12:00:10.000", 30.25, magic=150, health=149) + b"\n",
    reading("Shadowfax", "12:00:11.000", 29.5, magic=148, health=152) + b"\n",
    reading("Rocinante", "12:00:12.000", 31.0) + b"\n",
    reading("Shadowfax", "12:02:30.000", 30.0) + b"\n",
]
LATE = reading("Shadowfax", "12:00:13.000", 29.0) + b"\n"
PARSE = b'{"Name": "Shadow\n'
COERCION = reading("Shadowfax", "12:02:31.000").replace(b"150", b'"150"') + b"\n"


def row(name: str, end: str, distance: int, magic: tuple[int, int], health: tuple[int, int]) -> dict[str, Any]:
    return {
        "Name": name,
        "StatusTime": DAY + end,
        "Distance": distance,
        "MinMagicPoints": magic[0],
        "MaxMagicPoints": magic[1],
        "MinHealthPoints": health[0],
        "MaxHealthPoints": health[1],
    }


FIRST = row("Shadowfax", "12:01:00.000", 60, (148, 150), (149, 152))  # 59.75 metres
OTHER = row("Rocinante", "12:01:00.000", 31, (150, 150), (150, 150))
SECOND = row("Shadowfax", "12:03:00.000", 30, (150, 150), (150, 150))


def error(name: str, line: bytes, number: int | str, message: str = "why") -> dict[str, Any]:
    return {
        "ERROR_TIME": DAY + "12:05:00.000",
        "ERROR_LEVEL": "ERROR",
        "ERROR_NAME": name,
        "MESSAGE": f"{message} (shardId-000000000000, sequence number {number})",
        "DATA_ROWTIME": None,
        "DATA_ROW": line.decode("utf-8"),
        "PUMP_NAME": "unicorn_summary",
    }


@dataclass
class Ends:
    """The records sent and all outputs of a run without a breach, for a test to break."""

    sent: list[bytes] = field(default_factory=lambda: [*ON_TIME, LATE, PARSE, COERCION])
    stream: list[dict[str, Any]] = field(default_factory=lambda: [dict(FIRST), dict(OTHER), dict(SECOND)])
    table: list[dict[str, Any]] = field(default_factory=lambda: [dict(SECOND), dict(FIRST), dict(OTHER)])
    errors: list[dict[str, Any]] = field(
        default_factory=lambda: [
            error("PARSE", PARSE, 6),
            error("COERCION", COERCION, 7),
            error("LATE", LATE, 5, "its window closed"),
        ]
    )

    def report(self) -> oracle.Report:
        return oracle.check(self.sent, encoded(self.stream), self.table, encoded(self.errors))

    def breaches(self) -> Sequence[str]:
        return self.report().problems


def encoded(objects: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(one).encode() + b"\n" for one in objects]


@pytest.fixture
def ends() -> Ends:
    return Ends()


def both(ends: Ends) -> list[list[dict[str, Any]]]:
    return [ends.stream, ends.table]


def test_no_breach(ends: Ends) -> None:
    """A run that kept the contract has no problems, and a report of its figures."""
    assert ends.report() == oracle.Report(
        records=7,
        parts=7,
        windows=2,
        rows=3,
        errors={"COERCION": 1, "LATE": 1, "PARSE": 1},
        repeated=0,
        problems=[],
    )


def test_each_part_of_a_record_is_counted() -> None:
    """Several documents in a record count each, and an error of one part says nothing of the others."""
    first, second = reading("Bree", "12:00:10.000", 1), reading("Bree", "12:00:11.000", 2)
    sent = [first + second + b"{}{}", aggregate([Inner("a", first), Inner("b", second + b"\nx")])]
    rows = [row("Bree", "12:01:00.000", 6, (150, 150), (150, 150))]
    errors = [
        error("COERCION", b"{}", "1, part 3 of 4"),
        error("COERCION", b"{}", "1, part 4 of 4"),
        error("PARSE", b"x", "2, part 3 of 3"),
    ]
    report = oracle.check(sent, encoded(rows), rows, encoded(errors), ["a", "a"])
    assert report.problems == []
    assert (report.records, report.parts, report.rows) == (2, 7, 1)
    (problem,) = oracle.check(sent, encoded(rows), rows, encoded(errors[1:]), ["a", "a"]).problems
    assert problem == "1 of COERCION missing on the errors stream: '{}'."
    (problem,) = oracle.check(sent, encoded(rows), [{**rows[0], "Distance": 3}], encoded(errors), ["a", "a"]).problems
    assert "in the table" in problem


def test_nothing_at_all() -> None:
    """No records, no rows, no breach."""
    assert oracle.check([], [], [], []).problems == []


@pytest.mark.parametrize("where", ["stream", "table"])
def test_a_missing_row(ends: Ends, where: str) -> None:
    """A row missing in one output is a breach there, whatever the other output has."""
    getattr(ends, where).remove(FIRST)
    (problem,) = ends.breaches()
    assert problem.startswith("The row of Shadowfax at 2026-11-22 12:01:00.000 is missing")
    assert where in problem


@pytest.mark.parametrize("where", ["stream", "table"])
@pytest.mark.parametrize("name", ["Bucephalus", "Shadowfax"])
def test_an_extra_row(ends: Ends, where: str, name: str) -> None:
    """A row without any record, of a silent unicorn or for a silent minute, is a breach."""
    getattr(ends, where).append(row(name, "12:02:00.000", 0, (150, 150), (150, 150)))
    (problem,) = ends.breaches()
    assert "nothing that was sent belongs to it" in problem
    assert where in problem


@pytest.mark.parametrize("where", ["stream", "table"])
@pytest.mark.parametrize("column", FIRST)
@pytest.mark.parametrize("change", [1, -1])
def test_a_wrong_value(ends: Ends, where: str, column: str, change: int) -> None:
    """Each column counts, and a difference of 1 is wrong; a wrong key is a missing and an extra row."""
    victim = next(one for one in getattr(ends, where) if one == FIRST)
    is_key = column in ("Name", "StatusTime")
    if is_key:
        victim[column] = victim[column][:-1] + "1" if change > 0 else "1" + victim[column][1:]
    else:
        victim[column] += change
    problems = ends.breaches()
    assert len(problems) == (2 if is_key else 1)
    assert all(where in problem for problem in problems)


@pytest.mark.parametrize("column", list(FIRST)[2:])
@pytest.mark.parametrize("value", [None, "60", 60.0])
def test_a_column_of_another_type(ends: Ends, column: str, value: object) -> None:
    """An integer is written as an integer: not as text, and not as 60.0."""
    ends.stream[0][column] = float(ends.stream[0][column]) if value == 60.0 else value
    assert len(ends.breaches()) == 1


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_another_set_of_columns(ends: Ends, change: str) -> None:
    """A row has exactly the contract's columns."""
    for rows in both(ends):
        if change == "missing":
            del rows[0]["MaxMagicPoints"]
        else:
            rows[0]["Latitude"] = 40.7
    assert len(ends.breaches()) == 2


def test_a_repeated_row_is_counted(ends: Ends) -> None:
    """The stream is written at least once: a repeated row is counted, and is no breach."""
    ends.stream += [dict(FIRST), dict(FIRST)]
    report = ends.report()
    assert report.problems == []
    assert report.repeated == 2


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_two_versions_of_a_row(ends: Ends, order: list[int]) -> None:
    """A row with two different contents is a breach, in any order."""
    versions = [dict(FIRST), dict(FIRST, Distance=58)]
    ends.stream[:1] = [versions[number] for number in order]
    assert any("two different rows for Shadowfax" in problem for problem in ends.breaches())


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_missing_error(ends: Ends, number: int) -> None:
    """A record that is neither in a row nor on errors is a breach, whatever its kind."""
    del ends.errors[number]
    assert ends.breaches()


def test_a_missing_error_is_named(ends: Ends) -> None:
    """The breach names the missing kind of error and the record."""
    ends.errors = ends.errors[2:]
    problems = ends.breaches()
    assert len(problems) == 2
    assert any(problem.startswith("1 of PARSE missing") for problem in problems)
    assert any(problem.startswith("1 of COERCION missing") and "HealthPoints" in problem for problem in problems)


@pytest.mark.parametrize("name", ["PARSE", "COERCION", "LATE", "OTHER"])
@pytest.mark.parametrize("line", [b"never sent\n", ON_TIME[0], PARSE])
def test_an_extra_error(ends: Ends, name: str, line: bytes) -> None:
    """An error is a breach if its record was not sent, is counted in a row, or has an error already."""
    ends.errors.append(error(name, line, 99))
    assert ends.breaches()


def test_an_error_of_another_kind(ends: Ends) -> None:
    """The right record under the wrong name is one missing and one extra error."""
    ends.errors[0]["ERROR_NAME"] = "COERCION"
    assert len(ends.breaches()) == 2


def test_a_changed_data_row(ends: Ends) -> None:
    """DATA_ROW is the original record, newline included."""
    ends.errors[0]["DATA_ROW"] = ends.errors[0]["DATA_ROW"].rstrip("\n")
    assert len(ends.breaches()) == 2


def test_a_repeated_error_is_counted(ends: Ends) -> None:
    """A repeated error of a record is counted, and is no breach, even if LATE has another watermark."""
    ends.errors += [dict(ends.errors[0]), error("LATE", LATE, 5, "another watermark")]
    report = ends.report()
    assert report.problems == []
    assert report.repeated == 2
    assert report.errors == {"COERCION": 1, "LATE": 1, "PARSE": 1}


def test_two_errors_of_one_record(ends: Ends) -> None:
    """One record with two error names is a breach, although its position is repeated."""
    ends.errors.append(error("COERCION", PARSE, 6))
    assert any("Two different errors stand for one record" in problem for problem in ends.breaches())


def test_equal_records_are_told_apart_by_position(ends: Ends) -> None:
    """The same bytes sent twice are two errors; if one of them is missing, that is a breach."""
    ends.sent.append(PARSE)
    assert len(ends.breaches()) == 1
    ends.errors.append(error("PARSE", PARSE, 8))
    report = ends.report()
    assert report.problems == []
    assert report.repeated == 0


def test_an_error_without_a_position(ends: Ends) -> None:
    """MESSAGE must have the record's position; otherwise a repeated error would look like a second error."""
    ends.errors[0]["MESSAGE"] = "why"
    (problem,) = ends.breaches()
    assert "names no position" in problem


def test_a_record_in_no_row_and_on_no_error(ends: Ends) -> None:
    """A reading that was dropped without an error shows in its row."""
    ends.sent.insert(0, reading("Shadowfax", "12:00:09.000", 30.0) + b"\n")
    assert len(ends.breaches()) == 2  # in both outputs


def test_a_record_in_a_row_and_on_errors(ends: Ends) -> None:
    """A late reading that is counted too is a breach."""
    for rows in both(ends):
        next(one for one in rows if one == FIRST)["Distance"] = 89
    problems = ends.breaches()
    assert len(problems) == 2
    assert all("is {" in problem and "expected" in problem for problem in problems)


def test_a_window_of_late_readings_only_has_no_row(ends: Ends) -> None:
    """A late reading opens no window: a row for that window is a breach."""
    late = reading("Bucephalus", "12:00:30.000", 7) + b"\n"
    ends.sent.append(late)
    ends.errors.append(error("LATE", late, 8))
    assert ends.breaches() == []
    ends.stream.append(row("Bucephalus", "12:01:00.000", 7, (150, 150), (150, 150)))
    assert len(ends.breaches()) == 1


def late_after(newest: str, time: str = "12:00:59.999") -> Sequence[str]:
    """The breaches if the reading of this time is on LATE and nothing newer than `newest` came before."""
    first = reading("Rocinante", newest, 1) + b"\n"
    late = reading("Rocinante", time, 2) + b"\n"
    end = "12:02:00.000" if newest >= "12:01:00.000" else "12:01:00.000"
    rows = [row("Rocinante", end, 1, (150, 150), (150, 150))]
    return Ends([first, late], rows, list(rows), [error("LATE", late, 2)]).breaches()


@pytest.mark.parametrize(
    ("newest", "may_be_late"),
    [
        ("12:01:05.000", True),  # the watermark is at most 12:01:00.000
        ("12:01:04.999", True),  # at most the window's last millisecond, which closes the window
        ("12:01:04.998", False),
        ("12:00:59.000", False),
    ],
)
def test_late_only_when_the_window_can_have_closed(newest: str, may_be_late: bool) -> None:
    """Five seconds out of order are allowed, to the millisecond; nothing within them is late."""
    problems = late_after(newest)
    assert (problems == []) is may_be_late
    if not may_be_late:
        assert problems[0].startswith("LATE, although nothing newer had been sent before")


@pytest.mark.parametrize("time", ["12:00:00.000", "12:00:31.000"])
def test_what_counts_is_the_end_of_the_window(time: str) -> None:
    """A reading an hour out of order is not late while its window is open; nor is a reading at the window's start."""
    assert late_after("12:01:04.999", time) == []
    assert late_after("12:01:04.998", time) != []


def test_the_first_record_is_never_late() -> None:
    """Without an earlier record, no watermark can have closed a window."""
    late = reading("Rocinante", "12:00:30.000") + b"\n"
    (problem,) = Ends([late], [], [], [error("LATE", late, 1)]).breaches()
    assert problem.startswith("LATE, although")


def test_what_comes_later_does_not_make_late() -> None:
    """Only earlier records count; of two equal readings the second may be the late reading."""
    one = reading("Rocinante", "12:00:30.000", 4) + b"\n"
    newer = reading("Rocinante", "12:01:30.000", 8) + b"\n"
    rows = [row("Rocinante", "12:02:00.000", 8, (150, 150), (150, 150))]
    assert len(Ends([one, newer], rows, rows, [error("LATE", one, 1)]).breaches()) == 1
    rows = [*rows, row("Rocinante", "12:01:00.000", 4, (150, 150), (150, 150))]
    assert Ends([one, newer, one], rows, rows, [error("LATE", one, 3)]).breaches() == []


def test_a_broken_record_moves_no_watermark() -> None:
    """A COERCION with a newer time does not close a window."""
    one = reading("Rocinante", "12:00:30.000", 4) + b"\n"
    errors = [error("COERCION", COERCION, 1), error("LATE", one, 2)]
    (problem,) = Ends([COERCION, one], [], [], errors).breaches()
    assert problem.startswith("LATE, although")


def test_out_of_order_is_counted() -> None:
    """A reading five seconds older than the newest reading belongs to its own window's row."""
    sent = [
        reading("Rocinante", "12:01:04.000", 1) + b"\n",
        reading("Rocinante", "12:00:59.000", 2) + b"\n",
        reading("Rocinante", "12:01:00.000", 4) + b"\n",
    ]
    rows = [
        row("Rocinante", "12:01:00.000", 2, (150, 150), (150, 150)),
        row("Rocinante", "12:02:00.000", 5, (150, 150), (150, 150)),
    ]
    assert Ends(sent, rows, rows, []).breaches() == []


def test_missing_newline(ends: Ends) -> None:
    """Each record of the summary stream ends in a newline."""
    stream = encoded(ends.stream)
    stream[1] = stream[1].rstrip(b"\n")
    (problem,) = oracle.check(ends.sent, stream, ends.table, encoded(ends.errors)).problems
    assert problem.startswith("A summary record does not end in a newline")
    assert "Rocinante" in problem


@pytest.mark.parametrize("rubbish", [b"\n", b"not json\n", b"[]\n", b"null\n", b"{}\n", b'{"Name": "x"}\n', b"\xff\n"])
def test_a_record_that_cannot_be_read(ends: Ends, rubbish: bytes) -> None:
    """An invalid record on either stream is a breach, and does not end the check."""
    sides = [encoded(ends.stream), encoded(ends.errors)]
    for side in sides:
        (problem,) = oracle.check(
            ends.sent,
            [*sides[0], rubbish] if side is sides[0] else sides[0],
            ends.table,
            [*sides[1], rubbish] if side is sides[1] else sides[1],
        ).problems
        assert "is not a JSON object with" in problem


@pytest.mark.parametrize(
    ("distances", "rounded"),
    [
        ([30.5], 31),
        ([31.5], 32),  # to the even neighbour it would be 32 too,
        ([32.5], 33),  # but not here
        ([30.25, 30.25], 61),
        ([30.499999999], 30),
        ([0.49999999999999994], 0),  # adding a half would make it 1
        ([-0.5], -1),
        ([-2.5], -3),
        ([-2.4], -2),
        ([-1.0, 0.5], -1),
        ([-0.25, 0.0], 0),
        ([1e9, 0.5], 1_000_000_001),
        ([0.1] * 10, 1),
        ([14.8, 8.1, 9.7, 3.9], 37),  # 36.5; as doubles, 36.49999999999999 or 36.5, depending on the order
        ([3.9, 9.7, 8.1, 14.8], 37),
        ([1e9, 0.25, -1e9, 0.25], 1),
    ],
)
def test_rounding(distances: list[float], rounded: int) -> None:
    """Distance is rounded half away from zero, for positive and negative numbers."""
    sent = [reading("Rocinante", "12:00:30.000", metres) + b"\n" for metres in distances]
    good = [row("Rocinante", "12:01:00.000", rounded, (150, 150), (150, 150))]
    assert Ends(sent, good, good, []).breaches() == []
    for wrong in (rounded - 1, rounded + 1):
        bad = [row("Rocinante", "12:01:00.000", wrong, (150, 150), (150, 150))]
        assert len(Ends(sent, bad, bad, []).breaches()) == 2


def changed(old: str, new: str) -> bytes:
    return reading("Shadowfax", "12:00:10.000").replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (b"", "PARSE"),
        (b"\n", "PARSE"),
        (b"null", "PARSE"),
        (b"[]", "PARSE"),
        (b"{} {}", "PARSE"),
        (b'{"Distance": NaN}', "PARSE"),
        (b"\xff", "PARSE"),
        (b"[" * 100_000, "PARSE"),
        (b"{}", "COERCION"),
        (changed("30", "null"), "COERCION"),
        (changed("30", "true"), "COERCION"),
        (changed('"Distance": 30', '"Distance": 1e400'), "COERCION"),
        (changed('"Distance": 30', '"Distance": 1000000000.1'), "COERCION"),
        (changed('"MagicPoints": 150', '"MagicPoints": 2147483648'), "COERCION"),
        (changed('"MagicPoints": 150', '"MagicPoints": 150.0'), "COERCION"),
        (changed('"Shadowfax"', '""'), "COERCION"),
        (changed("Shadowfax", "x" * 129), "COERCION"),
        (changed("Shadowfax", "\\ud800"), "COERCION"),
        (changed('"Shadowfax"', '{"Name": "Shadowfax"}'), "COERCION"),
        (changed("11-22", "11-31"), "COERCION"),
        (changed("12:00:10.000", "12:00:10.0000"), "COERCION"),
        (changed(" 12:", "T12:"), "COERCION"),
        (changed('"Name"', '"Name": "Rocinante", "Name"'), "COERCION"),
    ],
)
def test_judged_as_an_error(line: bytes, verdict: str) -> None:
    """A record that is no JSON object is PARSE; an object without a valid required field is COERCION."""
    assert oracle.judge(line) == verdict


@pytest.mark.parametrize(("after", "counts"), [(600_000, True), (600_001, False)])
def test_a_time_after_the_arrival(after: int, counts: bool) -> None:
    """A reading's time may be ten minutes ahead of its arrival, and no more."""
    arrival = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC) - timedelta(milliseconds=after)
    line = reading("Rocinante", "12:00:10.000")
    assert isinstance(oracle.judge(line, arrival), oracle.Reading) is counts
    assert isinstance(oracle.judge(line), oracle.Reading)


def test_a_time_after_the_arrival_tells_nothing() -> None:
    """A reading from the future is COERCION, and does not make later records late."""
    future = reading("Rocinante", "13:00:00.000") + b"\n"
    one = reading("Rocinante", "12:00:30.000", 4) + b"\n"
    rows = [row("Rocinante", "12:01:00.000", 4, (150, 150), (150, 150))]
    arrivals = [datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)] * 2
    errors = encoded([error("COERCION", future, 1)])
    report = oracle.check([future, one], encoded(rows), rows, errors, ["a", "a"], arrivals=arrivals)
    assert report.problems == []
    assert oracle.check([future, one], encoded(rows), rows, errors, ["a", "a"]).problems


@pytest.mark.parametrize(
    "line",
    [
        changed("30", "30.0"),
        changed('"Latitude": 40.749167', '"Latitude": null'),
        changed("Shadowfax", "x" * 128),
        changed("12:00:10.000", "12:00:10"),
        changed('"Latitude"', '"Extra": 1, "Extra": 2, "Latitude"'),
        b"  " + changed("30", "-1e9") + b"\r\n",
    ],
)
def test_judged_as_a_reading(line: bytes) -> None:
    """Extra keys, white space and optional forms of JSON and the contract are no errors."""
    assert isinstance(oracle.judge(line), oracle.Reading)


def test_a_long_record_is_compared_as_far_as_it_is_shown() -> None:
    """DATA_ROW stops after 150,000 characters, of Latin-1 if the record is not UTF-8."""
    sent = [b"x" * 200_000, "é".encode() * 160_000, b"\xff" * 200_000]
    shown = ["x" * 150_000, "é" * 150_000, "ÿ" * 150_000]
    errors = [dict(error("PARSE", b"", number), DATA_ROW=text) for number, text in enumerate(shown)]
    assert Ends(sent, [], [], errors).breaches() == []
    errors[0]["DATA_ROW"] += "x"
    assert len(Ends(sent, [], [], errors).breaches()) == 2


WAYS: list[Callable[[list[Any], int], None]] = [
    lambda records, number: records.pop(number),
    lambda records, number: records.append(dict(records[number], Name="Nobody", ERROR_NAME="OTHER")),
]


@given(st.sampled_from(["stream", "table", "errors"]), st.integers(0, 2), st.sampled_from(WAYS))
def test_any_loss_or_addition_is_found(where: str, number: int, way: Callable[[list[Any], int], None]) -> None:
    """The oracle reports any lost or extra record of any stream."""
    ends = Ends()
    way(getattr(ends, where), number)
    assert ends.breaches()
