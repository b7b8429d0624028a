"""`python -m kda migrate`: what is written of each example, that it loads and passes, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import package
from flink import trial
from java import paths
from kda import __main__ as kda_main
from kda.applications import Application
from kda.check import check
from kda.migration import folder, leaving_out
from kda.migration.compared import compared
from kda.migration.folder import MANIFEST, Occupied
from kda.migration.paths import put, steps
from kda.migration.yaml_text import flow
from kda.places import Code, File
from kda.reader import read
from kda.rule import Kind, Subject
from pipeline import cases
from pipeline.cases import _Plain
from pipeline.job import load
from program.errors import Unusable
from tests import sql, test_documents

EXAMPLES = Path(__file__).parent / "kda"


def of_sql(text: str) -> Application:
    return Application(None, Code.whole(File("a.sql", text)))


def the_application(name: str) -> Application:
    return read(EXAMPLES / name).applications[0]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "a",
            "null",
            "Null",
            "true",
            "1",
            "1.5",
            "1e3",
            "~",
            "",
            " a",
            "a b",
            "yes",
            "- a",
            "a: b",
            "#",
            "a #b",
            "{a}",
        ),
        *("it's", '"', "\\", "\n", "\t", "\x7f", "\x85", "\u2028", "\ufeff", "é", "😀", "@", "%", "!", "&a", "*a", "?"),
        *(
            "2026-01-05",
            "2026-01-05 10:00:00.000",
            "10:00:00",
            "0x1f",
            "1_000",
            "a-b",
            "a, b",
            "[",
            "=",
            "<<",
            "a\\u0041",
        ),
        *(0, -1, 2**63, 1.5, 1e300, 1e-7, -0.0, True, False, None),
        {"a": {"b": [1, "x", None, {"c": []}]}, "with: colon": 1, "1": 2, "null": 3},
    ],
)
def test_values_of_yaml(value: Any) -> None:
    """What is written into a test is what the pipeline reads of it."""
    text = f"- {{a: {flow(value)}}}\n"
    (read_,) = yaml.load(text, _Plain)  # noqa: S506  (a safe loader of our own)
    assert read_ == {"a": value}
    assert type(read_["a"]) is type(value)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("$.a.b", {"a": {"b": 1}}),
        ("$['a b'].c", {"a b": {"c": 1}}),
        ("$.rows[0:].x", {"rows": [{"x": 1}]}),
        ("$.rows[2].x", {"rows": [None, None, {"x": 1}]}),
        ("$[*]", [1]),
        ("$", 1),
    ],
)
def test_paths(path: str, document: Any) -> None:
    """A record that is made up has a value where the column's path looks for it."""
    found = steps(path)
    assert found is not None
    assert put(None, found, 1) == document


@pytest.mark.parametrize("path", ["$..a", "$.a[?(@.b)]", "$.a[999]", "$."])
def test_paths_that_are_not_understood(path: str) -> None:
    """A column with another path is left out of records that are made up."""
    assert steps(path) is None


def test_what_is_compared() -> None:
    """The constants beside a column, what a CAST makes of it, and the columns that a join makes equal."""
    found = compared(
        Subject.of(
            of_sql(
                """CREATE STREAM "OUT" (A INTEGER);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM CASE "kind" WHEN 'x' THEN 1 ELSE CAST("number" AS INTEGER) END
FROM "IN_001" AS i JOIN "NAMES" AS n ON i."id" = n."key"
WHERE (i."price" > 10 OR -2 < i."price") AND i."text" LIKE '%a!_b_' ESCAPE '!' AND i."other" IN ('y', 'z')
  AND CHAR_TO_TIMESTAMP('dd/MM/yyyy', i."day") IS NOT NULL;"""
            )
        )
    )
    assert (found["kind"].texts, found["number"].types, found["price"].numbers) == (["x"], ["INTEGER"], [10, -2])
    assert (found["text"].texts, found["other"].texts, found["day"].formats) == (["a_ba"], ["y", "z"], ["dd/MM/yyyy"])
    assert found["key"].group == found["id"].group == "id"


LEFT = """CREATE STREAM "A" ("x" INTEGER);
-- of A
CREATE PUMP "PA" AS INSERT INTO "A" SELECT STREAM "x" FROM "IN_001";
CREATE STREAM "B" ("x" INTEGER);
CREATE PUMP "PB" AS INSERT INTO "B" SELECT STREAM "x" FROM TABLE(CLUSTERS(CURSOR(SELECT STREAM * FROM "A"), 1, 1, 1));
CREATE STREAM "C" ("x" INTEGER);
CREATE PUMP "PC" AS INSERT INTO "C" SELECT STREAM "x" FROM "B";
ALTER PUMP "PB" STOP;
ALTER PUMP "PC" START;
"""


def test_pumps_that_are_left_out() -> None:
    """A pump is taken away with the streams that only it writes and what starts it; each other place stays."""
    found = leaving_out.without(of_sql(LEFT), ["PB", "PC"])
    assert (found.pumps, found.streams) == (("PB", "PC"), ("B", "C"))
    program = Subject.of(found.application).program
    assert ([pump.name for pump in program.pumps], list(program.streams)) == (["PA"], ["A"])
    assert len(found.application.code.text) == len(LEFT)
    assert program.pumps[0].statement.offset == LEFT.index('CREATE PUMP "PA"')
    assert {one.rule.kind for one in check(found.application).findings} == {Kind.DECIDE}


READS_B = "reads B, which only pumps that are left out write. To leave out all that need them, add "


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["PB"], f"Pump PC {READS_B}--leave-out PC"),
        (["PD"], "--leave-out PD: there is no such pump (there are PA, PB, PC)."),
        (["PA", "PB", "pc"], "--leave-out names every pump: nothing would be computed."),
    ],
)
def test_pumps_that_cannot_be_left_out(names: list[str], told: str) -> None:
    """What reads a stream that is gone has to go too. Names are as KDA has them: unquoted in upper case."""
    with pytest.raises(Unusable) as error:
        leaving_out.without(of_sql(LEFT), names)
    assert str(error.value) == told


def test_a_cannot_is_refused_with_its_remedy() -> None:
    """Every CANNOT is named with its line and page, and the flags by which the rest is migrated."""
    with pytest.raises(leaving_out.Refused) as error:
        leaving_out.require(check(of_sql(LEFT)), "a.sql")
    assert str(error.value).splitlines() == [
        "a.sql is not migrated, and nothing was written: 1 CANNOT of `kda check`.",
        "  line 5  K94 the function CLUSTERS has no translation (docs/kda/cannot.md#k94)",
        "To migrate the rest, add --leave-out PB --leave-out PC",
    ]
    further = f"""{LEFT}CREATE STREAM "D" ("x" INTEGER); CREATE PUMP "it's P!" AS INSERT INTO "D"
SELECT STREAM "x" FROM "C"; CREATE PUMP "also" AS INSERT INTO "C" SELECT STREAM FOO("x") FROM "IN_001";"""
    with pytest.raises(leaving_out.Refused) as error:
        leaving_out.require(check(of_sql(further)), "a.sql")
    told = str(error.value).splitlines()[-1]
    names = shlex.split(told.partition("add ")[2])[1::2]
    assert names == ["PB", "PC", "also", "it's P!"]
    assert leaving_out.without(of_sql(further), names).streams == ("B", "C", "D")
    with pytest.raises(Unusable, match=f"{READS_B}--leave-out PC$"):
        leaving_out.without(of_sql(further), ["PB"])
    alone = 'CREATE STREAM "A" ("x" INTEGER); CREATE PUMP "P" AS INSERT INTO "A" SELECT STREAM FOO("x") FROM "IN_001";'
    with pytest.raises(leaving_out.Refused, match="No pump can be migrated without these"):
        leaving_out.require(check(of_sql(alone)), "a.sql")
    beside = f'{LEFT}SELECT STREAM "x" FROM "IN_001";'
    with pytest.raises(leaving_out.Refused, match="K96: no pump is to blame"):
        leaving_out.require(check(of_sql(beside)), "a.sql")


FILES = {"job.toml": b"# a\n", "views/a.sql": b"SELECT 1\n"}


def nothing_wrong(_folder: Path) -> None:
    pass


def test_a_folder_is_written_again_only_as_it_was_written(tmp_path: Path) -> None:
    """The manifest has each file's sum. Whatever was edited, added or removed is named, and stays as it is."""
    job = tmp_path / "job"
    folder.write(job, FILES, {"origin": "a.sql"}, nothing_wrong)
    folder.write(job, FILES | {"views/b.sql": b"SELECT 2\n"}, {"origin": "a.sql"}, nothing_wrong)
    assert set(json.loads((job / MANIFEST).read_text())["files"]) == {"job.toml", "views/a.sql", "views/b.sql"}
    folder.write(job, FILES, {"origin": "a.sql"}, nothing_wrong)
    assert sorted(path.name for path in job.rglob("*.sql")) == ["a.sql"]
    (job / "views" / "a.sql").write_bytes(b"SELECT 3\n")
    (job / "views" / "mine.sql").write_bytes(b"SELECT 4\n")
    (job / "job.toml").unlink()
    with pytest.raises(Occupied) as error:
        folder.write(job, FILES, {"origin": "a.sql"}, nothing_wrong)
    assert "views/a.sql was edited; views/mine.sql was added; job.toml was removed" in str(error.value)
    assert (job / "views" / "a.sql").read_bytes() == b"SELECT 3\n"
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


def test_a_folder_of_others_is_not_touched(tmp_path: Path) -> None:
    """What no migration wrote is refused; an empty folder is taken; a file is no folder."""
    (tmp_path / "mine").mkdir()
    folder.write(tmp_path / "mine", FILES, {"origin": "a.sql"}, nothing_wrong)
    (tmp_path / "mine" / MANIFEST).unlink()
    with pytest.raises(Occupied, match="was not written by `python -m kda migrate`"):
        folder.write(tmp_path / "mine", FILES, {"origin": "a.sql"}, nothing_wrong)
    (tmp_path / "file").touch()
    with pytest.raises(Occupied, match="is no folder"):
        folder.write(tmp_path / "file", FILES, {"origin": "a.sql"}, nothing_wrong)
    with pytest.raises(Occupied, match="cannot be written"):
        folder.write(tmp_path / "file" / "job", FILES, {"origin": "a.sql"}, nothing_wrong)


def test_a_folder_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """A folder that is not right once it is written takes nobody's place, and leaves nothing behind."""

    def wrong(new: Path) -> None:
        assert (new / "views" / "a.sql").is_file()
        raise Unusable("wrong")

    folder.write(tmp_path / "job", FILES, {"origin": "a.sql"}, nothing_wrong)
    with pytest.raises(Unusable, match="wrong"):
        folder.write(tmp_path / "job", {"job.toml": b"", "views/a.sql": b""}, {"origin": "a.sql"}, wrong)
    assert (tmp_path / "job" / "job.toml").read_bytes() == FILES["job.toml"]
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


@pytest.mark.parametrize("job", ["9lives", "jobs/a-b", "a b", "", "/"])
def test_names_of_jobs(job: str) -> None:
    """A folder that no job can have is refused before anything is read."""
    with pytest.raises(Unusable, match="is no name of a job"):
        folder.of(job)


def migrate(*arguments: str | Path) -> int:
    return kda_main.main(["migrate", *map(str, arguments)])


# Each example that has no CANNOT, with the flags that it needs.
WHOLE = {
    "clicks.json": (),
    "clicks_create.json": (),
    "clicks_v2.json": (),
    "constructs.sql": (),
    "meters_v2.tf": (),
    "orders.tf": (),
    "parking.yaml": ("--application", "rush"),
    "wind_farm.sql": (),
    "words_cdk.template.json": (),
}


@pytest.mark.parametrize("name", WHOLE)
def test_each_example_becomes_a_job(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder loads, has tests, keeps the file as it came, and the exit code is that of `check`."""
    job_folder = tmp_path / "job"
    assert migrate(EXAMPLES / name, "--into", job_folder, *WHOLE[name]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{job_folder}/\n  job.toml")
    job = load(job_folder)
    tests = cases.read(job_folder / "tests" / "first.yaml", job)
    assert tests[0].name == "records that were made up give the rows of KDA's model"
    assert set(tests[0].expect) == set(job.sinks)
    has_rows = any(rows for sink, rows in tests[0].expect.items() if sink != "error_stream")
    assert has_rows == (name != "constructs.sql")  # whose first WHERE asks too much of chance
    assert (job_folder / "origin" / name).read_bytes() == (EXAMPLES / name).read_bytes()
    assert (job_folder / "origin" / "application.sql").exists() == (not name.endswith(".sql"))
    assert migrate(EXAMPLES / name, "--into", job_folder, *WHOLE[name]) == 1  # as it was written: again
    package.needs(job)
    packed = {path for path in package.files(paths.ROOT, job) if path.startswith("jobs/")}
    assert {path.split("/")[2] for path in packed} == {"job.toml", "tables", "views"}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, jvm: Path) -> None:  # noqa: ARG001  (a job needs it first)
    """Run cases in the Flink of the tests."""
    monkeypatch.setattr(trial, "CONFIGURATION", {**trial.CONFIGURATION, **sql.here()})


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("clicks.json", ()),
        ("meters_v2.tf", ()),
        ("words_cdk.template.json", ("--time", "column:at,5", "--align")),
    ],
)
def test_the_first_tests_pass_at_once(name: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    """What the model makes of the records is what Flink makes of them."""
    job_folder = tmp_path / "job"
    assert migrate(EXAMPLES / name, "--into", job_folder, *flags) == 1
    job = load(job_folder)
    results = trial.test(job, cases.read(job_folder / "tests" / "first.yaml", job), tmp_path / "cases")
    assert {result.case.name: result.differences for result in results if result.differences} == {}


def test_the_declaration(tmp_path: Path) -> None:
    """Streams are those of the ARNs; a name that the file does not have is made up, and said so."""
    assert migrate(EXAMPLES / "clicks.json", "--into", tmp_path / "clicks") == 1
    text = (tmp_path / "clicks" / "job.toml").read_text(encoding="utf-8")
    assert text.startswith('# What the application "clicks" of Kinesis Data Analytics for SQL computed.\n')
    document = tomllib.loads(text)
    assert document["insert"] == {
        "PAGES_OUTPUT": "PAGES_rows",
        "CAMPAIGNS_OUTPUT": "CAMPAIGNS_rows",
        "error_stream": "errors",
    }
    assert document["table"] == {
        "SOURCE_SQL_STREAM": {
            "connector": "kinesis",
            "stream": "clicks",
            "start": "TRIM_HORIZON",
            "option.source.watermark.arrival-margin": "2 s",
        },
        "CAMPAIGN_OWNERS_file": {"connector": "reference", "bucket": "clicks-reference", "key": "owners.csv"},
        "PAGES_OUTPUT": {"connector": "kinesis", "stream": "pages"},
        "CAMPAIGNS_OUTPUT": {"connector": "firehose", "delivery_stream": "campaigns"},
        "error_stream": {"connector": "kinesis", "stream": "clicks-errors"},
    }
    assert migrate(EXAMPLES / "meters_v2.tf", "--into", tmp_path / "meters") == 1
    text = (tmp_path / "meters" / "job.toml").read_text(encoding="utf-8")
    assert '# Not in the file that was migrated: put the name in.\nstream = "usage"\n' in text


TOLD: dict[str, Any] = {
    "ApplicationName": "told",
    "ApplicationCode": """CREATE STREAM "OUT" (A INTEGER);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM A FROM I_001;""",
    "Inputs": [
        {
            "NamePrefix": "I",
            "KinesisStreamsInput": {"ResourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/in"},
            "InputSchema": {"RecordColumns": [{"Name": "A", "SqlType": "INTEGER", "Mapping": "$.a"}]},
        }
    ],
    "Outputs": [
        {
            "Name": "OUT",
            "LambdaOutput": {"ResourceARN": "arn:aws:lambda:eu-west-1:111122223333:function:tell"},
            "DestinationSchema": {"RecordFormatType": "JSON"},
        },
        {
            "Name": "error_stream",
            "KinesisStreamsOutput": {"ResourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/bad"},
            "DestinationSchema": {"RecordFormatType": "JSON"},
        },
    ],
}


def test_outputs_to_a_function_and_of_errors(tmp_path: Path) -> None:
    """A Lambda function is called by a stream, which is new; an output of error_stream is the stream of errors."""
    (tmp_path / "told.json").write_text(json.dumps(TOLD), encoding="utf-8")
    assert migrate(tmp_path / "told.json", "--into", tmp_path / "told") == 1
    job = load(tmp_path / "told")
    assert job.tables["OUT_OUTPUT"].settings == {
        "stream": "out-output",
        "function": TOLD["Outputs"][0]["LambdaOutput"]["ResourceARN"],
    }
    assert job.tables["error_stream"].settings == {"stream": "bad"}


def test_the_page_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """README has what became what, each CHANGED and DECIDE, and what has to exist; its links lead somewhere."""
    checkout = tmp_path / "checkout"
    (checkout / "docs").mkdir(parents=True)
    shutil.copytree(paths.ROOT / "docs" / "kda", checkout / "docs" / "kda")
    for module in ("kda.migration.folder", "kda.migration.parts", "pipeline.job"):
        monkeypatch.setattr(f"{module}.JOBS", checkout / "jobs")
    assert migrate(EXAMPLES / "clicks.json", "--into", "clicks") == 1
    page = checkout / "jobs" / "clicks" / "README.md"
    text = page.read_text(encoding="utf-8")
    assert "| stream `VISITS`, by `VISITS_PUMP` | 2, 5 | [views/VISITS.sql](views/VISITS.sql) |" in text
    assert "- line 22: a lookup in CAMPAIGN_OWNERS by campaign finds one row" in text
    for finding in check(the_application("clicks.json")).findings:
        if finding.rule.kind in (Kind.CHANGED, Kind.DECIDE):
            assert f"[{finding.rule.number}](../../{finding.rule.page})" in text
    assert "| `error_stream` | stream `clicks-errors` | new |" in text
    assert "python -m jobs test clicks\n" in text
    with monkeypatch.context() as inside:
        inside.setattr(paths, "ROOT", checkout)
        test_documents.test_links(page)
    test_documents.test_fenced_commands(page)
    test_documents.test_programs(page)
    test_documents.test_nothing_of_one_machine(page)
    reference = (checkout / "jobs" / "clicks" / "reference" / "README.md").read_text(encoding="utf-8")
    assert "Object: `s3://clicks-reference/owners.csv`" in reference
    assert "Key: `campaign`, which must be in one row only" in reference


def test_nothing_is_written_while_a_cannot_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2, also for a folder that is not to be overwritten, and 3 for a file that cannot be read."""
    assert migrate(EXAMPLES / "lifts_join.json", "--into", tmp_path / "lifts") == 2
    assert "line 48  K96 the value of ${MaximumLoad} is not in this file: put it in" in capsys.readouterr().err
    (tmp_path / "left.sql").write_text(LEFT, encoding="utf-8")
    assert migrate(tmp_path / "left.sql", "--into", tmp_path / "left") == 2
    assert migrate(tmp_path / "nothing.sql", "--into", tmp_path / "left") == 3
    assert not (tmp_path / "lifts").exists()
    assert not (tmp_path / "left").exists()
    assert migrate(EXAMPLES / "clicks.json", "--into", "unicorn_summary") == 2
    assert "was not written by `python -m kda migrate`" in capsys.readouterr().err


def test_the_rest_is_migrated_without_a_pump(tmp_path: Path) -> None:
    """What is left out is on the page, and in no file of SQL."""
    (tmp_path / "left.sql").write_text(LEFT, encoding="utf-8")
    flags = ("--leave-out", "PB", "--leave-out", "PC")
    assert migrate(tmp_path / "left.sql", "--into", tmp_path / "left", *flags) == 1
    assert list(load(tmp_path / "left").inserts) == ["A_OUTPUT", "error_stream"]
    page = (tmp_path / "left" / "README.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in page
    assert "python -m jobs test JOB\n```\n\nJOB is the path of this folder.\n" in page
    assert "## What is left out\n\n- pump `PB`\n- pump `PC`\n- stream `B`, which nothing else wrote\n" in page
    assert (tmp_path / "left" / "origin" / "left.sql").read_text(encoding="utf-8") == LEFT


PRICES = """CREATE STREAM "OUT" ("ticker" VARCHAR(4), "price" DOUBLE);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM "ticker", "price" FROM "TICKS_001" WHERE "price" > 10;
"""
SCHEMA = {
    "InputSchema": {
        "RecordFormat": {
            "RecordFormatType": "CSV",
            "MappingParameters": {
                "CSVMappingParameters": {"RecordRowDelimiter": "\n", "RecordColumnDelimiter": ";"},
            },
        },
        "RecordColumns": [{"Name": "ticker", "SqlType": "VARCHAR(4)"}, {"Name": "price", "SqlType": "DOUBLE"}],
    }
}


@pytest.mark.parametrize("flag", ["{}", "TICKS={}", "ticks_001={}"])
def test_a_schema_and_a_sample(flag: str, tmp_path: Path) -> None:
    """A schema takes the place of the guess; the lines of a sample become the first test."""
    for name, text in (("a.sql", PRICES), ("schema.json", json.dumps(SCHEMA)), ("sample.csv", "ABCDE;12\nX;5\nY;\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = flag.format(tmp_path / "schema.json")
    flags = ("--schema", given, "--sample", tmp_path / "sample.csv")
    assert migrate(tmp_path / "a.sql", "--into", tmp_path / "prices", *flags) == 0
    job = load(tmp_path / "prices")
    (test,) = cases.read(tmp_path / "prices" / "tests" / "first.yaml", job)
    assert [record.data for record in test.given["TICKS"]] == [b"ABCDE;12", b"X;5", b"Y;"]
    assert test.expect == {"OUT_OUTPUT": [{"ticker": "ABCD", "price": 12.0}], "error_stream": []}
    assert "K37" not in (tmp_path / "prices" / "README.md").read_text(encoding="utf-8")


def test_lines_of_a_sample(tmp_path: Path) -> None:
    """Each line of a .jsonl file is a record, as for `jobs run`, also one that is no JSON."""
    (tmp_path / "a.sql").write_text(PRICES, encoding="utf-8")
    sample = tmp_path / "sample.jsonl"
    sample.write_bytes(b'\xff\xfe\n{"ticker":\n\n{"ticker": "A", "price": 11}\n')
    assert migrate(tmp_path / "a.sql", "--into", tmp_path / "prices", "--sample", sample) == 1
    (test,) = cases.read(tmp_path / "prices" / "tests" / "first.yaml", load(tmp_path / "prices"))
    assert [one.data for one in test.given["TICKS"]] == [b"\xff\xfe", b'{"ticker":', b'{"ticker": "A", "price": 11}']
    assert [row["ERROR_NAME"] for row in test.expect["error_stream"]] == ["PARSE", "PARSE"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\xa8\x00\xff" * 100, "this is neither JSON nor CSV in UTF-8: give a file of records."),
        ('{"ticker": "A"}'.encode("utf-16"), "this is neither JSON nor CSV in UTF-8"),
    ],
)
def test_a_sample_without_records(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused in a sentence, of the input and of a reference table; nothing is written."""
    (tmp_path / "sample").write_bytes(content)
    for origin, table in ((EXAMPLES / "clicks.json", "CAMPAIGN_OWNERS="), (EXAMPLES / "clicks.json", "")):
        assert migrate(origin, "--into", tmp_path / "job", "--sample", f"{table}{tmp_path / 'sample'}") == 2
        assert told in capsys.readouterr().err
    assert not (tmp_path / "job").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--schema", "NO={}"), "--schema NO=..: there is no such input or reference table (there are TICKS)."),
        (("--application", "b"), "--application b: "),
        (("--time", "column:"), "'column:' is not arrival, processing, or column:NAME[,BOUND]"),
        (("--time", "column:none"), "no column none"),
        (("--leave-out", "Q"), "--leave-out Q: there is no such pump (there are P)."),
    ],
)
def test_wrong_options(flags: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is one sentence with what there is, the exit code is 2, and nothing is written."""
    for name, text in (("a.sql", PRICES), ("schema.json", json.dumps(SCHEMA))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = [flag.format(tmp_path / "schema.json") for flag in flags]
    assert migrate(tmp_path / "a.sql", "--into", tmp_path / "prices", *given) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "prices").exists()


def test_several_applications_need_a_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A template may have several applications: a job is one of them."""
    assert migrate(EXAMPLES / "parking.yaml", "--into", tmp_path / "park") == 2
    assert "has several applications: name one with --application (there are " in capsys.readouterr().err


def test_an_error_that_nobody_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has an exit code of its own: 1 would say that the job is written."""

    def fails(_application: Application, _wanted: Any) -> None:
        raise KeyError

    monkeypatch.setattr("kda.migration.migrating.migrated", fails)
    assert migrate(EXAMPLES / "clicks.json", "--into", tmp_path / "clicks") == 4
    assert "this program failed (KeyError in test_kda_migrate.py, line " in capsys.readouterr().err
    assert not (tmp_path / "clicks").exists()


SIDES = """CREATE STREAM "OUT" ("id" INTEGER);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM "id" FROM "LEFT_001" UNION ALL SELECT STREAM "id" FROM "RIGHT_001";
"""


def test_what_the_model_does_not_know_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then the only test is that no record gives no row."""
    (tmp_path / "sides.sql").write_text(SIDES, encoding="utf-8")
    assert migrate(tmp_path / "sides.sql", "--into", tmp_path / "sides") == 1
    assert "The model of KDA has no answer for several inputs." in capsys.readouterr().out
    job = load(tmp_path / "sides")
    (test,) = cases.read(tmp_path / "sides" / "tests" / "first.yaml", job)
    assert (test.name, set(test.expect)) == ("no record gives no row", {"OUT_OUTPUT", "error_stream"})


def test_a_reference_table_that_nothing_reads(tmp_path: Path) -> None:
    """It has no table in the job, and its page says why."""
    name = "TARIFFS"
    text = (EXAMPLES / "meters_v2.tf").read_text(encoding="utf-8")
    text = text.replace(f'JOIN "{name}" AS t ON m."tariff" = t."id"', "").replace('t."name"', "'none'")
    (tmp_path / "meters.tf").write_text(text, encoding="utf-8")
    assert migrate(tmp_path / "meters.tf", "--into", tmp_path / "meters") == 1
    assert load(tmp_path / "meters").sources == ("METERS",)
    page = (tmp_path / "meters" / "reference" / "README.md").read_text(encoding="utf-8")
    assert f"## {name}\n\nObject: `none: no pump reads it`" in page


def test_rows_that_nobody_takes(tmp_path: Path) -> None:
    """A pump of which no output is made is left out with its errors, and the page says so (K43)."""
    document = json.loads((EXAMPLES / "clicks.json").read_text(encoding="utf-8"))
    detail = document["ApplicationDetail"]
    detail["ApplicationCode"] += (
        '\nCREATE STREAM "LOST" (n INTEGER);'
        '\nCREATE PUMP "LOST_PUMP" AS INSERT INTO "LOST" SELECT STREAM 1 / ("ms" - "ms") FROM "SOURCE_SQL_STREAM_001";'
    )
    (tmp_path / "clicks.json").write_text(json.dumps(document), encoding="utf-8")
    assert migrate(tmp_path / "clicks.json", "--into", tmp_path / "clicks") == 1
    assert not list((tmp_path / "clicks" / "views").glob("LOST*"))
    page = (tmp_path / "clicks" / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\| stream `LOST`, by `LOST_PUMP` \| [\d, ]+ \| left out: K43 below \|\n", page)
    assert "stream LOST is no output, and no output is made of it: pump LOST_PUMP is left out" in page
    assert "pump LOST_PUMP: " not in (tmp_path / "clicks" / "tests" / "first.yaml").read_text(encoding="utf-8")
