"""The view `rejects`: rows of inputs, reference tables and pumps that count nowhere, and why."""

from __future__ import annotations

from kda.sql_types import Type
from kda.translation.names import outside
from kda.translation.scopes import TIME, moved
from kda.translation.sources import Sources
from kda.translation.state import State, Tried
from kda.translation.text import commented, indented, literal, quoted, select

_COMMENTS = (
    "One row per row that counts nowhere: what came in, why it was refused, and its text.",
    "A record that is not UTF-8 is shown as Latin-1, one character a byte, which loses nothing.",
)
_TEXT = """CASE
    WHEN line IS NULL THEN ''
    WHEN ENCODE(DECODE(line, 'UTF-8'), 'UTF-8') = line THEN DECODE(line, 'UTF-8')
    ELSE DECODE(line, 'ISO-8859-1')
END AS text"""
_SOURCE = f"COALESCE(record.source, {_TEXT.removesuffix(' AS text')}) AS text"  # of the row, or of the record
_FORMAT = "'yyyy-MM-dd HH:mm:ss.SSS'"
_PLACE = ("shard", "sequence_number", "part")


def text(state: State, sources: Sources) -> str:
    """The view."""
    parts = []
    for one in sources.inputs.values():
        where, place = ["error_name IS NOT NULL"], ("error_name", "message")
        if one.refuses:
            parts.append(select([*place, "row_time", *_PLACE, _TEXT], one.checked, where=where))
        time = "CAST(event_time AS TIMESTAMP(3)) AS row_time"
        parts.append(select([*place, time, *_PLACE, _SOURCE], one.parsed, where=where))
        if one.timed:
            parts.append(_late(one.timed))
    for checked in sources.references:
        items = ["error_name", "message", "CAST(valid AS TIMESTAMP(3)) AS row_time", *_PLACE, _SOURCE]
        parts.append(select(items, checked, where=["error_name IS NOT NULL"]))
    parts += [_tried(failing) for failing in state.tried]
    return commented(_COMMENTS, "\nUNION ALL\n".join(parts)) + "\n"


def _late(timed: str) -> str:
    message = (
        "'its time is not after its shard''s watermark, which was at '\n"
        f"|| DATE_FORMAT(shard_watermark, {_FORMAT}) AS message"
    )
    items = ["'LATE' AS error_name", message, "CAST(event_time AS TIMESTAMP(3)) AS row_time", *_PLACE, _TEXT]
    return select(items, timed, where=["shard_watermark >= event_time"])


def _tried(one: Tried) -> str:
    """The rows of a pump that fail. Their text is an object of JSON, with the values that were computed with."""
    failure = quoted(one.failure)
    time = moved(f"CAST({quoted(TIME)} AS TIMESTAMP(3))", one.rows.clock.skew)
    pairs = ",\n".join(
        f"{literal(outside(name))} VALUE {_value(name, kind)}" for name, kind in one.rows.columns.items()
    )
    values = f"JSON_OBJECT(\n{indented(pairs)}\n)" if pairs else "'{}'"
    items = [
        f"SPLIT_INDEX({failure}, ': ', 0) AS error_name",
        f"SUBSTRING({failure}, POSITION(': ' IN {failure}) + 2) AS message",
        f"{time} AS row_time",
        *(f"CAST(NULL AS STRING) AS {name}" for name in _PLACE),
        f"{values} AS text",
    ]
    return select(items, one.view, where=[f"{failure} IS NOT NULL"])


def _value(name: str, kind: Type | None) -> str:
    is_text = kind is None or kind.name in ("TIMESTAMP", "DATE", "TIME")
    return f"CAST({quoted(name)} AS STRING)" if is_text else quoted(name)
