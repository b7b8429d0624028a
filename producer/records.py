"""Records from readings: their JSON, and the faults (late, out of order, malformed)."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from heapq import heappop, heappush

from producer.flight import Reading, dice


class Kind(StrEnum):
    """The fault of a record."""

    OK = "ok"
    LATE = "late"
    OUT_OF_ORDER = "out of order"
    MALFORMED = "malformed"


# The shortest and the longest delay, in ms of event time. A watermark of 5 s allows for the first, whereas a late
# reading comes after its minute has closed.
WITHHELD_MS = {Kind.OUT_OF_ORDER: (1_000, 4_000), Kind.LATE: (150_000, 240_000)}

# InputData with --error yes.
ERROR = "Unicornerror"
NO_ERROR = "Unicorn"


@dataclass(slots=True)  # not frozen, which would take five times as long to make
class Record:
    """A record to send. key: the partition key. at_ms, send_ms: the event times of reading and sending."""

    key: str
    data: bytes
    kind: Kind
    is_error: bool
    at_ms: int
    send_ms: int


@dataclass(frozen=True)
class Faults:
    """The probability of each fault for a reading, 1 in all at most; `error` marks every 5th record."""

    late: float = 0.0
    out_of_order: float = 0.0
    malformed: float = 0.0
    error: bool = False

    def kind(self, chance: float) -> Kind:
        """The fault for a random number in [0, 1). The order of shares keeps a fault's range when others change."""
        if chance < self.late:
            return Kind.LATE
        if chance < self.late + self.out_of_order:
            return Kind.OUT_OF_ORDER
        return Kind.MALFORMED if chance >= 1 - self.malformed else Kind.OK

    def input_data(self, number: int) -> str | None:
        """InputData of the record with this number, from 1; None: the record has none."""
        return None if not self.error else NO_ERROR if number % 5 else ERROR


def records(readings: Iterable[Reading], faults: Faults, seed: int) -> Iterator[Record]:
    """The readings as records, in the order of sending; the remaining withheld records are sent at the end.

    A withheld record is sent before the first reading that is newer than its send time, so no reading before it is
    newer by more than its delay.
    """
    if not (faults.late or faults.out_of_order or faults.malformed):
        return _without_faults(readings, faults)
    return _in_order_of_sending(_with_faults(readings, faults, seed))


def _without_faults(readings: Iterable[Reading], faults: Faults) -> Iterator[Record]:
    """A record per reading, in the readings' order."""
    ok = Kind.OK
    for number, reading in enumerate(readings, start=1):
        input_data = faults.input_data(number) if faults.error else None
        at_ms = reading.at_ms
        yield Record(reading.unicorn.name, line(reading, input_data), ok, input_data == ERROR, at_ms, at_ms)


def _with_faults(readings: Iterable[Reading], faults: Faults, seed: int) -> Iterator[Record]:
    """A record per reading, in the readings' order."""
    rolls: dict[int, random.Random] = {}
    for number, reading in enumerate(readings, start=1):
        index = reading.unicorn.index
        if index not in rolls:
            rolls[index] = dice(seed, index, "faults")
        # Always two random numbers, so that a change of the faults keeps the other records.
        kind, chance = faults.kind(rolls[index].random()), rolls[index].random()
        yield _record(reading, kind, chance, faults.input_data(number))


def _in_order_of_sending(records: Iterable[Record]) -> Iterator[Record]:
    withheld: list[tuple[int, int, Record]] = []
    last_ms = 0
    for number, record in enumerate(records):
        last_ms = record.at_ms
        while withheld and withheld[0][0] < last_ms:
            yield heappop(withheld)[2]
        if record.send_ms > last_ms:
            heappush(withheld, (record.send_ms, number, record))  # the number decides between equal times
        else:
            yield record
    while withheld:
        yield replace(heappop(withheld)[2], send_ms=last_ms)


def _record(reading: Reading, kind: Kind, chance: float, input_data: str | None) -> Record:
    at_ms = send_ms = reading.at_ms
    if kind in WITHHELD_MS:
        shortest, longest = WITHHELD_MS[kind]
        send_ms += shortest + int(chance * (longest - shortest + 1))
    if kind is Kind.MALFORMED:
        return Record(reading.unicorn.name, malformed(reading, chance), kind, False, at_ms, send_ms)
    return Record(reading.unicorn.name, line(reading, input_data), kind, input_data == ERROR, at_ms, send_ms)


def line(reading: Reading, input_data: str | None = None) -> bytes:
    """The bytes of `json.dumps(..., sort_keys=True)` and a line feed, formatted by hand for speed."""
    marker = "" if input_data is None else f'"InputData": {_quoted(input_data)}, '
    return (
        f'{{"Distance": {reading.distance!r}, "HealthPoints": {reading.health}, {marker}'
        f'"Latitude": {reading.latitude!r}, "Longitude": {reading.longitude!r}, '
        f'"MagicPoints": {reading.magic}, "Name": {_quoted(reading.unicorn.name)}, '
        f'"StatusTime": "{status_time(reading.at_ms)}"}}\n'
    ).encode()


def status_time(at_ms: int) -> str:
    """Milliseconds since 1970 as `yyyy-MM-dd HH:mm:ss.SSS` in UTC."""
    second, ms = divmod(at_ms, 1000)
    return _second(second) + _MILLISECONDS[ms]


_MILLISECONDS = tuple(f".{ms:03d}" for ms in range(1000))


@lru_cache(maxsize=64)  # neighbouring readings share the second
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


@cache  # as many entries as there are unicorns
def _quoted(text: str) -> str:
    return json.dumps(text)


# The malformed kinds: functions from a reading and a random number in [0, 1) to a record. All but `empty` contain their
# reading, so that they differ. The only line feed is the last byte.


def truncated(reading: Reading, chance: float) -> bytes:
    """The object without its last 1 to 6 characters, still with name and time."""
    return line(reading)[: -2 - int(chance * 6)] + b"\n"


def array(reading: Reading, _: float) -> bytes:
    """Valid JSON, but not an object."""
    return json.dumps([reading.unicorn.name, status_time(reading.at_ms), reading.distance]).encode() + b"\n"


def plain_text(reading: Reading, _: float) -> bytes:
    """Not JSON at all."""
    return f"{reading.unicorn.name} was struck by lightning at {status_time(reading.at_ms)}\n".encode()


def invalid_utf8(reading: Reading, _: float) -> bytes:
    """A byte that never occurs in UTF-8, inside the name."""
    return _changed(reading, b'"Name": "', b'"Name": "\xff')


def empty(_: Reading, __: float) -> bytes:
    """A line feed."""
    return b"\n"


def distance_as_text(reading: Reading, _: float) -> bytes:
    """The number, but as a JSON string."""
    number = repr(reading.distance).encode()
    return _changed(reading, b'"Distance": ' + number, b'"Distance": "' + number + b'"')


def without_name(reading: Reading, _: float) -> bytes:
    """No Name key: NULL in the table."""
    before, after = line(reading).split(b'"Name": ')
    return before + after[after.index(b'"StatusTime"') :]


def without_status_time(reading: Reading, _: float) -> bytes:
    """No StatusTime key: a reading without event time."""
    return line(reading).split(b', "StatusTime": ')[0] + b"}\n"


def status_time_yesterday(reading: Reading, _: float) -> bytes:
    """A StatusTime that is no timestamp."""
    return _changed(reading, status_time(reading.at_ms).encode(), b"yesterday")


def health_as_float(reading: Reading, _: float) -> bytes:
    """Half a point of health."""
    number = str(reading.health).encode()
    return _changed(reading, b'"HealthPoints": ' + number, b'"HealthPoints": ' + number + b".5")


def magic_null(reading: Reading, _: float) -> bytes:
    """A null where an integer belongs."""
    return _changed(reading, b'"MagicPoints": ' + str(reading.magic).encode(), b'"MagicPoints": null')


KINDS: tuple[Callable[[Reading, float], bytes], ...] = (
    *(truncated, array, plain_text, invalid_utf8, empty),  # no JSON object
    *(distance_as_text, without_name, without_status_time, status_time_yesterday, health_as_float, magic_null),
)


def malformed(reading: Reading, chance: float) -> bytes:
    """The bytes instead of the reading's; `chance` in [0, 1) selects the kind."""
    kind, rest = divmod(chance * len(KINDS), 1)
    return KINDS[int(kind)](reading, rest)


def _changed(reading: Reading, old: bytes, new: bytes) -> bytes:
    return line(reading).replace(old, new, 1)
