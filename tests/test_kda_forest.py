"""RANDOM_CUT_FOREST and HOTSPOTS over CURSOR: the text of their translation, and scores in Flink by the library."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kda import model
from kda.translation import Options, Untranslatable
from pipeline.cases import Record
from tests import forest
from tests.forest import Settings
from tests.kda_jobs import SHARD, App, input_, run

IN = input_("IN", '"number" VARCHAR(8), "name" VARCHAR(8), "rate" INTEGER, "pressure" DOUBLE, "price" DECIMAL(5,2)')
SCORES = """CREATE OR REPLACE STREAM SCORES ("score" DOUBLE, "number" VARCHAR(8), "rate" INTEGER);
CREATE OR REPLACE PUMP P AS INSERT INTO SCORES
SELECT STREAM ANOMALY_SCORE, "number", "rate"
FROM TABLE({});
"""
INNER = 'SELECT STREAM "rate", "pressure", "number" FROM IN_001'


def app(call: str, more: str = "", **options: Any) -> App:
    """An application that scores its input."""
    return App(SCORES.format(call) + more, {}, (IN,), options=Options(**options))


def test_the_call() -> None:
    """The rows of CURSOR are a view, and the function is called over it."""
    call = f"RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR({INNER}), 50, 128, 9223372036854775807, 2, true)"
    made = app(call).translated()
    assert made.views["SCORES_points"].endswith("FROM IN_001\n")
    text = " ".join(made.views["SCORES"].split())
    assert (
        "FROM random_cut_forest_with_explanation( "
        "input => TABLE SCORES_points, number_of_trees => 50, "
        "sub_sample_size => 128, time_decay => 2147483647, shingle_size => 2, "
        "with_directionality => TRUE, on_time => DESCRIPTOR(`ROWTIME`), uid => 'SCORES_points' )"
    ) in text
    assert "`rowtime` AS `ROWTIME`" in text


def test_hotspots() -> None:
    """Its arguments have the names and the types of Flink's function; all numbers are coordinates."""
    call = 'HOTSPOTS(CURSOR(SELECT STREAM "number", "rate" FROM IN_001), 1000, 0.2, 17)'
    sql = SCORES.format(call).replace("ANOMALY_SCORE", "1.0")
    found = " ".join(App(sql, {}, (IN,)).translated().views["SCORES"].split())
    assert "window_size => 1000, scan_radius => 0.2E0, minimum_points => 17, on_time" in found


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (f"RANDOM_CUT_FOREST(CURSOR({INNER}), 0)", "another number_of_trees than a whole number from 1 to 1000"),
        (f"RANDOM_CUT_FOREST(CURSOR({INNER}), 100, 256.5)", "another sub_sample_size than a whole number from 10 to"),
        (f"RANDOM_CUT_FOREST(CURSOR({INNER}), 100, 256, 0)", "another time_decay than a whole number from 1 on"),
        (f"RANDOM_CUT_FOREST(CURSOR({INNER}), 1, 10, 1, 1, true)", "with 5 arguments after CURSOR(..)"),
        (f"RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR({INNER}), 1, 10, 1, 1, 1)", "than TRUE or FALSE"),
        (f"HOTSPOTS(CURSOR({INNER}), 1000, 0, 17)", "another scan_radius than a number from 1e-150 to 1e+150"),
        (
            f"HOTSPOTS(CURSOR({INNER}), 10, 0.2, 20)",
            "HOTSPOTS with minimum_points of 20, more than window_size, which is 10, has no translation",
        ),
        (
            "RANDOM_CUT_FOREST(CURSOR(SELECT STREAM * FROM IN_001))",
            "RANDOM_CUT_FOREST over a DECIMAL, which KDA did not take, as the column price, has no translation: CAST",
        ),
        (
            "HOTSPOTS(CURSOR(SELECT STREAM * FROM IN_001), 1000, 0.2, 17)",
            "HOTSPOTS over a DECIMAL, which KDA did not take, as the column price, has no translation: CAST coord",
        ),
        ('RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "name" FROM IN_001))', "over rows without a number has no transl"),
        (
            'RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "number", "rate", 1.5E0 AS ANOMALY_SCORE FROM IN_001))',
            "with a column ANOMALY_SCORE has no translation: give it another name",
        ),
        (
            'RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "number", "rate", 1 AS "is_late" FROM IN_001))',
            "with a column is_late has no translation: give it another name",
        ),
    ],
)
def test_refused(call: str, told: str) -> None:
    """What the functions do not take is refused by a sentence."""
    with pytest.raises(Untranslatable) as error:
        app(call).translated()
    assert told in str(error.value)


def test_the_time_of_processing_is_refused() -> None:
    """The order of rows is that of their times."""
    made = app(f"RANDOM_CUT_FOREST(CURSOR({INNER}))")
    with pytest.raises(Untranslatable, match="RANDOM_CUT_FOREST has no translation with --time processing"):
        replace(made, options=Options(time="processing")).translated()


MORE = """CREATE OR REPLACE STREAM ALARMS ("number" VARCHAR(8), "score" DOUBLE);
CREATE OR REPLACE PUMP AP AS INSERT INTO ALARMS SELECT STREAM "number", "score" FROM SCORES WHERE "score" > 3;
CREATE OR REPLACE STREAM COUNTS (N BIGINT);
CREATE OR REPLACE PUMP CP AS INSERT INTO COUNTS
SELECT STREAM COUNT(*) FROM SCORES AS s GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE);
CREATE OR REPLACE STREAM STARRED (S DOUBLE, E VARCHAR(512), "number" VARCHAR(8), R INTEGER, P DOUBLE);
CREATE OR REPLACE PUMP SP AS INSERT INTO STARRED
SELECT STREAM ANOMALY_SCORE, ANOMALY_EXPLANATION, "number", "rate", "pressure"
FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(
    SELECT STREAM "rate", "pressure", "number" FROM (SELECT STREAM * FROM IN_001 WHERE "name" <> 'c') AS i
), 30, 64, 1000, 1, false))
ORDER BY FLOOR(ROWTIME TO SECOND), ANOMALY_SCORE DESC;
"""


SPOTS = """CREATE OR REPLACE STREAM SPOTS (X DOUBLE, N INTEGER, T VARCHAR(8), H VARCHAR(4000));
CREATE OR REPLACE PUMP P AS INSERT INTO SPOTS SELECT STREAM "pressure", "rate", "name", HOTSPOTS_RESULT
FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM "name", "pressure", "rate" FROM IN_001), 40, 2.5, 4));
"""


def spots() -> tuple[App, list[dict[str, Any]]]:
    """An application with HOTSPOTS over records of which several have one time, and its rows by the model of KDA."""
    drawn = random.Random(7)
    given = []
    for number in range(300):
        values = {
            "name": drawn.choice(["a", "b", None]),
            "price": 1.25,
            "pressure": drawn.choice([round(drawn.uniform(0, 20), 1), round(drawn.uniform(5, 7), 2), None, -0.0]),
            "rate": drawn.randrange(8),
        }
        time = datetime(2026, 11, 22, 11, 0, number // 6, tzinfo=UTC)
        given.append((time, json.dumps(values).encode()))
    records = [model.Record(data, int(time.timestamp()) * 1000) for time, data in given]
    made = App(
        SPOTS,
        {"IN": [Record(data, SHARD, f"{time:%Y-%m-%d %H:%M:%S}.000") for time, data in given]},
        (IN,),
    )
    return made, [dict(row.values) for row in model.run(made.application(), records).streams["SPOTS"]]


def test_rows(jvm: Path, cases: str, tmp_path: Path) -> None:  # noqa: ARG001
    """Streams that are scored, and what is made of them, have the scores of AWS's library without Flink.

    SCORES is read by two pumps, by a filter and by a window; STARRED scores a query in CURSOR. HOTSPOTS has the rows of
    the model of KDA, which compares each pair of points.
    """
    readings = forest.readings(700)
    given = [
        Record(
            json.dumps(
                {"number": f"{one.number:05d}", "name": one.name, "rate": one.rate, "pressure": one.pressure}
            ).encode(),
            SHARD,
            one.time,
        )
        for one in readings
    ]
    made = app(f"RANDOM_CUT_FOREST(CURSOR({INNER}), 30, 64, 1000)", MORE)
    dense, rows = spots()
    found, hot = run([replace(made, given={"IN": given}), dense], tmp_path)
    assert sorted(hot["SPOTS_OUTPUT"], key=repr) == sorted(rows, key=repr)
    assert len({row["H"] for row in rows}) > 100
    settings = Settings(30, 64, 1_000, 1)
    wanted = forest.scores(cases, readings, settings)
    scores = {one.number: wanted[one.number].score if one.number in wanted else None for one in readings}
    alarms = {int(row["number"]): row["score"] for row in found["ALARMS_OUTPUT"]}
    assert alarms == {number: score for number, score in scores.items() if score is not None and score > 3} != {}
    assert sum(row["N"] for row in found["COUNTS_OUTPUT"]) == len(readings)
    some = [one for one in readings if one.name != "c"]
    wanted = forest.scores(cases, some, settings)
    assert {int(row["number"]): row["S"] for row in found["STARRED_OUTPUT"]} == {
        one.number: wanted[one.number].score if one.number in wanted else None for one in some
    }
    explained = [json.loads(row["E"]) for row in found["STARRED_OUTPUT"] if row["E"]]
    assert {tuple(one["rate"]) for one in explained} == {("ATTRIBUTION_SCORE",)}, "without direction"
