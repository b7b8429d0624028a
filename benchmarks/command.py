"""The command line: python -m benchmarks --help."""

from __future__ import annotations

import importlib
import shlex
import signal
import time
from collections.abc import Sequence
from types import ModuleType

import click

from benchmarks import Size, page, peers, tables
from benchmarks.tables import Run, Table
from program.command_line import HELP, Command
from program.errors import Failure, hint
from program.output import Say
from program.processes import RunError

# The modules of this folder that measure, in the order in which they run.
BENCHMARKS: Sequence[str] = (
    *("job", "producer", "end_to_end", "startup", "state", "other_jobs"),
    "scale",  # from the figure of the job
)
BY_NAME: Sequence[str] = ("preprocessing", "reference")  # which take longest, and run if they are named


@click.command(cls=Command, context_settings=HELP, example="python -m benchmarks job --quick")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--quick", is_flag=True, help="Small sizes, one round: checks that results are equal; the figures say little."
)
@click.option(
    "--peers", "with_peers", is_flag=True, help="Install the programs to compare with into .cache/peers first."
)
@click.option("--publish", is_flag=True, help="Write the tables into benchmarks/results and docs/measured.md.")
@click.option("--list", "listed", is_flag=True, help="List the benchmarks.")
def program(names: Sequence[str], quick: bool, with_peers: bool, publish: bool, listed: bool) -> int:
    """Measure, and print a table of each benchmark. NAME: only these benchmarks.

    Without names all run but preprocessing and reference, which take longest.

    Results are compared with an independent computation each time. Figures are medians of rounds in turn, with minimum
    and maximum in brackets.
    """
    known = (*BENCHMARKS, *BY_NAME)
    if listed:
        for name in known:
            click.echo(f"{name:12} {_first_line(_module(name))}")
        return 0
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"there is no benchmark {unknown[0]!r}{hint(unknown[0], known)}")
    if publish and quick:
        raise click.UsageError("--publish needs full sizes: leave out --quick")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # which ends what was started
    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {text}", err=True)

    if with_peers:
        try:
            peers.install(say)
        except RunError as error:
            say(str(error))  # the tables say which of them are missing
    chosen = [name for name in known if name in (names or BENCHMARKS)]
    return _measure(chosen, Size.QUICK if quick else Size.FULL, publish, say)


def _measure(names: Sequence[str], size: Size, publish: bool, say: Say) -> int:
    """Run the benchmarks; a failed benchmark does not stop the others. Returns the exit code."""
    published: dict[str, str] = {}
    exit_code = 0
    for name in names:
        say(f"{name}: {_first_line(_module(name))}")
        run = Run.of(shlex.join(["python", "-m", "benchmarks", name, *(["--quick"] if size is Size.QUICK else [])]))
        try:
            found: list[Table] = _module(name).measure(size, say)
        except Failure as failure:
            say(f"{name}: {failure}")
            exit_code = failure.exit_code
            continue
        for table in found:
            text = tables.markdown(table, run)
            click.echo(f"\n{table.title}\n\n{text}")
            if size is Size.FULL:
                tables.write(table, run, tables.LAST)
            if publish:
                tables.write(table, run)
                published[table.name] = page.picture(table) + text
    if publish and not exit_code:
        page.publish(published)
    return exit_code


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.{name}")


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").partition("\n")[0]
