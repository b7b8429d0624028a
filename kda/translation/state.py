"""What a translation has made so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kda.rule import Part, Subject
from kda.translation.expressions import Failure
from kda.translation.names import Names
from kda.translation.options import Options
from kda.translation.scopes import Rows
from kda.translation.text import commented


@dataclass(frozen=True)
class View:
    """A view, with its rows."""

    name: str
    rows: Rows


@dataclass(frozen=True)
class Tried:
    """A view of rows with the column that says why a row fails. values: its other columns, for a message."""

    view: str
    failure: str
    pump: str
    rows: Rows


@dataclass
class State:
    """A translation in the making. steps: views on the way to others; stream, pump: of what is translated now."""

    subject: Subject
    options: Options
    names: Names = field(default_factory=Names)
    views: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    stream: str = ""
    pump: str = ""

    def __post_init__(self) -> None:
        self._parts = {id(part.select): part for part in self.subject.parts}

    def part(self, select: object) -> Part:
        """The SELECT with its windows and relations."""
        return self._parts[id(select)]

    def note(self, text: str) -> None:
        """A sentence for the README, once."""
        if text not in self.notes:
            self.notes.append(text)

    def add(self, wanted: str, comments: Iterable[str], sql: str) -> str:
        """Add a view; its name, which may be another than the wanted one."""
        return self.put(self.names.given(wanted), comments, sql)

    def step(self, wanted: str, comments: Iterable[str], sql: str) -> str:
        """Add a view on the way to another; its name."""
        return self.put_step(self.names.given(wanted), comments, sql)

    def put_step(self, name: str, comments: Iterable[str], sql: str) -> str:
        """Add a view on the way to another under a name that was given already."""
        self.steps.append(name)
        return self.put(name, comments, sql)

    def put(self, name: str, comments: Iterable[str], sql: str) -> str:
        """Add a view under a name that was given already."""
        self.views[name] = commented(comments, sql) + "\n"
        return name


def messages(failures: Iterable[Failure], pump: str) -> list[tuple[str, str]]:
    """The condition of each failure, once, and its text: its name, the pump, what it is."""
    found: dict[str, str] = {}
    for one in failures:
        found.setdefault(one.condition, f"{one.name}: pump {pump}: {one.text}")
    return list(found.items())
