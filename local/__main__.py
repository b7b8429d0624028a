"""`python -m local`."""

from __future__ import annotations

from collections.abc import Sequence

from program.output import guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. An expected error is one sentence on standard error."""

    def run() -> int:
        from local import command  # noqa: PLC0415  (before the set-up, a package that is missing is a sentence)
        from program import command_line  # noqa: PLC0415

        return command_line.run(command.program, "python -m local", arguments)

    return guarded(run)


if __name__ == "__main__":
    raise SystemExit(main())
