"""Where the files of one machine lie, and Flink's class path: its jars, the connectors', the functions'."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JARS = ROOT / ".cache" / "jars"
FUNCTIONS = ROOT / ".cache" / "functions.jar"
LIB = ROOT / ".cache" / "flink-lib"
STATE = ROOT / ".state"
PAGE = ROOT / "dashboard" / "dist"  # the live map as it is built


class NotSetUp(Exception):  # noqa: N818  (raised and read as a state)
    """The class path is missing; the text says what to run."""


def flink_home() -> Path:
    """The Flink distribution in the apache-flink wheel, found without importing it (which takes seconds)."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise NotSetUp("PyFlink is not installed here: run `make setup`.")
    return Path(spec.origin).parent


def lay_out(jars: Sequence[Path]) -> None:
    """Fill LIB with links to Flink's jars and the given ones.

    One folder on the class path starts a job twice as fast as jars that are shipped with it
    (`pipeline.jars`), and it leaves site-packages as pip made it.
    """
    if LIB.is_symlink():  # what it leads to is not the checkout's
        LIB.unlink()
    LIB.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in [*sorted((flink_home() / "lib").glob("*.jar")), *jars]}
    for old in LIB.iterdir():
        if old.name not in wanted or not old.is_symlink() or old.readlink() != wanted[old.name]:
            old.unlink()
    for name, path in wanted.items():
        if not (LIB / name).is_symlink():
            (LIB / name).symlink_to(path)


def require() -> Path:
    """LIB, or NotSetUp when a jar of it is missing."""
    jars = list(LIB.glob("*.jar")) if LIB.is_dir() else []
    if not jars or not all(jar.exists() for jar in jars):
        raise NotSetUp("The connector jars are not in place: run `make setup`.")
    return LIB
