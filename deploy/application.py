"""The application on Managed Flink: its state, its start from a snapshot, its stop, its log."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consumer.printing import printable
from deploy.account import Account, DeployError, Wait
from program.formats import moment
from program.output import Say

START_LIMIT = 900.0  # seconds for a start, which usually takes two or three minutes
STOP_LIMIT = 900.0  # seconds for a stop with its snapshot
SIGNATURE_TAG = "state-signature"
SINCE_TAG = "state-since"
_BUSY = ("STARTING", "STOPPING", "UPDATING", "AUTOSCALING", "FORCE_STOPPING", "MAINTENANCE", "ROLLING_BACK")


@dataclass(frozen=True)
class Snapshot:
    """A complete snapshot: its name, its time, and the version of the application that wrote it."""

    name: str
    made: datetime
    version: int


@dataclass(frozen=True)
class Running:
    """The application as the service describes it.

    status: as in the service's API; READY means stopped. version: counts the updates. code: the package's key in the
    bucket of artifacts. signature: of the state that the SQL keeps. since: the last version with another state, or 0;
    snapshots of later versions fit. begins: the time from which the application reads without a snapshot; "" for the
    beginning of the stream.
    """

    status: str
    version: int
    code: str
    parallelism: int
    signature: str
    since: int = 0
    begins: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether an operation is in progress."""
        return self.status in _BUSY

    @property
    def is_running(self) -> bool:
        return self.status in ("RUNNING", "AUTOSCALING")


class Application:
    """The application of this name. Every method may raise DeployError."""

    def __init__(self, account: Account, name: str, say: Say = lambda _text: None) -> None:
        self._account, self.name, self._say = account, name, say
        self._flink = account.client("kinesisanalyticsv2")

    def find(self) -> Running | None:
        """The application, or None if it does not exist."""
        answer = self._account.look_up(self._flink.describe_application, ApplicationName=self.name)
        if answer is None:
            return None
        one = answer["ApplicationDetail"]
        tagged = self._account.look_up(self._flink.list_tags_for_resource, ResourceARN=one["ApplicationARN"])
        if tagged is None:  # removed between the two calls
            return None
        tags = {tag["Key"]: tag["Value"] for tag in tagged["Tags"]}
        configuration = one.get("ApplicationConfigurationDescription", {})
        code = configuration.get("ApplicationCodeConfigurationDescription", {}).get("CodeContentDescription", {})
        flink = configuration.get("FlinkApplicationConfigurationDescription", {})
        return Running(
            one["ApplicationStatus"],
            one["ApplicationVersionId"],
            code.get("S3ApplicationCodeLocationDescription", {}).get("FileKey", ""),
            int(flink.get("ParallelismConfigurationDescription", {}).get("CurrentParallelism", 0)),
            tags.get(SIGNATURE_TAG, ""),
            int(since) if (since := tags.get(SINCE_TAG, "")).isdigit() else 0,
            _begins(configuration),
        )

    def require(self) -> Running:
        """The application, which must exist."""
        found = self.find()
        if found is None:
            raise DeployError(
                f"There is no application {self.name} in {self._account.where}: `python -m deploy up JOB` creates it."
            )
        return found

    def snapshots(self) -> Sequence[Snapshot]:
        """The complete snapshots, the newest first."""
        found = self._account.listed(
            "kinesisanalyticsv2", "list_application_snapshots", "SnapshotSummaries", ApplicationName=self.name
        )
        made = [
            Snapshot(one["SnapshotName"], one["SnapshotCreationTimestamp"], one["ApplicationVersionId"])
            for one in found
            if one["SnapshotStatus"] == "READY"
        ]
        return sorted(made, key=lambda one: (one.version, one.made), reverse=True)

    def start(self, *, fresh: bool) -> str:
        """Start from the newest snapshot that fits; without a snapshot if none fits or `fresh`. Returns the origin."""
        former = self.require()
        fitting = [] if fresh else [one for one in self.snapshots() if one.version > former.since]
        restore = {"ApplicationRestoreType": "SKIP_RESTORE_FROM_SNAPSHOT"}
        if fitting:
            # By name: the newest snapshot of all may hold a state that this SQL cannot read.
            restore = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": fitting[0].name}
        origin = f"the snapshot {fitting[0].name}" if fitting else former.begins or "the beginning"
        self._say(f"starting {self.name} from {origin}")
        with self._account.sentences():
            self._flink.start_application(
                ApplicationName=self.name, RunConfiguration={"ApplicationRestoreConfiguration": restore}
            )
        began = time.time()
        found = self._settled(f"The start of {self.name}", START_LIMIT)
        if not found.is_running:
            reason = self._reason(began)
            raise DeployError(
                f"{self.name} did not start and is {found.status} ({reason[:400].rstrip('.')}): "
                "`python -m deploy logs JOB` shows more."
            )
        return origin

    def _reason(self, began: float) -> str:
        """The log's reason for a failed start. The clocks of this machine and the service may differ by a minute."""
        try:
            return next((one.text for one in self.log(began - 60, errors=True)), "its log gives no reason")
        except DeployError as error:
            return f"its log cannot be read: {error}"

    def stop(self, *, force: bool) -> None:
        """Stop with a snapshot. With `force`, stop at once, without a snapshot."""
        self._say(f"stopping {self.name} " + ("without a snapshot" if force else "with a snapshot"))
        with self._account.sentences():
            self._flink.stop_application(ApplicationName=self.name, Force=force)
        found = self._settled(f"The stop of {self.name}", STOP_LIMIT)
        if found.is_running:
            raise DeployError(
                f"{self.name} did not stop and is {found.status}: perhaps it can make no snapshot, as "
                "`python -m deploy logs JOB --errors` tells; `python -m deploy stop JOB --force` stops it without one."
            )

    def settled(self) -> Running:
        """Wait until no operation is in progress, and return the application."""
        return self._settled(f"What is under way with {self.name}", START_LIMIT)

    def _settled(self, what: str, limit: float) -> Running:
        wait = Wait(
            what, limit, "it goes on in the account; `python -m deploy status JOB` and `logs` show it", self._say
        )

        def found() -> Running | None:
            running = self.require()
            return None if running.is_busy else running

        return wait.until(found)

    def log(self, since: float, *, errors: bool = False) -> Iterator[Entry]:
        """The log entries since a time (seconds since 1970), the oldest first. With `errors`: only error entries."""
        logs = self._account.client("logs")
        request = {"logGroupName": log_group(self.name), "startTime": int(since * 1000)}
        if errors:
            request["filterPattern"] = '{ $.messageType = "ERROR" || $.throwableInformation = "*" }'
        try:
            with self._account.sentences():
                for page in logs.get_paginator("filter_log_events").paginate(**request):
                    # The filter again, since an emulator ignores the pattern.
                    yield from (one for one in map(_entry, page["events"]) if one.is_error or not errors)
        except DeployError as error:
            if not error.is_absence:
                raise


@dataclass(frozen=True)
class Entry:
    """An entry of the application's log: its id, time (milliseconds since 1970), level and text.

    is_error: the level is ERROR, or the entry has a stack trace.
    """

    id: str
    time: int
    level: str
    text: str
    is_error: bool = False

    def __str__(self) -> str:
        return f"{moment(self.time)} {self.level:5} {self.text}"


def _begins(configuration: Mapping[str, Any]) -> str:
    """The start.timestamp in the property groups; empty if no group has it."""
    groups = configuration.get("EnvironmentPropertyDescriptions", {}).get("PropertyGroupDescriptions", ())
    maps: list[Mapping[str, str]] = [one["PropertyMap"] for one in groups]
    return next((one["start.timestamp"] for one in maps if "start.timestamp" in one), "")


def log_group(application: str) -> str:
    """The CloudWatch log group that the template makes."""
    return f"/aws/kinesis-analytics/{application}"


def _entry(event: Mapping[str, Any]) -> Entry:
    """Parse a log entry: a JSON object with message and messageType, and with a stack trace after an exception."""
    text, level, trace = str(event["message"]), "", ""
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict):
        level = str(said.get("messageType", ""))
        trace = str(said.get("throwableInformation", "")).strip()
        text = str(said.get("message", text)) + (f" ({trace.splitlines()[0]})" if trace else "")
    is_error = level == "ERROR" or bool(trace)
    shown = printable(" ".join(text.split()))
    return Entry(str(event.get("eventId", "")), int(event["timestamp"]), level, shown, is_error)
