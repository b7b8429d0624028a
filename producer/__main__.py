"""`python -m producer`."""

from __future__ import annotations

import math
import sys
import time
from itertools import islice
from pathlib import Path

from producer import event_clock
from producer.delivery import STOPPED, Delivery, Stop
from producer.event_clock import EventClock
from producer.flight import herd, names, readings
from producer.options import Options, parse
from producer.progress import Progress
from producer.records import records, status_time
from producer.sinks import File, ProducerError, Sink, Stdout
from program.errors import Failure
from program.output import guarded
from program.waiting import Retry


def main() -> int:
    """Run the command line of this process; returns the exit code."""
    return guarded(_main, unread=0)


def _main() -> int:
    stop = Stop()
    stop.listen()
    options = parse()
    # Not in place with records on stdout: both may go to the same terminal.
    progress = Progress(sys.stderr, in_place=sys.stderr.isatty() and options.to != "stdout", quiet=options.quiet)
    try:
        return produce(options, stop, progress)
    except Failure as error:
        progress.say(str(error))
        return error.exit_code


def produce(options: Options, stop: Stop, progress: Progress) -> int:
    """Send the records and print the totals; returns the exit code. Raises Failure if the sink cannot be opened."""
    sink = open_sink(options, stop, progress)
    copy = File(options.copy) if options.copy else None
    unicorns = herd(names(options.name, options.unicorns), options.seed)
    wall_ms, began = time.time_ns() // 1_000_000, time.monotonic()
    progress.begin(
        f"{options.unicorns} unicorn{'s' if options.unicorns > 1 else ''} to {sink.where}, "
        f"--seed {options.seed} --start '{status_time(options.start_ms)}'{event_clock.ago(options.start_ms, wall_ms)}"
    )
    ceiling_ms = event_clock.ceiling(options.start_ms, wall_ms)
    if ceiling_ms == math.inf:
        progress.note(event_clock.TOO_EARLY)
    until_stop = stop.until(islice(readings(unicorns, options.seed, options.start_ms), options.msgs))
    clock = EventClock(options.start_ms, options.speed, began, ceiling_ms)
    delivery = Delivery(sink, copy, progress)
    exit_code = 0
    try:
        delivery.run(records(until_stop, options.faults, options.seed), clock, stop)
    except ProducerError as error:
        exit_code = error.exit_code
        progress.say(f"{error} {delivery.unsent:,} record{'s were' if delivery.unsent != 1 else ' was'} not sent.")
    finally:
        sink.close()
        if copy:
            copy.close()
    progress.totals(goes_on=options.speed > 1)
    return 128 + stop.signal if stop.signal else exit_code


def open_sink(options: Options, stop: Stop, progress: Progress) -> Sink:
    """The sink that the options name. Raises Failure."""
    if options.to == "stdout":
        return Stdout()
    if options.to != "kinesis":
        return File(Path(options.to))
    from producer.kinesis import connect  # noqa: PLC0415  (boto3 takes a while to load; other sinks do not need it)

    def pause(seconds: float, refused: int, reason: str) -> None:
        progress.retry(refused, f"{reason}; trying again")
        stop.pause(seconds, progress.tick)
        if stop.is_overdue:
            raise ProducerError(f"{STOPPED[:-1]} ({reason}).")

    return connect(options.stream, options.region, options.endpoint, Retry(options.retry_for), pause)


if __name__ == "__main__":
    sys.exit(main())
