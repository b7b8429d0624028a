"""The shared parts of all fault cases: the stage, the removal of the protection, and the table at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from java import paths
from local import emulator, resources
from program import folders
from tests import checkout
from tests.checkout import Edit
from tests.faults import kinesis_mock, proxy
from tests.faults.trial import Outcome, Trial

TABLE = folders.STATE / "faults.md"
NAMES = resources.Names("raw", "summary", "errors", "table")
_OUTCOME = pytest.StashKey[Outcome]()
_LINE = "fault"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--unprotected",
        action="store_true",
        help="fault cases: take away what protects each, and demand that it fails",
    )


@pytest.fixture
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    """The stage of the case, by its marker `fault`.

    fault(what, *edits, shards=4, faithful=False, kind=Trial): `what` names the fault. `edits` remove the protection
    (a case removes the harness's own protection itself, by `trial.is_unprotected`). faithful: use kinesis-mock, for
    splits and merges of shards. kind: the class of another job's trials.
    """
    marker = request.node.get_closest_marker("fault")
    what, *edits = marker.args
    is_unprotected = request.config.getoption("--unprotected")
    if is_unprotected:
        request.node.add_marker(pytest.mark.xfail(strict=True, raises=AssertionError, reason="unprotected"))
    outcome = request.node.stash[_OUTCOME] = Outcome(what)
    with stage(tmp_path, outcome, tuple(edits), is_unprotected, **marker.kwargs) as made:
        yield made


@contextmanager
def stage(
    folder: Path,
    outcome: Outcome,
    edits: tuple[Edit, ...],
    is_unprotected: bool,
    *,
    shards: int = 4,
    faithful: bool = False,
    kind: type[Trial] = Trial,
) -> Iterator[Trial]:
    """AWS for the case, the proxy in front of it, and a checkout with or without the protection."""
    paths.require()
    with ExitStack() as stack:
        aws = stack.enter_context(emulator.running(folder / "emulator.log"))
        streams = aws.endpoint
        if faithful:
            streams = stack.enter_context(kinesis_mock.running(folder / "kinesis-mock.log")).endpoint
        between = stack.enter_context(proxy.running({"Kinesis": streams, "DynamoDB": aws.endpoint}, aws.keys))
        sources = paths.ROOT
        if is_unprotected and edits:
            sources = checkout.copy(Path(stack.enter_context(tempfile.TemporaryDirectory())), edits)
        made = kind(folder, aws, streams, between, NAMES, outcome, is_unprotected, sources)
        made.create(shards)
        if faithful:  # the emulator's streams stay empty in this case
            kinesis_mock.create({NAMES.raw: shards, NAMES.summary: 1, NAMES.errors: 1}, made.clients[0])
        stack.callback(made.close)
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Add the case's line of the table to its report, so that it reaches the process that prints the summary."""
    report = yield
    if report.when == "call" and _OUTCOME in item.stash:
        verdict = "as promised" if report.passed else "NOT as promised"
        if report.skipped and hasattr(report, "wasxfail"):
            verdict = "fails, as it must"
        report.user_properties.append((_LINE, _line(item.stash[_OUTCOME], verdict, report.duration)))
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table of all cases, and write it to a file; the table of docs/measured.md is a copy."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    lines = sorted(
        {value for report in reports for name, value in getattr(report, "user_properties", ()) if name == _LINE}
    )
    if not lines:
        return
    heading = ("what went wrong", "recovery", "restarts", "records", "rows", "late", "repeated", "account", "case")
    rule = ["---" if at in (0, 7) else "---:" for at in range(len(heading))]
    text = "\n".join([f"| {' | '.join(heading)} |", f"| {' | '.join(rule)} |", *lines])
    unprotected = config.getoption("--unprotected")
    terminalreporter.section("faults, unprotected" if unprotected else "faults")
    terminalreporter.write_line(text)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text + "\n", encoding="utf-8")


def _line(outcome: Outcome, verdict: str, seconds: float) -> str:
    report = outcome.report
    numbers = ["", "", "", ""]
    if report is not None:
        late = report.errors.get("LATE", 0)
        numbers = [f"{number:,}" for number in (report.records, report.rows, late, report.repeated)]
    recovery = "" if outcome.recovery is None else f"{outcome.recovery:.0f} s"
    cells = [outcome.fault, recovery, str(outcome.restarts), *numbers, verdict, f"{seconds:.0f} s"]
    return f"| {' | '.join(cells)} |"
