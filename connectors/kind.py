"""A kind of connector: its settings, its keys in job.toml, and the function that makes a Connector.

The connectors' modules declare their kinds, `pipeline` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.aws import Aws
from connectors.connector import Connector


@dataclass(frozen=True)
class Setting:
    """A setting in application_properties.json; for a table, job.toml can set the default.

    default: None if the setting is required, an empty text for no default. choices: the valid values; empty for any.
    """

    meaning: str
    default: str | None = None
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Declared:
    """The columns of a sink that job.toml names.

    key: of an item, the partition key first. partition_key: of a record on a stream.
    grows, shrinks: columns of numbers that more records in a window can only raise, or only lower; with them a backfill
    recognizes a row that lacks records.
    """

    key: tuple[str, ...] = ()
    partition_key: str | None = None
    grows: tuple[str, ...] = ()
    shrinks: tuple[str, ...] = ()


Make = Callable[[Aws, Mapping[str, str], Declared, Mapping[str, str]], Connector]


@dataclass(frozen=True)
class End:
    """A kind of connector as a source or as a sink.

    declared: the names in Declared that such a table may have; required: those it must have. make(place, settings,
    declared, options): the Connector, with further options by the connector's names; raises ConnectorError.
    problems(settings): conflicts between settings, each as a clause.
    """

    settings: Mapping[str, Setting]
    make: Make
    declared: Sequence[str] = ()
    required: Sequence[str] = ()
    problems: Callable[[Mapping[str, str]], Sequence[str]] = lambda _settings: ()


@dataclass(frozen=True)
class Kind:
    """A kind of connector with its name in job.toml; None if it cannot be a source, or a sink.

    far_end: the resource behind such a table, such as "stream". named: its name, with the settings that have it in
    braces.
    """

    name: str
    far_end: str
    named: str
    source: End | None = None
    sink: End | None = None

    def called(self, settings: Mapping[str, str]) -> str:
        """The resource behind a table with these settings, such as "stream wildrydes"."""
        return f"{self.far_end} {self.named.format_map(settings)}"
