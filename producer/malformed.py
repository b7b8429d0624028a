"""Records that a consumer must survive: each of these makes one from a reading and one random number.

All but `empty` show from which reading they come, so that no two are alike. The only line feed in one is its
last byte.
"""

import json
from collections.abc import Callable

from producer.flight import Reading
from producer.records import line, status_time


def truncated(reading: Reading, chance: float) -> bytes:
    """The object without its last 1 to 6 characters, which still shows name and time."""
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
    *(
        distance_as_text,
        without_name,
        without_status_time,
        status_time_yesterday,
        health_as_float,
        magic_null,
    ),
)


def malformed(reading: Reading, chance: float) -> bytes:
    """The bytes that take the reading's place; `chance` in [0, 1) draws the kind."""
    kind, rest = divmod(chance * len(KINDS), 1)
    return KINDS[int(kind)](reading, rest)


def _changed(reading: Reading, old: bytes, new: bytes) -> bytes:
    return line(reading).replace(old, new, 1)
