"""From a checked command line to printed records and an exit status."""

from __future__ import annotations

import os
import select
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from aws import session
from aws.failures import of_configuration
from consumer import failures, show
from consumer.tail import LATEST, TRIM_HORIZON, GaveUp, Start, Tail, at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_kinesis import KinesisClient

    from consumer.arguments import Arguments
    from consumer.tail import Record

# One try a call: waiting and trying again is the tail's, so that one slow shard holds up no other.
CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)

EXPECTED = (ClientError, BotoCoreError, ValueError, GaveUp, ResponseParserError, failures.UnusableEndpoint)


@dataclass
class Printer:
    """Writes records to `out` and, about them, to `err`; counts what has been written."""

    out: BinaryIO
    err: TextIO
    compact: bool
    keys: bool
    quiet: bool
    records: int = 0
    not_json: int = 0
    shards: set[str] = field(default_factory=set)

    def note(self, text: str) -> None:
        """Say something about the reading, unless it is to be quiet."""
        if not self.quiet:
            self.say(text)

    def say(self, text: str) -> None:
        """Say something whatever was asked."""
        print(f"consumer: {text}", file=self.err, flush=True)

    def show(self, records: Iterable[Record]) -> None:
        """Write `records` and flush: what was read is seen, even in a pipe."""
        for record in records:
            self._show(record)
        self.out.flush()

    def _show(self, record: Record) -> None:
        if self.keys:
            self.out.flush()  # on a terminal the line stands before its record
            print(f"# {show.origin(record)}", file=self.err, flush=True)
        text = show.as_json(record.data, compact=self.compact)
        # UTF-8 whatever the locale: JSON is UTF-8.
        self.out.write(f"{show.as_text(record.data) if text is None else text}\n".encode())
        self.records += 1
        self.shards.add(record.shard)
        if text is None:
            self.not_json += 1
            self.out.flush()
            what = f"holds {_many(len(record.data), 'byte')} that are not JSON" if record.data else "is empty"
            self.note(f"record {record.sequence_number} of {record.shard} {what}")

    def totals(self, seconds: float) -> None:
        """Say what was written in all."""
        not_json = f", {self.not_json:,} of them not JSON" if self.not_json else ""
        shards = f" of {_many(len(self.shards), 'shard')}" if self.shards else ""
        self.note(f"{_many(self.records, 'record')}{shards}{not_json} in {seconds:.1f} s")


def run(args: Arguments) -> int:
    """Print what `args` asks for; return the exit status."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        # None if the shell has closed it. `print` takes that for standard output, where the records are.
        return _run_with(args, sys.stderr or nowhere)


def _run_with(args: Arguments, err: TextIO) -> int:
    if sys.stdout is None:  # likewise
        print("consumer: Standard output is closed: let it lead somewhere.", file=err)
        return 1
    printer = Printer(sys.stdout.buffer, err, args.compact, args.keys, args.quiet)
    began = time.monotonic()
    status = 0
    try:
        status = _run(args, printer)
        if printer.records or status != 1:  # before the first record a failure is all there is to say
            printer.totals(time.monotonic() - began)
    except BrokenPipeError:
        pass  # whoever read has read enough
    except OSError as error:
        printer.say(f"Cannot write to stdout: {error.strerror}; what was printed is incomplete.")
        status = 1
    _let_go(sys.stdout)
    _let_go(err)
    return status


def _run(args: Arguments, printer: Printer) -> int:
    place = failures.Place(args.stream, args.region, args.endpoint)
    try:
        client = _connect(args)
        place = failures.Place(args.stream, client.meta.region_name, client.meta.endpoint_url)
        tail = Tail(client, args.stream, _start(args), args.until_caught_up, args.patience, note=printer.note)
        _print(tail, args.limit, printer)
    except KeyboardInterrupt:
        return 130
    except SystemExit as stop:  # SIGTERM
        return stop.code if isinstance(stop.code, int) else 1
    except EXPECTED as error:
        printer.say(failures.sentence(error, place))
        return 1
    return 0


def _connect(args: Arguments) -> KinesisClient:
    try:
        chosen = session.endpoint_of(args.endpoint)
        return session.client("kinesis", session.to(chosen, args.region), chosen, CONFIG)
    except ValueError as error:
        if isinstance(error, BotoCoreError) or of_configuration(error):
            raise
        # --endpoint has been checked, so it is the environment's or the profile's. It may hold a password.
        raise failures.UnusableEndpoint from None


def _start(args: Arguments) -> Start:
    if args.from_time:
        return at(args.from_time)
    return TRIM_HORIZON if args.from_start else LATEST


def _print(tail: Tail, limit: int | None, printer: Printer) -> None:
    left = limit
    for batch in tail.batches():
        records = batch.records[:left]
        printer.show(records)
        if left is not None:
            left -= len(records)
            if not left:
                return
        if not records and _reader_is_gone(printer.out):
            raise BrokenPipeError


def _reader_is_gone(out: BinaryIO) -> bool:
    """Whether nobody can read `out` any more: in a silent stream no write would ever find out."""
    if not hasattr(select, "poll"):
        return False
    watch = select.poll()
    watch.register(out, 0)  # asked for no event, it still tells of errors
    return any(event & select.POLLERR for _, event in watch.poll(0))


def _let_go(stream: TextIO) -> None:
    """Flush; when that fails, drop the rest, which the interpreter would otherwise complain about at exit."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
