"""From the sources to a running application: the plan, and its execution."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy import outside, retained
from deploy.account import TOLD_EVERY, Account, DeployError
from deploy.application import Application, Running
from deploy.site import Difference, Site
from deploy.stack import HOLDING, Change, Found, Proposal, Stack
from deploy.template import Template
from java import paths
from program.formats import size
from program.output import Say
from program.waiting import Every

ON_DEMAND_SHARDS = 4  # of a new Kinesis stream in on-demand mode
MOST_SUBTASKS = 256  # the template's limit
MOST_UNITS = 64  # KPUs of an application, unless the quota was raised (quotas of Managed Service for Apache Flink)
CODE = "code/{}.zip"


@dataclass(frozen=True)
class Wanted:
    """The wanted deployment: the package with its SHA-256, the signature of its state, and the given parameters.

    fresh: start without a snapshot, and read from the time `since` (in the form of settings.is_time), or from the
    stream's beginning. start: whether to start an application that does not run. replace: whether streams and
    application may be replaced, and lose data and state. page: the folder of the dashboard's built page.
    """

    package: Path
    sha256: str
    signature: str
    values: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    since: str = ""
    start: bool = True
    replace: bool = False
    page: Path = paths.PAGE

    @property
    def key(self) -> str:
        """The package's key in the bucket of artifacts. It has the hash: a file changed at a key is not read again."""
        return CODE.format(self.sha256)


@dataclass(frozen=True)
class Plan:
    """The steps of `up`: upload package and page, change the stack, stop before the change and start after it."""

    uploads: bool
    changes: Sequence[Change]
    stops: bool
    starts: bool
    page: Difference = field(default_factory=Difference)

    @property
    def is_nothing(self) -> bool:
        return self.page.is_nothing and not (self.uploads or self.changes or self.stops or self.starts)


class Deployment:
    """The deployment of a stack with its application. Every method may raise DeployError."""

    def __init__(self, account: Account, known: Template, stack: str, wanted: Wanted, say: Say) -> None:
        self._account, self._template, self._wanted, self._say = account, known, wanted, say
        self.stack = Stack(account, stack, say)
        self._found: Found | None = None  # the current stack
        self._told = ""  # last message about existing resources

    def plan(self) -> Plan:
        """Return the steps of `up`. Changes nothing."""
        self._look()
        running = self._compatible(self._application().find())
        proposal = self.stack.propose(self._body(), self._parameters(running))
        if proposal.is_something:
            self.stack.discard(proposal)
        stops = self._stops(running, proposal.changes)
        starts = stops or (self._wanted.start and (running is None or not running.is_running))
        return Plan(not self._is_uploaded(), proposal.changes, stops, starts, self._site().difference(self._found))

    def up(self) -> Plan:
        """Deploy. Returns the steps taken."""
        self._look()
        site, application = self._site(), self._application()
        running = self._compatible(application.find())
        if running is not None and running.is_busy:
            running = application.settled()
        body = self._body()
        changes: list[Change] = []
        if self._found is None:
            # The package needs the bucket, and the application needs the package: first without the application.
            self._say("creating streams, table, archive")
            proposal = self.stack.propose(body, {**self._parameters(None), "CodeKey": ""})
            changes += proposal.changes
            self._found = self.stack.execute(proposal)
            body = self._body()
        found = self._found
        uploads = self._upload(found.outputs["ArtifactsBucket"])
        proposal = self._proposed(body, found, running)
        changes += proposal.changes
        stops = self._stops(running, proposal.changes)
        try:
            if stops:
                application.stop(force=False)
            if proposal.is_something:
                found = self._change(found, proposal)
            page = site.upload(found)
        except DeployError as error:
            raise DeployError(f"{error}{self._left_stopped(application) if stops else ''}") from error
        starts = (stops or self._wanted.start) and not application.settled().is_running
        if starts:
            application.start(fresh=self._wanted.fresh)
        return Plan(uploads, changes, stops, starts, page)

    # The current state
    def _look(self) -> None:
        """Find the stack. Refuse to go on if it cannot be changed or its buckets would get new names."""
        self._found = found = self.stack.find()
        if found is not None:
            self.stack.require_sound(found)
            former, prefix = found.parameters.get("BucketPrefix"), self._wanted.values.get("BucketPrefix")
            if former is not None and prefix not in (None, former):
                raise DeployError(
                    f"The buckets of {self.stack.name} are named {former}-...: another BucketPrefix takes another "
                    "stack (--stack), for what the buckets hold does not move."
                )
        self._refuse_taken_names()
        outside.require(self._account, self._template.outside, self._value)

    def _refuse_taken_names(self) -> None:
        """Refuse the name of an existing Firehose stream: the change would fail."""
        if not self._template.has_archive or self._value("Archive") != "yes":
            return
        name = self._value("DeliveryStream")
        if self._found and self._template.value("DeliveryStream", self._found.parameters) == name:
            return
        firehose = self._account.client("firehose")
        if self._account.look_up(firehose.describe_delivery_stream, DeliveryStreamName=name):
            raise DeployError(
                f"There is already the Firehose stream {name} in {self._account.where}, outside of the stack "
                f"{self.stack.name}: remove what is not needed any more, or choose another name with "
                "--set DeliveryStream=..."
            )

    @property
    def _values(self) -> dict[str, str]:
        """The parameters of the stack, overridden by the given parameters."""
        return {**(self._found.parameters if self._found else {}), **self._wanted.values}

    def _value(self, name: str) -> str:
        """A parameter's given value, else the stack's, else the template's default."""
        return self._values.get(name) or self._template.parameters[name].default

    def _application(self) -> Application:
        return Application(self._account, self._value("ApplicationName"), self._say)

    def _site(self) -> Site:
        return Site(self._account, self._template, self._wanted.page, self._values, self._say)

    def _compatible(self, running: Running | None) -> Running | None:
        """The application. Refuse SQL that cannot go on from the application's state, unless the start is fresh."""
        if running is None or self._wanted.fresh or running.signature in ("", self._wanted.signature):
            return running
        raise DeployError(
            f"The application keeps the state {running.signature}, the SQL's is {self._wanted.signature}: "
            "aggregations, the shape of its plan or its highest parallelism have changed, and no snapshot fits. Undo "
            "the change, or give --fresh: it starts from the beginning of the stream, or with --start from a time, and "
            "writes rows again under the same keys; the minute in which it starts, and those whose records have "
            "expired, come out incomplete."
        )

    # The change set

    def _body(self) -> str:
        """The template, with regard to resources that exist outside of the stack."""
        own = self.stack.resources() if self._found else {}
        there = retained.existing(self._account, self._template, self._values, own)
        if str(there) not in ("", self._told):
            self._told = str(there)
            self._say(self._told)
        return self._template.text(there.used, there.taken_over)

    def _parameters(self, running: Running | None) -> dict[str, str]:
        """The parameters of the change set. Other parameters keep their values."""
        wanted = self._wanted
        values = {"CodeKey": wanted.key, "StateSignature": wanted.signature}
        if running is not None and running.signature not in ("", wanted.signature):
            # Snapshots up to this version, including the snapshot of the stop, hold another state.
            values["StateSince"] = str(running.version)
        if wanted.fresh:
            values["StartTime"] = wanted.since
        if self._account.is_emulated:
            values["Emulated"] = "yes"
        if "Parallelism" in wanted.values:
            values["ParallelismFrom"] = "given"
        elif self._value("ParallelismFrom") == "shards":
            values["Parallelism"] = str(self._subtasks())
        return values | dict(wanted.values)

    def _subtasks(self) -> int:
        """The parallelism: the open shards of the largest source stream, up to the template's limit and the quota."""
        shards = max(
            (self._shards(self._value(one.parameter)) for one in self._template.places if one.is_read), default=1
        )
        most = min(MOST_SUBTASKS, MOST_UNITS * int(self._value("ParallelismPerKpu")))
        if shards > most:
            self._say(f"the raw stream has {shards} shards; parallelism is {most}, others are set with Parallelism")
        return min(shards, most)

    def _shards(self, stream: str) -> int:
        """The open shards of a stream, or of a stream to be created."""
        kinesis = self._account.client("kinesis")
        if answer := self._account.look_up(kinesis.describe_stream_summary, StreamName=stream):
            return int(answer["StreamDescriptionSummary"]["OpenShardCount"])
        return ON_DEMAND_SHARDS if self._value("StreamMode") == "ON_DEMAND" else int(self._value("Shards"))

    def _proposed(self, body: str, found: Found, running: Running | None) -> Proposal:
        """The change set. Refuse the replacement of a resource that holds data, unless `replace` allows it."""
        proposal = self.stack.propose(body, self._parameters(running))
        replaced = {one.resource for one in proposal.changes if one.replacement == "True" and one.type in HOLDING}
        # An emulator's change sets do not show replacements. (Buckets always keep their names.)
        own = self.stack.resources()
        naming = [place.parameter for place in self._template.places if place.resource in own] + ["ApplicationName"]
        former = found.parameters
        replaced |= {one for one in naming if one in former and self._values[one] != former[one]}
        if replaced and not self._wanted.replace:
            if proposal.is_something:
                self.stack.discard(proposal)
            raise DeployError(
                f"This would make {', '.join(sorted(replaced))} anew, under another name, and remove what is there "
                "with what it holds (a table stays, but leaves the stack): give --replace if that is meant."
            )
        return proposal

    def _stops(self, running: Running | None, changes: Sequence[Change]) -> bool:
        """Whether the application has to stop first: it certainly changes, or its start is to be fresh."""
        if running is None or not running.is_running:
            return False
        return self._wanted.fresh or any(one.resource == "Application" and one.is_certain for one in changes)

    # Execution
    def _change(self, found: Found, proposal: Proposal) -> Found:
        """Empty a page's bucket that is removed, execute the change set, return the stack."""
        if any(one.action == "Remove" and one.resource == "Site" for one in proposal.changes):
            retained.empty(self._account, found.outputs["SiteBucket"], self._say)  # only an empty bucket can be removed
        if proposal.changes:
            self._say("changing the stack: " + ", ".join(one.resource for one in proposal.changes))
        return self.stack.execute(proposal)

    def _left_stopped(self, application: Application) -> str:
        """The end of a failure's message: how to start an application stopped for the change."""
        with contextlib.suppress(DeployError):
            if (running := application.find()) and running.is_running:
                return ""
        return f" {application.name} is stopped: `python -m deploy start {self._template.job.name}` starts it again."

    def _is_uploaded(self) -> bool:
        bucket = self._found.outputs.get("ArtifactsBucket") if self._found else None
        look = self._account.client("s3").head_object
        return bucket is not None and self._account.look_up(look, Bucket=bucket, Key=self._wanted.key) is not None

    def _upload(self, bucket: str) -> bool:
        """Upload the package, unless the bucket has it. Returns whether it was uploaded."""
        if self._is_uploaded():
            return False
        package, key = self._wanted.package, self._wanted.key
        self._say(f"uploading the package, {size(package.stat().st_size)}, to s3://{bucket}/{key}")
        done, every = 0, Every(TOLD_EVERY)

        def progress(count: int) -> None:
            nonlocal done
            done += count
            if every.is_due():
                self._say(f"uploaded {size(done)}")

        with self._account.sentences():
            self._account.client("s3").upload_file(str(package), bucket, key, Callback=progress)
        return True
