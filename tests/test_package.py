"""The package for Managed Flink: its content, the refusals of its check, and a run of the very zip on a cluster."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy import package
from deploy.package import JAR, MAIN, Needs, PackageError
from flink import cluster, distribution, submit
from java import FUNCTIONS, merged, paths
from local import emulator, running
from local.emulator import Emulator
from pipeline.job import load
from program import processes
from tests import checkout
from tests.emulated import Stage, producer, stage

JOB = load("unicorn_summary")

FACTORY = "META-INF/services/org.apache.flink.table.factories.Factory"
JAVA_17 = b"\xca\xfe\xba\xbe\x00\x00\x00\x3d"  # the beginning of a class file for Java 17
JAVA_21 = b"\xca\xfe\xba\xbe\x00\x00\x00\x41"

Files = dict[str, bytes]

# A project of the same shape: files for the package, and files beside them.
PROJECT: Files = {
    MAIN: b"from pyflink.table import TableEnvironment\n\nfrom pipeline import job\n",
    "pipeline/__init__.py": b"",
    "pipeline/job.py": b"import json\n\n\ndef f():\n    from connectors.kinesis import OPTIONS\n    return OPTIONS\n",
    "pipeline/views/timed.sql": b"SELECT 1",
    "java/__init__.py": b"FUNCTIONS = {}\n",
    "program/__init__.py": b"",
    "program/errors.py": b"",
    "jobs/summary/job.toml": b"[insert]\n",
    "jobs/summary/tables/readings.sql": b"CREATE TABLE readings (Name STRING)",
    "jobs/summary/views/summary.sql": b"SELECT Name FROM readings",
    "connectors/__init__.py": b"",
    "connectors/kinesis.py": b"from . import connector\n\nOPTIONS = connector.OPTIONS\n",
    "connectors/connector.py": b"OPTIONS = {}\n",
    "LICENSE": b"Apache",
    "NOTICE": b"of others",
}
BESIDE: Files = {
    "jobs/__main__.py": b"import boto3\n",
    "jobs/summary/tests/minutes.yaml": b"cases: []\n",
    "jobs/summary/README.md": b"# It\n",
    "jobs/another/job.toml": b"[insert]\n",
    "pipeline/cases.py": b"import yaml\n",
    "program/processes.py": b"import psutil\n",
    "java/jars.py": b"import jgo\n",
    "java/jars.lock": b"[job]\n",
    "java/src/streaming/JsonLines.java": b"class JsonLines {}\n",
    "connectors/__pycache__/kinesis.cpython-311.pyc": b"\0",
    "tests/test_job.py": b"import pytest\n",
    "tests/given.sql": b"SELECT 1",
}
CLASSES: Files = {"a/Source.class": JAVA_17, "a/Sink.class": JAVA_17, "f/Parse.class": JAVA_17, "a/H.class": JAVA_17}
LISTS: Files = {FACTORY: b"a.Source\na.Sink\n", "META-INF/services/h.Http": b"a.H\n"}
NEEDS = Needs(
    sql=("jobs/summary/tables/readings.sql", "jobs/summary/views/summary.sql"),
    factories={"kinesis": ("a.Source", "a.Sink")},
    functions={"parse": "f.Parse"},
    limit=10_000,
)


def zipped(path: Path, files: Mapping[str, bytes | None]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            if text is not None:
                archive.writestr(name, text)
    return path


def content(path: Path | io.BytesIO) -> Files:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def project(folder: Path) -> Path:
    for name, text in {**PROJECT, **BESIDE}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text)
    return folder


def packed(root: Path, job: str = "jobs/summary") -> Files:
    """The project's files for the package of its job, by their paths in the zip."""
    return package.files(root, replace(JOB, name="summary", folder=root / job))


def inputs(folder: Path) -> list[Path]:
    """Two jars, each with a part of the classes and of the table factories."""
    folder.mkdir(parents=True, exist_ok=True)
    one = {**CLASSES, FACTORY: b"a.Source\n", "META-INF/services/h.Http": b"a.H\n"}
    del one["a/Sink.class"]
    return [
        zipped(folder / "one-1.jar", one),
        zipped(folder / "two-2.jar", {"a/Sink.class": JAVA_17, FACTORY: b"a.Sink # it\n"}),
    ]


# The content


def test_contents(tmp_path: Path) -> None:
    """main.py, its imported folders, the job without its tests, licence, notice, and one jar; nothing else."""
    made = package.assemble(packed(project(tmp_path / "here")), inputs(tmp_path), NEEDS, tmp_path / "out" / "p.zip")
    files = content(made.path)
    assert list(files) == sorted([*PROJECT, JAR])
    assert {name: files[name] for name in PROJECT} == PROJECT
    manifest = {"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n\r\n"}
    assert content(io.BytesIO(files[JAR])) == {**CLASSES, **LISTS, **manifest}
    assert (made.size, made.files) == (made.path.stat().st_size, len(files))
    assert made.jar_size == len(files[JAR])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["p.zip"]


def test_a_job_of_another_folder_is_packed_as_one_of_the_checkout(tmp_path: Path) -> None:
    """The service knows only the job's name, so a job of another folder is packed the same way."""
    here = project(tmp_path / "here")
    (here / "jobs" / "summary").rename(tmp_path / "elsewhere")
    files = package.files(here, replace(JOB, name="summary", folder=tmp_path / "elsewhere"))
    assert sorted(files) == sorted(PROJECT)


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_equal_inputs_give_equal_bytes(umask: int, tmp_path: Path) -> None:
    """The package does not depend on folder, umask, or the times and order of files on the disk."""
    first = package.assemble(packed(project(tmp_path / "here")), inputs(tmp_path), NEEDS, tmp_path / "1.zip")
    old = os.umask(umask)
    try:
        there = project(tmp_path / "there" / "too")
        for name in reversed([*PROJECT]):
            os.utime(there / name, (1, 1))
        again = package.assemble(packed(there), inputs(there), NEEDS, tmp_path / "2.zip")
    finally:
        os.umask(old)
    assert first.sha256 == again.sha256
    assert first.path.read_bytes() == again.path.read_bytes()
    with zipfile.ZipFile(again.path) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}, "whoever runs it can read it"


def test_what_a_change_changes(tmp_path: Path) -> None:
    """Other content gives other bytes: otherwise equal bytes would prove nothing."""
    here = project(tmp_path / "here")
    first = package.assemble(packed(here), inputs(tmp_path), NEEDS, tmp_path / "p.zip")
    (here / NEEDS.sql[0]).write_text("CREATE TABLE readings (Name STRING, shard STRING)")
    assert package.assemble(packed(here), inputs(tmp_path), NEEDS, tmp_path / "p.zip").sha256 != first.sha256


# The refusals of its check


@dataclass
class Draft:
    """A valid package that a case makes invalid: files of the zip, files of its jar, and the requirements."""

    files: dict[str, bytes | None]
    jar: dict[str, bytes | None]
    needs: Needs

    def write(self, path: Path) -> Path:
        jar = zipped(path.with_suffix(".jar"), self.jar).read_bytes()
        return zipped(path, {JAR: jar, **self.files})


@pytest.fixture
def draft() -> Draft:
    return Draft(dict(PROJECT), {**CLASSES, **LISTS}, NEEDS)


def test_a_good_one(draft: Draft, tmp_path: Path) -> None:
    """The draft itself is accepted; without this the refusals below would prove nothing."""
    assert package.problems(draft.write(tmp_path / "p.zip"), inputs(tmp_path), draft.needs) == []


def spoil(name: str, text: bytes | None, *, jar: bool = False) -> Callable[[Draft], None]:
    """Put this file into the zip or its jar, or remove it."""
    return lambda draft: (draft.jar if jar else draft.files).update({name: text})


def remove(name: str, *, jar: bool = False) -> Callable[[Draft], None]:
    return spoil(name, None, jar=jar)


def need(**changes: Any) -> Callable[[Draft], None]:
    def change(draft: Draft) -> None:
        draft.needs = replace(draft.needs, **changes)

    return change


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        (need(limit=500), ["The zip has ", f"{JAR} has "]),
        (spoil("tests/given.sql", b""), ["tests/given.sql is test code"]),
        (spoil("pipeline/test_job.py", b""), ["pipeline/test_job.py is test code"]),
        (spoil("pipeline/conftest.py", b""), ["pipeline/conftest.py is test code"]),
        (spoil("application_properties.json", b"[]"), ["application_properties.json is neither Python, nor SQL"]),
        (spoil("connectors/java/A.java", b"class A {}"), ["connectors/java/A.java is neither Python, nor SQL"]),
        (remove("LICENSE"), ["LICENSE is not in the package"]),
        (remove("NOTICE"), ["NOTICE is not in the package"]),
        (remove(MAIN), [f"{MAIN}, which the run option 'python' names, is not in the package"]),
        (remove(JAR), [f"{JAR}, which the run option 'jarfile' names, is not in the package"]),
        (remove(NEEDS.sql[1]), [f"{NEEDS.sql[1]} is not in the package, but the job reads it"]),
        (
            spoil("META-INF/services/h.Http", b"", jar=True),
            [f"a.H of one-1.jar is not on the list META-INF/services/h.Http of {JAR}"],
        ),
        (
            remove("a/H.class", jar=True),
            [f"a.H, which one-1.jar lists in META-INF/services/h.Http, is no class of {JAR}"],
        ),
        (
            spoil(FACTORY, b"a.Source\n", jar=True),
            [
                f"a.Sink of two-2.jar is not on the list {FACTORY} of {JAR}",
                f"a.Sink, by which Flink finds 'kinesis', is not among the table factories of {JAR}",
            ],
        ),
        (
            need(factories={"kinesis": ("a.H",)}),
            ["a.H, by which Flink finds 'kinesis', is not among the table factories"],
        ),
        (need(factories={"csv": ()}), ["The job's tables use 'csv', whose class is not known here"]),
        (remove("f/Parse.class", jar=True), [f"f.Parse, the SQL function parse, is no class of {JAR}"]),
        (
            spoil("a/New.class", JAVA_21, jar=True),
            ["classes for a later Java than the 17 of Managed Flink 2.3 (1 of them, such as a/New.class with"],
        ),
        (spoil("META-INF/versions/11/a/New.class", JAVA_21, jar=True), ["such as META-INF/versions/11/a/New.class"]),
        (spoil("META-INF/versions/21/a/New.class", JAVA_21, jar=True), []),  # Java 17 ignores this folder
        (spoil(JAR, b"no zip"), [f"{JAR} cannot be read back"]),
        (need(options=["pipeline.name", "parallelism.default"]), ["The job sets 'parallelism.default', which Managed"]),
    ],
)
def test_refused(change: Callable[[Draft], None], refusals: list[str], draft: Draft, tmp_path: Path) -> None:
    """Each problem that would fail on the service is one sentence, and there is no other sentence."""
    change(draft)
    found = package.problems(draft.write(tmp_path / "p.zip"), inputs(tmp_path), draft.needs)
    assert len(found) == len(refusals), found
    for sentence, refusal in zip(found, refusals, strict=True):
        assert refusal in sentence
        assert ": " in sentence or ", so " in sentence, "the remedy"
        assert sentence.endswith(".")


def test_a_zip_that_is_broken(draft: Draft, tmp_path: Path) -> None:
    """Damaged bytes are detected, in a file and in the zip's directory."""
    path = draft.write(tmp_path / "p.zip")
    whole = path.read_bytes()
    for broken in (whole[:50], whole.replace(b"SELECT Name", b"SELECT None")):
        path.write_bytes(broken)
        (found,) = package.problems(path, inputs(tmp_path), NEEDS)
        assert "cannot be read back" in found


def test_every_problem_is_told_and_an_old_package_stays(tmp_path: Path) -> None:
    """A refusal lists all problems; the previous package is unchanged, and no other file is beside it."""
    here, out = project(tmp_path / "here"), tmp_path / "out" / "p.zip"
    with pytest.raises(PackageError) as refused:
        package.assemble(
            packed(here), inputs(tmp_path), replace(NEEDS, sql=["a.sql"], functions={"gone": "f.Gone"}), out
        )
    assert len(refused.value.problems) == 2
    assert str(refused.value) == "\n".join(refused.value.problems)
    assert list(out.parent.iterdir()) == []

    old = package.assemble(packed(here), inputs(tmp_path), NEEDS, out)
    with pytest.raises(PackageError, match=r"^a\.sql is not in the package"):
        package.assemble(packed(here), inputs(tmp_path), replace(NEEDS, sql=["a.sql"]), out)
    assert list(out.parent.iterdir()) == [out]
    assert package.jars.sha256_of(out) == old.sha256


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        (
            "one-1.jar",
            b"no zip",
            r"^The package .*p\.zip cannot be built \(.*one-1\.jar: .*\): mend that and build it again\.$",
        ),
        (MAIN, None, r"^The package cannot be built \(.*main\.py'\): mend that and build it again\.$"),
        ("out", b"a file", r"^The package .*p\.zip cannot be built \(.*out'\): mend that and build it again\.$"),
    ],
)
def test_what_cannot_be_built(file: str, text: bytes | None, sentence: str, tmp_path: Path) -> None:
    """A file that cannot be read or written is one sentence with its name."""
    here = project(tmp_path)
    sources = inputs(tmp_path)
    (here / file).unlink(missing_ok=True)
    if text is not None:
        (here / file).write_bytes(text)
    with pytest.raises(PackageError, match=sentence):
        package.assemble(packed(here), sources, NEEDS, tmp_path / "out" / "p.zip")


def test_a_jar_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command prints the lock's own sentence."""

    def refuse(*_: object) -> list[Path]:
        raise package.jars.JarError("a:b:1 cannot be downloaded.")

    monkeypatch.setattr(package.jars, "provide", refuse)
    with pytest.raises(package.jars.JarError, match=r"^a:b:1 cannot be downloaded\.$"):
        package.build(JOB, tmp_path / "p.zip")
    assert list(tmp_path.iterdir()) == []


def test_what_is_told() -> None:
    """The report has sizes and counts, and the omitted files by kind."""
    dropped = {"manifests": merged.Dropped(2, 1_234), "signatures": merged.Dropped(4, 77_341)}
    made_of = merged.Merged({"a": b"", "b": b""}, ("one-1.jar", "two-2.jar", "three-3.jar"), dropped)
    told = package.tell(package.Package(Path("out/p.zip"), "ab12", 32_175_413, 36_907_897, 29, made_of, 9.04))
    assert told.splitlines() == [
        "out/p.zip",
        "  32.2 MB of at most 512.0 MB, 29 files, built in 9.0 s",
        "  sha256 ab12",
        "lib/job.jar: 3 jars merged, 2 files, 36.9 MB",
        "  left out: manifests 2 (1.2 kB unpacked), signatures 4 (77.3 kB unpacked)",
    ]


# The project's own package


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> package.Package:
    """The real package; a second checkout builds it at the same time, in another folder and with another umask.

    The second checkout compiles the functions itself, and must produce the same bytes.
    """
    paths.require()
    folder = tmp_path_factory.mktemp("package")
    other = checkout.copy(folder / "another" / "checkout", ())
    (other / ".cache").unlink()
    (other / ".cache").mkdir()
    (other / ".cache" / "jars").symlink_to(paths.JARS)
    code = "from deploy import package; from pipeline.job import load; "
    code += "print(package.build(load('unicorn_summary')).path)"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=other, stdout=subprocess.PIPE, text=True, umask=0o077
    ) as building:
        built = package.build(JOB, folder / "wildrydes.zip")
        said, _ = building.communicate(timeout=120)
    assert said.strip() == str(other / package.out(JOB).relative_to(paths.ROOT))
    assert Path(said.strip()).read_bytes() == built.path.read_bytes()
    return built


def test_the_jobs_needs() -> None:
    """The check looks for the classes that the job's declarations and connectors name."""
    needed = package.needs(JOB)
    assert set(needed.factories) == {"kinesis", "dynamodb", "json-lines"}
    assert all(needed.factories.values())
    assert {"jobs/unicorn_summary/tables/readings.sql", "jobs/unicorn_summary/views/summary.sql"} < set(needed.sql)
    assert needed.functions == FUNCTIONS
    assert needed.functions["json_record"] == "streaming.JsonRecord"
    assert {"jobs/unicorn_summary/job.toml", "pipeline/views/errors.sql"} < set(needed.sql)


@pytest.mark.slow
def test_the_real_package(made: package.Package) -> None:
    """The files that run, and none that build, test or operate the job; no executables."""
    files = content(made.path)
    folders = {name.partition("/")[0] for name in files}
    assert folders == {MAIN, "LICENSE", "NOTICE", "connectors", "java", "jobs", "lib", "pipeline", "program"}
    assert {"connectors/kinesis.py", "pipeline/settings.py", "java/__init__.py"} < set(files)
    assert not {"jobs/__main__.py", "java/jars.py", "java/merged.py", "java/build.py"} & set(files)
    assert {name for name in files if name.endswith(".sql")} == {
        path.relative_to(paths.ROOT).as_posix()
        for folder in ("jobs/unicorn_summary", "pipeline")
        for path in (paths.ROOT / folder).rglob("*.sql")
    }
    assert made.size < 22_000_000
    assert package.tell(made).startswith(f"{made.path}\n")


@pytest.mark.usefixtures("jvm")
def test_flink_finds_what_the_job_names(made: package.Package, tmp_path: Path) -> None:
    """With Flink's jars and the package's only, Java loads the classes that the check looks for, and `raw`."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415

    with zipfile.ZipFile(made.path) as archive:
        jar = Path(archive.extract(JAR, tmp_path))
    gateway = get_gateway()
    java = gateway.jvm.java
    jars = [*sorted((paths.flink_home() / "lib").glob("*.jar")), jar]
    urls = gateway.new_array(java.net.URL, len(jars))
    for at, path in enumerate(jars):
        urls[at] = java.net.URL(path.as_uri())
    loader = java.net.URLClassLoader(urls, java.lang.ClassLoader.getPlatformClassLoader())
    try:
        services = java.util.ServiceLoader.load(loader.loadClass(FACTORY.rpartition("/")[2]), loader).iterator()
        found: dict[str, set[str]] = {}
        while services.hasNext():
            factory = services.next()
            found.setdefault(factory.factoryIdentifier(), set()).add(factory.getClass().getName())
    finally:
        loader.close()
    assert {name: found[name] for name in package.FACTORIES} == {
        name: set(classes) for name, classes in package.FACTORIES.items()
    }
    assert set(package.FLINKS_OWN) <= set(found)


# The very zip on a cluster

RECORDS = 6_000
FLIGHT = ("--unicorns", "20", "--seed", "3", "--rate", "max", "--msgs", str(RECORDS))
FAULTS = ("--late", "0.01", "--out-of-order", "0.05", "--malformed", "0.01")


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("flink")
def test_the_very_zip_runs(made: package.Package, aws: Emulator, tmp_path: Path) -> None:
    """The zip in an empty folder and a plain Flink cluster are enough: every row equals the oracle.

    Neither cluster nor client has other jars than Flink's own on its class path, and Python imports no other checkout.
    """
    on, copy, folder = stage(aws, "package", 2), tmp_path / "sent.jsonl", tmp_path / "unpacked"
    flight = producer(on, copy, *FLIGHT, *FAULTS)
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(folder)
    running.write_properties(folder, aws, on.names)
    plain = emulator.child(aws.environment)
    with cluster.running(tmp_path / "cluster", cluster.Size(1, 2), plain) as flinks:
        for process in flinks.processes.values():
            assert_plain(class_path(process.pid))
        assert flight.wait(60) == 0, processes.last_line(copy.with_suffix(".log"))
        flink_run(flinks, folder, tmp_path / "client", plain)
        (listed,) = flinks.rest.jobs("unicorn_summary")
        job = flinks.rest.job(listed.id)
        running.wait_until_read(job, RECORDS)
        job.drain(60)
    proven(on, copy)


def proven(on: Stage, copy: Path) -> None:
    result = on.check(copy)
    assert not result.problems, result.problems[:5]
    assert (result.records, result.repeated) == (RECORDS, 0)
    assert result.rows >= 20 * 5
    assert min(result.errors[name] for name in ("PARSE", "COERCION", "LATE")) > 5


def flink_run(flinks: cluster.Running, folder: Path, scratch: Path, plain: dict[str, str]) -> None:
    """`flink run` in the unpacked folder, with the service's run options."""
    distribution.write_configuration(scratch, {"env.java.opts.all": " ".join(distribution.java_options())})
    host, _, port = flinks.rest.address.removeprefix("http://").partition(":")
    command = [str(paths.flink_home() / "bin" / "flink"), "run", "--detached", "--target", "remote"]
    command += [f"-Drest.address={host}", f"-Drest.port={port}", "-Dparallelism.default=2"]
    command += [f"--{name}={value}" for name, value in package.RUN_OPTIONS.items()]
    command += [f"--pyClientExecutable={sys.executable}", "application_properties.json"]
    log = scratch / "flink-run.log"
    environment = {**plain, **distribution.environment(scratch), "_python_worker_execution_mode": "process"}
    process = processes.start(command, log, environment, folder)
    try:
        driver = python_below(process.pid)
        assert driver.cwd() == str(folder)
        assert str(paths.ROOT) not in driver.environ()["PYTHONPATH"]
        assert_plain(class_path(process.pid))
        assert process.wait(120) == 0, submit.reason(log.read_text())
    finally:
        processes.stop(process)


def class_path(pid: int) -> list[Path]:
    """The class path of a JVM."""
    words = psutil.Process(pid).cmdline()
    return [Path(entry) for entry in words[words.index("-classpath") + 1].split(":") if entry]


def assert_plain(entries: list[Path]) -> None:
    """Only Flink's own jars are on the class path, its core among them, and the doorkeeper of a REST server."""
    jars = {path.resolve() for path in entries if path.suffix == ".jar"} - {paths.DOORKEEPER.resolve()}
    assert {jar.parent for jar in jars} == {(paths.flink_home() / "lib").resolve()}, entries
    assert any(jar.name.startswith("flink-dist-") for jar in jars)


def python_below(pid: int) -> psutil.Process:
    """The process in which the client with this id runs main.py."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # the scripts start many processes that end at once
                if MAIN in child.cmdline():
                    return child
        time.sleep(0.1)
    raise AssertionError("the client runs no main.py")
