"""Flights and faults: pure functions, no clock, no network."""

import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producer.flight import START, WAYPOINTS, WELL_KNOWN, Reading, flight, herd, names, readings
from producer.records import KINDS, Faults, Kind, Record, empty, line, malformed, records, status_time

START_MS = 1_767_225_600_000  # 2026-01-01 00:00:00 UTC
NO_FAULTS = Faults()

# The five boroughs' bounding box: https://data.cityofnewyork.us, Borough Boundaries
SOUTH, NORTH, WEST, EAST = 40.4961, 40.9155, -74.2556, -73.7000


def fly(seed: int, unicorns: int, number: int) -> list[Reading]:
    return list(islice(readings(herd(names("Shadowfax", unicorns), seed), seed, START_MS), number))


def sent(seed: int, unicorns: int, number: int, faults: Faults) -> list[Record]:
    return list(records(iter(fly(seed, unicorns, number)), faults, seed))


def metres(one: Reading, other: Reading) -> tuple[float, float]:
    """Metres to the north and east, by the formula of the contract."""
    east = (other.longitude - one.longitude) * 111_320 * math.cos(math.radians(one.latitude))
    return (other.latitude - one.latitude) * 110_540, east


def complaint(data: bytes) -> str | None:
    """The reason why a strict reader of the contract rejects a record; not derived from the producer's code."""
    try:
        value = json.loads(data.decode("utf-8"))
    except ValueError:
        return "parse"
    if not isinstance(value, dict):
        return "parse"
    types = {
        "Distance": float,
        "HealthPoints": int,
        "Latitude": float,
        "Longitude": float,
        "MagicPoints": int,
    }
    for field, kind in {**types, "Name": str, "StatusTime": str}.items():
        if field not in value:
            return f"no {field}"
        if type(value[field]) is not kind:
            return f"{field} is a {type(value[field]).__name__}"
    try:
        datetime.strptime(value["StatusTime"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return "StatusTime is no time"
    return None


def test_same_seed_same_bytes() -> None:
    """Equal seeds give equal bytes, another seed gives other bytes."""
    faults = Faults(0.1, 0.1, 0.1, error=True)
    assert sent(7, 5, 2000, faults) == sent(7, 5, 2000, faults)
    assert sent(7, 5, 2000, faults) != sent(8, 5, 2000, faults)


@pytest.mark.parametrize(
    ("seed", "herd_", "number", "faults", "digest"),
    [
        (1, ("Shadowfax", 1), 3000, NO_FAULTS, "a8da67ff659147af92c58c3df6eca094"),
        (7, ("Shadowfax", 20), 72_000, Faults(0.01, 0.05, 0.01), "20f32be1b9187aa0266cdb080e287ff8"),
        (-5, ("Shadowfax", 60), 30_000, Faults(0.2, 0.3, 0.4, error=True), "7c5640d299eaabbf0aa32fd70b9b8ea2"),
        (2, ('Zoë "x"', 100), 20_000, Faults(malformed=1), "3237a6cafb02a4b8b99b25f554cbce80"),
    ],
)
def test_bytes_of_a_seed_never_change(
    seed: int, herd_: tuple[str, int], number: int, faults: Faults, digest: str
) -> None:
    """Seed and start give the same bytes in every version of the program."""
    made = islice(readings(herd(names(*herd_), seed), seed, START_MS + 250), number)
    data = b"".join(record.data for record in records(made, faults, seed))
    assert hashlib.sha256(data).hexdigest()[:32] == digest


def test_records_keep_the_contract() -> None:
    """Seven fields in alphabetical order with their types, a line feed at the end, partition key = Name."""
    for record in sent(1, 3, 300, NO_FAULTS):
        assert record.data.endswith(b"}\n")
        assert record.data.count(b"\n") == 1
        assert complaint(record.data) is None
        value = json.loads(record.data)
        fields = ["Distance", "HealthPoints", "Latitude", "Longitude", "MagicPoints", "Name", "StatusTime"]
        assert list(value) == fields
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", value["StatusTime"])
        assert record.key == value["Name"]


@given(name=st.text(min_size=1, max_size=20), seed=st.integers(), data=st.sampled_from([None, "Unicorn"]))
@settings(max_examples=30, deadline=None)
def test_bytes_equal_json_dumps(name: str, seed: int, data: str | None) -> None:
    """The JSON formatted by hand equals json.dumps with sorted keys, for any name."""
    for reading in islice(readings(herd([name], seed), seed, START_MS), 5):
        value = {
            **{"Distance": reading.distance, "HealthPoints": reading.health, "MagicPoints": reading.magic},
            **{"Latitude": reading.latitude, "Longitude": reading.longitude, "Name": name},
            **{"StatusTime": status_time(reading.at_ms)},
            **({} if data is None else {"InputData": data}),
        }
        assert line(reading, data) == json.dumps(value, sort_keys=True).encode() + b"\n"


@given(st.integers(min_value=0, max_value=32_503_680_000_000 - 1))
def test_status_time_is_utc_with_milliseconds(at_ms: int) -> None:
    """StatusTime is the UTC time with exactly three digits of a second, to the year 2999."""
    parsed = datetime.strptime(status_time(at_ms) + "000", "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    since = parsed - datetime(1970, 1, 1, tzinfo=UTC)
    assert (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000 == at_ms


def test_first_reading() -> None:
    """The first unicorn starts at the start time and place with 150 health and magic points."""
    first = fly(3, 1, 1)[0]
    assert (first.at_ms, first.latitude, first.longitude) == (START_MS, *START) == (START_MS, 40.749167, -73.985184)
    assert (first.health, first.magic) == (150, 150)


def test_full_minute_distance() -> None:
    """Every distance is in [29, 31) and those of 60 records in a row sum to 1740 <= sum < 1860."""
    distances = [reading.distance for reading in fly(4, 1, 6000)]
    assert all(29 <= distance < 31 for distance in distances)
    for minute in range(0, 6000, 60):
        assert 1740 <= sum(distances[minute : minute + 60]) < 1860
    assert abs(sum(distances) / len(distances) - 30) < 0.05


def test_distance_is_the_way_flown() -> None:
    """Distance is the way from the reading before, by the contract's formula; turns are limited."""
    flown = fly(5, 1, 5000)
    headings = []
    for one, other in pairwise(flown):
        north, east = metres(one, other)
        assert math.hypot(north, east) == pytest.approx(other.distance, abs=1e-6)
        headings.append(math.atan2(north, east))
    turns = [abs(math.remainder(after - before, math.tau)) for before, after in pairwise(headings)]
    assert max(turns) <= math.radians(30) + 1e-6


@pytest.mark.parametrize("seed", range(8))
def test_a_day_over_the_city(seed: int) -> None:
    """In 24 h a unicorn stays in the box of the five boroughs, and the time for each leg is limited."""
    unicorn = herd(names("Shadowfax", seed + 1), seed)[seed]
    reached, last, south, north, west, east = 0, 0, 90.0, -90.0, 180.0, -180.0
    for second, reading in enumerate(islice(flight(unicorn, seed, START_MS), 86_400)):
        latitude, longitude = reading.latitude, reading.longitude
        south, north = min(south, latitude), max(north, latitude)
        west, east = min(west, longitude), max(east, longitude)
        if second % 2 == 0 and any(
            abs(latitude - lat) < 0.0008 and abs(longitude - lon) < 0.001 for lat, lon in WAYPOINTS
        ):
            reached, last = reached + 1, second
        # The longest way between two waypoints is under 41 km; a unicorn flies 29 m/s or more.
        assert second - last < 41_000 / 29 + 60
    assert SOUTH < south < north < NORTH
    assert WEST < west < east < EAST
    assert reached > 60


def test_unicorns_report_on_their_own_millisecond() -> None:
    """A reading per unicorn and second, at a fixed offset (0 for the first unicorn), all in order of time."""
    made = fly(6, 40, 40 * 30)
    assert [reading.at_ms for reading in made] == sorted(reading.at_ms for reading in made)
    by_name = defaultdict(list)
    for reading in made:
        by_name[reading.unicorn.name].append(reading.at_ms - START_MS)
    offsets = [times[0] for times in by_name.values()]
    assert by_name["Shadowfax"][0] == 0
    assert all(0 <= offset < 1000 for offset in offsets)
    assert len(set(offsets)) > 20
    for times in by_name.values():
        assert times == [times[0] + 1000 * second for second in range(30)]


def test_more_unicorns_leave_the_others_alone() -> None:
    """A unicorn's flight depends only on the seed and its index."""
    few, many = fly(9, 2, 2 * 50), fly(9, 30, 30 * 50)
    names_of_few = {reading.unicorn.name for reading in few}
    assert few == [reading for reading in many if reading.unicorn.name in names_of_few]


@pytest.mark.parametrize("points", ["health", "magic"])
def test_walks(points: str) -> None:
    """Health and magic change by -1, 0, +1 with probabilities 1/4, 1/2, 1/4, without limits."""
    values = [getattr(reading, points) for reading in fly(10, 1, 20_001)]
    steps = Counter(after - before for before, after in pairwise(values))
    assert set(steps) == {-1, 0, 1}
    assert steps[-1] / 20_000 == pytest.approx(0.25, abs=0.015)
    assert steps[0] / 20_000 == pytest.approx(0.5, abs=0.015)


def test_walks_are_independent() -> None:
    """The changes of health and magic within a second are independent."""
    steps = [(b.health - a.health) * (b.magic - a.magic) for a, b in pairwise(fly(11, 1, 20_001))]
    assert abs(sum(steps)) < 3 * math.sqrt(20_000 / 4)  # variance 1/4 each


@pytest.mark.parametrize("first", ["Shadowfax", "Bucephalus", "Windfola", "Einhorn", "Shadowfax-44"])
def test_names_are_different(first: str) -> None:
    """The first name is the given name, all names differ, and a longer list begins with the shorter list."""
    many = names(first, 300)
    assert many[0] == first
    assert len(set(many)) == 300
    assert names(first, 41) == many[:41]


def test_known_names_come_first() -> None:
    """The workshop's names, then the fixed list, then the first name with numbers."""
    many = names("Shadowfax", 45)
    assert many[:3] == ("Shadowfax", "Bucephalus", "Rocinante")
    assert len(WELL_KNOWN) >= 40
    assert many[len(WELL_KNOWN) + 1] == f"Shadowfax-{len(WELL_KNOWN) + 2}"


@pytest.mark.parametrize(
    ("faults", "kind", "share"),
    [
        (Faults(late=0.05), Kind.LATE, 0.05),
        (Faults(out_of_order=0.2), Kind.OUT_OF_ORDER, 0.2),
        (Faults(malformed=0.1), Kind.MALFORMED, 0.1),
        (Faults(0.1, 0.2, 0.3), Kind.MALFORMED, 0.3),
        (Faults(0.1, 0.2, 0.3), Kind.OK, 0.4),
    ],
)
def test_shares(faults: Faults, kind: Kind, share: float) -> None:
    """A share is a probability per reading, and a reading has a single fault at most."""
    kinds = Counter(record.kind for record in sent(12, 10, 20_000, faults))
    assert kinds[kind] / 20_000 == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 20_000))


def test_withheld_readings_are_the_same_readings() -> None:
    """Late and out of order only change the send time of a reading."""
    plain, faulty = (sent(13, 7, 7000, faults) for faults in (NO_FAULTS, Faults(late=0.1, out_of_order=0.2)))
    assert Counter(record.data for record in plain) == Counter(record.data for record in faulty)
    assert [record.data for record in plain] != [record.data for record in faulty]


def test_one_fault_more_leaves_the_others_alone() -> None:
    """Which readings are late does not depend on the other shares."""
    late, all_three = (sent(14, 3, 3000, faults) for faults in (Faults(late=0.1), Faults(0.1, 0.2, 0.3)))
    assert {record.data for record in late if record.kind is Kind.LATE} == {
        record.data for record in all_three if record.kind is Kind.LATE
    }


@pytest.mark.parametrize("unicorns", [1, 2, 50])
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_displacement(unicorns: int, share: float) -> None:
    """Nothing sent before an out-of-order record is newer by 4.5 s of event time or more."""
    newest, displaced = 0, 0
    for record in sent(15, unicorns, 5000, Faults(out_of_order=share)):
        newest = max(newest, record.at_ms)
        displaced += record.at_ms < newest
        assert newest - record.at_ms < 4500
        assert record.send_ms - record.at_ms <= 4000
    assert displaced > 0


def test_late_is_late() -> None:
    """Late readings are sent 150 to 240 s of event time after their own time, or at the end."""
    newest, late = 0, 0
    last = max(reading.at_ms for reading in fly(16, 2, 4000))
    for record in sent(16, 2, 4000, Faults(late=0.05)):
        if record.kind is Kind.LATE and record.send_ms < last:
            late += 1
            assert 149_000 <= newest - record.at_ms <= 240_000
        newest = max(newest, record.at_ms)
        assert record.send_ms <= last
    assert late > 100


def test_send_times_never_go_back() -> None:
    """Records are in the order of their send times, so that no wait delays another record."""
    times = [record.send_ms for record in sent(17, 20, 8000, Faults(0.1, 0.2, 0.1))]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("kind", "expected"),
    list(
        zip(
            KINDS,
            [
                *(
                    "parse",
                    "parse",
                    "parse",
                    "parse",
                    "parse",
                    "Distance is a str",
                    "no Name",
                    "no StatusTime",
                ),
                *("StatusTime is no time", "HealthPoints is a float", "MagicPoints is a NoneType"),
            ],
            strict=True,
        )
    ),
)
def test_each_malformed_kind(kind: Callable[[Reading, float], bytes], expected: str) -> None:
    """A strict reader of the contract rejects each kind, for the reason in the kind's name."""
    for number, reading in enumerate(fly(18, 3, 120)):
        data = kind(reading, number / 120)
        assert complaint(data) == expected
        assert data.count(b"\n") == 1
        assert data.endswith(b"\n")


def test_invalid_utf8_and_array() -> None:
    """`invalid_utf8` is not UTF-8, and `array` is JSON but not an object."""
    by_name = {kind.__name__: kind(fly(19, 1, 1)[0], 0.0) for kind in KINDS}
    assert isinstance(json.loads(by_name["array"]), list)
    with pytest.raises(UnicodeDecodeError):
        by_name["invalid_utf8"].decode()


def test_malformed_records() -> None:
    """All kinds are selected, all records but the empty record differ, and the key is still the name."""
    rubbish = [record for record in sent(20, 5, 5000, Faults(malformed=0.5)) if record.kind is Kind.MALFORMED]
    assert all(complaint(record.data) for record in rubbish)
    assert all(record.key in names("Shadowfax", 5) for record in rubbish)
    texts = Counter(record.data for record in rubbish)
    assert texts.pop(b"\n") > 100
    assert set(texts.values()) == {1}
    assert {complaint(record.data) for record in rubbish} >= {"parse", "no Name", "MagicPoints is a NoneType"}


def test_malformed_draws_each_kind() -> None:
    """The kind is uniform in the random number."""
    reading = fly(21, 1, 1)[0]
    assert malformed(reading, 0.0) == KINDS[0](reading, 0.0)
    assert malformed(reading, math.nextafter(1, 0)) == KINDS[-1](reading, 0.5)
    assert sum(malformed(reading, number / 1100) == empty(reading, 0) for number in range(1100)) == 100


def test_error_marks_every_fifth() -> None:
    """InputData is Unicornerror in every 5th record and Unicorn in the others; absent by default."""
    marks = [json.loads(record.data)["InputData"] for record in sent(22, 3, 20, Faults(error=True))]
    assert marks == ["Unicorn", "Unicorn", "Unicorn", "Unicorn", "Unicornerror"] * 4
    assert all(b"InputData" not in record.data for record in sent(22, 3, 20, NO_FAULTS))
    assert sum(record.is_error for record in sent(22, 3, 20, Faults(error=True))) == 4
