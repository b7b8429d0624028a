"""The project's own sinks through the fault proxy: each row arrives, once or more, whatever the service refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from consumer.tail import stored
from flink import defaults, rest
from local import emulator, resources
from local.emulator import Emulator
from program import processes
from tests import kinesis_tables as tables
from tests.emulated import submitted, wait_for
from tests.faults import proxy, rules

pytestmark = pytest.mark.usefixtures("jvm")


@pytest.fixture
def between(aws: Emulator) -> Iterator[proxy.Proxy]:
    with proxy.running(aws.endpoint, aws.keys) as running:
        yield running


def options(endpoint: str, connector: str, more: Mapping[str, str]) -> dict[str, str]:
    """The options of a table at this endpoint, which is flushed soon."""
    return {
        "connector": connector,
        "aws.region": emulator.REGION,
        "aws.endpoint": endpoint,
        "sink.flush-buffer.timeout": "100 ms",
        **more,
    }


def declare(made: Any, columns: str, table: Mapping[str, str], partition: str = "") -> None:
    clause = ", ".join(f"'{key}' = '{value}'" for key, value in table.items())
    made.execute_sql(f"CREATE TEMPORARY TABLE target ({columns}) {partition} WITH ({clause})")


@contextmanager
def writing(
    folder: Path, columns: str, table: Mapping[str, str], query: str, partition: str = ""
) -> Iterator[rest.Job]:
    """A job that inserts the rows of a query into a table, and ends once all are written.

    The query can read the table `numbers`, which has the whole numbers n below 2000.
    """
    port = processes.free_port()
    made = tables.environment(
        {
            **defaults.configuration(folder, 0.3),
            **defaults.loopback(port),
            "restart-strategy.exponential-delay.initial-backoff": "200 ms",
            "parallelism.default": "2",
            "metrics.fetcher.update-interval": "200",
            "taskmanager.memory.network.min": "64m",
            "taskmanager.memory.network.max": "64m",
        }
    )
    made.execute_sql(
        "CREATE TEMPORARY TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'fields.n.kind' = 'sequence', "
        "'fields.n.start' = '0', 'fields.n.end' = '1999')"
    )
    declare(made, columns, table, partition)
    with submitted(made.execute_sql(f"INSERT INTO target {query}"), port) as job:
        yield job


def wait_for_end(job: rest.Job) -> None:
    def ended() -> bool:
        try:
            return job.state() == "FINISHED"
        except rest.RestError:  # the minicluster ends with its job
            return True

    wait_for(ended, 60, "all rows were written")


@contextmanager
def trouble(between: proxy.Proxy, operation: str) -> Iterator[Sequence[rules.Rule]]:
    """Everything that a service may do to a call, at random; each of it must have happened at the end."""
    with ExitStack() as faults:
        struck = [
            faults.enter_context(between.fault(rule))
            for rule in (
                rules.throttle(operation, share=0.1, seed=1),
                rules.server_errors(operation, share=0.1, seed=2),
                rules.lose_answer(operation, share=0.1, seed=3),
                rules.partial(operation, share=0.5, seed=4),
            )
        ]
        yield struck
    assert all(rule.hits for rule in struck), [rule.hits for rule in struck]


def test_kinesis(aws: Emulator, between: proxy.Proxy, tmp_path: Path) -> None:
    """Each row is a record whose partition key is the column in PARTITIONED BY; no request exceeds a limit."""
    kinesis = resources.clients(aws.environment)[0]
    kinesis.create_stream(StreamName="sink-kinesis", ShardCount=3)
    table = options(
        between.endpoint, "kinesis", {"stream": "sink-kinesis", "format": "json", "sink.batch.max-size": "200"}
    )
    query = "SELECT n, CONCAT('row ', CAST(n AS STRING)) FROM numbers"
    with (
        between.fault(rules.strict("PutRecords")) as beyond,
        trouble(between, "PutRecords"),
        writing(tmp_path, "n BIGINT, s STRING", table, query, "PARTITIONED BY (n)") as job,
    ):
        wait_for_end(job)
    assert beyond.hits == 0
    found = {(record.partition_key, record.data) for record in stored(kinesis, "sink-kinesis")}
    assert found == {(str(n), f'{{"n":{n},"s":"row {n}"}}'.encode()) for n in range(2000)}


def test_firehose(aws: Emulator, between: proxy.Proxy, tmp_path: Path) -> None:
    """Each row is a record, which is delivered with its line feed."""
    account = resources.account(aws.environment)
    s3, firehose = account.client("s3"), account.client("firehose")
    s3.create_bucket(Bucket="sink-firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName="sink-firehose",
        S3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/x",
            "BucketARN": "arn:aws:s3:::sink-firehose",
        },
    )
    table = options(
        between.endpoint,
        "firehose",
        {"delivery-stream": "sink-firehose", "format": "json-lines", "sink.batch.max-size": "200"},
    )
    query = "SELECT n FROM numbers WHERE n < 600"
    with trouble(between, "PutRecordBatch"), writing(tmp_path, "n BIGINT", table, query) as job:
        wait_for_end(job)

    def delivered() -> set[bytes]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="sink-firehose")
        names = [item["Key"] for page in pages for item in page.get("Contents", [])]
        bodies = (s3.get_object(Bucket="sink-firehose", Key=name)["Body"].read() for name in names)
        return {line for body in bodies for line in body.splitlines(keepends=True)}

    wanted = {f'{{"n":{n}}}\n'.encode() for n in range(600)}
    wait_for(lambda: delivered() == wanted, 60, "all records were delivered")


def create_table(aws: Emulator, name: str) -> Any:
    dynamodb = resources.clients(aws.environment)[1]
    dynamodb.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "Name", "KeyType": "HASH"},
            {"AttributeName": "StatusTime", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in ("Name", "StatusTime")],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


def test_dynamodb(aws: Emulator, between: proxy.Proxy, tmp_path: Path) -> None:
    """Of the many rows of a key the last one stays; no request has a key twice; NULL leaves an attribute out."""
    dynamodb = create_table(aws, "sink-dynamodb")
    table = options(between.endpoint, "dynamodb", {"table-name": "sink-dynamodb", "sink.batch.max-size": "5"})
    columns = (
        "Name STRING, StatusTime STRING, rows_ BIGINT, newest BIGINT, nothing INT, "
        "PRIMARY KEY (Name, StatusTime) NOT ENFORCED"
    )
    query = (
        "SELECT u, t, COUNT(*), MAX(n), CAST(NULL AS INT) "
        "FROM (SELECT CONCAT('u', CAST(MOD(n, 20) AS STRING)) AS u, 't' AS t, n FROM numbers) GROUP BY u, t"
    )
    with (
        between.fault(rules.strict("BatchWriteItem")) as beyond,
        trouble(between, "BatchWriteItem"),
        writing(tmp_path, columns, table, query, "PARTITIONED BY (Name, StatusTime)") as job,
    ):
        wait_for_end(job)
    assert beyond.hits == 0
    items = dynamodb.scan(TableName="sink-dynamodb", ConsistentRead=True)["Items"]
    assert sorted(items, key=lambda item: int(item["newest"]["N"])) == [
        {"Name": {"S": f"u{n}"}, "StatusTime": {"S": "t"}, "rows_": {"N": "100"}, "newest": {"N": f"{1980 + n}"}}
        for n in range(20)
    ]


def counted(job: rest.Job, name: str) -> float:
    """The sum of a metric over the writer's subtasks; 0 as long as Flink has not collected it."""
    writer = next(vertex["id"] for vertex in job.get("")["vertices"] if "Writer" in vertex["name"])
    found = job.get(f"/vertices/{writer}/subtasks/metrics")
    names = [metric["id"] for metric in found if metric["id"].rpartition(".")[2] == name]
    values = job.get(f"/vertices/{writer}/subtasks/metrics?get={','.join(names)}") if names else []
    return sum(float(value["sum"]) for value in values)


def test_access_that_is_denied_for_a_while(aws: Emulator, between: proxy.Proxy, tmp_path: Path, jvm: Path) -> None:
    """Rows wait for the permission, without a restart; the log names what is denied, and metrics count it."""
    kinesis = resources.clients(aws.environment)[0]
    kinesis.create_stream(StreamName="sink-denied", ShardCount=1)
    table = options(between.endpoint, "kinesis", {"stream": "sink-denied", "format": "json"})
    query = "SELECT n FROM numbers WHERE n < 10"
    with between.fault(rules.deny("PutRecords")) as denied, writing(tmp_path, "n BIGINT", table, query) as job:
        wait_for(lambda: denied.hits >= 3 and counted(job, "numCallsDenied") >= 2, 60, "the fault struck")
        assert counted(job, "numRecordsSendErrors") > 0
        assert job.restarts() == 0
        between.remove(denied)
        wait_for_end(job)
    assert len({record.data for record in stored(kinesis, "sink-denied")}) == 10
    log = "".join(path.read_text() for path in jvm.glob("*.log"))
    assert "PutRecords of the stream sink-denied is denied (AccessDeniedException: User: " in log


def failure(folder: Path, *table_and_query: Any) -> str:
    """Why a job fails that writes two columns, n and s."""
    with writing(folder, "n BIGINT, s STRING", *table_and_query) as job:
        wait_for(lambda: bool(job.failure()), 60, "the job failed")
        return job.failure()


def test_a_stream_that_is_not_there(aws: Emulator, tmp_path: Path) -> None:
    """The job fails with one sentence, and Flink restarts it."""
    table = options(aws.endpoint, "kinesis", {"stream": "nowhere", "format": "json"})
    sentence = failure(tmp_path, table, "SELECT n, 'x' FROM numbers")
    begin = "AwsFailure: PutRecords of the stream nowhere finds nothing there (ResourceNotFoundException: "
    assert sentence.startswith(begin), sentence
    assert sentence.endswith("check name, region and endpoint."), sentence


def test_a_row_that_is_never_taken(aws: Emulator, tmp_path: Path) -> None:
    """The job fails with one sentence."""
    table = options(aws.endpoint, "dynamodb", {"table-name": "t"})
    assert failure(tmp_path, table, "SELECT n, CAST(NULL AS STRING) FROM numbers", "PARTITIONED BY (s)") == (
        "AwsFailure: A row for the table t has NULL in s, a part of its key: leave such rows out by WHERE, or give "
        "them a key."
    )


KINESIS = {"connector": "kinesis", "stream": "x", "format": "json"}
DYNAMODB = {"connector": "dynamodb", "table-name": "x"}
FIREHOSE = {"connector": "firehose", "delivery-stream": "x", "format": "json"}


@pytest.mark.parametrize(
    ("table", "partition", "problem"),
    [
        (KINESIS | {"sink.batch.max-size": "501"}, "", "'sink.batch.max-size' is 501, but must be from 1 to 500."),
        (DYNAMODB | {"sink.batch.max-size": "26"}, "(k)", "'sink.batch.max-size' is 26, but must be from 1 to 25."),
        (
            FIREHOSE | {"sink.flush-buffer.size": "5 mb"},
            "",
            "'sink.flush-buffer.size' is 5242880, but must be from 1048576 to 4194304.",
        ),
        (
            KINESIS | {"sink.requests.max-buffered": "500"},
            "",
            "'sink.requests.max-buffered' is 500, but must be at least 501.",
        ),
        (KINESIS | {"sink.batch.maxsize": "5"}, "", "sink.batch.maxsize"),
        (KINESIS | {"sink.http-client.protocol.version": "HTTP3"}, "", "sink.http-client.protocol.version"),
        (KINESIS, "(d)", "PARTITIONED BY names d, which is DOUBLE: a partition key is text or a number that is not"),
        (KINESIS, "(k, n)", "PARTITIONED BY must name one column: the partition key is its value."),
        (
            KINESIS | {"sink.partitioner": "fixed"},
            "(k)",
            "'sink.partitioner' is for a table without PARTITIONED BY.",
        ),
        (DYNAMODB, "", "PARTITIONED BY must name the key of the table in DynamoDB: one column or two."),
        (DYNAMODB | {"key": "n"}, "(k)", "PRIMARY KEY and PARTITIONED BY must name the same columns, the key of the"),
        (DYNAMODB, "(b)", "PARTITIONED BY names b, which is BOOLEAN: a key of DynamoDB is text, a number or bytes."),
        (
            DYNAMODB | {"column": "m MULTISET<INT>"},
            "(k)",
            "The column m: MULTISET<INT> cannot be written to DynamoDB: CAST it to STRING.",
        ),
    ],
)
def test_options_that_are_wrong(table: Mapping[str, str], partition: str, problem: str) -> None:
    """An invalid option, key or type is refused when the statement is planned, in a sentence that names it."""
    from flink import distribution  # noqa: PLC0415

    columns = "k STRING, n INT, d DOUBLE, b BOOLEAN"
    given = {name: value for name, value in table.items() if name not in ("key", "column")}
    columns += f", {table['column']}" if "column" in table else ""
    columns += f", PRIMARY KEY ({table['key']}) NOT ENFORCED" if "key" in table else ""
    made = tables.environment({})
    declare(made, columns, {"aws.region": "us-east-1", **given}, f"PARTITIONED BY {partition}" if partition else "")
    with pytest.raises(distribution.errors()) as caught:
        made.explain_sql("INSERT INTO target (k, n) VALUES ('k', 1)")
    assert problem in str(caught.value)
