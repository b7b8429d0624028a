"""Times by a format of Java, such as yyyy-MM-dd HH:mm:ss."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from kda.model.rows import NotModelled

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.DOTALL)
_WRITTEN: dict[str, Callable[[datetime], str]] = {
    "yyyy": lambda time: f"{time.year:04}",
    "yy": lambda time: f"{time.year % 100:02}",
    "MMMM": lambda time: _LONG_MONTHS[time.month - 1],
    "MMM": lambda time: _MONTHS[time.month - 1],
    "MM": lambda time: f"{time.month:02}",
    "M": lambda time: str(time.month),
    "dd": lambda time: f"{time.day:02}",
    "d": lambda time: str(time.day),
    "EEEE": lambda time: _LONG_DAYS[time.weekday()],
    "EEE": lambda time: _DAYS[time.weekday()],
    "HH": lambda time: f"{time.hour:02}",
    "H": lambda time: str(time.hour),
    "hh": lambda time: f"{(time.hour + 11) % 12 + 1:02}",
    "h": lambda time: str((time.hour + 11) % 12 + 1),
    "mm": lambda time: f"{time.minute:02}",
    "m": lambda time: str(time.minute),
    "ss": lambda time: f"{time.second:02}",
    "s": lambda time: str(time.second),
    "SSS": lambda time: f"{time.microsecond // 1000:03}",
    "a": lambda time: "AM" if time.hour < 12 else "PM",
}
_FIXED = {"yyyy", "MM", "MMM", "MMMM", "dd", "HH", "mm", "ss", "SSS"}  # in which each time has one text
# What is read, in regular expressions; names of days are read and not looked at.
_READ = {
    **{"yyyy": r"(?P<year>\d{4})", "yy": r"(?P<short>\d\d)"},
    **{"MMMM": rf"(?P<long>{'|'.join(_LONG_MONTHS)})", "MMM": rf"(?P<name>{'|'.join(_MONTHS)})"},
    **{"MM": r"(?P<month>\d\d)", "M": r"(?P<month>\d{1,2})", "dd": r"(?P<day>\d\d)", "d": r"(?P<day>\d{1,2})"},
    **{"HH": r"(?P<hour>\d\d)", "H": r"(?P<hour>\d{1,2})", "hh": r"(?P<half>\d\d)", "h": r"(?P<half>\d{1,2})"},
    **{"mm": r"(?P<minute>\d\d)", "m": r"(?P<minute>\d{1,2})", "ss": r"(?P<second>\d\d)", "s": r"(?P<second>\d{1,2})"},
    **{"SSS": r"(?P<fraction>\d{3})", "a": r"(?P<noon>AM|PM)"},
}


def _tokens(shape: str) -> list[tuple[str, bool]]:
    """The parts of a format, and whether each is a pattern."""
    found = []
    for token in _TOKEN.finditer(shape):
        quoted, letter, _other = token.groups()
        if quoted is not None:
            found.append((quoted.replace("''", "'") or "'", False))
        else:
            found.append((token[0], letter is not None))
    return found


def written(shape: str, time: datetime) -> str:
    """A time in this format."""
    parts = []
    for token, is_pattern in _tokens(shape):
        if is_pattern and token not in _WRITTEN:
            raise NotModelled(f"{token} in the format {shape!r} is not modelled.")
        parts.append(_WRITTEN[token](time) if is_pattern else token)
    return "".join(parts)


@lru_cache(maxsize=64)
def _reader(shape: str) -> re.Pattern[str]:
    found = ""
    for token, is_pattern in _tokens(shape):
        if is_pattern and token not in _READ:
            raise NotModelled(f"{token} in the format {shape!r} is not modelled.")
        found += _READ[token] if is_pattern else re.escape(token)
    try:
        return re.compile(found, re.ASCII)
    except re.error:
        raise NotModelled(f"The format {shape!r}, which has a part twice, is not modelled.") from None


def _require_fixed(shape: str, day: int) -> None:
    """Raise NotModelled if Flink takes another time for a text that has the format and is none, as 30 February."""
    if day <= 31 and not all(token in _FIXED for token, is_pattern in _tokens(shape) if is_pattern):
        raise NotModelled(f"30 February and the like, in the format {shape!r}, are not modelled.")


def read(shape: str, text: str) -> datetime | None:
    """The time of a text in this format; None of one that does not fit (K20)."""
    found = _reader(shape).fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    year = int(parts.get("year") or 1970)
    if parts.get("short"):
        year = 2000 + int(parts["short"])
    month = int(parts.get("month") or 1)
    for names, name in ((_MONTHS, parts.get("name")), (_LONG_MONTHS, parts.get("long"))):
        if name:
            month = names.index(name) + 1
    hour = int(parts.get("hour") or 0)
    if parts.get("half"):
        if not 1 <= int(parts["half"]) <= 12:
            return None
        hour = int(parts["half"]) % 12 + (12 if parts.get("noon") == "PM" else 0)
    minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
    microsecond = int(parts.get("fraction") or 0) * 1000
    day = int(parts.get("day") or 1)
    try:
        return datetime(year, month, day, hour, minute, second, microsecond)  # noqa: DTZ001  (UTC, without a zone)
    except ValueError:
        _require_fixed(shape, day)
        return None
