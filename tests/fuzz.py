"""Records from a seed: good readings, and readings with one or a few changes, some of them hostile.

Equal seeds give equal records. No record has a line feed or a carriage return, which end a record in a file.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

START = datetime(2026, 11, 22, 12)  # noqa: DTZ001 (the records have no zone)
SPAN = 600  # seconds that the readings cover
KEYS = ("Name", "StatusTime", "Distance", "MagicPoints", "HealthPoints")

Fields = list[tuple[str, str]]
"""Keys and values of an object as they are written in JSON, in order; a key may be there twice."""


def records(count: int, seed: int, *, far: bool = False) -> Iterator[bytes]:
    """So many records. `far`: also times of other centuries, after which all other records of a shard are late."""
    dice = random.Random(seed)
    for number in range(count):
        yield _record(dice, number / count, far).replace(b"\n", b" ").replace(b"\r", b" ")


def _record(dice: random.Random, progress: float, far: bool) -> bytes:
    fields = _good(dice, _time(dice, progress))
    if dice.random() < 0.4:
        return _written(dice, fields)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        dice.choice(_CHANGES)(dice, fields)
    if far and dice.random() < 0.1:
        _set(fields, "StatusTime", json.dumps(dice.choice(_FAR_TIMES)))
    line = _written(dice, fields)
    return dice.choice(_DAMAGES)(dice, line) if dice.random() < 0.3 else line


def _good(dice: random.Random, time: str) -> Fields:
    return [
        ("Distance", repr(dice.randint(-10_000, 10_000) / 10)),  # tenths: as doubles, their sum depends on the order
        ("HealthPoints", str(dice.randint(-200, 200))),
        ("Latitude", repr(40 + dice.random())),
        ("MagicPoints", str(dice.randint(-200, 200))),
        ("Name", json.dumps(dice.choice(("Shadowfax", "Rocinante", "Bucephalus", "é日本🦄")))),
        ("StatusTime", json.dumps(time)),
    ]


def _time(dice: random.Random, progress: float) -> str:
    """A time of the span that advances with the records, with up to three digits of a second.

    Often the time is at the border of a window, and now and then long past.
    """
    ms = round(SPAN * 1000 * progress)
    kind = dice.random()
    if kind < 0.2:
        ms = ms // 60_000 * 60_000 + dice.choice((-1, 0, 1, 4_998, 4_999, 5_000, 5_001, 59_999))
    elif kind < 0.3:
        ms = dice.randint(0, ms)
    else:
        ms -= dice.randint(0, 4000)
    return str(START + timedelta(milliseconds=ms, microseconds=1))[: dice.choice((19, 21, 22, 23, 23, 23))]


def _written(dice: random.Random, fields: Fields) -> bytes:
    """The object, with a random amount of white space."""
    space = dice.choice(("", "", " ", "\t "))
    pairs = (f"{json.dumps(key)}{space}:{space}{value}" for key, value in fields)
    text = space + "{" + f"{space},{space}".join(pairs) + "}" + space
    return text.encode("utf-8", "surrogatepass")


# --- Other fields ---------------------------------------------------------------------------------


def _set(fields: Fields, key: str, value: str) -> None:
    fields[:] = [(one, value if one == key else old) for one, old in fields]


def _other_value(dice: random.Random, fields: Fields) -> None:
    _set(fields, dice.choice(KEYS), dice.choice(_VALUES))


def _other_number(dice: random.Random, fields: Fields) -> None:
    edge = dice.choice((2**31, 2**53, 2**63, 10**9, 128, 0)) * dice.choice((1, -1)) + dice.randint(-1, 1)
    number = dice.choice((str(edge), f"{edge}.0", f"{edge}.5", f"{edge}e0", f"{edge}e{dice.randint(-400, 400)}"))
    _set(fields, dice.choice(("Distance", "MagicPoints", "HealthPoints")), number)


def _other_distance(dice: random.Random, fields: Fields) -> None:
    _set(
        fields, "Distance", dice.choice(("1e9", "-1e9", "1000000000.25", "-1000000001", "0", "-0.0", "5e-324", "1E+2"))
    )


def _other_name(dice: random.Random, fields: Fields) -> None:
    name = "".join(dice.choices('aé日\0"\\/\u2028\x7f', k=dice.choice((0, 1, 2, 127, 128, 129, 300))))
    emoji = "🦄" * dice.choice((0, 0, 1, 64, 65))
    _set(fields, "Name", json.dumps(name + emoji, ensure_ascii=dice.random() < 0.5))


def _other_time(dice: random.Random, fields: Fields) -> None:
    time = next((value.strip(chr(34)) for key, value in fields if key == "StatusTime"), "")
    if not isinstance(time, str) or len(time) < 19:
        return
    at = dice.randrange(len(time))
    changed = dice.choice((
        time[:at] + dice.choice("0123456789TZ:-. /٣") + time[at + 1 :], time[:at] + time[at + 1 :],
        time + "Z", time + "0", " " + time, time.replace(" ", "T"), time[:11] + "24" + time[13:],
        time[:8] + dice.choice(("00", "29", "30", "31", "32")) + time[10:], time[:17] + "60" + time[19:],
    ))  # fmt: skip
    if changed[:16] <= time[:16]:  # a later time would make all following records late
        _set(fields, "StatusTime", json.dumps(changed, ensure_ascii=dice.random() < 0.5))


def _without(dice: random.Random, fields: Fields) -> None:
    if fields:
        del fields[dice.randrange(len(fields))]


def _twice(dice: random.Random, fields: Fields) -> None:
    fields.insert(dice.randrange(len(fields) + 1), dice.choice(fields) if fields else ("z", "1"))


def _another_key(dice: random.Random, fields: Fields) -> None:
    key = dice.choice(("", "name", "NAME", "Name ", "z", "error", "StatusTime\0", "É"))
    fields.insert(dice.randrange(len(fields) + 1), (key, dice.choice(_VALUES)))


def _renamed(dice: random.Random, fields: Fields) -> None:
    for at, (key, value) in enumerate(fields):
        if dice.random() < 0.2:
            fields[at] = dice.choice((key.lower(), key.upper(), f"{key}_")), value


def _shuffled(dice: random.Random, fields: Fields) -> None:
    dice.shuffle(fields)


_CHANGES: tuple[Callable[[random.Random, Fields], None], ...] = (
    _other_value, _other_number, _other_distance, _other_name, _other_time, _without, _twice, _another_key, _renamed,
    _shuffled,
)  # fmt: skip
_VALUES = (
    "null", "true", "false", "0", "-0", "1", "1.0", "1e2", "1e400", "-1e-400", "0.1", "01", "+1", ".5", "1.", "NaN",
    "Infinity", "-Infinity", "0x1", '""', '" "', '"29.5"', '"true"', '"null"', '"\\ud83e"', '"\\ud83e\\udd84"',
    '"\\udd84\\ud83e"', '"\\u0000"', '"\\x41"', '"\\u12"', '"a\tb"', "[]", "{}", '[{"Name": 1}]', '{"Name": "x"}',
    "[" * 99 + "]" * 99, "9" * 300, "0." + "3" * 300, "'x'", "x", "", "1 2", "/* 1 */ 1", '"\ud800"',
)  # fmt: skip
_FAR_TIMES = ("0001-01-01 00:00:00", "0000-01-01 00:00:00", "9999-12-31 23:59:59.999", "1969-12-31 23:59:59.9")


# --- Other bytes ----------------------------------------------------------------------------------


def _byte(dice: random.Random, line: bytes) -> bytes:
    at = dice.randrange(len(line))
    return line[:at] + bytes([dice.randrange(256)]) + line[at + dice.randint(0, 1) :]


def _cut(dice: random.Random, line: bytes) -> bytes:
    return line[: dice.randrange(len(line))]


def _hole(dice: random.Random, line: bytes) -> bytes:
    at = dice.randrange(len(line))
    return line[:at] + line[at + dice.randint(1, 40) :]


def _piece(dice: random.Random, line: bytes) -> bytes:
    at = dice.randrange(len(line) + 1)
    return line[:at] + dice.choice(_PIECES) + line[at:]


def _noise(dice: random.Random, _: bytes) -> bytes:
    return dice.randbytes(dice.randrange(60))


def _encoded(line: bytes, encoding: str) -> bytes:
    return line.decode("utf-8", "replace").encode(encoding, "replace")


_PIECES = (
    b"\0", b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b'"', b"\\", b"{",
    b"}", b"[", b"]", b",", b":", b" ", b"\x1f", b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8", b"//", b"{}", b"e9", b"-",
    b"\\u0041",
)  # fmt: skip
_DAMAGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _byte, _byte, _cut, _hole, _piece, _piece, _noise,
    lambda _, line: b"\xef\xbb\xbf" + line,
    lambda _, line: line + line,
    lambda _, line: b"[" + line + b"]",
    lambda _, line: gzip.compress(line, mtime=0),
    lambda _, line: json.dumps(line.decode("utf-8", "replace")).encode(),
    lambda dice, line: _encoded(line, dice.choice(("utf-16", "utf-16-le", "utf-32-be", "utf-7", "latin-1"))),
)  # fmt: skip
