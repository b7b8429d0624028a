"""The state of stack, application, streams, table, archive and alarms in a few lines."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from aws import s3
from deploy import declared
from deploy.account import Account
from deploy.application import Application
from deploy.site import INDEX
from deploy.stack import Stack
from deploy.template import Template
from program.formats import many, moment

ERRORS_SECONDS = 600


def lines(account: Account, known: Template, name: str) -> tuple[list[str], bool]:
    """The state of all resources as lines for people; whether the application runs. Raises DeployError."""
    found = Stack(account, name).require()
    told = [("stack", f"{name}, {found.status} in {account.where}" + (f" ({found.reason})" if found.reason else ""))]
    application, runs = _application(account, known.value("ApplicationName", found.parameters))
    told += application
    for place in sorted(known.places, key=lambda one: one.kind):
        name_ = known.value(place.parameter, found.parameters)
        owner = "" if name_ in found.outputs.values() else ", not of this stack"
        is_stream = place.kind == declared.STREAM
        told.append(("streams" if is_stream else "table", (_stream if is_stream else _table)(account, name_) + owner))
    if bucket := found.outputs.get("ArchiveBucketName"):
        told.append(("archive", _archive(account, bucket)))
    told.append(("alarms", _alarms(account, name)))
    if address := found.outputs.get("SiteAddress"):
        told.append(("dashboard", f"{address}, {_page(account, found.outputs['SiteBucket'])}"))
    labels = ["" if number and told[number - 1][0] == label else label for number, (label, _text) in enumerate(told)]
    return [f"{label:<12}{text}" for label, (_label, text) in zip(labels, told, strict=True)], runs


def _application(account: Account, name: str) -> tuple[list[tuple[str, str]], bool]:
    application = Application(account, name)
    running = application.find()
    if running is None:
        return [("application", "none yet: `python -m deploy up JOB` creates and starts it")], False
    package = running.code.removeprefix("code/").removesuffix(".zip")[:12]
    told = [
        (
            "application",
            f"{application.name} {running.status}, version {running.version}, parallelism {running.parallelism}, "
            f"package {package}, state {running.signature}",
        )
    ]
    if account.is_emulated:
        told.append(("application", "(an emulator keeps its state only; no Flink job runs there)"))
    snapshots = application.snapshots()
    newest = f", the newest {snapshots[0].name} of {_utc(snapshots[0].made)}" if snapshots else ""
    told.append(("snapshots", f"{len(snapshots)}{newest}"))
    told.append(("log", _errors(application)))
    return told, running.is_running


def _stream(account: Account, stream: str) -> str:
    answer = account.look_up(account.client("kinesis").describe_stream_summary, StreamName=stream)
    if answer is None:
        return f"{stream} is GONE: `python -m deploy up JOB` does not bring it back, `down` and `up` do"
    one = answer["StreamDescriptionSummary"]
    mode = one.get("StreamModeDetails", {}).get("StreamMode", "PROVISIONED").lower().replace("_", "-")
    shards = many(one["OpenShardCount"], "open shard")
    return f"{stream} {one['StreamStatus']}, {shards}, {mode}"


def _table(account: Account, name: str) -> str:
    answer = account.look_up(account.client("dynamodb").describe_table, TableName=name)
    if answer is None:
        return f"{name} is GONE"
    one = answer["Table"]
    return f"{name} {one['TableStatus']}, some {one.get('ItemCount', 0):,} items (counted every six hours)"


def _archive(account: Account, bucket: str) -> str:
    """The time of the newest object in this hour or the last."""
    client, now = account.client("s3"), datetime.now(UTC)
    newest = None
    for hour in (now, now - timedelta(hours=1)):
        prefix = f"{hour:%Y/%m/%d/%H}/"
        found = account.look_up(lambda prefix=prefix: list(s3.objects(client, bucket, prefix)))
        if found is None:
            return f"{bucket} is GONE"
        newest = newest or max((one.modified for one in found), default=None)
    return f"{bucket}, " + (f"newest object of {_utc(newest)}" if newest else "nothing in the last hour")


def _page(account: Account, bucket: str) -> str:
    """Whether the bucket has the page. The bucket is empty after the stack's first change, or if emptied by hand."""
    if account.look_up(account.client("s3").head_object, Bucket=bucket, Key=INDEX) is None:
        return f"no page in {bucket}: `python -m deploy up JOB` uploads it"
    return f"files in {bucket}"


def _alarms(account: Account, name: str) -> str:
    """The stack's alarms that have gone off, and the number without data."""
    alarms = [one for one, kind in Stack(account, name).kinds().items() if kind == "AWS::CloudWatch::Alarm"]
    states: dict[str, str] = {}
    with account.sentences():
        client = account.client("cloudwatch")
        for at in range(0, len(alarms), 100):  # the most in a call
            answer = client.describe_alarms(AlarmNames=alarms[at : at + 100])
            states |= {one["AlarmName"]: one["StateValue"] for one in answer["MetricAlarms"]}
    gone_off = sorted(alarm for alarm, state in states.items() if state == "ALARM")
    unsure = sum(state == "INSUFFICIENT_DATA" for state in states.values())
    told = ", ".join(gone_off) or f"none of {len(states)} has gone off"
    return told + (f"; {unsure} without data" if unsure else "")


def _errors(application: Application) -> str:
    count = sum(1 for _one in application.log(time.time() - ERRORS_SECONDS, errors=True))
    return f"{count:,} errors in the last {ERRORS_SECONDS / 60:.0f} minutes" + (
        ": `python -m deploy logs JOB --errors` shows them" if count else ""
    )


def _utc(when: datetime) -> str:
    return f"{moment(when.timestamp() * 1000)} UTC"
