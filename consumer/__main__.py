"""`python -m consumer`."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from consumer.options import Options, parse
from consumer.printing import Printer, has_reader
from program.errors import Failure
from program.output import STOPPED, guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

TERMINATED = 128 + signal.SIGTERM


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default the process's own; returns the exit code."""
    return guarded(lambda: run(parse(arguments)), unread=0)


def run(options: Options) -> int:
    """Print the records and the totals; returns the exit code."""
    printer = Printer(options.compact, options.keys, options.quiet, options.limit)
    began, code = time.monotonic(), 0
    try:
        if sys.__stdout__ is None:  # the shell has closed it
            raise Failure("Standard output is closed: redirect it to a file or a program.")
        print_stream(options, printer)
    except KeyboardInterrupt:
        code = STOPPED
    except SystemExit:
        code = TERMINATED
    except Failure as failure:
        printer.say(str(failure))
        code = failure.exit_code
        if not printer.records:
            return code
    printer.totals(time.monotonic() - began)
    return code


def print_stream(options: Options, printer: Printer) -> None:
    """Print the records of the stream up to the end that the options set.

    Raises Failure if the stream cannot be read, BrokenPipeError if standard output has no reader.
    """
    # boto3 takes half a second to import: not for help and wrong usage.
    from aws.failures import Kind  # noqa: PLC0415
    from aws.session import Services, endpoint_of, stream_at  # noqa: PLC0415
    from consumer.shards import LATEST, TRIM_HORIZON, at  # noqa: PLC0415
    from consumer.tail import Tail  # noqa: PLC0415

    services = Services.at(endpoint_of(options.endpoint), options.region)
    remedies = {
        Kind.ABSENT: "create it, or check --stream, --region and --endpoint",
        Kind.DENIED: "allow these credentials kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords on "
        "it, and kms:Decrypt",
        "EndpointConnectionError": "check --region, --endpoint, AWS_ENDPOINT_URL and the network, or start the "
        "emulator with `python -m local aws`",
    }
    start = at(options.from_time) if options.from_time else TRIM_HORIZON if options.from_start else LATEST
    tail = Tail(
        services.client(
            "kinesis", read_timeout=30
        ),  # without retries: the tail retries, so that no shard delays others
        options.stream,
        start,
        options.until_caught_up,
        options.patience,
        note=printer.note,
    )
    with services.sentences(stream_at(options.stream, services.region, services.endpoint), remedies):
        for batch in tail.batches():
            printer.print(batch.records)
            if printer.is_full:
                return
            if not batch.records and not has_reader():
                raise BrokenPipeError


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends the program as Ctrl-C does, with totals and its own exit code."""
    sys.exit(TERMINATED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())
