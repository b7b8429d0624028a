"""What a rule of `check` is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from sqlglot import exp

from kda.applications import Application
from kda.functions import TUMBLING
from kda.nodes import called
from kda.program import Program, Pump, offset, parsed
from kda.scope import ERROR_STREAM, Catalog, Relation, own
from kda.windows import Window, Windowing, windowing


class Kind(StrEnum):
    """What becomes of a construct: the same rows; a named difference; a choice; nothing."""

    KEPT = "KEPT"
    CHANGED = "CHANGED"
    DECIDE = "DECIDE"
    CANNOT = "CANNOT"


@dataclass(frozen=True)
class Found:
    """A place where a rule applies. at: an index into the SQL, or into the file for what is configured there."""

    at: int
    text: str
    pump: str | None = None
    in_file: bool = False


@dataclass(frozen=True)
class Part:
    """A SELECT of a pump, with its windows and relations."""

    pump: Pump
    select: exp.Select
    windowing: Windowing
    relations: tuple[Relation, ...]

    @property
    def windows(self) -> tuple[Window, ...]:
        """Its windows that end: of GROUP BY, of SELECT DISTINCT, and of table functions."""
        one = self.windowing
        distinct = (one.distinct,) if one.distinct and one.distinct not in one.tumbling else ()
        return (*one.tumbling, *distinct, *one.counting)

    def calls(self, names: Collection[str]) -> Iterator[tuple[exp.Expr, str]]:
        """The calls of these functions, without those in inner queries, each with its name in upper case."""
        for node in own(self.select):
            if (name := called(node)) in names:
                yield node, name

    def found(self, node: exp.Expr, text: str) -> Found:
        """The rule applies at this node."""
        return Found(offset(node), text, self.pump.name)


@dataclass(frozen=True)
class Subject:
    """An application with its program and relations."""

    application: Application
    program: Program
    catalog: Catalog

    @staticmethod
    def of(application: Application) -> Subject:
        """Parse the application's SQL. Raises Malformed."""
        program = parsed(application.code)
        return Subject(application, program, Catalog.of(application, program))

    def completed(self, application: Application) -> Subject:
        """The same SQL, with an application that knows more of what it reads."""
        return Subject(application, self.program, Catalog.of(application, self.program))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The SELECTs of all pumps."""
        return tuple(
            Part(pump, select, windowing(select, self.catalog), tuple(self.catalog.relations(select)))
            for pump in self.program.pumps
            for select in pump.selects
        )

    @cached_property
    def read(self) -> dict[str, Part]:
        """The names of the relations that the pumps read, each with the first SELECT that reads it."""
        found: dict[str, Part] = {}
        for part in self.parts:
            for relation in part.relations:
                if relation.name and relation.kind != "function":
                    found.setdefault(relation.name, part)
        return found

    @cached_property
    def windowed(self) -> frozenset[str]:
        """The in-application streams whose rows are those of windows, or made of such rows."""
        found: set[str] = set()
        while True:
            more = {part.pump.target for part in self.parts if self._has_windows(part, found)}
            if more <= found:
                return frozenset(found)
            found |= more

    @cached_property
    def untaken(self) -> frozenset[str]:
        """The pumps whose rows lead to no output, where the file names outputs."""
        outputs = {one.stream.upper() for one in self.application.outputs} - {ERROR_STREAM}
        new = {name for name in self.program.streams if name.upper() in outputs}
        found = set[str]()
        while new:
            found |= new
            read = (part.relations for part in self.parts if part.pump.target in new)
            new = {one.name for relations in read for one in relations if one.name in self.program.streams} - found
        return frozenset(pump.name for pump in self.program.pumps if found and pump.target not in found)

    def is_over_windows(self, window: Window) -> bool:
        """Whether the rows that a window takes come from windows: of a stream, or of a query in FROM."""
        if window.time is None:
            return False
        relations = self.catalog.relations(window.time.select)
        return window.time.is_end or any(
            relation.name in self.windowed
            or (relation.is_call(TUMBLING) and relation.node is not window.node)
            or any(self._has_windows(self._part_of[id(one)], self.windowed) for one in relation.inner)
            for relation in relations
        )

    @cached_property
    def _part_of(self) -> dict[int, Part]:
        return {id(part.select): part for part in self.parts}

    @staticmethod
    def _has_windows(part: Part, streams: Collection[str]) -> bool:
        is_own = bool(part.windows or part.windowing.stagger)
        return is_own or any(relation.name in streams for relation in part.relations)


@dataclass(frozen=True)
class Rule:
    """A rule. number: K and two digits; title: for its section in docs/kda; find: where it applies."""

    number: str
    kind: Kind
    title: str
    find: Callable[[Subject], Iterator[Found]]

    @property
    def page(self) -> str:
        """Where docs/ explains it."""
        return f"docs/kda/{self.kind.value.lower()}.md#{self.number.lower()}"


def rule(number: str, kind: Kind, title: str) -> Callable[[Callable[[Subject], Iterator[Found]]], Rule]:
    """Decorate a function that finds the places of a rule."""
    return lambda find: Rule(number, kind, title, find)
