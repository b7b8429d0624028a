"""GROUP BY a step of ROWTIME, SELECT DISTINCT and table functions: windows that tumble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kda.nodes import FloorTo, Step, called
from kda.program import canonical
from kda.scope import qualifier, result
from kda.translation.aggregates import aggregate, aggregates, is_aggregate
from kda.translation.expressions import Value, value
from kda.translation.options import Options, refuse
from kda.translation.scopes import BOUNDS, TIME, RowNames, Scope, moved, owner
from kda.translation.text import interval, nested, quoted
from kda.translation.types import TIMESTAMP
from kda.translation.values import shown
from kda.windows import Window, window

START, END, _TIME = BOUNDS


def tumble(body: str, size: int, offset: int, *, is_view: bool) -> str:
    """The rows of a view or query with their window; offset: milliseconds after multiples of its length."""
    if "UNION ALL" in body.split("\n"):  # Flink loses the parentheses around it
        body = f"SELECT *\nFROM {nested(body)} AS rows_of_query"
    rows = f"TABLE {body}" if is_view else nested(body)
    where = f", {interval(offset)}" if offset else ""
    return f"TABLE(TUMBLE({rows}, DESCRIPTOR({quoted(TIME)}), {interval(size)}{where}))"


@dataclass(frozen=True)
class Group:
    """A SELECT that groups by a window.

    window: the shortest; keys: the others of GROUP BY, each with its node and SQL; skew: the milliseconds that the
    times of the rows are before those of KDA; results: those of the SELECT by name; columns: the column that has a key,
    by the key's SQL, where the rows have one.
    """

    scope: Scope
    window: Window
    keys: Sequence[tuple[exp.Expr, Value]]
    skew: int
    results: dict[str, exp.Expr] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_moment(self) -> bool:
        """Whether each window is one moment, which then is the ROWTIME of its row."""
        return self.window.milliseconds == 1 and not self.is_stagger

    @property
    def is_stagger(self) -> bool:
        """Whether the rows are those of stagger windows, at the last millisecond of their window."""
        return self.window.form == "STAGGER"

    @property
    def begin(self) -> str:
        """The window's begin as KDA has it."""
        return moved(START, self.skew)

    @property
    def end(self) -> str:
        """The window's end as KDA has it: ROWTIME."""
        return self.begin if self.is_moment else moved(END, self.skew)

    @property
    def offset(self) -> int:
        """The milliseconds after 1970 at which the windows begin by the time attribute."""
        return 0 if self.is_stagger else self.window.offset - self.skew

    @property
    def by(self) -> list[str]:
        """What Flink groups by."""
        keys = [self.columns.get(one.sql, one.sql) for node, one in self.keys if has_columns(node)]
        return list(dict.fromkeys([*keys, *BOUNDS]))


def has_columns(node: exp.Expr) -> bool:
    """Whether a key is no constant."""
    return any(node.find_all(exp.Column))


class GroupNames:
    """The names of a group: its keys, its window, and functions of its rows."""

    def __init__(self, group: Group, rows: RowNames, options: Options, time: str = "") -> None:
        self.group, self.rows, self.options, self.time = group, rows, options, time or group.end
        self.select = rows.scope.part.select

    def replaced(self, node: exp.Expr) -> Value | None:
        """The value of a key, a window, a time of the row, or a function of rows."""
        if is_aggregate(node):
            found = aggregate(node, self.rows, self.options)
            return replace(found, failures=())
        if (key := self._key(node)) is not None:
            return key
        if isinstance(node, Step | FloorTo):
            return self._step(node)
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            held = owner(node, self.group.scope, self.rows.catalog)
            if held is not None and (held[1] == TIME or self.rows.catalog.time(node, self.select)):
                return Value(self.time, TIMESTAMP)
        return None

    def _key(self, node: exp.Expr) -> Value | None:
        for key, found in self.group.keys:
            if type(key.unnest()) is type(node) and not any(aggregates(node)):
                here = value(node, self.rows, self.options)
                if shown(here.sql) == found.sql:
                    return Value(self.group.columns.get(found.sql, found.sql), found.type)
        return None

    def _step(self, node: exp.Expr) -> Value | None:
        """A step of ROWTIME: the window's begin, or the step that this lies in."""
        if self.time != self.group.end:
            return None
        found = window(node, self.select, self.rows.catalog)
        if found is None or found.time is None or found.form == "epoch":
            return None
        if self.group.is_stagger:
            refuse(node, "a step of ROWTIME that is no key of its stagger window has no translation")
        least = self.group.window
        is_begin = (found.milliseconds, found.offset) == (least.milliseconds, least.offset)
        if is_begin and found.offset == 0 and found.form in ("STEP", "FLOOR"):
            return Value(self.group.begin, TIMESTAMP)
        return value(node, GroupNames(self.group, self.rows, self.options, self.group.begin), self.options)

    def column(self, node: exp.Column) -> Value:
        """A result by its name, as HAVING may use it."""
        meant = self.group.results.get(canonical(node)) if not qualifier(node) else None
        if meant is None or (isinstance(meant, exp.Column) and canonical(meant) == canonical(node)):
            refuse(node, f"{canonical(node)} is neither in GROUP BY nor in a function of the group's rows")
        return value(meant, self, self.options)


def key_of(node: exp.Expr, select: exp.Select, scope: Scope, rows: RowNames) -> exp.Expr:
    """What a key of GROUP BY stands for: itself, or the result of that name."""
    if isinstance(node, exp.Column) and not qualifier(node) and owner(node, scope, rows.catalog) is None:
        for projection in select.expressions:
            if result(projection) == canonical(node) and isinstance(projection, exp.Alias):
                found: exp.Expr = projection.this
                return found
    return node


def shortest(windows: Sequence[Window], select: exp.Select) -> Window:
    """The window of a GROUP BY of several steps."""
    for one in windows:
        if not one.milliseconds:
            refuse(one.node, f"a window of {one.function} {one.problem} has no translation")
    if not windows:
        refuse(select, "GROUP BY without a step of ROWTIME has no translation")
    return min(windows, key=lambda one: one.milliseconds or 0)


def seconds(node: exp.Expr) -> int:
    """A number of seconds, written out, in milliseconds."""
    if not isinstance(node, exp.Literal) or node.is_string or not node.name.isdigit() or not int(node.name):
        refuse(node, f"{called(node) or node.name} is no number of seconds")
    return int(node.name) * 1000
