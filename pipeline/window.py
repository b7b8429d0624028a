"""The windows of a job, from the SQL in `views/windowed.sql`, which alone has their lengths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from program.errors import Unusable

_CALL = re.compile(r"\b(TUMBLE|HOP|CUMULATE)\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"\bDESCRIPTOR\s*\(\s*([`\w]+)\s*\)", re.IGNORECASE)
_UNITS = {"DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1}
_UNIT = rf"({'|'.join(_UNITS)})(?:\s*\(\d+\))?"
_INTERVAL = re.compile(rf"(?:(\w+)\s*=>\s*)?(INTERVAL\s+(-?)\s*'([^']*)'\s+{_UNIT}(?:\s+TO\s+{_UNIT})?)", re.IGNORECASE)
_ARGUMENTS = {"TUMBLE": ("SIZE", "OFFSET"), "HOP": ("SLIDE", "SIZE", "OFFSET"), "CUMULATE": ("STEP", "SIZE", "OFFSET")}
_FILE = "views/windowed.sql"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WindowError(Unusable):
    """The SQL has no window with a readable length."""


@dataclass(frozen=True)
class Window:
    """Windows, aligned to 1970.

    kind: TUMBLE, HOP or CUMULATE. column: the time column. size: the length, for CUMULATE the maximum. step: from the
    end of a window to the next end; for TUMBLE the size. literals: the SQL of the intervals by argument (SIZE, SLIDE,
    STEP).
    """

    kind: str
    column: str
    size: timedelta
    step: timedelta
    literals: Mapping[str, str] = field(default_factory=dict)

    def ends(self, time: datetime) -> list[datetime]:
        """The ends of all windows that contain a time (with a zone), the earliest first."""
        since = time - _EPOCH
        first = since - since % self.step + self.step
        last = since - since % self.size + self.size if self.kind == "CUMULATE" else first + self.size - self.step
        count = (last - first) // self.step + 1
        return [_EPOCH + first + number * self.step for number in range(count)]

    def last_end(self, time: datetime) -> datetime:
        """The last end of a window at or before a time (with a zone)."""
        return time - (time - _EPOCH) % self.step

    def whole_after(self, time: datetime) -> datetime:
        """The end after which all windows begin at the time (with a zone) or later."""
        is_cumulative = self.kind == "CUMULATE"
        start = time + (_EPOCH - time) % (self.size if is_cumulative else self.step)
        return start if is_cumulative else start + self.size - self.step


def read(sql: str) -> Window:
    """The windows of a SELECT over TABLE(TUMBLE|HOP|CUMULATE(...)). Raises WindowError."""
    text = re.sub(r"--.*", "", sql)
    call, column = _CALL.search(text), _COLUMN.search(text)
    if call is None or column is None:
        raise WindowError(f"{_FILE} needs TUMBLE, HOP or CUMULATE over a table and a DESCRIPTOR.")
    kind = call[1].upper()
    arguments = _ARGUMENTS[kind]
    lengths, literals = {}, {}
    for number, (name, literal, sign, value, first, last) in enumerate(_INTERVAL.findall(call[2])):
        argument = name.upper() or arguments[min(number, len(arguments) - 1)]
        literals[argument] = literal
        lengths[argument] = _length(sign, value, first.upper(), last.upper() or first.upper())
    if lengths.keys() == set(arguments):
        # Flink's local aggregation waits for the end of the window without the offset, which can be too late.
        raise WindowError(f"{_FILE} has an OFFSET, with which Flink has lost records: leave it out.")
    if lengths.keys() != set(arguments[:-1]):
        needed = " and ".join(argument.lower() for argument in arguments[:-1])
        raise WindowError(f"{_FILE}: {kind} needs {needed}, such as INTERVAL '5' MINUTE (or DAY, HOUR, SECOND).")
    size, step = lengths["SIZE"], lengths[arguments[0]]
    if min(size, step) <= timedelta(0):
        raise WindowError(f"{_FILE}: an interval of {kind} is not above 0.")
    if size % step:
        raise WindowError(f"{_FILE}: {kind} needs a size that is a multiple of its {arguments[0].lower()}.")
    return Window(kind, column[1], size, step, literals)


def intervals(sql: str) -> list[timedelta]:
    """The lengths of all INTERVAL literals of a text, in order. Raises WindowError."""
    literals = _INTERVAL.findall(re.sub(r"--.*", "", sql))
    return [_length(sign, value, first.upper(), (last or first).upper()) for _, _, sign, value, first, last in literals]


def _length(sign: str, value: str, first: str, last: str) -> timedelta:
    """The length of an interval with a unit, or with several, such as '1:30' MINUTE TO SECOND. Raises WindowError."""
    units = list(_UNITS)[list(_UNITS).index(first) : list(_UNITS).index(last) + 1]
    try:
        parts = zip(re.split(r"[ :]", value.strip().lstrip("-")), units, strict=True)
        seconds = sum(float(part) * _UNITS[unit] for part, unit in parts)
    except ValueError:
        unit = first if first == last else f"{first} TO {last}"
        raise WindowError(f"'{value}' is not an interval of {unit}.") from None
    return timedelta(seconds=seconds) * (-1 if sign or value.strip().startswith("-") else 1)
