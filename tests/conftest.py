"""Fixtures that every test may use: one JVM for all SQL tests, and the AWS emulator in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flink import distribution
from java import paths
from local import emulator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-records", type=int, default=2000, help="tests/test_fuzz.py: how many records it makes up")
    parser.addoption("--fuzz-seed", type=int, default=12, help="tests/test_fuzz.py: equal seeds give equal records")


# The files that take longest, the longest first: at the end no worker is left alone with one of them.
LONGEST = ("local", "cluster", "deploy", "backfill", "dashboard", "package", "tutorial", "sql", "health", "functions")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test has the marks of the fixtures that it uses, also by way of others: `flink` and `chromium`.

    Files are in the order of `LONGEST`, the others behind.
    """
    for item in items:
        for name in {"flink", "chromium"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(name)
    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


@pytest.fixture(scope="session")
def flink() -> None:
    """What a test or a fixture uses that starts Flink, in this process or in another: the class paths are in place."""
    paths.require()


@pytest.fixture(scope="session")
def keys() -> emulator.Keys:
    """Those of the emulator below, for a JVM that may start before it."""
    return emulator.Keys.drawn()


@pytest.fixture(scope="session")
def jvm(flink: None, keys: emulator.Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """This process with a JVM for PyFlink. Its value is the folder of its logs."""
    logs = tmp_path_factory.mktemp("jvm")
    # The JVM takes over the environment of its start, so the emulator's credentials must be there by then.
    distribution.use(distribution.jvm(logs, brief=True), emulator.child(emulator.credentials(keys)))
    return logs


@pytest.fixture(scope="session")
def aws(keys: emulator.Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    """The AWS emulator, one for the whole run: tests use streams and tables with names of their own."""
    paths.require()
    with emulator.running(tmp_path_factory.mktemp("emulator") / "emulator.log", keys=keys) as running:
        yield running
