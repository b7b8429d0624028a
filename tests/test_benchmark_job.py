"""The job beside other programs: rows against DuckDB, what a table says, programs that are absent."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import Size, job, processes, readings
from benchmarks.figures import Spread
from benchmarks.job import Contender, Pair
from benchmarks.processes import Used
from benchmarks.readings import SINKS, Expected
from benchmarks.tables import Unequal
from benchmarks.turns import Turns
from java import build, jars, paths
from program import environment

COUNT = 13_000  # of 100 unicorns: two whole minutes and ten seconds of a third
WHAT = Contender(["program"], "in a few words")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of readings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readings, "FOLDER", tmp_path_factory.mktemp("readings"))
        return readings.folder(COUNT)


@pytest.fixture(scope="module")
def expected(given: Path) -> Expected:
    return Expected(given)


@pytest.fixture(scope="module")
def looped(given: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The rows of the Java loop."""
    scratch = tmp_path_factory.mktemp("loop")
    (ecj,) = (paths.JARS / jar.file_name for jar in jars.locked("build"))
    classes = build.compile_jar(ecj, [paths.ROOT / "benchmarks" / "java"], scratch / "loop.jar")
    command = job.contenders(classes)["Java loop"].command
    processes.run([*command, given, scratch / "rows"], environment=environment.plain(), limit=120)
    return (scratch / "rows" / "sensor_data").read_text(encoding="utf-8").splitlines()


def sinks(folder: Path, rows: list[str]) -> Path:
    """Both sinks with these rows: a file, and a folder of files with one that is hidden."""
    (folder / "sensor_data").mkdir(parents=True)
    text = "".join(f"{row}\n" for row in rows)
    (folder / "summary_stream").write_text(text, encoding="utf-8")
    (folder / "sensor_data" / "part-0").write_text(text, encoding="utf-8")
    (folder / "sensor_data" / ".part-0.crc").write_text("no JSON", encoding="utf-8")
    return folder


def test_readings_are_the_same_each_time(given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has as many readings as asked for, and the same bytes wherever it is made; it is made once."""
    first = (given / "readings.jsonl").read_bytes()
    assert first.count(b"\n") == COUNT
    monkeypatch.setattr(readings, "FOLDER", tmp_path)
    again = readings.folder(COUNT) / "readings.jsonl"
    assert again.read_bytes() == first
    made = again.stat().st_mtime_ns
    assert readings.folder(COUNT) == again.parent
    assert again.stat().st_mtime_ns == made


@pytest.mark.slow
def test_equal_rows_pass(expected: Expected, looped: list[str], tmp_path: Path) -> None:
    """The rows of the Java loop are DuckDB's: one per unicorn and minute."""
    assert expected.count == 300
    assert expected.require("loop", sinks(tmp_path, looped)) == 300


@pytest.mark.slow
@pytest.mark.parametrize("change", ["wrong", "missing", "twice"])
def test_unequal_rows_are_refused(change: str, expected: Expected, looped: list[str], tmp_path: Path) -> None:
    """A sum that is off by a metre, a row too few and a row too many are named."""
    row = json.loads(looped[7])
    wrong = json.dumps({**row, "Distance": row["Distance"] + 1})
    instead = {"wrong": [wrong], "missing": [], "twice": [looped[7]] * 2}[change]
    with pytest.raises(Unequal, match=rf"^loop differs from DuckDB in .*{row['Name']} {row['StatusTime']}"):
        expected.require("loop", sinks(tmp_path, [*looped[:7], *instead, *looped[8:]]))


@pytest.mark.slow
def test_each_sink_is_compared(expected: Expected, looped: list[str], tmp_path: Path) -> None:
    """A sink without rows is refused, though the other has all of them."""
    folder = sinks(tmp_path, looped)
    (folder / "sensor_data" / "part-0").unlink()
    with pytest.raises(Unequal, match="no rows into sensor_data: 300 rows were expected"):
        expected.require("loop", folder)
    assert set(SINKS) == {"summary_stream", "sensor_data"}


@pytest.mark.slow
def test_last_minutes_may_be_open(expected: Expected, looped: list[str], tmp_path: Path) -> None:
    """A program that waits for later records lacks rows of the last two minutes only."""
    first = [row for row in looped if "00:01:00.000" in row]
    assert expected.require("waiting", sinks(tmp_path / "first", first), last_is_open=True) == 100
    with pytest.raises(Unequal, match="waiting differs"):
        expected.require("waiting", sinks(tmp_path / "less", first[1:]), last_is_open=True)
    with pytest.raises(Unequal, match="in 200 rows"):
        expected.require("loop", sinks(tmp_path / "all", first))


def pair(small_s: float, large_s: float, memory: int) -> Pair:
    return Pair(Used(small_s, small_s / 2, memory // 2), Used(large_s, large_s / 2, memory))


def test_the_table_has_slopes_and_ratios() -> None:
    """A record costs the slope between both sizes; a ratio is of the same round; start is what is left."""
    found = Turns(
        {
            job.SHIPPED: [pair(14, 30, 900_000_000), pair(16, 40, 1_100_000_000)],
            job.PLAIN: [pair(12, 20, 800_000_000), pair(12, 24, 800_000_000)],
        },
        [0.0, 0.0],
        ["A note on load."],
    )
    table = job._table(Size.FULL, {job.SHIPPED: WHAT, job.PLAIN: WHAT}, found, {"orjson": "3.13.0", "pathway": None})
    shipped, plain = table.rows
    assert shipped[:3] == [f"{job.SHIPPED}: in a few words", Spread(4.0, 5.0, 6.0), Spread(2.0, 2.0, 2.0)]
    assert plain[1:5] == [Spread(2.0, 2.5, 3.0), Spread(1, 1, 1), Spread(1.0, 1.25, 1.5), Spread(1, 1, 1)]
    assert shipped[5] == Spread(900.0, 1000.0, 1100.0)
    assert shipped[6] == Spread(5.0, 5.0, 5.0)
    assert table.notes[-1] == "A note on load."
    assert table.versions == {"orjson": "3.13.0"}
    assert json.loads(json.dumps(table.raw))[job.PLAIN][1]["large"] == {
        "cpu_s": 24,
        "wall_s": 12,
        "peak_bytes": 800_000_000,
    }


def test_small_sizes_have_no_figures() -> None:
    """The table of small sizes says which programs gave equal rows, and no figure."""
    found = Turns({job.SHIPPED: [pair(9, 9, 1)]}, [0.0], [])
    assert job._table(Size.QUICK, {job.SHIPPED: WHAT}, found, {}).rows == [[job.SHIPPED, "in a few words"]]


COPIES = """
import pathlib, shutil, sys
output = pathlib.Path(sys.argv[3])
output.mkdir()
for sink in ("summary_stream", "sensor_data"):
    shutil.copyfile(sys.argv[1], output / sink)
"""


@pytest.mark.slow
def test_peers_may_be_absent_or_fail(looped: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that is absent, or fails, is left out with a sentence; one with wrong rows ends the benchmark."""
    for name, lines in (("rows", looped), ("fewer", looped[1:])):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    copying = [sys.executable, "-c", COPIES]
    known = {
        job.SHIPPED: Contender([*copying, tmp_path / "rows"], "equal"),
        "Failing": Contender([sys.executable, "-c", "raise SystemExit('no luck')"], "fails", package="failing"),
        "Absent": Contender(["nothing"], "absent", package="absent"),
    }
    monkeypatch.setattr(readings, "FOLDER", tmp_path / "readings")
    monkeypatch.setattr(job, "QUICK", (COUNT, COUNT))
    monkeypatch.setattr(job, "contenders", lambda _classes: known)
    monkeypatch.setattr(job.peers, "version", {"failing": "1.0", "wrong": "1.0"}.get)
    (table,) = job.measure(Size.QUICK, print)
    assert [row[0] for row in table.rows] == [job.SHIPPED]
    absent, failed = table.notes[-2:]
    assert absent == "Not there, so not measured: Absent; `python -m benchmarks --peers` installs them."
    assert failed.startswith("Without Failing: ")
    assert failed.endswith("failed with exit code 1: no luck")
    known["Wrong"] = Contender([*copying, tmp_path / "fewer"], "wrong", package="wrong")
    with pytest.raises(Unequal, match="Wrong differs from DuckDB in 1 row of summary_stream"):
        job.measure(Size.QUICK, print)
