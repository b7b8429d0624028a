"""Functions of values; those of rows are in `kda.model.aggregates`, those of logs in `kda.model.logs`.

Each is called with values that are not NULL: for a NULL among its arguments a function gives NULL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import Any

from kda.functions import FORMATTING
from kda.model import formats, logs, patterns, times, values
from kda.model.logs import RowType
from kda.model.rows import NotModelled, milliseconds, moment
from kda.model.values import BIGINT, DATE, DOUBLE, INTEGER, TIME, TIMESTAMP, VARCHAR, is_floating, is_number, is_text
from kda.sql_types import Type

__all__ = ["RowType", "function"]


@dataclass(frozen=True)
class Call:
    """A call. words: those between its arguments; types: of those; literals: values that need no row, or None."""

    name: str
    words: Sequence[str]
    types: Sequence[Type | None]
    literals: Sequence[Any]

    def require(self, *kinds: Callable[[Type | None], bool], optional: int = 0) -> None:
        """Raise NotModelled unless each argument is of its kind."""
        is_counted = len(kinds) - optional <= len(self.types) <= len(kinds)
        if not is_counted or not all(
            kind is None or is_kind(kind) for kind, is_kind in zip(self.types, kinds, strict=False)
        ):
            shown = ", ".join(kind.name if kind else "NULL" for kind in self.types)
            raise NotModelled(f"{self.name}({shown}) is not modelled.")


Built = tuple[Type | None, Callable[..., Any]]


def function(name: str, words: list[str], types: Sequence[Type | None], literals: Sequence[Any]) -> Built:
    """The type of a call, and its function. Raises NotModelled for an unknown one, or arguments of other types."""
    builder = _BUILDERS.get(name)
    if builder is None:
        raise NotModelled(f"The function {name} is not modelled.")
    return builder(Call(name, words, types, literals))


def _whole(kind: Type | None) -> bool:
    return values.is_whole(kind)


def _of(*names: Type) -> Callable[[Type | None], bool]:
    return lambda kind: kind in names


# ---- numbers


def _abs(call: Call) -> Built:
    call.require(is_number)
    return call.types[0], abs


def _rounded(call: Call) -> Built:
    call.require(is_number)
    kind, is_up = call.types[0], call.name != "FLOOR"
    if is_floating(kind):
        return kind, lambda value: float(math.ceil(value) if is_up else math.floor(value))
    if kind is not None and kind.name == "DECIMAL":
        whole = values.decimal(values.sizes(kind)[0], 0)
        return whole, lambda value: value.to_integral_value(ROUND_CEILING if is_up else ROUND_FLOOR)
    return kind, lambda value: value


def _real(function: Callable[..., float], count: int) -> Callable[[Call], Built]:
    def build(call: Call) -> Built:
        call.require(*[is_number] * count)

        def applied(*numbers: Any) -> float:
            try:
                return values.finite(function(*map(float, numbers)))
            except (OverflowError, ValueError, ZeroDivisionError):
                raise NotModelled(f"{call.name} of {numbers}, which is not finite, is not modelled.") from None

        return DOUBLE, applied

    return build


# ---- texts


def _text(count: int, kind: Type, function: Callable[..., Any]) -> Callable[[Call], Built]:
    def build(call: Call) -> Built:
        call.require(*[is_text] * count)
        return kind, function

    return build


def _initcap(text: str) -> str:
    """Upper case after what is neither a letter nor a digit of ASCII."""
    found, is_inside = "", False
    for sign in text:
        found += sign.lower() if is_inside else sign.upper()
        is_inside = sign.isascii() and sign.isalnum()
    return found


def _trim(call: Call) -> Built:
    call.require(is_text, is_text, optional=1)
    side = next((word for word in call.words if word != "FROM"), "BOTH")
    if len(call.types) == 2 and call.words[-1:] != ["FROM"]:
        raise NotModelled("TRIM(a, b) is not modelled.")

    def trimmed(*given: str) -> str:
        signs, text = given if len(given) == 2 else (" ", given[0])
        if len(signs) != 1:
            raise NotModelled("TRIM of another number of characters than one is not modelled.")
        text = text.lstrip(signs) if side in ("BOTH", "LEADING") else text
        return text.rstrip(signs) if side in ("BOTH", "TRAILING") else text

    return VARCHAR, trimmed


def _substring(call: Call) -> Built:
    call.require(is_text, _whole, _whole, optional=1)

    def cut(text: str, begin: int, length: int | None = None) -> str:
        if begin < 1 or (length is not None and length < 0):
            raise NotModelled("SUBSTRING from before the first character, or of less than none, is not modelled.")
        return text[begin - 1 :] if length is None else text[begin - 1 : begin - 1 + length]

    return VARCHAR, cut


def _overlay(call: Call) -> Built:
    call.require(is_text, is_text, _whole, _whole, optional=1)

    def overlaid(text: str, by: str, begin: int, length: int | None = None) -> str:
        length = len(by) if length is None else length
        if begin < 1 or begin > len(text) or length < 0:
            raise NotModelled("OVERLAY outside of the text is not modelled.")
        return text[: begin - 1] + by + text[begin - 1 + length :]

    return VARCHAR, overlaid


def _position(call: Call) -> Built:
    call.require(is_text, is_text)
    if call.words != ["IN"]:
        raise NotModelled("POSITION in another form than POSITION(a IN b) is not modelled.")
    return INTEGER, lambda part, text: text.find(part) + 1


def _regex_replace(call: Call) -> Built:
    call.require(is_text, is_text, is_text, _whole, _whole, optional=2)
    if list(call.literals[3:]) not in ([], [1], [1, 0]):
        raise NotModelled("REGEX_REPLACE from another position or of one match only is not modelled.")

    def replaced(text: str, pattern: str, by: str, *_rest: int) -> str:
        if "$" in by or "\\" in by:
            raise NotModelled("REGEX_REPLACE by a text with $ or a backslash is not modelled.")
        return patterns.regex(pattern).sub(lambda _found: by, text)

    return VARCHAR, replaced


# ---- times


def _extract(call: Call) -> Built:
    unit = call.words[0]
    call.require(_of(TIMESTAMP, DATE, TIME))
    kind = call.types[0]
    is_clock = unit in ("HOUR", "MINUTE", "SECOND")
    if (kind == TIME and not is_clock) or (kind == DATE and is_clock):
        raise NotModelled(f"EXTRACT({unit} FROM {kind.name if kind else ''}) is not modelled.")
    result = values.decimal(5, 3) if unit == "SECOND" and kind == TIMESTAMP else BIGINT
    return result, lambda value: times.extracted(unit, value) if kind == TIMESTAMP or unit != "SECOND" else value.second


def _unix_timestamp(call: Call) -> Built:
    call.require(_of(TIMESTAMP, DATE))
    return BIGINT, lambda value: milliseconds(values.cast(value, call.types[0], TIMESTAMP))


def _tsdiff(call: Call) -> Built:
    call.require(_of(TIMESTAMP), _of(TIMESTAMP))
    return BIGINT, lambda later, earlier: milliseconds(later) - milliseconds(earlier)


def _to_timestamp(call: Call) -> Built:
    call.require(_whole)
    return TIMESTAMP, moment


def _to_char(call: Call) -> Built:
    call.require(is_text, _of(TIMESTAMP, DATE, TIME))

    def written(shape: str, value: Any) -> str:
        whole = value if call.types[1] != TIME else datetime.combine(moment(0).date(), value)
        return formats.written(shape, values.cast(whole, None, TIMESTAMP))

    return VARCHAR, written


def _from_char(kind: Type) -> Callable[[Call], Built]:
    def build(call: Call) -> Built:
        call.require(is_text, is_text)

        def read(shape: str, text: str) -> Any:
            found = formats.read(shape, text)
            return None if found is None else values.cast(found, TIMESTAMP, kind)

        return kind, read

    return build


def _log(call: Call) -> Built:
    if not call.types or not (call.types[0] is None or is_text(call.types[0])):
        raise NotModelled(f"{call.name} of what is no text is not modelled.")
    kind, parse = logs.parser(call.name, call.literals[1:])
    return kind, lambda text, *_rest: parse(text)


_BUILDERS: dict[str, Callable[[Call], Built]] = {
    "ABS": _abs,
    **dict.fromkeys(("FLOOR", "CEIL", "CEILING"), _rounded),
    "EXP": _real(math.exp, 1),
    "LN": _real(math.log, 1),
    "LOG10": _real(math.log10, 1),
    "POWER": _real(math.pow, 2),
    **dict.fromkeys(("CHAR_LENGTH", "CHARACTER_LENGTH"), _text(1, INTEGER, len)),
    "INITCAP": _text(1, VARCHAR, _initcap),
    "LOWER": _text(1, VARCHAR, str.lower),
    "UPPER": _text(1, VARCHAR, str.upper),
    "TRIM": _trim,
    "SUBSTRING": _substring,
    "OVERLAY": _overlay,
    "POSITION": _position,
    "REGEX_REPLACE": _regex_replace,
    "EXTRACT": _extract,
    "UNIX_TIMESTAMP": _unix_timestamp,
    "TSDIFF": _tsdiff,
    "TO_TIMESTAMP": _to_timestamp,
    **dict.fromkeys(FORMATTING, _to_char),
    "CHAR_TO_TIMESTAMP": _from_char(TIMESTAMP),
    "CHAR_TO_DATE": _from_char(DATE),
    "CHAR_TO_TIME": _from_char(TIME),
    **dict.fromkeys(logs.FUNCTIONS, _log),
}
