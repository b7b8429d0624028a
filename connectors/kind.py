"""A kind of connector, Kinesis or DynamoDB: what job.toml may say of such a table, its settings, and what makes it.

`pipeline` reads it; each connector's own module declares it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.aws import Aws
from connectors.connector import Connector


@dataclass(frozen=True)
class Setting:
    """A setting of a table, in application_properties.json, with its default in job.toml.

    default: None if job.toml has to say it, an empty text for none. choices: what it may be, if that is listed.
    """

    meaning: str
    default: str | None = None
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Declared:
    """What job.toml says of a sink beside its settings. Every column named here has to be one of the table.

    key: of an item, the partition's column first; partition_key: of a record on a stream.
    grows, shrinks: columns of numbers that more records of a window can only raise or lower; by them a backfill tells
    a fuller row from one that has lost records.
    """

    key: tuple[str, ...] = ()
    partition_key: str | None = None
    grows: tuple[str, ...] = ()
    shrinks: tuple[str, ...] = ()


Make = Callable[[Aws, Mapping[str, str], Declared, Mapping[str, str]], Connector]


@dataclass(frozen=True)
class End:
    """What a kind of connector is as a source, or as a sink.

    settings: those of such a table. declared: the names in Declared that such a table takes. make(place, values,
    declared, options): the Connector for these settings, with further options by their own names; raises
    ConnectorError. problems(values): what is wrong with settings together, each as a clause.
    """

    settings: Mapping[str, Setting]
    make: Make
    declared: Sequence[str] = ()
    required: Sequence[str] = ()
    problems: Callable[[Mapping[str, str]], Sequence[str]] = lambda _values: ()


@dataclass(frozen=True)
class Kind:
    """A kind of connector by its name in job.toml; None where it cannot read, or cannot write.

    far_end: what such a table leads to, such as a stream; the setting that names it is called so, too.
    """

    name: str
    far_end: str
    source: End | None = None
    sink: End | None = None
