"""Reference data and Firehose as ends of a job: in files, on the emulator, in the template."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consumer.tail import stored
from deploy import outside, package, template
from deploy.account import DeployError
from flink import inputs, rest, trial
from flink import resources as far_ends
from flink.health import flink as health
from flink.minicluster import Launch
from java import paths
from local import emulator, resources, stock
from local.emulator import Emulator
from pipeline import binding, cases, settings
from pipeline.job import Job
from program import processes
from tests import priced_trades
from tests.emulated import answers, submitted, wait_for
from tests.test_template import property_groups, statements

PRICED = [
    {"TICKER": "XYZ", "COMPANY": "X Y Z"},
    {"TICKER": "ABC", "COMPANY": "A company"},
    {"TICKER": "none", "COMPANY": None},
]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return priced_trades.job(tmp_path)


# In files


def test_cases_of_the_job(job: Job, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001  (PyFlink needs it)
    """Reference data is given in a test as the records of a stream are."""
    (result,) = trial.test(job, cases.read(job.folder / "tests" / "priced.yaml", job), tmp_path / "cases")
    assert result.differences == []


def test_over_files(job: Job, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001  (PyFlink needs it)
    """In a folder of files, the table's file has the reference data; every trade waits for the last line of it."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "trades").write_text("XYZ\nABC\nnone\n")
    (tmp_path / "in" / "companies_file").write_bytes((job.folder / "reference" / "companies.csv").read_bytes())
    trial.over_files(job, inputs.read(job, [str(tmp_path / "in")]), tmp_path / "out")
    for sink in job.sinks:
        rows = cases.rows(tmp_path / "out" / sink)
        assert sorted(rows, key=str) == sorted(PRICED, key=str), sink


# On the emulator


def properties(folder: Path, job: Job, aws: Emulator) -> Path:
    place = {"region": emulator.REGION, "endpoint": aws.endpoint}
    return settings.write(folder, settings.document_of(job, {"aws": place}))


@contextmanager
def running(folder: Path, given: Path, parallelism: int, more: Mapping[str, str]) -> Iterator[rest.Job]:
    """The job on a minicluster, with all its subtasks."""
    import main  # noqa: PLC0415  (imports PyFlink, which needs the fixture `jvm` first)

    port = processes.free_port()
    configuration = Launch(parallelism, folder, port).configuration() | dict(more)
    with submitted(main.submit(given, configuration), port) as found:
        wait_for(lambda: answers(found.is_running), 60, "every subtask runs")
        yield found


def test_on_the_emulator(job: Job, aws: Emulator, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """The object is read from S3, once: the job goes on from its savepoint when the object is gone."""
    resources.create(aws.environment, 1, job)
    account = resources.account(aws.environment)
    kinesis, s3 = account.client("kinesis"), account.client("s3")

    def trade(*tickers: str) -> None:
        entries = [{"PartitionKey": ticker, "Data": ticker.encode()} for ticker in tickers]
        assert kinesis.put_records(StreamName="trades", Records=entries)["FailedRecordCount"] == 0

    def priced() -> list[Any]:
        return [json.loads(record.data) for record in stored(kinesis, "trades-priced")]

    given = properties(tmp_path, job, aws)
    trade("XYZ", "ABC")
    with running(tmp_path, given, 2, {}) as found:
        trade("none")
        wait_for(lambda: len(priced()) == 3, 60, "all trades are priced")
        assert sorted(priced(), key=str) == sorted(PRICED, key=str)
        wait_for(lambda: found.checkpoints()["counts"]["completed"] > 0, 60, "a checkpoint after the table's end")
        savepoint = found.stop(60, str(tmp_path / "savepoints"))
    s3.delete_object(Bucket="trade-references", Key="lists/companies.csv")
    with running(tmp_path, given, 3, {"execution.state-recovery.path": savepoint}) as found:
        trade("ABC")
        wait_for(lambda: len(priced()) == 4, 60, "the fourth is priced")
        assert priced().count({"TICKER": "ABC", "COMPANY": "A company"}) == 2
        assert found.restarts() == 0

        def kept() -> list[Any]:
            names = [one["Key"] for one in s3.list_objects_v2(Bucket=stock.DELIVERED).get("Contents", [])]
            bodies = (s3.get_object(Bucket=stock.DELIVERED, Key=name)["Body"].read() for name in names)
            return [json.loads(line) for body in bodies for line in body.splitlines()]

        wait_for(lambda: len(kept()) == 4, 60, "Firehose has delivered all")
        assert sorted(kept(), key=str) == sorted(priced(), key=str)


def test_what_is_not_there_is_said_before_the_job_starts(job: Job, aws: Emulator, tmp_path: Path) -> None:
    """Looking up and requiring the ends of a job names the object and the Firehose stream."""
    job = replace(job, tables={**job.tables, **renamed(job, "nowhere")})
    chosen = settings.parse(json.loads(properties(tmp_path, job, aws).read_text()), job)
    services = resources.account(aws.environment)
    found = {one.table: (one.name, one.problem) for one in far_ends.look_up(chosen, services)}
    assert found["companies_file"] == ("object s3://nowhere/nowhere", "does not exist")
    assert found["kept"] == ("delivery stream nowhere", "does not exist")


def renamed(job: Job, name: str) -> dict[str, Any]:
    """The tables without a Kinesis stream, with another name."""
    return {
        table: replace(one, settings=dict.fromkeys(one.settings, name))
        for table, one in job.tables.items()
        if one.connector != "kinesis"
    }


def test_an_object_without_content(job: Job, aws: Emulator) -> None:
    """Without a file for the object, and without the object, the emulator's resources are not made, which is said."""
    (job.folder / "reference" / "companies.csv").unlink()
    job = replace(job, tables={**job.tables, **renamed(job, "nowhere-at-all")})
    with pytest.raises(DeployError) as caught:
        stock.provide(
            resources.account(aws.environment),
            template.of(job),
            lambda name: template.of(job).parameters[name].default,
        )
    assert str(caught.value) == (
        f"There is no s3://nowhere-at-all/nowhere-at-all in us-east-1 at {aws.endpoint}, which the table "
        f"companies_file reads: put its content into {job.folder}/reference/nowhere-at-all."
    )


# In the template


def test_names_and_permissions(job: Job) -> None:
    """The names are parameters; the job may read exactly the object, and write exactly the Firehose stream."""
    known = template.of(job)
    assert {name: one.default for name, one in known.parameters.items() if name.startswith(("Companies", "Kept"))} == {
        "CompaniesFileBucket": "trade-references",
        "CompaniesFileKey": "lists/companies.csv",
        "KeptDelivery": "trades-kept",
    }
    found = {one["Sid"]: one for role, one in statements(known) if role == "JobRole"}
    assert found["ReadReferences"] == {
        "Sid": "ReadReferences",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${CompaniesFileBucket}/${CompaniesFileKey}"},
    }
    assert found["WriteFirehose"]["Action"] == "firehose:PutRecordBatch"
    assert found["WriteFirehose"]["Resource"] == {
        "Fn::Sub": "arn:${AWS::Partition}:firehose:${AWS::Region}:${AWS::AccountId}:deliverystream/${KeptDelivery}"
    }
    groups = property_groups(known)
    assert groups["companies_file"] == {"bucket": {"Ref": "CompaniesFileBucket"}, "key": {"Ref": "CompaniesFileKey"}}
    assert groups["kept"] == {"delivery_stream": {"Ref": "KeptDelivery"}}
    assert set(groups) - {package.RUN_OPTIONS_GROUP} == set(settings.known_groups(job)) - {"files"} | {"job"}


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:alert"


def with_function(job: Job, function: str = FUNCTION) -> Job:
    table = job.tables["priced"]
    return replace(
        job, tables={**job.tables, "priced": replace(table, settings={**table.settings, "function": function})}
    )


def test_a_function_reads_what_the_job_writes(job: Job) -> None:
    """The stack maps the stream to the function that the sink names, and changes nothing else."""
    job_, known = with_function(job), template.of(job)
    mapped = template.of(job_)
    assert mapped.parameters["PricedFunction"].default == FUNCTION
    assert mapped.document["Resources"].pop("PricedFunctionReads") == {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Condition": "HasPricedFunction",
        "Properties": {
            "EventSourceArn": {"Fn::GetAtt": ["Priced", "Arn"]},
            "FunctionName": {"Ref": "PricedFunction"},
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "BisectBatchOnFunctionError": True,
        },
    }
    assert mapped.document["Resources"] == known.document["Resources"]
    assert mapped.document["Outputs"] == known.document["Outputs"]
    assert set(mapped.parameters) - set(known.parameters) == {"PricedFunction"}


def test_where_there_is_no_mapping(job: Job) -> None:
    """An emulator has no Lambda, a stack without the application nothing to read, an empty parameter takes it away."""
    known = template.of(with_function(job))
    key = f"code/{'a' * 64}.zip"
    for values, is_there in (
        ({"CodeKey": key}, True),
        ({"CodeKey": ""}, False),
        ({"CodeKey": key, "Emulated": "yes"}, False),
        ({"CodeKey": key, "PricedFunction": ""}, False),
    ):
        made = json.loads(template.resolved(known.text(), values))
        assert ("PricedFunctionReads" in made["Resources"]) is is_there, values


def test_a_mapping_of_a_stream_that_is_there(job: Job) -> None:
    """A stream outside of the stack is mapped by its name."""
    mapping = json.loads(template.of(with_function(job)).text(["Priced"]))["Resources"]["PricedFunctionReads"]
    assert mapping["Properties"]["EventSourceArn"] == {
        "Fn::Sub": "arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream/${PricedStream}"
    }


@pytest.mark.parametrize("function", ["alert", "arn:aws:lambda:us-east-1:1:function:alert", FUNCTION + ":a b"])
def test_what_is_no_function(job: Job, function: str) -> None:
    """Anything but an ARN of a function is refused, in job.toml, in settings and as a parameter."""
    with pytest.raises(
        settings.SettingsError, match=r"priced\.function is .*, but must be the ARN of a Lambda function"
    ):
        settings.example(with_function(job, function))
    with pytest.raises(template.TemplateError, match="PricedFunction is"):
        template.of(with_function(job)).check({"PricedFunction": function})


@pytest.mark.slow
def test_lint(job: Job, tmp_path: Path) -> None:
    """cfn-lint accepts the template with all kinds of ends."""
    (tmp_path / "template.json").write_text(template.of(with_function(job)).text())
    command = [sys.executable, str(paths.ROOT / ".venv" / "bin" / "cfn-lint"), "template.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_no_stack_makes_them(job: Job) -> None:
    """Object and Firehose stream are no resources of the stack; the job's only stream has its archive."""
    known = template.of(job)
    assert {place.resource for place in known.places} == {"Raw", "Priced"}
    assert known.has_archive
    deliveries = [one for one in known.document["Resources"].values() if one["Type"].endswith("::DeliveryStream")]
    assert len(deliveries) == 1


@pytest.mark.parametrize("key", ["lists/*", "a?", "${aws:username}", " a", "a\n", "x" * 1025])
def test_a_key_that_permits_other_objects(job: Job, key: str) -> None:
    """A name that would be a pattern in a permission is refused, by the settings and by the template."""
    place = {"PropertyGroupId": "aws", "PropertyMap": {"region": "us-east-1"}}
    with pytest.raises(settings.SettingsError, match=r"companies_file\.key is .* without"):
        settings.parse([place, {"PropertyGroupId": "companies_file", "PropertyMap": {"key": key}}], job)
    with pytest.raises(template.TemplateError, match="CompaniesFileKey"):
        template.of(job).check({"CompaniesFileKey": key})


def test_what_is_missing_is_said_before_the_stack_changes(job: Job, aws: Emulator) -> None:
    """A deployment needs the object and the Firehose stream first, as no stack makes them."""
    known, account = template.of(job), resources.account(aws.environment)
    values = {"CompaniesFileBucket": "no-such", "CompaniesFileKey": "a.csv", "KeptDelivery": "no-such"}
    reference, delivery = known.outside
    with pytest.raises(
        DeployError, match=r"^There is no object s3://no-such/a\.csv in .*--set CompaniesFileBucket=\.\.\. "
    ):
        outside.require(account, [reference], values.__getitem__)
    with pytest.raises(DeployError, match=r"^There is no Firehose stream no-such in .*--set KeptDelivery=\.\.\.\.$"):
        outside.require(account, [delivery], values.__getitem__)


def test_the_package_knows_the_classes(job: Job) -> None:
    """Connectors and formats of these tables are found in the package."""
    needed = package.needs(job).factories
    assert needed["reference"] == ("reference.ReferenceTableFactory",)
    assert needed["firehose"] == ("firehose.FirehoseTableFactory",)
    assert all(needed.values())
    assert set(binding.connectors(settings.example(job))) == {*job.sources, *job.sinks}


# Health


def test_a_table_that_has_ended_is_no_source_that_waits() -> None:
    """Subtasks of a source that has read all there is are not looked at: they have no watermark any more."""
    detail = {
        "vertices": [
            {"id": "t", "name": "Source: trades[1]", "parallelism": 2, "status": "RUNNING"},
            {"id": "c", "name": "Source: companies_file[2]", "parallelism": 2, "status": "FINISHED"},
            {"id": "j", "name": "TemporalJoin[3]", "parallelism": 2, "status": "RUNNING"},
        ],
        "plan": {"nodes": [{"id": "t"}, {"id": "c"}, {"id": "j", "inputs": [{"id": "t"}, {"id": "c"}]}]},
    }
    look = health.Look({})
    assert [one.index for one in health.subtasks(look, look, detail)] == [0, 1]
    detail["vertices"][1]["status"] = "RUNNING"  # type: ignore[index]
    assert len(health.subtasks(look, look, detail)) == 4
