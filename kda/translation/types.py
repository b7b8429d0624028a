"""Types of KDA as types of Flink SQL."""

from __future__ import annotations

from kda.sql_types import FLOATING, WHOLE, Type
from kda.translation.options import Options

TIMES = ("TIMESTAMP", "DATE", "TIME")
NUMBERS = (*WHOLE, "DECIMAL", *FLOATING)
BOOLEAN, BIGINT, INTEGER, DOUBLE, TIMESTAMP, TEXT = (
    Type(name) for name in ("BOOLEAN", "BIGINT", "INTEGER", "DOUBLE", "TIMESTAMP", "VARCHAR")
)
_DECIMAL = ("19", "0")  # of a DECIMAL without sizes
_SAME = {"INTEGER": "INT", "TIMESTAMP": "TIMESTAMP(3)", "TIME": "TIME(0)"}


def flink(type: Type, options: Options) -> str:
    """The type of Flink SQL: INT, DOUBLE, DECIMAL(10, 2), VARCHAR(16), TIMESTAMP(3); a text without a length: STRING."""
    if type.name == "REAL":
        return "FLOAT" if options.exact_types else "DOUBLE"
    if type.name == "DECIMAL":
        sizes = type.sizes or _DECIMAL
        return f"DECIMAL({sizes[0]}, {sizes[1] if len(sizes) > 1 else 0})"
    if type.name == "VARCHAR":
        return f"VARCHAR({type.sizes[0]})" if type.sizes else "STRING"
    if type.name in ("BINARY", "VARBINARY"):
        return f"VARBINARY({type.sizes[0]})" if type.sizes else "BYTES"
    return _SAME.get(type.name, type.name)


def common(types: list[Type | None]) -> Type | None:
    """The type that has the values of all these; None if one is not known or they have none."""
    known = [one for one in types if one is not None]
    if len(known) != len(types) or not known:
        return None
    names = {one.name for one in known}
    if len(names) == 1:
        sizes = {one.sizes for one in known}
        return known[0] if len(sizes) == 1 else Type(known[0].name)
    if not names <= set(NUMBERS):
        return None
    if names & set(FLOATING):
        return DOUBLE
    return Type("DECIMAL") if "DECIMAL" in names else max(known, key=lambda one: WHOLE.index(one.name))
