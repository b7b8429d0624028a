"""The rows and errors that must come out, computed from the records sent, without Flink.

The promise under test: each record sent is counted exactly once, in one summary row or on the errors stream, and each
row is the sum of its records. Of a record that holds several, each part (`aws.parts`) is counted so. `check` compares
inputs and outputs and lists every breach. It shares neither SQL nor functions with the job: it implements the contract
itself. It reads only the length of the window from the job.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain, pairwise, repeat
from typing import Any

from aws.parts import parts
from pipeline.job import load
from pipeline.window import Window

JOB = load("unicorn_summary")

DISORDER = timedelta(seconds=5)  # the lateness up to which a reading is counted
AHEAD = timedelta(minutes=10)  # the limit for a reading's time after the record's arrival
MOMENT = timedelta(milliseconds=1)
DECIMALS = 18  # decimals of a distance that count, in the shortest decimal number for the same double
BEGINNING = datetime.min.replace(tzinfo=UTC)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?", re.ASCII)
_POSITION = re.compile(r"\((\S+), sequence number (\d+)(?:, part (\d+) of \d+)?\)$")
_INT = range(-(2**31), 2**31)

Key = tuple[str, str]  # (Name, StatusTime), the key of a row
PROVEN = (
    *("Name", "StatusTime", "Distance"),
    *("MinMagicPoints", "MaxMagicPoints", "MinHealthPoints", "MaxHealthPoints"),
)
# Columns added to the job's rows: they must be present, but their values are not checked here.
UNPROVEN = tuple(name for name in JOB.columns("sensor_data") if name not in PROVEN)


@dataclass(frozen=True)
class Reading:
    """One well-formed record, or part of one; event_time in UTC, distance in metres."""

    name: str
    event_time: datetime
    distance: float
    magic: int
    health: int

    @property
    def is_countable(self) -> bool:
        """Whether stream and table can store its row: the name as a key, the distance in a sum of 64 bits."""
        return 1 <= len(self.name) <= 128 and abs(self.distance) <= 1e9


@dataclass(frozen=True)
class Report:
    """Counts of records, their parts, windows, rows and errors, and every breach as a sentence."""

    records: int
    parts: int
    windows: int
    rows: int
    errors: Mapping[str, int]
    repeated: int
    problems: Sequence[str]


def judge(line: bytes, arrival: datetime | None = None) -> Reading | str:
    """A reading that counts, or the error of the record: PARSE or COERCION. line: a record that is one part.

    arrival: the record's arrival, with a zone; None for a record that arrived after its own time.
    """
    reading = read(line)
    if isinstance(reading, Reading):
        is_ahead = arrival is not None and reading.event_time > arrival + AHEAD
        return "COERCION" if is_ahead or not reading.is_countable else reading
    return reading


def read(line: bytes) -> Reading | str:
    """A reading whose fields have their types, whether it counts or not; else PARSE or COERCION."""
    try:
        document = json.loads(line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return "PARSE"
    if not isinstance(document, _Object):
        return "PARSE"
    fields = document.fields
    required = ("Name", "StatusTime", "Distance", "MagicPoints", "HealthPoints")
    if document.repeated & set(required) or any(fields.get(name) is None for name in required):
        return "COERCION"
    name, distance = fields["Name"], fields["Distance"]
    points = [fields["MagicPoints"], fields["HealthPoints"]]
    event_time = _time(fields["StatusTime"])
    if (
        not (isinstance(name, str) and _is_text(name))
        or event_time is None
        or not _is_number(distance)
        or not all(type(point) is int and point in _INT for point in points)
    ):
        return "COERCION"
    return Reading(name, event_time, float(distance), points[0], points[1])


def rows(records: Iterable[bytes], window: Window | None = None) -> dict[Key, dict[str, Any]]:
    """The rows of these records, each part counted once, on the assumption that none is late."""
    window = window or JOB.window()
    found = map(judge, chain.from_iterable(map(parts, records)))
    readings = (reading for reading in found if isinstance(reading, Reading))
    return _windows((reading, window.ends(reading.event_time)) for reading in readings)


def check(  # noqa: PLR0913  (four outputs, and where and when the records arrived)
    sent: Sequence[bytes],
    stream: Iterable[bytes],
    items: Iterable[Mapping[str, Any]],
    errors: Iterable[bytes],
    shards: Sequence[str] | None = None,
    *,
    arrivals: Sequence[datetime] | None = None,
    window: Window | None = None,
) -> Report:
    """Compare the outputs with the records sent.

    sent: every record of the raw stream in the order of sending. stream: the records of the summary stream.
    items: the table's items as plain values. errors: the records of the errors stream. A stream may repeat a row or
    an error, since it is written at least once: equal content is counted in `repeated`, not a breach.
    shards: the shard of each record, if `sent` keeps the order within each shard. The late readings then follow
    exactly. Without shards, only a LATE reading that cannot have been late is a breach.
    arrivals: the arrival of each record, with a zone; None if no record's time was ahead of its arrival.
    window: the length of windows; None for the job's own.
    """
    problems: list[str] = []
    window = window or JOB.window()
    judged = [
        (_text(part), judge(part, arrival))
        for record, arrival in zip(sent, arrivals or repeat(None), strict=arrivals is not None)
        for part in parts(record)
    ]
    rejected, repeated_errors = _rejected(errors, problems)
    on_late = Counter({text: count for (name, text), count in rejected.items() if name == "LATE"})
    if shards is None:
        late = on_late
        watermarks = [BEGINNING] * len(judged)
        _compare_plausibly_late(judged, on_late, window, problems)
    else:
        each = [shard for record, shard in zip(sent, shards, strict=True) for _ in parts(record)]
        watermarks = _watermarks(judged, each)
        late = _late(judged, watermarks, window)
    expected_errors = Counter((verdict, text) for text, verdict in judged if isinstance(verdict, str))
    expected_errors.update({("LATE", text): count for text, count in late.items()})
    _compare_errors(expected_errors, rejected, problems)
    expected = _windows(
        (reading, _open(window.ends(reading.event_time), watermark))
        for reading, watermark in _without(on_late, judged, watermarks)
    )
    on_stream, repeated_rows = _rows(
        _objects(_ended(stream, problems), "A summary record", ("Name", "StatusTime"), problems),
        "the summary stream",
        problems,
    )
    in_table, _ = _rows(items, "the table", problems)
    _compare_rows(expected, on_stream, "on the summary stream", problems)
    _compare_rows(expected, in_table, "in the table", problems)
    counts = Counter(name for name, _ in rejected.elements())
    return Report(
        records=len(sent),
        parts=len(judged),
        windows=len({end for _, end in expected}),
        rows=len(expected),
        errors=dict(sorted(counts.items())),
        repeated=repeated_rows + repeated_errors,
        problems=problems,
    )


class _Object:
    """A JSON object that remembers its repeated keys."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.fields = dict(pairs)
        self.repeated = {key for key, count in Counter(key for key, _ in pairs).items() if count > 1}


def _once(pairs: list[tuple[str, Any]]) -> _Object:
    return _Object(pairs)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    pattern = "%Y-%m-%d %H:%M:%S.%f" if "." in value else "%Y-%m-%d %H:%M:%S"
    try:
        return datetime.strptime(value, pattern).replace(tzinfo=UTC)
    except ValueError:
        return None


def _objects(lines: Iterable[bytes], what: str, texts: Sequence[str], problems: list[str]) -> list[dict[str, Any]]:
    """The records that are JSON objects with these texts; any other record is a breach."""
    objects = []
    for line in lines:
        try:
            row = json.loads(line, parse_float=str)  # 31.0 is not the integer 31
        except ValueError:
            row = None
        if isinstance(row, dict) and all(isinstance(row.get(name), str) for name in texts):
            objects.append(row)
        else:
            problems.append(f"{what} is not a JSON object with {', '.join(texts)}: {line[:160]!r}.")
    return objects


def _ended(lines: Iterable[bytes], problems: list[str]) -> Iterable[bytes]:
    for line in lines:
        if not line.endswith(b"\n"):
            problems.append(f"A summary record does not end in a newline: {line[:80]!r}.")
        yield line


def _rejected(errors: Iterable[bytes], problems: list[str]) -> tuple[Counter[tuple[str, str]], int]:
    """The errors as a multiset of (ERROR_NAME, DATA_ROW), with each position of the raw stream counted once.

    A position is a shard, a sequence number, and the number within a record that holds several.
    """
    found: Counter[tuple[str, str]] = Counter()
    positions: dict[tuple[str | None, ...], tuple[str, str]] = {}
    repeated = 0
    for row in _objects(errors, "An error", ("ERROR_NAME", "MESSAGE", "DATA_ROW"), problems):
        error = (row["ERROR_NAME"], row["DATA_ROW"])
        match = _POSITION.search(row["MESSAGE"])
        if match is None:
            problems.append(f"An error names no position of the raw stream: {row['MESSAGE'][:200]!r}.")
        elif match.groups() not in positions:
            positions[match.groups()] = error
        elif positions[match.groups()] == error:
            repeated += 1
            continue
        else:
            problems.append(f"Two different errors stand for one record: {row['MESSAGE'][:200]!r}.")
        found[error] += 1
    return found, repeated


def _text(line: bytes) -> str:
    """The record as in DATA_ROW."""
    try:
        return line.decode("utf-8")[:150_000]
    except UnicodeDecodeError:
        return line.decode("latin-1")[:150_000]


def _compare_errors(expected: Counter[tuple[str, str]], actual: Counter[tuple[str, str]], problems: list[str]) -> None:
    for (name, text), count in (expected - actual).items():
        problems.append(f"{count} of {name} missing on the errors stream: {text[:160]!r}.")
    for (name, text), count in (actual - expected).items():
        problems.append(f"{count} of {name} too many on the errors stream: {text[:160]!r}.")


def _without(
    on_late: Counter[str], judged: Iterable[tuple[str, Reading | str]], watermarks: Iterable[datetime]
) -> Iterator[tuple[Reading, datetime]]:
    """The readings that must be in a row: all readings without those on LATE, each of which is removed once."""
    left = Counter(on_late)
    for (text, verdict), watermark in zip(judged, watermarks, strict=True):
        if isinstance(verdict, str):
            continue
        if left[text] > 0:
            left[text] -= 1
        else:
            yield verdict, watermark


def _compare_plausibly_late(
    judged: Sequence[tuple[str, Reading | str]], on_late: Counter[str], window: Window, problems: list[str]
) -> None:
    """Check LATE without the shards: each LATE record must have been sent as a reading, after a newer reading."""
    # The watermark is at most the newest event time sent before, minus the disorder.
    most = _watermarks(judged, [""] * len(judged))
    left = Counter(on_late)
    for number in reversed(range(len(judged))):  # of equal records, the last may be the late record
        text, reading = judged[number]
        if isinstance(reading, Reading) and left[text] > 0:
            left[text] -= 1
            if not _is_closed(window.ends(reading.event_time)[-1], most[number]):
                problems.append(f"LATE, although nothing newer had been sent before: {text[:160]!r}.")
    for text, count in (+left).items():
        problems.append(f"{count} on LATE that was not sent as a reading: {text[:120]!r}.")


def _watermarks(judged: Iterable[tuple[str, Reading | str]], shards: Iterable[str]) -> list[datetime]:
    """The shard's watermark at each record: the newest reading so far that counts, minus the disorder."""
    newest: dict[str, datetime] = {}
    found = []
    for (_line, reading), shard in zip(judged, shards, strict=True):
        if isinstance(reading, Reading):
            newest[shard] = max(newest.get(shard, reading.event_time), reading.event_time)
        found.append(newest[shard] - DISORDER if shard in newest else BEGINNING)
    return found


def _is_closed(end: datetime, watermark: datetime) -> bool:
    """Whether the watermark has closed the window: it has reached the window's last millisecond."""
    return watermark >= end - MOMENT


def _open(ends: Sequence[datetime], watermark: datetime) -> Sequence[datetime]:
    """The windows that count a reading: the open windows, or all windows if none is open (then LATE is missing)."""
    return [end for end in ends if not _is_closed(end, watermark)] or ends


def _late(judged: Iterable[tuple[str, Reading | str]], watermarks: Iterable[datetime], window: Window) -> Counter[str]:
    """The late readings: all of their windows were closed."""
    return Counter(
        text
        for (text, reading), watermark in zip(judged, watermarks, strict=True)
        if isinstance(reading, Reading) and _is_closed(window.ends(reading.event_time)[-1], watermark)
    )


def _windows(readings: Iterable[tuple[Reading, Sequence[datetime]]]) -> dict[Key, dict[str, Any]]:
    """One row per (Name, end of window), by section 4 of the contract."""
    groups: dict[Key, list[Reading]] = defaultdict(list)
    for reading, ends in readings:
        for end in ends:
            groups[reading.name, _status_time(end)].append(reading)
    return {key: _row(key, group) for key, group in groups.items()}


def _status_time(end: datetime) -> str:
    return f"{end:%Y-%m-%d %H:%M:%S}.{end.microsecond // 1000:03d}"


def _row(key: Key, readings: Sequence[Reading]) -> dict[str, Any]:
    magic = [reading.magic for reading in readings]
    health = [reading.health for reading in readings]
    return {
        "Name": key[0],
        "StatusTime": key[1],
        "Distance": _rounded(sum(_parts(reading.distance) for reading in readings)),
        "MinMagicPoints": min(magic),
        "MaxMagicPoints": max(magic),
        "MinHealthPoints": min(health),
        "MaxHealthPoints": max(health),
    }


def _parts(metres: float) -> int:
    """The distance in units of the last decimal that counts, half away from zero; integers have exact sums."""
    return int(Decimal(repr(metres)).scaleb(DECIMALS).to_integral_value(ROUND_HALF_UP))


def _rounded(parts: int) -> int:
    """Whole metres, half away from zero as in SQL; Python's round() goes to the even neighbour."""
    unit: int = 10**DECIMALS
    return (abs(parts) + unit // 2) // unit * (1 if parts >= 0 else -1)


def _rows(
    found: Iterable[Mapping[str, Any]], where: str, problems: list[str]
) -> tuple[dict[Key, Mapping[str, Any]], int]:
    """The rows by key, and the number of repeated rows; a key with two contents is a breach."""
    rows: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for row in found:
        rows[row["Name"], row["StatusTime"]].append(row)
    for key, versions in rows.items():
        if any(one != other for one, other in pairwise(versions)):
            problems.append(f"{where.capitalize()} has two different rows for {key[0]} at {key[1]}: {versions}.")
    return {key: versions[-1] for key, versions in rows.items()}, sum(len(v) - 1 for v in rows.values())


def _compare_rows(
    expected: Mapping[Key, Mapping[str, Any]],
    found: Mapping[Key, Mapping[str, Any]],
    where: str,
    problems: list[str],
) -> None:
    for name, end in sorted(expected.keys() - found.keys()):
        problems.append(f"The row of {name} at {end} is missing {where}.")
    for name, end in sorted(found.keys() - expected.keys()):
        problems.append(f"The row of {name} at {end} is {where}, but nothing that was sent belongs to it.")
    for key in sorted(expected.keys() & found.keys()):
        row = {name: value for name, value in found[key].items() if name not in UNPROVEN}
        if row != dict(expected[key]) or set(UNPROVEN) - found[key].keys():
            problems.append(f"The row of {key[0]} at {key[1]} {where} is {dict(found[key])}, expected {expected[key]}.")
