"""`python -m deploy`."""

from __future__ import annotations

from collections.abc import Sequence

from program.output import guarded

STOPPED = (
    "Stopped. A change that was begun in the account goes on, and an application that was stopped for it stays "
    "stopped: `python -m deploy status JOB` shows both, `up` goes on."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. An expected error prints a sentence on standard error."""

    def run() -> int:
        from deploy import command  # noqa: PLC0415  (inside `guarded`: a missing package ends in a sentence)
        from program import command_line  # noqa: PLC0415

        return command_line.run(command.program, "python -m deploy", arguments)

    return guarded(run, stopped=STOPPED)


if __name__ == "__main__":
    raise SystemExit(main())
