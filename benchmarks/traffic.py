"""Records at a steady rate, `python -m benchmarks.traffic STREAM SPEC`: any number of unicorns that take turns.

The producer sends a reading of each unicorn in each second of event time, so its rate follows from unicorns and speed.
Here all three are free. Flights, clock, batches and calls are the producer's; names and event times are given anew.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from pathlib import Path

from producer.delivery import Delivery, Stop
from producer.event_clock import EventClock
from producer.flight import Reading, Unicorn, herd, names, readings
from producer.kinesis import connect
from producer.progress import Progress
from producer.records import Kind, Record, line
from producer.sinks import File
from program.output import guarded
from program.waiting import Retry

FLIGHTS = 20  # that the readings come from; further unicorns repeat them
FIRST = "Shadowfax"


@dataclass(frozen=True)
class Traffic:
    """Records to send. rate: records a second. speed: event time by wall clock. start_ms: event time of the first.

    seconds: how long. seed: of the flights.
    """

    unicorns: int
    rate: float
    speed: float
    seconds: float
    start_ms: int
    seed: int = 7

    @property
    def records(self) -> int:
        """How many there are."""
        return int(self.rate * self.seconds)

    @property
    def end_ms(self) -> int:
        """The event time after the last."""
        return self.at_ms(self.records)

    def at_ms(self, number: int) -> int:
        """The event time of a record, by its number from 0."""
        return self.start_ms + int(number / self.rate * self.speed * 1000)

    def command(self, stream: str, copy: Path) -> list[str]:
        """The command line that sends them to a stream, with a copy in a file."""
        return [sys.executable, "-m", "benchmarks.traffic", stream, str(copy), json.dumps(asdict(self))]


def records(traffic: Traffic) -> Iterator[Record]:
    """The records, in order of event time; the unicorns take turns."""
    herd_ = [Unicorn(index, name, 0) for index, name in enumerate(names(FIRST, traffic.unicorns))]
    flown = readings(herd(names(FIRST, min(FLIGHTS, traffic.unicorns)), traffic.seed), traffic.seed, traffic.start_ms)
    for number, unicorn, reading in zip(range(traffic.records), cycle(herd_), flown, strict=False):
        yield _record(replace(reading, unicorn=unicorn, at_ms=traffic.at_ms(number)))


def _record(reading: Reading) -> Record:
    return Record(reading.unicorn.name, line(reading), Kind.OK, False, reading.at_ms, reading.at_ms)


def send(stream: str, copy: Path, traffic: Traffic) -> int:
    """Send them at their times; returns 0. The clock begins when the first is ready. Raises ProducerError."""
    stop = Stop()
    stop.listen()
    progress = Progress(sys.stderr, in_place=False, quiet=True)
    sink = connect(stream, None, None, Retry(), lambda seconds, _refused, _reason: time.sleep(seconds))
    made = records(traffic)
    first = next(made)
    kept = File(copy)
    try:
        clock = EventClock(traffic.start_ms, traffic.speed, time.monotonic())
        Delivery(sink, kept, progress).run(_after(first, made), clock, stop)
    finally:
        sink.close()
        kept.close()
    return 0


def _after(first: Record, others: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from others


def main() -> int:
    """Run the command line of `Traffic.command`."""
    stream, copy, spec = sys.argv[1:]
    return guarded(lambda: send(stream, Path(copy), Traffic(**json.loads(spec))))


if __name__ == "__main__":
    raise SystemExit(main())
