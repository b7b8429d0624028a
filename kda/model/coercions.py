"""Values of records as values of columns."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from kda.applications import Column
from kda.model import values
from kda.model.rows import Failed, NotModelled
from kda.sql_types import FLOATING, WHOLE, Type

_MOMENT = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d))?([Tt ])?(?:(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
    r"(?:([Zz])|([-+])(\d\d):?(\d\d)?)?",
    re.ASCII,
)


def converted(kind: str, text: str, column: Column) -> Any:
    """A value of a record as one of its column's type. Raises Failed(COERCION)."""
    to = Type.written(column.type)
    value = _value(kind, text, to)
    if value is None:
        raise Failed("COERCION", f"{column.name} is {text[:40]!r}, expected {column.type}.")
    return value


def _value(kind: str, text: str, to: Type) -> Any:
    if to.name == "VARCHAR":
        return None if any("\ud800" <= sign <= "\udfff" for sign in text) else values.cut(text, to)
    if kind in ("object", "array"):
        return None
    if to.name == "BOOLEAN":
        return _truth(kind, text)
    if to.name in ("TIMESTAMP", "DATE", "TIME"):
        return _moment(text.strip(), to) if kind == "string" and len(text) <= 64 else None
    if to.name not in (*WHOLE, *FLOATING, "DECIMAL"):
        raise NotModelled(f"An input column of the type {to.name} is not modelled.")
    digits = {"true": "1", "false": "0"}.get(kind, text.strip() if kind == "string" else text)
    return _number(digits, to) if values.NUMBER_TEXT.fullmatch(digits) else None


def _truth(kind: str, text: str) -> bool:
    if kind == "number":
        return any(sign in "123456789" for sign in re.split("[eE]", text)[0])
    return kind == "true" or (kind == "string" and text.lower() == "true")


def _number(digits: str, to: Type) -> Any:
    if to.name in FLOATING:
        number = float(digits)
        return number if abs(number) != float("inf") else None
    if to.name in WHOLE:
        if not re.fullmatch(r"[+-]?\d{1,30}", digits, re.ASCII):
            return None
        try:
            return values.cast(digits, values.VARCHAR, to)
        except Failed:
            return None
    precision, scale = values.sizes(to)
    exact = Decimal(digits)
    if exact and not -scale <= exact.adjusted() < precision - scale:
        return None
    fitted = values.fitted(exact, to)
    return fitted if fitted == exact else None


def _moment(text: str, to: Type) -> Any:
    """A date, a time of day, or both; with both also Z or an offset, which is taken away."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    year, month, day, between, hour, minute, second, fraction, zone, sign, zone_hours, zone_minutes = found.groups()
    has_both = year is not None and hour is not None
    is_there = hour is not None if to.name == "TIME" else year is not None
    if (between is not None) != has_both or ((zone or sign) and not has_both) or not is_there:
        return None
    ahead = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
    if int(zone_hours or 0) > 18 or int(zone_minutes or 0) > 59:
        return None
    milliseconds_ = int((fraction or "").ljust(3, "0")[:3])
    try:
        local = datetime(int(year or 1970), int(month or 1), int(day or 1), tzinfo=UTC).replace(tzinfo=None)
        clock = time(int(hour or 0), int(minute or 0), int(second or 0), milliseconds_ * 1000)
        moment = datetime.combine(local.date(), clock) - (-ahead if sign == "-" else ahead)
    except (ValueError, OverflowError):
        return None
    return values.cast(moment, values.TIMESTAMP, to)
