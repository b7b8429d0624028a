"""The command line: python -m producer --help."""

import math
import os
import sys
import time
from itertools import islice
from pathlib import Path

from producer import clock
from producer.delivery import Delivery
from producer.faults import records
from producer.flight import herd, readings
from producer.names import names
from producer.options import Options, parse
from producer.outlets import File, Outlet, ProducerError, Stdout
from producer.pace import Pace, Stop
from producer.progress import Progress
from producer.records import status_time


def main() -> int:
    """Run the producer with this process's arguments; returns the exit code."""
    stop = Stop()
    stop.listen()
    options = parse()
    with Path(os.devnull).open("w") as nowhere:
        err = sys.stderr or nowhere  # None if the shell has closed it
        # Records on the same terminal, even by way of a pipe, would be garbled by a line that is rewritten.
        in_place = err.isatty() and options.to != "stdout"
        progress = Progress(err, in_place=in_place, quiet=options.quiet)
        try:
            return produce(options, stop, progress)
        except ProducerError as failure:
            progress.say(str(failure))
            return 1
        except BrokenPipeError:
            # The reader has what it wanted. Without this the interpreter complains when it flushes at exit.
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
            return 0


def produce(options: Options, stop: Stop, progress: Progress) -> int:
    """Fly, send and print the totals; returns the exit code. Raises ProducerError if there is no outlet."""
    outlet = open_outlet(options, stop, progress)
    copy = File(options.copy) if options.copy else None
    unicorns = herd(names(options.name, options.unicorns), options.seed)
    wall_ms, began = time.time_ns() // 1_000_000, time.monotonic()
    progress.begin(
        f"{options.unicorns} unicorn{'s' if options.unicorns > 1 else ''} to {outlet.where}, "
        f"--seed {options.seed} --start '{status_time(options.start_ms)}'{clock.ago(options.start_ms, wall_ms)}"
    )
    ceiling_ms = clock.ceiling(options.start_ms, wall_ms)
    if ceiling_ms == math.inf:
        progress.note(clock.TOO_EARLY)
    made = stop.until(islice(readings(unicorns, options.seed, options.start_ms), options.msgs))
    pace = Pace(options.start_ms, options.speed, began, ceiling_ms)
    delivery = Delivery(outlet, copy, progress)
    exit_code = 0
    try:
        delivery.run(records(made, options.faults, options.seed), pace, stop)
    except ProducerError as failure:
        exit_code = 1
        progress.say(f"{failure}; {delivery.unsent:,} record{'s were' if delivery.unsent != 1 else ' was'} not sent")
    finally:
        outlet.close()
        if copy:
            copy.close()
    progress.totals(goes_on=options.speed > 1)
    return 128 + stop.signal if stop.signal else exit_code


def open_outlet(options: Options, stop: Stop, progress: Progress) -> Outlet:
    """The outlet that the options name. Raises ProducerError."""
    if options.to == "stdout":
        return Stdout()
    if options.to != "kinesis":
        return File(Path(options.to))
    # boto3 takes a while to load, and the other outlets do without it.
    from producer.kinesis import Retry, connect  # noqa: PLC0415

    def pause(seconds: float, refused: int, why: str) -> None:
        progress.repeat(refused, f"{why}; trying again")
        stop.pause(seconds, progress.tick)
        if stop.is_overdue:
            raise ProducerError(f"stopped before everything was sent ({why})")

    return connect(options.stream, options.region, options.endpoint, Retry(options.retry_for), pause)


if __name__ == "__main__":
    sys.exit(main())
