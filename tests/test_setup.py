"""The script that looks for a Python, and the Makefile, with stand-ins for every interpreter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from java import paths

NEEDED = (
    "Makefile",
    "requirements.txt",
    "java/jars.lock",
    "java/jars.py",
    "java/build.py",
    "java/src/streaming/JsonRecord.java",
    "local/setup/setup.sh",
    "local/setup/venv.py",
    "local/setup/java.py",
    "java/paths.py",
)
TOOLS = ("sh", "cat", "cksum", "tr", "make", "rm", "mkdir", "awk")


class Checkout:
    """A copy of the set-up's files, and its own PATH without any Python."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a copy"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        for name in NEEDED:
            copy = self.root / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, copy)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, f"{tool} is not installed"
            (self.bin / tool).symlink_to(found)
        self.path = [self.bin]

    def python(self, name: str, version: str, folder: str = "bin") -> Path:
        """A stand-in of this version, which records each call to set up, its folder and its checkout."""
        return self.script(
            name,
            'case "$2" in\n'
            f'  -c) echo "{version}" ;;\n'
            f'  *) echo "$0 $PWD $7 ${{CDPATH+has CDPATH}}" >> "{self.calls}"; exit 1 ;;\n'
            "esac",
            folder,
        )

    def script(self, name: str, text: str, folder: str = "bin") -> Path:
        path = self.bin.parent / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def run(self, *command: str, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(str(folder) for folder in self.path)
        return subprocess.run(
            command or ("sh", "local/setup/setup.sh"),
            cwd=folder or self.root,
            env={"PATH": path, "TMPDIR": str(self.bin.parent), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[str]:
        """The interpreters that were called to set the checkout up."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.removesuffix(f" {self.root} {self.root} ") for line in lines]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The error text: a single line on standard error that ends like a sentence, and exit code 1."""
    assert result.returncode == 1
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if not line.startswith("1/4 ")]
    assert len(lines) == 1, result.stderr
    assert lines[0].endswith(".")
    return lines[0]


def test_another_python_is_named_with_the_remedy(checkout: Checkout) -> None:
    """Without a Python 3.11 or 3.12 the set-up names the Pythons on PATH and the remedy, and makes nothing."""
    checkout.python("python3", "3.13")
    text = one_sentence(checkout.run())
    assert "3.13" in text
    assert "python3" in text
    assert "needs Python 3.11 or 3.12" in text
    assert "python3.11-venv" in text
    assert "PYTHON=" in text
    assert not (checkout.root / ".venv").exists()


def test_no_python_at_all(checkout: Checkout) -> None:
    """A machine without any Python gets the same sentence."""
    text = one_sentence(checkout.run())
    assert "no Python at all" in text
    assert "python3.11" in text


def test_the_first_of_the_names_is_used(checkout: Checkout) -> None:
    """python3.11 comes before python3.12, python3 and python, in any version."""
    wanted = checkout.python("python3.11", "3.11")
    checkout.python("python3.12", "3.12")
    checkout.python("python3", "3.11")
    checkout.run()
    assert checkout.asked() == [str(wanted)]


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_a_plain_python_does_if_it_is_3_11_or_3_12(checkout: Checkout, version: str) -> None:
    """A python3 of another version is skipped."""
    checkout.python("python3", "3.13")
    wanted = checkout.python("python", version)
    checkout.run()
    assert checkout.asked() == [str(wanted)]


@pytest.mark.parametrize("folder", ["given here", "bin"])
def test_python_chosen_by_variable(checkout: Checkout, folder: str) -> None:
    """PYTHON=... replaces the Pythons on PATH, also with make, also with a space in its path."""
    checkout.python("python3.11", "3.11")
    wanted = checkout.python("mine", "3.11", folder=folder)
    checkout.run(PYTHON=str(wanted))
    checkout.run("make", "setup", f"PYTHON={wanted}")
    assert checkout.asked() == [str(wanted)] * 2


def test_a_chosen_python_of_another_version_is_refused(checkout: Checkout) -> None:
    """An unsuitable PYTHON=... is refused, not replaced by a suitable Python."""
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


def test_a_finished_set_up_is_not_repeated(checkout: Checkout) -> None:
    """The second run does nothing and prints nothing, until an input file changes, or a jar is missing."""
    python = checkout.script(
        "python3.11",
        f'[ "$2" = -c ] && echo 3.11 && exit 0\necho again >> "{checkout.calls}"\n'
        'mkdir -p "$7/.venv/bin"; cat "$0" > "$7/.venv/bin/python"\nprintf "%s" "$8 $7" > "$7/.venv/.setup-stamp"',
    )
    assert checkout.run().returncode == 0
    (checkout.root / ".venv" / "bin" / "python").chmod(0o755)
    links = checkout.root / ".cache" / "flink-lib"
    for folder, jar in ((links, "functions.jar"), (links.with_name("cluster-lib"), "doorkeeper.jar")):
        folder.mkdir(parents=True)
        (folder.parent / jar).touch()
        (folder / jar).symlink_to(f"../{jar}")
    python.unlink()
    for variables in ({}, {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "POSIX", "CDPATH": "/"}):
        second = checkout.run(**variables)
        assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    (links / "gone.jar").symlink_to("../jars/gone.jar")
    assert checkout.run().returncode == 1, "a jar was missing"
    (links / "gone.jar").unlink()
    assert checkout.run().returncode == 0
    with (checkout.root / "java" / "jars.lock").open("a") as lock:
        lock.write("# changed\n")
    assert checkout.run().returncode == 1


def foreign(folder: Path) -> Path:
    """Another user's checkout, with all the files that a set-up or `make clean` could take for its own."""
    for name in (".venv/bin", ".cache", ".state", "local"):
        (folder / name).mkdir(parents=True)
    for name in (".venv/precious", ".cache/precious", ".state/precious"):
        (folder / name).touch()
    return folder


def is_untouched(folder: Path) -> bool:
    return all((folder / name / "precious").exists() for name in (".venv", ".cache", ".state"))


@pytest.mark.parametrize("command", [("make", "setup"), ("sh", "local/setup/setup.sh"), ("make", "clean")])
def test_another_folder_by_cdpath(checkout: Checkout, tmp_path: Path, command: tuple[str, ...]) -> None:
    """CDPATH leads to a folder of the same names: it is neither gone into nor touched."""
    other = foreign(tmp_path / "other")
    wanted = checkout.python("python3.11", "3.11")
    checkout.run(*command, CDPATH=str(other))
    assert is_untouched(other)
    if command != ("make", "clean"):
        assert checkout.calls.read_text() == f"{wanted} {checkout.root} {checkout.root} has CDPATH\n"


def test_from_other_folders(checkout: Checkout, tmp_path: Path) -> None:
    """`make -C` and the script by its path, absolute or not, work from any folder, on this checkout only."""
    other = foreign(tmp_path / "other")
    wanted = checkout.python("python3.11", "3.11")
    checkout.run("make", "-C", str(checkout.root), "setup", folder=other)
    checkout.run("sh", str(checkout.root / "local" / "setup" / "setup.sh"), folder=other)
    checkout.run("sh", "../a copy/local/setup/setup.sh", folder=other)
    checkout.run("sh", "setup.sh", folder=checkout.root / "local" / "setup")
    assert checkout.asked() == [str(wanted)] * 4
    assert is_untouched(other)


@pytest.mark.parametrize("target", ["clean", "setup"])
def test_a_makefile_of_another_folder(checkout: Checkout, tmp_path: Path, target: str) -> None:
    """`make -f` from another folder is refused: every path of the Makefile would be in that folder."""
    other = foreign(tmp_path / "other")
    checkout.python("python3.11", "3.11")
    result = checkout.run("make", "-f", str(checkout.root / "Makefile"), target, folder=other)
    assert result.returncode != 0
    assert "make -C" in result.stderr
    assert is_untouched(other)
    assert checkout.asked() == []


def test_clean_follows_no_link(checkout: Checkout, tmp_path: Path) -> None:
    """`make clean` removes links that lead out of the checkout, and keeps their targets."""
    other = foreign(tmp_path / "other")
    for name in (".venv", ".cache", ".state"):
        (checkout.root / name).symlink_to(other / name)
    assert checkout.run("make", "clean").returncode == 0
    assert is_untouched(other)
    assert not [name for name in (".venv", ".cache", ".state") if (checkout.root / name).is_symlink()]


def test_without_the_mode_to_execute(checkout: Checkout) -> None:
    """The set-up works on files without the executable mode, as some archives lose modes."""
    (checkout.root / "local" / "setup" / "setup.sh").chmod(0o644)
    wanted = checkout.python("python3.11", "3.11")
    checkout.run("make", "setup")
    assert checkout.asked() == [str(wanted)]


def test_what_a_shell_says_to_python(checkout: Checkout) -> None:
    """Variables for other programs' Python reach no program that make starts; a chosen Python does."""
    told = [f"PYTHON{name}" for name in ("SAFEPATH", "HOME", "PATH", "OPTIMIZE", "INSPECT", "WARNINGS", "STARTUP")]
    with (checkout.root / "Makefile").open("a") as makefile:
        makefile.write("\nshow:\n\t@env\n")
    (checkout.bin / "env").symlink_to(str(shutil.which("env")))
    result = checkout.run("make", "show", PYTHON="/a/python", PYTHONUNBUFFERED="1", **dict.fromkeys(told, "1"))
    shown = {line.partition("=")[0] for line in result.stdout.splitlines()}
    assert not shown.intersection(told)
    assert {"PYTHON", "PYTHONUNBUFFERED"} <= shown


def test_a_checkout_on_a_machine_that_converts_line_ends(tmp_path: Path) -> None:
    """`git clone -c core.autocrlf=true` gives the committed bytes of every file."""
    git = shutil.which("git")
    if not git or not (paths.ROOT / ".git").exists():
        pytest.skip("this is no clone")
    copy = tmp_path / "clone"
    clone = [
        git,
        "clone",
        "-q",
        "--no-checkout",
        "-c",
        "core.autocrlf=true",
        "-c",
        "core.eol=crlf",
        str(paths.ROOT),
        str(copy),
    ]
    subprocess.run(clone, check=True, capture_output=True)
    shutil.copy(paths.ROOT / ".gitattributes", copy)
    # The current bytes, committed or not.
    subprocess.run(
        [git, "checkout", "-q", "HEAD", "--", ":!.gitattributes", "."], cwd=copy, check=True, capture_output=True
    )
    listed = subprocess.run([git, "ls-files", "--eol"], cwd=copy, check=True, capture_output=True, text=True).stdout
    states = {line.partition("\t")[2]: line.split()[:2] for line in listed.splitlines()}
    assert "local/setup/setup.sh" in states
    assert [name for name, (committed, there) in states.items() if committed[1:] != there[1:]] == []


def test_make_alone_prints_every_target(checkout: Checkout) -> None:
    """`make` is the help: one line for each target of the Makefile, without a set-up."""
    text = (paths.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets
    result = checkout.run("make")
    assert result.returncode == 0, result.stderr
    told = re.findall(r"^  make ([a-z-]+) +\S.*$", result.stdout, re.MULTILINE)
    assert sorted(told) == sorted(targets)
    assert not (checkout.root / ".venv").exists()
