"""random_cut_forest in Flink against AWS's library without Flink: scores, explanations, state, arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flink import defaults, distribution, rest
from java import FUNCTIONS
from pipeline import statements
from program import processes
from tests import forest
from tests.emulated import submitted, wait_for
from tests.forest import Reading, Scored, Settings
from tests.sql import here

SMALL = Settings(30, 64, 1_000, 1)
SHINGLED = Settings(20, 32, 1_000, 3)
TIME = "on_time => DESCRIPTOR(t)"
COUNT = 2_000  # more than twice the points between two snapshots


def declare(environment: Any, folder: Path, watermark: str, more: str = "") -> None:
    """The functions, and the table of the readings in a folder; `number` is text there, so that it is no point."""
    for name, class_name in FUNCTIONS.items():
        environment.execute_sql(f"CREATE TEMPORARY FUNCTION {name} AS '{class_name}' LANGUAGE JAVA")
    environment.execute_sql(
        f"CREATE TEMPORARY TABLE readings (t TIMESTAMP(3), rate INT, pressure DOUBLE, `number` STRING, name STRING, "
        f"WATERMARK FOR t AS {watermark}) WITH ('connector' = 'filesystem', 'format' = 'json', "
        f"'path' = '{folder.as_uri()}'{more})"
    )


def write(path: Path, readings: Sequence[Reading]) -> None:
    """A file of these readings, which appears at once."""
    lines = [
        {"t": one.time, "name": one.name, "rate": one.rate, "pressure": one.pressure, "number": f"{one.number:06d}"}
        for one in readings
    ]
    hidden = path.with_name(f".{path.name}")
    hidden.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    hidden.rename(path)


def call(settings: Settings, key: str = "", function: str = "random_cut_forest", more: str = "") -> str:
    uid = f"{function}_{settings.shingle}_{key}"
    partition = f"PARTITION BY {key}" if key else ""
    return f"{function}(input => TABLE readings {partition}, {settings.sql}, {more}{TIME}, uid => '{uid}')"


CALLS = {
    "together": f"SELECT `number`, ANOMALY_SCORE, CAST(NULL AS STRING) FROM {call(SMALL)}",  # noqa: S608
    "shingled": f"SELECT `number`, ANOMALY_SCORE, CAST(NULL AS STRING) FROM {call(SHINGLED)}",  # noqa: S608
    "names": f"SELECT `number`, ANOMALY_SCORE, CAST(NULL AS STRING) FROM {call(SMALL, 'name')}",  # noqa: S608
    "explained": "SELECT `number`, ANOMALY_SCORE, ANOMALY_EXPLANATION FROM "  # noqa: S608
    + call(SHINGLED, "", "random_cut_forest_with_explanation", "with_directionality => TRUE, "),
}
Row = tuple[float | None, str | None]


def into(folder: Path) -> str:
    """The options of a table of JSON files."""
    return f"WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{folder.as_uri()}')"


def lines(folder: Path) -> list[dict[str, Any]]:
    """The rows of complete files."""
    files = [path for path in folder.rglob("part-*") if path.is_file()]
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module", params=[1, 4])
def found(request: pytest.FixtureRequest, jvm: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ARG001
    """The score and explanation of each reading by its number, for each call; the readings are in four files."""
    folder = tmp_path_factory.mktemp("forest")
    (folder / "in").mkdir()
    readings = forest.readings(COUNT)
    for number in range(4):
        write(folder / "in" / f"{number}.json", readings[number::4])
    environment = statements.environment(
        {**here(), "parallelism.default": str(request.param), "table.local-time-zone": "UTC"}
    )
    declare(environment, folder / "in", "t - INTERVAL '1' DAY")
    scored = "(`call` STRING, `number` STRING, score DOUBLE, explanation STRING)"
    environment.execute_sql(f"CREATE TEMPORARY TABLE scored {scored} {into(folder / 'out')}")
    select = " UNION ALL ".join(f"SELECT '{name}', * FROM ({one}) AS `{name}`" for name, one in CALLS.items())  # noqa: S608
    environment.execute_sql(f"INSERT INTO scored {select}").wait()
    by_call: dict[str, dict[int, Row]] = {name: {} for name in CALLS}
    for row in lines(folder / "out"):
        assert int(row["number"]) not in by_call[row["call"]], "each row comes out once"
        by_call[row["call"]][int(row["number"])] = (row.get("score"), row.get("explanation"))
    return by_call


def rows(folder: Path) -> dict[int, Row]:
    """The rows of complete files by number."""
    found = lines(folder)
    by_number = {int(line["number"]): (line.get("score"), line.get("explanation")) for line in found}
    assert len(by_number) == len(found), "each row comes out once"
    return by_number


def scores(wanted: Mapping[int, Scored], readings: Sequence[Reading]) -> dict[int, float | None]:
    """The score of each reading, None for those that are no points."""
    return {one.number: wanted[one.number].score if one.number in wanted else None for one in readings}


def test_scores_are_those_of_the_library(found: Any, cases: str) -> None:
    """Each score equals the library's to the last digit, at any parallelism, also over shingles of three points.

    A row without a number, or with one beyond 32 bits, has NULL, and the forest does not learn it.
    """
    readings = forest.readings(COUNT)
    for name, settings in (("together", SMALL), ("shingled", SHINGLED)):
        wanted = scores(forest.scores(cases, readings, settings), readings)
        assert {number: score for number, (score, _none) in found[name].items()} == wanted
        assert None in wanted.values()
        assert max(score for score in wanted.values() if score is not None) > 2


def test_a_partition_has_a_forest_of_its_own(found: Any, cases: str) -> None:
    """With PARTITION BY each key's scores are those of a forest over its rows alone."""
    readings = forest.readings(COUNT)
    for name in "abc":
        own = forest.of_name(readings, name)
        wanted = scores(forest.scores(cases, own, SMALL), own)
        assert {one.number: found["names"][one.number][0] for one in own} == wanted


def test_an_explanation_has_the_shares_of_the_score(found: Any, cases: str) -> None:
    """The JSON has each column's share, by all its points of the shingle, and which direction prevails.

    The score is that of random_cut_forest, and the sum of the shares. While the forest learns, all is 0 and LOW.
    """
    readings = forest.readings(COUNT)
    wanted = forest.scores(cases, readings, SHINGLED)
    for one in readings:
        score, text = found["explained"][one.number]
        if one.number not in wanted:
            assert (score, text) == (None, None)
            continue
        scored = wanted[one.number]
        assert score == scored.score == found["shingled"][one.number][0]
        explained = {}
        for column, name in enumerate(("rate", "pressure")):
            high, low = scored.share(column, 2)
            explained[name] = {
                "DIRECTION": "HIGH" if high > low else "LOW",
                "STRENGTH": f"{abs(high - low):.4f}",
                "ATTRIBUTION_SCORE": f"{high + low:.4f}",
            }
        assert text is not None
        assert json.loads(text) == explained
        assert sum(map(sum, (scored.high, scored.low))) == pytest.approx(score, rel=0.01, abs=1e-6)
    first = forest.ordered(readings)[0]
    nothing = '{"DIRECTION":"LOW","STRENGTH":"0.0000","ATTRIBUTION_SCORE":"0.0000"}'
    assert found["explained"][first.number] == (0.0, f'{{"rate":{nothing},"pressure":{nothing}}}')


def test_anomalies_are_found(cases: str) -> None:
    """Heart rates as in AWS's guide: all anomalies score above 3, and no other row; most of it for their high rate."""
    anomalies = [300, 410, 520, 900, 1500, 1501, 2200]
    found = forest.scores(cases, forest.heart_rates(2_500, anomalies), Settings())
    assert [number for number, scored in found.items() if scored.score > 3] == anomalies
    for number in anomalies:
        assert found[number].share(0, 2)[0] > 0.6 * found[number].score


def test_rows_that_wait_for_the_end_of_a_file_come_out(jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """Thousands of rows that all wait for the end of their file are scored and written, each once.

    Meanwhile the task has other work, as by checkpoints: a timer of the sink.
    """
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "1.json", forest.heart_rates(3_000, [900, 1500]))
    environment = statements.environment({**here(), "parallelism.default": "1"})
    declare(environment, tmp_path / "in", "t - INTERVAL '1' DAY")
    sink = f"{into(tmp_path / 'out')[:-1]}, 'sink.rolling-policy.check-interval' = '10 ms')"
    environment.execute_sql(f"CREATE TEMPORARY TABLE scored (`number` STRING, score DOUBLE) {sink}")
    select = f"SELECT `number`, ANOMALY_SCORE FROM {call(Settings(), 'name')}"  # noqa: S608
    environment.execute_sql(f"INSERT INTO scored {select}").wait()
    found = rows(tmp_path / "out")
    assert sorted(found) == list(range(3_000))
    assert [number for number, (score, _none) in sorted(found.items()) if score is not None and score > 3] == [
        900,
        1500,
    ]


def test_a_late_row_is_marked_and_not_learnt(jvm: Path, cases: str, tmp_path: Path) -> None:  # noqa: ARG001
    """A row behind the watermark has no score, is_late is true, and the scores of the others are as without it."""
    (tmp_path / "in").mkdir()
    found = forest.heart_rates(400, [300])
    late = [replace(one, number=1_000 + one.number) for one in found[:40:10]]
    write(tmp_path / "in" / "1.json", [*found[:350], *late, *found[350:]])
    environment = statements.environment({**here(), "parallelism.default": "1", "table.local-time-zone": "UTC"})
    declare(environment, tmp_path / "in", "t - INTERVAL '1' SECOND")
    result = environment.execute_sql(f"SELECT * FROM {call(SMALL)}")  # noqa: S608
    names = ["t", "rate", "pressure", "number", "name", "is_late", "ANOMALY_SCORE", "rowtime"]
    assert list(result.get_table_schema().get_field_names()) == names
    with result.collect() as rows_of_all:
        given = [dict(zip(names, row, strict=True)) for row in rows_of_all]
    assert sorted(int(row["number"]) for row in given if row["is_late"]) == [one.number for one in late]
    assert {row["ANOMALY_SCORE"] for row in given if row["is_late"]} == {None}
    wanted = {number: scored.score for number, scored in forest.scores(cases, found, SMALL).items()}
    assert {int(row["number"]): row["ANOMALY_SCORE"] for row in given if not row["is_late"]} == wanted
    assert all(row["t"] == row["rowtime"] for row in given)


@contextmanager
def running(folder: Path, more: Mapping[str, str]) -> Iterator[rest.Job]:
    """A job that scores the readings of a folder as files appear there, each name for itself; it writes files."""
    port = processes.free_port()
    made = statements.environment(
        {
            **defaults.configuration(folder, 0.3),
            **defaults.loopback(port),
            "execution.checkpointing.min-pause": "0 ms",
            "parallelism.default": "2",
            "table.exec.source.idle-timeout": "500 ms",  # a file is read by one of two subtasks
            "table.local-time-zone": "UTC",
            "table.exec.uid.generation": "ALWAYS",
            "table.exec.uid.format": "<type>_<transformation>",
            "taskmanager.memory.network.min": "64m",
            "taskmanager.memory.network.max": "64m",
            **more,
        }
    )
    declare(made, folder / "in", "t - INTERVAL '1' SECOND", ", 'source.monitor-interval' = '200 ms'")
    made.execute_sql(
        "CREATE TEMPORARY TABLE scored (`number` STRING, score DOUBLE) WITH ('connector' = 'filesystem', "
        f"'format' = 'json', 'path' = '{(folder / 'out').as_uri()}', 'sink.rolling-policy.rollover-interval' = '50 ms',"
        " 'sink.rolling-policy.check-interval' = '50 ms')"
    )
    select = f"SELECT `number`, ANOMALY_SCORE FROM {call(SMALL, 'name')}"  # noqa: S608
    with submitted(made.execute_sql(f"INSERT INTO scored {select}"), port) as job:
        yield job


@pytest.mark.parametrize("backend", ["hashmap", "rocksdb"])
def test_scores_go_on_after_a_savepoint(backend: str, cases: str, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """A job that is stopped between two snapshots, and goes on, gives the scores of one that was never stopped."""
    (tmp_path / "in").mkdir()
    readings = forest.readings(COUNT)
    # The last row is released by a later one, of a name of its own.
    end = [Reading(readings[-1].second + 60, "end", 60, 80.0, COUNT)]
    half = [one for one in readings if one.second < COUNT // 6]

    def count() -> int:
        return len(rows(tmp_path / "out")) if (tmp_path / "out").exists() else 0

    write(tmp_path / "in" / "1.json", half)
    with running(tmp_path, {"state.backend.type": backend}) as job:
        wait_for(lambda: count() >= len(half) - 6, 90, "the first half is scored")
        savepoint = job.stop(60, str(tmp_path / "savepoints"))
    write(tmp_path / "in" / "2.json", [one for one in readings if one not in half] + end)
    with running(tmp_path, {"state.backend.type": backend, "execution.state-recovery.path": savepoint}):
        wait_for(lambda: count() >= COUNT, 90, "all are scored")
    found = rows(tmp_path / "out")
    for name in "abc":
        own = forest.of_name(readings, name)
        wanted = scores(forest.scores(cases, own, SMALL), own)
        assert {one.number: found[one.number][0] for one in own} == wanted


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            f"TABLE readings, number_of_trees => 1001, {TIME}",
            "number_of_trees of default_catalog.default_database.random_cut_forest is 1001, and has to be 1 to 1000.",
        ),
        (f"TABLE readings, sub_sample_size => 9, {TIME}", "is 9, and has to be 10 to 1000."),
        (f"TABLE readings, time_decay => 0, {TIME}", "is 0, and has to be 1 to 2147483647."),
        (f"TABLE readings, shingle_size => 31, {TIME}", "is 31, and has to be 1 to 30."),
        (f"TABLE readings, shingle_size => 1 + 1, {TIME}", "is no whole number that is written out."),
        (
            f"TABLE readings ORDER BY t, {TIME}",
            "random_cut_forest: the function takes the rows in the order of time itself: leave ORDER BY out.",
        ),
        (f"TABLE texts, {TIME}", "has no numeric column to score: CAST one to DOUBLE."),
        (f"TABLE decimals, {TIME}", "The column rate of the table of"),
        (f"TABLE decimals, {TIME}", "is a DECIMAL: CAST it to DOUBLE to score it, to STRING if not."),
        (f"TABLE scored, {TIME}", "the input has a column 'ANOMALY_SCORE', which is a column of the result: give it"),
        ("TABLE readings", "requires a time attribute. Please provide one using the implicit `on_time`"),
    ],
)
def test_wrong_calls_are_refused(wrong: str, told: str, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """A sentence says what is wrong, when the job is planned."""
    made = statements.environment({})
    declare(made, tmp_path, "t")
    made.execute_sql("CREATE TEMPORARY VIEW texts AS SELECT t, name FROM readings")
    made.execute_sql("CREATE TEMPORARY VIEW decimals AS SELECT t, CAST(rate AS DECIMAL(5, 2)) AS rate FROM readings")
    made.execute_sql("CREATE TEMPORARY VIEW scored AS SELECT t, pressure AS ANOMALY_SCORE FROM readings")
    with pytest.raises(distribution.errors()) as refused:
        made.sql_query(f"SELECT * FROM random_cut_forest(input => {wrong})")  # noqa: S608
    assert told in str(refused.value)
