"""The command line, read once into an Options."""

import argparse
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from producer import clock, values
from producer.faults import Faults

PROG = "python -m producer"

MANUAL = """\
examples:
  one unicorn, one record a second, to the stream wildrydes:
    python -m producer
  three unicorns on standard output, five records of each:
    python -m producer --unicorns 3 --msgs 15 --to stdout
  an hour of 20 unicorns with faults, into a file, the same bytes every time:
    python -m producer --unicorns 20 --rate max --msgs 72000 --seed 7 --start '2026-01-01 00:00:00' \\
        --late 0.01 --out-of-order 0.05 --malformed 0.01 --to hour.jsonl
  a local emulator, as fast as it can:
    python -m producer --endpoint http://127.0.0.1:4566 --region us-east-1 --rate max --msgs 200000

the clock:
  A reading that is more than 10 minutes ahead of its arrival is an error for the job. So a clock that is faster
  than the wall clock begins in the past: with --msgs far enough to end now, without it far enough for 8 hours.
  Once it has caught up it goes on at the wall clock's pace. A --start that is more than 10 minutes in the future
  is left as it is.
  A second flight on the same stream is late for the job where the first has been already; begin it where that
  ended, as the first one's last line tells.

stopping:
  Ctrl-C or SIGTERM sends what is withheld and batched, for up to 10 s, and prints the totals.
  A second one stops with the totals after the call that is under way, a third one at once.

resending:
  Exactly the records that Kinesis refused are sent again, before anything newer. A call without an
  answer is repeated too: Kinesis may then hold its records twice. What could not be sent is counted.

exit codes:
  0    --msgs records were sent, or the reader of standard output has gone
  1    records could not be sent; standard error says why and how many
  2    wrong usage
  130  stopped by SIGINT (Ctrl-C)
  143  stopped by SIGTERM
"""


@dataclass(frozen=True)
class Options:
    """What was asked for. `speed`, event time by wall clock, is infinite for `--rate max`."""

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


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2."""
        self.exit(2, f"producer: {message} (see {PROG} --help)\n")


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options of a command line. Exits with 2 and a sentence if they are wrong, with 0 after --help."""
    parser = _parser()
    given = parser.parse_args(arguments)
    faults = Faults(given.late, given.out_of_order, given.malformed, given.error == "yes")
    if math.fsum((faults.late, faults.out_of_order, faults.malformed)) > 1:
        parser.error("--late, --out-of-order and --malformed add up to more than 1: a reading has one fault at most")
    if given.copy is not None and given.to not in {"stdout", "kinesis"} and _same(given.copy, Path(given.to)):
        parser.error("--to and --copy name the same file: name two, or leave out --copy")
    speed = given.speed if given.rate is None else given.rate / given.unicorns
    now_ms = time.time_ns() // 1_000_000
    return Options(
        name=given.name,
        unicorns=given.unicorns,
        msgs=given.msgs,
        seed=random.SystemRandom().randrange(10**9) if given.seed is None else given.seed,
        start_ms=clock.start(now_ms, speed, given.unicorns, given.msgs) if given.start is None else given.start,
        speed=speed,
        faults=faults,
        to=given.to,
        copy=given.copy,
        stream=given.stream,
        region=given.region,
        endpoint=given.endpoint,
        retry_for=given.retry_for,
        quiet=given.quiet,
    )


def _parser() -> Parser:
    parser = Parser(
        prog=PROG,
        description="Fly unicorns over New York City and send their sensor readings, one JSON object each:\n"
        "one per unicorn and second of event time.",
        epilog=MANUAL,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=24, width=100),
        allow_abbrev=False,
    )
    _unicorns(parser)
    _clock(parser)
    _faults(parser)
    _outlet(parser)
    _kinesis(parser)
    return parser


def _unicorns(parser: Parser) -> None:
    add = parser.add_argument_group("unicorns").add_argument
    name = "name of the first unicorn; the others have fixed names (default: %(default)s)"
    add("--name", type=values.name, default="Shadowfax", help=name)
    add(
        "--unicorns",
        type=values.whole(1, 10_000),
        default=1,
        metavar="N",
        help="how many fly (default: %(default)s)",
    )
    add(
        "--msgs",
        type=values.whole(1, 10**15),
        metavar="N",
        help="stop after N records in all (default: never)",
    )
    seed = "same seed, same flights; with the same --start the same bytes (default: drawn and printed)"
    add("--seed", type=values.whole(), metavar="INT", help=seed)


def _clock(parser: Parser) -> None:
    group = parser.add_argument_group("clock")
    start = (
        "event time of the first reading in UTC, 'yyyy-MM-dd HH:mm:ss[.SSS]' (default: now, or so long ago that a "
        "faster clock does not overtake the wall clock)"
    )
    group.add_argument("--start", type=values.time, metavar="TIME", help=start)
    either = group.add_mutually_exclusive_group()
    speed = "run the event clock at X times the wall clock (default: 1)"
    either.add_argument("--speed", type=values.positive, default=1.0, metavar="X", help=speed)
    rate = "send R records per second over all unicorns: sets the speed to R / N; max: as fast as possible"
    either.add_argument("--rate", type=values.rate, metavar="R", help=rate)


def _faults(parser: Parser) -> None:
    about = "SHARE is the probability for each reading, 0 to 1; a reading has one of these faults at most."
    add = parser.add_argument_group("faults", about).add_argument
    late = "withhold readings for 150 to 240 s of event time, at most to the end of the run (default: 0)"
    add("--late", type=values.share, default=0.0, metavar="SHARE", help=late)
    out_of_order = "withhold readings for 1 to 4 s of event time (default: 0)"
    add("--out-of-order", type=values.share, default=0.0, metavar="SHARE", help=out_of_order)
    malformed = "replace readings by rubbish: cut off, no JSON, a field missing or of a wrong type, ... (default: 0)"
    add("--malformed", type=values.share, default=0.0, metavar="SHARE", help=malformed)
    error = "yes: InputData is Unicornerror in every 5th record and Unicorn in the others (default: no InputData)"
    add("--error", choices=("yes", "no"), default="no", help=error)


def _outlet(parser: Parser) -> None:
    add = parser.add_argument_group("outlet").add_argument
    to = "kinesis, stdout, or a file to overwrite: ./kinesis for one of that name (default: %(default)s)"
    add("--to", type=values.not_empty, default="kinesis", metavar="WHERE", help=to)
    copy = "also write each record that the outlet has acknowledged to FILE, byte for byte"
    add("--copy", type=values.path, metavar="FILE", help=copy)
    add("--quiet", action="store_true", help="print errors only: no seed, no progress, no totals")


def _kinesis(parser: Parser) -> None:
    add = parser.add_argument_group("Kinesis").add_argument
    add("--stream", type=values.stream, default="wildrydes", help="stream to write to (default: %(default)s)")
    add(
        "--region",
        type=values.not_empty,
        help="AWS region (default: from boto3's environment and configuration)",
    )
    endpoint = "address of the service (default: AWS_ENDPOINT_URL, else the region's own)"
    add("--endpoint", type=values.url, metavar="URL", help=endpoint)
    retry_for = "give up when Kinesis has not accepted a single record for so long (default: 60)"
    add("--retry-for", type=values.positive, default=60.0, metavar="SECONDS", help=retry_for)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
