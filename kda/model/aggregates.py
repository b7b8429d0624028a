"""Functions of rows: over the rows of a group, or of a window that ends with a row.

Each takes the values of its argument in the rows, in the order of their ROWTIME, and leaves NULL out (K27). The
deviation and variance of whole numbers are computed as DOUBLE. Those of DOUBLEs are exact, and rounded at their end:
NULL where no DOUBLE is that large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from kda.model import values
from kda.model.rows import NotModelled
from kda.model.values import BIGINT, DOUBLE, is_floating, is_number, is_whole
from kda.sql_types import Type

Reduce = Callable[[Sequence[Any]], Any]


def aggregate(name: str, kind: Type | None, *, distinct: bool) -> tuple[Type | None, Reduce]:
    """The type of an aggregate over values of a type, and its function."""
    if name not in ("COUNT", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE") and kind is not None and not is_number(kind):
        raise NotModelled(f"{name} of {kind.name} is not modelled.")
    result, reduce = _reducer(name, kind)

    def reduced(found: Sequence[Any]) -> Any:
        known = [value for value in found if value is not None]
        if distinct:
            known = list(dict.fromkeys(known))
        return reduce(known) if known or name == "COUNT" else None

    return result, reduced


def _reducer(name: str, kind: Type | None) -> tuple[Type | None, Reduce]:
    if name == "COUNT":
        return BIGINT, len
    if name in ("MIN", "MAX"):
        return kind, min if name == "MIN" else max
    if name in ("FIRST_VALUE", "LAST_VALUE"):
        return kind, lambda found: found[0 if name == "FIRST_VALUE" else -1]
    if name in ("SUM", "AVG"):
        return _sum(kind) if name == "SUM" else _mean(kind)
    is_sample = not name.endswith("_POP")
    is_deviation = name.startswith("STDDEV")
    return DOUBLE, lambda found: _spread(found, is_sample=is_sample, is_deviation=is_deviation)


def _sum(kind: Type | None) -> tuple[Type | None, Reduce]:
    if kind is None or is_floating(kind):
        return kind, lambda found: _nearest(_exact(found))
    if is_whole(kind):
        return BIGINT, lambda found: values.in_range(sum(found), BIGINT)
    wide = values.decimal(38, values.sizes(kind)[1])
    return wide, lambda found: _decimal(sum(found, Decimal(0)), wide)


def _mean(kind: Type | None) -> tuple[Type | None, Reduce]:
    _sum_type, total = _sum(kind)
    if kind is None or is_floating(kind):
        return kind, lambda found: _nearest(_exact(found) / len(found))
    if is_whole(kind):
        return kind, lambda found: values.computed("/", sum(found), len(found), kind)
    wide = values.decimal(38, max(6, values.sizes(kind)[1]))
    return wide, lambda found: values.computed("/", total(found), Decimal(len(found)), wide)


def _decimal(value: Decimal, kind: Type) -> Decimal:
    found = values.fitted(value, kind)
    if found is None:
        raise NotModelled("The overflow of a DECIMAL is not modelled.")
    return found


def _exact(found: Sequence[Any]) -> Fraction:
    return sum(map(Fraction, found), Fraction())


def _nearest(value: Fraction) -> float | None:
    """The nearest DOUBLE; NULL if none is that large."""
    try:
        return float(value)
    except OverflowError:
        return None


def _spread(found: Sequence[Any], *, is_sample: bool, is_deviation: bool) -> float | None:
    count = len(found) - is_sample
    if not count:
        return None
    numbers = [Fraction(value) for value in found]
    mean = _exact(numbers) / len(numbers)
    variance = _exact([(number - mean) ** 2 for number in numbers]) / count
    return _root(variance) if is_deviation else _nearest(variance)


def _root(square: Fraction) -> float | None:
    """The square root, of 300 bits and more before it is rounded."""
    size = max(0, 600 - square.numerator.bit_length() + square.denominator.bit_length())
    size += size % 2
    return _nearest(Fraction(math.isqrt((square.numerator << size) // square.denominator), 1 << size // 2))
