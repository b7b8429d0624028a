"""Times: intervals, steps, parts of a time, milliseconds since 1970, formats."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from sqlglot import exp

from kda.sql_types import Type
from kda.translation.conversions import converted
from kda.translation.options import UNKNOWN, Options, Untranslatable, refuse
from kda.translation.types import BIGINT, DATE, INTERVAL, TEXT, TIME, TIMES, TIMESTAMP, decimal, flink
from kda.translation.values import Of, Value, literal, settled

_MILLISECONDS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1_000}
_LONGEST = 999  # days of an INTERVAL in Flink
_MONTHS = {"YEAR": 12, "MONTH": 1}
_FLOORS = (*_MILLISECONDS, "MONTH", "QUARTER", "YEAR")
_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'", re.DOTALL)
# The letters of a format that mean the same in Java's SimpleDateFormat, which KDA had, and in Flink's.
_LETTERS = {"G", "y", "M", "d", "E", "a", "H", "h", "K", "k", "m", "s", "D"}
_ZONES = {"z": "'UTC'", "Z": "'+0000'", "X": "'Z'"}  # what a time in UTC has in its place
_CLOCK = {"HOUR": "HH", "MINUTE": "mm", "SECOND": "ss.SSS"}  # as formats
_FIXED = {"yyyy", "MM", "MMM", "MMMM", "dd", "HH", "mm", "ss", "SSS"}  # of which a time has one text only


def length(interval: exp.Expr) -> tuple[str, int]:
    """("MILLISECOND", n) or ("MONTH", n) of INTERVAL '1:30' MINUTE TO SECOND. Raises Untranslatable."""
    if not isinstance(interval, exp.Interval) or not isinstance(interval.this, exp.Literal):
        refuse(interval, "a length of time that is not written out has no translation")
    first, _, last = re.sub(r"\(.*?\)", "", interval.args["unit"].name).upper().partition(" TO ")
    sizes = _MONTHS if first in _MONTHS else _MILLISECONDS
    order = list(sizes)
    text = interval.this.name.strip()
    numbers = re.split(r"[ :-]", text.lstrip("+-"))
    units = order[order.index(first) : order.index(last or first) + 1] if (last or first) in sizes else []
    try:
        total = sum(Decimal(number) * sizes[unit] for number, unit in zip(numbers, units, strict=True))
    except (ValueError, InvalidOperation):
        refuse(interval, f"'{text}' is no length in {interval.args['unit'].name}")
    if total != int(total):
        refuse(interval, f"'{text}' has less than a {'month' if sizes is _MONTHS else 'millisecond'}")
    return "MONTH" if sizes is _MONTHS else "MILLISECOND", int(-total if text.startswith("-") else total)


def interval(node: exp.Interval) -> Value:
    """A length of time, in the form that Flink takes: more than two digits of a unit need their number."""
    unit, size = length(node)
    sign, size = "-" if size < 0 else "", abs(size)
    if unit == "MONTH":
        if size >= 12 * (_LONGEST + 1):
            refuse(node, "a length of a thousand years has no translation")
        return Value(
            f"INTERVAL '{sign}{size // 12}-{size % 12}' YEAR({max(2, len(str(size // 12)))}) TO MONTH", INTERVAL
        )
    for name, one in _MILLISECONDS.items():
        if size % one == 0 and size and size // one < 100:
            return Value(f"INTERVAL '{sign}{size // one}' {name}", INTERVAL)
    many, size = divmod(size, _LONGEST * _MILLISECONDS["DAY"])
    days, rest = divmod(size, _MILLISECONDS["DAY"])
    hours, rest = divmod(rest, _MILLISECONDS["HOUR"])
    minutes, rest = divmod(rest, _MILLISECONDS["MINUTE"])
    text = f"{sign}{days} {hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
    sql = f"INTERVAL '{text}' DAY({max(2, len(str(days)))}) TO SECOND(3)"
    return Value(f"({many} * INTERVAL '{sign}{_LONGEST}' DAY(3) + {sql})" if many else sql, INTERVAL)


def as_timestamp(value: Value, options: Options, what: str) -> Value:
    """A TIMESTAMP, or a DATE or TIME as one. Raises Untranslatable for what is none of these."""
    value = settled(value, TIMESTAMP, options)
    if value.type is not None and value.type.name not in TIMES:
        raise Untranslatable(UNKNOWN, f"{what} of a value that is no time has no translation")
    if value.type == TIMESTAMP:
        return value
    return Value(f"CAST({value.sql} AS TIMESTAMP(3))", TIMESTAMP, value.failures)


def milliseconds(value: Value, options: Options, what: str) -> Value:
    """The milliseconds from 1970 to a time."""
    found = as_timestamp(value, options, what)
    sql = f"(EXTRACT(EPOCH FROM {found.sql}) * 1000 + EXTRACT(MILLISECOND FROM {found.sql}))"
    return Value(sql, BIGINT, found.failures)


def moment(value: Value) -> Value:
    """The time so many milliseconds after 1970."""
    return Value(f"CAST(TO_TIMESTAMP_LTZ({value.sql}, 3) AS TIMESTAMP(3))", TIMESTAMP, value.failures)


def step(value: Value, by: exp.Expr, options: Options) -> Value:
    """STEP(time BY interval): the begin of the step that the time is in; steps begin at multiples since 1970."""
    unit, size = length(by)
    if unit == "MONTH" or size <= 0:
        refuse(by, "STEP by months or by no length has no translation")
    value = settled(value, TIMESTAMP, options)
    for name, one in _MILLISECONDS.items():
        if one == size:
            return floor(value, name, "FLOOR", options)
    at = milliseconds(value, options, "STEP")
    found = moment(Value(f"(CAST(FLOOR({at.sql} / {size}E0) AS BIGINT) * {size})", BIGINT, at.failures))
    return _as(found, value.type)


def floor(value: Value, unit: str, name: str, options: Options) -> Value:
    """FLOOR or CEIL of a time to a unit. Raises Untranslatable for units that Flink does not cut to in this way."""
    value = settled(value, TIMESTAMP, options)
    is_up = name != "FLOOR"
    is_cut = unit in _MILLISECONDS or (unit in _FLOORS and not is_up and value.type != TIME)
    if not is_cut:
        raise Untranslatable(UNKNOWN, f"{name} TO {unit} has no translation")
    if unit not in _MILLISECONDS:
        day = value if value.type == DATE else converted(value, DATE, options)
        return converted(Value(f"FLOOR({day.sql} TO {unit})", DATE, day.failures), value.type or TIMESTAMP, options)
    found = as_timestamp(value, options, name)
    text = f"{'CEIL' if is_up else 'FLOOR'}({found.sql} TO {unit})"
    return _as(Value(text, TIMESTAMP, found.failures), value.type)


def _as(found: Value, kind: Type | None) -> Value:
    """A TIMESTAMP as the DATE or TIME that it was made of."""
    if kind is None or kind.name not in ("DATE", "TIME"):
        return found
    return Value(f"CAST({found.sql} AS {'DATE' if kind.name == 'DATE' else 'TIME(0)'})", kind, found.failures)


def part(unit: str, value: Value, options: Options) -> Value:
    """EXTRACT(unit FROM time); SECOND of a TIMESTAMP has its milliseconds."""
    value = settled(value, TIMESTAMP, options)
    name = value.type.name if value.type else ""
    if name not in TIMES:
        raise Untranslatable(UNKNOWN, f"EXTRACT({unit} ..) of a value that is no time has no translation")
    if name == "DATE" and unit in _CLOCK:
        value = as_timestamp(value, options, "EXTRACT")
    if name == "TIME" and unit not in _CLOCK:
        raise Untranslatable(UNKNOWN, f"EXTRACT({unit} ..) of a time of day has no translation")
    if name == "TIME":
        return Value(f"EXTRACT({unit} FROM {value.sql})", BIGINT, value.failures)
    # Flink's own EXTRACT of a time before 1970 counts back from 1970, as its FLOOR to months does.
    if unit in _CLOCK:
        kind = decimal(5, 3) if unit == "SECOND" else BIGINT
        sql = f"CAST(DATE_FORMAT({value.sql}, '{_CLOCK[unit]}') AS {flink(kind, options)})"
        return Value(sql, kind, value.failures)
    day = value.sql if name == "DATE" else f"FLOOR({value.sql} TO DAY)"
    return Value(f"EXTRACT({unit} FROM {day})", BIGINT, value.failures)


def written_out(kind: Type, text: str) -> Value:
    """TIMESTAMP '..', DATE '..', TIME '..'; a TIMESTAMP with its milliseconds, as its text then has them."""
    text = text.strip()
    try:
        if kind == DATE:
            date.fromisoformat(text)
            return Value(f"DATE '{text}'", kind)
        if kind == TIME:
            return Value(f"TIME '{time.fromisoformat(text).isoformat('seconds')}'", kind)
        return Value(f"TIMESTAMP '{datetime.fromisoformat(text).isoformat(' ', 'milliseconds')}'", kind)
    except ValueError:
        raise Untranslatable(UNKNOWN, f"'{text}' is no {kind.name}") from None


def present(name: str, of: Of) -> Value:
    """CURRENT_TIMESTAMP and its like: the row's ROWTIME, so that a replay gives the same."""
    own = of(exp.Column(this=exp.Identifier(this="ROWTIME", quoted=False)))
    if name == "CURRENT_DATE":
        return Value(f"CAST({own.sql} AS DATE)", DATE, own.failures)
    if name in ("CURRENT_TIME", "LOCALTIME"):
        return Value(f"CAST({own.sql} AS TIME(0))", TIME, own.failures)
    return Value(f"CAST({own.sql} AS TIMESTAMP(3))", TIMESTAMP, own.failures)


def written(shape: str, value: Value, options: Options) -> Value:
    """The text of a time in a format."""
    found = as_timestamp(value, options, "the text")
    return Value(f"DATE_FORMAT({found.sql}, {literal(_shape(shape, is_read=False))})", TEXT, found.failures)


def read(shape: str, text: Value, to: Type) -> Value:
    """The time of a text in a format; NULL of a text that does not fit."""
    form = literal(_shape(shape, is_read=True))
    sql = f"TO_TIMESTAMP({text.sql}, {form})"
    if _is_fixed(shape):
        # Flink reads 30 February as the 28th, and 24:00 as the next day: the time's own text is another one then.
        sql = f"(CASE WHEN DATE_FORMAT({sql}, {form}) = {text.sql} THEN {sql} END)"
    return _as(Value(sql, TIMESTAMP, text.failures), to)


def _is_fixed(shape: str) -> bool:
    return all(not token.group(1) or token.group() in _FIXED for token in _TOKEN.finditer(shape))


def _shape(shape: str, *, is_read: bool) -> str:
    """A format of SimpleDateFormat as one of Flink. Raises Untranslatable for what has another meaning there."""
    found = ""
    for token in _TOKEN.finditer(shape):
        text, letter = token.group(), token.group(1)
        if text == "'":
            _refuse_shape(shape, "a quote that has no end")
        if not letter:
            found += re.sub(r"[\[\]{}#]", lambda sign: f"'{sign.group()}'", text) if text[0] != "'" else text
        elif letter in _ZONES:
            # Flink reads an offset and does not look at it, so it has to be that of UTC; it writes none.
            found += "Z" if is_read and letter == "z" else text if is_read else _ZONES[letter]
        elif letter not in _LETTERS and text != "SSS":
            _refuse_shape(shape, text)
        else:
            found += text
    return found


def _refuse_shape(shape: str, what: str) -> NoReturn:
    raise Untranslatable(UNKNOWN, f"{what} in the format '{shape}' has no translation")
