"""The type of a column, from the values that were met, and what is not certain about it."""

from __future__ import annotations

from kda.discovery.tree import ARRAY, BOOLEAN, INTEGER, NUMBER, OBJECT, TEXT, TIME, Values
from program.formats import many, share

_SMALLEST, _LARGEST = 4, 65_535  # characters of VARCHAR
_UNKNOWN = "VARCHAR(64)"
_NUMBERS = {INTEGER, NUMBER}
_SINGLE = {BOOLEAN: "BOOLEAN", TIME: "TIMESTAMP", NUMBER: "DOUBLE"}


def typed(values: Values, rows: int) -> tuple[str, str]:
    """The SQL type, and what could not be decided, "" if nothing. rows: of the whole sample."""
    kinds = set(values.met)
    if not kinds:
        return _UNKNOWN, f"no row has a value: {_UNKNOWN} is a guess"
    if kinds == {INTEGER}:
        return _whole(values)
    if len(kinds) == 1 and (known := _SINGLE.get(next(iter(kinds)))):
        return known, ""
    if kinds == _NUMBERS:
        return "DOUBLE", ""
    return _text(values), _doubt(values, rows)


def _whole(values: Values) -> tuple[str, str]:
    for name, bits in (("INTEGER", 32), ("BIGINT", 64)):
        if -(2 ** (bits - 1)) <= values.least and values.most < 2 ** (bits - 1):
            return name, ""
    return _text(values), "a whole number is above BIGINT: text keeps its digits, DOUBLE would not"


def _text(values: Values) -> str:
    size = _SMALLEST
    while size < values.longest:
        size *= 2
    return f"VARCHAR({min(size, _LARGEST)})"


def _doubt(values: Values, rows: int) -> str:
    """What is said of a column of text."""
    if len(values.met) > 1:
        parts = [f"{kind} in {many(count, 'row')} ({share(count / rows)})" for kind, count in values.met.most_common()]
        return f"mixed, so it is text: {', '.join(parts)}"
    if values.longest > _LARGEST:
        return f"the longest has {values.longest:,} characters: VARCHAR has at most {_LARGEST:,}, the rest is cut"
    if ARRAY in values.met and values.has_objects:
        return "an array of objects becomes its text; with a row path to it, each object would be a row"
    if OBJECT in values.met:
        return "the objects are empty: their text is the column"
    if TEXT in values.met and not values.longest:
        return "all texts are empty: the length is a guess"
    return ""
