"""Progress on standard error: a line during sending, totals at the end."""

import math
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from producer.records import Kind, Record, status_time

_OK = Kind.OK  # to look it up for each record takes longer than to compare


class Progress:
    """Counts the sent records and shows the count: in place every second, or as a new line every 10 s.

    due: the monotonic time (s) at which the current record was due; if that is long ago, the sink is too slow.
    """

    def __init__(self, out: TextIO, *, in_place: bool, quiet: bool) -> None:
        self.due = math.inf
        self._out = out
        self._in_place = in_place
        self._quiet = quiet
        self._kinds: Counter[Kind] = Counter()
        self._sent = self._errors = self._bytes = self._newest_ms = self._retries = self._resent = 0
        self._began = self._shown_at = time.monotonic()
        self._shown_sent = 0
        self._last_note = ""

    def begin(self, text: str) -> None:
        """Print a note, and measure the time from now."""
        self.note(text)
        self._began = self._shown_at = time.monotonic()

    def add(self, records: Sequence[Record]) -> None:
        """Count acknowledged records, at least one."""
        self._sent += len(records)
        faults = [record.kind for record in records if record.kind is not _OK]
        self._kinds.update(faults)
        self._kinds[_OK] += len(records) - len(faults)
        self._errors += sum(record.is_error for record in records)
        self._bytes += sum(len(record.data) for record in records)
        self._newest_ms = max(self._newest_ms, *(record.at_ms for record in records))

    def retry(self, refused: int, reason: str) -> None:
        """Count refused records that will be sent again; prints the reason, unless it was the last line."""
        self._retries += 1
        self._resent += refused
        self.note(reason)

    def note(self, text: str) -> None:
        """Print a line, unless quiet or equal to the last note."""
        if not self._quiet and text != self._last_note:
            self._last_note = text
            self.say(text)

    def say(self, text: str) -> None:
        """Print a line, also if quiet: for errors."""
        clear = "\r\x1b[K" if self._in_place else ""
        self._write(f"{clear}producer: {text}\n")

    def tick(self) -> None:
        """Show the progress line if it is due."""
        now = time.monotonic()
        passed = now - self._shown_at
        if self._quiet or passed < (1.0 if self._in_place else 10.0):
            return
        line = self._line((self._sent - self._shown_sent) / passed, now - self.due)
        self._shown_at, self._shown_sent = now, self._sent
        if self._in_place:
            width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be rewritten
            self._write(f"\r{line[:width]}\x1b[K")
        else:
            self._write(f"producer: {line}\n")

    def totals(self, *, goes_on: bool = False) -> None:
        """Print the totals; `goes_on`: with the --start of a flight that continues there."""
        if self._quiet:
            return
        seconds = time.monotonic() - self._began
        rate = self._sent / seconds if seconds else 0.0
        records = f"{self._sent:,} record{'' if self._sent == 1 else 's'}"
        self.say(f"sent {records} ({self._bytes:,} bytes) in {seconds:,.1f} s: {rate:,.0f} records/s")
        kinds = ", ".join(f"{kind} {self._kinds[kind]:,}" for kind in Kind)
        self.say(f"{kinds}; Unicornerror in {self._errors:,}; resent {self._resent:,}")
        if goes_on and self._sent:
            next_ms = self._newest_ms // 1000 * 1000 + 1000
            self.say(f"another flight goes on from there with --start '{status_time(next_ms)}'")

    def _line(self, rate: float, late: float) -> str:
        clock = status_time(self._newest_ms)[:-4] if self._sent else "-"
        behind = f", BEHIND by {late:,.0f} s" if late >= 1 else ""
        return (
            f"{self._sent:,} sent, {rate:,.0f}/s, event time {clock}, "
            f"{self._retries:,} retries, {self._resent:,} resent{behind}"
        )

    def _write(self, text: str) -> None:
        with suppress(OSError):  # a closed standard error does not stop the records
            self._out.write(text)
            self._out.flush()
