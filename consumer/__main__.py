"""`python -m consumer`."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from consumer import arguments

if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    args = arguments.parse(argv)
    try:
        # boto3 takes half a second to import: help and usage errors need not wait for it, and Ctrl-C may come
        # in the midst of it.
        from consumer import command  # noqa: PLC0415

        return command.run(args)
    except KeyboardInterrupt:
        return INTERRUPTED


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends the program as Ctrl-C does, with totals and its own status."""
    sys.exit(TERMINATED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())
