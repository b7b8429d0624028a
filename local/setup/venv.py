"""The first half of the set-up: .venv with exactly the packages of requirements.txt; then it calls the second half.

It needs only a Python 3.11 or 3.12 with its standard library (setup.sh looks for that Python). A stamp, written last,
marks a complete environment; without the stamp the environment is made anew. So a set-up repairs an interrupted set-up.
Its child processes get variables that are written here. From the user's shell and home folder they get only the sources
of packages (package_sources.py).
"""

from __future__ import annotations

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

from local.setup import causes, package_sources
from program.addresses import without_credentials
from program.errors import Failure
from program.folders import is_writable, take_lock
from program.output import guarded
from program.waiting import wait_until

_LIMIT = 3600.0  # seconds for one tool: the packages are 0.6 GB, which is slow on some networks
_WAIT = 3600.0  # seconds for another set-up of the same folder
_SCRATCH = "set-up-"  # prefix of a folder in .cache that a set-up removes at its end
_AGAIN = "run make setup again"
_Command = Sequence[str | Path]
_CACHES = {"uv": "UV_CACHE_DIR", "pip": "PIP_CACHE_DIR"}  # the folder's name in a cache folder -> its variable
_INSTEAD = "downloads-of-set-up"  # in .cache, replaces a cache folder that is not writable until the set-up ends
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SetUpError(Failure):
    """A set-up that cannot go on; the text is a sentence with cause and remedy, or empty if already printed."""


class Interrupted(KeyboardInterrupt):
    """A signal that ends the set-up as Ctrl-C does."""


@dataclass(frozen=True)
class Checkout:
    """The folder `root`, a scratch folder in it, the lock that child processes also hold, and their variables."""

    root: Path
    scratch: Path
    lock: int
    environ: Mapping[str, str] = field(repr=False)  # may contain credentials

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"


def main(root: str, wanted: str) -> int:
    """Set up the checkout, whose sources have the checksum `wanted`; returns 1 with a sentence on failure."""
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
    """Make environment, jars, functions, and then the stamp. Raises SetUpError, package_sources.SourcesError, OSError.

    base: the Python that makes the environment; by default the running Python.
    """
    base = base or str(getattr(sys, "_base_executable", sys.executable))  # not the .venv that will be removed
    _refuse(root)
    cache = root / ".cache"
    cache.mkdir(exist_ok=True)
    stamp, done = root / ".venv" / ".setup-stamp", f"{wanted} {root}"
    with _locked(cache / "set-up.lock") as (lock, waited):
        if waited and stamp.is_file() and stamp.read_text(encoding="utf-8") == done:
            return
        with _scratch(cache) as scratch:
            checkout = Checkout(root, scratch, lock, {**package_sources.plain(environ), **_own(scratch, environ)})
            stamp.unlink(missing_ok=True)
            is_whole = _is_whole(checkout)
            if is_whole:
                _say("1/4 Python packages are in .venv")
            else:
                _say(f"1/4 Python packages into .venv (with {base})")
                remove(checkout.venv)
                _make(checkout, base)
            variables = {**_sources(checkout, environ), **checkout.environ}
            if not is_whole:
                _install(checkout, variables)
            _second_half(checkout, variables)
            remove(cache / _INSTEAD)
        stamp.write_text(done, encoding="utf-8")
    _say("Set-up complete.")


def _made_of(checkout: Checkout) -> str:
    return f"{hashlib.sha256((checkout.root / 'requirements.txt').read_bytes()).hexdigest()} {checkout.root}"


def _is_whole(checkout: Checkout) -> bool:
    """Whether a complete environment for these requirements exists."""
    stamp = checkout.venv / ".packages"
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _made_of(checkout) and _runs(checkout)


def remove(path: Path) -> None:
    """Remove a folder, or a link without its target."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _make(checkout: Checkout, base: str) -> None:
    """Make an environment with pip. Two steps, since `venv` with pip does not give the reason if pip fails."""
    steps: tuple[_Command, ...] = (
        [base, "-I", "-m", "venv", "--without-pip", checkout.venv],
        [checkout.python, "-I", "-m", "ensurepip", "--default-pip"],
    )
    for tool in steps:
        ended, output = _run(checkout, tool, checkout.environ)
        if ended:
            remove(checkout.venv)
            if cause := causes.explain(output, checkout.environ, [checkout.root]):
                raise SetUpError(f"{base} cannot make a virtual environment: {cause}.")
            first_line = (output.strip().splitlines() or ["it said nothing"])[0]
            raise SetUpError(
                f"{base} cannot make a virtual environment ({first_line}): install its venv module "
                f"(Debian: apt-get install python{_version()}-venv)."
            )


def _version() -> str:
    """The version of the running Python, which makes the environment, such as 3.11."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _install(checkout: Checkout, variables: Mapping[str, str]) -> None:
    """Install requirements.txt by its hashes: uv with pip, then the rest with uv, in a quarter of pip's time."""
    requirements = checkout.root / "requirements.txt"
    uv_alone = checkout.scratch / "uv.txt"
    uv_alone.write_text(only("uv", requirements.read_text(encoding="utf-8")), encoding="utf-8")
    offline = ["--no-index"] if "PIP_NO_INDEX" in variables else []
    pip: _Command = [checkout.python, "-I", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", uv_alone]
    uv: _Command = [checkout.venv / "bin" / "uv", "pip", "install", "--quiet", "--python", checkout.python]
    steps: tuple[_Command, ...] = (pip, [*uv, "--require-hashes", *offline, "-r", requirements])
    for tool in steps:
        ended, output = _run(checkout, tool, variables)
        if ended:
            folders = [checkout.root, Path(variables["UV_CACHE_DIR"])]
            cause = causes.explain(output, variables, folders)
            if cause is None:
                _say(without_credentials(output).rstrip())
                cause = f"the lines above say which and why; mend that and {_AGAIN}"
            raise SetUpError(f"The Python packages could not be installed: {cause}.")
    _let_modules_be_found(checkout)
    (checkout.venv / ".packages").write_text(_made_of(checkout), encoding="utf-8")


def _sources(checkout: Checkout, environ: Mapping[str, str]) -> dict[str, str]:
    """The sources of packages, from the user's settings for pip and uv. Raises SetUpError, SourcesError."""
    pip_reads = ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS")
    variables = {**checkout.environ, **{name: environ[name] for name in pip_reads if environ.get(name)}}
    variables |= {name: value for name, value in environ.items() if name.startswith("PIP_")}
    ended, listing = _run(checkout, [checkout.python, "-I", "-m", "pip", "config", "list"], variables)
    if ended:
        last_line = without_credentials((listing.strip().splitlines() or ["it said nothing"])[-1])
        raise SetUpError(f"pip's settings cannot be read ({last_line}): correct the file or the variable.")
    return package_sources.for_tools(
        environ, package_sources.pip_settings(listing), package_sources.uv_settings(environ)
    )


def _let_modules_be_found(checkout: Checkout) -> None:
    """Make Python find modules by this file: with PYTHONSAFEPATH it ignores the folder in which it is started."""
    (packages,) = (checkout.venv / "lib").glob("python3.*/site-packages")
    line = "import os, sys; sys.flags.safe_path and sys.path.append(os.path.dirname(sys.prefix))\n"
    (packages / "checkout.pth").write_text(line, encoding="ascii")


def _second_half(checkout: Checkout, variables: Mapping[str, str]) -> None:
    """Provide jars and functions, in a process that prints its own failures."""
    ended, _output = _run(checkout, [checkout.python, "-m", "local.setup.java"], variables, shown=True)
    if ended:
        raise SetUpError("")


def _runs(checkout: Checkout) -> bool:
    check = "import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))"
    try:
        return _run(checkout, [checkout.python, "-I", "-c", check], checkout.environ)[0] == 0
    except OSError:
        return False


def only(name: str, requirements: str) -> str:
    """A single package of a requirements file, with its hashes."""
    kept, lines = False, []
    for line in requirements.splitlines():
        if line[:1] not in ("", " ", "#"):
            kept = line.startswith(f"{name}==")
        if kept and not line.lstrip().startswith("#"):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _own(scratch: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The set-up's own variables. Of the home folder only the caches are used, if they are writable."""
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


def _refuse(root: Path) -> None:
    for sign in (":", "\n"):
        if sign in str(root):
            raise SetUpError(
                f"The folder {str(root)!r} has {sign!r} in its name, which ends a folder's name in a class path: "
                "move the checkout to another one."
            )


def _run(
    checkout: Checkout, command: _Command, variables: Mapping[str, str], *, shown: bool = False
) -> tuple[int, str]:
    """Run a tool in the checkout; returns its exit code, and its output unless `shown`."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=checkout.root,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_LIMIT,
            pass_fds=(checkout.lock,),  # if this process is killed, the next set-up waits for its child
        )
    except subprocess.TimeoutExpired as error:
        raise SetUpError(
            f"{Path(str(command[0])).name} did not end within {_LIMIT:.0f} s: check the network."
        ) from error
    return done.returncode, done.stdout or ""


@contextmanager
def _locked(path: Path) -> Iterator[tuple[int, bool]]:
    """Hold the checkout's lock until the block ends; yields the lock, and whether it had to wait. Raises SetUpError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        waits = not take_lock(descriptor)
        if waits:
            _say("Another set-up of this folder is at work: this one waits for it.")
            if not wait_until(lambda: take_lock(descriptor), _WAIT):
                raise SetUpError(f"Another set-up of this folder has been at work for {_WAIT:.0f} s: end it.")
        yield descriptor, waits
    finally:
        os.close(descriptor)


@contextmanager
def _scratch(cache: Path) -> Iterator[Path]:
    """A scratch folder in the cache, removed at the end; first, folders left by killed set-ups are removed."""
    for old in cache.glob(f"{_SCRATCH}*/"):
        remove(old)
    path = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=cache))
    try:
        yield path
    finally:
        # A second Ctrl-C does not interrupt the removal.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
        shutil.rmtree(path, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: object) -> None:
    raise Interrupted(number)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
