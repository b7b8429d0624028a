"""CAST and the assignment to a column: values of another type, and when there is none."""

from __future__ import annotations

from kda.sql_types import FLOATING, WHOLE, Type
from kda.translation.options import Options, Untranslatable
from kda.translation.types import NUMBERS, flink
from kda.translation.values import Failure, Value

# Flink's own casts of texts take more than KDA's: NaN, 1d, t and y, times with a zone or with one digit.
_NUMBER = r"^\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*$"
_BOOLEAN = r"^\s*((?i)true|false)\s*$"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
_TEXTS = {
    "BOOLEAN": _BOOLEAN,
    "DATE": rf"^\s*({_DATE})(?: {_TIME})?\s*$",
    "TIME": rf"^\s*({_TIME})\s*$",
    "TIMESTAMP": rf"^\s*({_DATE}(?: {_TIME})?)\s*$",
}
_EXACT = "DECIMAL(38, 18)"  # has the whole part of every BIGINT
_TIMES = {"TIMESTAMP": ("TIMESTAMP", "DATE"), "DATE": ("DATE", "TIMESTAMP"), "TIME": ("TIME", "TIMESTAMP")}


def converted(value: Value, to: Type, options: Options, what: str = "") -> Value:
    """The value as one of another type, as CAST and the assignment to a column of a stream have it.

    A text that is too long is cut. what: the value in words, for the failure. Raises Untranslatable for two types
    of which no value fits the other.
    """
    target = flink(to, options)
    if value.is_null:
        return Value(f"CAST(NULL AS {target})", to)
    sql, can_fail = _sql(value, to, target)
    if not can_fail:
        return Value(sql, to, value.failures)
    text = f"{what}: no {_called(to)}" if what else f"no {_called(to)}"
    failure = Failure(f"({value.sql} IS NOT NULL AND {sql} IS NULL)", "COERCION", text)
    return Value(sql, to, (*value.failures, failure))


def _called(type: Type) -> str:
    return f"{type.name}({', '.join(type.sizes)})" if type.sizes else type.name


def _sql(value: Value, to: Type, target: str) -> tuple[str, bool]:
    """The SQL, which is NULL where the value fails, and whether it can fail."""
    sql, source = value.sql, value.type.name if value.type else ""
    if to.name == "VARCHAR" or source == to.name != "DECIMAL":
        return f"CAST({sql} AS {target})", False
    if to.name in NUMBERS and source in ("", "VARCHAR", *NUMBERS):
        return _number(sql, source, to, target)
    if source in ("", "VARCHAR") and to.name in _TEXTS:
        text = sql if source else f"CAST({sql} AS STRING)"
        return f"TRY_CAST(REGEXP_EXTRACT({text}, '{_TEXTS[to.name]}', 1) AS {target})", True
    if source in _TIMES.get(to.name, ()):
        return f"CAST({sql} AS {target})", False
    raise Untranslatable(0, f"a value of type {source or 'that is not known'} as a {to.name} has no translation")


def _number(sql: str, source: str, to: Type, target: str) -> tuple[str, bool]:
    """Of a text or another number. Flink's own casts give other numbers for those that are out of range."""
    text = sql if source == "VARCHAR" else f"CAST({sql} AS STRING)"
    digits = f"REGEXP_EXTRACT({text}, '{_NUMBER}', 1)" if source in ("", "VARCHAR") else text
    if to.name in FLOATING:
        if source in NUMBERS:
            return f"CAST({sql} AS {target})", False
        return f"TRY_CAST({digits} AS {target})", True
    if to.name == "DECIMAL":
        return f"TRY_CAST({digits} AS {target})", True
    if source in WHOLE and WHOLE.index(source) <= WHOLE.index(to.name):
        return f"CAST({sql} AS {target})", False
    # The cast of a text to a whole number cuts its fraction off, and is NULL out of range; it takes no exponent.
    if source not in WHOLE and source != "DECIMAL":
        digits = f"CAST(TRY_CAST({digits} AS {_EXACT}) AS STRING)"
    return f"TRY_CAST({digits} AS {target})", True
