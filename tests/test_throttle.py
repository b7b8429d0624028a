"""The function throttle in Flink against its definition, over rows whose watermark runs along, or comes at the end."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flink import distribution
from java import FUNCTIONS
from pipeline import statements
from tests.sql import here

BEGIN = datetime(2026, 11, 22, 12)  # noqa: DTZ001 (TIMESTAMP has no time zone)
LENGTH = 60
Row = tuple[int, str, int]  # seconds after the begin, key, number
CALL = (
    "throttle(input => TABLE given PARTITION BY k, length => INTERVAL '1' MINUTE, on_time => DESCRIPTOR(t), uid => 'u')"
)


def environment(folder: Path, rows: Sequence[Row], delay: str) -> Any:
    """An environment with the function and the table `given`. delay: of the watermark."""
    folder.mkdir()
    written = [{"t": str(BEGIN + timedelta(seconds=second)), "k": key, "n": number} for second, key, number in rows]
    (folder / "given.json").write_text("".join(f"{json.dumps(row)}\n" for row in written), encoding="utf-8")
    made = statements.environment({**here(), "parallelism.default": "1", "table.local-time-zone": "UTC"})
    made.execute_sql(f"CREATE TEMPORARY FUNCTION throttle AS '{FUNCTIONS['throttle']}' LANGUAGE JAVA")
    made.execute_sql(
        f"CREATE TEMPORARY TABLE given (t TIMESTAMP(3), k STRING, n INT, WATERMARK FOR t AS t - INTERVAL {delay}) "
        f"WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder.as_uri()}')"
    )
    return made


def found(made: Any) -> list[tuple[int, str, int, bool]]:
    """The rows that come out, with is_late."""
    with made.execute_sql(f"SELECT rowtime, t, k, n, is_late FROM {CALL}").collect() as rows:  # noqa: S608
        given = [tuple(row) for row in rows]
    assert all(rowtime == time for rowtime, time, *_rest in given)
    return sorted(
        (round((time - BEGIN).total_seconds()), key, number, late) for _rowtime, time, key, number, late in given
    )


def passed(rows: Sequence[Row]) -> list[tuple[int, str, int, bool]]:
    """The definition: of each key the first row, and then the first that comes at least the length later."""
    last: dict[str, int] = {}
    kept = []
    for second, key, number in sorted(rows, key=lambda row: (row[0], row[2])):
        if key not in last or second >= last[key] + LENGTH:
            last[key] = second
            kept.append((second, key, number, False))
    return sorted(kept)


@pytest.mark.parametrize("delay", ["'10' SECOND", "'1' DAY"])
def test_rows_equal_the_definition(delay: str, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """Rows out of order, some of one time, some at the length's last moment; none is late."""
    drawn = random.Random(4)
    rows = [(number + drawn.randrange(9), drawn.choice("abc"), drawn.randrange(100)) for number in range(1_000)]
    rows += [(1_100 + drawn.choice((0, 59, 60, 119, 120)), "d", number) for number in range(20)]
    assert found(environment(tmp_path / "in", sorted(rows, key=lambda row: row[0] // 10), delay)) == passed(rows)


def test_a_late_row_neither_passes_nor_keeps_others(jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """It comes out with is_late true, also as its key's first row; the rows after it are as without it."""
    on_time = [(second, "a", second) for second in range(0, 500, 20)]
    late = [(10, "a", 1_000), (30, "late", 1_001)]
    rows = [*on_time[:20], *late, *on_time[20:], (490, "late", 1_002)]
    made = environment(tmp_path / "in", rows, "'10' SECOND")
    assert [row for row in found(made) if row[3]] == [(*row, True) for row in late]
    assert [row for row in found(made) if not row[3]] == passed([*on_time, (490, "late", 1_002)])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("BY k", "BY k ORDER BY t", "throttle: the function takes the rows in the order of time itself: leave"),
        ("given", "named", "throttle: the input has a column 'is_late', which is a column of the result: give"),
        ("'1' MINUTE", "'0' MINUTE", "The length of throttle has to be an interval above zero, as a literal."),
    ],
)
def test_wrong_calls_are_refused(before: str, after: str, told: str, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """A sentence says what is wrong, when the job is planned."""
    made = environment(tmp_path / "in", [], "'1' SECOND")
    made.execute_sql("CREATE TEMPORARY VIEW named AS SELECT t, k, n > 1 AS is_late FROM given")
    with pytest.raises(distribution.errors()) as refused:
        made.sql_query(f"SELECT * FROM {CALL.replace(before, after)}")  # noqa: S608
    assert told in distribution.refusal(refused.value)
