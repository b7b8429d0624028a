"""Where the files of one machine lie, and Flink's class paths.

Of the job in one JVM: Flink's own jars with the planner unpacked, the connectors', the functions'. Of a cluster, to
which a job brings its jar along: Flink's own. Both have the doorkeeper of Flink's REST server, a jar of its own, so
that no package for elsewhere contains it.
"""

from __future__ import annotations

import importlib.util
import tempfile
import zipfile
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
PAGE = ROOT / "dashboard" / "dist"  # the dashboard as it is built
# Options of a JVM that ends before the second compiler repays its work.
FIRST_COMPILER = ("-XX:TieredStopAtLevel=1",)


class NotSetUp(Failure):
    """The class path is missing; the text says what to run."""


def flink_home() -> Path:
    """The Flink distribution in the apache-flink wheel, found without importing it (which takes seconds)."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise NotSetUp("PyFlink is not installed here: run `make setup`.")
    return Path(spec.origin).parent


def flink_jars() -> list[Path]:
    """The jars that every program of the distribution has on its class path."""
    return sorted((flink_home() / "lib").glob("*.jar"))


def with_planner(jars: Sequence[Path]) -> list[Path]:
    """These jars of Flink's with the planner itself, unpacked into the cache, in place of the jar that loads it.

    That jar keeps the planner's Calcite and Scala apart from those that a job brings along; this job brings none. It
    unpacks 41 MB at each start, and its classes cannot be in a class data archive.
    """
    (loader,) = (jar for jar in jars if jar.name.startswith("flink-table-planner-loader-"))
    planner = ROOT / ".cache" / loader.name.replace("-loader-", "_2.12-")  # its name in Flink's `opt`
    with zipfile.ZipFile(loader) as archive:
        packed = archive.getinfo("flink-table-planner.jar")
        if not planner.is_file() or planner.stat().st_size != packed.file_size:
            with tempfile.TemporaryDirectory(dir=planner.parent) as scratch:
                Path(archive.extract(packed, scratch)).replace(planner)  # in one step: nobody reads a part of it
    return [*(jar for jar in jars if jar != loader), planner]


def lay_out(folder: Path, jars: Sequence[Path]) -> None:
    """Fill one of the class paths with links to these jars.

    One folder on the class path starts a job twice as fast as jars that are shipped with it
    (`pipeline.jars`), and it leaves site-packages as pip made it.
    """
    if folder.is_symlink():  # what it leads to is not the checkout's
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in jars}
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
