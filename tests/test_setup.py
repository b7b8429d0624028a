"""The set-up's first half, with stand-ins for every interpreter: what it looks for, what it says without."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local import lib

NEEDED = (
    "Makefile",
    "requirements.txt",
    "connectors/jars.lock",
    "connectors/jars.py",
    "functions/build.py",
    "functions/java/streaming/JsonRecord.java",
    "local/setup.sh",
    "local/setup.py",
    "local/lib.py",
)
TOOLS = (
    "sh",
    "cat",
    "cksum",
    "dirname",
    "grep",
    "head",
    "rm",
    "mktemp",
    "awk",
    "tr",
    "make",
    "mkdir",
    "chmod",
)


class Checkout:
    """A copy of the files that the set-up needs, and a PATH of its own without any Python."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a copy"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        for name in NEEDED:
            copy = self.root / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(lib.ROOT / name, copy)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, f"{tool} is not installed"
            (self.bin / tool).symlink_to(found)
        self.path = [self.bin]

    def python(self, name: str, version: str, venv: str = "", folder: str = "bin") -> Path:
        """A stand-in of this version; `venv` is what it says when asked for one, before it fails."""
        return self.script(
            name,
            'case "$1" in\n'
            f'  -c) echo "{version}" ;;\n'
            f'  -m) echo "$0 $*" >> "{self.calls}"; {f"echo {venv!r}; " if venv else ""}exit 1 ;;\n'
            "esac",
            folder,
        )

    def script(self, name: str, text: str, folder: str = "bin") -> Path:
        path = self.bin.parent / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(str(folder) for folder in self.path)
        return subprocess.run(
            command or ("local/setup.sh",),
            cwd=self.root,
            env={"PATH": path, "TMPDIR": str(self.bin.parent), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[str]:
        """The interpreters that were told to make a virtual environment."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.partition(" -m venv")[0] for line in lines]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The error text: one line on standard error that ends like a sentence, and exit code 1."""
    assert result.returncode == 1
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if not line.startswith("1/3 ")]
    assert len(lines) == 1, result.stderr
    assert lines[0].endswith(".")
    return lines[0]


def test_another_python_is_named_with_the_remedy(checkout: Checkout) -> None:
    """Without a Python 3.11 the set-up says what it found and what to install, and makes nothing."""
    checkout.python("python3", "3.13")
    text = one_sentence(checkout.run())
    assert "3.13" in text
    assert "python3" in text
    assert "needs Python 3.11" in text
    assert "python3.11-venv" in text
    assert "PYTHON=" in text
    assert not (checkout.root / ".venv").exists()


def test_no_python_at_all(checkout: Checkout) -> None:
    """A machine without any Python gets the same sentence."""
    text = one_sentence(checkout.run())
    assert "no Python at all" in text
    assert "python3.11" in text


def test_without_the_venv_module(checkout: Checkout) -> None:
    """A Python 3.11 without its venv module, as Debian ships it, is one sentence naming the package."""
    checkout.python("python3.11", "3.11", venv="ensurepip is not available")
    text = one_sentence(checkout.run())
    assert "ensurepip is not available" in text
    assert "python3.11-venv" in text
    assert not (checkout.root / ".venv").exists()
    assert len(checkout.asked()) == 1


def test_the_first_of_the_names_that_is_3_11_is_used(checkout: Checkout) -> None:
    """python3.11 comes before python3 and python, whatever they are."""
    wanted = checkout.python("python3.11", "3.11")
    checkout.python("python3", "3.11")
    checkout.run()
    assert checkout.asked() == [str(wanted)]


def test_a_plain_python_does_if_it_is_3_11(checkout: Checkout) -> None:
    """A python3 of another version is passed over."""
    checkout.python("python3", "3.13")
    wanted = checkout.python("python", "3.11")
    checkout.run()
    assert checkout.asked() == [str(wanted)]


@pytest.mark.parametrize("folder", ["given here", "bin"])
def test_python_chosen_by_variable(checkout: Checkout, folder: str) -> None:
    """PYTHON=... is used instead of the ones on PATH, also by way of make, also with a space in its path."""
    checkout.python("python3.11", "3.11")
    wanted = checkout.python("mine", "3.11", folder=folder)
    checkout.run(PYTHON=str(wanted))
    checkout.run("make", "setup", f"PYTHON={wanted}")
    assert checkout.asked() == [str(wanted)] * 2


def test_a_chosen_python_of_another_version_is_refused(checkout: Checkout) -> None:
    """PYTHON=... is not silently replaced by one that would do."""
    checkout.python("python3.11", "3.11")
    wrong = checkout.python("mine", "3.13")
    text = one_sentence(checkout.run(PYTHON=str(wrong)))
    assert f"{wrong} is 3.13" in text
    assert checkout.asked() == []


@pytest.mark.parametrize("name", ["python3.11", "python3"])
def test_a_broken_shim_is_skipped(checkout: Checkout, name: str) -> None:
    """A version manager's shim that refuses (exit 127) does not hide the Python behind it on PATH."""
    checkout.script("python3.11", "echo 'no such version' >&2\nexit 127", folder="shims")
    checkout.path.insert(0, checkout.bin.parent / "shims")
    wanted = checkout.python(name, "3.11")
    checkout.run()
    assert checkout.asked() == [str(wanted)]


def working(checkout: Checkout) -> None:
    """A Python 3.11 that makes an environment in which every command is recorded and succeeds."""
    tool = f'#!/bin/sh\\necho "$0 $*" >> "{checkout.calls}"\\n'
    checkout.script(
        "python3.11",
        '[ "$1" = -c ] && echo 3.11 && exit 0\n'
        "mkdir -p .venv/bin\n"
        'echo "VIRTUAL_ENV=$PWD/.venv" > .venv/bin/activate\n'
        f"for tool in pip uv python; do printf '{tool}' > .venv/bin/$tool; chmod +x .venv/bin/$tool; done",
    )


def test_a_finished_set_up_is_not_repeated(checkout: Checkout) -> None:
    """The second run does nothing and says nothing, until a file that it was made from changes."""
    working(checkout)
    first = checkout.run()
    assert first.returncode == 0, first.stderr
    calls = checkout.calls.read_text()
    assert "local.setup" in calls.splitlines()[-1]
    links = checkout.root / ".cache" / "flink-lib"
    for folder, jar in ((links, "functions.jar"), (links.with_name("cluster-lib"), "doorkeeper.jar")):
        folder.mkdir(parents=True)
        (folder.parent / jar).touch()
        (folder / jar).symlink_to(f"../{jar}")
    second = checkout.run()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert checkout.calls.read_text() == calls
    (links / "gone.jar").symlink_to("../jars/gone.jar")
    assert checkout.run().returncode == 0
    assert len(checkout.calls.read_text()) > len(calls), "a jar was missing"
    (links / "gone.jar").unlink()
    calls = checkout.calls.read_text()
    with (checkout.root / "connectors" / "jars.lock").open("a") as lock:
        lock.write("# changed\n")
    assert checkout.run().returncode == 0
    assert len(checkout.calls.read_text()) > len(calls)


def test_packages_that_cannot_be_installed(checkout: Checkout) -> None:
    """When pip fails, what it said is followed by one line with the remedy, and the next run tries again."""
    working(checkout)
    assert checkout.run().returncode == 0
    (checkout.root / "requirements.txt").write_text("nothing==1\n")
    for _attempt in range(2):
        (checkout.root / ".venv" / "bin" / "pip").write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
        result = checkout.run()
        assert result.returncode == 1
        lines = result.stderr.splitlines()
        assert lines[-2] == "no network"
        assert "make setup again" in lines[-1]


def test_make_alone_prints_every_target(checkout: Checkout) -> None:
    """`make` is the help: one line for each target that the Makefile has, without setting anything up."""
    text = (lib.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets
    result = checkout.run("make")
    assert result.returncode == 0, result.stderr
    told = re.findall(r"^  make ([a-z-]+) +\S.*$", result.stdout, re.MULTILINE)
    assert sorted(told) == sorted(targets)
    assert not (checkout.root / ".venv").exists()
