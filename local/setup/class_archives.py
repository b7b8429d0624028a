"""Make the class data archives, with which every Flink here starts some seconds earlier (`flink.distribution`)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flink import defaults, distribution
from java import paths
from program import environment, processes
from program.errors import Failure

# The wheel has no archive of Java itself to build upon.
_DUMP = ("-Xshare:dump", "-XX:+UseParallelGC", "-Xlog:disable", "-Xlog:all=error:stderr")
_LIMIT = 600.0  # seconds for Flink to run once, and for Java to write an archive; 15 are usual
_CLASSES = "classes"  # the list of the classes that Flink loads
_JOB = "unicorn_summary"  # any job will do


def make() -> None:
    """Make the missing archives of the job's and the cluster's class paths; remove the archives of old class paths.

    Raises Failure if Flink or Java fails.
    """
    folder = distribution.ARCHIVES
    wanted = {distribution.archive(path): path for path in (distribution.job_jars(), distribution.cluster_jars())}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_dir():  # left by a set-up that was killed
            shutil.rmtree(old, ignore_errors=True)
        elif old not in wanted:
            old.unlink()
    missing = [archive for archive in wanted if not archive.is_file()]
    if not missing:
        return
    with tempfile.TemporaryDirectory(dir=folder) as name, ThreadPoolExecutor() as pool:
        scratch = Path(name)
        _run([sys.executable, "-m", "local.setup.class_archives", name], "Flink")
        list(pool.map(lambda archive: _dump(archive, wanted[archive], scratch), missing))


def _dump(archive: Path, class_path: Sequence[Path], scratch: Path) -> None:
    made = scratch / archive.name
    places = [f"-XX:SharedClassListFile={scratch / _CLASSES}", f"-XX:SharedArchiveFile={made}"]
    _run([distribution.java_program(), *_DUMP, *places, "-classpath", ":".join(map(str, class_path))], "Java")
    made.replace(archive)  # atomic: no JVM sees a part of it


def _run(command: list[str], what: str) -> None:
    try:
        done = processes.finished(command, environment.plain(), _LIMIT, paths.ROOT)
    except subprocess.TimeoutExpired:
        raise Failure(f"{what} did not end within {_LIMIT:.0f} s.") from None
    if done.returncode:
        raise Failure(f"{what} failed: {distribution.last_line(done.stderr or done.stdout)}.")


def _record(scratch: Path) -> None:
    """Run a job over a record, and list the classes that its JVM loads: those of JobManager, TaskManager, planner.

    The record is invalid for the job: every operator is loaded all the same, and a rejected record needs only a line.
    """
    variables = distribution.jvm(scratch / "log")
    variables["JVM_ARGS"] += f" -Xshare:off -XX:DumpLoadedClassList={scratch / _CLASSES}"
    distribution.use(variables, environment.plain())
    import main  # noqa: PLC0415  (PyFlink takes long to load)

    (scratch / "in").mkdir()
    (scratch / "in" / "records").write_text("{}\n", encoding="utf-8")
    place = {"input": str(scratch / "in"), "output": str(scratch / "out")}
    groups = {"job": {"name": _JOB}, "files": place}
    document = [{"PropertyGroupId": group, "PropertyMap": values} for group, values in groups.items()]
    properties = scratch / "application_properties.json"
    properties.write_text(json.dumps(document), encoding="utf-8")
    main.submit(properties, {**defaults.configuration(scratch, 1), **defaults.loopback(0)}).wait()


if __name__ == "__main__":
    _record(Path(sys.argv[1]))
