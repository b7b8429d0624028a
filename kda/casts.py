"""Whether a CAST can fail: the types of values, as far as the application declares them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from kda.constants import constant, number
from kda.functions import FORMATTING
from kda.nodes import FloorTo, Plus, Step, TypedLiteral, Words, called
from kda.program import canonical
from kda.scope import Catalog
from kda.sql_types import FLOATING, WHOLE, Type

_LEAST = {"TINYINT": -(2**7), "SMALLINT": -(2**15), "INTEGER": -(2**31), "BIGINT": -(2**63)}
# The longest text of each, in characters. Of others it is not known.
_LENGTHS = {
    **{"TINYINT": 4, "SMALLINT": 6, "INTEGER": 11, "BIGINT": 20, "REAL": 24, "DOUBLE": 24},
    **{"BOOLEAN": 5, "DATE": 10, "TIME": 18, "TIMESTAMP": 29},  # times with nine digits of a second
}
_NUMBER = "NUMBER"  # a number of a type that is not known
_NUMBERS = (*WHOLE, *FLOATING, "DECIMAL", _NUMBER)
_FITS = {"TIMESTAMP": ("TIMESTAMP", "DATE"), "DATE": ("DATE", "TIMESTAMP"), "TIME": ("TIME", "TIMESTAMP")}
_RESULTS = {
    **dict.fromkeys(("COUNT", "UNIX_TIMESTAMP", "TSDIFF"), "BIGINT"),
    **dict.fromkeys(("CHAR_LENGTH", "CHARACTER_LENGTH"), "INTEGER"),
    **dict.fromkeys(("UPPER", "LOWER", "INITCAP", "TRIM", "SUBSTRING", "OVERLAY", "REGEX_REPLACE"), "VARCHAR"),
    **dict.fromkeys(FORMATTING, "VARCHAR"),
    **dict.fromkeys(("TO_TIMESTAMP", "CHAR_TO_TIMESTAMP"), "TIMESTAMP"),
    **{"CHAR_TO_DATE": "DATE", "CHAR_TO_TIME": "TIME"},
    **dict.fromkeys(("SUM", "AVG", "STDDEV", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP"), _NUMBER),
    **dict.fromkeys(("MOD", "POWER", "EXP", "LN", "LOG10", "FLOOR", "CEIL", "CEILING"), _NUMBER),
}
# Those that have the type of so many of their arguments.
_OF_ARGUMENTS = {
    **dict.fromkeys(("MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "MONOTONIC", "ABS", "NULLIF"), 1),
    "COALESCE": None,
}


def typed(node: exp.Expr, select: exp.Select, catalog: Catalog) -> Type | None:
    """The type of a value; None if it is not known."""
    if isinstance(node, exp.Paren | Step | FloorTo | exp.IgnoreNulls | exp.RespectNulls | exp.Window):
        return typed(node.this, select, catalog)
    if isinstance(node, exp.Column):
        return _of_column(node, select, catalog)
    if isinstance(node, exp.Case):
        values = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
        return _common(values, select, catalog)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Neg | Plus):
        return _of_arithmetic(node, select, catalog)
    return _of_call(node, select, catalog) if called(node) else _of_literal(node)


def _of_arithmetic(node: exp.Expr, select: exp.Select, catalog: Catalog) -> Type:
    """A number; a time for one with an interval added or taken away."""
    operands = [one for one in (node.this, node.args.get("expression")) if one is not None]
    if any(isinstance(one, exp.Interval) for one in operands):
        times = (typed(one, select, catalog) for one in operands if not isinstance(one, exp.Interval))
        return next((one for one in times if one is not None and one.name in _FITS), Type("INTERVAL"))
    return Type(_NUMBER)


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
    if isinstance(node, exp.Literal) and not node.is_string:
        return Type(_NUMBER)
    is_text = isinstance(node, exp.DPipe) or (isinstance(node, exp.Literal) and node.is_string)
    name = "VARCHAR" if is_text else _RESULTS.get(node.name) if isinstance(node, Words) else None
    return Type(name) if name else None


def is_whole(node: exp.Expr, select: exp.Select, catalog: Catalog) -> bool:
    """Whether a value is known to be a whole number."""
    if isinstance(node, exp.Paren | exp.Neg | Plus | exp.IgnoreNulls | exp.RespectNulls | exp.Window):
        return is_whole(node.this, select, catalog)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div):
        return all(is_whole(one, select, catalog) for one in (node.this, node.expression))
    if isinstance(node, exp.Literal):
        return not node.is_string and node.name.isdigit()
    if called(node) in ("SUM", "AVG", "MOD", "MIN", "MAX", "ABS", "COALESCE", "FIRST_VALUE", "LAST_VALUE", "LAG"):
        return bool(node.expressions) and all(is_whole(one, select, catalog) for one in node.expressions)
    if isinstance(node, exp.Column) and (values := catalog.behind(node, select)):
        return all(is_whole(value, leaf, catalog) for value, leaf in values)
    kind = typed(node, select, catalog)
    return kind is not None and kind.name in WHOLE


def _common(values: Iterable[exp.Expr | None], select: exp.Select, catalog: Catalog) -> Type | None:
    """The type of all these values but NULL; of texts without their length."""
    types = {typed(value, select, catalog) for value in values if value is not None and not isinstance(value, exp.Null)}
    if {one.name if one else "" for one in types} == {"VARCHAR"}:
        return Type("VARCHAR")
    if len(types) > 1 and all(one is not None and one.name in _NUMBERS for one in types):
        return Type(_NUMBER)
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
    digits = source.this if isinstance(source, exp.Neg) else source
    if isinstance(digits, exp.Literal):
        return not digits.is_string and len(digits.name) + (digits is not source) > size
    kind = typed(source, select, catalog)
    if kind is None:
        return True
    return kind.name != "VARCHAR" and size < _LENGTHS.get(kind.name, size + 1)


def _written(source: exp.Expr, to: Type) -> int | float | None:
    """The number that is written out, in digits or in a text that a CAST to a number takes; None for other values."""
    if not isinstance(source, exp.Literal) or not source.is_string:
        return constant(source)
    value = number(source.name) if to.name in _NUMBERS else None
    return value if isinstance(value, int) or to.name not in WHOLE else None


def fails(node: exp.Cast, select: exp.Select, catalog: Catalog) -> bool:
    """Whether a CAST to another type than a text may get a value that is none of it."""
    to, source = Type.of(node.args["to"]), node.this.unnest()
    if to.name == "VARCHAR" or isinstance(source, exp.Null | TypedLiteral):
        return False
    value = _written(source, to)
    if value is not None:
        return to.name in WHOLE and not _LEAST[to.name] <= value <= -_LEAST[to.name] - 1
    kind = typed(source, select, catalog)
    if kind is None:
        return True
    if kind.name in WHOLE and to.name in WHOLE:
        return WHOLE.index(kind.name) > WHOLE.index(to.name)
    if to.name in FLOATING and kind.name in _NUMBERS:
        return (kind.name, to.name) == ("DOUBLE", "REAL")
    return kind.name not in _FITS[to.name] if to.name in _FITS else kind != to
