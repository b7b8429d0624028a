"""Pages as a new user follows them: files are saved, commands run in order, and the output is the page's."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from java import paths
from program import environment
from program.waiting import wait_until
from tests import checkout
from tests.test_documents import FENCE, FOLLOWED

COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)  # with its output
ENDLESS = ("python -m local aws", "python -m jobs run hello")  # programs that run until Ctrl-C
LIMIT = 120.0  # seconds for a command, on a busy machine


def followed(page: str, folder: Path, stack: ExitStack) -> str:
    """The page with the real output of its commands in this checkout. stack: ends the endless programs."""
    variables = {
        **environment.plain(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
    }

    def printed(match: re.Match[str]) -> str:
        command, shown = match.groups()
        if command.startswith(ENDLESS) and "--input" not in command:
            text = stack.enter_context(started(command, shown.count("\n"), folder, variables))
            variables.update(pasted(text))
        else:
            text = ended(command, folder, variables)
        return f"$ {command}\n{text}"

    done = []
    for block in FENCE.finditer(page):
        if block[2] not in ("", "sh"):  # a file: the text before it names it last
            named = re.findall(r"`([\w./-]+)`", page[: block.start()])[-1]
            (folder / named).parent.mkdir(parents=True, exist_ok=True)
            (folder / named).write_text(block[3], encoding="utf-8")
        done.append(COMMAND.sub(printed, block[3]))
    blocks = iter(done)
    return FENCE.sub(lambda block: block[0].replace(block[3], next(blocks)) if block[3] else block[0], page)


def ended(command: str, folder: Path, variables: Mapping[str, str]) -> str:
    """The output of a command that ends."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return done.stdout


@contextmanager
def started(command: str, lines: int, folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """The first lines of a program, which Ctrl-C then ends without a failure."""
    log = folder.parent / f"{len(command)}.log"
    # The page's ports may be in use on this machine.
    words = [sys.executable, "-u", *shlex.split(command)[1:], "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen(words, cwd=folder, env=variables, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: log.read_text().count("\n") >= lines or process.poll() is not None, LIMIT, 0.1)
        yield log.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(LIMIT)
    assert code == 0, log.read_text()


def pasted(text: str) -> dict[str, str]:
    """The variables of the line that `local aws` prints for pasting; none in the output of other programs."""
    lines = re.findall(r"^export (.+?);", text, re.MULTILINE)
    return dict(re.findall(r"(\w+)=(\S+)", lines[0])) if lines else {}


def plain(page: str) -> str:
    """The page without the parts that differ in each run: times, ports, ids, keys, white space at line ends."""
    for pattern, word in (
        (r" *\b\d+(\.\d+)? s\b", " T s"),
        (r'("ERROR_TIME":)"[^"]+"', r"\1"),
        (r"sequence number \d+", "sequence number N"),
        (r"http://127.0.0.1:\d+", "ADDRESS"),
        (r'"job": "\w+"', "JOB"),
        (r"(?m)^export .*", "export"),
    ):
        page = re.sub(pattern, word, page)
    return "\n".join(line.rstrip() for line in page.splitlines())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FOLLOWED)
def test_a_page(name: str, flink: None, tmp_path: Path) -> None:  # noqa: ARG001  (marks the test)
    """Every file that a reader saves, every command, and every line of output on the page."""
    page = (paths.ROOT / "docs" / name).read_text(encoding="utf-8")
    folder = tmp_path / "checkout"
    folder.mkdir()
    with ExitStack() as stack:
        found = followed(page, checkout.copy(folder, ()), stack)
    assert plain(found).splitlines() == plain(page).splitlines()
