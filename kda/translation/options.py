"""How an application is translated, and what has no translation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from sqlglot import exp

from kda.program import offset
from program.errors import Unusable

UNKNOWN = -1  # of an Untranslatable: the place is that of the value that it is raised for


class Untranslatable(Unusable):
    """What `check` does not refuse and has no translation all the same. offset: an index into the SQL, or UNKNOWN."""

    def __init__(self, offset: int, text: str) -> None:
        self.offset, self.text = offset, text
        super().__init__(f"{text}.")


def refuse_processing(node: exp.Expr, what: str) -> NoReturn:
    """Raise Untranslatable for what Flink has for the times of rows only."""
    refuse(node, f"{what} has no translation with --time processing, which Flink does not do: take --time arrival")


def refuse(node: exp.Expr, text: str) -> NoReturn:
    """Raises Untranslatable at this node."""
    raise Untranslatable(offset(node), text)


@dataclass(frozen=True)
class Options:
    """What a person may choose.

    time: "arrival", "processing" or "column:NAME[,bound]"; align: a row of a window counts in the window that it ends;
    exact_types: REAL stays a number of 32 bits; keep_order: ORDER BY sorts; leave_out: pumps that are not translated.
    """

    time: str = "arrival"
    align: bool = False
    exact_types: bool = False
    keep_order: bool = False
    leave_out: frozenset[str] = frozenset()
