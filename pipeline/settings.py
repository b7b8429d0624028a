"""`application_properties.json` becomes frozen Settings; one error lists every problem.

The format is Managed Flink's own: a JSON list of {"PropertyGroupId": id, "PropertyMap": {name: value}},
values are strings. A group is named after the table whose far end it describes; `aws` or `files` says in
which place they are.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors import aws, kinesis
from program.errors import Unusable

DEFAULT_PATH = Path("/etc/flink/application_properties.json")  # where Managed Flink puts it

# group -> setting -> (default or None, what it means); README's table is checked against this one.
GROUPS: Mapping[str, Mapping[str, tuple[str | None, str]]] = {
    "aws": {
        "region": (None, "the region of streams and table; required in this group"),
        "endpoint": ("", "another address than the region's, for an emulator or a VPC endpoint"),
        "credentials": ("AUTO", "one of " + ", ".join(aws.PROVIDERS)),
        "profile": ("", "the profile's name when credentials is PROFILE"),
    },
    "files": {
        "input": (None, "a file, or a folder of files, of raw records, one a line; required in this group"),
        "output": (None, "a folder that gets a folder of JSON lines per sink; required in this group"),
    },
    "readings": {
        "stream": ("wildrydes", "the raw stream"),
        "start": (
            "TRIM_HORIZON",
            "where reading begins without a checkpoint: " + ", ".join(kinesis.POSITIONS),
        ),
        "start.timestamp": (
            "",
            "for AT_TIMESTAMP: ISO 8601 with a zone, such as 2026-11-22T06:00:00.000+00:00",
        ),
        "reader": (
            "POLLING",
            "POLLING shares 2 MB/s per shard; EFO (enhanced fan-out) has its own, at a price",
        ),
        "consumer": ("unicorn_summary", "the fan-out consumer's name when reader is EFO"),
    },
    "summary_stream": {"stream": ("wildrydes-summary", "the stream of minute rows")},
    "sensor_data": {"table": ("UnicornSensorData", "the DynamoDB table of minute rows")},
    "error_stream": {"stream": ("wildrydes-errors", "the stream of records that are in no row")},
}
PLACES = ("aws", "files")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", re.ASCII)
OPTION = "option."  # in a table's group: an option of its connector, by the connector's own name


class SettingsError(Unusable):
    """Settings that cannot be used; the text names the file and every problem in it."""


@dataclass(frozen=True)
class Settings:
    """All groups with defaults filled in: exactly one of the places, and every table.

    options: per table, further connector options (checked by the connector).
    """

    values: Mapping[str, Mapping[str, str]]
    options: Mapping[str, Mapping[str, str]]

    @property
    def place(self) -> str:
        return next(place for place in PLACES if place in self.values)


def read(path: Path) -> Settings:
    """Settings from a file. Raises SettingsError when it is missing, not JSON, or holds anything unusable."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read ({error.strerror or error}): name one as the argument "
            "(on Managed Flink it is made from the application's property groups)."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"The settings file {path} is not JSON: {error}.") from error
    try:
        return parse(document)
    except SettingsError as error:
        raise SettingsError(f"The settings in {path} cannot be used: {error}") from error


def parse(document: object) -> Settings:
    """Settings from the parsed document. Raises SettingsError that lists every problem."""
    problems: list[str] = []
    given = _groups(document, problems)
    places = [place for place in PLACES if place in given]
    if len(places) != 1 and isinstance(document, list):
        problems.append("exactly one of the groups 'aws' and 'files' must be there, which says where the tables are")
    values: dict[str, dict[str, str]] = {}
    options: dict[str, dict[str, str]] = {}
    for group, known in GROUPS.items():
        if group in PLACES and group not in given:
            continue
        values[group], options[group] = _group(group, given.get(group, {}), known, problems)
    _check(values, problems)
    if problems:
        raise SettingsError("; ".join(problems) + ".")
    return Settings(values, options)


def _groups(document: object, problems: list[str]) -> dict[str, dict[str, str]]:
    """The groups of the document by id, without the service's own."""
    groups: dict[str, dict[str, str]] = {}
    if not isinstance(document, list):
        problems.append("the document is not a list of property groups")
        return groups
    for item in document:
        match item:
            case {"PropertyGroupId": str(group), "PropertyMap": dict(properties)}:
                if group.startswith("kinesis.analytics."):
                    continue
                if group not in GROUPS:
                    problems.append(f"there is no group {group!r}{_nearest(group, GROUPS)}")
                elif group in groups:
                    problems.append(f"the group {group!r} stands twice")
                else:
                    groups[group] = properties
            case _:
                problems.append('each group must be {"PropertyGroupId": "...", "PropertyMap": {...}}')
    return groups


def _group(
    group: str, given: Mapping[str, object], known: Mapping[str, tuple[str | None, str]], problems: list[str]
) -> tuple[dict[str, str], dict[str, str]]:
    values: dict[str, str] = {}
    options: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, str) or not value.strip():
            problems.append(f"{group}.{name} must be a text that is not empty, as the service demands")
        elif name in known:
            values[name] = value
        elif name.startswith(OPTION) and group not in PLACES:
            options[name.removeprefix(OPTION)] = value
        else:
            problems.append(f"there is no setting {group}.{name}{_nearest(name, known)}")
    for name, (default, _meaning) in known.items():
        if default is None and name not in given:
            problems.append(f"{group}.{name} is missing")
        elif default:
            values.setdefault(name, default)
    return values, options


def _check(values: Mapping[str, Mapping[str, str]], problems: list[str]) -> None:
    """What a value may be, and what belongs together."""
    readings, place = values["readings"], values.get("aws", {})
    choices = [
        ("readings.start", readings["start"], kinesis.POSITIONS),
        ("readings.reader", readings["reader"], kinesis.READERS),
        ("aws.credentials", place.get("credentials", "AUTO"), aws.PROVIDERS),
    ]
    problems.extend(
        f"{name} is {value!r}, but must be one of {', '.join(accepted)}"
        for name, value, accepted in choices
        if value not in accepted
    )
    timestamp = readings.get("start.timestamp")
    if (readings["start"] == "AT_TIMESTAMP") != (timestamp is not None):
        problems.append("readings.start.timestamp belongs to readings.start AT_TIMESTAMP, and to no other")
    if timestamp is not None and not is_time(timestamp):
        problems.append(
            f"readings.start.timestamp is {timestamp!r}, but must be a time such as 2026-11-22T06:00:00.000+00:00"
        )
    if (place.get("credentials") == "PROFILE") != ("profile" in place):
        problems.append("aws.profile belongs to aws.credentials PROFILE, and to no other")


def is_time(text: str) -> bool:
    """Whether the text is what the connector's pattern yyyy-MM-dd'T'HH:mm:ss.SSSXXX accepts."""
    if not _TIMESTAMP.fullmatch(text):  # strptime takes more: zones without a colon, microseconds
        return False
    try:
        return bool(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z"))
    except ValueError:
        return False


def _nearest(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f" (did you mean {close[0]!r}?)" if close else f" (there are {', '.join(known)})"
