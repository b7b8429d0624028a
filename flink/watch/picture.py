"""The newest rows on a terminal, as a picture in a fixed place; without a terminal, as tables one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flink.watch.reading import Taken
from pipeline import results
from pipeline.job import Job
from program import tables
from program.formats import many

FEW = 10  # rows of a view where no terminal limits them
ARRIVAL = "arrival"  # the column of a source that has it
FRAME = 3  # lines of a view besides its rows: a blank line, its title, the names of its columns


@dataclass
class Seen:
    """The newest rows of a view that are kept, the oldest first, and the number of all."""

    newest: deque[tuple[str, Mapping[str, Any]]]
    rows: int = 0
    fresh: int = field(default=0)  # rows since the last time

    def add(self, taken: Taken) -> None:
        """Count what has come, and keep the newest of it."""
        self.fresh, self.rows = taken.rows - self.rows, taken.rows
        self.newest.extend(taken.newest)


@dataclass(frozen=True)
class Scene:
    """What stays the same.

    job: its relations are shown. text: what the records are of. since: where reading began; empty for the begin of a
    file. note: on the second line. counted: the sources whose rows are records. ends: of the titles of the views to
    show, by name. rows: of each view, None for as many as there is room for.
    """

    job: Job
    text: str
    since: str
    note: str
    counted: Sequence[str]
    ends: Mapping[str, str]
    rows: int | None

    def head(self, seen: Mapping[str, Seen]) -> str:
        """The first line: how many records were read, and up to which arrival."""
        records = many(sum(seen[table].rows for table in self.counted), "record")
        arrivals = [row[ARRIVAL] for table in self.counted for _change, row in seen[table].newest if row.get(ARRIVAL)]
        until = f"to {max(arrivals)[11:19]} UTC" if arrivals else "on"
        return f"{self.job.name}: {records} of {self.text}" + (f" from {self.since} {until}" if self.since else "")


Show = Callable[[Mapping[str, Taken]], None]


def kept(rows: int | None) -> int:
    """The rows of a view that can be shown at once."""
    console = Console()
    return rows or (console.height if console.is_terminal else FEW)


@contextmanager
def view(scene: Scene) -> Iterator[Show]:
    """A function that shows what has come."""
    seen = {name: Seen(deque(maxlen=kept(scene.rows))) for name in (*scene.counted, *scene.ends)}
    console = Console(highlight=False)
    if not console.is_terminal:
        yield _Appended(scene, seen)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def show(taken: Mapping[str, Taken]) -> None:
            for name, one in seen.items():
                one.add(taken[name])
            live.update(picture(scene, seen, console.size), refresh=True)

        yield show


class _Appended:
    """Tables of the views that have new rows, for a log or a pipe."""

    def __init__(self, scene: Scene, seen: Mapping[str, Seen]) -> None:
        self._scene, self._seen = scene, seen
        self._console = tables.console()

    def __call__(self, taken: Mapping[str, Taken]) -> None:
        for name, one in self._seen.items():
            one.add(taken[name])
        shown = {name: self._seen[name] for name in self._scene.ends if self._seen[name].fresh}
        if shown:
            self._print(f"{datetime.now(UTC):%H:%M:%S} UTC  {self._scene.head(self._seen)}")
        for name, one in shown.items():
            rows = list(one.newest)[-one.fresh :]
            some = f", the newest {len(rows)}" if len(rows) < one.fresh else ""
            self._print(f"{name}: {one.fresh:,} new of {many(one.rows, 'row')}{some}{self._scene.ends[name]}")
            self._console.print(_table(self._scene, name, rows, self._console.width))

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


def picture(scene: Scene, seen: Mapping[str, Seen], size: ConsoleDimensions) -> Group:
    """The whole view for a terminal of this size, the newest rows of each view first."""
    parts: list[RenderableType] = [_line(scene.head(seen), "bold"), _line(scene.note, "dim")]
    views = {name: seen[name] for name in scene.ends}
    room = tables.shares([len(one.newest) for one in views.values()], size.height - len(parts) - FRAME * len(views) - 1)
    for (name, one), rows in zip(views.items(), room, strict=True):
        shown = list(one.newest)[::-1][:rows]
        count = many(one.rows, "row") if rows == one.rows else f"the newest {rows} of {one.rows:,} rows"
        parts += ["", _line(f"{name}: {count if one.rows else 'no row yet'}{scene.ends[name]}", "bold")]
        parts += [_table(scene, name, shown, size.width)] if shown else []
    return Group(*parts)


def _line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _table(scene: Scene, name: str, rows: Sequence[tuple[str, Mapping[str, Any]]], width: int) -> Table:
    """The rows, each on a line; with the change that each is if not all are additions."""
    columns = results.columns(scene.job, name, list(rows[0][1]))
    if all(change == "+I" for change, _row in rows):
        return tables.table(columns, [row for _change, row in rows], width)
    return tables.table(["op", *columns], [{"op": change, **row} for change, row in rows], width)
