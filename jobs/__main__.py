"""The command line: python -m jobs --help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from connectors.connector import Connector, ConnectorError
from flink import command as operate
from flink.backfill import command as backfill
from flink.health import command as health
from pipeline import places, settings, statements
from pipeline.job import load
from pipeline.window import WindowError
from program.output import guarded

JOB = load("unicorn_summary")

EXAMPLE = [{"PropertyGroupId": "aws", "PropertyMap": {"region": "us-east-1"}}]


def main(arguments: list[str] | None = None) -> int:
    """Do what was asked for; 2 with one sentence when the settings cannot be used."""
    return guarded(lambda: _main(arguments))


def _main(arguments: list[str] | None) -> int:
    parsed = parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except WindowError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return code


def parser() -> argparse.ArgumentParser:
    """All commands and flags."""
    top = argparse.ArgumentParser(
        prog="python -m jobs",
        description="Look at the job without running it, and run it on a Flink cluster.",
        epilog="On this machine alone `python -m local job` runs it; `python -m local cluster up` starts a cluster.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, run, what in (
        ("explain", _explain, "Flink's plan: one scan and one aggregation that feed every sink"),
        ("sql", _sql, "every statement as bound, ready to paste into Flink's SQL client"),
    ):
        command = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        command.add_argument(
            "--properties",
            type=Path,
            default=None,
            metavar="FILE",
            help="the settings, as application_properties.json (default: the contract's names in us-east-1)",
        )
        command.set_defaults(run=lambda parsed, run=run: _with_connectors(run, parsed))
    operate.add(commands)
    backfill.add(commands)
    health.health_parser(commands)
    return top


def _with_connectors(run: Callable[[dict[str, Connector]], None], parsed: argparse.Namespace) -> int:
    from java.lib import NotSetUp  # noqa: PLC0415
    from program.processes import RunError, StartError  # noqa: PLC0415

    try:
        chosen = settings.read(parsed.properties) if parsed.properties else settings.parse(EXAMPLE)
        run(places.connectors(chosen))
    except (settings.SettingsError, ConnectorError, WindowError) as error:
        print(error, file=sys.stderr)
        return 2
    except (NotSetUp, RunError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _sql(connectors: dict[str, Connector]) -> None:
    print(statements.script(JOB, connectors))
    print("-- Flink's SQL client needs the jars of .cache/flink-lib on its class path for this.", file=sys.stderr)


def _explain(connectors: dict[str, Connector]) -> None:
    print(explained(connectors))


def explained(connectors: dict[str, Connector]) -> str:
    """The plan of all inserts together, as Flink optimised it."""
    # The plan needs a JVM with the connectors on its class path, which is the launcher's to know.
    import tempfile  # noqa: PLC0415

    from flink import distribution  # noqa: PLC0415
    from program import environment as environments  # noqa: PLC0415
    from program.processes import RunError  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as logs:
        distribution.use(distribution.jvm(Path(logs)), environments.plain())
        from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415

        try:
            environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
            statements.declare(environment, JOB, connectors)
            return str(statements.inserts(environment, JOB).explain())
        except distribution.errors() as error:
            raise RunError(f"Flink cannot plan the job: {distribution.cause(error)}") from error


if __name__ == "__main__":
    raise SystemExit(main())
