"""The template against the code, the contract, and an evaluator of IAM policies that is not ours."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from deploy import package, template
from deploy.stack import Stack
from local import emulator, page, resources
from pipeline import places, settings

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
# What each role may do, and with what; whatever else is asked below, it may not. (CONTRACT, section 8)
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


def test_the_defaults_are_the_jobs() -> None:
    """Names stand in the job's settings; the template's defaults are the same."""
    values = settings.parse([{"PropertyGroupId": "aws", "PropertyMap": {"region": "any"}}]).values
    defaults = {name: one.default for name, one in template.parameters().items()}
    assert defaults["RawStream"] == values["readings"]["stream"]
    assert defaults["SummaryStream"] == values["summary_stream"]["stream"]
    assert defaults["ErrorStream"] == values["error_stream"]["stream"]
    assert defaults["Table"] == values["sensor_data"]["table"]


def property_groups() -> dict[str, dict[str, Any]]:
    application = template.document()["Resources"]["Application"]["Properties"]["ApplicationConfiguration"]
    groups = application["EnvironmentProperties"]["PropertyGroups"]
    return {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}


def test_run_options_are_the_packages() -> None:
    """Managed Flink is told the files that the package has."""
    assert property_groups()[package.RUN_OPTIONS_GROUP] == dict(package.RUN_OPTIONS)


@pytest.mark.parametrize("has_start", [False, True], ids=["from the beginning", "from a time"])
def test_the_job_accepts_its_settings(has_start: bool) -> None:
    """The property groups, with names filled in, are settings that the job can use, and leave out no table."""
    filled = [
        {"PropertyGroupId": group, "PropertyMap": {n: v for n, one in map_.items() if (v := said(one, has_start))}}
        for group, map_ in property_groups().items()
    ]
    parsed = settings.parse(filled)
    places.connectors(parsed)
    assert parsed.values["readings"]["start"] == ("AT_TIMESTAMP" if has_start else "TRIM_HORIZON")
    assert set(property_groups()) - {package.RUN_OPTIONS_GROUP} == set(settings.GROUPS) - {"files"}


def said(value: Any, has_start: bool) -> str | None:
    """What CloudFormation makes of a property's value; None leaves it out."""
    match value:
        case {"Fn::If": ["HasStart", yes, no]}:
            return said(yes if has_start else no, has_start)
        case {"Ref": "AWS::NoValue"}:
            return None
        case {"Ref": "StartTime"}:
            return "2026-11-24T14:30:00.000+00:00"
    return str(value)


def test_it_fits_into_a_request() -> None:
    """CloudFormation takes 51,200 bytes of template in a request (quotas of AWS CloudFormation)."""
    assert len(template.text().encode()) <= 51_200


def test_only_what_may_stay_stays() -> None:
    """The table and the archive outlive their stack, and nothing else does."""
    retained = {
        name
        for name, one in template.document()["Resources"].items()
        if one.get("DeletionPolicy", "Delete") != "Delete" or one.get("UpdateReplacePolicy", "Delete") != "Delete"
    }
    assert retained == {"SensorData", "ArchiveBucket"}


def test_buckets_are_private_and_encrypted() -> None:
    """Every bucket blocks public access, encrypts, and refuses unencrypted connections."""
    found = template.document()["Resources"]
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
    found = template.document()["Resources"]
    streams = [one["Properties"] for one in found.values() if one["Type"] == "AWS::Kinesis::Stream"]
    assert [one["StreamEncryption"]["EncryptionType"] for one in streams] == ["KMS"] * 3
    recovery = found["SensorData"]["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": True}


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of a policy in the template with the name of its resource."""
    for name, one in template.document()["Resources"].items():
        properties = one["Properties"]
        documents = [each["PolicyDocument"] for each in properties.get("Policies", ())]
        documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
        for document in documents:
            for statement in document["Statement"]:
                yield name, statement


def test_each_wildcard_has_its_reason() -> None:
    """No permission is for all actions of a service, and where one is for many resources, a comment says why."""
    wide = 0
    for name, statement in statements():
        if statement["Effect"] != "Allow":
            continue
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions), name
        if "*" in str(statement["Resource"]):
            wide += 1
            sid = statement.get("Sid")
            body = template.text().partition(f"- Sid: {sid}\n")[2].partition("- Sid:")[0]
            assert re.search(r"#.+\n\s+Resource:|Resource:.*\*.*#", body), f"{name}, {sid}"
    assert wide == 5
    assert 'Resource: "*"' not in template.text()


def test_whom_each_role_trusts() -> None:
    """Each role can be taken by its service alone, for this account; the visitors' by guests of this pool alone."""
    roles = {name: one for name, one in template.document()["Resources"].items() if one["Type"] == "AWS::IAM::Role"}
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
    """Whatever is asked below: the template's roles name no other action than those of ALLOWED."""
    for role, allowed in ALLOWED.items():
        named: set[str] = set()
        for name, statement in statements():
            if name == role:
                actions = statement["Action"]
                named.update(actions if isinstance(actions, list) else [actions])
        assert named == {action for actions in allowed.values() for action in actions}, role


ALARMS = {
    ("AWS/KinesisAnalytics", "uptime", "Application", "Maximum"),
    ("AWS/KinesisAnalytics", "fullRestarts", "Application", "Maximum"),
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
    """They look at metrics that the services' documentation has, by these names and dimensions."""
    found = set()
    names = set()
    for one in template.document()["Resources"].values():
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
    """Whenever it happens: also in the first minute of a run, so the count itself is looked at and not its growth."""
    alarm = template.document()["Resources"]["AlarmDropped"]["Properties"]
    assert alarm["MetricName"] == "numLateRecordsDropped"
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        "Maximum",
        0,
        "GreaterThanThreshold",
    )
    assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (1, "notBreaching")
    assert "backfill" in alarm["AlarmDescription"]


def test_every_sink_and_every_way_to_lose_sight_has_an_alarm() -> None:
    """Minutes without rows while records come; and for each resource that holds something, one that watches it."""
    resources = template.document()["Resources"]
    alarms = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    watched = json.dumps([one.get("Dimensions", one.get("Metrics")) for one in alarms])
    for name in ("Raw", "Summary", "Errors", "SensorData"):
        assert f'{{"Ref": "{name}"}}' in watched
    held = next(one for one in alarms if one["AlarmName"]["Fn::Sub"].endswith("-no-rows"))
    streams = {one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for one in held["Metrics"][1:]}
    assert streams == {"Raw", "Summary"}
    assert held["EvaluationPeriods"] == 10


def test_the_application() -> None:
    """The runtime that the package is made for, one unit up to each subtask, autoscaling upwards, snapshots, a log."""
    resources = template.document()["Resources"]
    application = resources["Application"]["Properties"]
    configuration = application["ApplicationConfiguration"]
    assert application["RuntimeEnvironment"] == "FLINK-1_20"
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
    """Firehose writes where Athena looks, in UTC hours, as it came; failures lie outside of the hours' folders."""
    resources = template.document()["Resources"]
    destination = resources["Delivery"]["Properties"]["ExtendedS3DestinationConfiguration"]
    assert destination["Prefix"] == "!{timestamp:yyyy/MM/dd/HH/}"
    assert destination["ErrorOutputPrefix"].startswith("errors/")
    assert destination["CompressionFormat"] == "UNCOMPRESSED"
    table = resources["Readings"]["Properties"]["TableInput"]
    assert table["Parameters"]["projection.datehour.format"] == "yyyy/MM/dd/HH"
    assert table["Parameters"]["storage.location.template"] == {"Fn::Sub": "s3://${ArchiveBucket}/${!datehour}/"}
    assert [one["Name"] for one in table["PartitionKeys"]] == ["datehour"]
    serde = table["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert serde["Parameters"] == {"ignore.malformed.json": "true", "use.null.for.invalid.data": "true"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Mapping[str, str]]]:
    """IAM of an emulator with the stack on it, and the physical names of its resources."""
    with emulator.running(tmp_path_factory.mktemp("template") / "emulator.log") as aws:
        account = resources.account(aws.environment)
        stack = Stack(account)
        stack.execute(stack.propose(template.text(), {"Emulated": "yes", "Dashboard": "yes", "CodeKey": KEY}))
        yield account.client("iam"), stack.resources()


@pytest.mark.parametrize("role", ALLOWED)
def test_what_each_role_may_not_do(made: tuple[Any, Mapping[str, str]], role: str) -> None:
    """The emulator's evaluator allows exactly what ALLOWED has, of all actions on all resources asked."""
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
    """With AWS's three addresses added, and the tiles' origin if there are any: nothing else differs."""
    headers = template.document()["Resources"]["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
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
    """For what exists already: two lines differ, and each names it."""
    body = template.with_literal_names("Old", "old-bucket")
    differing = [
        (before.strip(), after.strip())
        for before, after in zip(template.text().splitlines(), body.splitlines(), strict=True)
        if before != after
    ]
    assert [after for _before, after in differing] == ['TableName: "Old"', 'BucketName: "old-bucket"']
    assert template.with_literal_names(None, None) == template.text()


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"Shard": "4"}, "no parameter Shard (did you mean Shards?)"),
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
        template.check(values)


def test_every_default_is_accepted() -> None:
    template.check({name: one.default for name, one in template.parameters().items()})


def test_resources_by_condition() -> None:
    """What an emulator is given: without the parts that the parameters leave out, and complete otherwise."""

    whole = set(template.document()["Resources"])
    everything = json.loads(template.resolved(template.text(), {"CodeKey": KEY, "Dashboard": "yes"}))
    assert set(everything["Resources"]) == whole
    little = json.loads(template.resolved(template.text(), {"Archive": "no", "Emulated": "yes"}))
    assert set(little["Resources"]) == {"Raw", "Summary", "Errors", "SensorData", "Artifacts", "ArtifactsPolicy"}
    assert set(little["Outputs"]) == {"ArtifactsBucket", "ParallelismSource"}


def test_nobody_is_let_in_unasked() -> None:
    """Guests share each shard's reads with the job: there are none, and no address to come from, unless asked for."""
    assert template.parameters()["Dashboard"].default == "no"
    plain = json.loads(template.resolved(template.text(), {"CodeKey": KEY}))
    kinds = {resource["Type"].rpartition("::")[0] for resource in plain["Resources"].values()}
    assert not kinds & {"AWS::Cognito", "AWS::CloudFront"}
    assert not {"SiteBucket", "SiteAddress", "IdentityPool"} & set(plain["Outputs"])


def test_no_secret_and_no_account_in_it() -> None:
    assert not re.search(r"(?<!\d)\d{12}(?!\d)|AKIA|aws_secret", template.text())
