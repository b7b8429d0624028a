"""The second half of the set-up: jars and compiled Java (venv.py makes the Python environment first)."""

from __future__ import annotations

import shutil
import sys

from java import jars, lib
from java.build import compile_functions, compile_jar
from local import causes, classes
from program.errors import Failure
from program.output import guarded


def main() -> int:
    """Provide jars, compile the Java sources, lay out Flink's class paths; 1 with a sentence if it cannot."""
    return guarded(_set_up, stopped="")  # whoever started this says so


def _set_up() -> int:
    try:
        for left in lib.JARS.glob(f"{jars.SCRATCH}*/"):  # by a set-up that was killed
            shutil.rmtree(left, ignore_errors=True)
        wanted = jars.locked("job")
        print(f"2/4 {len(wanted)} connector jars into {lib.JARS.relative_to(lib.ROOT)}", file=sys.stderr)
        provided = jars.provide(wanted, lib.JARS)
        print("3/4 SQL functions, compiled with the Eclipse compiler", file=sys.stderr)
        (compiler,) = jars.provide(jars.locked("build"), lib.JARS)
        functions = compile_functions(compiler, lib.FUNCTIONS)
        doorkeeper = compile_jar(compiler, [lib.DOORKEEPER_SOURCES], lib.DOORKEEPER)
        flinks = lib.flink_jars()
        lib.lay_out(lib.LIB, [*lib.with_planner(flinks), *provided, functions, doorkeeper])
        lib.lay_out(lib.CLUSTER_LIB, [*flinks, doorkeeper])
        if "--no-archives" not in sys.argv:
            _make_archives()
    except OSError as error:
        raise Failure(f"Set-up failed: {causes.explain_os_error(error, [lib.JARS])}.") from error
    return 0


def _make_archives() -> None:
    """What cannot be made is done without: Flink starts more slowly."""
    print("4/4 class data archives of Flink, for quicker starts", file=sys.stderr)
    try:
        classes.make()
    except Failure as failure:
        print(f"Flink will start without a class data archive. {failure}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
