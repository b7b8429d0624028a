"""The second half of the set-up: jars and compiled Java (venv.py makes the Python environment first)."""

from __future__ import annotations

import shutil
import sys

from java import jars, paths
from java.build import compile_functions, compile_jar
from local.setup import causes, class_archives
from program.errors import Failure
from program.output import guarded


def main() -> int:
    """Provide jars, compile the Java sources, and lay out Flink's class paths; returns 1 with a sentence on failure."""
    return guarded(_set_up, stopped="")  # the caller reports an interruption


def _set_up() -> int:
    try:
        for left in paths.JARS.glob(f"{jars.SCRATCH}*/"):  # left by a set-up that was killed
            shutil.rmtree(left, ignore_errors=True)
        wanted = jars.locked("job")
        print(f"2/4 {len(wanted)} connector jars into {paths.JARS.relative_to(paths.ROOT)}", file=sys.stderr)
        provided = jars.provide(wanted, paths.JARS)
        print("3/4 SQL functions, compiled with the Eclipse compiler", file=sys.stderr)
        (compiler,) = jars.provide(jars.locked("build"), paths.JARS)
        functions = compile_functions(compiler, paths.FUNCTIONS)
        doorkeeper = compile_jar(compiler, [paths.DOORKEEPER_SOURCES], paths.DOORKEEPER)
        flinks = paths.flink_jars()
        paths.lay_out(paths.LIB, [*paths.with_planner(flinks), *provided, functions, doorkeeper])
        paths.lay_out(paths.CLUSTER_LIB, [*flinks, doorkeeper])
        if "--no-archives" not in sys.argv:
            _make_archives()
    except OSError as error:
        raise Failure(f"Set-up failed: {causes.explain_os_error(error, [paths.JARS])}.") from error
    return 0


def _make_archives() -> None:
    """Make the archives if possible: without them Flink only starts more slowly."""
    print("4/4 class data archives of Flink, for quicker starts", file=sys.stderr)
    try:
        class_archives.make()
    except Failure as failure:
        print(f"Flink will start without a class data archive. {failure}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
