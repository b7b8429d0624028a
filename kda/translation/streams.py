"""The in-application streams of an application: a view each, of the pumps into it; and what is written of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from kda.applications import Output
from kda.program import Pump, Stream, canonical
from kda.scope import ERROR_STREAM, METADATA, Relation
from kda.sql_types import Type
from kda.translation import queries, rejects
from kda.translation.names import inside, outside
from kda.translation.options import Untranslatable, refuse
from kda.translation.queries import Target
from kda.translation.scopes import TIME, Clock, Query, Rows, moved
from kda.translation.sources import HIDDEN, Sources
from kda.translation.state import State, View
from kda.translation.text import commented, item, quoted, remarks, select
from kda.translation.types import flink

_FORMAT = "'yyyy-MM-dd HH:mm:ss.SSS'"


@dataclass
class Streams:
    """The relations of an application. It implements kda.translation.relations.Relations."""

    state: State
    sources: Sources = field(init=False)
    views: dict[str, View] = field(default_factory=dict)
    inserts: dict[str, str] = field(default_factory=dict)
    sinks: dict[str, Output | None] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)
    _rows: dict[str, str] = field(default_factory=dict)  # the view of what is written -> the stream's

    def __post_init__(self) -> None:
        self.sources = Sources(self.state, self._hidden())

    def _hidden(self) -> list[str]:
        """The metadata of records that some query reads."""
        found: dict[str, None] = {}
        for part in self.state.subject.parts:
            if part.pump.name in self.state.options.leave_out:
                continue
            for column in part.select.find_all(exp.Column):
                name = canonical(column)
                if name not in METADATA:
                    continue
                relation = self.state.subject.catalog.owner(column, part.select)
                if relation is None or relation.kind != "input" or name in (relation.columns or ()):
                    continue
                if name not in HIDDEN:
                    refuse(column, f"{name} of a record has no translation: the job does not have it")
                found[name] = None
        return list(found)

    # ---- relations

    def stream(self, name: str, node: exp.Expr) -> View:
        """The view of an in-application stream, made when it is first read."""
        if name not in self.views:
            if name in self._path:
                refuse(node, f"stream {name} is made of its own rows, which has no translation")
            self._path.append(name)
            self.views[name] = self._made(self.state.subject.program.streams[name])
            self._path.pop()
        return self.views[name]

    def input(self, name: str, node: exp.Expr) -> View:
        """The view of an input's stream."""
        for one in self.state.subject.application.inputs:
            streams = [stream.upper() for stream in one.streams]
            if name.upper() in streams:
                break
        else:
            refuse(node, f"the columns of {name} are not known")
        return self.sources.input(one, streams.index(name.upper()))

    def reference(self, name: str, keys: tuple[str, ...], node: exp.Expr) -> View:
        """The view of a reference table."""
        known = self.state.subject.application.references
        found = next((one for one in known if one.table.upper() == name.upper()), None)
        if found is None:
            refuse(node, f"the columns of {name} are not known")
        return self.sources.reference(found, keys)

    def query(self, node: exp.Expr) -> Query:
        """A query in FROM."""
        return queries.query(self, node)

    def function(self, relation: Relation) -> Query:
        """A table function."""
        return queries.function(self, relation)

    # ---- streams

    def pumps(self, name: str) -> list[Pump]:
        """The pumps into a stream that are not left out."""
        left_out = self.state.options.leave_out
        return [one for one in self.state.subject.program.pumps if one.target == name and one.name not in left_out]

    def _made(self, stream: Stream) -> View:
        pumps = self.pumps(stream.name)
        remarked = remarks(stream.statement.comments)
        parts: list[Query] = []
        texts: list[str] = []
        for pump in pumps:
            previous = self.state.stream, self.state.pump
            self.state.stream, self.state.pump = stream.name, pump.name
            try:
                made = queries.query(self, pump.query, self._target(stream, pump))
            except Untranslatable as error:
                if error.offset:
                    raise
                raise Untranslatable(pump.statement.offset, error.text) from None
            finally:
                self.state.stream, self.state.pump = previous
            parts.append(made)
            own = [] if pump.statement is stream.statement else remarks(pump.statement.comments)
            texts.append(commented(own, made.sql))
        if not parts:
            self.state.note(f"No pump writes into stream {stream.name}: it has no rows")
            query = self._empty(stream)
            parts, texts = [query], [query.sql]
        rows = queries.union(parts).rows
        declared = {inside(name): Type.of(kind) for name, kind in stream.columns if name != TIME}
        if declared:
            rows = Rows(declared, rows.clock)
        opening = remarked or [f"The rows of stream {stream.name}."]
        return View(self.state.add(stream.name, opening, "\nUNION ALL\n".join(texts)), rows)

    @staticmethod
    def _target(stream: Stream, pump: Pump) -> Target | None:
        if not stream.columns:
            return None
        columns = [(name, Type.of(kind)) for name, kind in stream.columns]
        return Target(columns, pump.columns or [name for name, _type in stream.columns])

    def _empty(self, stream: Stream) -> Query:
        """No rows, with the columns of a stream into which nothing writes."""
        inputs = self.state.subject.application.inputs
        if not inputs:
            refuse(stream.statement.tree, f"no pump writes into stream {stream.name}")
        view = self.sources.input(inputs[0], 0)
        options = self.state.options
        columns = {inside(name): Type.of(kind) for name, kind in stream.columns if name != TIME}
        items = [item(f"CAST(NULL AS {flink(kind, options)})", name) for name, kind in columns.items()]
        return Query(select([*items, quoted(TIME)], view.name, where=["FALSE"]), Rows(columns, Clock()))

    # ---- outputs

    def write(self) -> None:
        """The streams that outputs name; and where the file names none, those that no pump reads."""
        application = self.state.subject.application
        outputs = [one for one in application.outputs if one.stream.upper() != ERROR_STREAM]
        for output in outputs:
            stream = self._declared(output)
            if stream is not None:
                self._sink(stream, output)
        for stream in self.state.subject.program.streams.values():
            if stream.name in self.views or not self.pumps(stream.name):
                continue
            if not outputs and not self._is_read(stream.name):
                self._sink(stream, None)
        if not self.inserts:
            raise Untranslatable(0, "no pump is left whose rows go anywhere: nothing is computed")

    def _is_read(self, name: str) -> bool:
        left_out = self.state.options.leave_out
        return any(
            relation.name == name
            for part in self.state.subject.parts
            if part.pump.name not in left_out
            for relation in part.relations
        )

    def _declared(self, output: Output) -> Stream | None:
        streams = self.state.subject.program.streams
        found = streams.get(output.stream) or next(
            (one for name, one in streams.items() if name.upper() == output.stream.upper()), None
        )
        if found is None:
            raise Untranslatable(0, f"output {output.stream} is a stream that the SQL does not declare")
        if not self.pumps(found.name):
            self.state.note(f"Output {output.stream} gets no rows, as no pump writes into it: it is left out")
            return None
        return found

    def _sink(self, stream: Stream, output: Output | None) -> None:
        view = self.stream(stream.name, stream.statement.tree)
        if not any(rows == view.name for rows in self._rows.values()):
            self._rows[self._written(stream, view)] = view.name
        rows = next(name for name, read in self._rows.items() if read == view.name)
        table = self.state.names.given(f"{stream.name}_OUTPUT")
        columns = self._columns(stream, view)
        lines = [f"    {quoted(name)} {self._sink_type(kind)}" for name, kind in columns.items()]
        where = f"that went to {output.service} {output.arn}".rstrip() if output else "which the file has no output for"
        text = f"CREATE TABLE {table} (\n" + ",\n".join(lines) + "\n)"
        self.state.tables[table] = commented([f"The rows of stream {stream.name}, {where}."], text) + "\n"
        self.inserts[table] = rows
        self.sinks[table] = output

    def _columns(self, stream: Stream, view: View) -> dict[str, Type | None]:
        names = [name for name, _type in stream.columns]
        if TIME not in names:
            return {outside(name): kind for name, kind in view.rows.columns.items()}
        return {name: view.rows.columns.get(inside(name), Type("TIMESTAMP")) for name in names}

    def _sink_type(self, kind: Type | None) -> str:
        return "STRING" if kind is None or kind.name == "TIMESTAMP" else flink(kind, self.state.options)

    def _written(self, stream: Stream, view: View) -> str:
        """The view of a stream's rows as they are written."""
        items = []
        for name, kind in self._columns(stream, view).items():
            if name == TIME:
                skew = view.rows.clock.require(stream.statement.tree)
                items.append(f"DATE_FORMAT({_moved(skew)}, {_FORMAT}) AS {quoted(name)}")
            elif kind is not None and kind.name == "TIMESTAMP":
                items.append(f"DATE_FORMAT({quoted(inside(name))}, {_FORMAT}) AS {quoted(name)}")
            elif kind is None:
                items.append(f"CAST({quoted(inside(name))} AS STRING) AS {quoted(name)}")
            else:
                items.append(item(quoted(inside(name)), name))
        comment = f"The rows of stream {stream.name} as they are written: times as texts."
        return self.state.step(f"{stream.name}_rows", [comment], select(items, view.name))

    def reject(self) -> None:
        """The view of all rows that count nowhere."""
        self.state.views["rejects"] = rejects.text(self.state, self.sources)


def _moved(skew: int) -> str:
    return moved(f"CAST({quoted(TIME)} AS TIMESTAMP(3))", skew)
