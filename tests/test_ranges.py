"""Ranges and defaults that stand in Java, for the job, and in Python, for what checks it before: both are the same."""

from __future__ import annotations

import re

from connectors import preprocessing
from java import paths
from kda import cursors

WHOLE = {"Integer.MAX_VALUE": 2**31 - 1}
CAPPED = 2**31 - 1  # KDA's time_decay was a BIGINT: a longer one is written as this


def java(file: str) -> str:
    """The text of a Java source file."""
    return (paths.ROOT / "java" / "src" / file).read_text(encoding="utf-8")


def constant(text: str, name: str) -> float:
    """The value of a number that a class names so."""
    found = re.search(rf" {name} = ([\d_.e+-]+)[;L]", text)
    assert found, f"there is no {name}"
    return float(found[1].replace("_", ""))


def test_arguments_of_forests() -> None:
    """Names, order and ranges of the forests' arguments are those by which `kda` checks a call."""
    text = java("process/ForestSettings.java")
    names = re.findall(r'StaticArgument\.scalar\("(\w+)", DataTypes\.INT\(\)', text)
    ranges = re.search(r"RANGES = \{(.*)\};", text)
    assert ranges
    found = [tuple(WHOLE.get(one, one) for one in pair) for pair in re.findall(r"\{(\d+), ([\w.]+)\}", ranges[1])]
    for name in ("RANDOM_CUT_FOREST", "RANDOM_CUT_FOREST_WITH_EXPLANATION"):
        given = [one for one in cursors.FUNCTIONS[name].arguments if one.kind == "INT"]
        assert names == [one.name for one in given]
        assert [(int(least), int(most)) for least, most in found] == [
            (one.least, min(one.most, CAPPED)) for one in given
        ]


def test_arguments_of_hotspots() -> None:
    """Names and ranges of the arguments of hotspots are those by which `kda` checks a call."""
    text = java("process/HotspotsCall.java")
    window, radius, minimum = cursors.FUNCTIONS["HOTSPOTS"].arguments
    assert re.findall(r'checkType\(call, \d, "(\w+)"', text) == [window.name, radius.name, minimum.name]
    assert window.most == minimum.most == constant(text, "LARGEST_WINDOW")
    assert f"window >= {window.least} &&" in text
    assert f"minimum >= {minimum.least} &&" in text
    assert (radius.least, radius.most) == (constant(text, "SMALLEST_RADIUS"), constant(text, "LARGEST_RADIUS"))


def test_limits_of_preprocessing() -> None:
    """The most records of a call, and the defaults of its limits, are those of the settings."""
    limits, options = java("preprocessing/Limits.java"), java("preprocessing/Options.java")
    found = re.search(r"records < (\d+) \|\| records > ([\d_]+)", limits)
    assert found
    least, most = (int(one.replace("_", "")) for one in found.groups())
    for records, is_wrong in ((least - 1, True), (least, False), (most, False), (most + 1, True)):
        assert any(preprocessing.problems({"preprocess.records": str(records)})) == is_wrong
    defaults = re.findall(r'key\("(\w+)"\)\.\w+\(\)\.defaultValue\((?:Duration\.of(\w+)\()?(\d+)', options)
    assert {name: f"{number} {UNITS[unit]}".strip() for name, unit, number in defaults} == {
        name: preprocessing.OPTIONS[name].default for name in ("records", "wait", "limit")
    }


UNITS = {"": "", "Millis": "ms", "Seconds": "s"}


def test_options_of_preprocessing() -> None:
    """Java reads each option that Python may write, and no other."""
    read = set(re.findall(r'(?:text|key)\("([\w-]+)"\)', java("preprocessing/Options.java")))
    assert read == {name for name in preprocessing.OPTIONS if not name.startswith("aws.")}
