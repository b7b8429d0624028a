"""The settings of a job, from `application_properties.json`.

The format is Managed Flink's: a JSON list of {"PropertyGroupId": id, "PropertyMap": {name: value}}; values are texts.
The group `job` names the job, a group with a table's name has the table's settings, and the group `aws` or `files` is
the place of all tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors import aws, kinesis, preprocessing
from connectors.kind import Setting
from pipeline.job import DECLARATION, OPTION, Job, load
from program.errors import Unusable, hint

DEFAULT_PATH = Path("/etc/flink/application_properties.json")  # on Managed Flink

# The settings of each place; a table's settings are its connector's. docs/reference.md lists all.
PLACE_GROUPS: Mapping[str, Mapping[str, Setting]] = {
    "aws": {
        "region": Setting("the region of streams and tables; required in this group"),
        "endpoint": Setting("the address of an emulator or a VPC endpoint, instead of the region's own", ""),
        "credentials": Setting("the provider: " + ", ".join(aws.PROVIDERS), "AUTO", aws.PROVIDERS),
        "profile": Setting("the profile's name when credentials is PROFILE", ""),
    },
    "files": {
        "input": Setting(
            "a file of raw records, each a line, or a folder of such files; for a job with several sources, a folder "
            "with a file or folder for each table's name; required in this group"
        ),
        "output": Setting("a folder; each sink writes a folder of JSON lines in it; required in this group"),
    },
}
JOB = "job"
JOB_GROUP: Mapping[str, Setting] = {"name": Setting("the job: a folder's name below jobs/, or its path")}
PLACES = ("aws", "files")


class SettingsError(Unusable):
    """Invalid settings; the text names the file and all problems."""


@dataclass(frozen=True)
class Settings:
    """The job, and the settings by group, with defaults: a group for the place, and a group for every table.

    options: further options of each table's connector, which checks them.
    """

    job: Job
    groups: Mapping[str, Mapping[str, str]]
    options: Mapping[str, Mapping[str, str]]

    @property
    def place(self) -> str:
        return next(place for place in PLACES if place in self.groups)


def known_groups(job: Job) -> dict[str, Mapping[str, Setting]]:
    """The groups and settings that settings of this job may have, with the job's defaults."""
    known = dict(PLACE_GROUPS)
    for table in (*job.sources, *job.sinks):
        declared = job.tables[table].settings
        known[table] = {
            name: replace(setting, default=_default(declared.get(name, setting.default), job))
            for name, setting in job.end(table).settings.items()
        }
    return known


def _default(default: str | None, job: Job) -> str | None:
    return job.name if default == kinesis.JOB_NAME else default


def document(path: Path) -> object:
    """The content of a settings file. Raises SettingsError if it is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read ({error.strerror or error}): name a file as the argument "
            "(Managed Flink makes it from the application's property groups)."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"The settings file {path} is not JSON: {error}.") from error


def read(path: Path, job: Job | None = None) -> Settings:
    """Settings from a file. Raises the errors of `document` and `parse`."""
    content = document(path)
    try:
        return parse(content, job)
    except SettingsError as error:
        raise SettingsError(f"The settings in {path} cannot be used: {error}") from error


def parse(document: object, job: Job | None = None) -> Settings:
    """Settings from the content of a file. Raises SettingsError with all problems, JobError for an invalid job.

    job: the expected job; None for the job of the group `job`.
    """
    problems: list[str] = []
    given = _groups(document, problems)
    job = _job(given.pop(JOB, {}), job, problems)
    if job is None:
        raise SettingsError("; ".join(problems) + ".")
    known = known_groups(job)
    problems += [f"there is no group {group!r}{hint(group, [JOB, *known])}" for group in given if group not in known]
    places = [place for place in PLACES if place in given]
    if len(places) != 1 and isinstance(document, list):
        problems.append("either the group 'aws' or the group 'files' must be there: the place of the tables")
    groups: dict[str, dict[str, str]] = {}
    options: dict[str, dict[str, str]] = {}
    for group, settings in known.items():
        if group in PLACES and group not in given:
            continue
        groups[group], options[group] = _group(group, given.get(group, {}), settings, problems)
    _check(job, groups, problems)
    if problems:
        raise SettingsError("; ".join(problems) + ".")
    return Settings(job, groups, options)


def _job(group: Mapping[str, object], job: Job | None, problems: list[str]) -> Job | None:
    """The job of the settings; None if they name no job, or not the expected job."""
    name = group.get("name")
    problems += [f"there is no setting {JOB}.{other}{hint(other, JOB_GROUP)}" for other in group if other != "name"]
    if name is None and job is not None:
        return job
    if not isinstance(name, str) or not name.strip():
        problems.append("the group 'job' with the setting 'name' is missing: the job to run")
        return None
    if job is not None and name not in (job.name, str(job.folder)) and Path(name).resolve() != job.folder.resolve():
        problems.append(f"they are for the job {name}, not for {job.name}")
        return None
    return job or load(name)


def _groups(document: object, problems: list[str]) -> dict[str, dict[str, str]]:
    """The groups of the document by id, without the groups of Managed Flink itself."""
    groups: dict[str, dict[str, str]] = {}
    if not isinstance(document, list):
        problems.append("the document is not a list of property groups")
        return groups
    for item in document:
        match item:
            case {"PropertyGroupId": str(group), "PropertyMap": dict(properties)}:
                if group.startswith("kinesis.analytics."):
                    continue
                if group in groups:
                    problems.append(f"the group {group!r} appears twice")
                else:
                    groups[group] = properties
            case _:
                problems.append('each group must be {"PropertyGroupId": "...", "PropertyMap": {...}}')
    return groups


def _group(
    group: str, given: Mapping[str, object], known: Mapping[str, Setting], problems: list[str]
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
            problems.append(f"there is no setting {group}.{name}{hint(name, known)}")
    for name, setting in known.items():
        if setting.default is None and name not in given:
            problems.append(f"{group}.{name} is missing")
        elif setting.default:
            values.setdefault(name, setting.default)
    problems.extend(
        f"{group}.{name} is {values[name]!r}, but must be one of {', '.join(setting.choices)}"
        for name, setting in known.items()
        if setting.choices and name in values and values[name] not in setting.choices
    )
    return values, options


def _check(job: Job, groups: Mapping[str, Mapping[str, str]], problems: list[str]) -> None:
    """Add conflicts between settings to `problems`."""
    place = groups.get("aws", {})
    for table in (*job.sources, *job.sinks):
        problems.extend(f"{table}.{problem}" for problem in job.end(table).problems(groups[table]))
    read = {groups[table]["stream"]: table for table in job.sources if "stream" in groups[table]}
    problems.extend(
        f"{sink}.stream is {stream!r}, which {read[stream]} reads: the job would read its own rows, without end"
        for sink in job.sinks
        if (stream := groups[sink].get("stream")) in read
    )
    for table in job.sources:
        function = groups[table].get(preprocessing.PREPROCESS, "")
        if function and table not in job.hooked:
            problems.append(f"{table}.{preprocessing.PREPROCESS} is a function, but {DECLARATION} declares none for it")
        elif preprocessing.is_file(function) and not (job.folder / function).is_file():
            problems.append(f"{table}.{preprocessing.PREPROCESS}: the job's folder has no file {function}")
    if (place.get("credentials") == "PROFILE") != ("profile" in place):
        problems.append("aws.profile belongs to aws.credentials PROFILE, and to no other")


def example(job: Job, region: str = "us-east-1") -> Settings:
    """Settings with only a region: all streams and tables have the names in job.toml."""
    return parse([{"PropertyGroupId": "aws", "PropertyMap": {"region": region}}], job)


def of_command(job: Job, properties: Path | None, environment: Mapping[str, str]) -> Settings:
    """Settings from the file; without a file, the names in job.toml at the endpoint or region of AWS's variables."""
    if properties:
        return read(properties, job)
    endpoint = environment.get("AWS_ENDPOINT_URL")
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not endpoint and not region:
        raise SettingsError(
            "No settings: name a file with --properties, paste the line that `python -m local aws` prints, or set "
            "AWS_REGION."
        )
    place = {"region": region or "us-east-1"} | ({"endpoint": endpoint} if endpoint else {})
    return parse(document_of(job, {"aws": place}), job)


def document_of(job: Job, groups: Mapping[str, Mapping[str, str]]) -> list[dict[str, object]]:
    """The document for a job with these groups."""
    all_groups = {JOB: {"name": job.argument}, **groups}
    return [{"PropertyGroupId": group, "PropertyMap": dict(settings)} for group, settings in all_groups.items()]


def write(folder: Path, document: object) -> Path:
    """Write `application_properties.json` into `folder`, readable for this user only; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "application_properties.json"
    path.touch(mode=0o600)  # an endpoint may have a password in it
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def started_at(settings: Settings, starts: Mapping[str, str]) -> list[dict[str, object]]:
    """The document of these settings, with another start (a position or a time) for some sources."""
    groups: dict[str, dict[str, str]] = {
        group: {**given, **{OPTION + name: value for name, value in settings.options.get(group, {}).items()}}
        for group, given in settings.groups.items()
    }
    for table, start in starts.items():
        groups[table].pop("start.timestamp", None)
        is_position = start in kinesis.POSITIONS
        groups[table] |= {"start": start} if is_position else {"start": "AT_TIMESTAMP", "start.timestamp": start}
    return document_of(settings.job, groups)


def pinned(start: str, now: datetime) -> str:
    """The start, with the time `now` for LATEST.

    For a shard without records the connector's state is only "the latest": after a restart it would skip the records
    that came meanwhile.
    """
    return now.astimezone(UTC).isoformat(timespec="milliseconds") if start == "LATEST" else start


def latest_as_time(settings: Settings, now: datetime) -> dict[str, str]:
    """The time `now` for each source that begins at LATEST, for `started_at`."""
    starts = {table: settings.groups[table].get("start", "") for table in settings.job.sources}
    return {table: pinned(start, now) for table, start in starts.items() if start == "LATEST"}
