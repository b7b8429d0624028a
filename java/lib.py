"""Where the files of one machine lie, and Flink's class paths.

Of the job in one JVM: Flink's own jars, the connectors', the functions'. Of a cluster, to which a job brings its jar
along: Flink's own. Both have the doorkeeper of Flink's REST server, a jar of its own, so that no package for elsewhere
contains it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from program.errors import Failure

ROOT = Path(__file__).resolve().parent.parent
JARS = ROOT / ".cache" / "jars"
FUNCTIONS = ROOT / ".cache" / "functions.jar"
DOORKEEPER = ROOT / ".cache" / "doorkeeper.jar"
DOORKEEPER_SOURCES = ROOT / "java" / "doorkeeper"
LIB = ROOT / ".cache" / "flink-lib"
CLUSTER_LIB = ROOT / ".cache" / "cluster-lib"
PAGE = ROOT / "dashboard" / "dist"  # the live map as it is built


class NotSetUp(Failure):
    """The class path is missing; the text says what to run."""


def flink_home() -> Path:
    """The Flink distribution in the apache-flink wheel, found without importing it (which takes seconds)."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise NotSetUp("PyFlink is not installed here: run `make setup`.")
    return Path(spec.origin).parent


def lay_out(folder: Path, jars: Sequence[Path]) -> None:
    """Fill one of the class paths with links to Flink's jars and the given ones.

    One folder on the class path starts a job twice as fast as jars that are shipped with it
    (`pipeline.jars`), and it leaves site-packages as pip made it.
    """
    if folder.is_symlink():  # what it leads to is not the checkout's
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in [*sorted((flink_home() / "lib").glob("*.jar")), *jars]}
    for old in folder.iterdir():
        if old.name not in wanted or not old.is_symlink() or old.readlink() != wanted[old.name]:
            old.unlink()
    for name, path in wanted.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(path)


def require(folder: Path = LIB) -> Path:
    """This class path, or NotSetUp when a jar of it is missing: without the doorkeeper no Flink is started."""
    jars = list(folder.glob("*.jar")) if folder.is_dir() else []
    if folder / DOORKEEPER.name not in jars or not all(jar.exists() for jar in jars):
        raise NotSetUp("The connector jars are not in place: run `make setup`.")
    return folder
