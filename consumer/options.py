"""The command line: python -m consumer --help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from program import command_line
from program.command_line import LARGEST, number, option

HELP = """\
Print the records of every shard of a Kinesis stream as JSON, as they arrive.

A record that holds several JSON objects is taken apart into these, and an aggregate of the Kinesis Producer Library
into its records, as the jobs do it: each part is printed by itself.

Records go to stdout, everything else to stderr."""

EPILOG = """\
Exit codes:
  0    the end by --limit or --until-caught-up, or the reader of stdout has gone
  1    the stream cannot be read, or --patience ran out: one sentence on stderr says why
  2    wrong usage
  130  stopped by SIGINT (Ctrl-C)
  143  stopped by SIGTERM

Examples:
  The readings as they arrive:
    python -m consumer --stream wildrydes
  Every record of the stream into a file, each on a line:
    python -m consumer --from-start --until-caught-up --compact > readings.jsonl
  The first five summaries since noon, each with its shard and key:
    python -m consumer --stream wildrydes-summary --from '2026-01-27 12:00:00' --limit 5 --keys
  Names only:
    python -m consumer --compact --quiet | jq -r .Name
"""


@dataclass(frozen=True, slots=True)
class Options:
    """A valid command line. `patience` is in seconds; the start is LATEST without `from_time` and `from_start`."""

    stream: str
    region: str | None
    endpoint: str | None
    from_start: bool
    from_time: datetime | None
    limit: int | None
    until_caught_up: bool
    patience: float
    compact: bool
    keys: bool
    quiet: bool


def _past(text: str) -> datetime:
    time = command_line.utc(text)
    if time > datetime.now(UTC):  # AWS refuses it
        raise click.BadParameter(f"{text} UTC is in the future")
    return time


_source = partial(option, section="Stream")
_start = partial(option, section="Start (default: LATEST, the records that arrive from now on)")
_end = partial(option, section="End (default: at Ctrl-C)")
_output = partial(option, section="Output")


@command_line.command(help=HELP, epilog=EPILOG)
@_source(
    "--stream",
    type=command_line.stream,
    default="wildrydes",
    metavar="NAME",
    help="Name of the Kinesis stream.",
)
@_source(
    "--region",
    type=command_line.not_empty,
    metavar="REGION",
    help="AWS region.  [default: from the environment and configuration of AWS]",
)
@_source(
    "--endpoint",
    type=command_line.url,
    metavar="URL",
    help="Address of Kinesis, as of an emulator.  [default: AWS_ENDPOINT_URL, else the region's own]",
)
@_start("--from-start", is_flag=True, help="Start at the oldest record that the stream still holds (TRIM_HORIZON).")
@_start(
    "--from",
    "from_time",
    type=_past,
    metavar="TIME",
    help="Start at the first record that arrived at this time or later: 'yyyy-MM-dd HH:mm:ss', UTC.",
)
@_end(
    "--limit",
    type=number(int, 1, 10**18, "a whole number from 1 up"),
    metavar="N",
    help="Stop after N records; of a record that holds several, each counts.",
)
@_end("--until-caught-up", is_flag=True, help="Stop when all records that are in the stream now have been printed.")
@_end(
    "--patience",
    type=number(float, 0, LARGEST, "a number of seconds from 0 up"),
    default="300",
    metavar="SECONDS",
    help="Give up after so many seconds of unbroken throttling, server errors or lost connection.",
)
@_output("--compact", is_flag=True, help="Print each record on a single line, without the indent of 4 spaces.")
@_output(
    "--keys",
    is_flag=True,
    help="Print each record's shard, arrival (UTC) and partition key before it, on stderr: stdout stays JSON. "
    "A record in an aggregate has a key of its own.",
)
@_output("--quiet", is_flag=True, help="Print only errors on stderr, no notes and no totals.")
def consumer(**given: Any) -> Options:
    """Check the options that depend on each other. Raises UsageError."""
    options = Options(**given)
    if options.from_start and options.from_time:
        raise click.UsageError("--from-start and --from both set the start: leave out --from-start or --from")
    if options.until_caught_up and not (options.from_start or options.from_time):
        raise click.UsageError("--until-caught-up needs --from-start or --from: LATEST is the end of the stream")
    return options


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options of a command line. Raises SystemExit as `command_line.parse` does."""
    options: Options = command_line.parse(consumer, "consumer", arguments)
    return options
