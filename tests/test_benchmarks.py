"""The frame of the benchmarks: processes and what they use, turns, figures, tables, plots, the page."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from benchmarks import command, page, peers, processes, tables, turns
from benchmarks.figures import Spread, number, slope, slopes
from benchmarks.plots import Bars, Lines
from benchmarks.tables import Run, Table
from java import paths
from program import environment
from program.processes import RunError
from program.waiting import wait_until

RUN = Run("python -m benchmarks job", date(2026, 11, 28), "2 cores", {"python": "3.11.2"})
FIGURES = Table(
    "cost",
    "What a record costs",
    ("program", "µs", "rows"),
    (("Flink & more", Spread(1.0, 2.0, 3.0), 1200), ("Java", 0.5, None)),
    notes=("Bytewax is absent.",),
    plot=Bars("µs", {"Flink & more": Spread(1, 2, 3)}, marked="Flink & more"),
    raw={"Flink & more": [1.0, 2.0, 3.0]},
)


def python(code: str, limit: float = 60, log: Path | None = None) -> processes.Used:
    return processes.run([sys.executable, "-c", code], environment=environment.plain(), limit=limit, log=log)


def burning(loops: int) -> str:
    return f"sum(n * n for n in range({loops}))"


def test_a_spread_has_minimum_median_and_maximum() -> None:
    """A spread shows the median, and the others where they differ; none of nothing."""
    assert Spread.of([3, 1, 2]) == Spread(1, 2, 3)
    assert str(Spread.of([5.21, 4.9, 5.6])) == "5.21 (4.90 to 5.60)"
    assert str(Spread.of([2.0])) == "2.00"
    with pytest.raises(ValueError, match="needs a value"):
        Spread.of([])


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.01234, "0.0123"), (0.5, "0.5"), (5.216, "5.22"), (17.44, "17.4"), (1204.4, "1,204"), (-3.0, "-3.00")],
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    """A figure has three digits that count; whole numbers have all of theirs."""
    assert number(value) == shown


def test_the_slope_leaves_the_start_out() -> None:
    """Runs that cost 10 s and 2 µs a record have a slope of 2 µs, each round its own."""
    assert slope(12.0, 20.0, (1_000_000, 5_000_000)) == pytest.approx(2e-6)
    assert slopes([12.0, 11.0], [20.0, 15.0], (1_000_000, 5_000_000)) == pytest.approx([2e-6, 1e-6])
    with pytest.raises(ValueError, match="shorter"):
        slopes([12.0, 11.0], [20.0], (1, 2))


def test_a_process_is_measured_with_its_children() -> None:
    """CPU time and memory of a child count, also of one that outlives its parent without being waited for."""
    child = f"held = bytearray(200_000_000); {burning(3_000_000)}"
    alone = python(child)
    left = python(f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(0.5)")
    assert alone.cpu_s > 0
    assert left.cpu_s > alone.cpu_s / 2
    assert left.peak_bytes > 200_000_000
    assert alone.wall_s > 0


def test_a_failing_process_is_a_sentence(tmp_path: Path) -> None:
    """The sentence has the exit code and the last line; the output stays in the log."""
    with pytest.raises(RunError, match=r"failed with exit code 3: no luck$"):
        python("import sys; print('no luck'); sys.exit(3)", log=tmp_path / "log")
    assert (tmp_path / "log").read_text() == "no luck\n"


def test_a_process_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """After its limit nothing is left of the process."""
    code = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
    with pytest.raises(RunError, match="did not end within 2 s"):
        python(f"{code} print(p.pid, flush=True); time.sleep(99)", limit=2, log=tmp_path / "log")
    assert not Path("/proc", (tmp_path / "log").read_text().strip()).exists()


class Told:
    """A load that is known before."""

    def __init__(self, foreign: float) -> None:
        self._foreign = foreign

    def foreign(self) -> float:
        return self._foreign


def turning(foreign: Iterable[float], rounds: int, **more: float) -> tuple[list[str], turns.Turns[int]]:
    """The order of the calls, and the results: the number of each call."""
    called: list[str] = []

    def contender(name: str) -> int:
        called.append(name)
        return len(called)

    shares = iter(foreign)
    found = turns.take_turns(
        {name: lambda name=name: contender(name) for name in "abc"},  # type: ignore[misc]
        rounds,
        load=lambda: Told(next(shares)),
        **more,
    )
    return called, found


def test_contenders_take_turns() -> None:
    """Each round begins with another contender; each result stands with its contender."""
    called, found = turning([0, 0, 0], 3)
    assert "".join(called) == "abccabbca"
    assert found == {"a": [1, 5, 9], "b": [2, 6, 7], "c": [3, 4, 8]}
    assert found.notes == []


def test_rounds_with_foreign_load_are_repeated() -> None:
    """A round above the limit is repeated, and does not count when enough others are quiet."""
    called, found = turning([0.3, 0.1, 0.0], 2)
    assert len(called) == 9
    assert found.foreign == [0.1, 0.0]
    assert found["a"] == [5, 9]
    assert found.notes == ["Left out for more foreign load: 1 further round."]


def test_foreign_load_that_stays_is_told() -> None:
    """At most as many rounds again are tried, those with the least load count, and a note tells of it."""
    called, found = turning([0.5, 0.4, 0.05, 0.3], 2)
    assert len(called) == 12
    assert found.foreign == [0.05, 0.3]
    assert any("30%" in note and "1 of 2 rounds" in note for note in found.notes)


def test_no_round_is_repeated_when_the_time_is_up() -> None:
    """A round that would end after `ends_by` is not repeated: the rounds stand as they are."""
    called, found = turning([0.5, 0.4], 2, ends_by=0)
    assert len(called) == 6
    assert found.foreign == [0.5, 0.4]


def test_own_processes_are_no_foreign_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Foreign is what the machine used, less this process and its children; what they use does not count."""
    busy = iter([100.0, 100.0 + 1.0])
    monkeypatch.setattr(turns, "_busy", lambda: next(busy))
    monkeypatch.setattr(turns.Load, "_own", lambda _load: 1.0)
    assert turns.Load().foreign() == 0


def test_cpu_time_of_a_grandchild_that_is_killed_is_own() -> None:
    """What a process used counts as this process's own, also if nobody has waited for its end."""
    load = turns.Load()
    parent = subprocess.Popen(
        ["/bin/sh", "-c", f"{sys.executable} -c 'while True: pass' & wait"], start_new_session=True
    )
    try:
        wait_until(lambda: load._own() > 0.5, 60)
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait(10)
    load.foreign()
    assert load._own() > 0.5


def test_markdown() -> None:
    """A table has its figures to the right, its notes, and how it was made."""
    assert tables.markdown(FIGURES, RUN).splitlines() == [
        "| program | µs | rows |",
        "|---|---:|---:|",
        "| Flink & more | 2.00 (1.00 to 3.00) | 1,200 |",
        "| Java | 0.5 |  |",
        "",
        "- Bytewax is absent.",
        "- 2026-11-28, 2 cores: `python -m benchmarks job`",
    ]


def test_written_tables(tmp_path: Path) -> None:
    """JSON has the figures of each round, date, machine, command and versions; the plot is well-formed."""
    tables.write(FIGURES, RUN, tmp_path)
    found = json.loads((tmp_path / "cost.json").read_text(encoding="utf-8"))
    assert found["raw"] == {"Flink & more": [1.0, 2.0, 3.0]}
    assert found["rows"] == [["Flink & more", [1.0, 2.0, 3.0], 1200], ["Java", 0.5, None]]
    assert (found["date"], found["machine"], found["command"]) == ("2026-11-28", "2 cores", "python -m benchmarks job")
    assert found["versions"] == {"python": "3.11.2"}
    assert (tmp_path / "cost.md").read_text(encoding="utf-8").startswith("# What a record costs\n\n| program |")
    ElementTree.parse(tmp_path / "cost.svg")  # noqa: S314  (its own file)


def test_a_plot_of_lines() -> None:
    """Lines have a legend and marks on both axes, which may be by powers of ten."""
    lines = Lines("keys", "s", {"heap": [(10, 0.5), (1000, 2)], "<RocksDB>": [(10, 1), (1000, 40)]}, by_tens=("x", "y"))
    texts = [one.text for one in ElementTree.fromstring(lines.svg("State")).iter() if one.text]  # noqa: S314
    assert {"State", "heap", "<RocksDB>", "keys", "s", "10.0", "1,000", "100"} <= set(texts)
    ElementTree.fromstring(Lines("a", "b", {"even": [(0, 0), (7, 33)]}).svg("Even"))  # noqa: S314


def test_the_page_gets_the_tables(tmp_path: Path) -> None:
    """A table replaces what is between its marks, and nothing else; without marks the page stays as it is."""
    file = tmp_path / "measured.md"
    file.write_text("Before\n<!-- benchmarks:cost -->\nold\n<!-- end -->\nAfter\n<!-- benchmarks:b -->\n<!-- end -->\n")
    page.publish({"cost": "new \\1\n"}, file)
    written = file.read_text(encoding="utf-8")
    assert written.startswith("Before\n<!-- benchmarks:cost -->\nnew \\1\n<!-- end -->\nAfter\n<!-- benchmarks:b -->\n")
    with pytest.raises(page.NoPlace, match="<!-- benchmarks:absent -->"):
        page.publish({"cost": "newer\n", "absent": "x"}, file)
    assert file.read_text(encoding="utf-8") == written


def modules() -> set[str]:
    """The modules of the folder that measure."""
    return {
        path.stem
        for path in (paths.ROOT / "benchmarks").glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "measure"
    }


def test_every_benchmark_is_listed() -> None:
    """--list has each module that measures, by its NAME, with the first line of its docstring."""
    known = (*command.BENCHMARKS, *command.BY_NAME)
    assert set(known) == modules()
    listed = CliRunner().invoke(command.program, ["--list"])
    assert listed.exit_code == 0
    for name, line in zip(known, listed.output.splitlines(), strict=True):
        assert name == command._module(name).NAME
        assert line.split(maxsplit=1) == [name, command._first_line(command._module(name))]


def test_wrong_names_and_flags() -> None:
    """An unknown benchmark, and figures of small sizes for the page, are refused in a sentence."""
    assert "no benchmark 'jop'" in CliRunner().invoke(command.program, ["jop"]).output
    assert "leave out --quick" in CliRunner().invoke(command.program, ["--quick", "--publish"]).output


def test_peers_are_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that are there as pinned are not installed again; a failure is a sentence, and leaves no mark."""
    lock, python, stamp = tmp_path / "peers.txt", tmp_path / "python", tmp_path / ".stamp"
    lock.write_text("orjson==3.13.0\n")
    for name, value in (("LOCK", lock), ("PYTHON", python), ("_STAMP", stamp), ("FOLDER", tmp_path / "peers")):
        monkeypatch.setattr(peers, name, value)
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho started >&2\necho no route to the index >&2\nexit 2\n")
    uv.chmod(0o755)
    monkeypatch.setattr(peers, "_UV", uv)
    said: list[str] = []
    with pytest.raises(RunError, match=r"cannot be installed \(no route to the index\)"):
        peers.install(said.append)
    assert not peers.are_installed()
    assert peers.version("orjson") is None
    uv.write_text("#!/bin/sh\n")
    python.touch()
    peers.install(said.append)
    assert peers.are_installed()
    peers.install(said.append)
    assert len(said) == 2
