"""SQL over the archive: on this machine in DuckDB, and the calls of Athena."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from deploy import __main__ as program
from deploy import query, template
from deploy.account import Account, DeployError
from local import archive, emulator, oracle, resources
from local.emulator import Emulator
from pipeline.job import load
from program import waiting

TEMPLATE = template.of(load(template.WORKSHOP))

BUCKET = "wildrydes-archive-000000000000-us-east-1"


def reading(**fields: Any) -> bytes:
    whole = {
        "Distance": 29.5,
        "HealthPoints": 150,
        "Latitude": 40.75,
        "Longitude": -73.98,
        "MagicPoints": 150,
        "Name": "Shadowfax",
        "StatusTime": "2026-11-22 06:00:00.250",
    }
    return json.dumps(whole | fields).encode() + b"\n"


LINES = [
    reading(),
    reading(StatusTime="2026-11-22 06:00:01.250", Distance=30.25, MagicPoints=99),
    reading(Name="Rocinante", StatusTime="2026-11-22 05:59:59.000", HealthPoints=98, Distance=31),
    b"rubbish\n",
    b"\xff\xfe\n",
    reading(Name="Bree", HealthPoints="ill"),
    b'{"Name": "Bree"}\n',
]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator with the LINES in its archive, some in separate objects, the last without a line feed."""
    with emulator.running(tmp_path_factory.mktemp("query") / "emulator.log") as aws:
        resources.create(aws.environment, 2, resources.workshop(), Archive="yes")
        made = resources.account(aws.environment)
        s3 = made.client("s3")
        s3.put_object(Bucket=BUCKET, Key="2026/11/22/05/one", Body=LINES[2].rstrip(b"\n"))
        s3.put_object(Bucket=BUCKET, Key="2026/11/22/06/one", Body=b"".join(LINES[:2]).rstrip(b"\n"))
        s3.put_object(Bucket=BUCKET, Key="2026/11/22/06/two", Body=b"".join(LINES[3:]))
        s3.put_object(Bucket=BUCKET, Key="2026/11/22/06/empty", Body=b"")
        s3.put_object(Bucket=BUCKET, Key="errors/processing-failed/2026/11/22/06/x", Body=reading(Name="Nobody"))
        yield aws


@pytest.fixture
def account(aws: Emulator) -> Account:
    return resources.account(aws.environment)


def test_the_local_stack_is_the_templates(account: Account) -> None:
    """The emulator's stack, used by demo and tests, has the requested shards, and the template's table key."""
    summary = account.client("kinesis").describe_stream_summary(StreamName="wildrydes")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2
    found = account.client("cloudformation").describe_stacks(StackName="wildrydes")["Stacks"][0]
    assert found["StackStatus"] == "CREATE_COMPLETE"
    keys = account.client("dynamodb").describe_table(TableName="UnicornSensorData")["Table"]["KeySchema"]
    assert [(one["AttributeName"], one["KeyType"]) for one in keys] == [("Name", "HASH"), ("StatusTime", "RANGE")]


def ask(account: Account, sql: str) -> query.Result:
    return query.run(account, TEMPLATE, {}, sql, lambda _text: None)


def test_named_queries(account: Account) -> None:
    """The queries of CONTRACT section 6, each computed again by hand."""
    assert list(template.queries()) == ["everything", "distance", "trip", "since", "vitals"]
    everything = ask(account, "everything")
    assert everything.columns == [*template.archive_columns(), "datehour"]
    assert [row[0] for row in everything.rows] == ["Shadowfax", "Shadowfax", "Bree", "Rocinante", "Bree"]
    assert ask(account, "distance").rows == [("Bree", "29.5"), ("Rocinante", "31.0"), ("Shadowfax", "59.75")]
    assert [row[0] for row in ask(account, "trip").rows] == ["2026-11-22 06:00:00.25", "2026-11-22 06:00:01.25"]
    assert [row[0] for row in ask(account, "since").rows] == ["Bree", "Shadowfax", "Shadowfax"]
    assert [row[0] for row in ask(account, "vitals").rows] == ["Rocinante", "Shadowfax"]


def test_malformed_records_are_nulls(account: Account) -> None:
    """As in Athena's SerDe, a record that is no JSON is a row of NULLs, and a value of another type is NULL."""
    assert ask(account, "SELECT count(*), count(Name) FROM wildrydes").rows == [("7", "5")]
    assert ask(account, "SELECT Distance, HealthPoints FROM wildrydes WHERE Name = 'Bree' ORDER BY 1").rows == [
        ("29.5", None),
        (None, None),
    ]


def test_partitions(account: Account) -> None:
    """The hour of arrival is a column, as in Athena."""
    rows = ask(account, "SELECT datehour, count(*) FROM wildrydes GROUP BY datehour ORDER BY datehour").rows
    assert rows == [("2026/11/22/05", "1"), ("2026/11/22/06", "6")]


def test_columns_are_the_contracts() -> None:
    """CONTRACT section 6 has their names and types; the JSON keys differ only in case."""
    assert template.archive_columns() == {
        "name": "string",
        "statustime": "timestamp",
        "latitude": "float",
        "longitude": "float",
        "distance": "float",
        "healthpoints": "int",
        "magicpoints": "int",
    }
    assert [key.lower() for key in query.KEYS] == list(template.archive_columns())


def test_the_command(aws: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A table for people, values for programs, and the list of queries."""
    for name, value in emulator.credentials(aws.keys).items():
        monkeypatch.setenv(name, value)
    endpoint = ["--endpoint", aws.endpoint]
    assert program.main(["query", template.WORKSHOP, "distance", *endpoint]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "name       Distance",
        "---------  --------",
        "Bree       29.5",
        "Rocinante  31.0",
        "Shadowfax  59.75",
        "(3 rows)",
    ]
    assert (
        program.main(
            [
                "query",
                template.WORKSHOP,
                "SELECT Name, HealthPoints FROM wildrydes WHERE Name = 'Bree'",
                "--csv",
                *endpoint,
            ]
        )
        == 0
    )
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["name", "healthpoints"],
        ["Bree", ""],
        ["Bree", ""],
    ]
    assert program.main(["query", template.WORKSHOP, "--list"]) == 0
    assert "distance    metres flown by each unicorn" in capsys.readouterr().out
    assert program.main(["query", template.WORKSHOP]) == 2


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("everthing", "'everthing' is neither SQL nor a named query .did you mean 'everything'"),
        ("SELECT Nme FROM wildrydes", "DuckDB cannot run the query: Binder Error: .*--list names the columns"),
        ("-- a remark", "write a SELECT"),
        ("SELECT * FROM '/etc/passwd'", "DuckDB cannot run the query: .*does not exist"),
        ("SELECT * FROM read_text('/etc/passwd')", "DuckDB cannot run the query: .*disabled"),
        ("SET enable_external_access = true", "DuckDB cannot run the query: "),
    ],
)
def test_unusable_queries(account: Account, sql: str, said: str) -> None:
    """An invalid query is one sentence; a query reads the archive and no other file of this machine."""
    with pytest.raises(DeployError, match=said) as error:
        ask(account, sql)
    assert "\n" not in str(error.value)


def test_no_archive() -> None:
    with pytest.raises(DeployError, match=r"does not answer"):
        ask(Account.at("http://127.0.0.1:1", None, None), "everything")


def test_an_empty_archive(account: Account) -> None:
    """An empty archive gives no rows, with the same columns."""
    assert query.over({}, "SELECT * FROM wildrydes").columns == [*template.archive_columns(), "datehour"]
    account.client("s3").create_bucket(Bucket="nothing")
    assert query.here(account, "nothing", "SELECT count(*) FROM wildrydes", lambda _text: None).rows == [("0",)]
    with pytest.raises(
        DeployError, match=r"^The archive gone in us-east-1 at http://.* does not exist: .*up JOB` creates it\.$"
    ):
        query.here(account, "gone", "SELECT 1 FROM wildrydes", lambda _text: None)


def test_what_cannot_be_printed_is_not() -> None:
    """Control characters in a name do not reach the terminal."""
    assert "\x1b" not in query.Result(["name"], [["\x1b[31mred"]]).table()
    assert query.Result(["a"], [["x"]]).table().endswith("(1 row)\n")


def test_null_is_not_an_empty_text() -> None:
    """The table has NULL for no value; an empty text, and the text NULL, stand in quotes."""
    lines = query.Result(["a", "b"], [[None, ""], ["NULL", " x"]]).table().splitlines()
    assert lines[2:4] == ["NULL    ''", "'NULL'  ' x'"]


class InAthena(Account):
    """An account with a stub of Athena."""

    def client(self, service: str) -> Any:
        assert service == "athena"
        return getattr(self, "athena")  # noqa: B009


@pytest.fixture
def athena() -> Iterator[tuple[Account, Stubber]]:
    plain = Account.at("http://127.0.0.1:1", None, None)
    client = plain.client("athena")
    made = InAthena(plain.session, None)
    object.__setattr__(made, "athena", client)
    with Stubber(client) as stubber:
        yield made, stubber
        stubber.assert_no_pending_responses()


def execution(state: str, **more: Any) -> dict[str, Any]:
    statistics = {"DataScannedInBytes": 2_500_000}
    return {"QueryExecution": {"Status": {"State": state, **more}, "Statistics": statistics}}


START = {"QueryString": "SELECT 1", "QueryExecutionContext": {"Database": "db"}, "WorkGroup": "db"}


def test_athena(athena: tuple[Account, Stubber]) -> None:
    """The query starts in the work group, is waited for, and is read page by page without the heading."""
    account, stubber = athena
    stubber.add_response("start_query_execution", {"QueryExecutionId": "q"}, START)
    for state in ("QUEUED", "RUNNING", "SUCCEEDED"):
        stubber.add_response("get_query_execution", execution(state), {"QueryExecutionId": "q"})
    columns = {"ColumnInfo": [{"Name": "name", "Type": "varchar"}, {"Name": "n", "Type": "integer"}]}

    def page(*rows: tuple[str, str | None]) -> dict[str, Any]:
        cells = [{"Data": [{"VarCharValue": one} if one is not None else {} for one in row]} for row in rows]
        return {"ResultSet": {"Rows": cells, "ResultSetMetadata": columns}}

    stubber.add_response("get_query_results", {**page(("name", "n"), ("Bree", None)), "NextToken": "t"})
    stubber.add_response("get_query_results", page(("Boxer", "3")))
    said: list[str] = []
    result = query.in_athena(account, "db", "SELECT 1", said.append)
    assert (result.columns, result.rows) == (["name", "n"], [["Bree", None], ["Boxer", "3"]])
    assert said == ["Athena read 2.5 MB."]


def test_athena_refuses(athena: tuple[Account, Stubber]) -> None:
    """A failed query is one sentence with Athena's reason."""
    account, stubber = athena
    stubber.add_response("start_query_execution", {"QueryExecutionId": "q"}, START)
    stubber.add_response("get_query_execution", execution("FAILED", StateChangeReason="line 1:8:\nno column"))
    with pytest.raises(DeployError, match=r"^Athena failed the query: line 1:8: no column\.$"):
        query.in_athena(account, "db", "SELECT 1", lambda _text: None)


def test_athena_is_told_to_stop(athena: tuple[Account, Stubber], monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted wait stops the query, since a running query costs."""
    account, stubber = athena

    def give_up(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(waiting.time, "sleep", give_up)
    stubber.add_response("start_query_execution", {"QueryExecutionId": "q"}, START)
    stubber.add_response("get_query_execution", execution("RUNNING"))
    stubber.add_response("stop_query_execution", {}, {"QueryExecutionId": "q"})
    with pytest.raises(KeyboardInterrupt):
        query.in_athena(account, "db", "SELECT 1", lambda _text: None)


# ---- the demo's check of its archive


def compared(sent: list[bytes], archived: list[bytes], tmp_path: Path) -> list[str]:
    """The breaches for these records sent and archived."""
    path = tmp_path / "archived.jsonl"
    path.write_bytes(b"".join(archived))
    files: Mapping[str, Path] = {"2026/11/22/06": path}
    return list(archive.compare(sent, archived, query.over(files, archive.QUERY)).problems)


def test_a_complete_archive(tmp_path: Path) -> None:
    """Another order, repeated deliveries and malformed records are no breach."""
    assert compared(LINES, LINES, tmp_path) == []
    assert compared(LINES, [*LINES[::-1], *LINES], tmp_path) == []
    assert compared(LINES, LINES[:3], tmp_path) == [], "only well-formed records have to be there"


def test_a_hole_in_the_archive(tmp_path: Path) -> None:
    """A record that is missing, extra, changed, or absent from the query's answer is named."""
    missing = compared(LINES, LINES[1:], tmp_path)
    assert [re.sub(r": .*", "", one) for one in missing] == [
        "Sent, but 1 times missing in the archive",
        "Archived, but 1 times missing in the answer of a query",
    ]
    assert "Shadowfax" in missing[0]
    twice = [LINES[0], LINES[0], *LINES[1:]]
    assert any("missing in the archive" in one for one in compared(twice, LINES, tmp_path))
    strange = compared(LINES, [*LINES, reading(Name="Nobody")], tmp_path)
    assert [one.partition(":")[0] for one in strange] == ["In the archive, but not sent"]
    answer = query.Result(["name", "statustime", "distance", "healthpoints", "magicpoints"], [])
    lost = archive.compare(LINES[:1], LINES[:1], answer).problems
    assert [one.partition(":")[0] for one in lost] == ["Archived, but 1 times missing in the answer of a query"]


def test_the_query_compares_every_column(tmp_path: Path) -> None:
    """If the answer differs in one column, the record counts as missing."""
    [row] = query.over({"2026/11/22/06": written(tmp_path, LINES[:1])}, archive.QUERY).rows
    assert not archive.compare(LINES[:1], LINES[:1], query.Result([], [row])).problems
    for at, other in enumerate(("Bree", "2026-11-22 06:00:00.251", "29.51", "151", "149")):
        changed = [*row[:at], other, *row[at + 1 :]]
        assert archive.compare(LINES[:1], LINES[:1], query.Result([], [changed])).problems, at


def written(folder: Path, lines: list[bytes]) -> Path:
    path = folder / "lines.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_well_formed_is_what_the_check_says() -> None:
    assert [isinstance(oracle.read(line), oracle.Reading) for line in LINES] == [True] * 3 + [False] * 4
