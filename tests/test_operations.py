"""Submitting and resuming: the plans that keep the state, the newest point, and refusals in one sentence."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from deploy import template, up
from flink import flags, rest, savepoints, submit
from flink import signature as signatures
from jobs import __main__ as jobs_program
from local import __main__ as local_program
from pipeline import binding, settings, statements
from pipeline.job import load
from program.errors import Unusable

JOB = load("unicorn_summary")

SIGNATURE = "0123456789ab"


def plan(changes: Mapping[str, tuple[str, str]]) -> str:
    """Flink's plan of the job with some text of its SQL replaced."""
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

    texts = dict(JOB.texts)
    for name, (old, new) in changes.items():
        assert old in texts[name]
        texts[name] = texts[name].replace(old, new)
    changed = replace(JOB, texts=texts)
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    statements.declare(environment, changed, binding.connectors(settings.example(JOB)))
    return str(statements.inserts(environment, changed).explain())


@pytest.fixture(scope="module")
def signature(jvm: Path) -> str:  # noqa: ARG001  (PyFlink needs it first)
    return signatures.signature(plan({}))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("late", "'its window closed at '", "'too late: '"),
        ("readings", "longest_name AS 128", "longest_name AS 64"),
        ("readings", "'0 00:00:05' DAY", "'0 00:00:07' DAY"),
        ("readings", "INTERVAL '10' MINUTE", "INTERVAL '9' MINUTE"),
        ("summary", "ROUND(SUM(", "FLOOR(SUM("),
    ],
)
def test_a_change_that_keeps_the_state(signature: str, file: str, old: str, new: str) -> None:
    """Messages, rules and limits are not part of the state: a job can resume with other texts of them."""
    assert signatures.signature(plan({file: (old, new)})) == signature


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        # Flink would accept this change without an error: MIN and MAX of an INT have the same state.
        ("summary", "MIN(record.MagicPoints) AS", "MAX(record.MagicPoints) AS"),
        ("windowed", "INTERVAL '1' MINUTE", "INTERVAL '5' MINUTE"),
        ("summary", "SUM(CAST", "AVG(CAST"),
        ("gathered", "PARTITION BY shard", "PARTITION BY record.Name"),
        ("gathered", "MAX(event_time - disorder) OVER", "MIN(event_time - disorder) OVER"),
        ("rejects", "FROM checked\n    WHERE error_name IS NOT NULL", "FROM checked\n    WHERE FALSE"),
    ],
)
def test_a_change_that_does_not(signature: str, file: str, old: str, new: str) -> None:
    """Another aggregate, window, key, or shape of the plan is another state."""
    assert signatures.signature(plan({file: (old, new)})) != signature


def test_another_highest_parallelism_is_another_state() -> None:
    """Flink splits keyed state into this number of parts at the first write, for ever."""
    known = "== Optimized Execution Plan ==\nSink(table=[x])\n"
    assert len({signatures.signature(known, most) for most in (None, 128, 1024)}) == 3
    assert signatures.signature(known, 1024) == signatures.signature(known, 1024)


def test_no_more_subtasks_than_a_restored_job_can_have(capsys: pytest.CaptureFixture[str]) -> None:
    """Too many subtasks are refused while the command line is parsed, so before any stop, start or submission."""
    most = JOB.most_subtasks
    assert most is not None
    unusable = str(most + 1)
    for program, command in (
        (jobs_program.main, ["submit", "unicorn_summary", "--parallelism", unusable]),
        (jobs_program.main, ["resume", "unicorn_summary", "--parallelism", unusable]),
        (jobs_program.main, ["run", "unicorn_summary", "--parallelism", unusable]),
        (local_program.main, ["demo", "--parallelism", unusable]),
    ):
        try:
            code: object = program(command)
        except SystemExit as ended:
            code = ended.code
        assert code == 2
        assert f"{unusable} subtasks are more than the {most} that a job's state" in capsys.readouterr().err
    assert flags.subtasks(str(most)) == most


def test_a_deployment_cannot_outgrow_its_state() -> None:
    """Neither the parameter nor autoscaling exceeds the state's limit, within an account's default quota of units."""
    made = template.of(JOB)
    most, known = JOB.most_subtasks, made.parameters
    assert most is not None
    assert known["Parallelism"].most == up.MOST_SUBTASKS <= most / 4
    assert up.MOST_UNITS * int(known["ParallelismPerKpu"].most or 0) <= most / 2
    with pytest.raises(template.TemplateError, match="Parallelism is '257'"):
        made.check({"Parallelism": "257"})


def test_a_text_without_a_plan() -> None:
    """A text that is no plan has no signature."""
    with pytest.raises(signatures.SignatureError, match="no optimised execution plan"):
        signatures.signature("== Abstract Syntax Tree ==\nLogicalSink\n")


def made(folder: Path, uri_part: str, age: int) -> None:
    path = folder / uri_part / "_metadata"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    os.utime(path, (1_000_000 - age, 1_000_000 - age))


def test_the_newest_point(tmp_path: Path) -> None:
    """The newest complete savepoint or checkpoint under the job's name; other jobs' points are not used."""
    made(tmp_path, f"checkpoints/job-{SIGNATURE}/abc/chk-7", age=20)
    made(tmp_path, f"checkpoints/job-{SIGNATURE}/abc/chk-8", age=10)
    made(tmp_path, f"savepoints/job-{'f' * 12}/savepoint-abc-1234567890ab", age=30)
    made(tmp_path, f"checkpoints/other-{SIGNATURE}/abc/chk-9", age=0)
    (tmp_path / f"checkpoints/job-{SIGNATURE}/abc/chk-9").mkdir()  # incomplete
    folders = savepoints.Folders(f"file://{tmp_path}/checkpoints", f"file:{tmp_path}/savepoints", "job")
    found = folders.on_disk()
    assert len(found) == 3
    newest = savepoints.newest(found, "there")
    assert (newest.uri.rpartition("/")[2], newest.kind, newest.signature) == ("chk-8", "checkpoint", SIGNATURE)
    savepoint = next(point for point in found if point.kind == "savepoint")
    assert savepoint.signature == "f" * 12
    with pytest.raises(savepoints.SavepointError, match=r"no checkpoint or savepoint under there .* --from"):
        savepoints.newest([], "there")


def test_a_path_without_a_signature() -> None:
    """A savepoint made elsewhere has no signature; the id in its own name is not a signature."""
    assert savepoints.signature_in("s3://bucket/savepoints/savepoint-4fdffb-4450da4e5e37", "job") is None
    assert savepoints.signature_in(f"s3://bucket/c/job-{SIGNATURE}/x/chk-1", "job") == SIGNATURE
    assert savepoints.local_path("s3://bucket/c") is None
    assert savepoints.local_path("file:///a b/c") == savepoints.local_path("file:/a b/c") == Path("/a b/c")


def test_folders_of_a_cluster() -> None:
    """The folders have current or former option names; by default savepoints are beside the checkpoints."""
    assert savepoints.folders({"state.checkpoints.dir": "s3://b/c/"}, "job").checkpoints == "s3://b/c"
    assert savepoints.folders({savepoints.CHECKPOINTS: "s3://b/c"}, "job").savepoints == "s3://b/c/savepoints"
    with pytest.raises(savepoints.SavepointError, match=r"no execution\.checkpointing\.dir"):
        savepoints.folders({}, "job")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
        ("http://flink.example:80/", "http://flink.example:80"),
        ("flink.example", "http://flink.example:8081"),
        ("localhost:9000", "http://localhost:9000"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    """An address may have a scheme and a port."""
    assert submit.cluster_at(text).address == address


@pytest.mark.parametrize("text", ["https://x:1", "http://x:99999", "http://x/path", "http://a:b@x:1", "http://"])
def test_addresses_that_are_none(text: str) -> None:
    """The error for an invalid address has the valid format."""
    with pytest.raises(Unusable, match="not an address of a Flink cluster"):
        submit.cluster_at(text)


class FakeCluster(http.server.BaseHTTPRequestHandler):
    """Answers GETs from a table of paths."""

    answers: Mapping[str, Any]

    def do_GET(self) -> None:
        found = self.answers.get(self.path)
        self.send_response(200 if found is not None else 404)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing."""


@pytest.fixture
def fake() -> Iterator[tuple[rest.Cluster, dict[str, Any]]]:
    answers: dict[str, Any] = {
        "/overview": {"flink-version": "2.3.0", "slots-available": 2},
        "/jobs/overview": {"jobs": []},
        "/jobmanager/config": [{"key": "execution.checkpointing.dir", "value": "s3://b/c"}],
    }
    handler = type("Handler", (FakeCluster,), {"answers": answers})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield rest.Cluster(f"http://127.0.0.1:{server.server_port}"), answers
        server.shutdown()
        thread.join(5)


ASKED = submit.Submission(JOB, Path("application_properties.json"), 2, SIGNATURE)


def test_what_the_launcher_decides(fake: tuple[rest.Cluster, dict[str, Any]]) -> None:
    """Checkpoints, restarts and folders are submitted with the job; the cluster's own configuration wins."""
    cluster, answers = fake
    options = submit.options(cluster, ASKED)
    assert options["execution.checkpointing.interval"] == "10000 ms"
    assert options["restart-strategy.type"] == "exponential-delay"
    assert options["execution.checkpointing.dir"] == f"s3://b/c/unicorn_summary-{SIGNATURE}"
    assert options["parallelism.default"] == "2"
    assert "execution.state-recovery.path" not in options
    options = submit.options(cluster, replace(ASKED, start=5))
    assert options["execution.checkpointing.dir"] == f"s3://b/c/unicorn_summary-{SIGNATURE}/from-5"
    assert options["pipeline.global-job-parameters"] == f"state.signature:{SIGNATURE},state.from:5"
    answers["/jobmanager/config"] += [
        {"key": "execution.checkpointing.interval", "value": "1 min"},
        {"key": "restart-strategy.type", "value": "fixed-delay"},
    ]
    asked = replace(ASKED, snapshot=savepoints.Snapshot("s3://b/p", 0, None))
    options = submit.options(cluster, asked)
    assert options["execution.checkpointing.interval"] == "1 min"
    assert {name for name in options if name.startswith("restart")} == {"restart-strategy.type"}
    assert options["execution.state-recovery.path"] == "s3://b/p"


def test_what_a_cluster_cannot_take(fake: tuple[rest.Cluster, dict[str, Any]]) -> None:
    """Too few slots, another Flink, the same job twice: refused before the submission."""
    cluster, answers = fake
    with pytest.raises(submit.SubmitError, match="2 free slots, the job needs 3"):
        submit.submit(cluster, replace(ASKED, parallelism=3))
    answers["/overview"]["flink-version"] = "2.0.0"
    with pytest.raises(submit.SubmitError, match=r"is Flink 2\.0\.0; this job is made for 2\.3"):
        submit.submit(cluster, ASKED)
    answers["/jobs/overview"]["jobs"] = [
        {"jid": "a" * 32, "name": submit.name_of(JOB), "state": "RUNNING", "start-time": 5},
        {"jid": "b" * 32, "name": submit.name_of(JOB), "state": "CANCELED", "start-time": 6},
    ]
    with pytest.raises(submit.SubmitError, match=f"already, RUNNING as {'a' * 32}"):
        submit.submit(cluster, ASKED)


def test_another_state_is_refused() -> None:
    """The sentence has the point, the change, and the time for a new start."""
    point = savepoints.Snapshot(f"file:/c/unicorn_summary-{SIGNATURE}/a/chk-4", 1_795_000_000, SIGNATURE)
    submit.compatible(JOB, point, SIGNATURE)
    submit.compatible(JOB, replace(point, signature=None), SIGNATURE)  # Flink alone decides in this case
    with pytest.raises(
        signatures.SignatureError,
        match=r"checkpoint file:/c/.* jobs submit unicorn_summary --start 2026-11-18T10:56:00\.000\+00:00",
    ):
        submit.compatible(JOB, point, "f" * 12)


def test_another_start() -> None:
    """--start changes the start position and no other setting."""
    document = [
        {"PropertyGroupId": "aws", "PropertyMap": {"region": "us-east-1"}},
        {"PropertyGroupId": "readings", "PropertyMap": {"stream": "mine", "start": "LATEST"}},
    ]
    time = "2026-11-22T06:00:00.000+00:00"
    other = settings.started_at(settings.parse(document, JOB), {"readings": time})
    values = settings.parse(other, JOB).groups["readings"]
    assert (values["stream"], values["start"], values["start.timestamp"]) == ("mine", "AT_TIMESTAMP", time)
    other = settings.started_at(settings.parse(document[:1], JOB), {"readings": "LATEST"})
    values = settings.parse(other, JOB).groups["readings"]
    assert (values["start"], values.get("start.timestamp")) == ("LATEST", None)


def test_latest_is_the_moment_of_the_command() -> None:
    """LATEST becomes a time: a restart looks up a shard without records again, and must not skip new records."""
    now = datetime(2026, 11, 24, 15, 30, tzinfo=timezone(timedelta(hours=1)))
    assert settings.pinned("LATEST", now) == "2026-11-24T14:30:00.000+00:00"
    for start in ("TRIM_HORIZON", "2026-11-22T06:00:00.000+00:00"):
        assert settings.pinned(start, now) == start


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026", "2026-11-24", "2026-11-24T14:30:00Z", "2026-13-24T14:30:00.000Z", "9999-01-01T00:00:00.000Z"],
)
def test_a_start_that_is_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the option for an unknown position, a time without zone or milliseconds, and a future time."""
    assert jobs_program.main(["submit", "unicorn_summary", "--start", text]) == 2
    assert "for '--start': " in capsys.readouterr().err


def test_where_a_job_began_is_in_the_path_of_its_points(tmp_path: Path) -> None:
    """The path of a point has the job's start: a resumed job starts with it in shards without records."""
    began = 1_795_000_000_123
    folders = savepoints.folders({"execution.checkpointing.dir": tmp_path.as_uri()}, "n")
    path = Path(folders.checkpoints_of(SIGNATURE, began).removeprefix("file:///")) / "job" / "chk-3"
    made(Path("/"), str(path), 5)
    made(tmp_path, f"n-{SIGNATURE}/job/chk-4", 9)
    point = savepoints.newest(folders.on_disk(), "there")
    assert (point.start, point.signature) == (began, SIGNATURE)
    assert submit.start_of(point) == "2026-11-18T11:06:40.123+00:00"
    savepoint = savepoints.Snapshot(f"{folders.savepoints_of(SIGNATURE, began)}/savepoint-1", 0, SIGNATURE)
    assert savepoint.start == began
    assert submit.start_of(savepoints.Snapshot(f"{folders.savepoints_of(SIGNATURE)}/savepoint-1", 0, SIGNATURE)) is None
    settings_ = [
        {"PropertyGroupId": "aws", "PropertyMap": {"region": "us-east-1"}},
        {
            "PropertyGroupId": "readings",
            "PropertyMap": {"start": "AT_TIMESTAMP", "start.timestamp": submit.start_of(point)},
        },
    ]
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings_))
    assert submit.start_in(settings.read(file, JOB)) == began
    file.write_text(json.dumps(settings_[:1]))
    assert submit.start_in(settings.read(file, JOB)) is None


def test_a_failed_flink_run() -> None:
    """The sentence has the innermost cause of a Python and two Java stack traces."""
    text = (
        "WARNING: something\nTraceback (most recent call last):\n  File x\npy4j.protocol.Py4JJavaError: An error\n"
        ": org.apache.flink.X: outer\n\tat a\nCaused by: java.lang.ClassNotFoundException: streaming.JsonRecord\n"
        "\tat b\n\norg.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: Python\n"
        "Caused by: java.lang.RuntimeException: Python process exits with code: 1\n"
    )
    assert submit.reason(text) == "java.lang.ClassNotFoundException: streaming.JsonRecord"
