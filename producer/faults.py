"""What goes wrong between a unicorn and the stream: readings that come late, out of order or as rubbish."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from producer.flight import Reading, dice
from producer.malformed import malformed
from producer.records import Kind, Record, line

# For how long a reading is withheld, in ms of event time. A consumer that waits 5 s for stragglers still
# counts the first kind, whereas the second comes after the reading's minute has closed.
WITHHELD_MS = {Kind.OUT_OF_ORDER: (1_000, 4_000), Kind.LATE: (150_000, 240_000)}

BAD = "Unicornerror"
GOOD = "Unicorn"


@dataclass(frozen=True)
class Faults:
    """Probability of each fault for each reading, 1 in all at most; `error` marks every 5th record."""

    late: float = 0.0
    out_of_order: float = 0.0
    malformed: float = 0.0
    error: bool = False

    def kind(self, chance: float) -> Kind:
        """What `chance` in [0, 1) does to a reading. A share sits where the others' sizes move it least."""
        if chance < self.late:
            return Kind.LATE
        if chance < self.late + self.out_of_order:
            return Kind.OUT_OF_ORDER
        return Kind.MALFORMED if chance >= 1 - self.malformed else Kind.OK


def records(readings: Iterable[Reading], faults: Faults, seed: int) -> Iterator[Record]:
    """The readings as records, in the order of sending; what is still withheld at the end is sent then.

    A withheld record goes out before the first reading that is newer than its send time, so no reading sent
    before it is newer by more than the time for which it was withheld.
    """
    withheld: list[tuple[int, int, Record]] = []
    last_ms = 0
    for number, record in enumerate(_flawed(readings, faults, seed)):
        last_ms = record.at_ms
        while withheld and withheld[0][0] < last_ms:
            yield heappop(withheld)[2]
        if record.send_ms > last_ms:
            heappush(withheld, (record.send_ms, number, record))  # the number decides between equal times
        else:
            yield record
    while withheld:
        yield replace(heappop(withheld)[2], send_ms=last_ms)


def _flawed(readings: Iterable[Reading], faults: Faults, seed: int) -> Iterator[Record]:
    """One record per reading, in the readings' order, with at most one fault each."""
    has_faults = any((faults.late, faults.out_of_order, faults.malformed))
    rolls: dict[int, random.Random] = {}
    for number, reading in enumerate(readings, start=1):
        kind, chance = Kind.OK, 0.0
        if has_faults:
            index = reading.unicorn.index
            if index not in rolls:
                rolls[index] = dice(seed, index, "faults")
            # Always two rolls, so that one fault more does not shift the others.
            kind, chance = faults.kind(rolls[index].random()), rolls[index].random()
        input_data = None if not faults.error else BAD if number % 5 == 0 else GOOD
        yield _record(reading, kind, chance, input_data)


def _record(reading: Reading, kind: Kind, chance: float, input_data: str | None) -> Record:
    at_ms = send_ms = reading.at_ms
    if kind in WITHHELD_MS:
        shortest, longest = WITHHELD_MS[kind]
        send_ms += shortest + int(chance * (longest - shortest + 1))
    if kind is Kind.MALFORMED:
        return Record(reading.unicorn.name, malformed(reading, chance), kind, False, at_ms, send_ms)
    return Record(reading.unicorn.name, line(reading, input_data), kind, input_data == BAD, at_ms, send_ms)
