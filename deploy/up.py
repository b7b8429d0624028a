"""From the sources to a running application: what it takes, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy import retained, template
from deploy.account import Account, DeployError, Say, sentences
from deploy.application import Application, Running
from deploy.stack import Change, Found, Stack

ON_DEMAND_SHARDS = 4  # with which Kinesis starts a stream in on-demand mode
CODE = "code/{}.zip"


@dataclass(frozen=True)
class Wanted:
    """What is to run: the package with its SHA-256, the signature of its state, and parameters that are given.

    fresh: start without a snapshot. start: whether to start it at all.
    """

    package: Path
    sha256: str
    signature: str
    values: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    start: bool = True

    @property
    def key(self) -> str:
        """Where the package lies in the bucket of artifacts: under its hash, since a changed file is not read again."""
        return CODE.format(self.sha256)


@dataclass(frozen=True)
class Plan:
    """What `up` would do: upload the package, change the stack, stop before that and start after."""

    uploads: bool
    changes: Sequence[Change]
    stops: bool
    starts: bool

    @property
    def is_nothing(self) -> bool:
        return not (self.uploads or self.changes or self.stops or self.starts)


class Deployment:
    """One stack with its application. Every method raises DeployError with one sentence."""

    def __init__(self, account: Account, stack: str, say: Say) -> None:
        self._account, self._say = account, say
        self.stack = Stack(account, stack, say)

    def plan(self, wanted: Wanted) -> Plan:
        """What `up` would do; nothing is changed."""
        found = self.stack.find()
        application = self._application(found, wanted)
        running = self._compatible(application, wanted)
        proposal = self.stack.propose(self._body(found, wanted), self._values(found, wanted))
        if proposal.changes:
            self.stack.discard(proposal)
        stops = self._stops(running, proposal.changes, wanted)
        starts = wanted.start and (stops or running is None or not running.is_running)
        return Plan(not self._is_uploaded(found, wanted), proposal.changes, stops, starts)

    def up(self, wanted: Wanted) -> Plan:
        """Make it so; what was done."""
        found = self.stack.find()
        if found is not None:
            self.stack.require_sound(found)
        application = self._application(found, wanted)
        running = self._compatible(application, wanted)
        changes: list[Change] = []
        body = self._body(found, wanted)
        if found is None:
            # The package needs its bucket, and the application its package: so without the application first.
            self._say("creating streams, table, archive")
            proposal = self.stack.propose(body, {**self._values(None, wanted), "CodeKey": ""})
            changes += proposal.changes
            found = self.stack.execute(proposal)
        uploads = self._upload(found, wanted)
        proposal = self.stack.propose(body, self._values(found, wanted))
        changes += proposal.changes
        stops = self._stops(running, proposal.changes, wanted)
        if stops:
            application.stop(force=False)
        if proposal.changes:
            self._say("changing the stack: " + ", ".join(one.resource for one in proposal.changes))
            self.stack.execute(proposal)
        starts = wanted.start and not application.settled().is_running
        if starts:
            application.start(fresh=wanted.fresh or (running is not None and running.signature != wanted.signature))
        return Plan(uploads, changes, stops, starts)

    def _application(self, found: Found | None, wanted: Wanted) -> Application:
        return Application(self._account, self._value("ApplicationName", found, wanted), self._say)

    def _value(self, name: str, found: Found | None, wanted: Wanted) -> str:
        """A parameter as it will be: as given, else as it is, else as the template has it."""
        former = found.parameters if found else {}
        return wanted.values.get(name) or former.get(name) or template.parameters()[name].default

    def _values(self, found: Found | None, wanted: Wanted) -> dict[str, str]:
        """The parameters to give. Those that nobody gave keep what they are."""
        values = {"CodeKey": wanted.key, "StateSignature": wanted.signature}
        if self._account.is_emulated:
            values["Emulated"] = "yes"
        if "Parallelism" in wanted.values:
            values["ParallelismFrom"] = "given"
        elif self._value("ParallelismFrom", found, wanted) == "shards":
            values["Parallelism"] = str(self._open_shards(found, wanted))
        return values | dict(wanted.values)

    def _body(self, found: Found | None, wanted: Wanted) -> str:
        """The template; for a new stack with the names of what an earlier one left, so that it takes these over."""
        if found is not None:
            return template.text()
        names = retained.Names.of(self._account, wanted.values)
        has_table = retained.table_exists(self._account, names.table)
        has_archive = retained.bucket_exists(self._account, names.archive)
        for name, there in ((f"the table {names.table}", has_table), (f"the archive {names.archive}", has_archive)):
            if there:
                self._say(f"taking over {name}, which is there already")
        return template.with_literal_names(names.table if has_table else None, names.archive if has_archive else None)

    def _open_shards(self, found: Found | None, wanted: Wanted) -> int:
        """The open shards of the raw stream, or those it will have."""
        kinesis = self._account.client("kinesis")
        stream = self._value("RawStream", found, wanted)
        try:
            with sentences(self._account):
                summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
                return int(summary["OpenShardCount"])
        except DeployError as error:
            if error.code != "ResourceNotFoundException":
                raise
        is_on_demand = self._value("StreamMode", found, wanted) == "ON_DEMAND"
        return ON_DEMAND_SHARDS if is_on_demand else int(self._value("Shards", found, wanted))

    def _compatible(self, application: Application, wanted: Wanted) -> Running | None:
        """The application as it is; refuse SQL that cannot go on from its state, unless it is to start afresh."""
        running = application.find()
        if running is None or wanted.fresh or running.signature in ("", wanted.signature):
            return running
        raise DeployError(
            f"{application.name} keeps the state {running.signature}, the SQL's is {wanted.signature}: aggregations "
            "or the shape of its plan have changed, and no snapshot fits. Undo the change, or give --fresh: it starts "
            "from the beginning of the stream, and writes rows again under the same keys; the oldest minute, and those "
            "whose records have expired, come out incomplete."
        )

    def _stops(self, running: Running | None, changes: Sequence[Change], wanted: Wanted) -> bool:
        """Whether the application has to stop first, because it would be changed itself, or is to start afresh."""
        if running is None or not running.is_running:
            return False
        return wanted.fresh or any(one.resource == "Application" for one in changes)

    def _is_uploaded(self, found: Found | None, wanted: Wanted) -> bool:
        if found is None or "ArtifactsBucket" not in found.outputs:
            return False
        try:
            with sentences(self._account):
                self._account.client("s3").head_object(Bucket=found.outputs["ArtifactsBucket"], Key=wanted.key)
        except DeployError as error:
            if error.code in ("404", "NoSuchKey", "NotFound", "NoSuchBucket"):
                return False
            raise
        return True

    def _upload(self, found: Found, wanted: Wanted) -> bool:
        """Put the package under its hash, unless it is there; whether it was not."""
        if self._is_uploaded(found, wanted):
            return False
        bucket = found.outputs["ArtifactsBucket"]
        size = wanted.package.stat().st_size
        self._say(f"uploading the package, {size / 1e6:.1f} MB, to s3://{bucket}/{wanted.key}")
        with sentences(self._account):
            self._account.client("s3").upload_file(str(wanted.package), bucket, wanted.key)
        return True
