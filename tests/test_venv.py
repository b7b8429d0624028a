"""The set-up's Python half, with stand-ins for Python, pip and uv: their inputs, and the results of failures."""

from __future__ import annotations

import errno
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from java import paths
from local.setup import venv

# A single program that is Python, its modules, or uv, by its name and arguments. It records its variables.
STAND_IN = """#!/bin/sh
case "$(basename "$0") $*" in
    *" -m venv "*) name=venv ;;
    *" -m ensurepip "*) name=ensurepip ;;
    *" -m pip config list") name=config ;;
    *" -m pip install "*) name=pip ;;
    "uv pip install "*) name=uv ;;
    *" -m local.setup.java") name=jars ;;
    *) exit 0 ;;
esac
echo "$name" >> "{notes}/order"
env > "{notes}/$name.env"
echo "$*" > "{notes}/$name.arguments"
[ "$name" = pip ] && for last in "$@"; do :; done && cat "$last" > "{notes}/uv.txt"
[ -e "{notes}/$name.prints" ] && cat "{notes}/$name.prints"
[ -e "{notes}/$name.fails" ] && exit 1
if [ "$name" = venv ]; then
    mkdir -p "$5/bin" "$5/lib/python3.11/site-packages"
    cp "$0" "$5/bin/python"
    cp "$0" "$5/bin/uv"
fi
exit 0
"""
# Variables of a shell that could mislead a set-up.
HOSTILE = {
    "PIP_USER": "1",
    "PIP_TARGET": "/nonexistent",
    "PIP_PREFIX": "/nonexistent",
    "PIP_CONSTRAINT": "/nonexistent",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_NO_BINARY": ":all:",
    "PIP_PYTHON": "/usr/bin/python3",
    "UV_SYSTEM_PYTHON": "1",
    "UV_PROJECT_ENVIRONMENT": "/nonexistent",
    "UV_PYTHON": "3.13",
    "UV_CONSTRAINT": "/nonexistent",
    "UV_EXCLUDE_NEWER": "2000-01-01",
    "UV_WORKING_DIR": "/",
    "VIRTUAL_ENV": "/nonexistent",
    "PYTHONHOME": "/nonexistent",
    "PYTHONPATH": "/nonexistent",
    "PYTHONSAFEPATH": "1",
    "PYTHONOPTIMIZE": "2",
    "BASH_ENV": "/nonexistent",
    "CDPATH": "/",
    "JAVA_TOOL_OPTIONS": "-javaagent:/nonexistent",
    "TMPDIR": "/nonexistent",
    "LD_PRELOAD": "",
    "M2_REPO": "/nonexistent",
    "LC_ALL": "xx_XX",
}


class Stage:
    """A checkout, a home folder, and the inputs of the stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.root, self.home, self.notes = folder / "ein Ort für Daten", folder / "home", folder / "notes"
        for path in (self.root, self.home, self.notes):
            path.mkdir()
        self.base = folder / "python3.11"
        self.base.write_text(STAND_IN.replace("{notes}", str(self.notes)))
        self.base.chmod(0o755)
        (self.root / "requirements.txt").write_text(
            "abc==1 \\\n    --hash=sha256:aa\nuv==2 \\\n    --hash=sha256:bb\n    # via x\n"
        )

    def set_up(self, wanted: str = "sum", **variables: str) -> None:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home), **variables}
        venv.set_up(self.root, wanted, environ, str(self.base))

    def prints(self, name: str, text: str, *, fails: bool = False) -> None:
        (self.notes / f"{name}.prints").write_text(text)
        if fails:
            (self.notes / f"{name}.fails").touch()

    def mends(self, name: str) -> None:
        (self.notes / f"{name}.fails").unlink()

    def order(self) -> list[str]:
        """The tools that ran since the last call."""
        path = self.notes / "order"
        names = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return names

    def variables(self, name: str) -> Mapping[str, str]:
        lines = (self.notes / f"{name}.env").read_text().splitlines()
        shells = {"PWD", "_", "SHLVL", "OLDPWD"}
        return {key: value for key, _, value in (line.partition("=") for line in lines) if key not in shells}

    def refused(self, **variables: str) -> str:
        with pytest.raises(venv.SetUpError) as caught:
            self.set_up(**variables)
        text = str(caught.value)
        assert text.endswith(".")
        assert "\n" not in text
        return text


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


WHOLE = ["venv", "ensurepip", "config", "pip", "uv", "jars"]


def test_everything_in_turn(stage: Stage) -> None:
    """An environment, pip, uv alone by its hashes, all packages, jars; then the stamp, and no scratch folder."""
    stage.set_up()
    assert stage.order() == WHOLE
    assert (stage.notes / "uv.txt").read_text() == "uv==2 \\\n    --hash=sha256:bb\n"
    assert "--require-hashes" in (stage.notes / "uv.arguments").read_text()
    assert (stage.root / ".venv" / ".setup-stamp").read_text() == f"sum {stage.root}"
    assert sorted(path.name for path in (stage.root / ".cache").iterdir()) == ["set-up.lock"]


def test_only_what_has_changed(stage: Stage) -> None:
    """Other sources need only the second half; other requirements, or another folder, need a new environment."""
    stage.set_up()
    stage.order()
    stage.set_up("another sum")
    assert stage.order() == ["config", "jars"]
    (stage.root / "requirements.txt").write_text("uv==3\n")
    (stage.root / ".venv" / "left over").touch()
    stage.set_up("a third")
    assert stage.order() == WHOLE
    assert not (stage.root / ".venv" / "left over").exists()
    stage.root = stage.root.rename(stage.root.parent / "moved")
    stage.set_up("a third")
    assert stage.order() == WHOLE


@pytest.mark.parametrize("tool", WHOLE)
def test_what_ends_in_the_middle_is_repaired(stage: Stage, tool: str) -> None:
    """An interrupted set-up leaves no stamp, and the next set-up starts at the first incomplete part."""
    stage.prints(tool, "no idea\n", fails=True)
    with pytest.raises(venv.SetUpError):
        stage.set_up()
    assert not (stage.root / ".venv" / ".setup-stamp").exists()
    stage.mends(tool)
    stage.order()
    (stage.root / ".cache" / "set-up-killed").mkdir()
    stage.set_up()
    assert stage.order() == (["config", "jars"] if tool == "jars" else WHOLE)
    assert sorted(path.name for path in (stage.root / ".cache").iterdir()) == ["set-up.lock"]


@pytest.mark.parametrize("home", ["", "/nonexistent", "relative", "{a file}", "{not mine}"])
def test_without_a_home(stage: Stage, home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing or read-only home folder is not needed: the caches are then in the checkout."""
    a_file = stage.home / "file"
    a_file.touch()
    given = {"{a file}": str(a_file), "{not mine}": str(stage.home)}.get(home, home)
    if home == "{not mine}":  # root may write everywhere
        denied = PermissionError(errno.EACCES, "Permission denied")
        real = Path.mkdir

        def mkdir(path: Path, *arguments: object, **named: object) -> None:
            if path.is_relative_to(stage.home):
                raise denied
            real(path, *arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(Path, "mkdir", mkdir)
    stage.set_up(HOME=given)
    for tool, name in (("uv", "UV_CACHE_DIR"), ("pip", "PIP_CACHE_DIR")):
        assert stage.variables(tool)[name] == str(stage.root / ".cache" / "downloads-of-set-up" / tool)
        assert not (stage.root / ".cache" / "downloads-of-set-up").exists()
    assert not Path("/nonexistent").exists()


def test_a_home_that_can_be_written_has_the_caches(stage: Stage) -> None:
    """Checkouts share the downloads in the user's caches; XDG_CACHE_HOME and uv's variable move them."""
    stage.set_up()
    assert stage.variables("uv")["UV_CACHE_DIR"] == f"{stage.home}/.cache/uv"
    stage.set_up(HOME="/nonexistent", XDG_CACHE_HOME=str(stage.home / "xdg"))
    stage.root.joinpath("requirements.txt").write_text("uv==3\n")
    stage.set_up(HOME="/nonexistent", XDG_CACHE_HOME=str(stage.home / "xdg"), UV_CACHE_DIR=str(stage.home / "mine"))
    assert stage.variables("uv")["UV_CACHE_DIR"] == str(stage.home / "mine")
    assert stage.variables("pip")["PIP_CACHE_DIR"] == str(stage.home / "xdg" / "pip")


def test_what_shell_and_home_say(stage: Stage) -> None:
    """The user's variables do not change the installation: with and without them, the tools get the same variables."""
    stage.set_up()
    plain = {name: stage.variables(name) for name in WHOLE if name != "config"}
    stage.root.joinpath("requirements.txt").write_text("uv==3\n")
    stage.set_up("again", **HOSTILE)
    own = {"HOME", "TMPDIR"}  # a scratch folder for each set-up
    for name, before in plain.items():
        assert {k: v for k, v in stage.variables(name).items() if k not in own} == {
            k: v for k, v in before.items() if k not in own
        }
        assert Path(stage.variables(name)["HOME"]).parent == stage.root / ".cache"
    assert stage.variables("pip")["PIP_CONFIG_FILE"] == os.devnull
    assert stage.variables("uv")["UV_NO_CONFIG"] == "1"


def test_sources_reach_all_tools(stage: Stage) -> None:
    """Index, proxy and certificate of pip.conf apply to pip, uv and the download of jars; its `user` does not."""
    stage.prints("config", "global.index-url='https://mirror.example/simple'\nglobal.user='true'\n:env:.user='1'\n")
    proxy = {"HTTPS_PROXY": "http://proxy.example:3128", "SSL_CERT_FILE": "/certificates.pem"}
    stage.set_up(MAVEN_REPOSITORY_URL="https://mirror.example/maven", **proxy)
    assert stage.variables("config")["HOME"] == str(stage.home), "whose pip.conf is read"
    assert stage.variables("pip")["PIP_INDEX_URL"] == "https://mirror.example/simple"
    assert stage.variables("uv")["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    for tool in ("pip", "uv", "jars"):
        assert stage.variables(tool).items() >= proxy.items()
        assert stage.variables(tool)["REQUESTS_CA_BUNDLE"] == "/certificates.pem"
        assert "PIP_USER" not in stage.variables(tool)
    assert stage.variables("jars")["MAVEN_REPOSITORY_URL"] == "https://mirror.example/maven"


def test_pip_settings_that_cannot_be_read(stage: Stage) -> None:
    """A pip.conf that pip refuses is reported with pip's own message."""
    stage.prints("config", "ERROR: Configuration file could not be loaded: pip.conf line 3\n", fails=True)
    assert "pip.conf line 3" in stage.refused()


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_an_unknown_failure_shows_what_was_said(stage: Stage, tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For an unknown cause the tool's own lines come first, without credentials."""
    stage.prints(tool, "something odd at https://me:secret@mirror.example/\n", fails=True)
    text = stage.refused()
    assert "the lines above say which and why" in text
    assert "network" not in text
    assert "something odd at https://mirror.example/" in capsys.readouterr().err


def test_a_known_failure_is_one_sentence(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """A full disk is reported with the space that the set-up needs, without the tool's lines."""
    stage.prints("uv", "error: Failed to extract archive\n  cause: No space left on device (os error 28)\n", fails=True)
    text = stage.refused()
    assert "no space is left" in text
    assert "GB free" in text
    assert "2.4 GB" in text
    assert capsys.readouterr().err.splitlines() == [f"1/4 Python packages into .venv (with {stage.base})"]


def test_without_the_venv_module(stage: Stage) -> None:
    """A Python without ensurepip, as in Debian, is one sentence with the package's name; no file is left."""
    stage.prints("ensurepip", "python3.11: No module named ensurepip\n", fails=True)
    text = stage.refused()
    assert "No module named ensurepip" in text
    assert f"python3.{sys.version_info[1]}-venv" in text
    assert not (stage.root / ".venv").exists()


def test_links_are_not_followed(stage: Stage) -> None:
    """A .venv that is a link is replaced, and its target is unchanged; so is the target of .cache."""
    elsewhere = stage.home / "elsewhere"
    for name in ("venv/bin", "cache/jars", "cache/uv/mine", "cache/pip"):
        (elsewhere / name).mkdir(parents=True)
    (elsewhere / "venv" / "bin" / "precious").touch()
    (elsewhere / "cache" / "precious").touch()
    (stage.root / ".venv").symlink_to(elsewhere / "venv")
    (stage.root / ".cache").symlink_to(elsewhere / "cache")
    stage.set_up()
    assert (elsewhere / "venv" / "bin" / "precious").exists()
    assert not (stage.root / ".venv").is_symlink()
    assert (elsewhere / "cache" / "precious").exists()
    assert (elsewhere / "cache" / "uv" / "mine").exists()


def test_two_at_a_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second set-up of a folder waits for the first, and then has nothing to do."""
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    monkeypatch.setattr(venv, "_say", said.put)
    second = threading.Thread(target=stage.set_up)
    (stage.root / ".cache").mkdir()
    with venv._locked(stage.root / ".cache" / "set-up.lock"):
        second.start()
        assert "this one waits" in said.get(timeout=30)
        (stage.root / ".venv").mkdir()
        (stage.root / ".venv" / ".setup-stamp").write_text(f"sum {stage.root}")
    second.join()
    assert stage.order() == []


def test_a_name_that_java_and_path_would_split(tmp_path: Path) -> None:
    """A colon separates folders in a class path and in PATH: such a name is refused before any change."""
    stage = Stage(tmp_path)
    stage.root = stage.root.rename(tmp_path / "a:b")
    assert "':'" in stage.refused()
    assert not (stage.root / ".cache").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_the_system_refuses(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk, or a read-only folder, is a sentence and not a traceback."""

    def refuse(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number), str(tmp_path / ".cache"))

    monkeypatch.setattr(venv, "set_up", refuse)
    monkeypatch.setattr(venv.signal, "signal", lambda *_arguments: None)
    assert venv.main(str(tmp_path), "sum") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(".")
    assert ("no space" in line) == (number == errno.ENOSPC)
    assert (".cache" in line) == (number != errno.ENOSPC)


def test_an_interrupted_set_up_says_so(stage: Stage) -> None:
    """A signal ends the tool too, leaves no scratch folder, and is one sentence."""
    stage.base.write_text(f'#!/bin/sh\ntouch "{stage.notes}/started"\nexec sleep 60\n')
    call = "import sys; sys.path.insert(0, sys.argv[1]); from local.setup import venv as e; from pathlib import Path; "
    call += "import os; e.set_up.__defaults__ = (sys.argv[3],); sys.exit(e.main(sys.argv[2], 'sum'))"
    command = [sys.executable, "-I", "-c", call, str(paths.ROOT), str(stage.root), str(stage.base)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        while not (stage.notes / "started").exists():
            assert running.poll() is None
        running.terminate()
        _out, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said.splitlines()[-1].startswith("The set-up was interrupted")
    assert "Traceback" not in said
    assert sorted(path.name for path in (stage.root / ".cache").iterdir()) == ["set-up.lock"]


def test_modules_are_found_although_the_path_is_safe(tmp_path: Path) -> None:
    """With PYTHONSAFEPATH, `python -m` finds the checkout by a line in .venv; without it, that line does nothing."""
    packages = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    made = venv.Checkout(tmp_path, tmp_path, 0, {})
    venv._let_modules_be_found(made)
    line = (packages / "checkout.pth").read_text()
    show = f"import sys; sys.prefix = {str(tmp_path / '.venv')!r}\n{line}print({str(tmp_path)!r} in sys.path)"
    for safe in ("1", ""):
        shown = subprocess.run(
            [sys.executable, "-c", show], env={"PYTHONSAFEPATH": safe}, capture_output=True, text=True, check=True
        )
        assert shown.stdout == f"{bool(safe)}\n"


def test_this_environment_is_of_that_kind() -> None:
    """In the environment of the tests, Python finds the programs with PYTHONSAFEPATH in the checkout's folder."""
    shown = subprocess.run(
        [sys.executable, "-m", "producer", "--help"],
        cwd=paths.ROOT,
        env={"PYTHONSAFEPATH": "1", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
