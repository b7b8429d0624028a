"""`python -m jobs watch JOB`: its options, and what it shows for how long."""

from __future__ import annotations

import math
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flink import command as on_cluster
from flink import flags, inputs
from pipeline import binding, results, settings
from pipeline.job import Job
from program import processes
from program.command_line import Command, Value
from program.formats import listed

if TYPE_CHECKING:
    from flink.watch.origin import Origin
    from flink.watch.picture import Show
    from flink.watch.reading import Reading

LOOK = 0.2  # seconds between two looks at whether the input has ended
EPILOG = """\
The job is not asked, stopped or changed: the same SQL runs a second time, in a Flink of this command, on the newest
records of the same streams, and writes nothing. A window that began before them lacks its earlier records. Each shard
is read once a second, of the five reads that all its readers share, and never by enhanced fan-out.
"""


@click.command(
    cls=Command,
    epilog=EPILOG,
    example="python -m jobs watch bike_rentals\n"
    "python -m jobs watch bike_rentals --view BY_DISTRICT --view errors --every 5\n"
    "python -m jobs watch bike_rentals --list",
)
@on_cluster.job_argument
@click.option(
    "--view",
    "names",
    multiple=True,
    metavar="VIEW",
    help="Show this view, source or sink. Repeatable.  [default: all in-application streams, outputs and errors]",
)
@click.option("--list", "as_list", is_flag=True, help="List the views and sources, without Flink.")
@click.option(
    "--rows",
    type=Value(flags.count, "N"),
    help="Newest rows of a view.  [default: what the terminal has room for, else 10]",
)
@click.option("--every", type=Value(flags.positive, "SECONDS"), default=2.0, help="Seconds from picture to picture.")
@click.option("--for", "limit", type=Value(flags.positive, "SECONDS"), help="End after so long.  [default: by Ctrl-C]")
@click.option(
    "--start",
    type=Value(flags.start, "WHERE"),
    help="Where reading begins: TRIM_HORIZON, LATEST, or a time such as 2026-11-22T06:00:00.000+00:00.  [default: a "
    "whole minute, one to two minutes ago]",
)
@on_cluster.properties_option
@flags.input_option("Read these records to the end instead of streams")
@click.option("--arrival-step", type=Value(flags.positive, "SECONDS"), help="With --input: as that of `jobs run`.")
def watch(  # noqa: PLR0913  (its options)
    job: Job,
    *,
    names: Sequence[str],
    as_list: bool,
    rows: int | None,
    every: float,
    limit: float | None,
    start: str | None,
    properties: Path | None,
    given: Sequence[str],
    arrival_step: float | None,
) -> int:
    """Show the newest rows of a job's views while it runs, every few seconds until Ctrl-C."""
    shown = flags.relations(job, names) or results.of(job)
    if given and (start is not None or properties is not None):
        raise click.UsageError("--input takes the place of streams: --start and --properties have no effect with it.")
    if arrival_step is not None and not given:
        raise click.UsageError("--arrival-step needs --input: the records of a stream have arrived already.")
    if as_list:
        _list(job)
        return 0
    from flink.watch import origin  # noqa: PLC0415  (boto3 takes half a second)

    if given:
        found = origin.files(job, inputs.read(job, given), listed(given), arrival_step)
        if text := binding.left_out(job):
            click.echo(text, err=True)
    else:
        found = origin.streams(settings.of_command(job, properties, os.environ), start)
    _follow(found, shown, Pace(rows, every, limit))
    return 0


def _list(job: Job) -> None:
    """Print all sources and views with the first sentence of their comment."""
    shown = results.of(job)
    for relation in results.relations(job):
        click.echo(f"{'*' if relation in shown else ' '} {relation:24} {results.comment(job, relation)}".rstrip())
    click.echo("* is shown without --view.")


@dataclass(frozen=True)
class Pace:
    """How many rows of a view are shown, None for as many as there is room for; every how many seconds, for how many,
    None for no end."""

    rows: int | None
    every: float
    limit: float | None


def _follow(origin: Origin, shown: Sequence[str], pace: Pace) -> None:
    """Run the SQL and show its rows until the end. Raises RunError if Flink refuses it, or it fails."""
    from flink import trial  # noqa: PLC0415  (PyFlink takes seconds to load)
    from flink.watch import picture, reading  # noqa: PLC0415

    ends = {relation: origin.end(relation) for relation in shown}
    scene = picture.Scene(origin.job, origin.text, origin.since, origin.note, origin.counted, ends, pace.rows)
    relations = list(dict.fromkeys([*shown, *origin.counted]))
    print("Starting Java and Flink, and working out the plan, which takes some 10 s.", file=sys.stderr)
    with ExitStack() as stack:
        stop = stack.enter_context(processes.signals())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watch-")))
        stack.enter_context(trial.started(scratch, origin.aws, emulated=origin.emulated))
        connectors = origin.connectors(scratch)
        at_work = stack.enter_context(reading.running(origin.job, connectors, relations, picture.kept(pace.rows)))
        _show(at_work, stack.enter_context(picture.view(scene)), pace, stop)


def _show(at_work: Reading, show: Show, pace: Pace, stop: threading.Event) -> None:
    """Show what has come, again and again, to the end of the input or the limit, or until `stop` is set."""
    end = time.monotonic() + (math.inf if pace.limit is None else pace.limit)
    ended = False
    while not (ended or stop.is_set() or time.monotonic() >= end):
        show(at_work.take())
        next_ = min(time.monotonic() + pace.every, end)
        while not ended and time.monotonic() < next_ and not stop.wait(LOOK):
            ended = at_work.has_ended()
    show(at_work.take())
