"""Other programs to compare with, pinned in peers.txt, in an environment of their own: .cache/peers.

They stay out of requirements.txt, as nothing of the project needs them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from local.setup import package_sources
from program import environment, processes
from program.output import Say
from program.processes import ROOT, RunError

FOLDER = ROOT / ".cache" / "peers"
PYTHON = FOLDER / "bin" / "python"
LOCK = Path(__file__).parent / "peers.txt"
_STAMP = FOLDER / ".stamp"
_LIMIT = 600.0  # seconds for the download
_UV = Path(sys.executable).parent / "uv"


def are_installed() -> bool:
    """Whether the environment has what peers.txt pins."""
    return PYTHON.exists() and _STAMP.is_file() and _STAMP.read_bytes() == LOCK.read_bytes()


def install(say: Say) -> None:
    """Install what peers.txt pins, with its hashes, unless it is there. Raises RunError."""
    if are_installed():
        return
    say("installing the peers into .cache/peers")
    env = environment.outward() | _sources()
    _run([_UV, "venv", "--quiet", "--clear", "--python", sys.executable, FOLDER], env)
    _run([_UV, "pip", "install", "--quiet", "--require-hashes", "--python", PYTHON, "--requirement", LOCK], env)
    _STAMP.write_bytes(LOCK.read_bytes())


def _sources() -> dict[str, str]:
    """The user's sources of packages, as the set-up takes them."""
    listing = processes.finished([sys.executable, "-I", "-m", "pip", "config", "list"], dict(os.environ), 60).stdout
    return package_sources.for_tools(
        os.environ, package_sources.pip_settings(listing), package_sources.uv_settings(os.environ)
    )


def _run(command: list[str | Path], env: dict[str, str]) -> None:
    try:
        done = processes.finished(command, env, _LIMIT)
    except subprocess.TimeoutExpired:
        raise RunError(f"The peers were not installed within {_LIMIT:.0f} s: run it again, or go without.") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise RunError(f"The peers cannot be installed ({lines[-1].strip()}): mend that, or go without --peers.")


def version(package: str) -> str | None:
    """The version of this package among the peers; None without it."""
    if not PYTHON.exists():
        return None
    code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    done = processes.finished([PYTHON, "-I", "-c", code, package], environment.plain(), 30)
    return done.stdout.strip() if done.returncode == 0 else None
