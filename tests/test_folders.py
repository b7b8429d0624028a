"""A run has the lock of its folder until it ends; two runs of a checkout do not disturb each other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from java import paths
from program import folders
from program.processes import StartError


def test_a_folder_in_use_is_never_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in use stays, however old. Of the others the oldest are removed."""
    monkeypatch.setattr(folders, "STATE", tmp_path)
    with folders.fresh("demo", "local demo") as mine:
        os.utime(mine, (0, 0))
        (mine / "sent.jsonl").write_text("mine")
        others = []
        for _time in range(5):
            with folders.fresh("demo", "local demo") as other:
                others.append(other)
        assert (mine / "sent.jsonl").read_text() == "mine"
        assert [one.exists() for one in others] == [False, False, True, True, True]
    with folders.fresh("demo", "local demo"):
        assert not mine.exists()


def test_kinds_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "STATE", tmp_path)
    with folders.fresh("aws", "local aws") as first, folders.fresh("demo", "local demo") as second:
        assert (first.name[:4], second.name[:5]) == ("aws-", "demo-")


def test_a_second_run_is_an_error(tmp_path: Path) -> None:
    with folders.owned(tmp_path, "local job", "end it"):
        second = folders.owned(tmp_path, "local job", "end it, or choose another folder with --state")
        with pytest.raises(StartError, match=r"^Another `local job` works in .*: end it, or choose .* --state\.$"):
            second.__enter__()
        with folders.owned(tmp_path, "local demo", "end it"):
            pass
    with folders.owned(tmp_path, "local job", "end it"):
        pass


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    """A killed process leaves no lock that has to be removed by hand."""
    script = f"""
import time
from pathlib import Path
from program import folders
with folders.owned(Path({str(tmp_path)!r}), "local job", "end it"):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=paths.ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StartError):
            folders.owned(tmp_path, "local job", "end it").__enter__()
        with pytest.raises(StartError, match="still uses"):
            folders.awaited(tmp_path, "local job", 0.1).__enter__()
        other.kill()
    deadline = time.monotonic() + 5
    with folders.awaited(tmp_path, "local job", deadline - time.monotonic()):
        pass


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"cannot be written \(.*\): make it yours"):
        folders.owned(tmp_path / "file", "local job", "end it").__enter__()
