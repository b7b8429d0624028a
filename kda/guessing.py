"""The columns of inputs and reference tables that the file does not describe, guessed from their use (K37)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from sqlglot import exp

from kda.applications import Application, Column, Input, Reference
from kda.casts import typed
from kda.discovery.names import mapping
from kda.functions import TUMBLING
from kda.nodes import Cursor
from kda.program import canonical
from kda.rule import Part, Subject
from kda.rules.missing import is_other
from kda.scope import METADATA, TIMES, D, Relation, leaves, own, qualifier, result, starred
from kda.sql_types import Type
from kda.uses import LENGTH, Uses, columns_of, uses

_NUMBERED = re.compile(r"(.+)_(\d{3})", re.DOTALL)
_MOST = 64  # in-application streams of an input
_KINDS = ("input", "reference")
_ANY = Column("COL_0", f"VARCHAR({LENGTH})", mapping(("COL_0",)))  # of an input of which no column is read


def completed(application: Application, subject: Subject | None = None) -> Application:
    """The application with inputs and reference tables for all that it reads, each with columns.

    Those that have columns stay. Others get the columns that the pumps name. One whose columns a * needs stays without:
    nobody knows what it stands for (K96). subject: its own, if there is one. Raises Malformed where the SQL does not
    parse.
    """
    subject = subject or Subject.of(application)
    guess = _Guess(subject)
    guess.collect()
    inputs = [_with(one, one.streams, guess) for one in application.inputs]
    references = [_with(one, (one.table,), guess) for one in application.references]
    if not application.is_configured:
        known = {name.upper() for one in inputs for name in one.streams} | {one.table.upper() for one in references}
        unknown = [name for name in subject.catalog.inputs if name.upper() not in known]
        inputs += [_with(one, one.streams, guess) for one in _inputs(unknown)]
        references += [
            _with(Reference(name, None, "", "", 0, row_path="$"), (name,), guess)
            for name in subject.catalog.references
            if name.upper() not in known
        ]
    return replace(application, inputs=tuple(inputs), references=tuple(references))


def _inputs(names: list[str]) -> Iterator[Input]:
    """The inputs with these in-application streams: X_001 and X_002 are those of X."""
    numbers: dict[str, int] = {}
    for name in names:
        match = _NUMBERED.fullmatch(name)
        number = int(match.group(2)) if match else 0
        if match and 1 <= number <= _MOST:
            numbers[match.group(1)] = max(numbers.get(match.group(1), 0), number)
        else:
            numbers[name] = 0
    for name, number in numbers.items():
        yield Input(
            prefix=name,
            columns=None,
            arn="",
            service="kinesis",
            parallelism=max(number, 1),
            lambda_arn="",
            format="JSON",
            row_path="$",
            offset=0,
            read_as=() if number else (name,),
        )


def _with(one: D, names: tuple[str, ...], guess: _Guess) -> D:
    """An input or reference table with the columns that were guessed, if it has none."""
    if one.columns:
        return one
    upper = {name.upper() for name in names}
    if upper & guess.starred:
        return one
    found: dict[str, Uses] = {}
    for (relation, column), known in guess.found.items():
        if relation in upper:
            found.setdefault(column, Uses()).add(known)
    columns = tuple(
        Column(name, known.guess(), mapping((name,)) if one.format == "JSON" else "") for name, known in found.items()
    )
    path = one.row_path or ("$" if one.format == "JSON" else "")
    return replace(one, columns=columns or (_ANY,), row_path=path)


@dataclass
class _Guess:
    """What the pumps say of the relations whose columns are not known.

    found: by the relation's name in upper case and the column's; starred: relations whose columns a * needs.
    """

    subject: Subject
    found: dict[tuple[str, str], Uses] = field(default_factory=dict)
    starred: set[str] = field(default_factory=set)
    _equal: list[tuple[tuple[str, str], tuple[str, str]]] = field(default_factory=list)

    def collect(self) -> None:
        """Look at every SELECT."""
        for part in self.subject.parts:
            self._stars(part)
            self._using(part)
            self._items(part)
            results = set(filter(None, map(result, part.select.expressions)))
            for node in own(part.select):
                if isinstance(node, exp.Column) and self._is_of_a_relation(node, results):
                    self._column(node, part)
        changed = True
        while changed:  # a = b, b = c, c = 1
            changed = False
            for one, other in self._equal:
                for left, right in ((one, other), (other, one)):
                    if not self.found[left].is_known and self.found[right].is_known:
                        self.found[left].add(self.found[right])
                        changed = True

    @staticmethod
    def _is_of_a_relation(node: exp.Column, results: set[str]) -> bool:
        name = canonical(node)
        if isinstance(node.this, exp.Star) or node.args.get("db") or "${" in name + qualifier(node):
            return False
        return name.upper() not in (*TIMES, *METADATA) and not is_other(node, name, results)

    def _stars(self, part: Part) -> None:
        """The relations of stars that a pump's results need."""
        if self.subject.catalog.results(part.pump.query) is not None:
            return
        for projection in part.select.expressions:
            star = starred(projection)
            for relation in part.relations if star is not None else ():
                if star in ("", relation.alias) and relation.columns is None and relation.kind in _KINDS:
                    self.starred.add(relation.name.upper())

    def _using(self, part: Part) -> None:
        for number, relation in enumerate(part.relations):
            for identifier in (relation.join.args.get("using") if relation.join is not None else None) or ():
                name = canonical(identifier)
                before = part.relations[:number]
                has = [one for one in before if one.columns and name in one.columns]
                open_ = [one for one in before if _is_open(one)]
                keys = [self._key(one, name) for one in (relation, *([] if has else open_[:1])) if _is_open(one)]
                self._equal += pairwise(keys)

    def _items(self, part: Part) -> None:
        """The columns that TOP_K_ITEMS_TUMBLING and its like name in a text."""
        for relation in part.relations:
            call = relation.node.this
            cursor = call.find(Cursor) if relation.is_call(TUMBLING) else None
            if cursor is None:
                continue
            for text in call.expressions:
                if isinstance(text, exp.Literal) and text.is_string:
                    for leaf in leaves(cursor.this):
                        self._through_star(text.name, leaf, Uses(kinds={"VARCHAR"}))

    def _column(self, node: exp.Column, part: Part) -> None:
        def of(other: exp.Expr) -> Type | None:
            return typed(other, part.select, self.subject.catalog)

        known = uses(node, part, of, lambda place: self._declared(part, place))
        for key in self._places(node, part.select):
            self.found[key].add(known)
            for other in filter(lambda one: self._is_of_a_relation(one, set()), known.same):
                self._equal += [(key, one) for one in self._places(other, part.select)]

    def _declared(self, part: Part, place: int) -> Type | None:
        """The type of the stream's column that a pump's result at this place goes into; None if it is not known."""
        before = 0
        for projection in part.select.expressions[:place]:
            star = starred(projection)
            if star is None:
                before += 1
                continue
            for relation in part.relations:
                if star in ("", relation.alias):
                    if relation.columns is None:
                        return None
                    before += len(relation.columns)
        stream = self.subject.program.streams.get(part.pump.target)
        columns = dict(stream.columns) if stream else {}
        names = part.pump.columns or tuple(columns)
        return Type.of(columns[names[before]]) if before < len(names) and names[before] in columns else None

    def _places(self, node: exp.Column, select: exp.Select) -> list[tuple[str, str]]:
        """The columns of open relations that a column is, also through queries in FROM."""
        catalog, name = self.subject.catalog, canonical(node)
        values = catalog.behind(node, select)
        if values:
            return [key for value, leaf in values for one in columns_of(value) for key in self._places(one, leaf)]
        relation = catalog.owner(node, select) or self._likely(node, select)
        if relation is None:
            return []
        if relation.query is not None:
            inner = leaves(relation.query)
            return [key for leaf in inner for key in self._through_star(name, leaf, Uses())]
        return [self._key(relation, name)] if _is_open(relation) else []

    def _through_star(self, name: str, select: exp.Select, known: Uses) -> list[tuple[str, str]]:
        """The columns that a name is in a SELECT with a star, or that names it."""
        found = []
        for projection in select.expressions:
            star = starred(projection)
            if star is None:
                if result(projection) == name:
                    values = columns_of(projection.unalias())
                    found = [key for one in values for key in self._places(one, select)]
                    break
                continue
            relations = [one for one in self.subject.catalog.relations(select) if star in ("", one.alias)]
            if any(one.columns and name in one.columns for one in relations):
                break
            for relation in relations:
                if relation.query is not None and relation.columns is None:
                    found += [key for leaf in leaves(relation.query) for key in self._through_star(name, leaf, Uses())]
                elif _is_open(relation):
                    found.append(self._key(relation, name))
                if found:
                    break
        for key in found:
            self.found[key].add(known)
        return found

    def _likely(self, node: exp.Column, select: exp.Select) -> Relation | None:
        """The relation of a column without a qualifier, where several may have it."""
        if qualifier(node):
            return None
        open_ = [one for one in self.subject.catalog.relations(select) if _is_unknown(one)]
        equality = node.parent
        if len(open_) > 1 and isinstance(equality, exp.EQ) and (join := equality.find_ancestor(exp.Join)):
            # One side of ON is of the relation that is joined, the other of one before it.
            joined = next((one for one in open_ if one.join is join), None)
            other = equality.expression if node is equality.this else equality.this
            owner = self.subject.catalog.owner(other, select) if isinstance(other, exp.Column) else None
            is_joined = node is equality.expression if owner is None else owner is not joined
            if is_joined and joined is not None:
                return joined
            open_ = [one for one in open_ if one is not joined]
        return open_[0] if open_ else None

    def _key(self, relation: Relation, column: str) -> tuple[str, str]:
        key = (relation.name.upper(), column)
        self.found.setdefault(key, Uses())
        return key


def _is_open(relation: Relation) -> bool:
    """Whether its columns are guessed."""
    return relation.kind in _KINDS and relation.columns is None


def _is_unknown(relation: Relation) -> bool:
    """Whether it may have any column."""
    return relation.columns is None and (relation.kind in _KINDS or relation.query is not None)
