"""The function hotspots in Flink against a reference in Python that compares each pair of points for each row."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from flink import distribution
from kda.model import hotspots as model
from tests import hotspots
from tests.hotspots import GUIDE, Arguments, Row
from tests.sql import here

SMALL = Arguments(30, 1.0, 4)
SPECIAL = (None, float("nan"), float("inf"), float("-inf"), -0.0, 1e308, -1e308)


# --- The definition, without Flink ----------------------------------------------------------------


def test_a_point_with_neighbours_is_a_hotspot() -> None:
    """A point with `minimum` points within the radius, itself among them, is dense; its neighbours belong to it."""
    points = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (5.0, 5.0)]
    (spot,) = model.hotspots(points, 1.0, 3)
    assert (spot.members, spot.minimums, spot.maximums, spot.density) == ({0, 1, 2}, (0.0, 0.0), (1.0, 1.0), 3.0)
    assert model.hotspots(points, 0.999, 3) == []
    assert model.hotspots(points, 1.0, 4) == []


def test_dense_points_in_reach_are_one_hotspot() -> None:
    """Dense points within the radius of each other are one hotspot, however long their chain; others are another."""
    chain = [(float(number),) for number in range(10)]
    (spot,) = model.hotspots(chain, 1.0, 3)
    assert (spot.minimums, spot.maximums, spot.density) == ((0.0,), (9.0,), 10 / 9)
    assert len(model.hotspots([*chain, *((100.0 + number,) for number in range(3))], 1.0, 3)) == 2


def test_a_point_between_hotspots_belongs_to_both() -> None:
    """A point that is not dense connects no hotspots, and counts in each of which a dense point is near."""
    left, right = [(0.0,), (0.0,), (0.0,)], [(2.0,), (2.0,), (2.0,)]
    first, second = model.hotspots([*left, (1.0,), *right], 1.0, 5), model.hotspots([*left, (1.0,), *right], 1.0, 4)
    assert [spot.members for spot in first] == [frozenset(range(7))], "the point between is the only dense one"
    assert len(second) == 1, "with 4 all are dense"
    sides = [(0.0,), (0.2,), (0.4,), (1.3,), (2.2,), (2.4,), (2.6,)]
    assert [sorted(spot.members) for spot in model.hotspots(sides, 0.95, 4)] == [[0, 1, 2, 3], [3, 4, 5, 6]]


def test_a_side_shorter_than_the_radius_counts_as_the_radius() -> None:
    """Points at one place have a density too, which is a number."""
    assert [spot.density for spot in model.hotspots([(3.0, 3.0)] * 8, 0.5, 4)] == [32.0]


def test_planted_hotspots_are_found() -> None:
    """With the developer guide's data and arguments: the planted square and nothing else above its density of 40."""
    points = list(hotspots.planted(random.Random(3), [(4.0, 2.0)], GUIDE.window))
    (spot,) = (spot for spot in model.hotspots(points, GUIDE.radius, GUIDE.minimum) if spot.density >= 40)
    assert all(abs(low - corner) < GUIDE.radius for low, corner in zip(spot.minimums, (4.0, 2.0), strict=True))
    assert all(abs(high - corner - 1) < GUIDE.radius for high, corner in zip(spot.maximums, (4.0, 2.0), strict=True))
    assert spot.density > 150


# --- The function in Flink ------------------------------------------------------------------------


@pytest.fixture
def found(jvm: Path, tmp_path: Path) -> Any:  # noqa: ARG001 (it prepares the JVM)
    """Rows -> HOTSPOTS_RESULT by number, from Flink; the rows are in files, each in its order."""

    def run(
        files: Sequence[Sequence[Row]], arguments: Arguments, parallelism: int = 1, partition: str = "PARTITION BY k"
    ) -> dict[int, str | None]:
        tables = hotspots.environment({**here(), "parallelism.default": str(parallelism)})
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        hotspots.declare(tables, folder, files)
        return hotspots.results(tables, hotspots.call(arguments, len(files[0][0].values), partition))

    return run


def expected(rows: Iterable[Row], arguments: Arguments) -> dict[int, str | None]:
    """The reference: each partition in the order of time and number."""
    partitions: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.time, row.number)):
        partitions.setdefault(row.key, []).append(row)
    return {
        row.number: result
        for rows_ in partitions.values()
        for row, result in zip(
            rows_,
            model.results((row.values for row in rows_), arguments.window, arguments.radius, arguments.minimum),
            strict=True,
        )
    }


def drawn_rows(seed: int, count: int, keys: int, dimensions: int) -> list[Row]:
    """Rows of a few partitions, with what is hard: equal times, equal points, distances of exactly the radius."""
    drawn = random.Random(seed)
    rows = []
    for number in range(count):
        key = drawn.randrange(keys)
        center = drawn.choice((0.0, 6.0))
        if key % 3 == 0:
            values: list[float | None] = [center] * dimensions
            values[0] = center + drawn.randrange(2)  # exactly the radius away, or not at all
        else:
            values = [drawn.gauss(center, 0.6 / dimensions**0.5) for _each in range(dimensions)]
        if key % 3 == 1 and drawn.random() < 0.1:
            values[drawn.randrange(dimensions)] = drawn.choice(SPECIAL)
        rows.append(Row(drawn.randrange(count // 3), number, f"k{key}", tuple(values)))
    return rows


def shards(rows: Sequence[Row], count: int) -> list[list[Row]]:
    return [list(rows[number::count]) for number in range(count)]


@pytest.mark.parametrize("dimensions", [1, 2, 3, 10])
def test_each_row_equals_the_reference(found: Any, dimensions: int) -> None:
    """Every character of each row's result equals the reference's, while points come and go, in 1 to 10 dimensions."""
    rows = drawn_rows(dimensions, 900, 6, dimensions)
    given = expected(rows, SMALL)
    assert found(shards(rows, 1), SMALL) == given
    sizes = {len(json.loads(text)["hotspots"]) for text in given.values() if text}
    assert {0, 1, 2} <= sizes
    assert None in given.values()


@pytest.mark.parametrize("partition", ["", "PARTITION BY k"])
def test_parallelism_and_shards_change_nothing(found: Any, partition: str) -> None:
    """The order is that of time and values, whatever the parallelism and the order in which rows arrive."""
    rows = drawn_rows(20, 600, 5, 2)
    random.Random(1).shuffle(rows)
    keyed = rows if partition else [Row(row.time, row.number, "", row.values) for row in rows]
    given = expected(keyed, SMALL)
    for parallelism, files in ((1, 1), (4, 4)):
        assert found(shards(keyed, files), SMALL, parallelism, partition) == given


def test_planted_hotspots_come_and_go(found: Any) -> None:
    """A hotspot that moves, in a window of 300 points: each fiftieth row equals the reference."""
    drawn = random.Random(5)
    arguments = Arguments(300, 0.4, 10)
    corners = ((1.0, 1.0), (8.0, 5.0), (3.0, 7.0))
    points = [point for corner in corners for point in hotspots.planted(drawn, [corner], 400)]
    rows = [Row(number, number, "", point) for number, point in enumerate(points)]
    results = found([rows], arguments)
    spots = {}
    for number in range(49, len(rows), 50):
        window = points[max(0, number - arguments.window + 1) : number + 1]
        spots[number] = model.hotspots(window, arguments.radius, arguments.minimum)
        written = ",".join(spot.written() for spot in spots[number])
        assert results[number] == f'{{"hotspots":[{written}]}}'
    assert [spots[number][0].minimums[0] > 7 for number in (399, 799, 1199)] == [False, True, False]


REFUSED = {
    "window_size => 1": "window_size is 1: give 2 to 10000",
    "window_size => 10001": "window_size is 10001: give 2 to 10000",
    "scan_radius => 0E0": "scan_radius is 0.0: give a number from 1.0E-150 to 1.0E150",
    "scan_radius => -1E0": "scan_radius is -1.0: give a number",
    "scan_radius => 0.2": "scan_radius is of the type DECIMAL(2, 1): give a DOUBLE such as 2E-1, which is 0.2",
    "minimum_points => 1": "minimum_points is 1: give 2 to window_size, which is 30",
    "minimum_points => 31": "minimum_points is 31: give 2 to window_size, which is 30",
    "columns => DESCRIPTOR(x0, z)": "the table has no column z",
    "columns => DESCRIPTOR(k)": "the column k is of the type STRING: CAST it to DOUBLE",
    "input => TABLE points ORDER BY rt": "the function takes the rows in the order of time itself: leave ORDER BY",
    "input => TABLE late": "the input has a column 'is_late', which is a column of the result: give it another name",
    "input => TABLE named": "no column is a number: CAST one to DOUBLE",
    "input => TABLE decimals": "the column x is a DECIMAL: CAST it to DOUBLE, or name the coordinates",
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_wrong_arguments_are_refused(declared: Any, wrong: str) -> None:
    """A call that cannot be meant is refused when the job is planned, in a sentence with the remedy."""
    given = {
        "input": "TABLE points PARTITION BY k",
        "window_size": "30",
        "scan_radius": "1E0",
        "minimum_points": "4",
        "on_time": "DESCRIPTOR(rt)",
        "uid": "'u'",
    }
    name, _arrow, value = wrong.partition(" => ")
    arguments = ", ".join(f"{key} => {text}" for key, text in {**given, name: value}.items())
    with pytest.raises(distribution.errors()) as caught:
        declared.execute_sql(f"EXPLAIN SELECT * FROM hotspots({arguments})")  # noqa: S608
    assert f"hotspots: {REFUSED[wrong]}" in distribution.refusal(caught.value)


@pytest.fixture(scope="module")
def declared(jvm: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ARG001 (it prepares the JVM)
    """An environment with the view `points`, and others that lack something."""
    tables = hotspots.environment({})
    hotspots.declare(tables, tmp_path_factory.mktemp("points") / "in", [[Row(0, 0, "", (0.0,))]])
    tables.execute_sql("CREATE TEMPORARY VIEW named AS SELECT rt, k FROM points")
    tables.execute_sql("CREATE TEMPORARY VIEW late AS SELECT rt, n, TRUE AS is_late FROM points")
    tables.execute_sql("CREATE TEMPORARY VIEW decimals AS SELECT rt, CAST(x0 AS DECIMAL(5, 2)) AS x FROM points")
    return tables


def test_columns_default_to_the_numbers(declared: Any) -> None:
    """Without `columns`, numeric columns but those of PARTITION BY are coordinates; the row keeps all its columns."""
    call = (
        "hotspots(input => TABLE points PARTITION BY n, window_size => 30, scan_radius => 1E0, "
        "minimum_points => 2, on_time => DESCRIPTOR(rt), uid => 'u')"
    )
    result = declared.execute_sql(f"SELECT * FROM {call}")  # noqa: S608
    assert result.get_table_schema().get_field_names() == [
        *("n", "rt", "k", "x0"),
        *("is_late", "HOTSPOTS_RESULT", "rowtime"),
    ]
    with result.collect() as rows:
        assert [tuple(row)[5] for row in rows] == ['{"hotspots":[]}']
