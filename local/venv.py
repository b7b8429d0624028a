"""The first half of the set-up: .venv, with what requirements.txt locks and nothing else; then it calls the second.

It needs a Python 3.11 and its standard library alone (`local/setup.sh` finds one). An environment is whole or is made
anew: a stamp in it says so, written last. So whatever ended a set-up, the next one repairs it.
Every program is started with variables that are written here: what a shell or a home folder says of where packages come
from (sources.py), and nothing else of them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local import causes, sources
from program.addresses import without_credentials
from program.errors import Failure
from program.folders import taken
from program.output import guarded
from program.waiting import wait_until

_LIMIT = 3600.0  # seconds for one tool: the packages are 0.6 GB, which slow networks take a while for
_WAIT = 3600.0  # seconds for another set-up of the same folder
_SCRATCH = "set-up-"  # begins the name of a folder in .cache that a set-up removes again
_AGAIN = "run make setup again"
_Command = Sequence[str | Path]
_CACHES = {"uv": "UV_CACHE_DIR", "pip": "PIP_CACHE_DIR"}  # the folder's name in a cache folder -> its variable
_INSTEAD = "downloads-of-set-up"  # in .cache, in place of a cache folder that cannot be written, until all is made
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SetUpError(Failure):
    """A set-up that cannot go on; the text is one sentence with the cause and the remedy, or empty if that was said."""


class Interrupted(KeyboardInterrupt):
    """A signal that ends the set-up as Ctrl-C does."""


@dataclass(frozen=True)
class Place:
    """The checkout, a scratch folder in it, the lock that its children hold too, and the variables of these."""

    root: Path
    scratch: Path
    lock: int
    environ: Mapping[str, str] = field(repr=False)  # may have credentials in it

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"


def main(root: str, wanted: str) -> int:
    """Set the checkout up, whose sources have the checksum `wanted`; 1 with a sentence if it cannot be done."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)

    def run() -> int:
        try:
            set_up(Path(root), wanted, os.environ)
        except OSError as error:
            raise SetUpError(f"Set-up failed: {causes.explain_os_error(error, [Path(root)])}.") from error
        return 0

    return guarded(run, stopped=f"The set-up was interrupted: {_AGAIN}, it repairs what is unfinished.")


def set_up(root: Path, wanted: str, environ: Mapping[str, str], base: str = "") -> None:
    """Environment, jars, functions, and then the stamp. Raises SetUpError, sources.SourcesError, OSError.

    base: the Python that the environment is made with; this one, if not given.
    """
    base = base or str(getattr(sys, "_base_executable", sys.executable))  # not the .venv that is about to go
    _refuse(root)
    cache = root / ".cache"
    cache.mkdir(exist_ok=True)
    stamp, done = root / ".venv" / ".setup-stamp", f"{wanted} {root}"
    with _locked(cache / "set-up.lock") as (lock, waited):
        if waited and stamp.is_file() and stamp.read_text(encoding="utf-8") == done:
            return
        with _scratch(cache) as scratch:
            place = Place(root, scratch, lock, {**sources.plain(environ), **_own(scratch, environ)})
            stamp.unlink(missing_ok=True)
            is_whole = _is_whole(place)
            if is_whole:
                _say("1/4 Python packages are in .venv")
            else:
                _say(f"1/4 Python packages into .venv (with {base})")
                remove(place.venv)
                _make(place, base)
            variables = {**_sources(place, environ), **place.environ}
            if not is_whole:
                _install(place, variables)
            _second_half(place, variables)
            remove(cache / _INSTEAD)
        stamp.write_text(done, encoding="utf-8")
    _say("Set-up complete.")


def _made_of(place: Place) -> str:
    return f"{hashlib.sha256((place.root / 'requirements.txt').read_bytes()).hexdigest()} {place.root}"


def _is_whole(place: Place) -> bool:
    """Whether an environment for these requirements is there, from its beginning to its end."""
    stamp = place.venv / ".packages"
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _made_of(place) and _runs(place)


def remove(path: Path) -> None:
    """Remove a folder, or a link without what it leads to."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _make(place: Place, base: str) -> None:
    """An environment with pip. Its two steps are taken one by one: together they do not say why the second failed."""
    steps: tuple[_Command, ...] = (
        [base, "-I", "-m", "venv", "--without-pip", place.venv],
        [place.python, "-I", "-m", "ensurepip", "--default-pip"],
    )
    for tool in steps:
        ended, output = _run(place, tool, place.environ)
        if ended:
            remove(place.venv)
            if cause := causes.explain(output, place.environ, [place.root]):
                raise SetUpError(f"{base} cannot make a virtual environment: {cause}.")
            said = (output.strip().splitlines() or ["it said nothing"])[0]
            raise SetUpError(
                f"{base} cannot make a virtual environment ({said}): install its venv module "
                "(Debian: apt-get install python3.11-venv)."
            )


def _install(place: Place, variables: Mapping[str, str]) -> None:
    """What requirements.txt names, by its hashes: uv with pip, then the others with uv, in a quarter of pip's time."""
    requirements = place.root / "requirements.txt"
    uv_alone = place.scratch / "uv.txt"
    uv_alone.write_text(only("uv", requirements.read_text(encoding="utf-8")), encoding="utf-8")
    offline = ["--no-index"] if "PIP_NO_INDEX" in variables else []
    pip: _Command = [place.python, "-I", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", uv_alone]
    uv: _Command = [place.venv / "bin" / "uv", "pip", "install", "--quiet", "--python", place.python]
    steps: tuple[_Command, ...] = (pip, [*uv, "--require-hashes", *offline, "-r", requirements])
    for tool in steps:
        ended, output = _run(place, tool, variables)
        if ended:
            folders = [place.root, Path(variables["UV_CACHE_DIR"])]
            cause = causes.explain(output, variables, folders)
            if cause is None:
                _say(without_credentials(output).rstrip())
                cause = f"the lines above say which and why; mend that and {_AGAIN}"
            raise SetUpError(f"The Python packages could not be installed: {cause}.")
    _let_modules_be_found(place)
    (place.venv / ".packages").write_text(_made_of(place), encoding="utf-8")


def _sources(place: Place, environ: Mapping[str, str]) -> dict[str, str]:
    """Where the packages come from, by the user's settings for pip and uv. Raises SetUpError, sources.SourcesError."""
    pip_reads = ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS")
    asked = {**place.environ, **{name: environ[name] for name in pip_reads if environ.get(name)}}
    asked |= {name: value for name, value in environ.items() if name.startswith("PIP_")}
    ended, listing = _run(place, [place.python, "-I", "-m", "pip", "config", "list"], asked)
    if ended:
        said = without_credentials((listing.strip().splitlines() or ["it said nothing"])[-1])
        raise SetUpError(f"pip's settings cannot be read ({said}): correct the file or the variable.")
    return sources.for_tools(environ, sources.pip_settings(listing), sources.uv_settings(environ))


def _let_modules_be_found(place: Place) -> None:
    """With PYTHONSAFEPATH set, Python does not look for modules where it is started; then by this file it does."""
    (packages,) = (place.venv / "lib").glob("python3.*/site-packages")
    line = "import os, sys; sys.flags.safe_path and sys.path.append(os.path.dirname(sys.prefix))\n"
    (packages / "checkout.pth").write_text(line, encoding="ascii")


def _second_half(place: Place, variables: Mapping[str, str]) -> None:
    """Jars and functions. It says itself what is wrong."""
    ended, _output = _run(place, [place.python, "-m", "local.setup"], variables, shown=True)
    if ended:
        raise SetUpError("")


def _runs(place: Place) -> bool:
    check = "import sys; sys.exit(sys.version_info[:2] != (3, 11))"
    try:
        return _run(place, [place.python, "-I", "-c", check], place.environ)[0] == 0
    except OSError:
        return False


def only(name: str, requirements: str) -> str:
    """One package of a file of requirements, with its hashes."""
    kept, lines = False, []
    for line in requirements.splitlines():
        if line[:1] not in ("", " ", "#"):
            kept = line.startswith(f"{name}==")
        if kept and not line.lstrip().startswith("#"):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _own(scratch: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that are the set-up's own. Of the home folder only the caches are used, where they can be written."""
    home = environ.get("HOME", "")
    caches = environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home and Path(home).is_dir() else "none")
    wished = {name: environ.get(variable) or f"{caches}/{name}" for name, variable in _CACHES.items()}
    return {
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        **{
            _CACHES[name]: wish if is_writable(wish) else str(scratch.parent / _INSTEAD / name)
            for name, wish in wished.items()
        },
    }


def is_writable(folder: str) -> bool:
    """Whether files can be made in a folder, which is made if it is not there."""
    if not Path(folder).is_absolute():
        return False
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            return True
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)  # which then is what the set-up fails of


def _refuse(root: Path) -> None:
    for sign in (":", "\n"):
        if sign in str(root):
            raise SetUpError(
                f"The folder {str(root)!r} has {sign!r} in its name, which ends a folder's name in a class path: "
                "move the checkout to another one."
            )


def _run(place: Place, command: _Command, variables: Mapping[str, str], *, shown: bool = False) -> tuple[int, str]:
    """Run a tool in the checkout; how it ended and what it printed, if that is not shown."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=place.root,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_LIMIT,
            pass_fds=(place.lock,),  # should this process be killed, the next set-up waits for its child
        )
    except subprocess.TimeoutExpired as error:
        raise SetUpError(
            f"{Path(str(command[0])).name} did not end within {_LIMIT:.0f} s: check the network."
        ) from error
    return done.returncode, done.stdout or ""


@contextmanager
def _locked(path: Path) -> Iterator[tuple[int, bool]]:
    """The lock of the checkout, held until the block ends, and whether it had to be waited for. Raises SetUpError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        waits = not taken(descriptor)
        if waits:
            _say("Another set-up of this folder is at work: this one waits for it.")
            if not wait_until(lambda: taken(descriptor), _WAIT):
                raise SetUpError(f"Another set-up of this folder has been at work for {_WAIT:.0f} s: end it.")
        yield descriptor, waits
    finally:
        os.close(descriptor)


@contextmanager
def _scratch(cache: Path) -> Iterator[Path]:
    """A folder in the cache, removed at the end; those that a killed set-up left are removed first."""
    for old in cache.glob(f"{_SCRATCH}*/"):
        remove(old)
    path = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=cache))
    try:
        yield path
    finally:
        # A second Ctrl-C does not interrupt the tidying up.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
        shutil.rmtree(path, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: object) -> None:
    raise Interrupted(number)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
