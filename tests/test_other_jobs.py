"""The comparison of other jobs' rows finds each difference. `make bench-quick` compares Flink's rows."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from benchmarks import Size, one_slot, other_jobs
from benchmarks.other_jobs import QUERIES, Query
from benchmarks.tables import Unequal

COMPUTED = [query for query in QUERIES if query.name not in {"forest", "hotspots"}]


def given(query: Query, folder: Path) -> tuple[Path, list[str]]:
    """The readings, and the rows of the query by DuckDB as JSON lines."""
    files = other_jobs._files(folder, 3000)
    there = duckdb.connect()
    for name, path in files.items():
        there.read_json(path, format="newline_delimited").create_view(name)
    rows = there.sql(one_slot.query(f"{query.name}.duckdb"))
    lines = [json.dumps(dict(zip(rows.columns, map(_plain, row), strict=True))) for row in rows.fetchall()]
    return Path(files["readings"]), lines


def _plain(value: object) -> object:
    return value if isinstance(value, int | None) else str(value)


@pytest.mark.parametrize("query", COMPUTED, ids=lambda query: query.name)
def test_a_row_too_few_or_twice_is_found(query: Query, tmp_path: Path) -> None:
    """Equal rows in any order pass; a missing row, and a row that came twice, do not."""
    readings, lines = given(query, tmp_path)
    out = tmp_path / query.name
    out.mkdir()
    for written, is_equal in ((lines[::-1], True), (lines[1:], False), ([*lines, lines[-1]], False)):
        (out / "part").write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
        if is_equal:
            other_jobs._require_equal(query, readings, tmp_path)
        else:
            with pytest.raises(Unequal, match=f"{query.name}.sql"):
                other_jobs._require_equal(query, readings, tmp_path)


def test_every_query_has_its_files() -> None:
    """Each query has a text for Flink, and one for DuckDB unless it is compared with something else."""
    names = {path.name for path in one_slot.QUERIES.iterdir()}
    wanted = {f"{query.name}.sql" for query in QUERIES} | {f"{query.name}.duckdb.sql" for query in COMPUTED}
    assert names == wanted | {f"{view}.sql" for view in one_slot.VIEWS}
    for size in Size:
        assert all(small < large for small, large in (query.sizes(size) for query in QUERIES))
