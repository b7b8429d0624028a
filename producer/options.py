"""The command line: python -m producer --help."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from producer import event_clock
from producer.records import Faults
from program import command_line
from program.command_line import ABOVE_0, LARGEST, not_empty, number, option

HELP = """\
Fly unicorns over New York City and send their sensor readings, one JSON object for each unicorn and second of
event time."""

EPILOG = """\
The clock:
  The job counts a reading that is more than 10 minutes ahead of its arrival as an error. So an event clock that
  is faster than the wall clock begins in the past: with --msgs far enough to end now, without --msgs far enough
  for 8 hours. Once it has caught up, it continues at the wall clock's pace. A --start more than 10 minutes in the
  future has no such limit.
  The readings of a second flight on the same stream are late for the job up to the end of the first flight. So
  begin there: the first flight prints that --start in its last line.

Stopping:
  Ctrl-C or SIGTERM sends the withheld and batched records, for up to 10 s, and prints the totals.
  A second signal stops with the totals after the current call, a third signal at once.

Resending:
  Exactly the records that Kinesis refused are sent again, before newer records. A call without a response is
  repeated too: the stream may then contain its records twice. Records that could not be sent are counted.

Exit codes:
  0    --msgs records were sent, or the reader of standard output has gone
  1    records could not be sent; standard error says why and how many
  2    wrong usage
  130  stopped by SIGINT (Ctrl-C)
  143  stopped by SIGTERM

Examples:
  A unicorn to the stream wildrydes, a record a second:
    python -m producer
  Three unicorns, five records of each, to standard output:
    python -m producer --unicorns 3 --msgs 15 --to stdout
  An hour of 20 unicorns with faults, into a file, the same bytes every time:
    python -m producer --unicorns 20 --rate max --msgs 72000 --seed 7 --start '2026-01-01 00:00:00' \\
        --late 0.01 --out-of-order 0.05 --malformed 0.01 --to hour.jsonl
  To an emulator on this machine, as fast as it can:
    python -m producer --endpoint http://127.0.0.1:4566 --region us-east-1 --rate max --msgs 200000
"""


@dataclass(frozen=True)
class Options:
    """A valid command line. `speed`, event time by wall clock, is infinite for `--rate max`."""

    name: str
    unicorns: int
    msgs: int | None
    seed: int
    start_ms: int
    speed: float
    faults: Faults
    to: str
    copy: Path | None
    stream: str
    region: str | None
    endpoint: str | None
    retry_for: float
    quiet: bool


def _name(text: str) -> str:
    # A partition key has 256 characters at most; the rest is for a unicorn's number.
    if not (1 <= len(text) <= 240 and text.isprintable()):
        raise click.BadParameter("a name has 1 to 240 printable characters")
    return text


def _rate(text: str) -> float:
    return math.inf if text == "max" else number(float, ABOVE_0, LARGEST, "a number above 0 or 'max'")(text)


def _file(text: str) -> Path:
    return Path(not_empty(text))


_share = number(float, 0, 1, "a share between 0 and 1")
_positive = number(float, ABOVE_0, LARGEST, "a number above 0")

_unicorns = partial(option, section="Unicorns")
_clock = partial(option, section="Clock")
_faults = partial(
    option, section="Faults (SHARE: probability for each reading, 0 to 1; a reading has a single fault at most)"
)
_sink = partial(option, section="Sink")
_kinesis = partial(option, section="Kinesis")


@command_line.command(help=HELP, epilog=EPILOG)
@_unicorns(
    "--name",
    type=_name,
    default="Shadowfax",
    metavar="NAME",
    help="Name of the first unicorn; the others have fixed names.",
)
@_unicorns(
    "--unicorns",
    type=number(int, 1, 10_000, "a whole number from 1 to 10,000"),
    default="1",
    metavar="N",
    help="Number of unicorns.",
)
@_unicorns(
    "--msgs",
    type=number(int, 1, 10**15, "a whole number from 1 to 1,000,000,000,000,000"),
    metavar="N",
    help="Stop after N records in all.  [default: no end]",
)
@_unicorns(
    "--seed",
    type=number(int, -math.inf, math.inf, "a whole number"),
    metavar="INT",
    help="Seed of the flights; the same seed and the same --start give the same bytes.  [default: random, and printed]",
)
@_clock(
    "--start",
    type=command_line.utc,
    metavar="TIME",
    help="Event time of the first reading in UTC, 'yyyy-MM-dd HH:mm:ss[.SSS]'.  [default: now; for a faster clock "
    "early enough that it does not overtake the wall clock]",
)
@_clock("--speed", type=_positive, metavar="X", help="Run the event clock at X times the wall clock.  [default: 1]")
@_clock(
    "--rate",
    type=_rate,
    metavar="R",
    help="Send R records a second over all unicorns, which sets the speed to R / N; max: as fast as possible.",
)
@_faults(
    "--late",
    type=_share,
    default="0",
    metavar="SHARE",
    help="Withhold readings for 150 to 240 s of event time, at most to the end of the run.",
)
@_faults(
    "--out-of-order",
    type=_share,
    default="0",
    metavar="SHARE",
    help="Withhold readings for 1 to 4 s of event time.",
)
@_faults(
    "--malformed",
    type=_share,
    default="0",
    metavar="SHARE",
    help="Replace readings by malformed records: cut off, not JSON, a field missing or of a wrong type.",
)
@_faults(
    "--error",
    type=click.Choice(["yes", "no"]),
    default="no",
    help="yes: InputData is Unicornerror in every 5th record and Unicorn in the others; no: records have no InputData.",
)
@_sink(
    "--to",
    type=not_empty,
    default="kinesis",
    metavar="SINK",
    help="Sink of the records: kinesis, stdout, or a file to overwrite; ./kinesis is a file.",
)
@_sink("--copy", type=_file, metavar="FILE", help="File for a copy of each acknowledged record, byte for byte.")
@_sink("--quiet", is_flag=True, help="Print errors only: no seed, no progress, no totals.")
@_kinesis(
    "--stream",
    type=command_line.stream,
    default="wildrydes",
    metavar="NAME",
    help="Name of the Kinesis stream.",
)
@_kinesis(
    "--region",
    type=not_empty,
    metavar="REGION",
    help="AWS region.  [default: from the environment and configuration of AWS]",
)
@_kinesis(
    "--endpoint",
    type=command_line.url,
    metavar="URL",
    help="Address of Kinesis, as of an emulator.  [default: AWS_ENDPOINT_URL, else the region's own]",
)
@_kinesis(
    "--retry-for",
    type=_positive,
    default="60",
    metavar="SECONDS",
    help="Give up after so many seconds in which Kinesis accepts no record.",
)
def producer(**given: Any) -> Options:
    """Check the options that depend on each other. Raises UsageError."""
    late, out_of_order, malformed = given.pop("late"), given.pop("out_of_order"), given.pop("malformed")
    if math.fsum((late, out_of_order, malformed)) > 1:
        raise click.UsageError(
            "--late, --out-of-order and --malformed add up to more than 1: a reading has a single fault at most"
        )
    to, copy = given["to"], given["copy"]
    if copy is not None and to not in {"stdout", "kinesis"} and copy.resolve() == Path(to).resolve():
        raise click.UsageError("--to and --copy name the same file: name another file, or leave out --copy")
    speed, rate = given.pop("speed"), given.pop("rate")
    if None not in (speed, rate):
        raise click.UsageError("--rate and --speed both set the speed: leave out --rate or --speed")
    speed = speed or (rate / given["unicorns"] if rate else 1.0)
    start, seed = given.pop("start"), given.pop("seed")
    now_ms = time.time_ns() // 1_000_000
    return Options(
        start_ms=(
            event_clock.start(now_ms, speed, given["unicorns"], given["msgs"])
            if start is None
            else int(start.timestamp()) * 1000 + start.microsecond // 1000
        ),
        speed=speed,
        seed=random.SystemRandom().randrange(10**9) if seed is None else seed,
        faults=Faults(late, out_of_order, malformed, given.pop("error") == "yes"),
        **given,
    )


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options of a command line. Raises SystemExit as `command_line.parse` does."""
    options: Options = command_line.parse(producer, "producer", arguments)
    return options
