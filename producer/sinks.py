"""Sinks of records: standard output or a file. Kinesis is in another module, as boto3 is slow to load."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from producer.records import Record
from program.errors import Failure


class ProducerError(Failure):
    """Records cannot be sent."""


class Sink(Protocol):
    """A sink of records; `where` is its name in messages."""

    where: str

    def put(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """Send the records in order; yields records as soon as they are acknowledged.

        Raises ProducerError if the rest cannot be sent, BrokenPipeError if standard output has no reader.
        """
        ...

    def close(self) -> None: ...


class Stdout:
    """Standard output; a record is acknowledged when it has left the process."""

    where = "standard output"

    def __init__(self) -> None:
        # None if the shell has closed standard output: python -m producer --to stdout >&-
        if sys.__stdout__ is None:
            raise ProducerError("Standard output is closed: name a FILE with --to.")
        self._out = sys.stdout.buffer

    def put(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        try:
            _write(self._out, records)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _unwritable(self.where, error) from error
        yield records

    def close(self) -> None:
        """Standard output belongs to the caller."""


class File:
    """A file, overwritten; a record is acknowledged when the operating system has it."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise _unwritable(self.where, error) from error

    def put(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        self.write(records)
        yield records

    def write(self, records: Sequence[Record]) -> None:
        """Write the records to the operating system. Raises ProducerError."""
        try:
            _write(self._file, records)
        except OSError as error:
            raise _unwritable(self.where, error) from error

    def close(self) -> None:
        with suppress(OSError):  # the write has raised the error already
            self._file.close()


def _write(out: BinaryIO, records: Sequence[Record]) -> None:
    out.write(b"".join(record.data for record in records))
    out.flush()


def _unwritable(where: str, error: OSError) -> ProducerError:
    return ProducerError(
        f"Cannot write to {where} ({error.strerror}): free it, or name another file with --to or --copy."
    )
