"""The paths of local files, and Flink's class paths.

A job in a single JVM has the jars of Flink (with the planner unpacked), of the connectors and of the functions. A
cluster has only Flink's jars: a job brings its own jar. Both have the doorkeeper of Flink's REST server. It is a
separate jar, so that no package for another machine contains it.
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
PAGE = ROOT / "dashboard" / "dist"  # the built dashboard
# Options of a short-lived JVM, which ends before the second compiler saves time. With a single compiler, Java reserves
# only 48 MB of address space for compiled code instead of 240. Flink's planner fills that, and Java then throws code
# away and compiles it again.
FIRST_COMPILER = ("-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=240m")


class NotSetUp(Failure):
    """The class path is missing; the text names the command."""


def flink_home() -> Path:
    """The Flink distribution in the apache-flink wheel, without importing PyFlink (which takes seconds)."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise NotSetUp("PyFlink is not installed here: run `make setup`.")
    return Path(spec.origin).parent


def flink_jars() -> list[Path]:
    """The jars that every program of the distribution has on its class path."""
    return sorted((flink_home() / "lib").glob("*.jar"))


def with_planner(jars: Sequence[Path]) -> list[Path]:
    """These jars of Flink with the planner's jar, unpacked into the cache, in place of the jar that loads the planner.

    The loader separates the planner's Calcite and Scala from a job's; jobs here have none. The loader unpacks 41 MB at
    each start, and the planner's classes cannot be in a class data archive.
    """
    (loader,) = (jar for jar in jars if jar.name.startswith("flink-table-planner-loader-"))
    planner = ROOT / ".cache" / loader.name.replace("-loader-", "_2.12-")  # the planner's name in Flink's `opt`
    with zipfile.ZipFile(loader) as archive:
        packed = archive.getinfo("flink-table-planner.jar")
        if not planner.is_file() or planner.stat().st_size != packed.file_size:
            with tempfile.TemporaryDirectory(dir=planner.parent) as scratch:
                Path(archive.extract(packed, scratch)).replace(planner)  # in one step: no process reads half a jar
    return [*(jar for jar in jars if jar != loader), planner]


def lay_out(folder: Path, jars: Sequence[Path]) -> None:
    """Fill a folder on the class path with links to these jars.

    The folder starts a job twice as fast as jars that are shipped with the job (`pipeline.jars`), and site-packages
    stays unchanged.
    """
    if folder.is_symlink():  # its target does not belong to the checkout
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
    """The folder of a class path. Raises NotSetUp if a jar is missing: Flink never starts without the doorkeeper."""
    jars = list(folder.glob("*.jar")) if folder.is_dir() else []
    if folder / DOORKEEPER.name not in jars or not all(jar.exists() for jar in jars):
        raise NotSetUp("The connector jars are not in place: run `make setup`.")
    return folder
