"""The second half of the set-up: jars and compiled Java (venv.py makes the Python environment first)."""

from __future__ import annotations

import shutil
import sys

from java import jars, lib
from java.build import compile_functions, compile_jar
from local import causes
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
        print(f"2/3 {len(wanted)} connector jars into {lib.JARS.relative_to(lib.ROOT)}", file=sys.stderr)
        provided = jars.provide(wanted, lib.JARS)
        print("3/3 SQL functions, compiled with the Eclipse compiler", file=sys.stderr)
        (compiler,) = jars.provide(jars.locked("build"), lib.JARS)
        functions = compile_functions(compiler, lib.FUNCTIONS)
        doorkeeper = compile_jar(compiler, [lib.DOORKEEPER_SOURCES], lib.DOORKEEPER)
        lib.lay_out(lib.LIB, [*provided, functions, doorkeeper])
        lib.lay_out(lib.CLUSTER_LIB, [doorkeeper])
    except OSError as error:
        raise Failure(f"Set-up failed: {causes.explain_os_error(error, [lib.JARS])}.") from error
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
