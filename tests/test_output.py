"""Output that cannot be written: a sentence or silence, and an exit code; never a stack trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from java import paths
from program.output import UNREAD

PROGRAMS = (
    "jobs sql unicorn_summary",
    "jobs health unicorn_summary --json",
    "local cluster status",
    "deploy query unicorn_summary --list",
    "producer --to stdout --msgs 5 --rate max",
)


def run(words: str, redirection: str) -> tuple[int, str]:
    """The exit code of the first program in a shell's line, and its standard error."""
    line = f'{{ "$0" -m {words}; echo "$?" >&3; }} {redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", f"{{ {line}; }} 3>&1", sys.executable],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return int(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.parametrize("words", PROGRAMS)
@pytest.mark.parametrize("redirection", ["| true", ">&-", ">&- 2>&-", "<&- >/dev/null"])
def test_nobody_reads(words: str, redirection: str) -> None:
    """The reader of standard output has gone, or standard output is closed."""
    code, said = run(words, redirection)
    assert code in (0, 1, 3, 4, UNREAD)
    assert "Traceback" not in said
    assert "Exception ignored" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a file that is always full")
@pytest.mark.parametrize("words", PROGRAMS)
def test_the_disk_is_full(words: str) -> None:
    """An error message says that the output is incomplete."""
    code, said = run(words, ">/dev/full")
    assert code == 1
    assert "No space left on device" in said
    assert "Traceback" not in said


def test_an_emulator_whose_reader_goes_away_ends() -> None:
    """`local aws | head -1` ends after the first line and leaves no process."""
    words = "local aws --port 0 --no-archive --no-dashboard"
    code, said = run(words, "| head -n 0")
    assert (code, said) == (UNREAD, "")
