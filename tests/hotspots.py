"""Points with planted hotspots, the function hotspots over any points in Flink, and the picture of docs/hotspots.md.

    python -m tests.hotspots docs/hotspots.svg

writes the picture anew, from a run in Flink.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flink import trial
from java import FUNCTIONS
from pipeline import statements

BEGIN = datetime(2026, 11, 22, 10)  # noqa: DTZ001 (TIMESTAMP has no time zone)
SQUARE = 10.0  # the side of the plane
SIDE = 1.0  # of a planted hotspot
SHARE = 0.2  # of the points that are in the hotspot
SPELLED = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@dataclass(frozen=True)
class Row:
    """A row: milliseconds after the beginning, what tells equal times apart, the partition, the coordinates."""

    time: int
    number: int
    key: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Arguments:
    """Those of the function."""

    window: int
    radius: float
    minimum: int


GUIDE = Arguments(1000, 0.2, 17)  # those of the developer guide's example


def planted(drawn: random.Random, corners: Sequence[tuple[float, float]], count: int) -> Iterator[tuple[float, float]]:
    """`count` points: a fifth of them in the square of each corner, the others anywhere.

    With one corner these are the proportions of the data in the developer guide of Kinesis Data Analytics.
    """
    for _each in range(count):
        place = int(drawn.random() / SHARE)
        if place < len(corners):
            left, bottom = corners[place]
            yield left + drawn.random() * SIDE, bottom + drawn.random() * SIDE
        else:
            yield drawn.random() * SQUARE, drawn.random() * SQUARE


def environment(options: Mapping[str, str]) -> Any:
    """A TableEnvironment that knows the function. Needs the JVM."""
    made = statements.environment({**trial.CONFIGURATION, "table.local-time-zone": "UTC", **options})
    made.execute_sql(f"CREATE TEMPORARY FUNCTION hotspots AS '{FUNCTIONS['hotspots']}' LANGUAGE JAVA")
    return made


def declare(tables: Any, folder: Path, files: Sequence[Sequence[Row]], delay: str = "INTERVAL '1' DAY") -> None:
    """Make the view `points` of these rows, each file of them a split. delay: of the watermark; a day: none is late."""
    folder.mkdir(parents=True)
    for number, rows in enumerate(files):
        text = "".join(json.dumps(_written(row)) + "\n" for row in rows)
        (folder / f"{number}.json").write_text(text, encoding="utf-8")
    count = len(files[0][0].values)
    columns = "".join(f", x{column} STRING" for column in range(count))
    tables.execute_sql(
        f"CREATE TEMPORARY TABLE written (rt TIMESTAMP(3), n BIGINT, k STRING{columns}, "
        f"WATERMARK FOR rt AS rt - {delay}) "
        f"WITH ('connector' = 'filesystem', 'path' = '{folder.as_uri()}', 'format' = 'json')"
    )
    casts = "".join(f", TRY_CAST(x{column} AS DOUBLE) AS x{column}" for column in range(count))
    tables.execute_sql(f"CREATE TEMPORARY VIEW points AS SELECT rt, n, k{casts} FROM written")  # noqa: S608


def _written(row: Row) -> dict[str, Any]:
    coordinates = {
        f"x{column}": None if value is None else SPELLED.get(str(value), repr(value))
        for column, value in enumerate(row.values)
    }
    return {"rt": str(BEGIN + timedelta(milliseconds=row.time)), "n": row.number, "k": row.key, **coordinates}


def call(arguments: Arguments, count: int, partition: str = "PARTITION BY k") -> str:
    """The call of the function with the view `points` of this many coordinates."""
    columns = ", ".join(f"x{column}" for column in range(count))
    return (
        f"hotspots(input => TABLE points {partition}, window_size => {arguments.window}, "
        f"scan_radius => {arguments.radius!r}E0, minimum_points => {arguments.minimum}, "
        f"columns => DESCRIPTOR({columns}), on_time => DESCRIPTOR(rt), uid => 'hotspots')"
    )


def results(tables: Any, function: str) -> dict[int, str | None]:
    """HOTSPOTS_RESULT by the row's number."""
    with tables.execute_sql(f"SELECT n, HOTSPOTS_RESULT FROM {function}").collect() as rows:  # noqa: S608
        found = [tuple(row) for row in rows]
    by_number = dict(found)
    assert len(by_number) == len(found), "each row comes out once"
    return by_number


# --- The picture ----------------------------------------------------------------------------------

CORNERS = ((1.2, 6.1), (7.0, 1.6), (4.7, 7.8))
SCALE = 44  # pixels a unit
MARGIN = 14


def drawing(points: Sequence[tuple[float, float]], found: str, corners: Sequence[tuple[float, float]]) -> str:
    """An SVG of the points, the boxes found in them, and the planted squares."""
    size = round(SQUARE * SCALE) + 2 * MARGIN

    def box(least: Sequence[float], most: Sequence[float], kind: str) -> str:
        left, top = _at(least[0], most[1])
        width, height = ((high - low) * SCALE for low, high in zip(least, most, strict=True))
        return f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"/>'

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size + 46}" width="{size}" height="{size + 46}"'
        ' font-family="sans-serif" font-size="13">',
        "<title>Points of a window, the squares planted in them, and the boxes that hotspots found</title>",
        "<style>.ground{fill:#fff}.points{stroke:#4a6b8a;stroke-width:3.4;stroke-linecap:round}.planted{fill:#f2c94c;fill-opacity:.35}"
        ".found{fill:none;stroke:#b3261e;stroke-width:2}text{fill:#222}</style>",
        '<rect class="ground" width="100%" height="100%"/>',
        *(box(corner, [side + SIDE for side in corner], "planted") for corner in corners),
        '<path class="points" d="',
        *("M{:.1f} {:.1f}h0".format(*_at(*point)) for point in points),
        '"/>',
    ]
    for spot in json.loads(found)["hotspots"]:
        lines.append(box(spot["minValues"], spot["maxValues"], "found"))
        left, top = _at(spot["minValues"][0], spot["maxValues"][1])
        lines.append(f'<text x="{left:.1f}" y="{top - 5:.1f}">{spot["density"]:.0f}</text>')
    lines.append(
        f'<text x="{MARGIN}" y="{size + 10}">Yellow: where points were planted. Red: boxes found, with density</text>'
    )
    lines.append(f'<text x="{MARGIN}" y="{size + 30}">(points by area). The ground has 4 by area.</text>')
    return "\n".join([*lines, "</svg>", ""])


def _at(x: float, y: float) -> tuple[float, float]:
    return MARGIN + x * SCALE, MARGIN + (SQUARE - y) * SCALE


def main(path: Path) -> None:
    """Run the function over points with three planted hotspots in one window, and draw the last row's result."""
    points = list(planted(random.Random(7), CORNERS, GUIDE.window))
    rows = [Row(number, number, "", point) for number, point in enumerate(points)]
    with tempfile.TemporaryDirectory() as folder, trial.started(Path(folder)):
        tables = environment({})
        declare(tables, Path(folder, "in"), [rows])
        found = results(tables, call(GUIDE, 2))[len(rows) - 1]
    assert found is not None
    path.write_text(drawing(points, found, CORNERS), encoding="utf-8")
    print(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
