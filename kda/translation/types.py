"""Types of KDA as types of Flink SQL, and the types of arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

from kda.sql_types import FLOATING, WHOLE, Type
from kda.translation.options import Options

TIMES = ("TIMESTAMP", "DATE", "TIME")
NUMBERS = (*WHOLE, "DECIMAL", *FLOATING)
BOOLEAN, BIGINT, INTEGER, DOUBLE, TEXT = (Type(name) for name in ("BOOLEAN", "BIGINT", "INTEGER", "DOUBLE", "VARCHAR"))
TIMESTAMP, DATE, TIME, INTERVAL = (Type(name) for name in (*TIMES, "INTERVAL"))
_SAME = {"INTEGER": "INT", "TIMESTAMP": "TIMESTAMP(3)", "TIME": "TIME(0)"}
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}
_MOST, _LEAST_SCALE = 38, 6  # digits of a DECIMAL in Flink; those after the point of a quotient


def flink(kind: Type, options: Options) -> str:
    """The type of Flink SQL: INT, DECIMAL(10, 2), VARCHAR(16), TIMESTAMP(3); a text without a length is a STRING."""
    if kind.name == "REAL":
        return "FLOAT" if options.exact_types else "DOUBLE"
    if kind.name == "DECIMAL":
        precision, scale = sizes(kind)
        return f"DECIMAL({precision}, {scale})"
    if kind.name == "VARCHAR":
        return f"VARCHAR({kind.sizes[0]})" if kind.sizes else "STRING"
    if kind.name in ("BINARY", "VARBINARY"):
        return f"VARBINARY({kind.sizes[0]})" if kind.sizes else "BYTES"
    if kind.name == "ROW":
        return f"ROW<{', '.join(f'`{name}` STRING' for name in kind.sizes)}>"
    return _SAME.get(kind.name, kind.name)


def widest(kind: Type) -> Type:
    """The widest type with the same values: a text without a length, a BIGINT."""
    return TEXT if kind.name == "VARCHAR" else BIGINT if kind.name in WHOLE else kind


def row(names: Iterable[str]) -> Type:
    """The type of a row of texts with these names, as parsers of logs give it."""
    return Type("ROW", tuple(names))


def decimal(precision: int, scale: int) -> Type:
    """A DECIMAL; of one with too many digits Flink gives up those after the point, down to six."""
    if precision > _MOST:
        scale = max(_MOST - (precision - scale), min(scale, _LEAST_SCALE))
    return Type("DECIMAL", (str(min(precision, _MOST)), str(scale)))


def sizes(kind: Type) -> tuple[int, int]:
    """Precision and scale of a DECIMAL, or of a whole number as one."""
    if kind.name in _DIGITS:
        return _DIGITS[kind.name], 0
    given = [*map(int, kind.sizes), 0]
    return (given[0], given[1]) if kind.sizes else (10, 0)


def common(types: Iterable[Type | None]) -> Type | None:
    """The type that has the values of all these; None if one is not known or they have none."""
    known = list(types)
    found = known[0] if known else None
    for one in known[1:]:
        found = _both(found, one) if found is not None and one is not None else None
    return found


def _both(first: Type, second: Type) -> Type | None:
    names = {first.name, second.name}
    if first == second:
        return first
    if names <= set(NUMBERS):
        if names & set(FLOATING):
            return DOUBLE
        if names <= set(WHOLE):
            return max(first, second, key=lambda one: WHOLE.index(one.name))
        (p1, s1), (p2, s2) = sizes(first), sizes(second)
        return decimal(max(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))
    if names == {"DATE", "TIMESTAMP"}:
        return TIMESTAMP
    return Type(first.name) if first.name == second.name else None


def arithmetic(sign: str, left: Type, right: Type) -> Type | None:
    """The type of left + right, and of - * / and % for MOD; None if one is no number."""
    both = common([left, right])
    if both is None or both.name not in NUMBERS:
        return None
    if both.name != "DECIMAL":
        return DOUBLE if both.name in FLOATING else both
    (p1, s1), (p2, s2) = sizes(left), sizes(right)
    scale = max(s1, s2)
    if sign == "*":
        return decimal(p1 + p2 + 1, s1 + s2)
    if sign == "/":
        scale = max(_LEAST_SCALE, s1 + p2 + 1)
        return decimal(p1 - s1 + s2 + scale, scale)
    if sign == "%":
        return decimal(min(p1 - s1, p2 - s2) + scale, scale)
    return decimal(max(p1 - s1, p2 - s2) + scale + 1, scale)
