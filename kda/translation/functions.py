"""The functions of a row; those of several rows are the query's matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from kda.constants import constant
from kda.functions import FORMATTING
from kda.nodes import Words, called
from kda.sql_types import FLOATING, WHOLE, Type
from kda.translation import logs, times
from kda.translation.conversions import converted
from kda.translation.options import UNKNOWN, Options, Untranslatable, refuse
from kda.translation.types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    NUMBERS,
    TEXT,
    TIME,
    TIMESTAMP,
    arithmetic,
    common,
    decimal,
    flink,
    sizes,
)
from kda.translation.values import NULL, Failure, Of, Value, failures, hidden, literal, nonzero, settled

LOGS = {
    *("REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSER"),
    *("VARIABLE_COLUMN_LOG_PARSE", "W3C_LOG_PARSE"),
}
_PARSING = {"CHAR_TO_TIMESTAMP": TIMESTAMP, "CHAR_TO_DATE": DATE, "CHAR_TO_TIME": TIME}
_TEXTS = {"INITCAP", "LOWER", "UPPER"}
_REAL = {"EXP": 1, "LN": 1, "LOG10": 1, "POWER": 2}


class Functions:
    """The functions of one query. of: the value of a node."""

    def __init__(self, of: Of, options: Options) -> None:
        self.of, self.options = of, options
        self.kinds: dict[str, Callable[[str, list[exp.Expr]], Value]] = {
            "ABS": self.abs,
            **dict.fromkeys(("CEIL", "CEILING", "FLOOR"), self.rounded),
            **dict.fromkeys(_REAL, self.real),
            "MOD": self.remainder,
            **dict.fromkeys(("CHAR_LENGTH", "CHARACTER_LENGTH"), self.length),
            **dict.fromkeys(_TEXTS, self.of_text),
            "TRIM": lambda _name, nodes: self.trimmed("BOTH", nodes),
            "SUBSTRING": self.substring,
            "OVERLAY": self.overlay,
            "POSITION": self.position,
            "REGEX_REPLACE": self.replaced,
            "MONOTONIC": lambda name, nodes: self.of(self.counted(name, nodes, 1)[0]),
            "TSDIFF": self.difference,
            "TO_TIMESTAMP": self.moment,
            "UNIX_TIMESTAMP": self.milliseconds,
            **dict.fromkeys(FORMATTING, self.written),
            **dict.fromkeys(_PARSING, self.read),
            **dict.fromkeys(LOGS, self.log),
        }

    def call(self, node: exp.Anonymous) -> Value:
        """A function with its arguments in parentheses."""
        name = called(node)
        if name not in self.kinds:
            refuse(node, f"the function {name} has no translation here")
        return self.kinds[name](name, node.expressions)

    def words(self, node: Words) -> Value:
        """A function with words between its arguments."""
        name, parts = node.name, node.args["parts"]
        nodes = [part for part in parts if not isinstance(part, str)]
        words = [part for part in parts if isinstance(part, str)]
        if name == "EXTRACT":
            return times.part(words[0], self.of(nodes[0]), self.options)
        if name == "TRIM":
            sides = [word for word in words if word != "FROM"]
            return self.trimmed(sides[0] if sides else "BOTH", nodes)
        if name == "POSITION" and words != ["IN"]:
            raise Untranslatable(UNKNOWN, "POSITION from another character on has no translation")
        return self.kinds[name](name, nodes)

    # ---- arguments

    def counted(self, name: str, nodes: Sequence[exp.Expr], *counts: int) -> Sequence[exp.Expr]:
        """The arguments. Raises Untranslatable for another number of them."""
        if len(nodes) not in counts:
            raise Untranslatable(UNKNOWN, f"{name} with {len(nodes)} arguments has no translation")
        return nodes

    def text(self, node: exp.Expr) -> Value:
        """An argument that is a text, or becomes one."""
        value = settled(self.of(node), TEXT, self.options)
        return value if value.type == TEXT or _is(value, "VARCHAR") else converted(value, TEXT, self.options)

    def place(self, node: exp.Expr) -> Value:
        """An argument that is the number of a character, or of so many: an INTEGER, or becomes one."""
        value = settled(self.of(node), INTEGER, self.options)
        return value if value.type == INTEGER else converted(value, INTEGER, self.options)

    def number(self, node: exp.Expr) -> Value:
        """An argument that is a number, or becomes one."""
        value = settled(self.of(node), DOUBLE, self.options)
        return value if _is(value, *NUMBERS) else converted(value, DOUBLE, self.options)

    def constant(self, node: exp.Expr) -> str | None:
        """The text or number that an argument is written out as; None for others."""
        node = node.unnest()
        return node.name if isinstance(node, exp.Literal) else None

    # ---- numbers

    def abs(self, name: str, nodes: list[exp.Expr]) -> Value:
        """ABS."""
        value = self.number(self.counted(name, nodes, 1)[0])
        return Value(f"ABS({value.sql})", value.type, value.failures)

    def rounded(self, name: str, nodes: list[exp.Expr]) -> Value:
        """FLOOR and CEIL of a number."""
        value = self.number(self.counted(name, nodes, 1)[0])
        kind = value.type
        if kind is not None and kind.name == "DECIMAL":
            kind = decimal(sizes(kind)[0], 0)
        return Value(f"{'FLOOR' if name == 'FLOOR' else 'CEIL'}({value.sql})", kind, value.failures)

    def real(self, name: str, nodes: list[exp.Expr]) -> Value:
        """EXP, LN, LOG10, POWER: an error where the result is infinite, or no number, which JSON cannot have."""
        values = [self.number(node) for node in self.counted(name, nodes, _REAL[name])]
        texts = [one.sql for one in values]
        sql = f"{name}({', '.join(texts)})"
        has_all = " AND ".join(f"{text} IS NOT NULL" for text in texts)
        condition = f"({has_all} AND ({sql} - {sql} = 0) IS NOT TRUE)"
        failing = Failure(condition, "COERCION", f"{name}: its result is no number")
        return Value(sql, DOUBLE, (*failures(*values), failing))

    def remainder(self, name: str, nodes: list[exp.Expr]) -> Value:
        """MOD: with the sign of the dividend; an error for a divisor of zero."""
        left, right = (self.number(node) for node in self.counted(name, nodes, 2))
        kind = arithmetic("%", left.type or DOUBLE, right.type or DOUBLE) or DOUBLE
        condition = f"(({left.sql} IS NOT NULL AND {right.sql} = 0) IS TRUE)"
        failing = Failure(condition, "DIVISION", "MOD: division by zero")
        known = constant(nodes[1])
        found = failures(left, right) if known else (*failures(left, right), failing)
        if known == 0:  # Flink refuses what it sees to be a division by zero
            return settled(Value(NULL, None, found), kind, self.options)
        divisor = nonzero(right.sql)
        if kind.name in FLOATING:
            # TRUNCATE of NULL stops a job.
            quotient = hidden(f"CAST({left.sql} AS DOUBLE) / {divisor}")
            sql = f"({left.sql} - {divisor} * SIGN({quotient}) * FLOOR(ABS({quotient})))"
        elif kind.name in WHOLE and left.type != right.type:
            target = flink(kind, self.options)
            sql = f"MOD(CAST({left.sql} AS {target}), CAST({divisor} AS {target}))"
        else:
            sql = f"MOD({left.sql}, {divisor})"
        return Value(sql, kind, found)

    # ---- texts

    def length(self, name: str, nodes: list[exp.Expr]) -> Value:
        """CHAR_LENGTH."""
        value = self.text(self.counted(name, nodes, 1)[0])
        return Value(f"CHAR_LENGTH({value.sql})", INTEGER, value.failures)

    def of_text(self, name: str, nodes: list[exp.Expr]) -> Value:
        """UPPER and its like."""
        value = self.text(self.counted(name, nodes, 1)[0])
        return Value(f"{name}({value.sql})", TEXT, value.failures)

    def trimmed(self, side: str, nodes: list[exp.Expr]) -> Value:
        """TRIM(LEADING 'x' FROM text); of blanks without what is cut off."""
        *signs, value = (self.text(node) for node in self.counted("TRIM", nodes, 1, 2))
        what = f" {signs[0].sql}" if signs else ""
        return Value(f"TRIM({side}{what} FROM {value.sql})", TEXT, failures(*signs, value))

    def substring(self, name: str, nodes: list[exp.Expr]) -> Value:
        """SUBSTRING(text FROM 2 FOR 3)."""
        self.counted(name, nodes, 2, 3)
        value, *places = [self.text(nodes[0]), *map(self.place, nodes[1:])]
        arguments = ", ".join(one.sql for one in (value, *places))
        return Value(f"SUBSTRING({arguments})", TEXT, failures(value, *places))

    def overlay(self, name: str, nodes: list[exp.Expr]) -> Value:
        """OVERLAY(text PLACING other FROM 2 FOR 3)."""
        self.counted(name, nodes, 3, 4)
        value, other, *places = [*map(self.text, nodes[:2]), *map(self.place, nodes[2:])]
        count = f" FOR {places[1].sql}" if len(places) > 1 else ""
        sql = f"OVERLAY({value.sql} PLACING {other.sql} FROM {places[0].sql}{count})"
        return Value(sql, TEXT, failures(value, other, *places))

    def position(self, name: str, nodes: list[exp.Expr]) -> Value:
        """POSITION(part IN text)."""
        part, value = (self.text(node) for node in self.counted(name, nodes, 2))
        return Value(f"POSITION({part.sql} IN {value.sql})", INTEGER, failures(part, value))

    def replaced(self, name: str, nodes: list[exp.Expr]) -> Value:
        """REGEX_REPLACE of all matches. Flink puts a $1 in as it stands, Java's and so KDA's means a group."""
        self.counted(name, nodes, 3, 4, 5)
        pattern, new = self.constant(nodes[1]), self.constant(nodes[2])
        if pattern is None:
            raise Untranslatable(UNKNOWN, f"{name} by an expression that is not written out has no translation")
        if new is None or re.search(r"[$\\]", new):
            raise Untranslatable(
                UNKNOWN, f"{name} by a text with $ or a backslash, or one of the row, has no translation"
            )
        value = self.text(nodes[0])
        return Value(f"REGEXP_REPLACE({value.sql}, {literal(pattern)}, {literal(new)})", TEXT, value.failures)

    # ---- times

    def difference(self, name: str, nodes: list[exp.Expr]) -> Value:
        """TSDIFF(a, b): a - b in milliseconds."""
        later, earlier = (
            times.milliseconds(self.of(node), self.options, name) for node in self.counted(name, nodes, 2)
        )
        return Value(f"({later.sql} - {earlier.sql})", BIGINT, failures(later, earlier))

    def moment(self, name: str, nodes: list[exp.Expr]) -> Value:
        """TO_TIMESTAMP(milliseconds)."""
        value = settled(self.of(self.counted(name, nodes, 1)[0]), BIGINT, self.options)
        return times.moment(value if _is(value, *WHOLE) else converted(value, BIGINT, self.options))

    def milliseconds(self, name: str, nodes: list[exp.Expr]) -> Value:
        """UNIX_TIMESTAMP(time); without an argument that of the row."""
        self.counted(name, nodes, 0, 1)
        time = self.of(nodes[0]) if nodes else times.present("CURRENT_TIMESTAMP", self.of)
        return times.milliseconds(time, self.options, name)

    def shape(self, name: str, node: exp.Expr) -> str:
        """A format."""
        found = self.constant(node)
        if found is None:
            raise Untranslatable(UNKNOWN, f"{name} by a format that is not written out has no translation")
        return found

    def written(self, name: str, nodes: list[exp.Expr]) -> Value:
        """TIMESTAMP_TO_CHAR(format, time) and its like."""
        shape, time = self.counted(name, nodes, 2)
        return times.written(self.shape(name, shape), self.of(time), self.options)

    def read(self, name: str, nodes: list[exp.Expr]) -> Value:
        """CHAR_TO_TIMESTAMP(format, text) and its like."""
        shape, text = self.counted(name, nodes, 2)
        return times.read(self.shape(name, shape), self.text(text), _PARSING[name])

    # ---- logs

    def log(self, name: str, nodes: list[exp.Expr]) -> Value:
        """REGEX_LOG_PARSE and its like: a row."""
        if not nodes:
            raise Untranslatable(UNKNOWN, f"{name} without an argument has no translation")
        return logs.parsed(name, self.text(nodes[0]), [self.constant(node) for node in nodes[1:]], self.options)


def _is(value: Value, *names: str) -> bool:
    return value.type is not None and value.type.name in names


def unified(values: Sequence[Value], options: Options) -> tuple[list[Value], Type | None]:
    """Values of which one is chosen, as of one type. Raises Untranslatable if they have none."""
    kinds: list[Type | None] = [value.type for value in values if not value.is_null]
    kind = common(kinds)
    if kind is None and kinds and None not in kinds:
        names = " and ".join(sorted({one.name for one in kinds if one is not None}))
        raise Untranslatable(UNKNOWN, f"a value that is {names} has no translation")
    if kind == TIMESTAMP:
        return [converted(value, TIMESTAMP, options) if _is(value, "DATE") else value for value in values], kind
    return list(values), kind
