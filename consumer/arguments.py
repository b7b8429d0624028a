"""The command line: every flag is declared, checked and explained here."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"

EXAMPLES = """\
examples:
  watch the readings as they arrive:
    python -m consumer --stream wildrydes
  everything the stream holds, one line a record, into a file:
    python -m consumer --from-start --until-caught-up --compact > readings.jsonl
  the first five summaries since noon, with where each comes from:
    python -m consumer --stream wildrydes-summary --from '2026-01-27 12:00:00' --limit 5 --keys
  names only:
    python -m consumer --compact --quiet | jq -r .Name

exit status:
  0    the end that was asked for (--limit, --until-caught-up), or the reader of stdout went away
  1    the stream cannot be read, or --patience ran out: one sentence on stderr says why
  2    the command line is wrong
  130  Ctrl-C
  143  SIGTERM
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """A checked command line. `patience` is in seconds; no `from_time` and no `from_start` means LATEST."""

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


def parse(argv: list[str] | None = None) -> Arguments:
    """Read `argv`, by default the process's own. Exits with 2 and a sentence when it is wrong."""
    parser = _parser()
    args = Arguments(**vars(parser.parse_args(argv)))
    if args.until_caught_up and not (args.from_start or args.from_time):
        parser.error("--until-caught-up needs --from-start or --from: after LATEST there is nothing to catch up with")
    return args


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m consumer",
        description="Print the records of every shard of a Kinesis stream as JSON, as they arrive.\n"
        "Records go to stdout, everything else to stderr.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_source(parser.add_argument_group("what to read"))
    _add_start(parser.add_argument_group("where to start (default: LATEST, what arrives from now on)"))
    _add_end(parser.add_argument_group("when to stop (default: on Ctrl-C)"))
    _add_output(parser.add_argument_group("how to show it"))
    return parser


def _add_source(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--stream",
        metavar="NAME",
        type=_stream,
        default="wildrydes",
        help="the stream's name (default: %(default)s)",
    )
    group.add_argument("--region", help="AWS region (default: AWS_DEFAULT_REGION or the profile's)")
    group.add_argument(
        "--endpoint",
        metavar="URL",
        type=_url,
        help="address of Kinesis, as of an emulator (default: AWS_ENDPOINT_URL, else AWS)",
    )


def _add_start(group: argparse._ArgumentGroup) -> None:
    start = group.add_mutually_exclusive_group()
    start.add_argument(
        "--from-start", action="store_true", help="the oldest record the stream still holds (TRIM_HORIZON)"
    )
    start.add_argument(
        "--from",
        metavar="TIME",
        dest="from_time",
        type=_time,
        help="the first record that arrived at this time or later: 'yyyy-MM-dd HH:mm:ss', UTC",
    )


def _add_end(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--limit", metavar="N", type=_count, help="stop after N records")
    group.add_argument(
        "--until-caught-up",
        action="store_true",
        help="stop when everything that is in the stream now has been printed",
    )
    group.add_argument(
        "--patience",
        metavar="SECONDS",
        type=_seconds,
        default=300.0,
        help="give up after so long of unbroken throttling, server errors or lost connection (default: 300)",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--compact", action="store_true", help="one line a record instead of an indent of 4 spaces")
    group.add_argument(
        "--keys",
        action="store_true",
        help="before each record, its shard, arrival (UTC) and partition key, on stderr: stdout stays JSON",
    )
    group.add_argument("--quiet", action="store_true", help="no notes and no totals on stderr, only errors")


def _stream(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,128}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no stream name: 1 to 128 letters, digits, '_', '.' or '-' (an ARN will not do)"
        )
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError("not an address like http://127.0.0.1:4566")
    return text


def _time(text: str) -> datetime:
    try:
        time = datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 'yyyy-MM-dd HH:mm:ss' (quoted, UTC)") from None
    if time > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text} UTC is in the future")
    return time


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 up")
    return seconds
