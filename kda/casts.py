"""Whether a CAST can fail: the types of values, as far as the application declares them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from kda.functions import FORMATTING
from kda.nodes import FloorTo, SqlType, Step, TypedLiteral, Words, called
from kda.program import canonical
from kda.scope import Catalog

_SAME = {
    **dict.fromkeys(("CHARACTER", "CHAR VARYING", "CHARACTER VARYING"), "VARCHAR"),
    **{"CHAR": "VARCHAR", "INT": "INTEGER", "FLOAT": "DOUBLE", "DOUBLE PRECISION": "DOUBLE"},
    **dict.fromkeys(("NUMERIC", "DEC"), "DECIMAL"),
}
# From narrow to wide. A DECIMAL fits none of the whole numbers, and any of those with a floating point.
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_FLOATING = ("REAL", "DOUBLE")
# The longest text of each, in characters. Of others it is not known.
_LENGTHS = {"TINYINT": 4, "SMALLINT": 6, "INTEGER": 11, "BIGINT": 20, "BOOLEAN": 5, "DATE": 10}
_FITS = {"TIMESTAMP": ("TIMESTAMP", "DATE"), "DATE": ("DATE", "TIMESTAMP"), "TIME": ("TIME", "TIMESTAMP")}
_RESULTS = {
    **dict.fromkeys(("COUNT", "UNIX_TIMESTAMP", "TSDIFF"), "BIGINT"),
    **dict.fromkeys(("CHAR_LENGTH", "CHARACTER_LENGTH"), "INTEGER"),
    **dict.fromkeys(("UPPER", "LOWER", "INITCAP", "TRIM", "SUBSTRING", "OVERLAY", "REGEX_REPLACE"), "VARCHAR"),
    **dict.fromkeys(FORMATTING, "VARCHAR"),
    **dict.fromkeys(("TO_TIMESTAMP", "CHAR_TO_TIMESTAMP"), "TIMESTAMP"),
    **{"CHAR_TO_DATE": "DATE", "CHAR_TO_TIME": "TIME"},
}
# Those that have the type of so many of their arguments.
_OF_ARGUMENTS = {
    **dict.fromkeys(("MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "MONOTONIC", "ABS", "NULLIF"), 1),
    "COALESCE": None,
}


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


def typed(node: exp.Expr, select: exp.Select, catalog: Catalog) -> Type | None:
    """The type of a value; None if it is not known."""
    if isinstance(node, exp.Paren | Step | FloorTo | exp.IgnoreNulls | exp.RespectNulls | exp.Window):
        return typed(node.this, select, catalog)
    if isinstance(node, exp.Column):
        return _of_column(node, select, catalog)
    if isinstance(node, exp.Case):
        values = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
        return _common(values, select, catalog)
    return _of_call(node, select, catalog) if called(node) else _of_literal(node)


def _of_call(node: exp.Expr, select: exp.Select, catalog: Catalog) -> Type | None:
    name = called(node)
    if name in _OF_ARGUMENTS:
        return _common(node.expressions[: _OF_ARGUMENTS[name]], select, catalog)
    return Type(_RESULTS[name]) if name in _RESULTS else None


def _of_literal(node: exp.Expr) -> Type | None:
    """What has its type written in it."""
    if isinstance(node, exp.Cast):
        return Type.of(node.args["to"])
    if isinstance(node, TypedLiteral):
        return Type(node.args["kind"])
    is_text = isinstance(node, exp.DPipe) or (isinstance(node, exp.Literal) and node.is_string)
    name = "VARCHAR" if is_text else _RESULTS.get(node.name) if isinstance(node, Words) else None
    return Type(name) if name else None


def _common(values: Iterable[exp.Expr | None], select: exp.Select, catalog: Catalog) -> Type | None:
    """The type of all these values but NULL; of texts without their length."""
    types = {typed(value, select, catalog) for value in values if value is not None and not isinstance(value, exp.Null)}
    if {one.name if one else "" for one in types} == {"VARCHAR"}:
        return Type("VARCHAR")
    return types.pop() if len(types) == 1 else None


def _of_column(column: exp.Column, select: exp.Select, catalog: Catalog) -> Type | None:
    values = catalog.behind(column, select)
    if values:
        types = {typed(value, leaf, catalog) for value, leaf in values}
        return types.pop() if len(types) == 1 else None
    if catalog.time(column, select):
        return Type("TIMESTAMP")
    relation, name = catalog.owner(column, select), canonical(column)
    if relation is None or not relation.columns or name not in relation.columns:
        return None
    index = relation.columns.index(name)
    stream = catalog.program.streams.get(relation.name)
    if relation.kind == "stream" and stream is not None:
        return Type.of(stream.columns[index][1]) if stream.columns else None
    declared = catalog.declared(relation.name) if relation.kind in ("input", "reference") else None
    return Type.written(declared.columns[index].type) if declared is not None and declared.columns else None


def cuts(node: exp.Cast, select: exp.Select, catalog: Catalog) -> bool:
    """Whether a CAST to a text may get a value that is no text and does not fit."""
    to, source = Type.of(node.args["to"]), node.this.unnest()
    if to.name != "VARCHAR" or isinstance(source, exp.Null):
        return False
    size = int(to.sizes[0]) if to.sizes and to.sizes[0].isdigit() else 0
    if isinstance(source, exp.Literal):
        return not source.is_string and len(source.name) > size
    kind = typed(source, select, catalog)
    if kind is None:
        return True
    return kind.name != "VARCHAR" and size < _LENGTHS.get(kind.name, size + 1)


def fails(node: exp.Cast, select: exp.Select, catalog: Catalog) -> bool:
    """Whether a CAST to another type than a text may get a value that is none of it."""
    to, source = Type.of(node.args["to"]), node.this.unnest()
    is_number = isinstance(source, exp.Literal) and not source.is_string
    if to.name == "VARCHAR" or is_number or isinstance(source, exp.Null | TypedLiteral):
        return False
    kind = typed(source, select, catalog)
    if kind is None:
        return True
    if kind.name in _WHOLE and to.name in _WHOLE:
        return _WHOLE.index(kind.name) > _WHOLE.index(to.name)
    if to.name in _FLOATING and kind.name in (*_WHOLE, "DECIMAL", *_FLOATING):
        return (kind.name, to.name) == ("DOUBLE", "REAL")
    if to.name in _FITS:
        return kind.name not in _FITS[to.name]
    return kind != to
