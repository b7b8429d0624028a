"""What KDA calls a column: the field's own name where it can be one, else COL_ and what is left of it.

https://docs.aws.amazon.com/kinesisanalytics/latest/dev/sch-dis.html, "Column Naming During Schema Discovery"
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

LONGEST = 100
_RENAMED = "COL_"


@cache
def reserved() -> frozenset[str]:
    """The reserved words of KDA's SQL: those of SQL:2003, and its own for streams and times."""
    return frozenset(Path(__file__).with_name("reserved.txt").read_text(encoding="utf-8").split())


def column_name(field: str, number: int) -> str:
    """The name of a column for a field of this name. number: the place of the column, from 0, for names without any."""
    kept = re.sub(r"[^A-Za-z0-9_]", "", field)
    if not kept:
        return f"{_RENAMED}{number}"
    if kept == field and not field[0].isdigit() and len(field) <= LONGEST and field.upper() not in reserved():
        return field
    return (_RENAMED + kept)[:LONGEST]


def unique(name: str, taken: Collection[str]) -> str:
    """The name, with a number behind it if a column has it already."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name[: LONGEST - len(str(number)) - 1]}_{number}"
    return found


def names(paths: list[tuple[str, ...]]) -> list[str]:
    """The names of the columns of these paths: the last field's, with those before it where two are the same."""
    last = [path[-1] for path in paths]
    found: list[str] = []
    for number, path in enumerate(paths):
        is_shared = last.count(path[-1]) > 1 and len(path) > 1
        found.append(unique(column_name("_".join(path) if is_shared else path[-1], number), found))
    return found


_PLAIN = re.compile(r"[^\s.\[\]'\"`,$*@?()]+")


def mapping(path: tuple[str, ...]) -> str:
    """The path of a field in a row, as KDA's schemas have it: $.quote.price, and $['a b'] for other names."""
    return "$" + "".join(f".{one}" if _PLAIN.fullmatch(one) else f"[{_quoted(one)}]" for one in path)


def has_path(path: tuple[str, ...]) -> bool:
    """Whether a path can name the field: quotes have no escapes there."""
    return not any("'" in one and '"' in one for one in path)


def _quoted(name: str) -> str:
    return f'"{name}"' if "'" in name else f"'{name}'"
