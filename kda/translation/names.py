"""Names of tables and views: those of the application, as far as the pipeline takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_LONGEST = 50
# Columns of Flink's windows, and those that it takes for ROWTIME there, as it looks for that in any case of letters.
_MET = re.compile("(window_(start|end|time)|(?!ROWTIME_*$)(?i:rowtime))_*")
_PIPELINE = Path(__file__).resolve().parents[2] / "pipeline"
# Names of the pipeline, beside those of its views: of groups of settings, and of the sink of errors.
_TAKEN = ("job", "aws", "files", "error_stream", "tally")


@cache
def reserved() -> frozenset[str]:
    """The words, in upper case, that cannot name a table or view."""
    lines = (_PIPELINE / "reserved.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _shared() -> tuple[str, ...]:
    return tuple(path.stem for kind in ("tables", "views") for path in (_PIPELINE / kind).glob("*.sql"))


class Names:
    """Names that were given, each once, whatever their case: a file's name is one."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.upper() for name in (*_TAKEN, "windowed", "checked", *_shared(), *taken)}

    def given(self, wanted: str) -> str:
        """The name itself if it can be one; else the nearest that can and is free."""
        base = re.sub(r"\W", "_", wanted, flags=re.ASCII)
        if not re.match(r"[A-Za-z]", base):
            base = f"S{base}" if base.startswith("_") else f"S_{base}"
        if base.upper() in reserved():
            base += "_"
        base = base[:_LONGEST]
        found, number = base, 1
        while found.upper() in self._taken or found.upper() in reserved():
            number += 1
            suffix = f"_{number}"
            found = base[: _LONGEST - len(suffix)] + suffix
        self._taken.add(found.upper())
        return found


def inside(name: str) -> str:
    """The name of a column in views: not the name of a column that it would meet in Flink's windows."""
    return f"{name}_" if _MET.fullmatch(name) else name


def outside(name: str) -> str:
    """The name in KDA of a column in views."""
    return name[:-1] if name.endswith("_") and _MET.fullmatch(name) else name


def unique(names: Iterable[str]) -> list[str]:
    """The names of columns, numbered where one comes again."""
    found: list[str] = []
    for name in names:
        one, number = name, 1
        while one in found:
            number += 1
            one = f"{name}_{number}"
        found.append(one)
    return found
