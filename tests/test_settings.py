"""Settings: valid documents, and errors with all problems."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.connector import ConnectorError
from pipeline import binding, settings
from pipeline.job import load
from pipeline.settings import OPTION, Settings, SettingsError

JOB = load("unicorn_summary")
GROUPS = settings.known_groups(JOB)

AWS = {"region": "eu-central-1"}
FILES = {"input": "in", "output": "out"}
TIME = "2026-11-22T06:00:00.000+00:00"


def document(**groups: Any) -> list[Any]:
    return [{"PropertyGroupId": group, "PropertyMap": properties} for group, properties in groups.items()]


def parse(**groups: Any) -> Settings:
    return settings.parse(document(**groups), JOB)


def problems(**groups: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(**groups)
    return str(caught.value)


def test_defaults() -> None:
    """For AWS only the region is required; streams and tables have the contract's names."""
    found = parse(aws=AWS)
    assert found.place == "aws"
    assert found.groups == {
        "aws": {"region": "eu-central-1", "credentials": "AUTO"},
        "readings": {
            "stream": "wildrydes",
            "start": "TRIM_HORIZON",
            "reader": "POLLING",
            "consumer": "unicorn_summary",
        },
        "summary_stream": {"stream": "wildrydes-summary"},
        "sensor_data": {"table": "UnicornSensorData"},
        "error_stream": {"stream": "wildrydes-errors"},
    }
    assert not any(found.options.values())


def test_a_given_value_wins() -> None:
    """A given setting replaces its own default."""
    found = parse(aws=AWS, readings={"stream": "mine"})
    assert found.groups["readings"]["stream"] == "mine"
    assert found.groups["readings"]["start"] == "TRIM_HORIZON"


def test_files_are_a_place() -> None:
    """The group `files` is the place, with the required settings input and output."""
    assert parse(files=FILES).place == "files"
    text = problems(files={})
    assert "files.input is missing" in text
    assert "files.output is missing" in text


def test_every_problem_together() -> None:
    """The error lists every problem of a document."""
    text = problems(
        aws={"credentials": "MAGIC", "endpoint": ""},
        redings={},
        readings={"start": "YESTERDAY", "reader": 7, "strem": "x", "start.timestamp": "noon"},
        sensor_data={"table": None},
    )
    for part in (
        "aws.region is missing",
        "aws.credentials is 'MAGIC'",
        "aws.endpoint must be a text",
        "there is no group 'redings' (did you mean 'readings'?)",
        "readings.start is 'YESTERDAY'",
        "readings.reader must be a text",
        "there is no setting readings.strem (did you mean 'stream'?)",
        "readings.start.timestamp is 'noon'",
        "sensor_data.table must be a text",
    ):
        assert part in text
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("group", "near"),
    [
        ("zebra", "there are job, aws, files"),
        ("AWS", "did you mean 'aws'?"),
        ("summary_steam", "did you mean 'summary_stream'?"),
    ],
)
def test_unknown_group(group: str, near: str) -> None:
    """An unknown group is refused with a similar name, or with all names if none is similar."""
    text = problems(aws=AWS, **{group: {}})
    assert f"there is no group {group!r}" in text
    assert near in text


@pytest.mark.parametrize("sink", ["summary_stream", "error_stream"])
def test_a_stream_that_the_job_reads_is_no_sink(sink: str) -> None:
    """A row on the raw stream would be a record again: a rejected record is rejected for ever."""
    text = problems(aws=AWS, readings={"stream": "mine"}, **{sink: {"stream": "mine"}})
    assert text == f"{sink}.stream is 'mine', which readings reads: the job would read its own rows, without end."


def test_unknown_setting() -> None:
    """An unknown setting is refused with a similar name. Its value may be secret and is not shown."""
    assert "there is no setting aws.regoin (did you mean 'region'?)" in problems(aws=AWS | {"regoin": "x"})
    text = problems(aws=AWS | {"aws_secret_access_key": "hush"})
    assert "there is no setting aws.aws_secret_access_key" in text
    assert "hush" not in text


def test_the_services_own_groups_are_ignored() -> None:
    """Managed Flink adds its own groups to the file."""
    groups = {"kinesis.analytics.flink.run.options": {"python": "main.py", "jarfile": "lib/all.jar"}}
    assert parse(aws=AWS, **groups) == parse(aws=AWS)


@pytest.mark.parametrize("value", ["", "  ", "\n", None, 1, 1.5, True, [], {}, ["x"]])
@pytest.mark.parametrize("setting", ["stream", "option.source.record.split-documents"])
def test_a_value_is_a_text_that_is_not_empty(value: Any, setting: str) -> None:
    """Values are texts, as in the service: true is not "true"."""
    assert f"readings.{setting} must be a text that is not empty" in problems(aws=AWS, readings={setting: value})


@pytest.mark.parametrize("aws", [{}, {"endpoint": "http://127.0.0.1:4566"}])
def test_region_is_required(aws: dict[str, str]) -> None:
    """A region is required also with an endpoint, and nothing else is."""
    assert problems(aws=aws) == "aws.region is missing."


@pytest.mark.parametrize("groups", [{}, {"readings": {}}, {"aws": AWS, "files": FILES}])
def test_a_single_place(groups: dict[str, Any]) -> None:
    """Both groups aws and files, or neither, are refused."""
    assert problems(**groups).startswith("either the group 'aws' or the group 'files' must be there")


@pytest.mark.parametrize("time", [TIME, "2026-11-22T06:00:00.000Z", "2024-02-29T23:59:59.999-08:00"])
def test_start_at_a_time(time: str) -> None:
    """AT_TIMESTAMP needs a time with a zone in the connector's format."""
    found = parse(aws=AWS, readings={"start": "AT_TIMESTAMP", "start.timestamp": time})
    options = binding.connectors(found)["readings"].options
    assert options["source.init.position"] == "AT_TIMESTAMP"
    assert options["source.init.timestamp"] == time


@pytest.mark.parametrize(
    "readings",
    [
        {"start": "AT_TIMESTAMP"},
        {"start": "LATEST", "start.timestamp": TIME},
        {"start.timestamp": TIME},
    ],
)
def test_a_start_time_belongs_to_at_timestamp(readings: dict[str, str]) -> None:
    """AT_TIMESTAMP without a time, and a time without it, are refused."""
    text = problems(aws=AWS, readings=readings)
    assert text == "readings.start.timestamp belongs to start AT_TIMESTAMP, and to no other."


@pytest.mark.parametrize(
    "time",
    [
        "yesterday",
        "2026-11-22",
        "2026-11-22 06:00:00.000+00:00",
        "2026-11-22T06:00:00.000",  # no zone: whose?
        "2026-11-22T06:00:00+00:00",  # no milliseconds
        "2026-11-22T06:00:00.000000+00:00",  # six digits of them, which Java reads as 1000 seconds
        "2026-11-22T06:00:00.000+0000",  # XXX wants the colon
        "2026-02-30T06:00:00.000Z",
        "2026-11-22T25:00:00.000Z",
        "1795327200",
        "٢٠٢٦-11-22T06:00:00.000Z",
    ],
)
def test_a_bad_start_time(time: str) -> None:
    """A time in another format is refused with an example."""
    text = problems(aws=AWS, readings={"start": "AT_TIMESTAMP", "start.timestamp": time})
    assert text.startswith(f"readings.start.timestamp is {time!r}")
    assert TIME in text


def test_fan_out() -> None:
    """reader EFO uses the consumer's name, which has a default; POLLING leaves it out."""
    polling = binding.connectors(parse(aws=AWS, readings={"consumer": "mine"}))["readings"].options
    assert not any("efo" in name or "reader.type" in name for name in polling)
    default = binding.connectors(parse(aws=AWS, readings={"reader": "EFO"}))["readings"].options
    assert default["source.reader.type"] == "EFO"
    assert default["source.efo.consumer.name"] == "unicorn_summary"
    mine = binding.connectors(parse(aws=AWS, readings={"reader": "EFO", "consumer": "mine"}))["readings"].options
    assert mine["source.efo.consumer.name"] == "mine"


@pytest.mark.parametrize("aws", [{"credentials": "PROFILE"}, {"profile": "rider"}])
def test_profile_belongs_to_its_provider(aws: dict[str, str]) -> None:
    """A profile's name needs the provider PROFILE, and vice versa."""
    assert "aws.profile belongs to aws.credentials PROFILE" in problems(aws=AWS | aws)


def test_profile() -> None:
    """The connectors get the profile's name and the provider."""
    connectors = binding.connectors(parse(aws=AWS | {"credentials": "PROFILE", "profile": "rider"}))
    for connector in connectors.values():
        assert connector.options["aws.credentials.provider"] == "PROFILE"
        assert connector.options["aws.credentials.profile.name"] == "rider"


def test_options_reach_their_connector_and_no_other() -> None:
    """`option.NAME` in a table's group is the connector's option NAME, and wins over the job's own."""
    found = parse(
        aws=AWS,
        readings={"option.source.shard.get-records.max-record-count": "500"},
        sensor_data={"option.sink.flush-buffer.timeout": "100"},
    )
    bound = binding.connectors(found)
    assert bound["readings"].options["source.shard.get-records.max-record-count"] == "500"
    assert bound["sensor_data"].options["sink.flush-buffer.timeout"] == "100"
    assert bound["summary_stream"].options["sink.flush-buffer.timeout"] == "500"


def test_options_of_a_job(tmp_path: Path) -> None:
    """`option.NAME` in job.toml is the connector's too. Settings win over it. It does not apply to files."""
    folder = tmp_path / "unicorn_summary"
    shutil.copytree(JOB.folder, folder)
    toml = (folder / "job.toml").read_text(encoding="utf-8")
    name = "sink.requests.max-inflight"
    (folder / "job.toml").write_text(toml.replace("\nkey = ", f'\n"option.{name}" = "1"\nkey = '), encoding="utf-8")
    job = load(folder)

    def bound(**groups: dict[str, str]) -> Mapping[str, str]:
        return binding.connectors(settings.parse(document(**groups), job))["sensor_data"].options

    assert bound(aws=AWS)[name] == "1"
    assert bound(aws=AWS, sensor_data={f"option.{name}": "2"})[name] == "2"
    assert name not in bound(files=FILES)
    (folder / "job.toml").write_text(toml.replace("\nkey = ", '\n"option.x" = "1"\nkey = '), encoding="utf-8")
    with pytest.raises(ConnectorError, match="'x' is not an option of it"):
        binding.connectors(settings.example(load(folder)))


def test_places_have_no_options() -> None:
    """`option.` in the group of a place is an unknown setting."""
    assert "there is no setting aws.option.x" in problems(aws=AWS | {"option.x": "y"})


def test_a_group_twice() -> None:
    """Two groups with the same id are refused."""
    twice = document(aws=AWS) + document(aws={"region": "us-east-1"})
    with pytest.raises(SettingsError, match="the group 'aws' appears twice"):
        settings.parse(twice, JOB)


@pytest.mark.parametrize(
    "broken",
    [None, {}, {"aws": AWS}, "aws", 7, [7], [None], [{"PropertyGroupId": "aws"}], [{"PropertyMap": {}}]],
)
def test_another_shape(broken: Any) -> None:
    """The error for a document of another shape has the expected shape."""
    with pytest.raises(SettingsError, match=r"list of property groups|each group must be"):
        settings.parse(broken, JOB)


def test_missing_file(tmp_path: Path) -> None:
    """The error for a missing file has its path and the remedy."""
    path = tmp_path / "application_properties.json"
    for unreadable in (path, tmp_path):
        with pytest.raises(SettingsError) as caught:
            settings.read(unreadable, JOB)
        text = str(caught.value)
        assert text.startswith(f"The settings file {unreadable} cannot be read")
        assert "name a file as the argument" in text


@pytest.mark.parametrize("content", [b"", b"region=us-east-1", b'[{"PropertyGroupId": ', b"\xff\xfe[]", b"[" * 100_000])
def test_not_json(tmp_path: Path, content: bytes) -> None:
    """The error for a file that is not JSON has its path."""
    path = tmp_path / "application_properties.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="is not JSON") as caught:
        settings.read(path, JOB)
    assert str(path) in str(caught.value)


def test_problems_of_a_file_name_it(tmp_path: Path) -> None:
    """Problems in a file begin with its path."""
    path = tmp_path / "application_properties.json"
    path.write_text(json.dumps(document(aws={})))
    with pytest.raises(SettingsError) as caught:
        settings.read(path, JOB)
    assert str(caught.value) == f"The settings in {path} cannot be used: aws.region is missing."


def test_a_realistic_file(tmp_path: Path) -> None:
    """A file of Managed Flink gives the connectors that it describes."""
    path = tmp_path / "application_properties.json"
    path.write_text(
        """
        [
          {"PropertyGroupId": "kinesis.analytics.flink.run.options",
           "PropertyMap": {"python": "main.py", "jarfile": "lib/connectors.jar"}},
          {"PropertyGroupId": "aws", "PropertyMap": {"region": "eu-central-1"}},
          {"PropertyGroupId": "readings",
           "PropertyMap": {"stream": "raw-prod", "start": "LATEST",
                           "reader": "EFO", "consumer": "summary-prod",
                           "option.source.shard.discovery.interval": "5 s"}},
          {"PropertyGroupId": "summary_stream", "PropertyMap": {"stream": "summary-prod"}},
          {"PropertyGroupId": "sensor_data", "PropertyMap": {"table": "SensorDataProd"}},
          {"PropertyGroupId": "error_stream",
           "PropertyMap": {"stream": "errors-prod", "option.sink.batch.max-size": "100"}}
        ]
        """
    )
    bound = binding.connectors(settings.read(path, JOB))
    aws = {"aws.region": "eu-central-1", "aws.credentials.provider": "AUTO"}
    assert bound["readings"].options == aws | {
        "connector": "kinesis",
        "stream": "raw-prod",
        "format": "raw",
        "source.init.position": "LATEST",
        "source.reader.type": "EFO",
        "source.efo.consumer.name": "summary-prod",
        "source.shard.discovery.interval": "5 s",
    }
    assert bound["summary_stream"].options.items() >= (aws | {"stream": "summary-prod"}).items()
    assert bound["summary_stream"].partitioned_by == ("Name",)
    assert bound["sensor_data"].options.items() >= (aws | {"table-name": "SensorDataProd"}).items()
    assert bound["sensor_data"].partitioned_by == ("Name", "StatusTime")
    assert bound["error_stream"].options["stream"] == "errors-prod"
    assert bound["error_stream"].options["sink.batch.max-size"] == "100"


def test_every_default_is_accepted_when_given() -> None:
    """A default is also accepted as a setting."""
    required = {"region": "eu-central-1", **FILES}
    for place in settings.PLACES:
        groups = {
            group: {name: known[name].default or required[name] for name in known if known[name].default != ""}
            for group, known in GROUPS.items()
            if group == place or group not in settings.PLACES
        }
        assert parse(**groups) == parse(**{place: groups[place]})


# Documents similar enough to valid documents to pass most rules, and some of another shape.
TEXT = st.sampled_from(["", " ", "LATEST", "AT_TIMESTAMP", "EFO", "PROFILE", TIME, "x"]) | st.text(max_size=20)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
NAMES = sorted({name for known in GROUPS.values() for name in known} | {OPTION, OPTION + "stream", "strem"})
PROPERTIES = st.dictionaries(st.sampled_from(NAMES) | TEXT, TEXT | JSON, max_size=4)
GROUP = st.fixed_dictionaries(
    {
        "PropertyGroupId": st.sampled_from([*GROUPS, "kinesis.analytics.x", "redings"]) | TEXT,
        "PropertyMap": PROPERTIES | st.just(AWS) | st.just(FILES) | JSON,
    }
)
DOCUMENT = st.lists(GROUP | JSON, max_size=5) | JSON


@given(DOCUMENT)
def test_any_document_is_parsed_or_refused(anything: Any) -> None:
    """Any JSON becomes Settings with a place and every table, or a SettingsError."""
    try:
        found = settings.parse(json.loads(json.dumps(anything)), JOB)
    except SettingsError:
        return
    assert found.place in settings.PLACES
    assert found.groups.keys() == found.options.keys()
    assert set(GROUPS) - set(found.groups) == set(settings.PLACES) - {found.place}
    assert all(value.strip() for group in found.groups.values() for value in group.values())
