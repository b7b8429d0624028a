"""The demo on a terminal, as one picture in a fixed place; without a terminal, as a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local.watch import NEWEST, Seen

LINE_SECONDS = 3.0


@dataclass(frozen=True)
class Scene:
    """The parts of the screen that stay the same during a demo: addresses and the task."""

    web: str
    endpoint: str
    logs: str
    task: str
    page: str | None = None


Show = Callable[[Seen, str], None]


@contextmanager
def view(scene: Scene) -> Iterator[Show]:
    """A function that shows the counts so far and the phase of the demo."""
    console = Console()
    if not console.is_terminal:
        yield _Lines(scene)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda seen, phase: live.update(picture(scene, seen, phase), refresh=True)


class _Lines:
    """Plain lines, for a log or a pipe."""

    def __init__(self, scene: Scene) -> None:
        self._shown = 0.0
        self._phase = ""
        page = f"\nDashboard: {scene.page}" if scene.page else ""
        print(f"{scene.task}{page}\nFlink's web UI: {scene.web}\nAWS endpoint: {scene.endpoint}\nLogs: {scene.logs}")
        sys.stdout.flush()

    def __call__(self, seen: Seen, phase: str) -> None:
        now = time.monotonic()
        if phase == self._phase and now - self._shown < LINE_SECONDS:
            return
        self._shown, self._phase = now, phase
        errors = ", ".join(f"{name} {count}" for name, count in sorted(seen.errors.items())) or "none"
        print(
            f"{phase}: sent {seen.sent} ({seen.rate:.0f}/s), read {seen.read}, watermark {watermark(seen)}, "
            f"windows closed {len(seen.windows)}, rows {seen.rows} on the stream and {seen.table} in the table, "
            f"errors {errors}, checkpoints {seen.checkpoints}, restarts {seen.restarts}",
            flush=True,
        )


def watermark(seen: Seen) -> str:
    return "none yet" if seen.watermark is None else f"{seen.watermark:%Y-%m-%d %H:%M:%S}"


def picture(scene: Scene, seen: Seen, phase: str) -> Panel:
    """The whole view, always of the same height, so that nothing on the screen moves."""
    numbers = Table.grid(padding=(0, 2))
    for width in (13, 19, 26, 7):  # fixed, so that larger numbers move nothing
        numbers.add_column(min_width=width)
    for row in (
        ("records sent", f"{seen.sent:,}", "rows on the summary stream", f"{seen.rows:,}"),
        ("read by Flink", f"{seen.read:,}", "items in the table", f"{seen.table:,}"),
        ("throughput", f"{seen.rate:,.0f}/s", "windows closed", f"{len(seen.windows):,}"),
        ("watermark", watermark(seen), "errors PARSE", f"{seen.errors['PARSE']:,}"),
        ("checkpoints", f"{seen.checkpoints:,}", "errors COERCION", f"{seen.errors['COERCION']:,}"),
        ("restarts", f"{seen.restarts:,}", "errors LATE", f"{seen.errors['LATE']:,}"),
    ):
        numbers.add_row(
            Text(row[0], style="dim"), Text(row[1], style="bold"), Text(row[2], style="dim"), Text(row[3], style="bold")
        )
    rows = Table(title="newest summary rows", title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading, width in (("Name", 12), ("StatusTime (minute's end)", 25), ("Distance", 8)):
        rows.add_column(heading, min_width=width, justify="right" if heading == "Distance" else "left")
    for heading in ("MagicPoints", "HealthPoints"):
        rows.add_column(heading, min_width=11, justify="right")
    newest = list(seen.newest)
    for row in reversed(newest):
        rows.add_row(
            Text(row["Name"]),
            row["StatusTime"],
            f"{row['Distance']:,} m",
            f"{row['MinMagicPoints']} to {row['MaxMagicPoints']}",
            f"{row['MinHealthPoints']} to {row['MaxHealthPoints']}",
        )
    for _missing in range(NEWEST - len(newest)):
        rows.add_row("", "", "", "", "")
    page = f"dashboard       {scene.page}\n" if scene.page else ""
    where = Text(f"{page}Flink's web UI  {scene.web}\nAWS endpoint    {scene.endpoint}\nlogs            {scene.logs}")
    return Panel(
        Group(Text(scene.task), "", numbers, "", rows, "", where),
        title=f"[bold]unicorns over New York City: {phase}",
        title_align="left",
        subtitle="Ctrl-C ends it and checks every row",
        subtitle_align="left",
    )
