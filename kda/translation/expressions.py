"""Every value of KDA's SQL as Flink SQL, with its type and the conditions under which it fails.

In KDA a value that fails, as 1 / 0 does, made the whole row an error. The SQL of such a value is NULL in Flink, never
an exception, which would stop the job; and `failures` says when the row is an error, for whoever makes the query. Only
what KDA evaluated fails: one branch of a CASE, the right of AND and OR while the left does not decide, COALESCE up to
the first value that is not NULL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from sqlglot import exp

from kda.constants import beyond, constant
from kda.dialect import printed
from kda.functions import NOW
from kda.nodes import FloorTo, Plus, Step, TypedLiteral, Words, called
from kda.program import canonical
from kda.scope import qualifier
from kda.sql_types import FLOATING, WHOLE, Type
from kda.translation import times
from kda.translation.conversions import converted
from kda.translation.functions import Functions, unified
from kda.translation.options import UNKNOWN, Options, Untranslatable, refuse
from kda.translation.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    INTERVAL,
    NUMBERS,
    TEXT,
    TIMES,
    TIMESTAMP,
    arithmetic,
    common,
    decimal,
    flink,
    sizes,
)
from kda.translation.values import NULL, Failure, Names, Value, failures, hidden, literal, nonzero, only_if, settled

__all__ = ["Failure", "Names", "Value", "converted", "literal", "value"]

_COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_DISTINCT = {exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM"}
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_SIMILAR = "[]()|^-+*_%?{}"  # the signs of SIMILAR TO
_DIGITS = 38  # of the longest number in Flink
_LONGEST = 60  # characters of an expression in a message


def value(node: exp.Expr, names: Names, options: Options) -> Value:
    """The value of a node. Raises Untranslatable."""
    return _Reader(names, options).value(node)


class _Reader:
    """Reads the nodes of one query."""

    def __init__(self, names: Names, options: Options) -> None:
        self.names, self.options = names, options
        self.functions = Functions(self.value, options)
        self.kinds: dict[type[Any], Callable[[Any], Value]] = {
            exp.Literal: self.literal,
            exp.Null: lambda _node: Value(NULL, None),
            exp.Boolean: lambda node: Value("TRUE" if node.this else "FALSE", BOOLEAN),
            TypedLiteral: self.time,
            exp.Interval: times.interval,
            exp.Paren: lambda node: self.value(node.this),
            Plus: lambda node: self.value(node.this),
            exp.Neg: self.negative,
            exp.Column: self.column,
            exp.Dot: self.field,
            exp.Cast: self.cast,
            exp.Case: self.case,
            exp.And: self.conjunction,
            exp.Or: self.conjunction,
            exp.Not: self.negation,
            exp.Is: self.what,
            exp.Between: self.between,
            exp.In: self.member,
            exp.Like: self.like,
            exp.SimilarTo: self.like,
            exp.DPipe: self.concatenation,
            Step: self.step,
            FloorTo: lambda node: times.floor(
                self.value(node.this), node.args["unit"], node.args["name"], self.options
            ),
            Words: self.functions.words,
            exp.Anonymous: self.call,
            **dict.fromkeys(_COMPARISONS, self.comparison),
            **dict.fromkeys(_DISTINCT, self.comparison),
            **dict.fromkeys(_ARITHMETIC, self.arithmetic),
        }

    def value(self, node: exp.Expr) -> Value:
        """The value of a node."""
        replaced = self.names.replaced(node)
        if replaced is not None:
            return replaced
        read = self.kinds.get(type(node))
        if read is None:
            refuse(node, f"{_short(node)} has no translation here")
        try:
            return read(node)
        except Untranslatable as error:
            if error.offset != UNKNOWN:
                raise
            refuse(node, f"{_short(node)}: {error.text}")

    # ---- what is written out, and names

    def literal(self, node: exp.Literal) -> Value:
        """A text or a number."""
        text = node.name
        if node.is_string:
            return Value(literal(text), TEXT)
        if "E" in text.upper():
            return Value(text, DOUBLE)
        whole, _, fraction = text.partition(".")
        if fraction:
            whole = whole.lstrip("0") or "0"
            return Value(f"{whole}.{fraction}", decimal(len(whole) + len(fraction), len(fraction)))
        if len(whole.lstrip("0")) > _DIGITS:
            refuse(node, f"{_short(node)}, a number of more than {_DIGITS} digits, has no translation")
        size = int(whole)
        if "." not in text and size < 2**63:
            return Value(text, INTEGER if size < 2**31 else BIGINT)
        # Flink takes a whole number for none that is larger, and for a whole one with a point at its end.
        kind = decimal(len(str(size)), 0)
        return Value(f"CAST('{size}' AS DECIMAL({len(str(size))}, 0))", kind)

    def time(self, node: TypedLiteral) -> Value:
        """TIMESTAMP '..', DATE '..', TIME '..'."""
        kind = str(node.args["kind"])
        if not node.is_time:
            refuse(node, f"a text that begins with {kind}' has no translation")
        return times.written_out(Type(kind), node.this.name)

    def column(self, node: exp.Column) -> Value:
        """A column, or the present time, which is the row's."""
        if isinstance(node.this, exp.Identifier) and not node.this.quoted and not qualifier(node):
            name = canonical(node)
            if name in NOW:
                return times.present(name, self.value)
        return self.names.column(node)

    def field(self, node: exp.Dot) -> Value:
        """A field of a row that a parser of logs gives."""
        row, name = self.value(node.this), canonical(node.expression)
        if row.type is None or row.type.name != "ROW" or name not in row.type.sizes:
            refuse(node, f"there is no field {name} in {_short(node.this)}")
        own = dict(row.fields).get(name)
        return Value(own or f"({row.sql}).`{name}`", TEXT, row.failures)

    def call(self, node: exp.Anonymous) -> Value:
        """A function."""
        name = called(node)
        if name in NOW and not node.expressions:
            return times.present(name, self.value)
        if name == "COALESCE":
            return self.coalesce(node)
        if name == "NULLIF" and len(node.expressions) == 2:
            left, right = self.aligned(*self.pairs(node.expressions))
            return Value(f"NULLIF({left.sql}, {right.sql})", left.type, failures(left, right))
        return self.functions.call(node)

    # ---- arithmetic

    def negative(self, node: exp.Neg) -> Value:
        """A number with the other sign."""
        one = self.number(settled(self.value(node.this), INTEGER, self.options), node.this)
        return Value(f"(-{one.sql})", one.type, one.failures)

    def number(self, one: Value, node: exp.Expr) -> Value:
        """The operand of arithmetic; a text becomes a number as in a CAST."""
        if _is_text(one):
            return converted(one, DOUBLE, self.options, _short(node))
        if one.type is not None and one.type.name not in NUMBERS:
            refuse(node, f"{_short(node)}, a {one.type.name} where a number is expected, has no translation")
        return one

    def arithmetic(self, node: exp.Binary) -> Value:
        """a + b and its like."""
        left, right = self.value(node.this), self.value(node.expression)
        sign = _ARITHMETIC[type(node)]
        if INTERVAL in (left.type, right.type):
            return self.moved(node, sign, left, right)
        left = settled(self.number(left, node.this), right.type or INTEGER, self.options)
        right = settled(self.number(right, node.expression), left.type or INTEGER, self.options)
        found = failures(left, right)
        kind = arithmetic(sign, left.type, right.type) if left.type and right.type else None
        if sign != "/":
            if (size := beyond(node, kind)) is not None:
                whole = exp.Literal(this=str(abs(size)), is_string=False)
                return self.literal(whole) if size >= 0 else self.negative(exp.Neg(this=whole))
            return Value(f"({left.sql} {sign} {right.sql})", kind, found)
        if not _never_zero(node.expression) and not right.least:
            found = (*found, _division(node, left, right))
        known = constant(node.expression)
        if known == 0:  # Flink refuses what it sees to be a division by zero
            return settled(Value(NULL, None, found), kind or DOUBLE, self.options)
        divisor = _divisor(right, known, self.options)
        quotient = f"{left.sql} / {divisor}"
        return Value(hidden(quotient) if divisor == nonzero(right.sql) else f"({quotient})", kind, found)

    def moved(self, node: exp.Binary, sign: str, left: Value, right: Value) -> Value:
        """A time and a length of time, and lengths among each other and with whole numbers."""
        found = failures(left, right)
        if left.type == right.type == INTERVAL and sign in "+-":
            return Value(f"({left.sql} {sign} {right.sql})", INTERVAL, found)
        if left.type == INTERVAL and sign in "+*":
            left, right = right, left
        left = settled(left, TIMESTAMP, self.options) if sign != "*" else left
        is_time = left.type is not None and left.type.name in TIMES and sign in "+-"
        is_many = left.type is not None and left.type.name in WHOLE and sign == "*"
        if right.type != INTERVAL or not (is_time or is_many):
            refuse(node, f"{_short(node)} has no translation")
        return Value(f"({left.sql} {sign} {right.sql})", left.type if is_time else INTERVAL, found)

    def step(self, node: Step) -> Value:
        """STEP of a time, or of a whole number: x / n * n."""
        one, by = self.value(node.this), node.args["by"]
        if isinstance(by, exp.Interval):
            return times.step(one, by, self.options)
        one = settled(self.number(one, node.this), INTEGER, self.options)
        if one.type is None or one.type.name not in WHOLE:
            refuse(node, "STEP of a number that is not whole has no translation")
        many = self.value(by)
        kind = common([one.type, many.type])
        if constant(by) == 0:
            nothing = Value(NULL, None, (*one.failures, _division(node, one, many)))
            return settled(nothing, kind, self.options)
        return Value(f"({one.sql} / {many.sql} * {many.sql})", kind, one.failures)

    # ---- conditions

    def pairs(self, nodes: Sequence[exp.Expr]) -> list[tuple[Value, exp.Expr]]:
        """Nodes with their values."""
        return [(self.value(node), node) for node in nodes]

    def aligned(self, *pairs: tuple[Value, exp.Expr]) -> list[Value]:
        """Values that are compared, of types that Flink compares without a CAST of its own, which could fail."""
        kinds = [one.type for one, _node in pairs if one.type is not None]
        others = [kind for kind in kinds if kind.name != "VARCHAR"]
        to = None
        if others and len(others) < len(kinds):
            to = DOUBLE if others[0].name in NUMBERS else others[0]
        elif TIMESTAMP in others and any(kind.name == "DATE" for kind in others):
            to = TIMESTAMP
        if others and common(others) is None:
            names = " and ".join(sorted({kind.name for kind in others}))
            refuse(pairs[0][1], f"the comparison of {names} has no translation")
        found = []
        for one, node in pairs:
            is_other = to is not None and one.type is not None and one.type.name in ("VARCHAR", "DATE")
            is_other = is_other and one.type != to
            found.append(converted(one, to, self.options, _short(node)) if to is not None and is_other else one)
        kind = to or (kinds[0] if kinds else None)
        return [settled(one, kind, self.options) for one in found]

    def comparison(self, node: exp.Binary) -> Value:
        """a = b and its like, a IS DISTINCT FROM b."""
        left, right = self.aligned(*self.pairs([node.this, node.expression]))
        sign = _COMPARISONS.get(type(node)) or _DISTINCT[type(node)]
        if sign == "=" and TIMESTAMP in (left.type, right.type) and _is_one_fixed(node):
            # The planner puts the fixed time in the place of a window's end, and then has no window.
            sql = f"IF({left.sql} = {right.sql}, TRUE, {left.sql} = {right.sql})"
            return Value(sql, BOOLEAN, failures(left, right))
        return Value(f"({left.sql} {sign} {right.sql})", BOOLEAN, failures(left, right))

    def between(self, node: exp.Between) -> Value:
        """a BETWEEN b AND c."""
        one, low, high = self.aligned(*self.pairs([node.this, node.args["low"], node.args["high"]]))
        return Value(f"({one.sql} BETWEEN {low.sql} AND {high.sql})", BOOLEAN, failures(one, low, high))

    def member(self, node: exp.In) -> Value:
        """a IN (b, c)."""
        if node.args.get("query") is not None:
            refuse(node, "a query within a condition has no translation")
        one, *others = self.aligned(*self.pairs([node.this, *node.expressions]))
        kinds = {other.type for other in (one, *others)}
        is_constant = isinstance(node.this, exp.Literal)  # Flink's planner has no plan for NOT 'a' IN ('b', 'c')
        is_alike = len({kind.name if kind else "" for kind in kinds}) == 1 and (len(kinds) == 1 or _is_text(one))
        if is_alike and not is_constant:
            listed = f"{one.sql} IN ({', '.join(other.sql for other in others)})"
        else:
            # Of numbers of several types Flink makes whole ones first: 6 would be IN (6.5).
            listed = " OR ".join(f"{one.sql} = {other.sql}" for other in others)
        return Value(f"({listed})", BOOLEAN, failures(one, *others))

    def condition(self, node: exp.Expr) -> Value:
        """A value that is a condition; a text becomes one as in a CAST."""
        one = settled(self.value(node), BOOLEAN, self.options)
        return one if one.type is None or one.type == BOOLEAN else converted(one, BOOLEAN, self.options, _short(node))

    def chain(self, node: exp.Binary) -> list[exp.Expr]:
        """The operands of a AND b AND c, a || b || c: of a chain whose parts the query has no SQL of its own for."""
        found = [node.expression]
        left = node.this
        while type(left) is type(node) and self.names.replaced(left) is None:
            found.append(left.expression)
            left = left.this
        return [left, *reversed(found)]

    def conjunction(self, node: exp.Connector) -> Value:
        """a AND b, a OR b: what decides it already is not evaluated."""
        values = [self.condition(one) for one in self.chain(node)]
        word, undecided = (" AND ", "IS NOT FALSE") if isinstance(node, exp.And) else (" OR ", "IS NOT TRUE")
        found = list(values[0].failures)
        for at, one in enumerate(values[1:], 1):
            before = word.join(other.sql for other in values[:at]) if one.failures else ""
            found += only_if(f"({before}) {undecided}", one.failures)
        return Value(f"({word.join(one.sql for one in values)})", BOOLEAN, tuple(found))

    def negation(self, node: exp.Not) -> Value:
        """NOT a."""
        one = self.condition(node.this)
        return Value(f"(NOT {one.sql})", BOOLEAN, one.failures)

    def what(self, node: exp.Is) -> Value:
        """a IS NULL, TRUE, FALSE, UNKNOWN."""
        word = node.expression
        if isinstance(word, exp.Null):
            one = settled(self.value(node.this), TEXT, self.options)
            return Value(f"({one.sql} IS NULL)", BOOLEAN, one.failures)
        one = self.condition(node.this)
        name = ("TRUE" if word.this else "FALSE") if isinstance(word, exp.Boolean) else word.name
        return Value(f"({one.sql} IS {name})", BOOLEAN, one.failures)

    # ---- texts

    def text(self, node: exp.Expr) -> Value:
        """A value as a text."""
        one = settled(self.value(node), TEXT, self.options)
        return one if _is_text(one) else converted(one, TEXT, self.options)

    def like(self, node: exp.Like | exp.SimilarTo) -> Value:
        """a LIKE b ESCAPE c, a SIMILAR TO b. What Flink refuses while it runs is refused here."""
        one, pattern = self.text(node.this), self.text(node.expression)
        escape = node.args["escape"].name if node.args.get("escape") is not None else ""
        shape = node.expression.unnest()
        is_like = isinstance(node, exp.Like)
        word = "LIKE" if is_like else "SIMILAR TO"
        if isinstance(shape, exp.Literal):
            _require_pattern(node, shape.name, escape)
            pattern = pattern if is_like else replace(pattern, sql=literal(_with_points(shape.name, escape)))
        elif not isinstance(shape, exp.Literal) and (escape or not is_like):
            refuse(node, f"{word} by a pattern that is not written out has no translation")
        after = f" ESCAPE {literal(escape)}" if escape else ""
        return Value(f"({one.sql} {word} {pattern.sql}{after})", BOOLEAN, failures(one, pattern))

    def concatenation(self, node: exp.DPipe) -> Value:
        """a || b."""
        values = [self.text(one) for one in self.chain(node)]
        return Value(f"({' || '.join(one.sql for one in values)})", TEXT, failures(*values))

    # ---- values of which one is chosen

    def cast(self, node: exp.Cast) -> Value:
        """CAST."""
        return converted(self.value(node.this), Type.of(node.args["to"]), self.options, _short(node))

    def coalesce(self, node: exp.Anonymous) -> Value:
        """COALESCE: what is behind the first value that is not NULL is not evaluated."""
        values, kind = unified([self.value(one) for one in node.expressions], self.options)
        values = [settled(one, kind, self.options) for one in values]
        found: list[Failure] = []
        before: list[str] = []
        for one in values:
            found += only_if(" AND ".join(before), one.failures) if before else one.failures
            before.append(f"{one.sql} IS NULL")
        return Value(f"COALESCE({', '.join(one.sql for one in values)})", kind, tuple(found))

    def case(self, node: exp.Case) -> Value:
        """CASE: of its results only that of the first condition that is true is evaluated."""
        subject, branches, default = node.args.get("this"), node.args["ifs"], node.args.get("default")
        if subject is None:
            conditions = [self.condition(branch.this) for branch in branches]
        else:
            compared = (self.value(subject), subject)
            conditions = [self.equal(compared, (self.value(branch.this), branch.this)) for branch in branches]
        results = [self.value(branch.args["true"]) for branch in branches]
        results.append(self.value(default) if default is not None else Value(NULL, None))
        results, kind = unified(results, self.options)
        if all(one.is_null for one in results):
            results = [settled(one, kind, self.options) for one in results]
        found: list[Failure] = []
        before = ""
        for condition, result in zip(conditions, results, strict=False):
            found += _behind(before, condition.failures)
            found += _behind(f"{before} WHEN NOT COALESCE({condition.sql}, FALSE) THEN FALSE", result.failures)
            before += f" WHEN {condition.sql} THEN FALSE"
        found += _behind(before, results[-1].failures)
        texts = [f" WHEN {one.sql} THEN {result.sql}" for one, result in zip(conditions, results, strict=False)]
        return Value(f"(CASE{''.join(texts)} ELSE {results[-1].sql} END)", kind, tuple(found))

    def equal(self, left: tuple[Value, exp.Expr], right: tuple[Value, exp.Expr]) -> Value:
        """Whether the value behind CASE is that behind WHEN."""
        one, other = self.aligned(left, right)
        return Value(f"({one.sql} = {other.sql})", BOOLEAN, failures(one, other))


def _is_one_fixed(node: exp.Binary) -> bool:
    """Whether one side, and only one, has no columns."""
    return any(node.this.find_all(exp.Column)) != any(node.expression.find_all(exp.Column))


def _is_text(one: Value) -> bool:
    return one.type is not None and one.type.name == "VARCHAR"


def _behind(before: str, found: Sequence[Failure]) -> list[Failure]:
    """The failures of what is evaluated if none of these branches of a CASE is taken."""
    if not before:
        return list(found)
    return [Failure(f"(CASE{before} ELSE {one.condition} END)", one.name, one.text) for one in found]


def _divisor(right: Value, known: float | None, options: Options) -> str:
    """The divisor, NULL in place of zero; the number itself where it is always one.

    Flink fails on some divisions of what is written out by what it has to compute.
    """
    if right.least or re.fullmatch(r"[\d.]+(E[+-]?\d+)?", right.sql, re.ASCII | re.IGNORECASE):
        return right.sql
    if known is None or right.type is None:
        return nonzero(right.sql)
    if isinstance(known, int) and right.type.name in WHOLE:
        return str(known) if known > 0 else f"({known})"
    digits = f"{known:.{sizes(right.type)[1]}f}" if right.type.name == "DECIMAL" else repr(float(known))
    return f"CAST({digits} AS {flink(right.type, options)})"


def _division(node: exp.Expr, left: Value, right: Value) -> Failure:
    condition = f"(({left.sql} IS NOT NULL AND {right.sql} = 0) IS TRUE)"
    return Failure(condition, "DIVISION", f"{_short(node)}: division by zero")


def _never_zero(node: exp.Expr) -> bool:
    """Whether a divisor is never zero, as K21 has it: a number, NULLIF(.., 0)."""
    known = constant(node)
    if known is not None:
        return known != 0
    if isinstance(node, exp.Paren | exp.Neg | Plus):
        return _never_zero(node.this)
    if isinstance(node, exp.Cast):
        return Type.of(node.args["to"]).name in FLOATING and _never_zero(node.this)
    return called(node) == "NULLIF" and len(node.expressions) == 2 and constant(node.expressions[1]) == 0


def _require_pattern(node: exp.Like | exp.SimilarTo, pattern: str, escape: str) -> None:
    """Raise Untranslatable for a pattern that Flink refuses, some of them only when a job runs."""
    signs = f"{_SIMILAR}." if isinstance(node, exp.SimilarTo) else "%_"
    if escape and (len(escape) != 1 or pattern.replace(escape * 2, "").endswith(escape)):
        _refuse_escape(node, signs)
    meant = re.findall(f"{re.escape(escape)}(.)" if escape else "$^", pattern, re.DOTALL)
    if any(sign not in f"{signs}{escape}" for sign in meant):
        _refuse_escape(node, signs)
    if isinstance(node, exp.SimilarTo):
        plain = re.sub(f"{re.escape(escape)}.", "x", pattern, flags=re.DOTALL) if escape else pattern
        try:
            re.compile(plain.replace("%", ".").replace("{", "(?:){"))
        except re.error as error:
            refuse(node, f"{_short(node)}: the pattern is none ({error.msg})")


def _with_points(pattern: str, escape: str) -> str:
    """A pattern of SIMILAR TO whose points stand in brackets: outside of them one is any character in Flink."""
    found, in_brackets = "", False
    for sign in re.findall(f"{re.escape(escape)}.|." if escape else ".", pattern, re.DOTALL):
        if sign in "[]":
            in_brackets = sign == "["
        is_point = sign[-1] == "." and sign in (".", f"{escape}.")
        found += ("." if in_brackets else "[.]") if is_point else sign
    return found


def _refuse_escape(node: exp.Expr, signs: str) -> NoReturn:
    what = "%, _" if signs == "%_" else "a sign of patterns, a point"
    refuse(node, f"{_short(node)}: an ESCAPE that is no character before {what} or itself has no translation")


def _short(node: exp.Expr) -> str:
    """The node as it was written, for a message."""
    text = printed(node.copy())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
