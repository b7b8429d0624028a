"""The job's plan, its SQL files and its command line, without running the job."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors.connector import Connector
from java import paths
from jobs import __main__ as command
from pipeline import binding, settings
from pipeline import statements as pipeline
from pipeline.job import SHARED, Job, load

BACKFILL = load("unicorn_summary").backfill()
JOB = load("unicorn_summary")

# No server listens there: a plan needs no service.
NOWHERE = {"region": "us-east-1", "endpoint": "http://127.0.0.1:9"}
CONNECTORS: dict[str, Connector] = binding.connectors(
    settings.parse([{"PropertyGroupId": "aws", "PropertyMap": NOWHERE}], JOB)
)


def folder(kind: str) -> dict[str, str]:
    """The SQL files of `tables` or `views`, the job's and the shared files: name without suffix -> text."""
    files = [*SHARED.glob(f"{kind}/*.sql"), *JOB.folder.glob(f"{kind}/*.sql")]
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


TABLES = folder("tables")
VIEWS = folder("views")
JOBS = pytest.mark.parametrize("which", [JOB, BACKFILL], ids=lambda which: which.name)


def code(sql: str) -> str:
    """The text without its comments."""
    return re.sub(r"--.*", "", sql)


@pytest.fixture(scope="module")
def environment(jvm: Path) -> Any:  # noqa: ARG001  (PyFlink can only be imported once it is there)
    """A TableEnvironment with the job on AWS."""
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

    made = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    pipeline.declare(made, JOB, CONNECTORS)
    return made


@pytest.fixture(scope="module")
def plan(environment: Any) -> dict[str, str]:
    """The explained job by section, with the kind of change that each step emits."""
    from pyflink.table import ExplainDetail  # noqa: PLC0415

    text = str(pipeline.inserts(environment, JOB).explain(ExplainDetail.CHANGELOG_MODE))
    _, *sections = re.split(r"^== (.+) ==$", text, flags=re.MULTILINE)
    return dict(zip(sections[::2], sections[1::2], strict=True))


def subtrees(section: str) -> list[tuple[str, list[str]]]:
    """Each step of a plan with the steps below it, which are before it in the stream."""
    steps = [line for line in section.splitlines() if line.strip()]
    depths = [re.match(r"[ :]*(?:[+:]- )?", line).end() for line in steps]  # type: ignore[union-attr]
    found = []
    for number, (step, depth) in enumerate(zip(steps, depths, strict=True)):
        below = number + 1
        while below < len(steps) and depths[below] > depth:
            below += 1
        found.append((step.lstrip(" :+-"), steps[number + 1 : below]))
    return found


@pytest.mark.parametrize(
    ("step", "times"),
    [
        ("TableSourceScan", 1),
        ("WatermarkAssigner", 0),  # the source has the watermark
        ("OverAggregate", 1),
        ("GlobalWindowAggregate", 1),
        ("Sink", 3),
    ],
)
def test_everything_is_done_once(plan: dict[str, str], step: str, times: int) -> None:
    """All sinks share the scan and the aggregation: no record is read or summed twice."""
    steps = [name for name, _ in subtrees(plan["Optimized Execution Plan"])]
    assert sum(name.startswith(step + "(") for name in steps) == times


def test_every_table_has_its_sink(plan: dict[str, str]) -> None:
    """The three sinks of the plan are the job's three."""
    sinks = re.findall(r"^Sink\(table=\[[\w.]+\.(\w+)\]", plan["Optimized Execution Plan"], re.MULTILINE)
    assert sorted(sinks) == sorted(JOB.sinks)


@pytest.mark.parametrize("section", ["Optimized Physical Plan", "Optimized Execution Plan"])
def test_lateness_is_judged_where_the_windows_are(plan: dict[str, str], section: str) -> None:
    """CURRENT_WATERMARK is evaluated only after the OverAggregate, which is after the first exchange.

    Before it, each subtask has its own watermark, and the window may drop a record that is on time by that watermark.
    """
    trees = subtrees(plan[section])
    over = next(tree for tree in trees if tree[0].startswith("OverAggregate("))
    reused = re.search(r"\(reuse_id=\[(\d+)\]\)", over[0])
    before = (over[0], *over[1])
    assert any("Exchange(" in step for step in before)
    assert not any("CURRENT_WATERMARK" in step for step in before)
    judging = [below for step, below in trees if "CURRENT_WATERMARK" in step]
    assert judging
    marks = ["OverAggregate("] + ([f"Reused(reference_id=[{reused[1]}])"] if reused else [])
    for below in judging:
        assert any(mark in step for step in below for mark in marks)


def test_rows_are_only_ever_added(plan: dict[str, str]) -> None:
    """No step emits an update or a deletion: a window emits its row once, when it closes."""
    section = plan["Optimized Physical Plan"]
    for step, below in subtrees(section):
        assert "changelogMode=[" in step
        if step.startswith("Sink("):
            assert "changelogMode=[NONE]" in step
            assert below
            assert all("changelogMode=[I]" in one for one in below)
    assert set(re.findall(r"changelogMode=\[(.*?)\]", section)) == {"I", "NONE"}


@pytest.mark.parametrize(("table", "view"), JOB.inserts.items())
def test_columns_agree(environment: Any, table: str, view: str) -> None:
    """A view has its sink's columns by name, order and type: inserts go by position, without a check of names."""

    def columns(name: str) -> list[tuple[str, str]]:
        schema = environment.from_path(name).get_schema()
        types = [type(type_).__name__.replace("VarChar", "Char") for type_ in schema.get_field_data_types()]
        return list(zip(schema.get_field_names(), types, strict=True))

    assert columns(view) == columns(table)


def test_state_never_expires(environment: Any) -> None:
    """After a stop longer than the expiry, a late reading would be in no row and no error."""
    assert environment.get_config().get("table.exec.state.ttl", "") == "0 s"
    assert JOB.configuration["table.exec.state.ttl"] == "0 s"


@JOBS
def test_each_sink_has_one_insert(which: Job) -> None:
    """Every sink has an insert from a single view."""
    assert set(which.inserts) == set(which.sinks)
    assert set(which.inserts.values()) <= set(which.views)


def statements(script: str) -> list[str]:
    """The statements of a script; a semicolon in a comment or in quotes ends no statement."""
    found = [""]
    for part in re.findall(r"--[^\n]*|'(?:[^']|'')*'|;|[^-';]+|-", script):
        if part == ";":
            found.append("")
        else:
            found[-1] += part
    assert found.pop().strip() == ""
    return [statement.strip() for statement in found]


@pytest.fixture
def script(capsys: pytest.CaptureFixture[str]) -> str:
    assert command.main(["sql", "unicorn_summary"]) == 0
    return capsys.readouterr().out


def test_the_script_holds_every_statement(script: str) -> None:
    """`python -m jobs sql` prints exactly the job's settings, declarations and inserts, in order."""
    connectors = binding.connectors(settings.example(JOB))
    sets = [f"SET '{name}' = '{value}'" for name, value in JOB.configuration.items()]
    declared = [statement.strip() for statement in pipeline.declarations(JOB, connectors)]
    first, *inserts = pipeline.insertions(JOB)
    printed = statements(script)
    assert [statement for statement in printed if "EXECUTE STATEMENT SET" not in statement] == [
        *sets,
        *declared,
        *inserts,
        "END",
    ]
    (begin,) = [statement for statement in printed if "EXECUTE STATEMENT SET" in statement]
    assert re.sub(r"\s+", " ", begin) == f"EXECUTE STATEMENT SET BEGIN {first}"


@pytest.mark.usefixtures("jvm")
def test_the_script_can_be_pasted(script: str) -> None:
    """Flink accepts each statement in this order."""
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

    fresh = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for statement in statements(script):
        if statement == "END" or statement.startswith("SET "):
            continue
        text = re.sub(r"^EXECUTE STATEMENT SET\s+BEGIN\s+", "", statement)
        if text.startswith("INSERT"):
            assert "Sink(" in fresh.explain_sql(text)
        else:
            fresh.execute_sql(text)
    assert set(fresh.list_views()) == set(JOB.views)


@pytest.mark.usefixtures("flink")
def test_explain_as_a_program() -> None:
    """`python -m jobs explain` prints the plan without any service, credentials or settings."""
    ran = subprocess.run(
        [sys.executable, "-m", "jobs", "explain", "unicorn_summary"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "== Optimized Execution Plan ==" in ran.stdout
    assert ran.stdout.count("Sink(") >= len(JOB.sinks)


def test_bad_settings_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings that cannot be used end the command with 2 and a sentence."""
    assert command.main(["sql", "unicorn_summary", "--properties", str(tmp_path / "none.json")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("The settings file ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(("name", "text"), [*TABLES.items(), *VIEWS.items()])
def test_a_file_knows_no_place(name: str, text: str) -> None:
    """No SQL file has a WITH clause, a placeholder, an address or the name of a stream or external table."""
    sql = code(text)
    assert not re.search(r"\bWITH\b", sql, re.IGNORECASE), name
    assert not re.search(r"[{}$%]", text), name
    assert not re.search(r"https?:|\barn:|amazonaws|127\.0\.0\.1|localhost", text, re.IGNORECASE), name
    outside = {value for table in JOB.tables.values() for value in table.settings.values()}
    assert outside
    for word in outside:
        assert not re.search(rf"\b{word}\b", text), f"{name} names {word}"


@pytest.mark.parametrize(("name", "text"), VIEWS.items())
def test_a_view_states_its_grain(name: str, text: str) -> None:
    """A view is a SELECT below a comment with its grain, such as "One row per ..."."""
    assert text.startswith("-- One row"), name
    assert code(text).strip().startswith("SELECT"), name
    assert len(statements(text + ";")) == 1, name


@pytest.mark.parametrize(("name", "text"), TABLES.items())
def test_a_table_file_declares_its_table(name: str, text: str) -> None:
    """The file has the table's name, and begins with a comment."""
    assert text.startswith("-- "), name
    assert re.findall(r"\bCREATE TABLE (\w+)", code(text)) == [name]


def test_every_shared_file_is_used() -> None:
    """The job, its backfill and its backfill of each line use every shared file."""
    jobs = (JOB, BACKFILL, JOB.backfill(each=True))
    assert {name for which in jobs for name in which.texts} | {"archived"} == {*VIEWS, *TABLES}
