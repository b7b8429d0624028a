"""The template against the code, the contract, and an independent evaluator of IAM policies."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy import package, template
from deploy.stack import Stack
from deploy.template import Template
from java import paths
from local import emulator, page, resources
from pipeline import binding, settings
from pipeline.job import Job, load, shipped

TEMPLATE = template.of(load(template.WORKSHOP))

ACCOUNT = "000000000000"
REGION = emulator.REGION
KEY = f"code/{'a' * 64}.zip"
RAW, SUMMARY, ERRORS = (
    f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
    for name in ("wildrydes", "wildrydes-summary", "wildrydes-errors")
)
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/UnicornSensorData"
ARCHIVE, ARTIFACTS, SITE = (
    f"arn:aws:s3:::wildrydes-{kind}-{ACCOUNT}-{REGION}" for kind in ("archive", "artifacts", "dashboard")
)
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
JOB_LOG = f"{LOGS}/aws/kinesis-analytics/unicorn-summary:log-stream:kinesis-analytics-log-stream"
DELIVERY_LOG = f"{LOGS}/aws/kinesisfirehose/wildrydes:log-stream:S3Delivery"

READ_STREAM = {"kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"}
# The actions and resources allowed to each role; all other requests below are denied. (CONTRACT, section 8)
ALLOWED: dict[str, dict[str, set[str]]] = {
    "JobRole": {
        RAW: READ_STREAM | {"kinesis:DescribeStream", "kinesis:DescribeStreamSummary"},
        SUMMARY: {"kinesis:PutRecords"},
        ERRORS: {"kinesis:PutRecords"},
        TABLE: {"dynamodb:BatchWriteItem"},
        f"{ARTIFACTS}/{KEY}": {"s3:GetObject", "s3:GetObjectVersion"},
        JOB_LOG: {"logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"},
        DELIVERY_LOG: {"logs:DescribeLogGroups"},
    },
    "DeliveryRole": {
        RAW: READ_STREAM | {"kinesis:DescribeStream"},
        ARCHIVE: {"s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"},
        f"{ARCHIVE}/2026/11/22/06/object": {"s3:PutObject", "s3:AbortMultipartUpload"},
        DELIVERY_LOG: {"logs:PutLogEvents"},
    },
    "VisitorRole": {
        RAW: READ_STREAM | {"kinesis:DescribeStreamSummary"},
        SUMMARY: READ_STREAM | {"kinesis:DescribeStreamSummary"},
        # Beyond section 8: the page counts errors by kind, and shows rows from before it was opened.
        ERRORS: READ_STREAM | {"kinesis:DescribeStreamSummary"},
        TABLE: {"dynamodb:Query"},
    },
}
ASKED = sorted(
    {action for role in ALLOWED.values() for actions in role.values() for action in actions}
    | {
        *("kinesis:PutRecord", "kinesis:DeleteStream", "kinesis:SplitShard", "kinesis:MergeShards"),
        *("kinesis:UpdateShardCount", "kinesis:ListStreams", "kinesis:RegisterStreamConsumer"),
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:DeleteItem"),
        *("dynamodb:DeleteTable", "dynamodb:UpdateTable", "dynamodb:BatchGetItem"),
        *("s3:PutObject", "s3:DeleteObject", "s3:DeleteBucket", "s3:PutBucketPolicy", "s3:ListAllMyBuckets"),
        *("logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:GetLogEvents", "iam:PassRole", "sts:AssumeRole"),
        *("kinesisanalytics:UpdateApplication", "firehose:PutRecord", "kms:Decrypt", "cloudwatch:PutMetricData"),
    }
)
RESOURCES = [
    *(RAW, SUMMARY, ERRORS, f"{RAW}-of-others", TABLE, f"{TABLE}2"),
    *(ARCHIVE, f"{ARCHIVE}/2026/11/22/06/object", ARTIFACTS, f"{ARTIFACTS}/{KEY}", f"{ARTIFACTS}/athena/result.csv"),
    *(SITE, f"{SITE}/index.html", "arn:aws:s3:::others", "arn:aws:s3:::others/code/x.zip"),
    *(JOB_LOG, DELIVERY_LOG, "arn:aws:logs:eu-west-1:000000000000:log-group:x:log-stream:y"),
    f"arn:aws:iam::{ACCOUNT}:role/Admin",
]


# A job outside the project: two sources, one with fan-out, a table with one key column, a DOUBLE column.
MADE_UP = {
    "job.toml": """
[insert]
totals = "joined"
matched_stream = "joined"
[table.orders]
connector = "kinesis"
stream = "shop-orders"
start = "LATEST"
[table.payments]
connector = "kinesis"
stream = "shop-payments"
reader = "EFO"
[table.totals]
connector = "dynamodb"
table = "ShopTotals"
key = ["Hour"]
[table.matched_stream]
connector = "kinesis"
stream = "shop-matched"
""",
    "tables/orders.sql": "CREATE TABLE orders (\n    line BYTES\n)",
    "tables/payments.sql": "CREATE TABLE payments (\n    line BYTES\n)",
    "tables/totals.sql": "CREATE TABLE totals (\n    `Hour` BIGINT NOT NULL,\n    Amount DOUBLE NOT NULL\n)",
    "tables/matched_stream.sql": "CREATE TABLE matched_stream (\n    `Hour` BIGINT,\n    Amount DOUBLE\n)",
    "views/joined.sql": "SELECT 1 AS `Hour`, 1e0 AS Amount\nFROM orders JOIN payments ON orders.line = payments.line",
}


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("jobs") / "shop_totals"
    for name, text in MADE_UP.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return load(folder)


@pytest.fixture(params=[*shipped(), "made up"])
def any_(request: pytest.FixtureRequest, made_up: Job) -> Template:
    """The template of every job: the rules hold for new jobs too."""
    return template.of(made_up if request.param == "made up" else load(request.param))


def test_the_defaults_are_the_jobs(any_: Template) -> None:
    """The job's declaration has the names; the template's defaults are equal, and every table has its parameter."""
    values = settings.example(any_.job).groups
    for place in any_.places:
        for table in place.tables:
            assert any_.parameters[place.parameter].default == values[table][place.kind]
    for other in any_.outside:
        assert {name: any_.parameters[one].default for name, one in other.parameters.items()} == other.defaults
        assert all(values[table].items() >= other.defaults.items() for table in other.tables)
    bound = [table for one in (*any_.places, *any_.outside) for table in one.tables]
    assert sorted(bound) == sorted({*any_.job.sources, *any_.job.sinks})


def test_names_of_the_workshop() -> None:
    """The workshop's names are fixed, as documents and accounts have them."""
    defaults = {name: one.default for name, one in TEMPLATE.parameters.items()}
    assert {
        "RawStream": "wildrydes",
        "SummaryStream": "wildrydes-summary",
        "ErrorStream": "wildrydes-errors",
        "Table": "UnicornSensorData",
        "ApplicationName": "unicorn-summary",
        "BucketPrefix": "wildrydes",
        "DeliveryStream": "wildrydes",
        "Database": "wildrydes",
    }.items() <= defaults.items()
    assert TEMPLATE.stack == "wildrydes"


def test_names_of_another_job(made_up: Job) -> None:
    """A job's resources have its name, with dashes, so that several jobs run side by side."""
    known = template.of(made_up)
    assert known.stack == "shop-totals"
    assert [(place.label, place.parameter, place.resource) for place in known.places] == [
        ("orders", "OrdersStream", "Orders"),
        ("payments", "PaymentsStream", "Payments"),
        ("table", "Table", "Totals"),
        ("matched", "MatchedStream", "Matched"),
    ]
    assert known.parameters["ApplicationName"].default == known.parameters["BucketPrefix"].default == "shop-totals"
    assert not known.has_archive, "which of its sources?"
    assert not known.has_dashboard


def test_keys_and_types_are_the_jobs(made_up: Job) -> None:
    """A number column is a number in the table's key too; a single key column is the partition key."""
    table = template.of(made_up).document["Resources"]["Totals"]["Properties"]
    assert table["KeySchema"] == [{"AttributeName": "Hour", "KeyType": "HASH"}]
    assert table["AttributeDefinitions"] == [{"AttributeName": "Hour", "AttributeType": "N"}]
    table = TEMPLATE.document["Resources"]["SensorData"]["Properties"]
    assert table["KeySchema"] == [
        {"AttributeName": "Name", "KeyType": "HASH"},
        {"AttributeName": "StatusTime", "KeyType": "RANGE"},
    ]
    assert {one["AttributeType"] for one in table["AttributeDefinitions"]} == {"S"}


def property_groups(known: Template) -> dict[str, dict[str, Any]]:
    application = known.document["Resources"]["Application"]["Properties"]["ApplicationConfiguration"]
    groups = application["EnvironmentProperties"]["PropertyGroups"]
    return {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}


def test_run_options_are_the_packages(any_: Template) -> None:
    """Managed Flink's run options name the files in the package."""
    assert property_groups(any_)[package.RUN_OPTIONS_GROUP] == dict(package.RUN_OPTIONS)


@pytest.mark.parametrize("has_start", [False, True], ids=["from the beginning", "from a time"])
def test_the_job_accepts_its_settings(any_: Template, has_start: bool) -> None:
    """The property groups, with names filled in, are valid settings of the job, and cover every table."""
    groups = property_groups(any_)
    filled = [
        {
            "PropertyGroupId": group,
            "PropertyMap": {n: v for n, one in map_.items() if (v := said(one, has_start, any_))},
        }
        for group, map_ in groups.items()
    ]
    assert filled[2] == {"PropertyGroupId": "job", "PropertyMap": {"name": any_.job.name}}, "as it is packed"
    parsed = settings.parse([one for one in filled if one["PropertyGroupId"] != "job"], any_.job)
    binding.connectors(parsed)
    streams = [table for table in any_.job.sources if any_.job.tables[table].connector == "kinesis"]
    assert streams
    for table in streams:
        declared = any_.job.tables[table].settings.get("start", "TRIM_HORIZON")
        assert parsed.groups[table]["start"] == ("AT_TIMESTAMP" if has_start else declared)
    assert set(groups) - {package.RUN_OPTIONS_GROUP, "job"} == set(settings.known_groups(any_.job)) - {"files"}


def said(value: Any, has_start: bool, any_: Template) -> str | None:
    """CloudFormation's result for a property's value; None leaves out the property."""
    match value:
        case {"Fn::If": ["HasStart", yes, no]}:
            return said(yes if has_start else no, has_start, any_)
        case {"Ref": str(name)} if name in {one for other in any_.outside for one in other.parameters.values()}:
            return str(any_.parameters[name].default)
        case {"Ref": "AWS::NoValue"}:
            return None
        case {"Ref": "StartTime"}:
            return "2026-11-24T14:30:00.000+00:00"
    return str(value)


def test_it_fits_into_a_request(any_: Template) -> None:
    """CloudFormation accepts 51,200 bytes of template in a request (quotas of AWS CloudFormation)."""
    assert len(any_.text().encode()) <= 51_200


def test_one_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "LIMIT", 1000)
    with pytest.raises(template.TemplateError, match=r"^The template of unicorn_summary has .* takes 1,000: split"):
        TEMPLATE.text()


@pytest.mark.slow
def test_lint(made_up: Job, tmp_path: Path) -> None:
    """cfn-lint accepts the template of every job, with new resources only and with existing resources only."""
    jobs = [*map(load, shipped()), made_up]
    for one in map(template.of, jobs):
        everything = [place.resource for place in one.places]
        (tmp_path / f"{one.job.name}-new.json").write_text(one.text())
        (tmp_path / f"{one.job.name}-there.json").write_text(one.text(everything))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2 * len(jobs)
    command = [sys.executable, str(paths.ROOT / ".venv" / "bin" / "cfn-lint"), *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_there_is_named_and_not_made(any_: Template) -> None:
    """An existing stream or table is no resource of the stack; the roles that use it keep their permissions."""
    for place in any_.places:
        document = json.loads(any_.text([place.resource]))
        assert place.resource not in document["Resources"]
        assert f'"{place.resource}"' not in json.dumps(document["Resources"])
        kind, service = ("stream", "kinesis") if place.kind == "stream" else ("table", "dynamodb")
        region = "${AWS::Region}:${AWS::AccountId}"
        arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:{region}:{kind}/${{{place.parameter}}}"}
        assert json.dumps(arn) in json.dumps(document["Resources"]["JobRole"])


def test_only_what_may_stay_stays() -> None:
    """Only the table and the archive outlive their stack."""
    retained = {
        name
        for name, one in TEMPLATE.document["Resources"].items()
        if one.get("DeletionPolicy", "Delete") != "Delete" or one.get("UpdateReplacePolicy", "Delete") != "Delete"
    }
    assert retained == {"SensorData", "ArchiveBucket"}


def test_buckets_are_private_and_encrypted() -> None:
    """Every bucket blocks public access, encrypts, and refuses unencrypted connections."""
    found = TEMPLATE.document["Resources"]
    buckets = {name: one["Properties"] for name, one in found.items() if one["Type"] == "AWS::S3::Bucket"}
    assert len(buckets) == 3
    refusing = {
        one["Properties"]["Bucket"]["Ref"]
        for one in found.values()
        if one["Type"] == "AWS::S3::BucketPolicy"
        for statement in one["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    assert refusing == set(buckets)
    for properties in buckets.values():
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert properties["BucketEncryption"]


def test_streams_are_encrypted_and_the_table_can_be_recovered() -> None:
    found = TEMPLATE.document["Resources"]
    streams = [one["Properties"] for one in found.values() if one["Type"] == "AWS::Kinesis::Stream"]
    assert [one["StreamEncryption"]["EncryptionType"] for one in streams] == ["KMS"] * 3
    recovery = found["SensorData"]["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": True}


def statements(known: Template = TEMPLATE) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of a policy in the template, with the name of its resource."""
    for name, one in known.document["Resources"].items():
        properties = one["Properties"]
        documents = [each["PolicyDocument"] for each in properties.get("Policies", ())]
        documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
        for document in documents:
            for statement in document["Statement"]:
                yield name, statement


def test_each_wildcard_has_its_reason(any_: Template) -> None:
    """No permission is for all actions of a service; a permission for many resources has a comment with the reason."""
    source = "".join(path.read_text() for path in (paths.ROOT / "deploy").iterdir() if path.suffix in (".yaml", ".py"))
    wide = 0
    for name, statement in statements(any_):
        if statement["Effect"] != "Allow":
            continue
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions), name
        assert statement["Resource"] != "*"
        if "*" in str(statement["Resource"]) and statement["Sid"] != "FanOutConsumer":
            wide += 1
            sid = statement.get("Sid")
            body = source.partition(f"- Sid: {sid}\n")[2].partition("- Sid:")[0]
            assert re.search(r"#.+\n\s+Resource:|Resource:.*\*.*#", body), f"{name}, {sid}"
    assert wide == (5 if any_.has_dashboard else 4 if any_.has_archive else 3)


def test_whom_each_role_trusts() -> None:
    """Each role trusts its service alone, for this account; the visitors' role trusts guests of this pool alone."""
    roles = {name: one for name, one in TEMPLATE.document["Resources"].items() if one["Type"] == "AWS::IAM::Role"}
    trust = {}
    for name, one in roles.items():
        [statement] = one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        trust[name] = (statement["Principal"], statement["Condition"])
    application = "kinesisanalytics:${AWS::Region}:${AWS::AccountId}:application/${ApplicationName}"
    assert trust["JobRole"] == (
        {"Service": "kinesisanalytics.amazonaws.com"},
        {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            "ArnEquals": {"aws:SourceArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:{application}"}},
        },
    )
    assert trust["DeliveryRole"] == (
        {"Service": "firehose.amazonaws.com"},
        {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    )
    assert trust["VisitorRole"] == (
        {"Federated": "cognito-identity.amazonaws.com"},
        {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": {"Ref": "Visitors"}},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"},
        },
    )
    assert set(trust) == set(ALLOWED)


def test_no_role_may_do_more() -> None:
    """The template's roles have no actions beyond ALLOWED."""
    for role, allowed in ALLOWED.items():
        named: set[str] = set()
        for name, statement in statements():
            if name == role:
                actions = statement["Action"]
                named.update(actions if isinstance(actions, list) else [actions])
        assert named == {action for actions in allowed.values() for action in actions}, role


ALARMS = {
    ("AWS/KinesisAnalytics", "runningTime", "Application", "Maximum"),
    ("AWS/KinesisAnalytics", "numRestarts", "Application", "Maximum"),
    ("AWS/KinesisAnalytics", "numberOfFailedCheckpoints", "Application", "Maximum"),
    ("AWS/KinesisAnalytics", "numLateRecordsDropped", "Application", "Maximum"),
    ("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", "Maximum"),
    ("AWS/Kinesis", "IncomingRecords", "StreamName", "Sum"),
    ("AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName", "Sum"),
    ("AWS/Kinesis", "ReadProvisionedThroughputExceeded", "StreamName", "Sum"),
    ("AWS/DynamoDB", "WriteThrottleEvents", "TableName", "Sum"),
    ("AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", "Maximum"),
}


def test_alarms() -> None:
    """Alarms use metrics from the services' documentation, with these names and dimensions."""
    found = set()
    names = set()
    for one in TEMPLATE.document["Resources"].values():
        if one["Type"] != "AWS::CloudWatch::Alarm":
            continue
        properties = one["Properties"]
        names.add(properties["AlarmName"]["Fn::Sub"].partition("}-")[2])
        parts = [each["MetricStat"] for each in properties.get("Metrics", ()) if "MetricStat" in each]
        metrics = [{**part["Metric"], "Statistic": part["Stat"]} for part in parts] or [properties]
        for metric in metrics:
            [dimension] = metric["Dimensions"]
            found.add((metric["Namespace"], metric["MetricName"], dimension["Name"], metric["Statistic"]))
    assert found == ALARMS
    throttled = {f"{what}-throttled" for what in ("raw-writes", "raw-reads", "summary", "errors", "table")}
    assert (
        names
        == {"down", "restarts", "checkpoints", "lag", "errors", "dropped", "no-rows", "archive-behind"} | throttled
    )


def test_a_record_that_a_window_drops_sets_off_an_alarm() -> None:
    """A dropped record sets off an alarm even in the first minute of a run: the alarm is on the count, not its rise."""
    alarm = TEMPLATE.document["Resources"]["AlarmDropped"]["Properties"]
    assert alarm["MetricName"] == "numLateRecordsDropped"
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        "Maximum",
        0,
        "GreaterThanThreshold",
    )
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "notBreaching")
    assert "backfill" in alarm["AlarmDescription"]


def test_every_sink_and_every_way_to_lose_sight_has_an_alarm() -> None:
    """An alarm for minutes without rows while records arrive; and an alarm for each resource that stores data."""
    resources = TEMPLATE.document["Resources"]
    alarms = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    watched = json.dumps([one.get("Dimensions", one.get("Metrics")) for one in alarms])
    for name in ("Raw", "Summary", "Errors", "SensorData"):
        assert f'{{"Ref": "{name}"}}' in watched
    held = next(one for one in alarms if one["AlarmName"]["Fn::Sub"].endswith("-no-rows"))
    streams = {one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for one in held["Metrics"][1:]}
    assert streams == {"Raw", "Summary"}
    assert held["EvaluationPeriods"] == 10


def test_every_place_of_every_job_is_watched(any_: Template) -> None:
    """Every stream and table has an alarm and is on the board. The names of alarms differ, and CloudWatch takes them.

    CloudWatch takes 255 characters; the names of applications and delivery streams have at most 128 and 64.
    """
    found = [
        one["Properties"] for one in any_.document["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"
    ]
    watched = json.dumps([one.get("Dimensions", one.get("Metrics")) for one in found])
    board = any_.document["Resources"]["Board"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(board)["widgets"]) >= 5
    for place in any_.places:
        assert json.dumps(place.ref) in watched
        assert f"${{{place.resource}}}" in board
    names = [one["AlarmName"]["Fn::Sub"] for one in found]
    assert len(names) == len(set(names))
    longest = {"${ApplicationName}": "a" * 128, "${DeliveryStream}": "d" * 64}
    for name in names:
        for parameter, value in longest.items():
            name = name.replace(parameter, value)  # noqa: PLW2901
        assert "${" not in name
        assert len(name) <= 255


def test_the_job_of_somebody_else_may_do_its_own_and_no_more(made_up: Job) -> None:
    """The job reads both sources, one with fan-out, and writes its two sinks; the other permissions are every job's."""
    own = {
        statement["Sid"]: (statement["Action"], statement["Resource"])
        for name, statement in statements(template.of(made_up))
        if name == "JobRole"
    }
    arn = {name: {"Fn::GetAtt": [name, "Arn"]} for name in ("Orders", "Payments", "Matched", "Totals")}
    reads = [f"kinesis:{action}" for action in ("DescribeStream", "DescribeStreamSummary")]
    reads += [f"kinesis:{action}" for action in ("ListShards", "GetShardIterator", "GetRecords")]
    assert own["ReadRaw"] == (reads, [arn["Orders"], arn["Payments"]])
    assert own["WriteStreams"] == ("kinesis:PutRecords", arn["Matched"])
    assert own["WriteTable"] == ("dynamodb:BatchWriteItem", arn["Totals"])
    consumers = [f"kinesis:{verb}StreamConsumer" for verb in ("Register", "Deregister", "Describe")]
    assert own["FanOut"] == ([*consumers, "kinesis:SubscribeToShard"], arn["Payments"])
    assert own["FanOutConsumer"][1] == {"Fn::Sub": ["${Stream}/consumer/shop_totals:*", {"Stream": arn["Payments"]}]}
    assert set(own) - {"ReadRaw", "WriteStreams", "WriteTable", "FanOut", "FanOutConsumer"} == {
        *("ReadCode", "FindLogGroup", "FindLogStream", "WriteLogs")
    }


def test_the_application() -> None:
    """The package's runtime, one unit up to each subtask, autoscaling upwards, snapshots, a log."""
    resources = TEMPLATE.document["Resources"]
    application = resources["Application"]["Properties"]
    configuration = application["ApplicationConfiguration"]
    assert application["RuntimeEnvironment"] == "FLINK-2_3"
    assert configuration["ApplicationCodeConfiguration"]["CodeContentType"] == "ZIPFILE"
    assert configuration["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}
    flink = configuration["FlinkApplicationConfiguration"]
    assert flink["ParallelismConfiguration"] == {
        "ConfigurationType": "CUSTOM",
        "Parallelism": {"Ref": "Parallelism"},
        "ParallelismPerKPU": {"Ref": "ParallelismPerKpu"},
        "AutoScalingEnabled": True,
    }
    assert flink["CheckpointConfiguration"]["CheckpointingEnabled"] is True
    logging = resources["ApplicationLogging"]["Properties"]
    assert logging["ApplicationName"] == {"Ref": "Application"}
    assert logging["CloudWatchLoggingOption"]["LogStreamARN"]["Fn::Sub"][0].endswith(
        "${Group}:log-stream:${JobLogStream}"
    )


def test_the_archive() -> None:
    """Firehose writes unchanged records to Athena's location, by UTC hours; failures are outside the hours' folders."""
    resources = TEMPLATE.document["Resources"]
    destination = resources["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]
    assert destination["Prefix"] == "!{timestamp:yyyy/MM/dd/HH/}"
    assert destination["ErrorOutputPrefix"].startswith("errors/")
    assert destination["CompressionFormat"] == "UNCOMPRESSED"
    table = resources["ArchiveTable"]["Properties"]["TableInput"]
    assert table["Parameters"]["projection.datehour.format"] == "yyyy/MM/dd/HH"
    assert table["Parameters"]["storage.location.template"] == {"Fn::Sub": "s3://${ArchiveBucket}/${!datehour}/"}
    assert [one["Name"] for one in table["PartitionKeys"]] == ["datehour"]
    serde = table["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert serde["Parameters"] == {"ignore.malformed.json": "true", "use.null.for.invalid.data": "true"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Mapping[str, str]]]:
    """IAM of an emulator with the stack, and the physical names of its resources."""
    with emulator.running(tmp_path_factory.mktemp("template") / "emulator.log") as aws:
        account = resources.account(aws.environment)
        stack = Stack(account, TEMPLATE.stack)
        stack.execute(stack.propose(TEMPLATE.text(), {"Emulated": "yes", "Dashboard": "yes", "CodeKey": KEY}))
        yield account.client("iam"), stack.resources()


@pytest.mark.parametrize("role", ALLOWED)
def test_what_each_role_may_not_do(made: tuple[Any, Mapping[str, str]], role: str) -> None:
    """Of all actions on all resources, the emulator's evaluator allows exactly those in ALLOWED."""
    iam, resources = made
    arn = f"arn:aws:iam::{ACCOUNT}:role/{resources[role]}"
    found: dict[str, set[str]] = {}
    for resource, actions in itertools.product(RESOURCES, (ASKED[:25], ASKED[25:])):
        answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, ResourceArns=[resource])
        allowed = {one["EvalActionName"] for one in answer["EvaluationResults"] if one["EvalDecision"] == "allowed"}
        found.setdefault(resource, set()).update(allowed)
    assert {resource: actions for resource, actions in found.items() if actions} == ALLOWED[role]


@pytest.mark.parametrize(
    ("tiles", "origin"), [("", ""), ("https://tiles.example:8443/{z}/{x}/{y}.png", " https://tiles.example:8443")]
)
def test_the_pages_policy_is_the_local_one(tiles: str, origin: str) -> None:
    """The policy differs from the local page's only in AWS's three addresses and the tiles' origin, if any."""
    headers = TEMPLATE.document["Resources"]["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    text, values = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    condition, set_, unset = values["Tiles"]["Fn::If"]
    assert condition == "HasTiles"
    separator, (prefix, selected) = set_["Fn::Join"]
    index, (delimiter, padded) = (selected["Fn::Select"][0], selected["Fn::Select"][1]["Fn::Split"])
    assert padded == {"Fn::Sub": "${MapTiles}///"}
    host = f"{tiles}///".split(delimiter)[index]
    text = text.replace("${Tiles}", separator.join((prefix, host)) if tiles else unset)
    text = text.replace("${AWS::Region}", "us-east-1").replace("${AWS::URLSuffix}", "amazonaws.com")
    found = dict(one.strip().split(" ", 1) for one in text.split(";"))
    hosts = [f"https://{service}.us-east-1.amazonaws.com" for service in ("cognito-identity", "kinesis", "dynamodb")]
    wanted = {**page.POLICY, "connect-src": " ".join(["'self'", *hosts]), "img-src": f"'self'{origin}"}
    assert found == wanted
    custom = {one["Header"]: one["Value"] for one in headers["CustomHeadersConfig"]["Items"]}
    assert custom.items() <= page.HEADERS.items()


def test_literal_names_replace_only_those() -> None:
    """For existing resources that join the stack, only the two literal names are replaced."""
    before, after = (
        json.loads(TEMPLATE.text((), names)) for names in ({}, {"SensorData": "Old", "ArchiveBucket": "old-bucket"})
    )
    assert after["Resources"]["SensorData"]["Properties"].pop("TableName") == "Old"
    assert after["Resources"]["ArchiveBucket"]["Properties"].pop("BucketName") == "old-bucket"
    del before["Resources"]["SensorData"]["Properties"]["TableName"]
    del before["Resources"]["ArchiveBucket"]["Properties"]["BucketName"]
    assert before == after


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"Shard": "4"}, "no parameter Shard (did you mean 'Shards'?)"),
        ({"Xyzzy": "4"}, "no parameter Xyzzy (there are RawStream, "),
        ({"Shards": "0"}, "Shards is '0', but must be a whole number from 1 to 500"),
        ({"Shards": "many"}, "Shards is 'many', but must be a whole number from 1 to 500"),
        ({"LagSeconds": "-1"}, "LagSeconds is '-1', but must be a whole number from 1 on"),
        ({"StreamMode": "FREE"}, "StreamMode is 'FREE', but must be one of ON_DEMAND, PROVISIONED"),
        ({"Table": "a b"}, "Table is 'a b', but must match"),
        ({"MapTiles": "http://x/{z}/{x}/{y}.png"}, "MapTiles is 'http://x/{z}/{x}/{y}.png', but must match"),
        ({"MapTiles": "https://x/;{z}"}, "MapTiles is 'https://x/;{z}', but must match"),
    ],
)
def test_parameters_are_checked(values: dict[str, str], problem: str) -> None:
    with pytest.raises(template.TemplateError, match=re.escape(problem)):
        TEMPLATE.check(values)


def test_every_default_is_accepted(any_: Template) -> None:
    any_.check({name: one.default for name, one in any_.parameters.items()})


def test_resources_by_condition() -> None:
    """The emulator's template lacks the parts that the parameters leave out, and is complete otherwise."""

    whole = set(TEMPLATE.document["Resources"])
    everything = json.loads(template.resolved(TEMPLATE.text(), {"CodeKey": KEY, "Dashboard": "yes"}))
    assert set(everything["Resources"]) == whole
    little = json.loads(template.resolved(TEMPLATE.text(), {"Archive": "no", "Emulated": "yes"}))
    assert set(little["Resources"]) == {"Raw", "Summary", "Errors", "SensorData", "Artifacts", "ArtifactsPolicy"}
    names = {"RawName", "SummaryName", "ErrorsName", "SensorDataName"}
    assert set(little["Outputs"]) == {"ArtifactsBucket", "ParallelismSource", *names}


def test_nobody_is_let_in_unasked() -> None:
    """Guests share each shard's reads with the job: without the parameters there are no guests and no addresses."""
    assert TEMPLATE.parameters["Dashboard"].default == "no"
    plain = json.loads(template.resolved(TEMPLATE.text(), {"CodeKey": KEY}))
    kinds = {resource["Type"].rpartition("::")[0] for resource in plain["Resources"].values()}
    assert not kinds & {"AWS::Cognito", "AWS::CloudFront"}
    assert not {"SiteBucket", "SiteAddress", "IdentityPool"} & set(plain["Outputs"])


def test_no_secret_and_no_account_in_it(any_: Template) -> None:
    assert not re.search(r"(?<!\d)\d{12}(?!\d)|AKIA|aws_secret", any_.text())
