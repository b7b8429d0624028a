"""CAST and the assignment to a column: values of another type, and when there is none."""

from __future__ import annotations

from kda.sql_types import FLOATING, WHOLE, Type
from kda.translation.options import UNKNOWN, Options, Untranslatable
from kda.translation.types import NUMBERS, flink, sizes
from kda.translation.values import Failure, Value

# Flink's own casts of texts take more than KDA's: NaN, 1d, t and y, 30 February, times with a zone or one digit.
_WHOLE = r"^ *([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)) *$"
_NUMBER = r"^ *([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?) *$"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_TEXTS = {
    "BOOLEAN": "(?i)^ *(true|false) *$",
    "DATE": rf"^ *({_DATE}) *$",
    "TIME": rf"^ *({_TIME}) *$",
    "TIMESTAMP": rf"^ *({_DATE}(?: {_TIME})?) *$",
}
_EXACT = "DECIMAL(38, 18)"  # has the whole part of every BIGINT
_LARGEST = "1.7976931348623157E308"


def converted(value: Value, to: Type, options: Options, what: str = "") -> Value:
    """The value as one of another type, as CAST and the assignment to a column of a stream have it.

    A text that is too long is cut. what: the value in words, for the failure. Raises Untranslatable for two types
    of which no value fits the other.
    """
    target = flink(to, options)
    if value.is_null:
        return Value(f"CAST(NULL AS {target})", to)
    if value.least is not None and to.name in ("INTEGER", "BIGINT", *FLOATING):
        return Value(f"CAST({value.sql} AS {target})", to, value.failures, least=value.least)
    sql, can_fail = _sql(value, to, target)
    if not can_fail:
        return Value(sql, to, value.failures)
    is_missing = f"{sql} IS NULL"
    if to.name in FLOATING:  # 1E400 is Infinity in Flink
        is_missing = f"NOT COALESCE(ABS({sql}) <= {_LARGEST}, FALSE)"
    text = f"{what}: the value is no {_called(to)}" if what else f"the value is no {_called(to)}"
    failure = Failure(f"({value.sql} IS NOT NULL AND {is_missing})", "COERCION", text)
    return Value(sql, to, (*value.failures, failure))


def _called(kind: Type) -> str:
    return f"{kind.name}({', '.join(kind.sizes)})" if kind.sizes else kind.name


def _sql(value: Value, to: Type, target: str) -> tuple[str, bool]:
    """The SQL, which is NULL where the value fails, and whether it can fail."""
    sql, source = value.sql, value.type.name if value.type else ""
    if source in ("ROW", "INTERVAL") and to.name != source:
        raise Untranslatable(UNKNOWN, f"a value of type {source} as a {to.name} has no translation")
    if to.name == "VARCHAR" or (source == to.name != "DECIMAL"):
        return f"CAST({sql} AS {target})", False
    text = f"CAST({sql} AS STRING)" if source != "VARCHAR" else sql
    if to.name in NUMBERS and source in ("", "VARCHAR", *NUMBERS):
        return _number(sql, text, value.type, to, target)
    if source in ("", "VARCHAR") and to.name in _TEXTS:
        return _of_text(text, to, target), True
    found = _of_time(sql, source, to, target)
    if to.name == "BOOLEAN" and source in WHOLE:
        found = f"({sql} <> 0)"
    if not found:
        what = f"a value of type {source}" if source else "a value whose type is not known"
        raise Untranslatable(UNKNOWN, f"{what} as a {to.name} has no translation")
    return found, False


def _is_wider(source: Type | None, to: Type) -> bool:
    """Whether a DECIMAL has all digits of another, or of a whole number, before the point and after it."""
    if source is None or to.name != "DECIMAL" or source.name not in ("DECIMAL", *WHOLE):
        return False
    if source.name == "DECIMAL" and not source.sizes:
        return False
    (p1, s1), (p2, s2) = sizes(source), sizes(to)
    return p2 - s2 >= p1 - s1 and s2 >= s1


def _of_time(sql: str, source: str, to: Type, target: str) -> str:
    """A time as one of another type; "" for other types."""
    if source == "TIMESTAMP" and to.name == "TIME":
        # Flink's own casts of a TIMESTAMP give another day and no time of day before 1970.
        return f"TRY_CAST(DATE_FORMAT({sql}, 'HH:mm:ss') AS {target})"
    if source == "TIMESTAMP" and to.name == "DATE":
        return f"CAST(FLOOR({sql} TO DAY) AS DATE)"
    return f"CAST({sql} AS {target})" if (source, to.name) == ("DATE", "TIMESTAMP") else ""


def _of_text(text: str, to: Type, target: str) -> str:
    """A BOOLEAN, a time, date or time of day."""
    found = f"REGEXP_EXTRACT({text}, '{_TEXTS[to.name]}', 1)"
    cast = f"TRY_CAST({found} AS {target})"
    if to.name != "TIMESTAMP":
        return cast
    # The cast to a TIMESTAMP takes 30 February, and makes the 28th of it; that to a DATE does not.
    return f"(CASE WHEN TRY_CAST({found} AS DATE) IS NOT NULL THEN {cast} END)"


def _number(sql: str, text: str, source: Type | None, to: Type, target: str) -> tuple[str, bool]:
    """Of a text or another number. Flink's own casts give other numbers for those that are out of range."""
    name = source.name if source is not None else "VARCHAR"
    is_text = name == "VARCHAR"
    if to.name in FLOATING and not is_text:
        return f"CAST({sql} AS {target})", False
    if name in WHOLE and to.name in WHOLE and WHOLE.index(name) <= WHOLE.index(to.name):
        return f"CAST({sql} AS {target})", False
    if _is_wider(source, to):
        return f"CAST({sql} AS {target})", False
    # The cast of a text to a whole number cuts its fraction off, and is NULL out of range.
    if is_text:
        text = f"REGEXP_EXTRACT({text}, '{_WHOLE if to.name in WHOLE else _NUMBER}', 1)"
    elif name in FLOATING and to.name in WHOLE:
        text = f"CAST(TRY_CAST({text} AS {_EXACT}) AS STRING)"
    return f"TRY_CAST({text} AS {target})", True
