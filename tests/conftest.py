"""Fixtures for all tests: one JVM for all SQL tests, and the AWS emulator in its own process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flink import distribution
from java import build, jars, paths
from local import emulator, resources
from tests.faults import kinesis_mock


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--backlog-records", type=int, default=20_000, help="tests/test_local.py: records of the backlog")
    parser.addoption("--fuzz-records", type=int, default=2000, help="tests/test_fuzz.py: how many records it makes up")
    parser.addoption("--fuzz-seed", type=int, default=12, help="tests/test_fuzz.py: equal seeds give equal records")
    parser.addoption("--kda-programs", type=int, default=10, help="tests/test_kda_programs.py: how many programs")
    parser.addoption("--kda-seed", type=int, default=1, help="tests/test_kda_programs.py: the first program")


# The slowest files, the slowest first: at the end no worker is left alone with one of them.
LONGEST = (
    *("local", "kinesis_source", "cluster", "dashboard", "kinesis_watermarks", "kinesis_shards", "starts", "tutorial"),
    *("watch", "kda_programs", "kda_migrate", "sql", "kda_translation", "kda_expressions", "migrated_jobs", "package"),
    *("exact", "backfill", "deploy", "reference_source", "ends", "sinks", "health", "functions", "operations"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark a test with the fixtures that it uses, also indirectly: `flink` and `chromium`.

    Files are in the order of `LONGEST`, then the others.
    """
    for item in items:
        for name in {"flink", "chromium"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(name)
    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


@pytest.fixture(scope="session")
def flink() -> None:
    """For a test or fixture that starts Flink, in this process or another: the class paths exist."""
    paths.require()


@pytest.fixture(scope="session")
def cases(flink: None, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: ARG001 (the jars are there)
    """A class path of the connectors and of the cases in tests/java, compiled."""
    (ecj,) = (paths.JARS / jar.file_name for jar in jars.locked("build"))
    folders = [*build.FOLDERS, Path(__file__).parent / "java"]
    compiled = build.compile_jar(ecj, folders, tmp_path_factory.mktemp("cases") / "cases.jar")
    job = (paths.JARS / jar.file_name for jar in jars.locked("job"))
    return os.pathsep.join(map(str, [compiled, *paths.flink_jars(), *job]))


@pytest.fixture(scope="session")
def keys() -> emulator.Keys:
    """The keys of the emulator below, for a JVM that may start before it."""
    return emulator.Keys.drawn()


@pytest.fixture(scope="session")
def jvm(flink: None, keys: emulator.Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """This process with a JVM for PyFlink; the value is the folder of its logs."""
    logs = tmp_path_factory.mktemp("jvm")
    # The JVM takes over the environment at its start, so the emulator's credentials must be there before.
    distribution.use(distribution.jvm(logs, brief=True), emulator.child(emulator.credentials(keys)))
    return logs


@pytest.fixture(scope="session")
def aws(keys: emulator.Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    """The AWS emulator of the whole run: tests use streams and tables with their own names."""
    paths.require()
    with emulator.running(tmp_path_factory.mktemp("emulator") / "emulator.log", keys=keys) as running:
        yield running


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kinesis_mock.KinesisMock]:
    """A kinesis-mock for the tests of a file."""
    with kinesis_mock.running(tmp_path_factory.mktemp("kinesis-mock") / "kinesis-mock.log") as running:
        yield running


@pytest.fixture(scope="module")
def kinesis(mock: kinesis_mock.KinesisMock) -> Any:
    return resources.clients(mock.environment)[0]
