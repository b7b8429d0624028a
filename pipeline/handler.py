"""Runs the handler of a job: the program of a process that java/src/preprocessing starts.

    python -I -c "$(cat handler.py)" FOLDER/preprocess.py MILLISECONDS

A message on standard input is an event, the message on standard output after it is the answer. A message is its length
(four bytes, big-endian) and JSON in UTF-8; an answer has a byte before it, 0 for an answer and 1 for a clause that says
what is wrong. The first message out says whether the handler was found. Whatever the handler prints goes to standard
error. A call has so many milliseconds. This file imports the standard library alone, since it runs alone.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

FUNCTION = "lambda_handler"
_MADE = "preprocessing-"  # with which the name of a process's own folder begins
_ORPHANED = 2.0  # seconds between two looks at the parent process


class Context:
    """What a handler may ask of its context."""

    function_name = memory_limit_in_mb = function_version = log_group_name = log_stream_name = ""
    invoked_function_arn = ""

    def __init__(self, request: str, limit: float) -> None:
        self.aws_request_id = request
        self._end = time.monotonic() + limit

    def get_remaining_time_in_millis(self) -> int:
        """Until this process is ended."""
        return max(0, round(1000 * (self._end - time.monotonic())))


def load(path: Path) -> Callable[[Any, Context], Any]:
    """The function `lambda_handler` of this file. Raises whatever the file raises, AttributeError if it has none."""
    # By another name than the file's: a handler json.py must not be what others import as json.
    spec = importlib.util.spec_from_file_location(f"handler_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    handler: Callable[[Any, Context], Any] = getattr(module, FUNCTION)
    return handler


def answered(handler: Callable[[Any, Context], Any], event: bytes, limit: float) -> bytes:
    """A message with the answer to an event, or with what the handler raised. limit: of the call, in seconds."""
    try:
        document = json.loads(event)
        answer = handler(document, Context(str(document.get("invocationId", "")), limit))
        content = json.dumps(answer, separators=(",", ":")).encode()
    except (Exception, SystemExit) as error:
        return refused(error)
    return struct.pack(">BI", 0, len(content)) + content


def refused(error: BaseException) -> bytes:
    text = f"the function raised {type(error).__name__}" + (f": {error}" if str(error) else "")
    return _message(1, text)


def unloadable(error: BaseException, path: Path) -> bytes:
    """A message on a file that cannot be loaded: what its line raises, and what there is to do about it."""
    text = f"{type(error).__name__}" + (f": {error}" if str(error) else "")
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError):
        reason, remedy = text, "correct it"
    elif not lines:  # the file was loaded
        reason, remedy = f"it has no {FUNCTION}(event, context)", "define it"
    else:
        reason = f"line {lines[-1]} raises {text}"
        is_import = isinstance(error, ImportError)
        remedy = f"install it for {sys.executable}, or do without" if is_import else "correct it"
    return _message(1, f"{reason}: {remedy}")


def _message(kind: int, text: str) -> bytes:
    content = text.encode("utf-8", "replace")[:10_000]
    return struct.pack(">BI", kind, len(content)) + content


def _end_with(parent: int, folder: Path) -> None:
    """End this process when its parent is gone, even while the handler runs."""
    while os.getppid() == parent:
        time.sleep(_ORPHANED)
    _clear(folder)
    os._exit(1)


def _clear(folder: Path) -> None:
    """Remove the folder that was made for this process: the parent may no longer be there to do it."""
    if folder.name.startswith(_MADE):
        shutil.rmtree(folder, ignore_errors=True)


def _channels() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for messages alone; what others print goes to standard error."""
    events, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    return events, answers


def main(path: Path, limit: float) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the job, which ends this process
    threading.Thread(target=_end_with, args=(os.getppid(), path.parent), daemon=True).start()
    events, answers = _channels()

    def send(message: bytes) -> None:
        answers.write(message)
        answers.flush()

    try:
        handler = load(path)
    except (Exception, SystemExit) as error:
        send(unloadable(error, path))
        return 1
    send(struct.pack(">BI", 0, 0))
    while length := events.read(4):
        send(answered(handler, events.read(struct.unpack(">I", length)[0]), limit))
    _clear(path.parent)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2]) / 1000))
