"""The application on Managed Flink: its state, start with the right snapshot, stop, its log."""

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

START_LIMIT = 900.0  # seconds until it runs; two or three minutes are usual
STOP_LIMIT = 900.0  # seconds for a stop with its snapshot
SIGNATURE_TAG = "state-signature"
SINCE_TAG = "state-since"
_BUSY = ("STARTING", "STOPPING", "UPDATING", "AUTOSCALING", "FORCE_STOPPING", "MAINTENANCE", "ROLLING_BACK")


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that is complete: its name, when it was made, and of which version of the application."""

    name: str
    made: datetime
    version: int


@dataclass(frozen=True)
class Running:
    """The application as the service describes it.

    status: of the service, READY when it is stopped. version: counts its updates. code: the package's key in the bucket
    of artifacts. signature: of the state that its SQL keeps. since: the last version of another state, or 0;
    snapshots of later ones are of this state. begins: the time from which it reads without a snapshot, "" for the
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
        """Whether something is under way with it."""
        return self.status in _BUSY

    @property
    def is_running(self) -> bool:
        return self.status in ("RUNNING", "AUTOSCALING")


class Application:
    """The application of this name. Every method raises DeployError with one sentence."""

    def __init__(self, account: Account, name: str, say: Say = lambda _text: None) -> None:
        self._account, self.name, self._say = account, name, say
        self._flink = account.client("kinesisanalyticsv2")

    def find(self) -> Running | None:
        """The application, or None if there is none."""
        answer = self._account.look_up(self._flink.describe_application, ApplicationName=self.name)
        if answer is None:
            return None
        one = answer["ApplicationDetail"]
        tagged = self._account.look_up(self._flink.list_tags_for_resource, ResourceARN=one["ApplicationARN"])
        if tagged is None:  # removed just now
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
        """The application, which must be there."""
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
        """Start from the newest snapshot; without one if there is none, or if `fresh`. Returns what it started from."""
        former = self.require()
        fitting = [] if fresh else [one for one in self.snapshots() if one.version > former.since]
        restore = {"ApplicationRestoreType": "SKIP_RESTORE_FROM_SNAPSHOT"}
        if fitting:
            # By its name: the service's own newest may be of a state that this SQL cannot read.
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
        """Why a start failed, by the log; the clocks of this machine and of the service may differ by a minute."""
        try:
            return next((one.text for one in self.log(began - 60, errors=True)), "its log gives no reason")
        except DeployError as error:
            return f"its log cannot be read: {error}"

    def stop(self, *, force: bool) -> None:
        """Stop with a snapshot, or, with `force`, at once and without."""
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
        """The application, once nothing is under way with it."""
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
        """The entries of its log since a time (seconds since 1970), the oldest first; only `errors` if asked to."""
        logs = self._account.client("logs")
        request = {"logGroupName": log_group(self.name), "startTime": int(since * 1000)}
        if errors:
            request["filterPattern"] = '{ $.messageType = "ERROR" || $.throwableInformation = "*" }'
        try:
            with self._account.sentences():
                for page in logs.get_paginator("filter_log_events").paginate(**request):
                    # The filter again, for an emulator that does not know it.
                    yield from (one for one in map(_entry, page["events"]) if one.is_error or not errors)
        except DeployError as error:
            if not error.is_absence:
                raise


@dataclass(frozen=True)
class Entry:
    """An entry of the application's log: its id, when (milliseconds since 1970), its level, and what it says.

    is_error: its level is ERROR, or it has a stack trace.
    """

    id: str
    time: int
    level: str
    text: str
    is_error: bool = False

    def __str__(self) -> str:
        return f"{moment(self.time)} {self.level:5} {self.text}"


def _begins(configuration: Mapping[str, Any]) -> str:
    """The start.timestamp in its property groups, if there is one."""
    groups = configuration.get("EnvironmentPropertyDescriptions", {}).get("PropertyGroupDescriptions", ())
    maps: list[Mapping[str, str]] = [one["PropertyMap"] for one in groups]
    return next((one["start.timestamp"] for one in maps if "start.timestamp" in one), "")


def log_group(application: str) -> str:
    """The group that the template makes for the application's log."""
    return f"/aws/kinesis-analytics/{application}"


def _entry(event: Mapping[str, Any]) -> Entry:
    """The service writes one JSON object per entry: message, messageType, and the stack trace if there is one."""
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
