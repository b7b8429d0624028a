"""The function before SQL: KDA's contract for a handler in Python and for a Lambda function, through SQL over files.

tests/preprocessing/meters is a job with a handler that does what its records say, right and wrong.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors import aws, files, preprocessing
from connectors.connector import Connector
from deploy import declared, package
from flink import distribution, trial
from flink.watch import origin
from jobs import __main__ as jobs_command
from local import __main__ as local_command
from pipeline import binding, cases, handler, settings, statements
from pipeline import preprocessing as hooks
from pipeline.job import Job, JobError, load
from tests import fake_lambda, sql

FOLDER = Path(__file__).parent / "preprocessing" / "meters"
JOB = load(FOLDER)
ARN = fake_lambda.ARN


def own_handler() -> Callable[[Any, Any], Any]:
    """The handler of the test's job, in this process."""
    return handler.load(FOLDER / "preprocess.py")


@pytest.fixture
def service() -> Iterator[fake_lambda.Service]:
    with fake_lambda.serving(own_handler()) as serving:
        yield serving


def by_lambda(service: fake_lambda.Service, **numbers: str) -> dict[str, str]:
    """The options of a Lambda function at this service, with settings such as records="10"."""
    place = aws.Aws("us-east-1", service.address)
    given = {f"preprocess.{name}": value for name, value in numbers.items()}
    return preprocessing.of_lambda(place, ARN, given, splits=True)


def by_file(file: Path = FOLDER / "preprocess.py", **numbers: str) -> dict[str, str]:
    given = {f"preprocess.{name}": value for name, value in numbers.items()}
    return preprocessing.of_file(file, hooks.PROGRAM, sys.executable, given, splits=True)


def run(
    lines: Mapping[str, Sequence[str]], options: Mapping[str, str], folder: Path, parallelism: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows and the errors of the job over these lines of each shard."""
    (folder / "in").mkdir(parents=True)
    for shard, texts in lines.items():
        (folder / "in" / shard).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    source = replace(files.source(folder / "in"), preprocessing=options)
    connectors: dict[str, Connector] = {**binding.sinks_in(folder / "out", JOB), "lines": source}
    tables = statements.environment({**trial.CONFIGURATION, **sql.here(), "parallelism.default": str(parallelism)})
    statements.declare(tables, JOB, connectors)
    statements.inserts(tables, JOB).execute().wait()
    return cases.rows(folder / "out" / "readings"), cases.rows(folder / "out" / "error_stream")


@pytest.mark.usefixtures("jvm")
def test_null_stays_null_past_the_function(tmp_path: Path) -> None:
    """A NULL in a column of the table, of any type, is NULL behind the function, and a value is that value."""
    values = {
        "word": "'x'",
        "empty": "''",
        "whole": "7",
        "yes": "FALSE",
        "real": "CAST(0.5 AS DOUBLE)",
        "price": "CAST(1.25 AS DECIMAL(10, 2))",
        "day": "DATE '2026-11-28'",
        "list": "ARRAY['a']",
        "pair": "CAST(ROW(1, 'b') AS ROW<n INT, t STRING>)",
    }
    computed = [
        f"{name}_{kind} AS CASE WHEN shard {sign} 'never' THEN {value} END"
        for name, value in values.items()
        for kind, sign in (("none", "="), ("some", "<>"))
    ]
    event_time = "    event_time AS arrival,\n"
    columns = event_time + "".join(f"    {column},\n" for column in ("partition_key STRING METADATA", *computed))
    job = load(changed(tmp_path, "tables/lines.sql", event_time, columns))
    names = [f"{name}_{kind}" for name in values for kind in ("none", "some")]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one").write_text("m;1\n", encoding="utf-8")
    source = replace(files.source(tmp_path / "in"), preprocessing=by_file())
    tables = statements.environment({**trial.CONFIGURATION, **sql.here()})
    statements.declare(tables, job, {**binding.sinks_in(tmp_path / "out", job), "lines": source})
    with tables.sql_query(f"SELECT {', '.join(names)}, partition_key, part FROM lines").execute().collect() as found:  # noqa: S608
        rows = [list(row) for row in found]
    from pyflink.common import Row  # noqa: PLC0415  (PyFlink needs seconds)

    given = ["x", "", 7, False, 0.5, Decimal("1.25"), date(2026, 11, 28), ["a"], Row(1, "b")]
    assert rows == [[value for one in given for value in (None, one)] + [None, None]]


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize("parallelism", [1, 4])
@pytest.mark.parametrize("form", ["file", "lambda"])
def test_every_record_once_and_in_order(
    form: str, parallelism: int, service: fake_lambda.Service, tmp_path: Path
) -> None:
    """At any parallelism each record is a row, an error, or dropped, and rows keep the order of their shard."""
    texts = {
        f"shard_{shard}": [
            {3: "# dropped", 5: "failed", 7: "missing"}.get(number % 10, f"m{shard};{number}") for number in range(600)
        ]
        for shard in range(4)
    }
    texts["shard_0"][100] = "raise"
    options = by_file(records="50", wait="20 ms") if form == "file" else by_lambda(service, records="50", wait="20 ms")
    rows, errors = run(texts, options, tmp_path, parallelism)
    for shard, given in texts.items():
        numbers = [row["kilowatts"] for row in rows if row["shard"] == shard]
        assert numbers == [float(text.partition(";")[2]) for text in given if ";" in text]
    assert Counter(error["DATA_ROW"] for error in errors) == {"failed": 240, "missing": 240, "raise": 1}
    assert {error["ERROR_NAME"] for error in errors} == {"PREPROCESSING"}


@pytest.mark.usefixtures("jvm")
def test_lambda_gets_batches_of_the_contract(service: fake_lambda.Service, tmp_path: Path) -> None:
    """An event has the fields of KDA's, at most so many records, and goes to exactly the function of the ARN."""
    rows, _errors = run({"one": [f"m;{n}" for n in range(95)]}, by_lambda(service, records="10"), tmp_path, 1)
    assert len(rows) == sum(service.called) == 95
    assert max(service.called) == 10
    assert len(service.called) < 20
    assert service.paths == {f"/2015-03-31/functions/{ARN}/invocations"}
    event = service.events[0]
    assert set(event) == {"invocationId", "applicationArn", "streamArn", "records"}
    assert event["streamArn"] == "arn:aws:kinesis:us-east-1:123456789012:stream/lines"
    assert event["records"][0]["kinesisStreamRecordMetadata"]["shardId"] == "one"


@pytest.mark.usefixtures("jvm")
def test_a_service_that_refuses_is_asked_again(service: fake_lambda.Service, tmp_path: Path) -> None:
    """Throttled and failed calls are made again: no record is lost, refused or counted twice for them."""
    service.refuses = [("TooManyRequestsException", 429), ("ServiceException", 500), ("ResourceConflictException", 409)]
    rows, errors = run({"one": [f"m;{n}" for n in range(95)]}, by_lambda(service, records="10"), tmp_path, 1)
    assert [row["kilowatts"] for row in rows] == [float(n) for n in range(95)]
    assert errors == []
    assert service.refused == 3


@pytest.mark.usefixtures("jvm")
def test_a_service_that_is_down_holds_the_job_up(service: fake_lambda.Service, tmp_path: Path) -> None:
    """While Lambda is unavailable, records wait; afterwards each is a row, in order."""
    service.is_down = True

    def up_again() -> None:
        while service.refused < 10:
            time.sleep(0.05)
        service.is_down = False

    waiting = threading.Thread(target=up_again, daemon=True)
    waiting.start()
    rows, errors = run({"one": [f"m;{n}" for n in range(95)]}, by_lambda(service, records="10"), tmp_path, 1)
    assert [row["kilowatts"] for row in rows] == [float(n) for n in range(95)]
    assert errors == []
    assert service.refused >= 10


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize(
    ("code", "status", "said"),
    [("AccessDeniedException", 403, "is denied"), ("ResourceNotFoundException", 404, "finds nothing there")],
)
def test_what_no_repetition_mends_fails_the_job(
    code: str, status: int, said: str, service: fake_lambda.Service, tmp_path: Path
) -> None:
    """The job ends with a sentence that names function and remedy, and no record becomes an error for it."""
    service.refuses = [(code, status)] * 100
    with pytest.raises(distribution.errors(), match=f"Invoke of the function {ARN} {said}"):
        run({"one": ["m;1"]}, by_lambda(service), tmp_path, 1)


@pytest.mark.usefixtures("jvm")
def test_what_lambda_says_of_a_failure_is_the_reason(service: fake_lambda.Service, tmp_path: Path) -> None:
    """A function's own error, or silence, refuses only the record that causes it, and MESSAGE says why."""
    own = service.handler

    def sleepy(event: Any, context: Any) -> Any:
        if any(record["data"] == "c2xlZXB5" for record in event["records"]):  # "sleepy"
            time.sleep(3)
        return own(event, context)

    service.handler = sleepy
    lines = {"one": ["m;1", "raise", "sleepy", "m;2"]}
    rows, errors = run(lines, by_lambda(service, limit="500 ms"), tmp_path, 1)
    assert [row["kilowatts"] for row in rows] == [1.0, 2.0]
    reasons = {error["DATA_ROW"]: error["MESSAGE"] for error in errors}
    assert reasons["raise"].startswith("the function raised ValueError: no line of a meter")
    assert reasons["sleepy"].startswith("the function gave no answer within 500 ms")


LISTED = {"PATH", "LANG", "LC_ALL", "HOME", "TMPDIR"}
ROGUE = """
import base64, dataclasses, json, os, time
from pathlib import Path

HERE = Path({here!r})

def lambda_handler(event, context):
    (HERE / "environment").write_text(json.dumps(dict(os.environ)))
    (HERE / "folder").write_text(os.getcwd())
    data = [base64.b64decode(record["data"]).decode() for record in event["records"]]
    if "fork" in data and not os.fork():
        time.sleep(25)
        (HERE / "outlived").write_text("")
        os._exit(0)
    if "fork" in data:
        time.sleep(60)
    answer = base64.b64encode(b'{{"meter": "m", "kilowatts": 1}}').decode()
    long = "x" * (7 << 20) if "long" in data else ""
    return {{"records": [dict(recordId=record["recordId"], result="Ok", data=answer) for record in event["records"]],
            "long": long}}
"""


@pytest.mark.usefixtures("jvm")
def test_a_handler_of_any_name_gets_little_and_leaves_nothing(tmp_path: Path) -> None:
    """A handler may have a name of the standard library; it sees no variable but those listed; a child that it forks
    holds no call up past the limit, and is ended with it; an answer is at most 6 MiB long."""
    file = tmp_path / "json.py"
    file.write_text(ROGUE.format(here=str(tmp_path)), encoding="utf-8")
    lines = {"one": ["fine", "fork", "long", "fine"]}
    rows, errors = run(lines, by_file(file, limit="1500 ms", records="1"), tmp_path, 1)
    assert [row["kilowatts"] for row in rows] == [1.0, 1.0]
    reasons = {error["DATA_ROW"]: error["MESSAGE"].partition(" (")[0] for error in errors}
    assert reasons == {
        "fork": "the function gave no answer within 1500 ms",
        "long": "the function's answer has over 6291456 bytes",
    }
    assert not (tmp_path / "outlived").exists()
    names = set(json.loads((tmp_path / "environment").read_text(encoding="utf-8")))
    assert "AWS_ACCESS_KEY_ID" in names  # of the JVM that runs the job
    of_python = {"LC_CTYPE"}  # which Python sets for itself
    assert {name for name in names if not name.startswith("AWS_")} <= {*LISTED, *of_python}
    assert not Path((tmp_path / "folder").read_text(encoding="utf-8")).exists()


@pytest.mark.usefixtures("jvm")
def test_the_cases_of_the_contract(tmp_path: Path) -> None:
    """What a function may answer, right and wrong, record by record: tests/preprocessing/meters/tests/contract.yaml."""
    given = cases.read(FOLDER / "tests" / "contract.yaml", JOB)
    tables = statements.environment({**trial.CONFIGURATION, **sql.here()})
    cases.declare(tables, JOB, given, tmp_path / "cases").execute().wait()
    for number, case in enumerate(given):
        assert cases.differences(JOB, case, tmp_path / "cases" / str(number)) == [], case.name


@pytest.mark.usefixtures("jvm")
def test_the_function_is_called_once_for_all_sinks() -> None:
    """Flink's plan has one asynchronous step, whatever reads its rows."""
    tables = statements.environment({})
    statements.declare(tables, JOB, binding.connectors(settings.example(JOB)))
    plan = str(statements.inserts(tables, JOB).explain()).partition("== Optimized Execution Plan ==")[2]
    assert plan.count("AsyncCalc(") == 1
    assert plan.count("TableSourceScan(") == 1


# The handler's process, without Flink


def process(folder: Path, code: str, events: Sequence[Any]) -> tuple[list[tuple[int, str]], str]:
    """The messages of a process that runs this handler on these events, and what it printed."""
    (folder / "preprocess.py").write_text(code, encoding="utf-8")
    texts = [json.dumps(event).encode() for event in events]
    done = subprocess.run(
        [sys.executable, str(hooks.PROGRAM), str(folder / "preprocess.py"), "1000"],
        input=b"".join(struct.pack(">I", len(text)) + text for text in texts),
        capture_output=True,
        timeout=60,
        check=False,
    )
    messages, at = [], 0
    while at < len(done.stdout):
        kind, length = struct.unpack(">BI", done.stdout[at : at + 5])
        messages.append((kind, done.stdout[at + 5 : at + 5 + length].decode()))
        at += 5 + length
    return messages, done.stderr.decode()


def test_a_process_answers_each_event(tmp_path: Path) -> None:
    """The first message says that the handler is there; what a handler prints is in no answer."""
    code = "def lambda_handler(event, context):\n    print('seen')\n    return {'n': event['n'] + 1}\n"
    messages, printed = process(tmp_path, code, [{"n": 1}, {"n": 2}])
    assert messages == [(0, ""), (0, '{"n":2}'), (0, '{"n":3}')]
    assert printed == "seen\nseen\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('no')", "the function raised ValueError: no"),
        ("raise SystemExit(3)", "the function raised SystemExit: 3"),
        ("return {1, 2}", "the function raised TypeError: Object of type set is not JSON serializable"),
    ],
)
def test_what_a_handler_raises_is_an_answer(body: str, reason: str, tmp_path: Path) -> None:
    """An error in the handler is a message, after which the process takes the next event."""
    messages, _printed = process(tmp_path, f"def lambda_handler(event, context):\n    {body}\n", [{}, {}])
    assert messages == [(0, ""), (1, reason), (1, reason)]


def test_an_orphan_removes_its_folder(tmp_path: Path) -> None:
    """A process whose input ends removes the folder that was made for it, and no other."""
    code = "def lambda_handler(event, context):\n    return {}\n"
    for name, stays in (("preprocessing-1", False), ("own", True)):
        (tmp_path / name).mkdir()
        process(tmp_path / name, code, [{}])
        assert (tmp_path / name).exists() == stays


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "import json\nimport no_such_module\n",
            f"line 2 raises ModuleNotFoundError: No module named 'no_such_module': install it for {sys.executable}, or",
        ),
        ("from json import nothing\n", "line 1 raises ImportError: cannot import name 'nothing' from 'json' ("),
        ("\n\nint('x')\n", "line 3 raises ValueError: invalid literal for int() with base 10: 'x': correct it"),
        ("raise SystemExit\n", "line 1 raises SystemExit: correct it"),
        ("def lambda_handler(:\n", "SyntaxError: invalid syntax (preprocess.py, line 1): correct it"),
        ("handler = 1\n", "it has no lambda_handler(event, context): define it"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_why(code: str, told: str, tmp_path: Path) -> None:
    """The first message is the reason, with the line of the file, and what there is to do about it."""
    ((kind, text),), _printed = process(tmp_path, code, [])
    assert kind == 1
    assert told in text


# The declaration


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the job with this change of a file."""
    copy = folder / "meters"
    shutil.copytree(FOLDER, copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("job.toml", '"preprocess.py"', '"other.py"', "[table.lines] preprocess: other.py cannot be read"),
        ("job.toml", '"preprocess.py"', '"clean"', "preprocess is 'clean', but must be a Python file of the"),
        ("job.toml", '"50"', '"0"', "preprocess.records is '0', but must be a whole number from 1 to 10000"),
        ("job.toml", '"2 s"', '"soon"', "preprocess.limit is 'soon', but must be a duration such as 10 s"),
        ("preprocess.py", "def lambda_handler", "def handler", "preprocess.py has no function lambda_handler(event"),
        ("preprocess.py", "import base64", "import base64(", "preprocess.py is no Python"),
        ("tables/lines.sql", "line BYTES", "line STRING", "tables/lines.sql: line must be BYTES"),
        ("tables/lines.sql", "    part STRING METADATA,\n", "", "tables/lines.sql needs the METADATA column part"),
        ("tables/lines.sql", "event_time AS arrival", "event_time AS arrival,\n    size AS CHAR_LENGTH(line)",
         "tables/lines.sql computes with line, which is the record before the function"),
        ("views/checked.sql", "preprocessing_error", "message", "no view reads the column preprocessing_error of"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_refused(file: str, old: str, new: str, problem: str, tmp_path: Path) -> None:
    """Each mistake in the folder is a sentence, before Flink starts."""
    with pytest.raises(JobError) as refused:
        load(changed(tmp_path, file, old, new))
    assert problem in str(refused.value)


def on_lambda(folder: Path) -> Job:
    return load(changed(folder, "job.toml", '"preprocess.py"', f'"{ARN}"'))


def test_a_lambda_function_is_left_out_where_no_service_is_at_hand(tmp_path: Path) -> None:
    """Tests and runs over files give the records that the function would answer."""
    job = on_lambda(tmp_path)
    assert hooks.without_service(job.folder, job.tables["lines"].settings, {}) == {}
    texts = list(statements.declarations(job, {**binding.sinks_in(tmp_path, job), "lines": files.source(tmp_path)}))
    assert any("CAST(NULL AS STRING) AS preprocessing_error" in text for text in texts)
    assert not any("preprocess(" in text for text in texts)


def test_a_function_that_is_left_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run, a watch and the tests over files say that Lambda is not called; nothing is said of a handler in Python."""
    records = tmp_path / "records"
    records.write_text("m;1\n", encoding="utf-8")

    class NoFlinkError(Exception):
        pass

    def started(*_arguments: Any, **_more: Any) -> None:
        raise NoFlinkError

    monkeypatch.setattr(trial, "started", started)
    told = f"Over files no Lambda function is called: the records are taken as the answers of {ARN} (before lines).\n"
    for job, is_told in ((on_lambda(tmp_path), True), (JOB, False)):
        for arguments in (["run", "--input", str(records)], ["watch", "--input", str(records)], ["test"]):
            with pytest.raises(NoFlinkError):
                jobs_command.main([*arguments, str(job.folder)])
            printed = capsys.readouterr()
            assert (told in printed.out + printed.err) == is_told, arguments


def test_the_stream_gives_whole_records_to_the_function(tmp_path: Path) -> None:
    """On AWS the source takes no record apart: the function's answers are."""
    for job, option in ((JOB, "handler"), (on_lambda(tmp_path), "function")):
        made = binding.connectors(settings.example(job))["lines"]
        assert made.options["source.record.split-documents"] == "false"
        assert made.preprocessing["split-documents"] == "true"
        assert option in made.preprocessing


def test_settings_may_name_another_function_but_not_the_first() -> None:
    """A deployment may call another function than job.toml's; whether there is one, the job's SQL says."""
    group = {"PropertyGroupId": "lines", "PropertyMap": {"preprocess": ARN}}
    region = {"PropertyGroupId": "aws", "PropertyMap": {"region": "us-east-1"}}
    assert binding.connectors(settings.parse([region, group], JOB))["lines"].preprocessing["function"] == ARN
    plain = load("unicorn_summary")
    group = {"PropertyGroupId": "readings", "PropertyMap": {"preprocess": ARN}}
    with pytest.raises(settings.SettingsError, match=r"job\.toml declares none"):
        settings.parse([region, group], plain)


def test_the_role_may_call_exactly_the_function(tmp_path: Path) -> None:
    """A job with a Lambda function may invoke it; a job with a handler in Python may invoke nothing."""

    def allowed(job: Job) -> list[Any]:
        made = declared.statements(job, declared.of(job, ()), [])
        return [one["Resource"] for one in made if one["Action"] == "lambda:InvokeFunction"]

    assert allowed(on_lambda(tmp_path)) == [ARN]
    assert allowed(JOB) == []


def test_the_package_has_handler_and_program() -> None:
    """The zip for Managed Flink carries the handler beside the job's SQL, and the program that runs it."""
    names = package.files(Path(__file__).parent.parent, JOB)
    assert {"jobs/meters/preprocess.py", "pipeline/handler.py"} <= set(names)
    needed = package.needs(JOB)
    assert "jobs/meters/preprocess.py" in needed.sql
    assert all(package.OPTIONS.fullmatch(option) for option in needed.options)


def test_the_emulator_has_no_lambda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run, a watch and a replay on the emulator of a job with a Lambda function are refused before the start."""
    job = on_lambda(tmp_path)
    records = tmp_path / "records"
    records.write_text("m;1\n", encoding="utf-8")
    groups = {"aws": {"region": "us-east-1", "endpoint": "http://127.0.0.1:9"}}
    file = str(settings.write(tmp_path, settings.document_of(job, groups)))
    monkeypatch.chdir(tmp_path)
    for program, arguments in (
        (jobs_command, ["run", str(job.folder), "--properties", file]),
        (jobs_command, ["watch", str(job.folder), "--properties", file]),
        (local_command, ["replay", str(job.folder), "--input", str(records)]),
    ):
        assert program.main(arguments) == 2
        said = capsys.readouterr().err
        assert f"meters cannot run on the emulator, which has no Lambda: the source lines calls {ARN}; put" in said


def test_a_watch_says_that_it_calls_lambda_too(tmp_path: Path) -> None:
    """Its calls are a second time for each record; a handler in Python costs nobody's money."""
    region = [{"PropertyGroupId": "aws", "PropertyMap": {"region": "us-east-1"}}]
    said = origin.second_calls(settings.parse(region, on_lambda(tmp_path)))
    assert said == f"The watch calls {ARN} for each record a second time, and Lambda bills these calls."
    assert not origin.second_calls(settings.parse(region, JOB))
