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
from kda.model.rows import Failed, NotModelled, milliseconds, moment
from kda.model.values import BIGINT, DATE, DOUBLE, INTEGER, TIME, TIMESTAMP, VARCHAR, is_floating
from kda.sql_types import Type

__all__ = ["RowType", "function"]


@dataclass(frozen=True)
class Call:
    """A call. words: those between its arguments; types: of those; literals: values that need no row, or None."""

    name: str
    words: Sequence[str]
    types: list[Type | None]
    literals: Sequence[Any]

    def require(self, *kinds: Kind, optional: int = 0) -> None:
        """Take the arguments as values of these kinds: `types` are then what they are converted to.

        Raises NotModelled for others.
        """
        if not len(kinds) - optional <= len(self.types) <= len(kinds):
            raise NotModelled(f"{self.name} with {len(self.types)} arguments is not modelled.")
        for number, (kind, own) in enumerate(zip(kinds, self.types, strict=False)):
            if own is None or kind.holds(own):
                continue
            if kind.otherwise is None or own.name in ("ROW", "INTERVAL", "MONTHS"):
                raise NotModelled(f"{self.name} of {own.name} is not modelled.")
            self.types[number] = kind.otherwise


@dataclass(frozen=True)
class Kind:
    """What an argument has to be, and what another value is converted to as by CAST; None: nothing."""

    holds: Callable[[Type | None], bool]
    otherwise: Type | None = None

    @staticmethod
    def of(*types: Type) -> Kind:
        """One of some types."""
        return Kind(lambda kind: kind in types)


TEXT = Kind(values.is_text, VARCHAR)
NUMBER = Kind(values.is_number, DOUBLE)
WHOLE = Kind(lambda kind: kind == INTEGER, INTEGER)
LONG = Kind(values.is_whole, BIGINT)
MOMENT = Kind.of(TIMESTAMP, DATE, TIME)
Built = tuple[Type | None, Callable[..., Any]]


def function(name: str, words: list[str], types: list[Type | None], literals: Sequence[Any]) -> Built:
    """The type of a call, and its function; `types` become those that the function takes.

    Raises NotModelled for an unknown one, or arguments of other types.
    """
    builder = _BUILDERS.get(name)
    if builder is None:
        raise NotModelled(f"The function {name} is not modelled.")
    return builder(Call(name, words, types, literals))


# ---- numbers


def _abs(call: Call) -> Built:
    call.require(NUMBER)
    return call.types[0], abs


def _rounded(call: Call) -> Built:
    call.require(NUMBER)
    kind, is_up = call.types[0], call.name != "FLOOR"
    if is_floating(kind):
        return kind, lambda value: float(math.ceil(value) if is_up else math.floor(value))
    if kind is not None and kind.name == "DECIMAL":
        whole = values.decimal(values.sizes(kind)[0], 0)
        return whole, lambda value: value.to_integral_value(ROUND_CEILING if is_up else ROUND_FLOOR)
    return kind, lambda value: value


def _real(function: Callable[..., float], count: int) -> Callable[[Call], Built]:
    def build(call: Call) -> Built:
        call.require(*[NUMBER] * count)

        def applied(*numbers: Any) -> float:
            try:
                return values.finite(function(*map(float, numbers)))
            except (OverflowError, ValueError, ZeroDivisionError):
                raise Failed("COERCION", f"{call.name}: its result is no number") from None

        return DOUBLE, applied

    return build


# ---- texts


def _text(count: int, kind: Type, function: Callable[..., Any]) -> Callable[[Call], Built]:
    def build(call: Call) -> Built:
        call.require(*[TEXT] * count)
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
    call.require(TEXT, TEXT, optional=1)
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
    call.require(TEXT, WHOLE, WHOLE, optional=1)

    def cut(text: str, begin: int, length: int | None = None) -> str:
        if length is not None and length < 0:
            raise NotModelled("SUBSTRING of less than no characters is not modelled.")
        if begin < 1:  # as in Flink: 0 is 1, and what is less counts from the end
            begin = begin + len(text) + 1 if begin else 1
            if begin < 1:
                return ""
        return text[begin - 1 :] if length is None else text[begin - 1 : begin - 1 + length]

    return VARCHAR, cut


def _overlay(call: Call) -> Built:
    call.require(TEXT, TEXT, WHOLE, WHOLE, optional=1)

    def overlaid(text: str, by: str, begin: int, length: int | None = None) -> str:
        length = len(by) if length is None else length
        if length < 0:
            raise NotModelled("OVERLAY of less than no characters is not modelled.")
        if begin < 1 or begin > len(text):  # as in Flink
            return text
        return text[: begin - 1] + by + text[begin - 1 + length :]

    return VARCHAR, overlaid


def _position(call: Call) -> Built:
    call.require(TEXT, TEXT)
    if call.words != ["IN"]:
        raise NotModelled("POSITION in another form than POSITION(a IN b) is not modelled.")
    return INTEGER, lambda part, text: text.find(part) + 1


def _regex_replace(call: Call) -> Built:
    call.require(TEXT, TEXT, TEXT, WHOLE, WHOLE, optional=2)
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
    call.require(MOMENT)
    kind = call.types[0]
    is_clock = unit in ("HOUR", "MINUTE", "SECOND")
    if kind == TIME:
        if not is_clock:
            raise NotModelled(f"EXTRACT({unit} ..) of a TIME is not modelled.")
        return BIGINT, lambda value: getattr(value, unit.lower())
    result = values.decimal(5, 3) if unit == "SECOND" else BIGINT
    return result, lambda value: times.extracted(unit, values.cast(value, kind, TIMESTAMP))


def _unix_timestamp(call: Call) -> Built:
    call.require(Kind.of(TIMESTAMP, DATE))
    return BIGINT, lambda value: milliseconds(values.cast(value, call.types[0], TIMESTAMP))


def _tsdiff(call: Call) -> Built:
    call.require(Kind.of(TIMESTAMP), Kind.of(TIMESTAMP))
    return BIGINT, lambda later, earlier: milliseconds(later) - milliseconds(earlier)


def _to_timestamp(call: Call) -> Built:
    call.require(LONG)
    return TIMESTAMP, moment


def _to_char(call: Call) -> Built:
    call.require(TEXT, MOMENT)

    def written(shape: str, value: Any) -> str:
        whole = value if call.types[1] != TIME else datetime.combine(moment(0).date(), value)
        return formats.written(shape, values.cast(whole, None, TIMESTAMP))

    return VARCHAR, written


def _from_char(kind: Type) -> Callable[[Call], Built]:
    def build(call: Call) -> Built:
        call.require(TEXT, TEXT)

        def read(shape: str, text: str) -> Any:
            found = formats.read(shape, text)
            return None if found is None else values.cast(found, TIMESTAMP, kind)

        return kind, read

    return build


def _log(call: Call) -> Built:
    call.require(TEXT, *[Kind(lambda _kind: True)] * (len(call.types) - 1))
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
