"""Measurements: every figure of docs/measured.md that says so comes from `python -m benchmarks`.

    command        the command line: which benchmarks, how large, where the tables go
    processes      a process and its children to their end: CPU time, wall time, peak memory
    turns          contenders take turns, several rounds; rounds with too much foreign load are repeated
    figures        minimum, median, maximum; the slope between two sizes, which takes the start out
    tables         a table: printed, as JSON with the figures of each round, as Markdown, with a plot
    plots          bars and lines as SVG
    page           the tables in docs/measured.md, between their marks
    peers          other programs to compare with, in an environment of their own

A benchmark is a module with NAME, a first docstring line that says what is measured, and

    def measure(size: Size, say: Say) -> list[Table]

It compares the results of what it measures with an independent computation, and raises Unequal if they differ. It never
asserts a time.
"""

from __future__ import annotations

from enum import Enum


class Size(Enum):
    """FULL: for figures. QUICK: small inputs, one round, for a check that all contenders give equal results."""

    FULL = "full"
    QUICK = "quick"
