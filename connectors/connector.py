"""A connector as data. `pipeline` turns it into SQL; this module knows no SQL and no job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from program.errors import Unusable, similar


class ConnectorError(Unusable):
    """Invalid options of a connector; the text names each option and its valid values."""


@dataclass(frozen=True)
class Option:
    """An option of a connector. type: str, int, bool, ms (milliseconds, an integer), duration (10 s) or url."""

    type: str = "str"
    default: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connector:
    """A table's connector.

    options: the WITH clause, with the names from Flink's documentation.
    partitioned_by: columns: a partition key of a stream, or the key of an item.
    metadata: for each metadata column that the connector fills, the SQL after the column's name and type; empty for a
    column that is in the connector's own data.
    preprocessing: of a source, the options of the function that changes its records (connectors.preprocessing).
    """

    options: Mapping[str, str]
    partitioned_by: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    preprocessing: Mapping[str, str] = field(default_factory=dict)


def merged(base: Mapping[str, str], more: Mapping[str, str] | None) -> dict[str, str]:
    """`base` with further options. Raises ConnectorError for an option in IDENTITY."""
    if fixed := sorted(IDENTITY.intersection(more or {})):
        raise ConnectorError(f"{', '.join(map(repr, fixed))} cannot be set as an option: its own setting decides it.")
    return {**base, **(more or {})}


# Options that say which table it is; settings set them.
IDENTITY = frozenset(
    {
        *("connector", "format", "stream", "table-name", "delivery-stream", "bucket", "key", "path"),
        "refresh",
        *("aws.region", "aws.endpoint"),
        *("source.init.position", "source.init.timestamp", "source.init.timestamp.format"),
        *("source.reader.type", "source.efo.consumer.name"),
    }
)


def checked(kind: str, options: Mapping[str, str], catalog: Mapping[str, Option]) -> dict[str, str]:
    """The options, unchanged. Raises ConnectorError with all problems.

    Flink accepts any name under `scan.`, `sink.` and `aws.`, so a typo would have no effect and no error.
    """
    problems = []
    for name, value in options.items():
        option = catalog.get(name)
        if option is None:
            problems.append(f"{name!r} is not an option of it{similar(name, catalog)}")
        elif problem := _problem(value, option):
            # An address may have a password in it.
            problems.append(f"{name!r} {'' if option.type == 'url' else f'is {value!r}, but '}must be {problem}")
    if problems:
        raise ConnectorError(f"The {kind} connector refuses its options: " + "; ".join(problems) + ".")
    return dict(options)


_PATTERNS = {
    "int": (r"-?\d+", "a whole number"),
    "ms": (r"\d+", "a whole number of milliseconds"),
    "duration": (r"\d+ ?(ms|s|min|h|d)", "a duration such as 10 s"),
    "bool": (r"true|false", "true or false"),
    "url": (r"https?://[^\s/]+/?", "an address such as https://host:port"),
    "str": (r"(?s).*\S.*", "a text that is not empty"),
}


def _problem(value: str, option: Option) -> str | None:
    if option.choices:
        return None if value in option.choices else "one of " + ", ".join(option.choices)
    pattern, meaning = _PATTERNS[option.type]
    return None if re.fullmatch(pattern, value) else meaning
