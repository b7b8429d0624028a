"""Types of values, as SQL and schemas write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kda.nodes import SqlType

_SAME = {
    **dict.fromkeys(("CHARACTER", "CHAR VARYING", "CHARACTER VARYING"), "VARCHAR"),
    **{"CHAR": "VARCHAR", "INT": "INTEGER", "FLOAT": "DOUBLE", "DOUBLE PRECISION": "DOUBLE"},
    **dict.fromkeys(("NUMERIC", "DEC"), "DECIMAL"),
}
# From narrow to wide. A DECIMAL fits none of the whole numbers, and any of those with a floating point.
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
FLOATING = ("REAL", "DOUBLE")


@dataclass(frozen=True)
class Type:
    """name: one of those that mean the same; sizes: the numbers in its parentheses."""

    name: str
    sizes: tuple[str, ...] = ()

    @staticmethod
    def of(node: SqlType) -> Type:
        """A type of the SQL."""
        return Type(_SAME.get(node.name, node.name), tuple(size.name for size in node.expressions))

    @staticmethod
    def written(text: str) -> Type:
        """A type of a schema, such as VARCHAR(16)."""
        name, _, sizes = text.upper().strip().rstrip(")").partition("(")
        name = re.sub(r"\s+", " ", name.strip())
        return Type(_SAME.get(name, name), tuple(re.findall(r"\d+", sizes)))
