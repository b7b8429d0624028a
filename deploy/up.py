"""From the sources to a running application: what it takes, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy import retained
from deploy.account import TOLD_EVERY, Account, DeployError
from deploy.application import Application, Running
from deploy.site import Difference, Site
from deploy.stack import HOLDING, Change, Found, Proposal, Stack
from deploy.template import Template
from java import paths
from program.formats import size
from program.output import Say
from program.waiting import Every

ON_DEMAND_SHARDS = 4  # with which Kinesis starts a stream in on-demand mode
MOST_SUBTASKS = 256  # that the template takes
MOST_UNITS = 64  # KPUs of an application, unless the quota was raised (quotas of Managed Service for Apache Flink)
CODE = "code/{}.zip"


@dataclass(frozen=True)
class Wanted:
    """What is to run: the package with its SHA-256, the signature of its state, and parameters that are given.

    fresh: start without a snapshot, and begin to read at the time `since` (as settings.is_time takes it), or where the
    stream begins. start: whether to start an application that does not run. replace: whether streams
    and application may be made anew, and lose what they hold. page: the folder of the dashboard's built page.
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
        """Where the package lies in the bucket of artifacts: under its hash, since a changed file is not read again."""
        return CODE.format(self.sha256)


@dataclass(frozen=True)
class Plan:
    """What `up` would do: upload package and page, change the stack, stop before that and start after."""

    uploads: bool
    changes: Sequence[Change]
    stops: bool
    starts: bool
    page: Difference = field(default_factory=Difference)

    @property
    def is_nothing(self) -> bool:
        return self.page.is_nothing and not (self.uploads or self.changes or self.stops or self.starts)


class Deployment:
    """One stack with its application. Every method raises DeployError with one sentence."""

    def __init__(self, account: Account, known: Template, stack: str, say: Say) -> None:
        self._account, self._template, self._say = account, known, say
        self.stack = Stack(account, stack, say)
        self._told = ""  # of what is there already

    def plan(self, wanted: Wanted) -> Plan:
        """What `up` would do; nothing is changed."""
        found = self._found(wanted)
        running = self._compatible(self._application(found, wanted).find(), wanted)
        proposal = self.stack.propose(self._body(found, wanted), self._values(found, running, wanted))
        if proposal.is_something:
            self.stack.discard(proposal)
        stops = self._stops(running, proposal.changes, wanted)
        starts = stops or (wanted.start and (running is None or not running.is_running))
        page = self._site(found, wanted).difference(found)
        return Plan(not self._is_uploaded(found, wanted), proposal.changes, stops, starts, page)

    def up(self, wanted: Wanted) -> Plan:
        """Make it so; what was done."""
        found = self._found(wanted)
        site = self._site(found, wanted)
        application = self._application(found, wanted)
        running = self._compatible(application.find(), wanted)
        if running is not None and running.is_busy:
            running = application.settled()
        changes: list[Change] = []
        body = self._body(found, wanted)
        if found is None:
            # The package needs its bucket, and the application its package: so without the application first.
            self._say("creating streams, table, archive")
            proposal = self.stack.propose(body, {**self._values(None, None, wanted), "CodeKey": ""})
            changes += proposal.changes
            found = self.stack.execute(proposal)
            body = self._body(found, wanted)
        uploads = self._upload(found, wanted)
        proposal = self._proposed(body, found, running, wanted)
        changes += proposal.changes
        stops = self._stops(running, proposal.changes, wanted)
        try:
            if stops:
                application.stop(force=False)
            if proposal.is_something:
                found = self._change(found, proposal)
            page = site.upload(found)
        except DeployError as error:
            raise DeployError(f"{error}{self._left_stopped(application, stops)}") from error
        starts = (stops or wanted.start) and not application.settled().is_running
        if starts:
            application.start(fresh=wanted.fresh)
        return Plan(uploads, changes, stops, starts, page)

    def _found(self, wanted: Wanted) -> Found | None:
        """The stack, one that can be changed; its buckets keep their names."""
        found = self.stack.find()
        if found is None:
            self._refuse_taken_names(None, wanted)
            return None
        self.stack.require_sound(found)
        former, prefix = found.parameters.get("BucketPrefix"), wanted.values.get("BucketPrefix")
        if former is not None and prefix not in (None, former):
            raise DeployError(
                f"The buckets of {self.stack.name} are named {former}-...: another BucketPrefix takes another stack "
                "(--stack), for what the buckets hold does not move."
            )
        self._refuse_taken_names(found, wanted)
        return found

    def _refuse_taken_names(self, found: Found | None, wanted: Wanted) -> None:
        """A Firehose stream that is there already would fail the change."""
        if not self._template.has_archive or self._value("Archive", found, wanted) != "yes":
            return
        name = self._value("DeliveryStream", found, wanted)
        if found and self._template.value("DeliveryStream", found.parameters) == name:
            return
        firehose = self._account.client("firehose")
        if self._account.look_up(firehose.describe_delivery_stream, DeliveryStreamName=name):
            raise DeployError(
                f"There is already the Firehose stream {name} in {self._account.where}, outside of the stack "
                f"{self.stack.name}: remove what is not needed any more, or choose another name with "
                "--set DeliveryStream=..."
            )

    def _naming(self) -> list[str]:
        """The parameters that name something that the stack has and that holds data or state.

        Another name makes it anew. (Buckets keep their names altogether.)
        """
        own = self.stack.resources()
        return [place.parameter for place in self._template.places if place.resource in own] + ["ApplicationName"]

    def _proposed(self, body: str, found: Found, running: Running | None, wanted: Wanted) -> Proposal:
        """The change set; refused if it makes anything anew that holds something, unless that was agreed to."""
        proposal = self.stack.propose(body, self._values(found, running, wanted))
        replaced = {one.resource for one in proposal.changes if one.replacement == "True" and one.type in HOLDING}
        # An emulator's change sets do not tell.
        former = found.parameters
        named = [one for one in self._naming() if one in former]
        replaced |= {one for one in named if wanted.values.get(one, former[one]) != former[one]}
        if replaced and not wanted.replace:
            if proposal.is_something:
                self.stack.discard(proposal)
            raise DeployError(
                f"This would make {', '.join(sorted(replaced))} anew, under another name, and remove what is there "
                "with what it holds (a table stays, but leaves the stack): give --replace if that is meant."
            )
        return proposal

    def _change(self, found: Found, proposal: Proposal) -> Found:
        """Carry the change set out, and what belongs to it; the stack as it is then."""
        if any(one.action == "Remove" and one.resource == "Site" for one in proposal.changes):
            retained.empty(self._account, found.outputs["SiteBucket"], self._say)  # else it could not be removed
        if proposal.changes:
            self._say("changing the stack: " + ", ".join(one.resource for one in proposal.changes))
        return self.stack.execute(proposal)

    def _left_stopped(self, application: Application, stops: bool) -> str:
        """What is to be said after a failure, if the application was stopped for the change."""
        if not stops:
            return ""
        try:
            running = application.find()
        except DeployError:
            running = None
        if running is not None and running.is_running:
            return ""
        return f" {application.name} is stopped: `python -m deploy start {self._template.job.name}` starts it again."

    def _application(self, found: Found | None, wanted: Wanted) -> Application:
        return Application(self._account, self._value("ApplicationName", found, wanted), self._say)

    def _site(self, found: Found | None, wanted: Wanted) -> Site:
        former = found.parameters if found else {}
        return Site(self._account, self._template, wanted.page, {**former, **wanted.values}, self._say)

    def _value(self, name: str, found: Found | None, wanted: Wanted) -> str:
        """A parameter as it will be: as given, else as it is, else as the template has it."""
        former = found.parameters if found else {}
        return wanted.values.get(name) or former.get(name) or self._template.parameters[name].default

    def _values(self, found: Found | None, running: Running | None, wanted: Wanted) -> dict[str, str]:
        """The parameters to give. Those that nobody gave keep what they are."""
        values = {"CodeKey": wanted.key, "StateSignature": wanted.signature}
        if running is not None and running.signature not in ("", wanted.signature):
            # Snapshots up to this version, that of the stop among them, are of another state.
            values["StateSince"] = str(running.version)
        if wanted.fresh:
            values["StartTime"] = wanted.since
        if self._account.is_emulated:
            values["Emulated"] = "yes"
        if "Parallelism" in wanted.values:
            values["ParallelismFrom"] = "given"
        elif self._value("ParallelismFrom", found, wanted) == "shards":
            values["Parallelism"] = str(self._open_shards(found, wanted))
        return values | dict(wanted.values)

    def _body(self, found: Found | None, wanted: Wanted) -> str:
        """The template for what is there already outside of the stack, and what is not."""
        own = self.stack.resources() if found else {}
        former = dict(found.parameters) if found else {}
        there = retained.existing(self._account, self._template, {**former, **wanted.values}, own)
        if str(there) not in ("", self._told):
            self._told = str(there)
            self._say(self._told)
        return self._template.text(there.used, there.taken_over)

    def _open_shards(self, found: Found | None, wanted: Wanted) -> int:
        """The open shards of the stream that the job reads, those it will have, the most of several streams."""
        kinesis = self._account.client("kinesis")
        most = 1
        for place in self._template.places:
            if not place.is_read:
                continue
            stream = self._value(place.parameter, found, wanted)
            if answer := self._account.look_up(kinesis.describe_stream_summary, StreamName=stream):
                shards = int(answer["StreamDescriptionSummary"]["OpenShardCount"])
            elif self._value("StreamMode", found, wanted) == "ON_DEMAND":
                shards = ON_DEMAND_SHARDS
            else:
                shards = int(self._value("Shards", found, wanted))
            most = max(most, shards)
        return self._at_most(most, found, wanted)

    def _at_most(self, shards: int, found: Found | None, wanted: Wanted) -> int:
        """So many subtasks, but no more than an account's default quota of units has room for."""
        most = min(MOST_SUBTASKS, MOST_UNITS * int(self._value("ParallelismPerKpu", found, wanted)))
        if shards > most:
            self._say(f"the raw stream has {shards} shards; parallelism is {most}, others are set with Parallelism")
        return min(shards, most)

    def _compatible(self, running: Running | None, wanted: Wanted) -> Running | None:
        """The application as it is; refuse SQL that cannot go on from its state, unless it is to start afresh."""
        if running is None or wanted.fresh or running.signature in ("", wanted.signature):
            return running
        raise DeployError(
            f"The application keeps the state {running.signature}, the SQL's is {wanted.signature}: aggregations, "
            "the shape of its plan or its highest parallelism have changed, and no snapshot fits. Undo the change, or "
            "give --fresh: it starts from the beginning of the stream, or with --start from a time, and writes rows "
            "again under the same keys; the minute in which it starts, and those whose records have expired, come out "
            "incomplete."
        )

    def _stops(self, running: Running | None, changes: Sequence[Change], wanted: Wanted) -> bool:
        """Whether the application has to stop first, because it would be changed itself, or is to start afresh."""
        if running is None or not running.is_running:
            return False
        return wanted.fresh or any(one.resource == "Application" and one.is_certain for one in changes)

    def _is_uploaded(self, found: Found | None, wanted: Wanted) -> bool:
        if found is None or "ArtifactsBucket" not in found.outputs:
            return False
        look = self._account.client("s3").head_object
        return self._account.look_up(look, Bucket=found.outputs["ArtifactsBucket"], Key=wanted.key) is not None

    def _upload(self, found: Found, wanted: Wanted) -> bool:
        """Put the package under its hash, unless it is there; whether it was not."""
        if self._is_uploaded(found, wanted):
            return False
        bucket = found.outputs["ArtifactsBucket"]
        self._say(f"uploading the package, {size(wanted.package.stat().st_size)}, to s3://{bucket}/{wanted.key}")
        done, every = 0, Every(TOLD_EVERY)

        def progress(count: int) -> None:
            nonlocal done
            done += count
            if every.is_due():
                self._say(f"uploaded {size(done)}")

        with self._account.sentences():
            self._account.client("s3").upload_file(str(wanted.package), bucket, wanted.key, Callback=progress)
        return True
