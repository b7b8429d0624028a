"""Every value of KDA's SQL as Flink SQL, with its type and the conditions under which it fails.

In KDA a value that fails, as 1 / 0 does, made the whole row an error. The SQL of such a value is NULL in Flink, never
an exception, which would stop the job; and `failures` says when the row is an error, for whoever makes the query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from kda.constants import constant
from kda.dialect import printed
from kda.nodes import Plus, TypedLiteral, called
from kda.sql_types import Type
from kda.translation.conversions import converted
from kda.translation.options import Options, Untranslatable, refuse
from kda.translation.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, NUMBERS, TEXT, TIMES, common
from kda.translation.values import NULL, Failure, Names, Value, failures, literal, only_if, settled

__all__ = ["Failure", "Names", "Value", "converted", "literal", "value"]

_COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_DISTINCT = {exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM"}
_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def value(node: exp.Expr, names: Names, options: Options) -> Value:
    """The value of a node. Raises Untranslatable."""
    return _Reader(names, options).value(node)


class _Reader:
    """Reads the nodes of one query."""

    def __init__(self, names: Names, options: Options) -> None:
        self.names, self.options = names, options
        self.kinds: dict[type[Any], Callable[[Any], Value]] = {
            exp.Literal: self.literal,
            exp.Null: lambda _node: Value(NULL, None),
            exp.Boolean: lambda node: Value("TRUE" if node.this else "FALSE", BOOLEAN),
            TypedLiteral: self.time,
            exp.Paren: lambda node: self.value(node.this),
            Plus: lambda node: self.value(node.this),
            exp.Neg: self.negative,
            exp.Column: self.names.column,
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
            refuse(node, f"{_short(node)} has no translation")
        try:
            return read(node)
        except Untranslatable as error:
            if error.offset:
                raise
            refuse(node, f"{_short(node)}: {error.text}")

    def literal(self, node: exp.Literal) -> Value:
        """A text or a number."""
        if node.is_string:
            return Value(literal(node.name), TEXT)
        text = node.name
        if "E" in text.upper():
            return Value(text, DOUBLE)
        if not text.isdigit():
            return Value(f"0{text}" if text.startswith(".") else text, Type("DECIMAL"))
        size = int(text)
        return Value(text, INTEGER if size < 2**31 else BIGINT if size < 2**63 else Type("DECIMAL"))

    def time(self, node: TypedLiteral) -> Value:
        """TIMESTAMP '..', DATE '..', TIME '..'."""
        kind = str(node.args["kind"])
        return Value(f"{kind} {literal(node.this.name.strip())}", Type(kind))

    def negative(self, node: exp.Neg) -> Value:
        """A number with the other sign."""
        one = settled(self.value(node.this), INTEGER, self.options)
        return Value(f"(-{one.sql})" if not one.sql.startswith("-") else f"(- {one.sql})", one.type, one.failures)

    def cast(self, node: exp.Cast) -> Value:
        """CAST."""
        return converted(self.value(node.this), Type.of(node.args["to"]), self.options, _short(node))

    def number(self, one: Value, node: exp.Expr) -> Value:
        """The operand of arithmetic; a text becomes a number as in a CAST."""
        if one.type is not None and one.type.name == "VARCHAR":
            return converted(one, DOUBLE, self.options, _short(node))
        return one

    def arithmetic(self, node: exp.Binary) -> Value:
        """a + b and its like, of numbers."""
        left, right = (self.number(self.value(one), one) for one in (node.this, node.expression))
        left, right = (
            settled(left, right.type or INTEGER, self.options),
            settled(right, left.type or INTEGER, self.options),
        )
        found, kind = failures(left, right), common([left.type, right.type])
        divisor = right.sql
        if isinstance(node, exp.Div) and not _never_zero(node.expression):
            divisor = f"NULLIF({right.sql}, 0)"
            condition = f"(({left.sql} IS NOT NULL AND {right.sql} = 0) IS TRUE)"
            found = (*found, Failure(condition, "DIVISION", f"{_short(node)}: division by zero"))
        return Value(f"({left.sql} {_ARITHMETIC[type(node)]} {divisor})", kind, found)

    def aligned(self, *nodes: exp.Expr) -> list[Value]:
        """Values that are compared, of types that Flink compares without a CAST of its own, which could fail."""
        found = [self.value(node) for node in nodes]
        names = [one.type.name for one in found if one.type is not None]
        others = [name for name in names if name != "VARCHAR"]
        to = None
        if others and "VARCHAR" in names:
            to = Type("DOUBLE" if others[0] in NUMBERS else others[0])
        elif "DATE" in others and "TIMESTAMP" in others:
            to = Type("TIMESTAMP")
        elif any(name in NUMBERS for name in others) and any(name in TIMES for name in others):
            refuse(nodes[0], "a number and a time are compared, which has no translation")
        kind = next((one.type for one in found if one.type is not None), None)
        if to is not None:
            found = [
                converted(one, to, self.options, _short(node))
                if one.type and one.type.name in ("VARCHAR", "DATE")
                else one
                for one, node in zip(found, nodes, strict=True)
            ]
            kind = to
        return [settled(one, kind, self.options) for one in found]

    def comparison(self, node: exp.Binary) -> Value:
        """a = b and its like, a IS DISTINCT FROM b."""
        left, right = self.aligned(node.this, node.expression)
        sign = _COMPARISONS.get(type(node)) or _DISTINCT[type(node)]
        return Value(f"({left.sql} {sign} {right.sql})", BOOLEAN, failures(left, right))

    def between(self, node: exp.Between) -> Value:
        """a BETWEEN b AND c."""
        one, low, high = self.aligned(node.this, node.args["low"], node.args["high"])
        return Value(f"({one.sql} BETWEEN {low.sql} AND {high.sql})", BOOLEAN, failures(one, low, high))

    def member(self, node: exp.In) -> Value:
        """a IN (b, c)."""
        one, *others = self.aligned(node.this, *node.expressions)
        return Value(f"({one.sql} IN ({', '.join(other.sql for other in others)}))", BOOLEAN, failures(one, *others))

    def condition(self, node: exp.Expr) -> Value:
        """A value that is a condition; a text becomes one as in a CAST."""
        one = settled(self.value(node), BOOLEAN, self.options)
        return converted(one, BOOLEAN, self.options, _short(node)) if one.type == TEXT else one

    def conjunction(self, node: exp.Connector) -> Value:
        """a AND b, a OR b: what decides it already is not evaluated."""
        left, right = self.condition(node.this), self.condition(node.expression)
        word, undecided = ("AND", "IS NOT FALSE") if isinstance(node, exp.And) else ("OR", "IS NOT TRUE")
        later = only_if(f"{left.sql} {undecided}", right.failures)
        return Value(f"({left.sql} {word} {right.sql})", BOOLEAN, (*left.failures, *later))

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

    def text(self, one: Value) -> Value:
        """A value as a text."""
        if one.type is not None and one.type.name == "VARCHAR":
            return one
        return converted(one, TEXT, self.options)

    def like(self, node: exp.Like | exp.SimilarTo) -> Value:
        """a LIKE b ESCAPE c, a SIMILAR TO b."""
        one, pattern = self.text(self.value(node.this)), self.text(self.value(node.expression))
        escape = node.args.get("escape")
        word = "LIKE" if isinstance(node, exp.Like) else "SIMILAR TO"
        after = f" ESCAPE {literal(escape.name)}" if escape is not None else ""
        return Value(f"({one.sql} {word} {pattern.sql}{after})", BOOLEAN, failures(one, pattern))

    def concatenation(self, node: exp.DPipe) -> Value:
        """a || b."""
        left, right = self.text(self.value(node.this)), self.text(self.value(node.expression))
        return Value(f"({left.sql} || {right.sql})", TEXT, failures(left, right))

    def case(self, node: exp.Case) -> Value:
        """CASE: of its results only that of the first condition that is true is evaluated."""
        subject = node.args.get("this")
        default = node.args.get("default")
        tests = [
            exp.EQ(this=subject.copy(), expression=branch.this.copy()) if subject is not None else branch.this
            for branch in node.args["ifs"]
        ]
        conditions = [self.condition(one) for one in tests]
        results = [self.value(branch.args["true"]) for branch in node.args["ifs"]]
        results.append(self.value(default) if default is not None else Value(NULL, None))
        kind = common([one.type for one in results if not one.is_null])
        found: list[Failure] = []
        before = ""
        for condition, result in zip([*conditions, None], results, strict=True):
            if condition is not None:
                found += _within(before, condition.failures) if before else condition.failures
                found += _within(f"{before} WHEN {condition.sql} THEN {{}}", result.failures)
                before += f" WHEN {condition.sql} THEN FALSE"
            else:
                found += _within(before, result.failures)
        branches = "".join(
            f" WHEN {condition.sql} THEN {result.sql}" for condition, result in zip(conditions, results, strict=False)
        )
        return Value(f"(CASE{branches} ELSE {results[-1].sql} END)", kind, tuple(found))


def _within(before: str, found: tuple[Failure, ...]) -> list[Failure]:
    """Failures of what is evaluated after these branches of a CASE, or in the last of them, which has {}."""
    if not before.endswith("{}"):
        before += " ELSE {}"
        return [Failure(f"(CASE{before.removesuffix('{}')}{one.condition} END)", one.name, one.text) for one in found]
    start = before.removesuffix("{}")
    return [Failure(f"(CASE{start}{one.condition} ELSE FALSE END)", one.name, one.text) for one in found]


def _never_zero(node: exp.Expr) -> bool:
    """Whether a divisor is never zero, as K21 has it: a number, NULLIF(.., 0)."""
    known = constant(node)
    if known is not None:
        return known != 0
    if isinstance(node, exp.Paren | exp.Neg | Plus):
        return _never_zero(node.this)
    if isinstance(node, exp.Mul):
        return _never_zero(node.this) and _never_zero(node.expression)
    return called(node) == "NULLIF" and len(node.expressions) == 2 and constant(node.expressions[1]) == 0


def _short(node: exp.Expr) -> str:
    """The node as it was written, for a message."""
    text = printed(node.copy())
    return text if len(text) <= 60 else f"{text[:57]}..."
