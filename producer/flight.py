"""Flights of unicorns over New York City, computed from names, a seed and a start time.

Angles are radians, counter-clockwise from east; distances are metres; times are whole milliseconds since 1970-01-01
UTC.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, cycle, islice
from math import atan2, cos, hypot, radians, remainder, sin, tau

START = (40.749167, -73.985184)

# Latitude and longitude; in all five boroughs, with enough distance from their bounding box for turns.
WAYPOINTS = (
    (40.689247, -74.044502),  # Statue of Liberty
    (40.774036, -73.970881),  # Bethesda Fountain, Central Park
    (40.758000, -73.985500),  # Times Square
    (40.706086, -73.996864),  # Brooklyn Bridge
    (40.574926, -73.985941),  # Coney Island
    (40.829643, -73.926175),  # Yankee Stadium
    (40.850595, -73.876988),  # Bronx Zoo
    (40.746426, -73.844819),  # Unisphere, Flushing Meadows
    (40.660204, -73.968956),  # Prospect Park
    (40.643748, -74.073660),  # St. George ferry terminal
    (40.747993, -74.004765),  # High Line
    (40.712742, -74.013382),  # One World Trade Center
    (40.730823, -73.997332),  # Washington Square
    (40.752726, -73.977229),  # Grand Central Terminal
    (40.864863, -73.931727),  # The Cloisters
    (40.897900, -73.886300),  # Van Cortlandt Park
    (40.865900, -73.808700),  # Pelham Bay Park
    (40.645880, -73.777630),  # JFK airport
    (40.579500, -73.837000),  # Rockaway Beach
    (40.606589, -74.044673),  # Verrazzano-Narrows Bridge
    (40.807536, -73.962573),  # Columbia University
    (40.545000, -74.126000),  # Great Kills Park
)

# Horses and unicorns of history, myth and literature; the first two are the workshop's.
WELL_KNOWN = (
    *("Bucephalus", "Rocinante", "Pegasus", "Sleipnir", "Amalthea", "Binky", "Silver", "Boxer", "Clover"),
    *("Mollie", "Bree", "Hwin", "Fledge", "Jewel", "Artax", "Bayard", "Babieca", "Marengo", "Grani"),
    *("Gringolet", "Hengroen", "Llamrei", "Copenhagen", "Incitatus", "Xanthos", "Balios", "Arion", "Rakhsh"),
    *("Shabdiz", "Chetak", "Kanthaka", "Uchchaihshravas", "Ginger", "Merrylegs", "Flicka", "Misty"),
    *("Snowmane", "Asfaloth", "Felarof", "Nahar", "Strider", "Windfola"),
)

NORTH = 110_540.0  # metres in a degree of latitude
EAST = 111_320.0  # metres in a degree of longitude at the equator

# No unicorn orbits a waypoint for ever. With the sharpest turns it flies a polygon whose corners are at most
# 31 / (2 sin(TURN / 2)) = 59.9 m from the centre. That is less than NEAR, so it reaches any waypoint inside, and with
# time its course meets any waypoint outside.
TURN = radians(30)  # a second
NEAR = 60.0  # metres from a waypoint at which it counts as reached


@dataclass(frozen=True, slots=True)
class Unicorn:
    """A unicorn: its index in the herd (from 0), its name, and the millisecond of its readings within a second."""

    index: int
    name: str
    offset_ms: int


@dataclass(slots=True)  # not frozen, which would take five times as long to make
class Reading:
    """The sensor values of a unicorn at `at_ms`; `distance` is the metres flown in the second before."""

    unicorn: Unicorn
    at_ms: int
    latitude: float
    longitude: float
    distance: float
    health: int
    magic: int


def dice(seed: int, index: int, purpose: str) -> random.Random:
    """Random numbers that depend only on the seed, the unicorn and the purpose."""
    return random.Random(f"{seed} {index} {purpose}")  # noqa: S311 - a flight path, not a secret


def names(first: str, number: int) -> tuple[str, ...]:
    """`number` different names: `first`, the well-known names, then `first` with a number: Shadowfax-44.

    A name depends only on its index and on `first`.
    """
    known = (name for name in WELL_KNOWN if name != first)
    numbered = (f"{first}-{place}" for place in count(len(WELL_KNOWN) + 2))
    return tuple(islice(chain((first,), known, numbered), number))


def herd(names: Sequence[str], seed: int) -> tuple[Unicorn, ...]:
    """The unicorns of these names. The first has the start time's millisecond, the others have random milliseconds."""
    return tuple(
        Unicorn(index, name, dice(seed, index, "offset").randrange(1000) if index else 0)
        for index, name in enumerate(names)
    )


def readings(unicorns: Sequence[Unicorn], seed: int, start_ms: int) -> Iterator[Reading]:
    """The endless readings of all unicorns in order of event time, a reading a second for each unicorn."""
    in_order = sorted(unicorns, key=lambda unicorn: (unicorn.offset_ms, unicorn.index))
    flights = [flight(unicorn, seed, start_ms) for unicorn in in_order]
    while True:
        yield from map(next, flights)


def flight(unicorn: Unicorn, seed: int, start_ms: int) -> Iterator[Reading]:
    """The endless readings of a unicorn from START on; the first is at `start_ms` plus its offset."""
    rolls = dice(seed, unicorn.index, "flight")
    course = cycle(rolls.sample(WAYPOINTS, len(WAYPOINTS)))
    target = next(course)
    latitude, longitude = START
    shrink = cos(radians(latitude))  # of a degree of longitude, from the equator to here
    heading = atan2(*_north_east(latitude, longitude, shrink, target))
    health = magic = 150
    at_ms = start_ms + unicorn.offset_ms
    bits = rolls.getrandbits(44)
    while True:
        # 40 of the 44 bits, scaled: uniform in [29, 31), without rounding up to 31.0.
        distance = 29.0 + (bits >> 4) * 2.0**-39
        yield Reading(unicorn, at_ms, latitude, longitude, distance, health, magic)
        at_ms += 1000
        bits = rolls.getrandbits(44)
        # The other four bits: the difference of two fair coins is -1, 0, +1 with 1/4, 1/2, 1/4.
        health += (bits & 1) - (bits >> 1 & 1)
        magic += (bits >> 2 & 1) - (bits >> 3 & 1)
        shrink = cos(radians(latitude))
        north, east = _north_east(latitude, longitude, shrink, target)
        if hypot(north, east) < NEAR:
            target = next(course)
            north, east = _north_east(latitude, longitude, shrink, target)
        turn = remainder(atan2(north, east) - heading, tau)
        heading += TURN if turn > TURN else -TURN if turn < -TURN else turn
        step = 29.0 + (bits >> 4) * 2.0**-39
        longitude += step * cos(heading) / (EAST * shrink)
        latitude += step * sin(heading) / NORTH


def _north_east(latitude: float, longitude: float, shrink: float, there: tuple[float, float]) -> tuple[float, float]:
    """Metres to the north and to the east from a place to another, on a flat city."""
    return (there[0] - latitude) * NORTH, (there[1] - longitude) * EAST * shrink
