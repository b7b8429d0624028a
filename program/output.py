"""How a program ends: with an exit code, and one sentence for every error that is expected.

Output that nobody takes is one of them: the reader went away, the disk is full, the stream is closed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from program.errors import Failure

Say = Callable[[str], None]  # prints one line of progress
UNREAD = 141  # the exit code that a shell gives to what SIGPIPE ended
STOPPED = 130  # and to what Ctrl-C ended


def guarded(run: Callable[[], int], *, stopped: str = "Stopped.", unread: int = UNREAD) -> int:
    """The exit code of `run`, a whole program. Every `main` returns this.

    A Failure: its sentence on standard error, its own exit code. Ctrl-C: the sentence `stopped`, and STOPPED. A package
    that is missing: the advice to run the set-up, and 1. `unread` when the reader of standard output has enough, as
    `head` has; 1 with a sentence when the output cannot be written.
    """
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (it lives as long as the process)
    # Python has None for a stream that the shell has closed.
    sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    try:
        code = _ended(run, stopped)
        sys.stdout.flush()
    except BrokenPipeError:
        code = unread
    except OSError:
        why = _failure(sys.stdout)
        if why is None:
            raise
        print(f"Standard output cannot be written ({why}): what was printed is incomplete.", file=sys.stderr)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        _let_go(stream)
    return code


def _ended(run: Callable[[], int], stopped: str) -> int:
    try:
        return run()
    except Failure as failure:
        _say(str(failure))
        return failure.exit_code
    except ModuleNotFoundError as error:
        _say(f"{error.name} is missing here: run `make setup`, then use .venv/bin/python.")
        return 1
    except KeyboardInterrupt:
        _say(stopped)
        return STOPPED


def _say(text: str) -> None:
    """An empty text says that a child has said it already."""
    if text:
        print(text, file=sys.stderr)


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
