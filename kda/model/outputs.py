"""Rows of output streams as the job writes them."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from kda.model import values
from kda.model.rows import Row
from kda.program import Stream


def written(row: Row, stream: Stream) -> dict[str, Any]:
    """A row as the JSON object that the job writes: without ROWTIME, times as texts, NULL as null."""
    names = [name for name, _type in stream.columns] or list(row.values)
    return {name: _json(row.values[name]) for name in names}


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return values.text(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
