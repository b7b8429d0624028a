"""`python -m benchmarks`."""

from __future__ import annotations

from collections.abc import Sequence

from program.output import guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""

    def run() -> int:
        from benchmarks import command  # noqa: PLC0415  (`guarded` handles a missing package before the set-up)
        from program import command_line  # noqa: PLC0415

        return command_line.run(command.program, "python -m benchmarks", arguments)

    return guarded(run)


if __name__ == "__main__":
    raise SystemExit(main())
