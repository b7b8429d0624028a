"""Values and their types: arithmetic, CAST, comparison, text forms.

A value is an int, float, Decimal, str, bool, datetime (UTC, without a zone, milliseconds), date, time (seconds), or
None for NULL. Its type is a `kda.sql_types.Type`, or None for the literal NULL. REAL is computed as DOUBLE (K17).

Where the reference of KDA is silent, this is what Flink gives, so that the model and a migrated job agree:

- a number with a point and no exponent is a DECIMAL: 1.50 is DECIMAL(3, 2). The precision and scale of sums, products
  and quotients are Flink's; a quotient has at least six digits after the point, and is rounded half up;
- a DECIMAL without sizes is DECIMAL(19, 0), as the reference says;
- the text of a DOUBLE is Java's: 1.0, 1.0E10, 1.0E-4; of a DECIMAL all its digits, 1.50; of a BOOLEAN TRUE or FALSE;
  of a TIMESTAMP yyyy-MM-dd HH:mm:ss.SSS; of a TIME HH:mm:ss;
- a text becomes a whole number also with digits after a point, which are cut off, but not with an exponent;
- texts are compared by their characters' numbers in Unicode.

A whole number beyond its type, and a DOUBLE that is not finite, raise NotModelled: overflow is not modelled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any, TypeVar

from kda.model.rows import Failed, NotModelled
from kda.sql_types import FLOATING, WHOLE, Type

T = TypeVar("T")
BOOLEAN, VARCHAR, INTEGER, BIGINT = Type("BOOLEAN"), Type("VARCHAR"), Type("INTEGER"), Type("BIGINT")
DOUBLE, TIMESTAMP, DATE, TIME = Type("DOUBLE"), Type("TIMESTAMP"), Type("DATE"), Type("TIME")
INTERVAL = Type("INTERVAL")  # in milliseconds
MONTHS = Type("MONTHS")  # an interval of months
_BITS = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}
_MOST_DIGITS = 38  # of a DECIMAL
_DEFAULT_DIGITS = 19  # as the reference has it
_LEAST_SCALE = 6  # of a quotient, and of what does not fit into 38 digits
_CONTEXT = EXACT = Context(prec=1200, rounding=ROUND_HALF_UP, Emax=99999, Emin=-99999)
_QUOTIENT = Context(prec=_MOST_DIGITS, rounding=ROUND_HALF_UP)

WHOLE_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
NUMBER_TEXT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DAY = r"(\d{4})-(\d\d)-(\d\d)"
_CLOCK = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
_TIMESTAMP_TEXT = re.compile(rf"{_DAY}(?: {_CLOCK})?", re.ASCII)
_TIME_TEXT = re.compile(_CLOCK, re.ASCII)
_DATE_TEXT = re.compile(_DAY, re.ASCII)


def is_number(kind: Type | None) -> bool:
    """Whether values of this type are numbers; NULL is none."""
    return kind is not None and (kind.name in WHOLE or kind.name in FLOATING or kind.name == "DECIMAL")


def is_floating(kind: Type | None) -> bool:
    """Whether it is DOUBLE, or REAL."""
    return kind is not None and kind.name in FLOATING


def is_whole(kind: Type | None) -> bool:
    """Whether it is a type of whole numbers."""
    return kind is not None and kind.name in WHOLE


def is_text(kind: Type | None) -> bool:
    """Whether it is VARCHAR or CHAR."""
    return kind is not None and kind.name == "VARCHAR"


# ---- decimals


def decimal(precision: int, scale: int) -> Type:
    """DECIMAL(precision, scale), made smaller as Flink does it where 38 digits are not enough."""
    if precision > _MOST_DIGITS:
        scale = max(_MOST_DIGITS - (precision - scale), min(scale, _LEAST_SCALE))
        precision = _MOST_DIGITS
    return Type("DECIMAL", (str(precision), str(scale)))


def sizes(kind: Type) -> tuple[int, int]:
    """Precision and scale of a DECIMAL, or of a whole number as one."""
    if kind.name in WHOLE:
        return _DIGITS[kind.name], 0
    given = [int(size) for size in kind.sizes]
    return (given[0] if given else _DEFAULT_DIGITS), (given[1] if len(given) > 1 else 0)


def fitted(value: Decimal, kind: Type) -> Decimal | None:
    """The value with the type's scale, rounded half up; None if it has too many digits."""
    precision, scale = sizes(kind)
    rounded = value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _CONTEXT)
    digits = len(rounded.as_tuple().digits)
    return rounded if digits <= precision or not rounded else None


def common(first: Type | None, second: Type | None) -> Type | None:
    """The type that holds values of both. Raises NotModelled for those that have none."""
    if first is None or second is None or first == second:
        return first or second
    if is_number(first) and is_number(second):
        if is_floating(first) or is_floating(second):
            return DOUBLE
        if is_whole(first) and is_whole(second):
            return max(first, second, key=lambda kind: WHOLE.index(kind.name))
        (digits, scale), (other_digits, other_scale) = sizes(first), sizes(second)
        most = max(scale, other_scale)
        return decimal(max(digits - scale, other_digits - other_scale) + most, most)
    if first.name == second.name:
        return Type(first.name)
    raise NotModelled(f"A value that is {first.name} or {second.name} is not modelled.")


# ---- arithmetic: of values that are not NULL


def result(sign: str, left: Type, right: Type) -> Type:
    """The type of left + right, and so on; sign: one of + - * / and % for MOD."""
    both = common(left, right)
    if both is None or both.name != "DECIMAL":
        return both or DOUBLE
    (p1, s1), (p2, s2) = sizes(left), sizes(right)
    most = max(s1, s2)
    if sign in "+-":
        return decimal(max(p1 - s1, p2 - s2) + most + 1, most)
    if sign == "*":
        return decimal(p1 + p2 + 1, s1 + s2)
    if sign == "%":
        return decimal(min(p1 - s1, p2 - s2) + most, most)
    scale = max(_LEAST_SCALE, s1 + p2 + 1)
    return decimal(p1 - s1 + s2 + scale, scale)


def computed(sign: str, left: Any, right: Any, kind: Type) -> Any:
    """left + right and so on, of numbers that are not NULL. Raises Failed(DIVISION)."""
    if sign in "/%" and right == 0:
        raise Failed("DIVISION", "division by zero")
    if kind.name in FLOATING:
        return finite(_floating(sign, float(left), float(right)))
    if kind.name in WHOLE:
        return in_range(_whole(sign, left, right), kind)
    first, second = _CONTEXT.create_decimal(left), _CONTEXT.create_decimal(right)
    if sign == "/":
        value = _QUOTIENT.divide(first, second)
    elif sign == "%":
        value = _CONTEXT.remainder(first, second)
    else:
        value = {"+": _CONTEXT.add, "-": _CONTEXT.subtract, "*": _CONTEXT.multiply}[sign](first, second)
    found = fitted(value, kind)
    if found is None:
        raise NotModelled(f"The overflow of a DECIMAL is not modelled: {left} {sign} {right}.")
    return found


def _floating(sign: str, left: float, right: float) -> float:
    try:
        match sign:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
        return math.fmod(left, right)
    except (OverflowError, ValueError):
        return math.inf


def _whole(sign: str, left: int, right: int) -> int:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    quotient = abs(left) // abs(right)  # toward zero
    quotient = quotient if (left < 0) == (right < 0) else -quotient
    return quotient if sign == "/" else left - quotient * right


def finite(value: float) -> float:
    """The value. Raises NotModelled for Infinity and NaN."""
    if not math.isfinite(value):
        raise NotModelled("A DOUBLE that is not finite is not modelled.")
    return value


def in_range(value: int, kind: Type) -> int:
    """The value. Raises NotModelled if it is none of its type."""
    if not _fits(value, kind):
        raise NotModelled(f"The overflow of {kind.name} is not modelled: {value}.")
    return value


def _fits(value: int, kind: Type) -> bool:
    beyond: int = 2 ** _BITS[kind.name]
    return -beyond <= value < beyond


# ---- texts


def text(value: Any, kind: Type | None = None) -> str:
    """The text of a value that is not NULL, as CAST .. AS VARCHAR gives it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) or is_floating(kind):
        return _floating_text(float(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return written_time(value)
    if isinstance(value, time):
        return value.strftime("%H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


def written_time(value: datetime) -> str:
    """yyyy-MM-dd HH:mm:ss.SSS."""
    return value.isoformat(" ", "milliseconds")


def _floating_text(value: float) -> str:
    """As Double.toString of Java."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = f"{Decimal(repr(value)):f}"
        return plain if "." in plain else f"{plain}.0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    power = int(exponent) + len(digits) - 1
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{power}"


def cut(value: str, kind: Type) -> str:
    """The text, of at most as many characters as a VARCHAR(n) has."""
    return value[: int(kind.sizes[0])] if kind.sizes else value


def timestamp(value: str) -> datetime | None:
    """The time of a text yyyy-MM-dd[ HH:mm:ss[.fff]]; None of another text. Digits beyond milliseconds are cut off."""
    found = _TIMESTAMP_TEXT.fullmatch(value)
    return _time_of(found.groups()) if found else None


def day(value: str) -> date | None:
    """The date of a text yyyy-MM-dd; None of another text."""
    found = _DATE_TEXT.fullmatch(value)
    whole = _time_of((*found.groups(), None, None, None, None)) if found else None
    return whole.date() if whole else None


def clock(value: str) -> time | None:
    """The time of day of a text HH:mm:ss[.fff], without its milliseconds; None of another text."""
    found = _TIME_TEXT.fullmatch(value)
    whole = _time_of(("1970", "01", "01", *found.groups())) if found else None
    return whole.time().replace(microsecond=0) if whole else None


def _time_of(groups: tuple[str | None, ...]) -> datetime | None:
    year, month, day_, hour, minute, second, fraction = groups
    microsecond = int((fraction or "").ljust(3, "0")[:3]) * 1000
    try:
        return datetime(  # noqa: DTZ001  (UTC, without a zone)
            int(year or 0),
            int(month or 0),
            int(day_ or 0),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            microsecond,
        )
    except ValueError:
        return None


# ---- CAST


def cast(value: Any, source: Type | None, to: Type) -> Any:
    """A value as another type. Raises Failed(COERCION) for one that is none of it."""
    if value is None:
        return None
    if to.name == "VARCHAR":
        return cut(text(value, source), to)
    converters = {
        **dict.fromkeys(WHOLE, _to_whole),
        **dict.fromkeys(FLOATING, _to_floating),
        **{
            "DECIMAL": _to_decimal,
            "BOOLEAN": _to_boolean,
            "TIMESTAMP": _to_timestamp,
            "DATE": _to_date,
            "TIME": _to_time,
        },
    }
    if to.name not in converters or (source is not None and source.name in ("INTERVAL", "MONTHS")):
        raise NotModelled(f"CAST of {source.name if source else 'NULL'} to {to.name} is not modelled.")
    return converters[to.name](value, to)


def _coercion(value: Any, to: Type) -> Failed:
    return Failed("COERCION", f"{text(value)!r} is no {to.name}")


def _unknown(value: Any, to: Type) -> NotModelled:
    return NotModelled(f"CAST of {value!r} to {to.name} is not modelled.")


def _to_whole(value: Any, to: Type) -> int:
    if isinstance(value, str):
        if not WHOLE_TEXT.fullmatch(value.strip(" ")):
            raise _coercion(value, to)
        value = Decimal(value.strip(" "))
    elif not isinstance(value, int | float | Decimal):
        raise _unknown(value, to)
    if isinstance(value, Decimal):
        value = value.to_integral_value(ROUND_DOWN, _CONTEXT) if abs(value) < 10**30 else 10**30
    whole = int(value)
    if not _fits(whole, to):
        raise _coercion(value, to)
    return whole


def _to_floating(value: Any, to: Type) -> float:
    if isinstance(value, str):
        if not NUMBER_TEXT.fullmatch(value.strip(" ")) or not math.isfinite(float(value)):
            raise _coercion(value, to)
    elif not isinstance(value, int | float | Decimal):
        raise _unknown(value, to)
    return float(value)


def _to_decimal(value: Any, to: Type) -> Decimal:
    if isinstance(value, str):
        if not NUMBER_TEXT.fullmatch(value.strip(" ")) or len(value) > 1000:
            raise _coercion(value, to)
        number = Decimal(value.strip(" "))
    elif isinstance(value, int | float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    else:
        raise _unknown(value, to)
    if number and number.adjusted() > _MOST_DIGITS:
        raise _coercion(value, to)
    if number.adjusted() < -60:
        number = Decimal(0)
    found = fitted(number, to)
    if found is None:
        raise _coercion(value, to)
    return found


def _to_boolean(value: Any, to: Type) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip(" ").lower()
        if word not in ("true", "false"):
            raise _coercion(value, to)
        return word == "true"
    if not isinstance(value, int):
        raise _unknown(value, to)
    return value != 0


def _to_timestamp(value: Any, to: Type) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    return _read(timestamp, value, to)


def _to_date(value: Any, to: Type) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else _read(day, value, to)


def _to_time(value: Any, to: Type) -> time:
    if isinstance(value, datetime):
        return value.time().replace(microsecond=0)
    return value if isinstance(value, time) else _read(clock, value, to)


def _read(read: Callable[[str], T | None], value: Any, to: Type) -> T:
    if not isinstance(value, str):
        raise _unknown(value, to)
    found = read(value.strip(" "))
    if found is None:
        raise _coercion(value, to)
    return found


# ---- comparison


def comparable(first: Type | None, second: Type | None) -> Type | None:
    """The type in which two values are compared. Raises NotModelled for those that are not."""
    if first is not None and second is not None and {first.name, second.name} == {"DATE", "TIMESTAMP"}:
        return TIMESTAMP
    return common(first, second)


def compared(value: Any, kind: Type | None, to: Type | None) -> Any:
    """A value as it is compared with others of a type."""
    if value is None or to is None or kind == to or is_text(to):
        return value
    return cast(value, kind, to) if is_text(kind) or is_floating(to) or to == TIMESTAMP else value
