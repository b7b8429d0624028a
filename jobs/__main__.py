"""The command line: python -m jobs --help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import click

from connectors.connector import Connector, ConnectorError
from flink import command as on_cluster
from flink import flags
from flink.backfill.command import backfill
from flink.health import command as health
from pipeline import places, settings, statements
from pipeline.job import Job, load
from pipeline.window import WindowError
from program.output import guarded


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
        description="Look at a job without running it, and run it on a Flink cluster.",
        epilog="On this machine alone `python -m local job` runs it; `python -m local cluster up` starts a cluster.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], what: str, *flags_: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=what, description=what[0].upper() + what[1:] + "."
        )
        command.add_argument("job", nargs="?", default="unicorn_summary", metavar="JOB", help="a name, or a folder")
        if "cluster" in flags_:
            command.add_argument("--cluster", metavar="ADDRESS", help="of its REST API")
        if "properties" in flags_:
            command.add_argument("--properties", type=Path, metavar="FILE", help="application_properties.json")
        if "parallelism" in flags_:
            command.add_argument("--parallelism", type=flags.subtasks, default=4, metavar="N", help="subtasks")
        command.set_defaults(run=run)
        return command

    add("explain", lambda p: _with_connectors(_explain, p), "Flink's plan of all inserts together", "properties")
    add("sql", lambda p: _with_connectors(_sql, p), "every statement as bound", "properties")
    start = add("submit", _submit, "run the job from the start", "cluster", "properties", "parallelism")
    start.add_argument("--start", type=flags.start, metavar="WHERE", help="TRIM_HORIZON, LATEST, or a time")
    add("status", lambda p: on_cluster.status(load(p.job), p.cluster), "whether the job runs", "cluster")
    stop = add("stop", _stop, "stop the job with a savepoint, from which `resume` goes on", "cluster")
    how = stop.add_mutually_exclusive_group()
    how.add_argument("--drain", action="store_true", help="close all windows first")
    how.add_argument("--now", action="store_true", help="without a savepoint")
    resume = add("resume", _resume, "run the job on from its newest snapshot", "cluster", "properties", "parallelism")
    resume.add_argument("--from", dest="snapshot", metavar="URI", help="this one instead of the newest")
    sick = add("health", _health, "how the running job is doing", "cluster", "properties")
    sick.add_argument("--json", action="store_true", help="one JSON object instead of text")
    again = add("backfill", _backfill, "compute rows again from archived records", "properties")
    again.add_argument("--from", dest="sources", nargs="+", required=True, metavar="WHERE", help="files, or s3://")
    for bound in ("--since", "--until"):
        again.add_argument(bound, metavar="TIME", help="the end of a window")
    for flag in ("--dry-run", "--once", "--overwrite"):
        again.add_argument(flag, action="store_true", help="see the manual")
    again.add_argument("--parallelism", type=flags.count, metavar="N", help="subtasks")
    return top


def _submit(parsed: argparse.Namespace) -> int:
    job = load(parsed.job)
    return on_cluster.start(job, parsed.cluster, parsed.properties, parsed.parallelism, parsed.start)


def _resume(parsed: argparse.Namespace) -> int:
    job = load(parsed.job)
    return on_cluster.resume(job, parsed.cluster, parsed.properties, parsed.parallelism, parsed.snapshot)


def _stop(parsed: argparse.Namespace) -> int:
    return on_cluster.stop(load(parsed.job), parsed.cluster, drain=parsed.drain, now=parsed.now)


def _health(parsed: argparse.Namespace) -> int:
    return health.run(load(parsed.job), parsed.cluster, parsed.properties, as_json=parsed.json)


def _backfill(parsed: argparse.Namespace) -> int:
    names = ("since", "until", "dry_run", "once", "overwrite", "properties", "parallelism")
    chosen = {name: getattr(parsed, name) for name in names}
    try:
        code: int = backfill.callback(job=load(parsed.job), more=(), sources=parsed.sources, **chosen)  # type: ignore[misc]
    except click.UsageError as error:
        print(error.format_message(), file=sys.stderr)
        return 2
    return code


def _with_connectors(run: Callable[[Job, dict[str, Connector]], None], parsed: argparse.Namespace) -> int:
    from java.lib import NotSetUp  # noqa: PLC0415
    from program.processes import RunError, StartError  # noqa: PLC0415

    try:
        job = load(parsed.job)
        run(
            job,
            places.connectors(settings.read(parsed.properties, job) if parsed.properties else settings.example(job)),
        )
    except (settings.SettingsError, ConnectorError, WindowError) as error:
        print(error, file=sys.stderr)
        return 2
    except (NotSetUp, RunError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _sql(job: Job, connectors: dict[str, Connector]) -> None:
    print(statements.script(job, connectors))
    print("-- Flink's SQL client needs the jars of .cache/flink-lib on its class path for this.", file=sys.stderr)


def _explain(job: Job, connectors: dict[str, Connector]) -> None:
    print(explained(job, connectors))


def explained(job: Job, connectors: dict[str, Connector]) -> str:
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
            statements.declare(environment, job, connectors)
            return str(statements.inserts(environment, job).explain())
        except distribution.errors() as error:
            raise RunError(f"Flink cannot plan the job: {distribution.cause(error)}") from error


if __name__ == "__main__":
    raise SystemExit(main())
