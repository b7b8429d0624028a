"""Deploying to the emulator: plan, up, status, logs, stop, start, down, and their failures."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError
from botocore.stub import Stubber

from deploy import __main__ as program
from deploy import command, down, retained, status, template
from deploy.account import Account, DeployError, Wait
from deploy.application import Application
from deploy.stack import Stack
from deploy.up import Deployment, Plan, Wanted
from java import paths
from local import emulator, resources
from pipeline.job import load
from program import processes, waiting
from tests import emulated

JOB = load("unicorn_summary")
TEMPLATE = template.of(JOB)
NAME = "wildrydes"
APPLICATION = "unicorn-summary"
ARCHIVE = "wildrydes-archive-000000000000-us-east-1"
ARTIFACTS = "wildrydes-artifacts-000000000000-us-east-1"


@dataclass(frozen=True)
class Place:
    """An emulator for the tests here, and the messages of a deployment to it."""

    account: Account
    folder: Path
    said: list[str]

    def wanted(self, code: str = "one", signature: str = "aaa", **more: Any) -> Wanted:
        """A package with this content, which is not unpacked here, and the dashboard, unless `values` leaves it out."""
        more["values"] = {"Dashboard": "yes", **more.get("values", {})}
        path = self.folder / f"{code}.zip"
        path.write_text(code)
        return Wanted(path, f"{abs(hash(code)):064x}"[:64], signature, **more)

    def up(self, wanted: Wanted | None = None) -> Plan:
        return Deployment(self.account, TEMPLATE, NAME, wanted or self.wanted(), self.said.append).up()

    def plan(self, wanted: Wanted | None = None) -> Plan:
        return Deployment(self.account, TEMPLATE, NAME, wanted or self.wanted(), self.said.append).plan()

    def down(self, *, table: bool = False, archive: bool = False) -> list[str]:
        order = down.Order(self.account, TEMPLATE, NAME, table=table, archive=archive)
        return [*order.tell(), *order.carry_out(self.said.append)]

    @property
    def application(self) -> Application:
        return Application(self.account, APPLICATION, self.said.append)

    def restore(self) -> str:
        """The restore type of the application's last start."""
        told = self.account.client("kinesisanalyticsv2").describe_application(ApplicationName=APPLICATION)
        run = told["ApplicationDetail"]["ApplicationConfigurationDescription"]["RunConfigurationDescription"]
        return str(run["ApplicationRestoreConfigurationDescription"]["ApplicationRestoreType"])

    def tables(self) -> list[str]:
        return list(self.account.client("dynamodb").list_tables()["TableNames"])

    def buckets(self) -> list[str]:
        return [one["Name"] for one in self.account.client("s3").list_buckets()["Buckets"]]

    def run(self, *arguments: str) -> int:
        """Run the command line."""
        command_, *flags = arguments
        return program.main([command_, JOB.name, *flags, "--endpoint", str(self.account.endpoint)])


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    """An emulator for these tests only: all of them use the same names."""
    with emulator.running(tmp_path_factory.mktemp("deploy") / "emulator.log") as aws:
        yield aws


@pytest.fixture
def place(own: emulator.Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The emulator reset, with its keys in the environment."""
    emulated.reset(own)
    for name, value in emulator.credentials(own.keys).items():
        monkeypatch.setenv(name, value)
    return Place(resources.account(own.environment), tmp_path, [])


def test_plan_changes_nothing(place: Place) -> None:
    """A plan lists all resources for creation, creates none, and leaves no stack behind."""
    plan = place.plan()
    assert plan.uploads
    assert {"index.html", "config.json", "boroughs.json"} < {one.key for one in plan.page.missing}
    assert plan.starts
    assert not plan.stops
    given = {"CodeKey": "x", "Dashboard": "yes", "Emulated": "yes"}
    wanted = set(json.loads(template.resolved(TEMPLATE.text(), given))["Resources"])
    assert {one.resource for one in plan.changes} == wanted
    assert {one.action for one in plan.changes} == {"Add"}
    assert Stack(place.account, NAME).find() is None
    assert place.tables() == place.buckets() == []


def objects(place: Place, bucket: str) -> set[str]:
    return {one["Key"] for one in place.account.client("s3").list_objects_v2(Bucket=bucket).get("Contents", ())}


def test_the_page_is_uploaded_with_its_settings(place: Place) -> None:
    """The first upload has the whole page, a later upload only the changes; files no longer in the page are removed."""
    page = place.folder / "dist"
    (page / "assets").mkdir(parents=True)
    for name in ("index.html", "assets/index-one.js", "favicon.svg"):
        (page / name).write_text(name)
    wanted = place.wanted(page=page)
    done = place.up(wanted)
    found = Stack(place.account, NAME).require()
    bucket = found.outputs["SiteBucket"]
    keys = ["assets/index-one.js", "favicon.svg", "config.json", "index.html"]
    assert [one.key for one in done.page.missing] == keys, "what refers to others comes last"
    assert objects(place, bucket) == set(keys)
    s3 = place.account.client("s3")
    assert json.loads(s3.get_object(Bucket=bucket, Key="config.json")["Body"].read()) == {
        "region": "us-east-1",
        "identityPool": found.outputs["IdentityPool"],
        "streams": {"readings": "wildrydes", "summary": "wildrydes-summary", "errors": "wildrydes-errors"},
        "table": "UnicornSensorData",
        "window": 60_000,
        "endpoint": place.account.endpoint,
    }
    script = s3.head_object(Bucket=bucket, Key="assets/index-one.js")
    assert (script["ContentType"], script["CacheControl"]) == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    assert s3.head_object(Bucket=bucket, Key="index.html")["CacheControl"] == "no-cache"
    assert place.plan(wanted).is_nothing
    assert place.up(wanted).is_nothing

    (page / "assets" / "index-one.js").rename(page / "assets" / "index-two.js")
    (page / "index.html").write_text("other")
    assert str(place.plan(wanted).page) == (
        "upload 2 files of the page, 24 bytes and remove 1 file that it does not have any more"
    )
    assert not place.plan(wanted).is_nothing
    done = place.up(wanted)
    assert [one.key for one in done.page.missing] == ["assets/index-two.js", "index.html"]
    assert not done.is_nothing
    assert objects(place, bucket) == {*keys, "assets/index-two.js"} - {"assets/index-one.js"}
    assert any(line.startswith(f"the page in s3://{bucket}: upload 2 files") for line in place.said)

    tiles = {"MapTiles": "https://tiles.example/{z}/{x}/{y}.png", "MapAttribution": "© them"}
    done = place.up(replace(wanted, values=tiles))
    assert [one.key for one in done.page.missing] == ["config.json"]
    told = json.loads(s3.get_object(Bucket=bucket, Key="config.json")["Body"].read())
    assert told["tiles"] == {"url": tiles["MapTiles"], "attribution": tiles["MapAttribution"]}

    assert place.up(replace(wanted, values={"Dashboard": "no"})).page.is_nothing
    assert bucket not in place.buckets()
    assert [one.key for one in place.up(replace(wanted, values={"Dashboard": "yes"})).page.missing]
    assert "index.html" in objects(place, bucket), "in the bucket that this very change has made"


def test_a_page_that_cannot_be_uploaded_is_told_before_anything_is_done(place: Place) -> None:
    """A missing page, a file without a known content type, and tiles without an owner are refused before any change."""
    page = place.folder / "dist"
    with pytest.raises(DeployError, match="`make page` builds it"):
        place.up(place.wanted(page=page))
    page.mkdir()
    (page / "index.html").write_text("page")
    (page / "notes.xyz").write_text("what is it?")
    with pytest.raises(DeployError, match=r"No content type is known for notes\.xyz"):
        place.up(place.wanted(page=page))
    (page / "notes.xyz").unlink()
    with pytest.raises(DeployError, match="--set MapAttribution="):
        place.up(place.wanted(page=page, values={"MapTiles": "https://tiles.example/{z}/{x}/{y}.png"}))
    assert Stack(place.account, NAME).find() is None
    assert not place.plan(place.wanted(page=place.folder / "none", values={"Dashboard": "no"})).page.missing


def test_up(place: Place) -> None:
    """The package is stored under its hash, and runs with one subtask per shard; a second up changes nothing."""
    wanted = place.wanted()
    done = place.up(wanted)
    assert done.uploads
    assert done.starts
    stored = place.account.client("s3").get_object(Bucket=ARTIFACTS, Key=f"code/{wanted.sha256}.zip")
    assert stored["Body"].read() == b"one"
    running = place.application.require()
    assert (running.status, running.code, running.signature) == ("RUNNING", wanted.key, "aaa")
    assert running.parallelism == 4
    assert place.restore() == "SKIP_RESTORE_FROM_SNAPSHOT"
    # The application is created after the upload of its package.
    order = [next(at for at, one in enumerate(place.said) if what in one) for what in ("uploading", ": Application (")]
    assert order == sorted(order)
    assert place.plan(wanted).is_nothing
    version = running.version
    assert place.up(wanted).is_nothing
    assert place.application.require().version == version


def test_parallelism_follows_the_shards(place: Place) -> None:
    place.up(place.wanted(values={"StreamMode": "PROVISIONED", "Shards": "3"}))
    assert place.application.require().parallelism == 3
    # A parameter that is not given again keeps its value.
    assert place.up(place.wanted()).is_nothing
    place.up(place.wanted(values={"Parallelism": "6"}))
    assert place.application.require().parallelism == 6
    # A value that was given once also stays, until the parallelism is to follow the shards again.
    assert place.up(place.wanted()).is_nothing
    place.up(place.wanted(values={"ParallelismFrom": "shards"}))
    assert place.application.require().parallelism == 3


def test_new_code_goes_on_from_a_snapshot(place: Place) -> None:
    """With a changed package the application stops with a snapshot, and continues from the snapshot."""
    place.up()
    plan = place.plan(place.wanted("two"))
    assert (plan.uploads, plan.stops, plan.starts) == (True, True, True)
    assert [one.resource for one in plan.changes] == ["Application"]
    assert not any(one.replacement == "True" for one in plan.changes)
    assert place.application.require().is_running
    place.up(place.wanted("two"))
    running = place.application.require()
    assert (running.status, running.code) == ("RUNNING", place.wanted("two").key)
    assert len(place.application.snapshots()) == 1
    assert place.restore() == "RESTORE_FROM_CUSTOM_SNAPSHOT"


def test_other_state_is_refused(place: Place) -> None:
    """SQL with another state than the application's is refused before any change; --fresh starts without the state."""
    place.up()
    changed = place.wanted("two", "bbb")
    for attempt in (place.plan, place.up):
        with pytest.raises(DeployError, match=r"keeps the state aaa, the SQL's is bbb: .*--fresh"):
            attempt(changed)
    assert place.application.require().code == place.wanted().key
    place.up(replace(changed, fresh=True))
    running = place.application.require()
    assert (running.status, running.signature) == ("RUNNING", "bbb")
    assert place.restore() == "SKIP_RESTORE_FROM_SNAPSHOT"
    assert place.up(changed).is_nothing
    assert place.plan(replace(changed, fresh=True)).stops, "asked to, it starts afresh also with the same state"
    place.up(replace(changed, fresh=True))
    assert place.restore() == "SKIP_RESTORE_FROM_SNAPSHOT"
    place.application.stop(force=False)
    place.application.start(fresh=False)
    assert place.restore() == "RESTORE_FROM_CUSTOM_SNAPSHOT"
    place.application.stop(force=False)
    place.up(replace(changed, fresh=True))
    assert place.restore() == "SKIP_RESTORE_FROM_SNAPSHOT"


def test_a_fresh_start_at_a_time(place: Place) -> None:
    """The application is stopped, gets its start time, and starts without a snapshot; later ups keep the time."""
    place.up()
    assert readings(place).get("start") == "TRIM_HORIZON"
    when = "2026-11-24T14:30:00.000+00:00"
    fresh = place.wanted("two", "bbb", fresh=True, since=when)
    assert place.plan(fresh).stops
    place.up(fresh)
    assert place.restore() == "SKIP_RESTORE_FROM_SNAPSHOT"
    assert {name: readings(place)[name] for name in ("start", "start.timestamp")} == {
        "start": "AT_TIMESTAMP",
        "start.timestamp": when,
    }
    assert f"starting {APPLICATION} from {when}" in place.said
    assert place.up(place.wanted("two", "bbb")).is_nothing
    place.up(place.wanted("three", "ccc", fresh=True))
    assert (readings(place)["start"], "start.timestamp" in readings(place)) == ("TRIM_HORIZON", False)
    assert place.said[-1].endswith("from the beginning")


def readings(place: Place) -> dict[str, str]:
    """The settings of the raw stream in the application."""
    told = place.account.client("kinesisanalyticsv2").describe_application(ApplicationName=APPLICATION)
    configuration = told["ApplicationDetail"]["ApplicationConfigurationDescription"]
    groups = configuration["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
    return next(dict(one["PropertyMap"]) for one in groups if one["PropertyGroupId"] == "readings")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--start", "2026-11-24T14:30:00.000+00:00"), "--start belongs to --fresh"),
        (("--fresh", "--start", "yesterday"), "'yesterday' is not TRIM_HORIZON, LATEST, or a time such as 2026-"),
        (("--fresh", "--start", "2026-02-30T14:30:00.000+00:00"), "is not TRIM_HORIZON, LATEST, or a time"),
        (("--fresh", "--start", "2026-11-24 14:30"), "is not TRIM_HORIZON, LATEST, or a time"),
        (("--fresh", "--start", "9999-11-24T14:30:00.000+00:00"), "has not been yet"),
        (("--set", "StartTime=2026-11-24T14:30:00.000+00:00"), "`up --fresh --start` gives it"),
    ],
)
@pytest.mark.parametrize("program_", ["plan", "up"])
def test_a_start_that_is_none(
    place: Place, program_: str, flags: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid start ends in one sentence, before any change or request."""
    assert place.run(program_, *flags) == 2
    assert said in capsys.readouterr().err


def test_a_snapshot_of_another_state_is_never_restored(place: Place) -> None:
    """Not even a fresh start without a snapshot restores an old one: Flink might accept it without an error."""
    place.up()
    place.up(place.wanted("two", "bbb", fresh=True))
    assert len(place.application.snapshots()) == 1
    place.application.stop(force=True)
    assert place.application.start(fresh=False) == "the beginning"
    assert place.restore() == "SKIP_RESTORE_FROM_SNAPSHOT"
    place.application.stop(force=False)
    assert place.application.start(fresh=False) == f"the snapshot {place.application.snapshots()[0].name}"


def test_a_lost_tag_loses_no_state(place: Place) -> None:
    """An application without the signature's tag continues from its snapshot."""
    place.up()
    flink = place.account.client("kinesisanalyticsv2")
    arn = flink.describe_application(ApplicationName=APPLICATION)["ApplicationDetail"]["ApplicationARN"]
    flink.untag_resource(ResourceARN=arn, TagKeys=["state-signature", "state-since"])
    place.application.stop(force=False)
    place.up()
    assert place.restore() == "RESTORE_FROM_CUSTOM_SNAPSHOT"


def test_stop_and_start(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Stop makes a snapshot, start continues from the snapshot, and each says so; status has an exit code."""
    place.up()
    assert place.run("status") == 0
    assert place.run("stop") == 0
    assert place.run("status") == command.NOT_RUNNING
    assert place.run("stop") == command.NOT_RUNNING
    assert place.plan().starts
    assert not place.plan(replace(place.wanted(), start=False)).starts
    assert place.run("start") == 0
    [snapshot] = place.application.snapshots()
    assert f"{APPLICATION} runs, from the snapshot {snapshot.name}." in capsys.readouterr().out
    assert place.run("start") == 0
    assert "runs already" in capsys.readouterr().out
    assert place.run("stop", "--force") == 0
    assert len(place.application.snapshots()) == 1
    assert place.run("start", "--fresh") == 0
    assert place.restore() == "SKIP_RESTORE_FROM_SNAPSHOT"
    assert place.run("start", "--fresh") == 1
    assert "`python -m deploy stop JOB` it first" in capsys.readouterr().err


def test_an_application_that_does_not_stop(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the application does not stop, stop says so, up changes nothing, and down stops without a snapshot."""
    place.up()
    flink = place.account.client("kinesisanalyticsv2")
    stop = flink.stop_application
    monkeypatch.setattr(flink, "stop_application", lambda **request: stop(**request) if request["Force"] else {})
    with pytest.raises(DeployError, match=rf"^{APPLICATION} did not stop and is RUNNING: .*stop JOB --force"):
        place.application.stop(force=False)
    with pytest.raises(DeployError, match=r"did not stop"):
        place.up(place.wanted("two"))
    assert place.application.require().code == place.wanted().key
    place.down()
    assert place.application.find() is None


def test_a_failure_after_the_stop_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a change fails after the application has stopped, the error says that the application is stopped."""
    place.up()

    def fail(*_arguments: object) -> None:
        raise DeployError("The stack could not be changed.")

    monkeypatch.setattr(Stack, "execute", fail)
    with pytest.raises(
        DeployError, match=rf"^The stack could not be changed\. {APPLICATION} is stopped: `.* start unicorn_summary` "
    ):
        place.up(place.wanted("two"))
    assert place.application.require().status == "READY"


def test_no_start(place: Place) -> None:
    """--no-start leaves a stopped application stopped; an application that runs and has to stop, runs at the end."""
    place.up(place.wanted(start=False))
    assert place.application.require().status == "READY"
    place.up()
    place.up(place.wanted("two", start=False))
    assert place.application.require().status == "RUNNING"


def test_plan_does_not_remove_what_somebody_else_makes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that another user creates during the plan is not removed."""
    discard = Stack.discard

    def late(stack: Stack, proposal: Any) -> None:
        monkeypatch.setattr(Stack, "discard", discard)
        # As if another user's `up` had just ended.
        stack._cloudformation.execute_change_set(StackName=stack.name, ChangeSetName=proposal.id)
        deadline = time.monotonic() + 30
        while (found := Stack(place.account, NAME).find()) is None or found.is_busy:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with contextlib.suppress(DeployError):
            discard(stack, proposal)

    monkeypatch.setattr(Stack, "discard", late)
    place.plan()
    assert Stack(place.account, NAME).require().status == "CREATE_COMPLETE"


def test_archive_off_and_on(place: Place) -> None:
    """With the archive on again, the stack takes over the resources that it had released."""
    place.up()
    place.account.client("s3").put_object(Bucket=ARCHIVE, Key="2026/11/22/06/x", Body=b"{}\n")
    place.up(place.wanted(values={"Archive": "no"}))
    assert ARCHIVE in place.buckets()
    plan = place.plan(place.wanted(values={"Archive": "yes"}))
    assert [one.resource for one in plan.changes if one.action == "Import"] == ["ArchiveBucket"]
    place.up(place.wanted(values={"Archive": "yes"}))
    assert place.account.client("s3").list_objects_v2(Bucket=ARCHIVE)["KeyCount"] == 1
    assert place.up().is_nothing


def test_nothing_is_replaced_unasked(place: Place) -> None:
    """Another name for a stream means another stream: refused without its flag."""
    place.up()
    other = place.wanted(values={"ErrorStream": "other"})
    with pytest.raises(DeployError, match=r"^This would make ErrorStream anew, .*--replace"):
        place.up(other)
    assert "wildrydes-errors" in place.account.client("kinesis").list_streams()["StreamNames"]
    place.up(replace(other, replace=True))
    assert "other" in place.account.client("kinesis").list_streams()["StreamNames"]
    with pytest.raises(
        DeployError, match=r"^The buckets of wildrydes are named wildrydes-\.\.\.: another BucketPrefix"
    ):
        place.up(place.wanted(values={"BucketPrefix": "mine"}))


def test_what_is_there_is_used(place: Place) -> None:
    """An existing stream, of another owner or job, is used as it is; it is not in the stack, and stays."""
    kinesis = place.account.client("kinesis")
    kinesis.create_stream(StreamName="wildrydes", ShardCount=3)
    kinesis.create_stream(StreamName="wildrydes-errors", ShardCount=1)
    plan = place.plan()
    assert not {"Raw", "Errors"} & {one.resource for one in plan.changes}
    place.up()
    told = "using wildrydes, wildrydes-errors as it is: the template's settings of it do not apply"
    assert place.said.count(told) == 2, "by plan, and by up"
    assert place.application.require().parallelism == 3, "one subtask for each shard that it has"
    assert readings(place)["stream"] == "wildrydes"
    assert place.up().is_nothing
    text = "\n".join(status.lines(place.account, TEMPLATE, NAME)[0])
    assert "streams     wildrydes ACTIVE, 3 open shards, provisioned, not of this stack" in text
    place.down()
    assert kinesis.list_streams()["StreamNames"] == ["wildrydes", "wildrydes-errors"]


COUNTING = {
    "job.toml": """
[insert]
counts = "counted_rows"
[table.rows_]
connector = "kinesis"
stream = "wildrydes-summary"
[table.counts]
connector = "dynamodb"
table = "Counts"
key = ["Line"]
""",
    "tables/rows_.sql": "CREATE TABLE rows_ (\n    line STRING\n)",
    "tables/counts.sql": "CREATE TABLE counts (\n    Line STRING NOT NULL,\n    Times BIGINT NOT NULL\n)",
    "views/counted_rows.sql": "SELECT line, COUNT(*) AS Times\nFROM rows_\nGROUP BY line",
}


def test_jobs_side_by_side(place: Place, tmp_path: Path) -> None:
    """A job that reads the output of another job has its own stack, and uses that stream without owning it."""
    for name, text in COUNTING.items():
        (tmp_path / "counting" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "counting" / name).write_text(text)
    counting = template.of(load(tmp_path / "counting"))
    package = replace(place.wanted("other"), values={})
    place.up()
    deployment = Deployment(place.account, counting, counting.stack, package, place.said.append)
    deployment.up()
    assert deployment.up().is_nothing
    assert Application(place.account, "counting").require().is_running
    assert place.up().is_nothing, "neither takes anything from the other"
    assert set(place.tables()) == {"UnicornSensorData", "Counts"}
    assert "counting-artifacts-000000000000-us-east-1" in place.buckets()
    told = "\n".join(status.lines(place.account, counting, "counting")[0])
    assert "streams     wildrydes-summary ACTIVE, 4 open shards, on-demand, not of this stack" in told
    assert "table       Counts ACTIVE" in told

    order = down.Order(place.account, TEMPLATE, NAME, table=True, archive=False)
    assert "The stack counting uses the stream wildrydes-summary too, and LOSES it." in order.tell()
    [*down.Order(place.account, counting, "counting", table=True, archive=True).carry_out(place.said.append)]
    assert "wildrydes-summary" in place.account.client("kinesis").list_streams()["StreamNames"]
    assert place.tables() == ["UnicornSensorData"]
    assert place.application.require().is_running


def test_a_firehose_stream_that_is_taken(place: Place) -> None:
    """A Firehose name in use would fail the change: one sentence with the flag for another name, before any change."""
    place.up()
    with pytest.raises(
        DeployError, match=r"^There is already the Firehose stream wildrydes in .* --set DeliveryStream=\.\.\.$"
    ):
        Deployment(place.account, TEMPLATE, "another", place.wanted(), place.said.append).up()
    assert Stack(place.account, "another").find() is None


def test_a_dashboard_with_files_can_be_left_out(place: Place) -> None:
    """The dashboard's bucket is emptied first: CloudFormation removes only empty buckets."""
    place.up()
    site = Stack(place.account, NAME).require().outputs["SiteBucket"]
    place.account.client("s3").put_object(Bucket=site, Key="index.html", Body=b"x")
    place.up(place.wanted(values={"Dashboard": "no"}))
    assert site not in place.buckets()


def test_many_shards_within_the_quota(place: Place) -> None:
    """The parallelism is at most the account's quota of subtasks."""
    place.up(place.wanted(values={"StreamMode": "PROVISIONED", "Shards": "100"}))
    assert place.application.require().parallelism == 64
    assert any("has 100 shards; parallelism is 64" in one for one in place.said)


def test_down_of_a_stack_that_is_not_there(place: Place) -> None:
    """A misspelt name does not remove the table and the archive of another stack."""
    place.up()
    with pytest.raises(DeployError, match=r"^There is no stack wildryde .*belongs to the stack wildrydes"):
        down.Order(place.account, TEMPLATE, "wildryde", table=True, archive=True)


def test_status(place: Place) -> None:
    """Status has each existing resource on a line, and names missing resources."""
    place.up()
    lines, runs = status.lines(place.account, TEMPLATE, NAME)
    text = "\n".join(lines)
    assert runs
    assert f"stack       {NAME}, UPDATE_COMPLETE in us-east-1 at http://127.0.0.1:" in text
    assert re.search(rf"application {APPLICATION} RUNNING, version \d, parallelism 4, package [0-9a-f]{{12}}, ", text)
    assert "no Flink job runs there" in text
    assert "streams     wildrydes ACTIVE, 4 open shards, on-demand" in text
    assert "table       UnicornSensorData ACTIVE" in text
    assert f"archive     {ARCHIVE}, nothing in the last hour" in text
    kinesis = place.account.client("kinesis")
    kinesis.put_record(StreamName="wildrydes", Data=b"{}\n", PartitionKey="x")
    kinesis.delete_stream(StreamName="wildrydes-errors")
    place.account.client("cloudwatch").set_alarm_state(
        AlarmName=f"{APPLICATION}-lag", StateValue="ALARM", StateReason="told to"
    )
    deadline = time.monotonic() + 10
    while "newest object of" not in (text := "\n".join(status.lines(place.account, TEMPLATE, NAME)[0])):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "wildrydes-errors is GONE" in text
    assert f"alarms      {APPLICATION}-lag" in text


def test_down_keeps_table_and_archive(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table and archive stay with their content, and the next stack takes them over; flags of down remove them too."""
    place.up()
    item = {"Name": {"S": "Shadowfax"}, "StatusTime": {"S": "2026-11-22 06:01:00.000"}}
    place.account.client("dynamodb").put_item(TableName="UnicornSensorData", Item=item)
    place.account.client("s3").put_object(Bucket=ARCHIVE, Key="2026/11/22/06/x", Body=b"{}\n")
    place.account.client("s3").put_object(Bucket=ARTIFACTS, Key="athena/x.csv", Body=b"x")
    site = Stack(place.account, NAME).require().outputs["SiteBucket"]
    assert objects(place, site), "the page is there"
    left: list[int] = []
    delete = Stack.delete

    def watched(stack: Stack) -> None:
        left.extend(len(objects(place, bucket)) for bucket in (ARTIFACTS, site))
        delete(stack)

    monkeypatch.setattr(Stack, "delete", watched)
    place.said.clear()
    told = place.down()
    assert left == [0, 0], "CloudFormation deletes no bucket that holds anything"
    assert place.said[0] == f"stopping {APPLICATION} with a snapshot"
    assert any("It keeps the table UnicornSensorData" in line for line in told)
    assert told[-1].startswith(f"Kept: the table UnicornSensorData and the archive {ARCHIVE}.")
    assert Stack(place.account, NAME).find() is None
    assert place.tables() == ["UnicornSensorData"]
    assert place.buckets() == [ARCHIVE]
    assert place.account.client("kinesis").list_streams()["StreamNames"] == []
    assert place.application.find() is None

    plan = place.plan()
    assert {one.resource for one in plan.changes if one.action == "Import"} == {"SensorData", "ArchiveBucket"}
    place.up()
    assert place.account.client("dynamodb").scan(TableName="UnicornSensorData")["Items"] == [item]
    assert place.up().is_nothing

    told = place.down(table=True, archive=True)
    assert any("It REMOVES the table UnicornSensorData with every row" in line for line in told)
    assert place.tables() == place.buckets() == []


def test_down_asks_first(place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal down does nothing; a person has to type the stack's name; --yes skips the question."""
    place.up()
    assert place.run("down") == 1
    assert "There is nobody to ask: give --yes" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    assert place.run("down") == 1
    assert "Nothing has been removed." in capsys.readouterr().out
    assert Stack(place.account, NAME).find() is not None
    monkeypatch.setattr("builtins.input", lambda _question: NAME)
    assert place.run("down") == 0
    assert Stack(place.account, NAME).find() is None
    assert place.run("down", "--yes") == 1
    assert f"There is no stack {NAME}" in capsys.readouterr().err
    # Resources that were kept can be removed later.
    assert place.run("down", "--yes", "--delete-table", "--delete-archive") == 0
    assert place.tables() == place.buckets() == []


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ({"Name": "S", "StatusTime": "N"}, "Name (text), StatusTime (number)"),  # the workshop's of 2017
        ({"Name": "B", "StatusTime": "S"}, "Name (bytes), StatusTime (text)"),
        ({"StatusTime": "S", "Name": "S"}, "StatusTime (text), Name (text)"),
        ({"Name": "S"}, "Name (text)"),
        ({"Id": "S"}, "Id (text)"),
    ],
)
def test_a_table_of_another_key_is_refused(place: Place, key: dict[str, str], told: str) -> None:
    """Another key (names, types, order) is refused: the job would fail at its first row, again and again."""
    create_table(place, "UnicornSensorData", key)
    said = rf"^The table UnicornSensorData has the key {re.escape(told)}, not Name \(text\), StatusTime \(text\): "
    for attempt in (place.plan, place.up):
        with pytest.raises(DeployError, match=said):
            attempt()
    assert Stack(place.account, NAME).find() is None
    # The table can still be removed by hand, as it does not belong to the stack.
    retained.delete_table(place.account, "UnicornSensorData", place.said.append)
    assert place.tables() == []


def create_table(place: Place, name: str, key: dict[str, str]) -> None:
    """A table with this key, created outside the stack."""
    place.account.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": one, "KeyType": kind} for one, kind in zip(key, ("HASH", "RANGE"), strict=False)],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": type_} for one, type_ in key.items()],
    )


def test_names_that_are_taken_later(place: Place) -> None:
    """A change to names that are in use is refused before the application stops."""
    place.up()
    create_table(place, "Theirs", {"Name": "S", "StatusTime": "S"})
    place.account.client("kinesis").create_stream(StreamName="theirs", ShardCount=1)
    for values, told in (({"Table": "Theirs"}, "Table"), ({"SummaryStream": "theirs"}, "SummaryStream")):
        with pytest.raises(DeployError, match=rf"^This would make {told} anew"):
            place.up(place.wanted(values=values))
    assert place.application.require().is_running
    place.up(place.wanted(values={"Table": "Theirs", "SummaryStream": "theirs"}, replace=True))
    assert place.tables() == ["Theirs", "UnicornSensorData"], "a table stays, and theirs is used"
    place.down(table=True)
    assert "Theirs" in place.tables()


def test_a_failure_names_its_cause(place: Place) -> None:
    """The resource that CloudFormation rolled back is named; up then prints the remedy, and down and up repair it."""
    others = place.account.client("cloudformation")
    properties = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "wildrydes"}}
    body = {"Resources": {"Taken": {"Type": "AWS::Glue::Database", "Properties": properties}}}
    others.create_stack(StackName="others", TemplateBody=json.dumps(body))
    others.get_waiter("stack_create_complete").wait(StackName="others", WaiterConfig={"Delay": 1})
    with pytest.raises(
        DeployError, match=rf"^The stack {NAME} could not be changed and is ROLLBACK_COMPLETE: .+\.$"
    ) as failed:
        place.up()
    assert "Catalog (" in str(failed.value)
    with pytest.raises(
        DeployError, match=rf"^The stack {NAME} is ROLLBACK_COMPLETE .*`python -m deploy down JOB` removes it"
    ):
        place.up()
    others.delete_stack(StackName="others")
    others.get_waiter("stack_delete_complete").wait(StackName="others", WaiterConfig={"Delay": 1})
    place.down()
    place.up()


def test_logs(place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's JSON entries as lines: time, level, message, and the first line of a stack trace."""
    place.up()
    logs = place.account.client("logs")
    now = int(time.time() * 1000)
    entries = [
        {"message": "Job started", "messageType": "INFO", "logger": "x"},
        {"message": "It failed\x1b[2J", "messageType": "ERROR", "throwableInformation": "java.X: why\n\tat y"},
    ]
    logs.put_log_events(
        logGroupName=f"/aws/kinesis-analytics/{APPLICATION}",
        logStreamName="kinesis-analytics-log-stream",
        logEvents=[
            *({"timestamp": now - 5000 + at, "message": json.dumps(one)} for at, one in enumerate(entries)),
            {"timestamp": now - 4000, "message": "no JSON"},
        ],
    )
    assert place.run("logs") == 0
    lines, failed = capsys.readouterr().out.splitlines(), "ERROR It failed\\x1b[2J (java.X: why)"
    assert [line[20:] for line in lines] == ["INFO  Job started", failed, "      no JSON"]
    assert place.run("logs", "--errors") == 0
    assert [line[20:] for line in capsys.readouterr().out.splitlines()] == [failed]
    monkeypatch.setattr(command, "LOG_LINES", 2)
    assert place.run("logs") == 0
    output = capsys.readouterr()
    assert [line[20:] for line in output.out.splitlines()] == [failed, "      no JSON"]
    assert output.err == "1 older entries are left out; --errors leaves less.\n"
    assert place.run("logs", "--since", "0.01") == 0
    assert "no such entries" in capsys.readouterr().err


def test_a_start_that_fails_says_why(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service returns an application that cannot start to READY; the reason is in the application's log."""
    place.up()
    application = place.application
    application.stop(force=False)
    monkeypatch.setattr(application._flink, "start_application", lambda **_request: {})
    place.account.client("logs").put_log_events(
        logGroupName=f"/aws/kinesis-analytics/{APPLICATION}",
        logStreamName="kinesis-analytics-log-stream",
        logEvents=[
            {
                "timestamp": int(time.time() * 1000),
                "message": json.dumps({"message": "No such stream", "messageType": "ERROR"}),
            }
        ],
    )
    with pytest.raises(DeployError, match=rf"^{APPLICATION} did not start and is READY \(No such stream\): "):
        application.start(fresh=False)


def test_without_a_stack(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command that needs a stack says how to create it."""
    for name in ("status", "logs", "stop", "start"):
        assert place.run(name) == 1
        assert "`python -m deploy up JOB` creates it." in capsys.readouterr().err


def test_unusable_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["up", JOB.name, "--set", "Shards"]) == 2
    assert "'Shards' is not NAME=VALUE" in capsys.readouterr().err
    assert program.main(["logs", JOB.name, "--since", "soon"]) == 2
    assert program.main(["up", JOB.name, "--set", "Sherds=4", "--endpoint", "http://127.0.0.1:1"]) == 2
    assert "did you mean 'Shards'?" in capsys.readouterr().err
    for strange in ("nonsense", "http://[", "http://127.0.0.1:99999999", "ftp://127.0.0.1"):
        assert program.main(["status", JOB.name, "--endpoint", strange]) == 1
        assert "The endpoint is no address such as http://127.0.0.1:4566: " in capsys.readouterr().err
    assert program.main(["status", JOB.name, "--region", "us_east_1", "--endpoint", "http://127.0.0.1:1"]) == 1
    assert "'us_east_1' is no AWS region: check the name of the region." in capsys.readouterr().err
    for own in ("CodeKey=", "Emulated=no", "StateSignature=x"):
        assert program.main(["up", JOB.name, "--set", own, "--endpoint", "http://127.0.0.1:1"]) == 2
        assert "cannot be set." in capsys.readouterr().err


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    endpoint = f"http://127.0.0.1:{processes.free_port()}"
    assert program.main(["status", JOB.name, "--endpoint", endpoint]) == 1
    error = capsys.readouterr().err
    assert error == f"{endpoint} does not answer: `python -m local aws` starts an emulator.\n"


def test_no_region_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AWS needs region and credentials; an emulator on this machine needs neither."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(DeployError, match=r"^No AWS region is set: "):
        Account.at(None, None, None)
    with pytest.raises(DeployError, match=r"nobody.*list-profiles"):
        Account.at(None, "us-east-1", "nobody")
    with pytest.raises(DeployError, match=r"^There are no AWS credentials: "):
        Stack(Account.at(None, "us-east-1", None), NAME).find()
    there = Account.at("http://127.0.0.1:1", None, None)
    assert (there.region, there.is_emulated) == (emulator.REGION, True)
    assert there.session.get_credentials() is not None
    elsewhere = Account.at("https://example.com", "us-east-1", None)
    assert elsewhere.session.get_credentials() is None, "made-up credentials stay on this machine"
    assert not elsewhere.is_emulated, "an endpoint in a VPC is AWS"


def answer(code: str, message: str = "No.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (answer("AccessDenied"), "AWS refused DescribeStacks (AccessDenied: No): allow it to this identity, or "),
        (answer("ExpiredToken"), "log in again"),
        (answer("Throttling"), "try again in a minute"),
        (answer("Unheard", "Of\nit."), "AWS refused DescribeStacks (Unheard: Of it): look the error up"),
        (NoCredentialsError(), "There are no AWS credentials: log in with `aws sso login`, "),
        (ReadTimeoutError(endpoint_url="http://x"), "https://example.com does not answer in time: "),
    ],
)
def test_every_error_is_a_sentence(error: Any, said: str) -> None:
    text = Account.at("https://example.com", "us-east-1").explain(error).sentence
    assert said in text
    assert "\n" not in text
    assert text.endswith(".")


def test_a_bucket_of_somebody_else() -> None:
    account = Account.at("http://127.0.0.1:1", None, None)
    s3 = account.client("s3")
    with Stubber(s3) as stubber:
        stubber.add_client_error("head_bucket", "403", http_status_code=403)
        mine = _Stubbed(account, {"s3": s3})
        with pytest.raises(DeployError, match=r"^The bucket theirs belongs to another account.*BucketPrefix"):
            retained.bucket_exists(mine, "theirs")


class _Stubbed(Account):
    """An account with some clients of the tests."""

    def __init__(self, account: Account, clients: dict[str, Any]) -> None:
        super().__init__(account.session, account.endpoint)
        object.__setattr__(self, "_clients", clients)

    @property
    def number(self) -> str:  # type: ignore[override]
        return "000000000000"

    def client(self, service: str) -> Any:
        return getattr(self, "_clients").get(service) or super().client(service)  # noqa: B009


def test_a_wait_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait ends at its limit with the remedy; its pauses grow up to a bound."""
    clock = [0.0]
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(waiting.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(waiting.time, "sleep", sleep)
    said: list[str] = []
    wait = Wait("The change of the stack", 120, "look at it", said.append)
    with pytest.raises(DeployError, match=r"^The change of the stack has not ended after 2 minutes: look at it\.$"):
        wait.until(lambda: False)
    assert 120 <= clock[0] < 126
    assert max(pauses) == 5.0
    assert pauses == sorted(pauses)
    assert len(said) >= 5
    assert all(re.fullmatch(r" +\d+ s  The change of the stack goes on", one) for one in said)


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_by_the_commands_of_the_readme(tmp_path: Path) -> None:
    """The real package runs by the documented commands: up, status, stop, start, up again, down."""
    paths.require()
    with emulator.running(tmp_path / "emulator.log") as aws:

        def run(command_: str, *flags: str) -> tuple[int, str]:
            done = subprocess.run(
                [sys.executable, "-m", "deploy", command_, JOB.name, *flags, "--endpoint", aws.endpoint],
                cwd=paths.ROOT,
                env=emulator.child(aws.environment),
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            return done.returncode, done.stdout + (done.stderr if done.returncode else "")

        code, told = run("up")
        assert code == 0, told
        assert "The emulator keeps the application's state, but runs no Flink job" in told
        code, told = run("status")
        assert code == 0, told
        assert f"{APPLICATION} RUNNING" in told
        assert run("stop")[0] == 0
        assert run("status")[0] == command.NOT_RUNNING
        assert run("start")[0] == 0
        code, told = run("up")
        assert (code, told) == (0, f"Nothing to change: {NAME} in us-east-1 at {aws.endpoint} is as described.\n")
        code, told = run("down", "--yes")
        assert code == 0, told
        assert f"The stack {NAME} is gone." in told
        assert run("status")[0] == 1
