"""The tables in docs/measured.md: each between `<!-- benchmarks:NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks.tables import Table
from program.errors import Failure
from program.processes import ROOT

PAGE = ROOT / "docs" / "measured.md"


class NoPlace(Failure):
    """The page has no marks for a table."""


def picture(table: Table) -> str:
    """The link to a table's plot for the page; empty without a plot."""
    return f"![{table.title}](../benchmarks/results/{table.name}.svg)\n\n" if table.plot else ""


def publish(texts: Mapping[str, str], page: Path = PAGE) -> None:
    """Put these texts of Markdown, by the table's name, between their marks in the page.

    Raises NoPlace, and leaves the page as it is, if a table has no marks there.
    """
    text = page.read_text(encoding="utf-8")
    for name, table in texts.items():
        marks = re.compile(rf"(<!-- benchmarks:{re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = marks.subn(lambda found, table=table: f"{found[1]}{table}{found[2]}", text)  # type: ignore[misc]
        if count != 1:
            raise NoPlace(
                f"docs/{page.name} needs the lines <!-- benchmarks:{name} --> and <!-- end --> once, where the table "
                f"{name!r} is to stand."
            )
    page.write_text(text, encoding="utf-8")
