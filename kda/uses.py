"""What the use of a column says about its type: `kda.guessing` puts it together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from kda.constants import constant
from kda.functions import FORMATTING, NOW, PARSING
from kda.nodes import FloorTo, IntervalOf, Plus, Step, TypedLiteral, Words, called
from kda.rule import Part
from kda.scope import leaves, starred
from kda.sql_types import FLOATING, WHOLE, Type

TIME, TEXT, BOOLEAN, NUMBER = "TIMESTAMP", "VARCHAR", "BOOLEAN", "DOUBLE"
TIMES = ("TIMESTAMP", "DATE", "TIME")
LENGTH = 1024  # of a text: too short a column would cut it without a word
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_EQUALITIES = (exp.EQ, exp.NEQ, exp.In, exp.Case, exp.NullSafeEQ, exp.NullSafeNEQ)
# Their value is one of their arguments.
_SAME = {"MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "LAG", "MONOTONIC", "COALESCE", "NULLIF"}
_SAME_NODES = (exp.Paren, Plus, exp.Alias, exp.IgnoreNulls, exp.RespectNulls, exp.Distinct)
_ARGUMENTS = {
    **dict.fromkeys(("SUM", "AVG", "STDDEV", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP"), NUMBER),
    **dict.fromkeys(("ABS", "CEIL", "CEILING", "EXP", "FLOOR", "LN", "LOG10", "MOD", "POWER"), NUMBER),
    **dict.fromkeys(("CHAR_LENGTH", "CHARACTER_LENGTH", "INITCAP", "LOWER", "UPPER", "TRIM", "SUBSTRING"), TEXT),
    **dict.fromkeys(("OVERLAY", "POSITION", "REGEX_REPLACE", "REGEX_LOG_PARSE", "W3C_LOG_PARSE"), TEXT),
    **dict.fromkeys(("VARIABLE_COLUMN_LOG_PARSE", "FAST_REGEX_LOG_PARSER", "FAST_REGEX_LOG_PARSE"), TEXT),
    **dict.fromkeys((*PARSING, *FORMATTING), TEXT),
    **dict.fromkeys(("UNIX_TIMESTAMP", "TSDIFF", "EXTRACT"), TIME),
}
# The second argument of these is of another kind than the first, which is a format.
_SECOND = {"TIMESTAMP_TO_CHAR": "TIMESTAMP", "DATE_TO_CHAR": "DATE", "TIME_TO_CHAR": "TIME"}


@dataclass
class Uses:
    """What is known of a column. kinds: of the values that its uses take; types: of what it meets, or is put into.

    length: of the longest text that it is compared with; same: columns that it is equal to, of whatever relation.
    """

    kinds: set[str] = field(default_factory=set)
    types: set[Type] = field(default_factory=set)
    length: int = 0
    same: list[exp.Column] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Whether anything was found."""
        return bool(self.kinds or self.types or self.length)

    def add(self, other: Uses) -> None:
        """Take what is known of another use or column."""
        self.kinds |= other.kinds
        self.types |= other.types
        self.length = max(self.length, other.length)

    def guess(self) -> str:
        """The type, as schemas write it."""
        names = {one.name for one in self.types}
        is_text = TEXT in self.kinds or (not self.kinds and ("VARCHAR" in names or self.length > 0))
        if TIME in self.kinds or (not is_text and not self.kinds and names.intersection(TIMES)):
            times = names.intersection(TIMES)
            return times.pop() if len(times) == 1 else TIME
        if is_text:
            return f"VARCHAR({self._length()})"
        if BOOLEAN in self.kinds or (not self.kinds and BOOLEAN in names):
            return BOOLEAN
        return self._number() or (NUMBER if NUMBER in self.kinds else f"VARCHAR({self._length()})")

    def _length(self) -> int:
        sizes = [int(one.sizes[0]) for one in self.types if one.name == "VARCHAR" and one.sizes]
        return max(LENGTH, self.length, *sizes) if sizes else max(LENGTH, self.length)

    def _number(self) -> str:
        """The widest of the types of numbers; "" without any. A value that one of them takes is not refused."""
        names = {one.name for one in self.types}
        if names.intersection(FLOATING):
            return NUMBER
        decimals = [one for one in self.types if one.name == "DECIMAL"]
        if decimals:
            one = decimals[0]
            return f"DECIMAL({', '.join(one.sizes)})" if one.sizes and len(decimals) == 1 else NUMBER
        whole = [WHOLE.index(name) for name in names if name in WHOLE]
        return WHOLE[max(*whole, WHOLE.index("INTEGER"))] if whole else ""


Typed = Callable[[exp.Expr], Type | None]  # of another value, as far as it is declared
Declared = Callable[[int], Type | None]  # of the column into which a result is put, by the result's place


def uses(column: exp.Column, part: Part, typed: Typed, declared: Declared) -> Uses:
    """What the place of a column says about it."""
    found = Uses()
    node, parent = _upwards(column, found, typed)
    if parent is None or parent is part.select:
        if kind := _of_result(node, part, declared):
            found.types.add(kind)
    elif isinstance(parent, exp.Cast):
        kind = Type.of(parent.args["to"])
        if kind.name != "VARCHAR":  # any value can become a text
            found.types.add(kind)
    elif isinstance(parent, exp.Is):
        if isinstance(parent.expression, exp.Boolean):
            found.kinds.add(BOOLEAN)
    elif isinstance(parent, exp.If) or _is_condition(node, parent):
        found.kinds.add(BOOLEAN)
    else:
        _of_operation(node, parent, found, typed)
    return found


def _upwards(column: exp.Column, found: Uses, typed: Typed) -> tuple[exp.Expr, exp.Expr | None]:
    """The value that the column is, however it is wrapped, and what holds it; collects what it is equal to inside."""
    node: exp.Expr = column
    parent = node.parent
    while parent is not None:
        if isinstance(parent, exp.If) and node is not parent.this:
            node, parent = parent, parent.parent
            continue
        if isinstance(parent, exp.Case):
            if node is parent.this:
                _compared([one.this for one in parent.args["ifs"]], found, typed, is_equal=True)
                return node, exp.Group()  # no more to see from here
        elif called(parent) in _SAME:
            others = [one for one in parent.expressions if one is not node]
            if called(parent) == "LAG":
                if node is not parent.expressions[0] and node is not parent.expressions[-1]:
                    return node, exp.Group()
                others = others[1:]
            _compared(others, found, typed, is_equal=False)
        elif isinstance(parent, exp.Window):
            if node is not parent.this:  # PARTITION BY
                return node, exp.Group()
        elif not isinstance(parent, _SAME_NODES):
            return node, parent
        node, parent = parent, parent.parent
    return node, None


def _is_condition(node: exp.Expr, parent: exp.Expr) -> bool:
    if isinstance(parent, exp.And | exp.Or | exp.Not | exp.Where | exp.Having):
        return True
    return isinstance(parent, exp.Join) and parent.args.get("on") is node


def _of_result(node: exp.Expr, part: Part, declared: Declared) -> Type | None:
    """The type of the column that a result goes into: of a pump's own SELECT, without a star before it."""
    results = part.select.expressions
    place = next((number for number, one in enumerate(results) if one is node), None)
    is_own = any(leaf is part.select for leaf in leaves(part.pump.query))
    if place is None or not is_own or any(starred(one) is not None for one in results[:place]):
        return None
    return declared(place)


def _of_operation(node: exp.Expr, parent: exp.Expr, found: Uses, typed: Typed) -> None:
    if isinstance(parent, _COMPARISONS):
        other = parent.expression if node is parent.this else parent.this
        _compared([other], found, typed, is_equal=isinstance(parent, _EQUALITIES))
    elif isinstance(parent, exp.Between | exp.In):
        values = [parent.this, parent.args.get("low"), parent.args.get("high"), *parent.expressions]
        others = [one for one in values if one is not None and one is not node]
        _compared(others, found, typed, is_equal=isinstance(parent, exp.In))
    elif isinstance(parent, exp.Like | exp.SimilarTo | exp.DPipe):
        found.kinds.add(TEXT)
    elif isinstance(parent, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Neg):
        found.kinds.add(_of_arithmetic(parent))
    elif isinstance(parent, Step):
        found.kinds.add(TIME if isinstance(parent.args["by"], exp.Interval) else NUMBER)
        if not isinstance(parent.args["by"], exp.Interval):
            found.types.add(Type("INTEGER"))
    elif isinstance(parent, FloorTo | IntervalOf):
        found.kinds.add(TIME)
    elif isinstance(parent, Words):
        _of_words(node, parent, found)
    elif name := called(parent):
        _of_call(node, parent, name, found)


def _of_arithmetic(parent: exp.Expr) -> str:
    operands = [parent.this, parent.args.get("expression")]
    is_difference = isinstance(parent, exp.Sub) and isinstance(parent.parent and parent.parent.parent, IntervalOf)
    with_time = any(isinstance(one, exp.Interval | TypedLiteral) for one in operands)
    return TIME if is_difference or with_time else NUMBER


def _of_words(node: exp.Expr, parent: Words, found: Uses) -> None:
    """SUBSTRING(text FROM number), EXTRACT(unit FROM time), TRIM(BOTH text FROM text)."""
    kind = _ARGUMENTS.get(parent.name, TEXT)
    nodes = [one for one in parent.args["parts"] if isinstance(one, exp.Expr)]
    is_number = parent.name == "SUBSTRING" and node is not nodes[0]
    is_number |= parent.name == "OVERLAY" and node in nodes[2:]
    if is_number:
        found.types.add(Type("INTEGER"))
    found.kinds.add(NUMBER if is_number else kind)


def _of_call(node: exp.Expr, parent: exp.Expr, name: str, found: Uses) -> None:
    place = next((number for number, one in enumerate(parent.expressions) if one is node), 0)
    if name in _SECOND and place == 1:
        found.kinds.add(TIME)
        found.types.add(Type(_SECOND[name]))
    elif name == "TO_TIMESTAMP":
        found.types.add(Type("BIGINT"))
        found.kinds.add(NUMBER)
    elif name == "SUBSTRING" and place:
        found.types.add(Type("INTEGER"))
        found.kinds.add(NUMBER)
    elif name in _ARGUMENTS:
        found.kinds.add(_ARGUMENTS[name])


def _compared(others: Sequence[exp.Expr], found: Uses, typed: Typed, *, is_equal: bool) -> None:
    """What values that a column is compared with say about it."""
    for other in map(_bare, others):
        value = constant(other)
        if value is not None:
            found.kinds.add(NUMBER)
            # A number above 10 may have a fraction; one that equals 404 has none.
            if isinstance(value, float) or is_equal:
                found.types.add(_of_number(value))
        elif isinstance(other, exp.Literal):
            found.length = max(found.length, len(other.name), 1)
        elif isinstance(other, TypedLiteral):
            found.types.add(Type(other.args["kind"] if other.is_time else TEXT))
        elif isinstance(other, exp.Boolean):
            found.kinds.add(BOOLEAN)
        elif _is_time(other):
            found.types.add(Type(TIME))
        elif (kind := typed(other)) is not None:
            _of_type(kind, found)
        elif isinstance(other, exp.Column):
            found.same.append(other)


def _is_time(other: exp.Expr) -> bool:
    """Whether a value is the present, or a time with an interval added or taken away."""
    if isinstance(other, exp.Column):
        return not other.this.quoted and other.name.upper() in NOW
    return isinstance(other, exp.Add | exp.Sub) and any(
        isinstance(one, exp.Interval) for one in (other.this, other.expression)
    )


def _of_type(kind: Type, found: Uses) -> None:
    if kind.name in (*TIMES, *WHOLE, *FLOATING, "DECIMAL", "BOOLEAN", "VARCHAR"):
        found.types.add(kind)
    elif kind.name == "NUMBER":
        found.kinds.add(NUMBER)


def _of_number(value: int | float) -> Type:
    if isinstance(value, float):
        return Type(NUMBER)
    return Type("INTEGER" if -(2**31) <= value < 2**31 else "BIGINT")


def _bare(node: exp.Expr) -> exp.Expr:
    return _bare(node.this) if isinstance(node, exp.Paren) else node


def columns_of(node: exp.Expr) -> Iterator[exp.Column]:
    """The columns whose value a value may be: of MIN(a), COALESCE(a, b) or a itself."""
    if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
        yield node
    elif isinstance(node, _SAME_NODES) and isinstance(node.this, exp.Expr):
        yield from columns_of(node.this)
    elif called(node) in _SAME and node.expressions:
        for one in node.expressions if called(node) == "COALESCE" else node.expressions[:1]:
            yield from columns_of(one)
