"""The resources that follow from a job's declaration: streams, tables, permissions, settings, alarms, dashboard."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy import outside
from deploy.names import Node, camel, free
from deploy.outside import Outside
from pipeline import binding, preprocessing, settings
from pipeline.job import Job

STREAM, TABLE = "stream", "table"  # kinds of places; also the names of their settings
_MEASURED = {STREAM: ("AWS/Kinesis", "StreamName"), TABLE: ("AWS/DynamoDB", "TableName")}  # namespace, dimension
_PARAMETERS = {"table": "Table", "errors": "ErrorStream"}  # by label; others are like RawStream or TalliesTable
_ERROR = "ERROR_NAME"  # only the stream of errors has this column
_READ = ("DescribeStream", "DescribeStreamSummary", "ListShards", "GetShardIterator", "GetRecords")
_FAN_OUT = ("RegisterStreamConsumer", "DeregisterStreamConsumer", "DescribeStreamConsumer", "SubscribeToShard")
_NONE: Node = {"Ref": "AWS::NoValue"}
_LONGEST_ALARM = 1440  # minutes: an alarm covers at most a day
# A shard serves 5 reads a second to all its readers together. The connector's default uses 4 or 5. Firehose uses 1, and
# each open dashboard uses 1.
_POLITE = {f"source.reader.{which}-records-fetch-interval": "1 s" for which in ("empty", "nonempty")}


@dataclass(frozen=True)
class Place:
    """A stream or a DynamoDB table that a job reads or writes, and its names in the stack.

    tables: the job's tables that are bound to it. label: its name in alarms, which is raw, errors or table if it is the
    only place of that kind. parameter: the template's parameter for its name. default: its name in the declaration.
    resource: its logical ID in the template.
    """

    kind: str
    tables: tuple[str, ...]
    label: str
    parameter: str
    resource: str
    default: str
    is_read: bool
    is_written: bool
    is_errors: bool

    @property
    def ref(self) -> Node:
        return {"Ref": self.resource}

    @property
    def arn(self) -> Node:
        return {"Fn::GetAtt": [self.resource, "Arn"]}

    @property
    def outside_arn(self) -> Node:
        """The ARN of a place that is not a resource of the stack."""
        service = "kinesis" if self.kind == STREAM else "dynamodb"
        region = "${AWS::Region}:${AWS::AccountId}"
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:{region}:{self.kind}/${{{self.parameter}}}"}

    @property
    def output(self) -> str:
        """The output that shows other stacks which stack owns the place."""
        return f"{self.resource}Name"

    @property
    def holds_rows(self) -> bool:
        return self.is_written and not self.is_errors


def of(job: Job, reserved: Collection[str]) -> list[Place]:
    """The places of a job, sources first. Tables with the same stream or DynamoDB table by default share a place. What
    no stack makes is no place (deploy.outside).

    reserved: names that the template uses already.
    """
    values = settings.example(job).groups
    grouped: dict[tuple[str, str], list[str]] = {}
    for table in (*job.sources, *job.sinks):
        kind = job.far_end(table)
        if kind in _MEASURED:
            grouped.setdefault((kind, values[table][kind]), []).append(table)
    read = [place for place, tables in grouped.items() if set(tables) & set(job.sources)]
    failed = [
        (kind, name)
        for (kind, name), tables in grouped.items()
        if kind == STREAM and any(_ERROR in job.columns(table) for table in tables)
    ]
    written = [place for place in grouped if place[0] == TABLE]
    only = {
        **({read[0]: "raw"} if len(read) == 1 else {}),
        **({failed[0]: "errors"} if len(failed) == 1 and failed[0] not in read else {}),
        **({written[0]: "table"} if len(written) == 1 else {}),
    }
    found: list[Place] = []
    for (kind, default), tables in grouped.items():
        label = only.get((kind, default)) or tables[0].lower().removesuffix(f"_{kind}").replace("_", "-")
        named = _PARAMETERS.get(label, f"{camel(label)}{kind.capitalize()}")
        taken = {name for place in found for name in (place.label, place.parameter, place.resource)} | set(reserved)
        called = camel(label if kind == STREAM else tables[0])
        # Board and Alarm... are names of other resources.
        called = f"{called}{kind.capitalize()}" if called == "Board" or called.startswith("Alarm") else called
        resource = free(called, taken | {named})
        found.append(
            Place(
                kind,
                tuple(tables),
                free(label, taken),
                free(named, taken),
                resource,
                default,
                (kind, default) in read,
                bool(set(tables) & set(job.sinks)),
                (kind, default) in failed,
            )
        )
    return found


def parameters(found: Sequence[Place]) -> Node:
    """The parameters for the names of the places."""
    return {place.parameter: _parameter(place) for place in found}


def _parameter(place: Place) -> Node:
    least, most = (1, 128) if place.kind == STREAM else (3, 255)
    does = " and ".join(verb for verb, so in (("reads", place.is_read), ("writes", place.is_written)) if so)
    what = "stream" if place.kind == STREAM else "DynamoDB table"
    return {
        "Type": "String",
        "Default": place.default,
        "AllowedPattern": f"[a-zA-Z0-9_.-]{{{least},{most}}}",
        "Description": f"the {what} that the job {does} ({', '.join(place.tables)})",
    }


def resources(job: Job, found: Sequence[Place], *, has_archive: bool) -> Node:
    """Streams, tables, alarms and board."""
    return {
        **{place.resource: _stream(place) if place.kind == STREAM else _table(job, place) for place in found},
        **dict(_alarms(job, found)),
        "Board": _board(found, has_archive=has_archive),
    }


def outputs(found: Sequence[Place]) -> Node:
    """The names of the stack's streams and tables."""
    return {
        place.output: {"Description": f"a {place.kind} that belongs to this stack", "Value": place.ref}
        for place in found
    }


def _stream(place: Place) -> Node:
    properties = {
        "Name": {"Ref": place.parameter},
        "StreamModeDetails": {"StreamMode": {"Ref": "StreamMode"}},
        "ShardCount": {"Fn::If": ["IsOnDemand", _NONE, {"Ref": "Shards"} if place.is_read else 1]},
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
    }
    if place.is_read:
        properties["RetentionPeriodHours"] = {"Ref": "RetentionHours"}
    return {"Type": "AWS::Kinesis::Stream", "Properties": properties}


def _table(job: Job, place: Place) -> Node:
    """A DynamoDB table, which outlives the stack."""
    table = place.tables[0]
    key, types = job.tables[table].declared.key, binding.attributes(job, table)
    kinds = zip(key, ("HASH", "RANGE"), strict=False)
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": {"Ref": place.parameter},
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in kinds],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": types[name]} for name in key],
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "TimeToLiveSpecification": {
                "Fn::If": ["HasTtl", {"AttributeName": {"Ref": "TtlAttribute"}, "Enabled": True}, _NONE]
            },
        },
    }


# Permissions and settings of the application


def statements(job: Job, found: Sequence[Place], others: Sequence[Outside]) -> list[Node]:
    """IAM statements of the job's role: it may read the job's sources and write the job's sinks."""
    read = [place for place in found if place.is_read]
    writes = [place for place in found if place.is_written]
    groups = settings.known_groups(job)
    fanned = [
        (place, groups[table]["consumer"].default)
        for place in read
        for table in place.tables
        if table in job.sources and groups[table]["reader"].default == "EFO"
    ]
    # The asterisk stands for the time of registration, in which a consumer's ARN ends.
    consumers = [
        {"Fn::Sub": [f"${{Stream}}/consumer/{consumer}:*", {"Stream": place.arn}]} for place, consumer in fanned
    ]
    called: Any = sorted(
        {preprocessing.declared(job.tables[table].settings) for table in job.hooked if not job.handler(table)}
    )
    return [
        *_allow("ReadRaw", "kinesis", _READ, [place.arn for place in read]),
        *_allow("FanOut", "kinesis", _FAN_OUT, [place.arn for place, _consumer in fanned]),
        *_allow("FanOutConsumer", "kinesis", _FAN_OUT[1:], consumers),
        *_allow("WriteStreams", "kinesis", ["PutRecords"], [one.arn for one in writes if one.kind == STREAM]),
        *_allow("WriteTable", "dynamodb", ["BatchWriteItem"], [one.arn for one in writes if one.kind == TABLE]),
        *_allow("Preprocess", "lambda", ["InvokeFunction"], called),
        *(
            statement
            for sid, service, action, arns in outside.statements(others)
            for statement in _allow(sid, service, [action], arns)
        ),
    ]


def _allow(sid: str, service: str, actions: Sequence[str], on: Sequence[Node]) -> Iterator[Node]:
    if on:
        named = [f"{service}:{action}" for action in actions]
        yield {
            "Sid": sid,
            "Effect": "Allow",
            "Action": named[0] if len(named) == 1 else named,
            "Resource": on[0] if len(on) == 1 else [*on],
        }


def groups(job: Job, found: Sequence[Place], others: Sequence[Outside]) -> list[Node]:
    """The job's property groups: `job`, and a group for each table. Other settings are as the job declares them."""
    told: dict[str, Node] = {settings.JOB: {"name": job.name}, **outside.groups(others)}
    for place in found:
        for table in place.tables:
            told[table] = {place.kind: place.ref, **(_start(job, table) if table in job.sources else {})}
    order = (settings.JOB, *job.sources, *job.sinks)
    return [{"PropertyGroupId": group, "PropertyMap": told[group]} for group in order]


def _start(job: Job, table: str) -> Node:
    declared = {name: setting.default for name, setting in settings.known_groups(job)[table].items()}
    return {
        "start": {"Fn::If": ["HasStart", "AT_TIMESTAMP", declared["start"]]},
        "start.timestamp": {"Fn::If": ["HasStart", {"Ref": "StartTime"}, declared["start.timestamp"] or _NONE]},
        **{f"option.{name}": value for name, value in _POLITE.items() if name not in job.tables[table].options},
    }


# Alarms


def _alarms(job: Job, found: Sequence[Place]) -> Iterator[tuple[str, Node]]:
    """Alarms by resource name: on the lag and the refused calls of each place, and on comparisons of places."""
    is_only = sum(place.is_read for place in found) == 1
    for place in found:
        if place.is_read:
            yield _alarm(
                "lag" if is_only else f"{place.label}-lag",
                f"A reader of the {place.label} stream is behind, the job or Firehose.",
                _metric("GetRecords.IteratorAgeMilliseconds", place, "Maximum"),
                {"EvaluationPeriods": 3, "Threshold": {"Fn::Sub": "${LagSeconds}000"}},
            )
        for metric, calls, description in _refusals(place):
            yield _alarm(
                "-".join(filter(None, (place.label, calls, "throttled"))),
                description,
                _metric(metric, place, "Sum"),
                {"EvaluationPeriods": 10 if calls == "reads" else 3, "Threshold": 0},
                says_when_over=False,
            )
    yield from _comparisons(job, found)


def _refusals(place: Place) -> Iterator[tuple[str, str, str]]:
    """Metric, kind of call and description for each alarm on refused calls. The kind is "" for a single alarm."""
    name, writes, reads = place.label, "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded"
    if place.kind == TABLE:
        what = f"The table refuses items ({', '.join(place.tables)}); the job writes them again, later."
        yield "WriteThrottleEvents", "", what
    elif place.is_read:
        what = f"Producers exceed what the {name} stream's shards take; add shards. They send again what was refused."
        yield writes, "writes", what
        what = f"The readers of the {name} stream together exceed 2 MB/s or 5 reads a second of a shard."
        yield reads, "reads", what
    else:
        rows = "records" if place.is_errors else "rows"
        yield writes, "", f"The {name} stream refuses {rows}; the job sends them again, later."


def _comparisons(job: Job, found: Sequence[Place]) -> Iterator[tuple[str, Node]]:
    read = [place for place in found if place.is_read]
    failed = [place for place in found if place.is_errors]
    rows = [place for place in found if place.holds_rows and place.kind == STREAM]
    rows = rows or [place for place in found if place.holds_rows]
    raw = _sum("raw", read)
    if failed:
        share = f"IF({raw} > 0, 100 * {_sum('errors', failed, filled=True)} / {raw}, 0)"
        yield _alarm(
            "errors",
            "Too many raw records are late or malformed; the errors stream has each of them with its reason.",
            _math("share", "late and malformed, percent", share, {"errors": failed, "raw": read}, 300),
            {"EvaluationPeriods": 2, "Threshold": {"Ref": "ErrorPercent"}},
        )
    # Rows come at the end of a window: a lack of rows before is no failure.
    minutes = math.ceil(job.window().step.total_seconds() / 60) + 9 if job.has_windows else 0
    if rows and 0 < minutes <= _LONGEST_ALARM:
        held = f"IF({raw} > 0 AND {_sum('rows', rows, filled=True)} == 0, 1, 0)"
        yield _alarm(
            "no-rows",
            f"For {minutes} minutes raw records have come and no row has gone out. A shard with a slow clock may hold "
            "all windows back; or the records are all late or malformed, which the errors stream tells.",
            _math("held", "minutes without rows", held, {"rows": rows, "raw": read}, 60),
            {"EvaluationPeriods": minutes, "Threshold": 0},
        )


def _alarm(name: str, description: str, of: Node, more: Node, *, says_when_over: bool = True) -> tuple[str, Node]:
    actions: Node = {"Fn::If": ["HasTopic", [{"Ref": "AlarmTopic"}], _NONE]}
    properties = {
        "AlarmName": {"Fn::Sub": f"${{ApplicationName}}-{name}"},
        "AlarmDescription": description,
        **of,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": actions,
        **({"OKActions": actions} if says_when_over else {}),
        **more,
    }
    # An emulator has no alarms with metric math.
    condition = "HasMathAlarms" if "Metrics" in of else "HasApplication"
    resource = f"Alarm{camel('rows' if name == 'no-rows' else name)}"
    return resource, {"Type": "AWS::CloudWatch::Alarm", "Condition": condition, "Properties": properties}


def _metric(name: str, place: Place, statistic: str) -> Node:
    return {**_named(name, place), "Statistic": statistic, "Period": 60}


def _named(name: str, place: Place) -> Node:
    namespace, dimension = _MEASURED[place.kind]
    return {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": dimension, "Value": place.ref}]}


def _ids(name: str, of: Sequence[Place]) -> list[str]:
    return [name] if len(of) == 1 else [f"{name}{number}" for number in range(1, len(of) + 1)]


def _sum(name: str, of: Sequence[Place], *, filled: bool = False) -> str:
    """The metric math expression for the sum of a metric over these places."""
    parts = [f"FILL({id_}, 0)" if filled or len(of) > 1 else id_ for id_ in _ids(name, of)]
    return parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"


def _math(name: str, label: str, expression: str, of: Mapping[str, Sequence[Place]], seconds: int) -> Node:
    """Metrics of an alarm: the expression, and for each place the records or items per period of `seconds`."""
    metrics: list[Node] = [{"Id": name, "Label": label, "Expression": expression, "ReturnData": True}]
    for group, found in of.items():
        for id_, place in zip(_ids(group, found), found, strict=True):
            metric = _named("IncomingRecords" if place.kind == STREAM else "ConsumedWriteCapacityUnits", place)
            metrics.append(
                {"Id": id_, "ReturnData": False, "MetricStat": {"Metric": metric, "Period": seconds, "Stat": "Sum"}}
            )
    return {"Metrics": metrics}


# Board


def _board(found: Sequence[Place], *, has_archive: bool) -> Node:
    streams = [place for place in found if place.kind == STREAM]
    read = [place for place in found if place.is_read]
    application = ["AWS/KinesisAnalytics", "Application", "${ApplicationName}"]
    throttled = [
        _line(metric, place, ", ".join(filter(None, (place.label, calls))))
        for place in found
        for metric, calls, _meaning in _refusals(place)
    ]
    behind = [_line("GetRecords.IteratorAgeMilliseconds", place, f"slowest reader of {place.label}") for place in read]
    takes = [application[0], "lastCheckpointDuration", *application[1:], {"label": "checkpoint takes"}]
    widgets = [
        ("Records a minute", "Sum", [_line("IncomingRecords", place, place.label) for place in streams]),
        ("Behind, in milliseconds", "Maximum", [*behind, takes]),
        (
            "Restarts and failed checkpoints, since the start",
            "Maximum",
            [
                [application[0], name, *application[1:]]
                for name in ("numRestarts", "numberOfFailedCheckpoints", "numLateRecordsDropped")
            ],
        ),
        (
            "Processing units and their load, in percent",
            "Average",
            [[application[0], name, *application[1:]] for name in ("KPUs", "cpuUtilization", "heapMemoryUtilization")],
        ),
        ("Throttled", "Sum", throttled),
    ]
    if has_archive:
        line = ["AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", "${DeliveryStream}"]
        widgets.append(("Age of what is not archived yet, in seconds", "Maximum", [line]))
    body = {
        "widgets": [
            {
                "type": "metric",
                "x": 12 * (at % 2),
                "y": 6 * (at // 2),
                "width": 12,
                "height": 6,
                "properties": {
                    "title": title,
                    "region": "${AWS::Region}",
                    "stat": statistic,
                    "period": 60,
                    "metrics": metrics,
                },
            }
            for at, (title, statistic, metrics) in enumerate(widgets)
        ]
    }
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Condition": "HasApplication",
        "Properties": {
            "DashboardName": {"Ref": "ApplicationName"},
            "DashboardBody": {"Fn::Sub": json.dumps(body, separators=(",", ":"))},
        },
    }


def _line(metric: str, place: Place, label: str) -> list[Any]:
    namespace, dimension = _MEASURED[place.kind]
    return [namespace, metric, dimension, f"${{{place.resource}}}", {"label": label}]
