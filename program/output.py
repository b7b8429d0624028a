"""What becomes of a program whose output nobody takes: the reader went away, the disk is full, the stream is closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

UNREAD = 141  # the exit code that a shell gives to what SIGPIPE ended


def guarded(run: Callable[[], int]) -> int:
    """The exit code of `run`, which prints; what it cannot print ends it without a stack trace.

    UNREAD when whoever read has enough, as `head` has; 1 with a sentence when the output cannot be written.
    """
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (it lives as long as the process)
    # Python has None for a stream that the shell has closed.
    sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        code = UNREAD
    except OSError:
        why = _failure(sys.stdout)
        if why is None:
            raise
        print(f"Standard output cannot be written ({why}): what was printed is incomplete.", file=sys.stderr)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        _let_go(stream)
    return code


def _failure(stream: TextIO) -> str | None:
    """Why the stream cannot be written, if it cannot."""
    try:
        print(end="", file=stream, flush=True)
        os.write(stream.fileno(), b"")
        stream.flush()
    except OSError as error:
        return str(error.strerror)
    return None


def _let_go(stream: TextIO) -> None:
    """Flush; when that fails, drop the rest, which the interpreter would otherwise complain about at its end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
