"""Expected errors: a single root and handler, and the tree in program.errors is the tree in the code."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

from java import paths
from program import errors
from program.errors import Failure, Unusable
from program.output import STOPPED, guarded

PACKAGES = (
    "aws",
    "benchmarks",
    "connectors",
    "consumer",
    "dashboard",
    "deploy",
    "flink",
    "java",
    "jobs",
    "kda",
    "local",
    "pipeline",
    "producer",
    "program",
)


def subclasses(kind: type[Failure]) -> set[type[Failure]]:
    return {kind}.union(*(subclasses(one) for one in kind.__subclasses__()))


def test_the_tree_is_complete() -> None:
    """The docstring of program.errors has each class once, with its exit code and its module."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(paths.ROOT / package)], f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    lines = re.findall(r"^    (?:[├└│ ─]*)(\w+) +(\d*) +(\S+)", errors.__doc__ or "", re.MULTILINE)
    drawn = {name: (code, module) for name, code, module in lines}
    assert len(drawn) == len(lines)
    classes = {kind for kind in subclasses(Failure) if kind.__module__.partition(".")[0] in PACKAGES}
    assert set(drawn) == {kind.__name__ for kind in classes}
    for kind in classes:
        own = vars(kind).get("exit_code")
        code, module = drawn[kind.__name__]
        assert code == ("" if own is None else str(own)), kind
        assert module == kind.__module__ or kind in (Failure, Unusable), kind


def test_a_failure_is_a_sentence_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise Unusable("The settings cannot be used: name others.")

    assert guarded(fail) == 2
    assert capsys.readouterr() == ("", "The settings cannot be used: name others.\n")


def test_ctrl_c_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> int:
        raise KeyboardInterrupt

    assert guarded(stop) == STOPPED
    assert guarded(stop, stopped="Stopped: nothing was written.") == 130
    assert capsys.readouterr().err == "Stopped.\nStopped: nothing was written.\n"


def test_a_missing_package_is_the_advice_to_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: bool(importlib.import_module("no_such_package"))) == 1
    assert capsys.readouterr().err == "no_such_package is missing here: run `make setup`, then use .venv/bin/python.\n"


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("temp_stream", ["TEMP", "TEMP_STREAM", "stream"], "did you mean 'TEMP_STREAM'?"),
        ("temp_strem", ["TEMP_STREAM", "other"], "did you mean 'TEMP_STREAM'?"),
        ("Readings", ["reading", "READINGS"], "did you mean 'READINGS'?"),  # another case is nearer than another letter
        ("reading", ["Readings", "readings"], "did you mean 'readings'?"),
        ("zebra", ["readings", "errors"], "there are readings, errors"),
    ],
)
def test_a_hint_has_the_nearest_name(name: str, known: list[str], hint: str) -> None:
    """The name in another case, else the nearest, in whatever case; without a near one all names."""
    assert errors.hint(name, known) == f" ({hint})"


def test_an_unexpected_error_is_not_hidden() -> None:
    def crash() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        guarded(crash)
