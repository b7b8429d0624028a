"""Lengths of time as SQL writes them, and times cut to units of the calendar."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlglot import exp

from kda.model.rows import NotModelled

UNITS = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
CALENDAR = ("MONTH", "QUARTER", "YEAR")
_ORDER = ("DAY", "HOUR", "MINUTE", "SECOND")


def _units(text: str) -> tuple[str, str]:
    """The first and the last unit of DAY(2) TO SECOND(3)."""
    first, _, last = re.sub(r"\(.*?\)", "", text).upper().partition(" TO ")
    return first.strip(), last.strip() or first.strip()


def finest(text: str) -> str:
    """The last unit of DAY TO SECOND."""
    return _units(text)[1]


def length(interval: exp.Interval) -> tuple[str, int]:
    """("MILLISECOND", n) or ("MONTH", n) of INTERVAL '1:30' MINUTE TO SECOND. Raises NotModelled for no number."""
    first, last = _units(interval.args["unit"].name)
    text = interval.this.name.strip()
    sign = -1 if text.startswith("-") else 1
    numbers = re.split(r"[ :-]", text.lstrip("+-"))
    units = ("YEAR", "MONTH") if first in ("YEAR", "MONTH") else _ORDER
    asked = units[units.index(first) : units.index(last) + 1] if last in units else ()
    if len(numbers) != len(asked) or not all(re.fullmatch(r"\d+(\.\d+)?", number, re.ASCII) for number in numbers):
        raise NotModelled(f"INTERVAL '{text}' {interval.args['unit'].name} is not modelled.")
    sizes: dict[str, int] = {**UNITS, "YEAR": 12, "MONTH": 1}
    total = sum(Decimal(number) * sizes[unit] for number, unit in zip(numbers, asked, strict=True))
    if total != int(total):
        raise NotModelled(f"INTERVAL '{text}' with less than milliseconds is not modelled.")
    return "MONTH" if units[0] == "YEAR" else "MILLISECOND", sign * int(total)


def months_later(value: Any, months: int) -> Any:
    """A date or time some months later, or the last day of a month that has less days."""
    number = value.year * 12 + value.month - 1 + months
    year, month = divmod(number, 12)
    if not 1 <= year <= 9999:
        raise NotModelled("A time outside of the years 1 to 9999 is not modelled.")
    return value.replace(year=year, month=month + 1, day=min(value.day, monthrange(year, month + 1)[1]))


def floored(value: Any, unit: str) -> Any:
    """The begin of the month, quarter or year of a date or time."""
    month = 1 if unit == "YEAR" else (value.month - 1) // 3 * 3 + 1 if unit == "QUARTER" else value.month
    first = date(value.year, month, 1)
    return datetime.combine(first, time()) if isinstance(value, datetime) else first


def extracted(unit: str, value: Any) -> int | Decimal:
    """EXTRACT(unit FROM value); SECOND with its milliseconds (K05)."""
    if unit == "SECOND":
        return Decimal(value.second * 1000 + value.microsecond // 1000).scaleb(-3)
    if unit in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE"):
        return int(getattr(value, unit.lower()))
    if unit == "QUARTER":
        return (int(value.month) + 2) // 3
    if unit == "DOY":
        return int(value.timetuple().tm_yday)
    if unit == "DOW":  # Sunday is 1
        return int(value.isoweekday()) % 7 + 1
    return int(value.isocalendar().week)
