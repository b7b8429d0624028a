"""exact_sum and its like: the exact result rounded once, whatever came, went and was merged before."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from java import FUNCTIONS
from tests.sql import here

NAMES = [name for name in FUNCTIONS if name.startswith("exact_")]
LARGEST = 1.7976931348623157e308
SMALLEST = 5e-324
# Among them pairs whose sum is halfway between two DOUBLEs, and subnormal numbers.
SPECIAL = [
    0.0,
    -0.0,
    1e300,
    -1e300,
    1e-300,
    SMALLEST,
    -SMALLEST,
    2.2250738585072014e-308,
    LARGEST,
    -LARGEST,
    2.0**53,
    1.0,
]
VALUES = st.sampled_from(SPECIAL) | st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1000, 1000)
Total = Any


def exact(name: str, values: Sequence[float]) -> float | None:
    """The result by fractions. None for none, and for one that no DOUBLE is large enough for."""
    count = len(values)
    divisor = count - name.endswith("_samp")
    if not divisor or not count:
        return None
    total = sum(map(Fraction, values), Fraction())
    try:
        if name in ("exact_sum", "exact_avg"):
            return float(total if name == "exact_sum" else total / count)
        variance = sum(((Fraction(value) - total / count) ** 2 for value in values), Fraction()) / divisor
        return root(variance) if "stddev" in name else float(variance)
    except OverflowError:
        return None


def root(square: Fraction) -> float:
    """The nearest DOUBLE, found by its neighbours: the exact root is between the middles to both of them."""
    scale = 1 << 4400
    guess = float(Fraction(math.isqrt(int(square * scale)), 1 << 2200))
    below, above = math.nextafter(guess, -math.inf), math.nextafter(guess, math.inf)
    low = (Fraction(below) + Fraction(guess)) / 2
    assert square == 0 or low < 0 or low**2 <= square
    assert math.isinf(above) or square <= ((Fraction(guess) + Fraction(above)) / 2) ** 2
    return guess


@pytest.fixture(scope="module")
def function(jvm: Path) -> Callable[[str], Any]:  # noqa: ARG001 (it prepares the JVM, with the functions on its class path)
    """The functions by their SQL names."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    java: Any = get_gateway().jvm
    loader = java.Thread.currentThread().getContextClassLoader()
    made = {name: loader.loadClass(FUNCTIONS[name]).newInstance() for name in NAMES}
    return made.__getitem__


def kept(function: Any, total: Total) -> Total:
    """The same as Flink keeps it."""
    other = function.createAccumulator()
    other.setCount(total.getCount())
    other.setInfinite(total.getInfinite())
    other.setSum(total.getSum())
    other.setSquares(total.getSquares())
    return other


def listed(total: Total) -> Any:
    """A Java list of it."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    java: Any = get_gateway().jvm
    return java.java.util.Collections.singletonList(total)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stays=st.lists(VALUES, max_size=6),
    goes=st.lists(VALUES | st.sampled_from([math.inf, -math.inf, math.nan]), max_size=4),
    others=st.lists(VALUES, max_size=4),
    chance=st.randoms(use_true_random=False),
)
@example(stays=[5.0], goes=[1e300], others=[], chance=random.Random(1))
@example(stays=[LARGEST, LARGEST], goes=[LARGEST], others=[-LARGEST], chance=random.Random(2))
@example(stays=[2.0**53, 1.0], goes=[], others=[SMALLEST], chance=random.Random(3))
@example(stays=[SMALLEST, 0.0], goes=[], others=[], chance=random.Random(4))
@example(stays=[-0.0], goes=[1.0], others=[], chance=random.Random(5))
def test_exact(
    *,
    name: str,
    function: Callable[[str], Any],
    stays: list[float],
    goes: list[float],
    others: list[float],
    chance: random.Random,
) -> None:
    """Values come and go in any order, in two parts that are kept and merged: the result is that of what is left."""
    exactly = function(name)
    steps = [*((True, value) for value in [*stays, *goes]), (True, None), (False, None)]
    chance.shuffle(steps)
    for value in goes:
        place = next(k for k, step in enumerate(steps) if step[0] and step[1] is value)
        steps.insert(chance.randint(place + 1, len(steps)), (False, value))
    total = exactly.createAccumulator()
    for is_new, value in steps:
        (exactly.accumulate if is_new else exactly.retract)(total, value)
        total = kept(exactly, total) if chance.random() < 0.3 else total
    part = exactly.createAccumulator()
    for value in others:
        exactly.accumulate(part, value)
    exactly.merge(total, listed(kept(exactly, part)))
    expected = exact(name, [*stays, *others])
    found = exactly.getValue(total)
    assert repr(found) == repr(expected)


@pytest.mark.parametrize("name", NAMES)
def test_not_finite(name: str, function: Callable[[str], Any]) -> None:
    """NaN and Infinity make NULL as long as they are there."""
    exactly = function(name)
    for other in (math.nan, math.inf, -math.inf):
        total = exactly.createAccumulator()
        for value in (1.0, other, 1.0):
            exactly.accumulate(total, value)
        assert exactly.getValue(total) is None
        exactly.retract(total, other)
        assert exactly.getValue(kept(exactly, total)) == exact(name, [1.0, 1.0])


def test_size(function: Callable[[str], Any]) -> None:
    """A sum has few bytes for usual values, and again after a large and a small one have left."""
    exactly = function("exact_stddev_pop")
    total = exactly.createAccumulator()
    for k in range(1000):
        exactly.accumulate(total, k / 10)
    sizes = len(total.getSum()), len(total.getSquares())
    assert sizes <= (11, 19)
    for value in (1e300, 1e-300):
        exactly.accumulate(total, value)
    assert len(total.getSquares()) > 400
    for value in (1e300, 1e-300):
        exactly.retract(total, value)
    assert (len(total.getSum()), len(total.getSquares())) == sizes


# --- In Flink ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(jvm: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, str], list[tuple[Any, ...]]]:  # noqa: ARG001
    """A query at a parallelism, over 800 values of a minute in files: the rows."""
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415 (starts a JVM)

    folder = tmp_path_factory.mktemp("values")
    for part in range(4):
        lines = (json.dumps({"k": k % 3, "n": k, "d": value(k)}) for k in range(part, 800, 4))
        (folder / f"{part}.json").write_text("\n".join(lines), encoding="utf-8")

    def run(parallelism: int, sql: str) -> list[tuple[Any, ...]]:
        env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
        options = {**here(), "parallelism.default": str(parallelism), "table.local-time-zone": "UTC"}
        for option, setting in options.items():
            env.get_config().set(option, setting)
        for name in NAMES:
            env.execute_sql(f"CREATE TEMPORARY FUNCTION {name} AS '{FUNCTIONS[name]}' LANGUAGE JAVA")
        env.execute_sql(
            "CREATE TEMPORARY TABLE v (k INT, n INT, d DOUBLE, t AS TO_TIMESTAMP_LTZ(1000 + n, 3), "
            "WATERMARK FOR t AS t - INTERVAL '1' MINUTE) "
            f"WITH ('connector' = 'filesystem', 'path' = '{folder.as_uri()}', 'format' = 'json')"
        )
        with env.execute_sql(sql).collect() as found:
            return sorted(tuple(row) for row in found)

    return run


def value(k: int) -> float | None:
    """Values of all sizes, some of them NULL, in an order that rounding depends on."""
    return None if k % 7 == 0 else math.sin(k) * 10.0 ** (k % 31 - 15)


@pytest.mark.parametrize("parallelism", [1, 4])
def test_windows(parallelism: int, rows: Callable[[int, str], list[tuple[Any, ...]]]) -> None:
    """Groups, tumbling windows and hopping ones give the exact results at any parallelism."""
    calls = ", ".join(f"{name}(d)" for name in NAMES)
    wanted = []
    for k in range(3):
        values = [one for one in map(value, range(k, 800, 3)) if one is not None]
        wanted.append((k, *(exact(name, values) for name in NAMES)))
    for window in ("TUMBLE(TABLE v, DESCRIPTOR(t), ", "HOP(TABLE v, DESCRIPTOR(t), INTERVAL '1' MINUTE, "):
        sql = f"SELECT k, {calls} FROM {window}INTERVAL '1' MINUTE) GROUP BY k, window_start, window_end"  # noqa: S608
        assert rows(parallelism, sql) == wanted


@pytest.mark.parametrize("parallelism", [1, 4])
def test_sliding(parallelism: int, rows: Callable[[int, str], list[tuple[Any, ...]]]) -> None:
    """A window that slides gives the exact results for each row."""
    calls = ", ".join(f"{name}(d) OVER w" for name in NAMES)
    sql = f"SELECT n, {calls} FROM v WINDOW w AS (PARTITION BY k ORDER BY t ROWS BETWEEN 5 PRECEDING AND CURRENT ROW)"  # noqa: S608
    wanted = []
    for n in range(800):
        values = [one for one in (value(k) for k in range(n, max(-1, n - 18), -3)) if one is not None]
        wanted.append((n, *(exact(name, values) for name in NAMES)))
    assert rows(parallelism, sql) == wanted
