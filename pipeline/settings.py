"""`application_properties.json` becomes frozen Settings; one error lists every problem.

The format is Managed Flink's own: a JSON list of {"PropertyGroupId": id, "PropertyMap": {name: value}},
values are strings. The group `job` names the job. A group that bears a table's name describes the table's far end;
`aws` or `files` says in which place all of them are.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors import aws, kinesis
from connectors.kind import Setting
from pipeline.job import OPTION, Job, load
from program.errors import Unusable

DEFAULT_PATH = Path("/etc/flink/application_properties.json")  # where Managed Flink puts it

# Group -> setting, for the places; a table's settings are its connector's. docs/reference.md has them all.
PLACE_GROUPS: Mapping[str, Mapping[str, Setting]] = {
    "aws": {
        "region": Setting("the region of streams and tables; required in this group"),
        "endpoint": Setting("another address than the region's, for an emulator or a VPC endpoint", ""),
        "credentials": Setting("one of " + ", ".join(aws.PROVIDERS), "AUTO", aws.PROVIDERS),
        "profile": Setting("the profile's name when credentials is PROFILE", ""),
    },
    "files": {
        "input": Setting(
            "a file, or a folder of files, of raw records, each a line; for a job with several sources a folder that "
            "holds one for each, by the table's name; required in this group"
        ),
        "output": Setting("a folder that gets a folder of JSON lines per sink; required in this group"),
    },
}
JOB = "job"
JOB_GROUP: Mapping[str, Setting] = {"name": Setting("the job: a folder's name below jobs/, or its path")}
PLACES = ("aws", "files")


class SettingsError(Unusable):
    """Settings that cannot be used; the text names the file and every problem in it."""


@dataclass(frozen=True)
class Settings:
    """The job, and all groups with defaults filled in: exactly one of the places, and every table.

    options: per table, further connector options (checked by the connector).
    """

    job: Job
    values: Mapping[str, Mapping[str, str]]
    options: Mapping[str, Mapping[str, str]]

    @property
    def place(self) -> str:
        return next(place for place in PLACES if place in self.values)


def groups(job: Job) -> dict[str, Mapping[str, Setting]]:
    """Every group that settings of this job may have, with its settings; their defaults are the job's own."""
    found = dict(PLACE_GROUPS)
    for table in (*job.sources, *job.sinks):
        declared = job.tables[table].settings
        found[table] = {
            name: replace(setting, default=_default(declared.get(name, setting.default), job))
            for name, setting in job.end(table).settings.items()
        }
    return found


def _default(default: str | None, job: Job) -> str | None:
    return job.name if default == kinesis.JOB_NAME else default


def document(path: Path) -> object:
    """What a settings file holds. Raises SettingsError when it is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read ({error.strerror or error}): name one as the argument "
            "(on Managed Flink it is made from the application's property groups)."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"The settings file {path} is not JSON: {error}.") from error


def read(path: Path, job: Job | None = None) -> Settings:
    """Settings from a file. Raises SettingsError when it is missing, not JSON, or holds anything unusable.

    job: the job that they have to be for; None for whichever their group `job` names (JobError if it is unusable).
    """
    found = document(path)
    try:
        return parse(found, job)
    except SettingsError as error:
        raise SettingsError(f"The settings in {path} cannot be used: {error}") from error


def parse(document: object, job: Job | None = None) -> Settings:
    """Settings from the parsed document. Raises SettingsError that lists every problem, JobError for its job."""
    problems: list[str] = []
    given = _groups(document, problems)
    chosen = _job(given.pop(JOB, {}), job, problems)
    if chosen is None:
        raise SettingsError("; ".join(problems) + ".")
    known = groups(chosen)
    problems += [
        f"there is no group {group!r}{_nearest(group, [JOB, *known])}" for group in given if group not in known
    ]
    places = [place for place in PLACES if place in given]
    if len(places) != 1 and isinstance(document, list):
        problems.append("exactly one of the groups 'aws' and 'files' must be there, which says where the tables are")
    values: dict[str, dict[str, str]] = {}
    options: dict[str, dict[str, str]] = {}
    for group, settings in known.items():
        if group in PLACES and group not in given:
            continue
        values[group], options[group] = _group(group, given.get(group, {}), settings, problems)
    _check(chosen, values, problems)
    if problems:
        raise SettingsError("; ".join(problems) + ".")
    return Settings(chosen, values, options)


def _job(group: Mapping[str, object], job: Job | None, problems: list[str]) -> Job | None:
    """The job that the settings are for; None if they name none, or another than they have to."""
    name = group.get("name")
    problems += [f"there is no setting {JOB}.{other}{_nearest(other, JOB_GROUP)}" for other in group if other != "name"]
    if name is None and job is not None:
        return job
    if not isinstance(name, str) or not name.strip():
        problems.append("the group 'job' with the setting 'name' is missing, which says which job runs")
        return None
    if job is not None and name not in (job.name, str(job.folder)) and Path(name).resolve() != job.folder.resolve():
        problems.append(f"they are for the job {name}, not for {job.name}")
        return None
    return job or load(name)


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
                if group in groups:
                    problems.append(f"the group {group!r} stands twice")
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
            problems.append(f"there is no setting {group}.{name}{_nearest(name, known)}")
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


def _check(job: Job, values: Mapping[str, Mapping[str, str]], problems: list[str]) -> None:
    """What belongs together."""
    place = values.get("aws", {})
    for table in (*job.sources, *job.sinks):
        problems.extend(f"{table}.{problem}" for problem in job.end(table).problems(values[table]))
    read = {values[table]["stream"]: table for table in job.sources if "stream" in values[table]}
    problems.extend(
        f"{sink}.stream is {stream!r}, which {read[stream]} reads: the job would read its own rows, without end"
        for sink in job.sinks
        if (stream := values[sink].get("stream")) in read
    )
    if (place.get("credentials") == "PROFILE") != ("profile" in place):
        problems.append("aws.profile belongs to aws.credentials PROFILE, and to no other")


def example(job: Job, region: str = "us-east-1") -> Settings:
    """Settings that name nothing but a region: every stream and table as the job declares it."""
    return parse([{"PropertyGroupId": "aws", "PropertyMap": {"region": region}}], job)


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    return f" (did you mean {close[0]!r}?)" if close else f" (there are {', '.join(names)})"


def of_command(job: Job, properties: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings for a job: those of the file that a command was given, else as `here` has them."""
    return read(properties, job) if properties else parse(here(job, environment), job)


def here(job: Job, environment: Mapping[str, str]) -> list[dict[str, object]]:
    """The document for streams and tables as the job declares them, in the place that AWS's variables name.

    Raises SettingsError without an endpoint or a region.
    """
    endpoint = environment.get("AWS_ENDPOINT_URL")
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not endpoint and not region:
        raise SettingsError(
            "No settings: name a file with --properties, or set AWS_ENDPOINT_URL as `python -m local aws` says, or "
            "AWS_REGION."
        )
    place = {"region": region or "us-east-1"} | ({"endpoint": endpoint} if endpoint else {})
    return document_of(job, {"aws": place})


def document_of(job: Job, groups: Mapping[str, Mapping[str, str]]) -> list[dict[str, object]]:
    """The document for a job with these groups."""
    named = {JOB: {"name": job.argument}, **groups}
    return [{"PropertyGroupId": group, "PropertyMap": dict(values)} for group, values in named.items()]


def write(folder: Path, document: object) -> Path:
    """The file `application_properties.json` in `folder`, which is made; nobody else may read it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "application_properties.json"
    path.touch(mode=0o600)  # an endpoint may have a password in it
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def started_at(settings: Settings, starts: Mapping[str, str]) -> list[dict[str, object]]:
    """The document of these settings in which some sources begin elsewhere: at a position, or at a time."""
    groups: dict[str, dict[str, str]] = {
        group: {**values, **{OPTION + name: value for name, value in settings.options.get(group, {}).items()}}
        for group, values in settings.values.items()
    }
    for table, start in starts.items():
        groups[table].pop("start.timestamp", None)
        is_position = start in kinesis.POSITIONS
        groups[table] |= {"start": start} if is_position else {"start": "AT_TIMESTAMP", "start.timestamp": start}
    return document_of(settings.job, groups)


def pinned(start: str, now: datetime) -> str:
    """The same place to begin, with LATEST as the time that it is now.

    What the connector keeps of a shard without a record is only "the latest", and it looks for it again whenever it is
    restarted: what came in between would be lost.
    """
    return now.astimezone(UTC).isoformat(timespec="milliseconds") if start == "LATEST" else start


def latest_as_time(settings: Settings, now: datetime) -> dict[str, str]:
    """For each source that begins at LATEST the time that it is now, as `started_at` takes it."""
    starts = {table: settings.values[table].get("start", "") for table in settings.job.sources}
    return {table: pinned(start, now) for table, start in starts.items() if start == "LATEST"}
