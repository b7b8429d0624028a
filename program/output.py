"""The end of a program: an exit code, and a sentence for each expected error.

Output that cannot be written is expected too: the reader has gone, the disk is full, the stream is closed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from program.errors import Failure

Say = Callable[[str], None]  # prints a line of progress
UNREAD = 141  # a shell's exit code for SIGPIPE
STOPPED = 130  # a shell's exit code for Ctrl-C


def guarded(run: Callable[[], int], *, stopped: str = "Stopped.", unread: int = UNREAD) -> int:
    """Run a whole program; returns its exit code. Every `main` calls this.

    A Failure prints its sentence and gives its exit code; Ctrl-C prints `stopped` and gives STOPPED; a missing package
    prints the advice to run the set-up and gives 1. `unread`: the exit code after the reader of standard output has
    gone, such as `head`. Other output errors print a sentence and give 1.
    """
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (it lives as long as the process)
    # Python has None for a stream that the shell has closed.
    sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    try:
        code = _exit_code(run, stopped)
        sys.stdout.flush()
    except BrokenPipeError:
        code = unread
    except OSError:
        reason = _write_error(sys.stdout)
        if reason is None:
            raise
        print(f"Standard output cannot be written ({reason}): the output is incomplete.", file=sys.stderr)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)
    return code


def _exit_code(run: Callable[[], int], stopped: str) -> int:
    try:
        return run()
    except Failure as failure:
        message, code = str(failure), failure.exit_code
    except ModuleNotFoundError as error:
        message, code = f"{error.name} is missing here: run `make setup`, then use .venv/bin/python.", 1
    except KeyboardInterrupt:
        message, code = stopped, STOPPED
    if message:  # empty: a child process has printed the error
        print(message, file=sys.stderr)
    return code


def _write_error(stream: TextIO) -> str | None:
    """Why the stream cannot be written; None if it can."""
    try:
        print(end="", file=stream, flush=True)
        os.write(stream.fileno(), b"")
        stream.flush()
    except OSError as error:
        return str(error.strerror)
    return None


def _flush(stream: TextIO) -> None:
    """Flush, or drop the rest: the interpreter would print an error about it at its end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
