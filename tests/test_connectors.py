"""Connectors: their options, and how settings become connectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from connectors import aws, dynamodb, files, firehose, kinesis, reference
from connectors.connector import Connector, ConnectorError, Option, checked
from pipeline import binding, settings, statements
from pipeline.job import load

JOB = load("unicorn_summary")

CATALOGS: Mapping[str, Mapping[str, Option]] = {
    "aws": aws.OPTIONS,
    "dynamodb": dynamodb.OPTIONS,
    "files": files.OPTIONS,
    "firehose": firehose.OPTIONS,
    "kinesis source": kinesis.SOURCE_OPTIONS,
    "kinesis sink": kinesis.SINK_OPTIONS,
    "reference": reference.OPTIONS,
}
EVERY = [(kind, name, option) for kind, catalog in CATALOGS.items() for name, option in catalog.items()]
PLACE = aws.Aws("eu-central-1")
EMULATOR = aws.Aws("us-east-1", "http://127.0.0.1:4566")


def source(**options: str) -> Connector:
    return kinesis.source(PLACE, "wildrydes", kinesis.Start(), more=options)


@pytest.mark.parametrize(
    ("unknown", "near"),
    [
        ("source.init.positon", "source.init.position"),
        ("source.reader.typ", "source.reader.type"),
        ("aws.regoin", "aws.region"),
        ("scan.watermark.idle-time", "scan.watermark.idle-timeout"),
    ],
)
def test_unknown_option(unknown: str, near: str) -> None:
    """An unknown option is refused with the nearest name; Flink would ignore it."""
    with pytest.raises(ConnectorError) as caught:
        source(**{unknown: "1"})
    text = str(caught.value)
    assert text.startswith("The Kinesis source connector refuses its options: ")
    assert f"{unknown!r} is not an option of it (did you mean {near!r}?)" in text


def test_every_problem_together() -> None:
    """The error lists every invalid option, and ends with a full stop."""
    with pytest.raises(ConnectorError) as caught:
        source(
            **{"scan.nothing": "1", "source.record.split-documents": "yes", "aws.credentials.role.stsEndpoint": "here"}
        )
    text = str(caught.value)
    assert all(part in text for part in ("scan.nothing", "'yes', but must be true or false", "stsEndpoint' must be an"))
    assert "here" not in text  # an address may have a password in it
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize(
    "name", ["connector", "format", "stream", "aws.region", "aws.endpoint", "source.init.position"]
)
def test_identity_is_no_option(name: str) -> None:
    """No option changes the format (which must accept any record) or the stream of the settings."""
    with pytest.raises(ConnectorError, match=f"'{name}' cannot be set as an option"):
        source(**{name: "json"})


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        (Option("int"), ["0", "-1", "5242880"], ["", "1.5", "1e3", "many", " 1", "1\n", "1_000"]),
        (Option("ms"), ["0", "500"], ["-1", "5 s", "0.5", ""]),
        (Option("duration"), ["0 ms", "10 s", "5min"], ["10", "1.5 s", "-1 s", "10 seconds", ""]),
        (Option("bool"), ["true", "false"], ["True", "yes", "1", ""]),
        (
            Option("url"),
            ["http://127.0.0.1:4566", "https://vpce-1.kinesis.eu-central-1.vpce.amazonaws.com/"],
            ["127.0.0.1:4566", "ftp://host", "http://", "http://host/path", "http://a b", ""],
        ),
        (Option(), ["x", "|", " x ", "two\nlines"], ["", "  ", "\n"]),
        (Option(choices=("A", "B")), ["A", "B"], ["a", "C", "", "A "]),
    ],
    ids=lambda value: value.type if isinstance(value, Option) else "",
)
def test_types(option: Option, good: list[str], bad: list[str]) -> None:
    """A value of the option's type is accepted; another value is refused with the valid values."""
    for value in good:
        assert checked("test", {"name": value}, {"name": option}) == {"name": value}
    for value in bad:
        with pytest.raises(ConnectorError, match="must be"):
            checked("test", {"name": value}, {"name": option})


@pytest.mark.parametrize(("kind", "name", "option"), EVERY, ids=lambda value: value if isinstance(value, str) else "")
def test_defaults_are_acceptable(kind: str, name: str, option: Option) -> None:
    """Each option's default is valid, and its type is known."""
    if option.default is not None:
        assert checked(kind, {name: option.default}, CATALOGS[kind]) == {name: option.default}
    assert option.type in {"str", "int", "ms", "duration", "bool", "url"}


@pytest.mark.parametrize("kind", CATALOGS)
@pytest.mark.parametrize(
    "name",
    ["aws.credentials.basic.accesskeyid", "aws.credentials.basic.secretkey", "aws.trust.all.certificates"],
)
def test_no_option_has_a_secret(kind: str, name: str) -> None:
    """Keys are refused as options, as EXPLAIN and logs print options. The error does not show the value."""
    with pytest.raises(ConnectorError) as caught:
        checked(kind, {name: "hush"}, CATALOGS[kind])
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("kind", "name", "option"), EVERY, ids=lambda value: value if isinstance(value, str) else "")
def test_no_name_sounds_like_a_secret(kind: str, name: str, option: Option) -> None:
    """No option is a key, a password or a token, and no credentials provider needs such an option."""
    words = {"accesskeyid", "secretkey", "secret", "password", "token", "sessiontoken"}
    assert not words & set(name.lower().split(".")), kind
    assert not {"BASIC", "CUSTOM"} & set(option.choices)


def test_region_and_endpoint() -> None:
    """The endpoint is the only difference between AWS and an emulator."""
    makers: list[Callable[[aws.Aws], Connector]] = [
        lambda place: kinesis.source(place, "s", kinesis.Start()),
        lambda place: kinesis.sink(place, "s"),
        lambda place: dynamodb.sink(place, "t", key=("Name",)),
        lambda place: firehose.sink(place, "s"),
        lambda place: reference.source(place, "bucket", "key"),
    ]
    for make in makers:
        cloud, local = dict(make(PLACE).options), make(EMULATOR).options
        assert "aws.endpoint" not in cloud
        assert local["aws.endpoint"] == "http://127.0.0.1:4566"
        assert local == cloud | {"aws.region": "us-east-1", "aws.endpoint": "http://127.0.0.1:4566"}
    with pytest.raises(ConnectorError, match="https://host:port"):
        kinesis.sink(aws.Aws("us-east-1", "localhost"), "s")


def test_start() -> None:
    """A timestamp is valid for AT_TIMESTAMP only."""
    for position in ("TRIM_HORIZON", "LATEST"):
        assert kinesis.Start(position).options() == {"source.init.position": position}
    time = "2026-11-22T06:00:00.000Z"
    assert kinesis.Start("AT_TIMESTAMP", time).options() == {
        "source.init.position": "AT_TIMESTAMP",
        "source.init.timestamp": time,
    }
    for wrong in (kinesis.Start("AT_TIMESTAMP"), kinesis.Start("LATEST", time)):
        with pytest.raises(ConnectorError, match="AT_TIMESTAMP"):
            wrong.options()
    with pytest.raises(ConnectorError, match="'NEWEST', but must be one of TRIM_HORIZON"):
        kinesis.source(PLACE, "s", kinesis.Start("NEWEST"))


def test_source_of_a_stream() -> None:
    """Raw bytes, polled, a row for each part of a record, with metadata columns."""
    connector = source()
    assert connector.options == {
        "connector": "kinesis",
        "stream": "wildrydes",
        "format": "raw",
        "aws.region": "eu-central-1",
        "aws.credentials.provider": "AUTO",
        "source.init.position": "TRIM_HORIZON",
    }
    assert set(connector.metadata) == {"shard", "sequence_number", "part", "arrival", "partition_key"}
    assert connector.partitioned_by == ()


def test_enhanced_fan_out() -> None:
    """A consumer's name switches to enhanced fan-out."""
    connector = kinesis.source(PLACE, "s", kinesis.Start(), fan_out_consumer="mine")
    assert connector.options["source.reader.type"] == "EFO"
    assert connector.options["source.efo.consumer.name"] == "mine"


def test_sinks() -> None:
    """A stream is partitioned by its partition key, if any; a table by all its key columns."""
    assert kinesis.sink(PLACE, "s").partitioned_by == ()
    assert kinesis.sink(PLACE, "s", partition_key="Name").partitioned_by == ("Name",)
    table = dynamodb.sink(PLACE, "t", key=("Name", "StatusTime"))
    assert table.partitioned_by == ("Name", "StatusTime")
    assert table.options["table-name"] == "t"


def test_reference_data() -> None:
    """An object's rows are lines, as those of a file; the key is the shard, and a line has no place of its own."""
    connector = reference.source(PLACE, "lists", "a/companies.csv")
    assert connector.options == {
        "connector": "reference",
        "bucket": "lists",
        "key": "a/companies.csv",
        "format": files.source(Path("x")).options["format"],
        "aws.region": "eu-central-1",
        "aws.credentials.provider": "AUTO",
    }
    assert set(connector.metadata) == set(files.METADATA)
    for name in ("bucket", "key"):
        with pytest.raises(ConnectorError, match=f"'{name}' cannot be set as an option"):
            reference.source(PLACE, "lists", "k", more={name: "x"})


def test_firehose() -> None:
    """Records are JSON and a line feed: Firehose puts nothing between records."""
    options = firehose.sink(PLACE, "kept", more={"sink.flush-buffer.timeout": "1000"}).options
    assert (options["delivery-stream"], options["format"]) == ("kept", "json-lines")
    assert options["sink.flush-buffer.timeout"] == "1000"
    with pytest.raises(ConnectorError, match="'delivery-stream' cannot be set as an option"):
        firehose.sink(PLACE, "kept", more={"delivery-stream": "x"})


def test_more_wins() -> None:
    """Further options win over the connector module's own, in sources and sinks."""
    timeout = {"sink.flush-buffer.timeout": "5000"}
    assert kinesis.sink(PLACE, "s", more=timeout).options["sink.flush-buffer.timeout"] == "5000"
    table = dynamodb.sink(PLACE, "t", key=("Name",), more=timeout)
    assert table.options["sink.flush-buffer.timeout"] == "5000"
    assert source(**{"source.record.split-documents": "false"}).options["source.record.split-documents"] == "false"


@pytest.mark.parametrize("name", [".events.jsonl", "_events.jsonl", "_events"])
def test_a_file_that_flink_skips_is_refused(name: str, tmp_path: Path) -> None:
    """Flink would read nothing, and say nothing. The name behind a link counts, as Flink gets that."""
    with pytest.raises(ConnectorError, match=r"Flink skips .*, as its name begins with a dot or an underscore"):
        files.source(tmp_path / name)
    (tmp_path / name).symlink_to(tmp_path / "events.jsonl")
    assert files.source(tmp_path / name).options["path"] == f"file://{tmp_path}/events.jsonl"


def test_files(tmp_path: Path) -> None:
    """Files have absolute URIs, also with a space in the path. A sink is not partitioned."""
    folder = tmp_path / "two words"
    lines = files.source(folder)
    assert lines.options == {"connector": "filesystem", "path": f"file://{folder}", "format": "documents"}
    assert set(lines.metadata) == set(kinesis.METADATA)
    objects = files.sink(folder, more={"sink.rolling-policy.rollover-interval": "1 min"})
    assert objects.options["format"] == "json"
    assert objects.options["sink.rolling-policy.rollover-interval"] == "1 min"
    assert objects.partitioned_by == ()
    with pytest.raises(ConnectorError, match="file sink"):
        files.sink(folder, more={"sink.partition-commit.delay": "1 min"})


@pytest.mark.parametrize("place", settings.PLACES)
def test_every_table_is_bound_in_both_places(place: str) -> None:
    """In each place, every table of the job has a connector, and there is no other connector."""
    known = settings.known_groups(JOB)[place]
    required = {name: "eu-central-1" for name, setting in known.items() if setting.default is None}
    bound = binding.connectors(settings.parse([{"PropertyGroupId": place, "PropertyMap": required}], JOB))
    assert set(bound) == {*JOB.sources, *JOB.sinks}
    for table in JOB.sources + JOB.sinks:
        text = statements.bound(JOB.texts[table], bound[table])
        assert text.count("WITH (") == 1
        assert "CREATE TEMPORARY TABLE" in text


def test_an_invalid_option_in_the_settings() -> None:
    """The connector checks the options in the settings, and its error names the option."""
    parsed = settings.parse(
        [
            {"PropertyGroupId": "aws", "PropertyMap": {"region": "eu-central-1"}},
            {"PropertyGroupId": "sensor_data", "PropertyMap": {"option.sink.batch.maxsize": "25"}},
        ],
        JOB,
    )
    with pytest.raises(ConnectorError, match=r"DynamoDB sink.*'sink\.batch\.maxsize'.*'sink\.batch\.max-size'"):
        binding.connectors(parsed)


def test_quotes_in_values_stay_values() -> None:
    """A quote in a value is doubled in the SQL literal."""
    text = statements.bound("CREATE TABLE t (a INT)", Connector({"stream": "it's"}, partitioned_by=("a",)))
    assert text.startswith("CREATE TEMPORARY TABLE t (a INT)\nPARTITIONED BY (a)\nWITH (")
    assert "'stream' = 'it''s'" in text


def test_metadata_columns() -> None:
    """A METADATA column keeps its type; a computed column has only the type of its CAST."""
    columns = ",".join(f"\n    {name} STRING METADATA" for name in ("shard", "sequence_number", "part"))
    table = f"CREATE TABLE t ({columns}\n)"
    text = statements.bound(table, files.source(Path("x")))
    assert "\n    shard STRING METADATA FROM 'file.name' VIRTUAL,\n" in text
    assert "\n    sequence_number AS CAST(NULL AS STRING),\n    part AS CAST(NULL AS STRING)\n" in text


def test_a_column_that_a_connector_computes_may_be_used() -> None:
    """Flink knows no computed column in another: its expression stands there, but in no comment and no text."""
    table = """-- The part of a record.
CREATE TABLE events (
    line BYTES,
    part STRING METADATA,
    is_whole AS part IS NULL OR `part` = 'part', /* part */
    weight AS record.part + record.`part`
)"""
    text = statements.bound(table, files.source(Path("x")))
    assert "-- The part of a record." in text
    assert "    part AS CAST(NULL AS STRING),\n" in text
    assert "is_whole AS CAST(NULL AS STRING) IS NULL OR CAST(NULL AS STRING) = 'part', /* part */" in text
    assert "weight AS record.part + record.`part`" in text
