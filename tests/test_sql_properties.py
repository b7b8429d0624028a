"""For any input, rows and errors cover every record, and the rows equal the independent computation."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from local.oracle import check
from pipeline.window import Window
from tests.sql import ARRIVAL, Outcome, reading, run

pytestmark = pytest.mark.usefixtures("jvm")

# Tenths and below have no exact binary form: as doubles, their sum would depend on the order of adding.
DISTANCES = (
    st.integers(-10_000_000_000, 10_000_000_000).map(lambda tenths: tenths / 10)
    | st.integers(-400, 400).map(lambda tenths: tenths / 10)
    | st.floats(-1e9, 1e9)
)
POINTS = st.integers(-(2**31), 2**31 - 1)
NAMES = st.sampled_from(["Shadowfax", "Rocinante", "Bucephalus"]) | st.text(min_size=0, max_size=130)


@st.composite
def readings(draw: st.DrawFn) -> bytes:
    """A reading within ten minutes: some come in order, many do not, so that some are late."""
    seconds = draw(st.integers(0, 599_999)) / 1000
    time = f"12:{int(seconds // 60):02d}:{seconds % 60:06.3f}"
    return reading(draw(NAMES), time, draw(DISTANCES), draw(POINTS), draw(POINTS))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A reading with a byte changed, a piece cut out, or a value replaced by another JSON value."""
    line = bytearray(draw(readings()))
    at = draw(st.integers(0, len(line) - 1))
    match draw(st.integers(0, 2)):
        case 0:
            line[at] = draw(st.integers(0, 255))
        case 1:
            del line[at : at + draw(st.integers(1, 40))]
        case _:
            document: dict[str, Any] = json.loads(line)
            key = draw(st.sampled_from(sorted(document)))
            document[key] = draw(
                st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=30)
            )
            return json.dumps(document, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    return bytes(line)


# The file source ends a record at a line feed, and drops a carriage return before the line feed.
LINES = (readings() | damaged() | st.binary(max_size=200)).map(
    lambda line: line.replace(b"\n", b" ").replace(b"\r", b" ")
)


# Files are read in sequence, so the whole watermark must wait until the end: it is emitted when it has moved so far.
WAITING = {"pipeline.auto-watermark-interval": "40000 d"}


def problems(lines: list[bytes], outcome: Outcome, shards: list[str], window: Window | None = None) -> list[str]:
    """The oracle's problems; files have no sequence numbers, so each error gets its own."""
    errors = []
    for number, error in enumerate(outcome.errors):
        message = error["MESSAGE"].removesuffix(")") + f", sequence number {number})"
        errors.append(json.dumps({**error, "MESSAGE": message}).encode())
    stream = [json.dumps(row).encode() + b"\n" for row in outcome.stream]
    arrivals = [ARRIVAL] * len(lines)
    return list(check(lines, stream, outcome.table, errors, shards, arrivals=arrivals, window=window).problems)


def mixes() -> list[list[bytes]]:
    """The same eight lists every time."""
    made: list[list[bytes]] = []

    @settings(
        max_examples=8,
        phases=[Phase.generate],  # no list fails here, so none is shrunk; the oracle names the record anyway
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(lines=st.lists(LINES, min_size=30, max_size=300))
    def make(lines: list[bytes]) -> None:
        made.append(lines)

    make()
    return made


def test_any_mix_of_records(tmp_path: Path) -> None:
    """For any mix of records, rows and errors together cover all of them, and every sum and extreme is right.

    Each mix is a shard, and all run together: lateness follows from a mix's own shard, and the windows are the same.
    """
    files = {f"mix-{number}": lines for number, lines in enumerate(mixes())}
    assert len(files) == 8
    outcome = run(files, tmp_path, launcher=WAITING)
    sent = [(line, name) for name, lines in files.items() for line in lines]
    assert problems([line for line, _ in sent], outcome, [name for _, name in sent]) == []


@pytest.mark.parametrize("parallelism", [1, 3])
def test_files_as_shards(parallelism: int, tmp_path: Path) -> None:
    """Several files are read like several shards: lateness follows from each file alone, at any parallelism."""
    chance = random.Random(7)
    files: dict[str, list[bytes]] = {}
    for name in ("a", "b", "c"):
        seconds = [second + chance.choice([0, 0, 0, -4, -9, -90]) for second in range(100, 1200, 2)]
        files[name] = [
            reading(f"{name}{second % 3}", f"12:{second // 60:02d}:{second % 60:02d}.000", chance.randint(0, 99))
            for second in seconds
        ]
    outcome = run(files, tmp_path, parallelism, WAITING)
    sent = [(line, name) for name, lines in files.items() for line in lines]
    assert problems([line for line, _ in sent], outcome, [name for _, name in sent]) == []
    assert len(outcome.errors) > 100
