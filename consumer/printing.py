"""Records as text: JSON on stdout, notes on stderr, without control characters for the terminal."""

from __future__ import annotations

import json
import math
import select
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from aws.parts import apart, place
from program.formats import many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aws.parts import Part
    from consumer.records import Record

INDENT = 4  # spaces, as in the workshop's own consumer


@dataclass
class Printer:
    """Writes the parts of records to standard output and notes to standard error; counts both.

    limit: the number of parts after which nothing more is printed; None for no limit.
    """

    compact: bool
    keys: bool
    quiet: bool
    limit: int | None = None
    records: int = 0
    parts: int = 0
    not_json: int = 0
    shards: set[str] = field(default_factory=set)

    def note(self, text: str) -> None:
        """Write a line to standard error, unless quiet."""
        if not self.quiet:
            self.say(text)

    def say(self, text: str) -> None:
        """Write a line to standard error, also if quiet: for errors."""
        print(f"consumer: {text}", file=sys.stderr, flush=True)

    @property
    def is_full(self) -> bool:
        """Whether as many parts have been printed as the limit allows."""
        return self.parts == self.limit

    def print(self, records: Iterable[Record]) -> None:
        """Write the parts of the records up to the limit, and flush, so that a pipe gets them at once."""
        for record in records:
            if self.is_full:
                break
            self.records += 1
            self.shards.add(record.shard)
            self._print_parts(record)
        sys.stdout.buffer.flush()

    def _print_parts(self, record: Record) -> None:
        found = apart(record.partition_key, record.data)
        for number, part in enumerate(found, 1):
            if self.is_full:
                break
            where = place(number, len(found))
            self._print(record, part, f"part {where}" if where else "")

    def _print(self, record: Record, part: Part, number: str) -> None:
        out = sys.stdout.buffer
        if self.keys:
            out.flush()  # on a terminal the line stands before its record
            print(f"# {origin(record, part.partition_key, number)}", file=sys.stderr, flush=True)
        text = as_json(part.data, compact=self.compact)
        # UTF-8 whatever the locale: JSON is UTF-8.
        out.write(f"{as_text(part.data) if text is None else text}\n".encode())
        self.parts += 1
        if text is None:
            self.not_json += 1
            out.flush()
            holds = f"holds {many(len(part.data), 'byte')} that are not JSON" if part.data else "is empty"
            what = f"{number} of record" if number else "record"
            self.note(f"{what} {record.sequence_number} of {record.shard} {holds}")

    def totals(self, seconds: float) -> None:
        """Write the numbers of records and, where these differ, of parts after so many seconds."""
        shards = f" of {many(len(self.shards), 'shard')}" if self.shards else ""
        parts = f" in {many(self.parts, 'part')}" if self.parts != self.records else ""
        not_json = f", {self.not_json:,} of them not JSON" if self.not_json else ""
        self.note(f"{many(self.records, 'record')}{shards}{parts}{not_json} in {seconds:.1f} s")


def has_reader() -> bool:
    """Whether standard output still has a reader; a stream without records makes no write that could fail."""
    if not hasattr(select, "poll"):
        return True
    watch = select.poll()
    watch.register(sys.stdout.buffer, 0)  # errors are reported without being requested
    return not any(event & select.POLLERR for _, event in watch.poll(0))


def as_json(data: bytes, *, compact: bool = False) -> str | None:
    """The JSON value in `data`, formatted, with its keys in their order; None for other data.

    Strictly RFC 8259 in UTF-8, so without NaN. None also for numbers too large for a float (Infinity), and for values
    that Python refuses: thousands of nested levels or of digits in an integer.
    """
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
        layout: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": INDENT}
        text = json.dumps(value, ensure_ascii=False, **layout)
    except (ValueError, RecursionError):
        return None
    return _escaped(text, keep="\n", escape=_json_escape)


def as_text(data: bytes) -> str:
    r"""Bytes that are not JSON, in a line, without their line end; control characters become `\x1b` and so on."""
    text = data.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "backslashreplace")
    return printable(text)


def printable(text: str) -> str:
    """The text in a line, with control characters escaped."""
    return _escaped(text, keep="", escape=_python_escape)


def origin(record: Record, partition_key: str, number: str = "") -> str:
    """Shard and arrival of a record, and number and partition key of a part of it, in a line."""
    arrival = record.arrival.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
    return f"{record.shard} {arrival} {number}{' ' if number else ''}key={printable(partition_key)}"


def _escaped(text: str, keep: str, escape: Callable[[str], str]) -> str:
    # isprintable is false for control characters (C1 and DEL too), for changes of the writing direction, and for lone
    # surrogates, which UTF-8 cannot encode.
    if text.replace(keep, "").isprintable() if keep else text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == keep else escape(char) for char in text)


def _json_escape(char: str) -> str:
    # Only strings contain such characters, so the JSON value stays the same.
    return json.dumps(char)[1:-1] if ord(char) != 0x7F else r"\u007f"


def _python_escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number
