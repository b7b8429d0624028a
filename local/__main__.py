"""The command line: python -m local --help."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from connectors.connector import ConnectorError
from flink.flags import count, pinned, positive, subtasks
from java import lib
from local import cluster_command
from pipeline import places, settings
from pipeline.job import load
from pipeline.window import WindowError
from program import folders
from program.output import guarded

JOB = load("unicorn_summary")

STATE = folders.STATE / "job"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit code. Expected failures are one sentence on standard error."""
    return guarded(lambda: _main(arguments))


def _main(arguments: list[str] | None) -> int:
    parsed = parser().parse_args(arguments)
    # Imported here, so that --help and a wrong flag answer at once.
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        from consumer.tail import GaveUp  # noqa: PLC0415
    except ImportError as error:
        print(f"{error.name} is missing here: run `make setup`, then use .venv/bin/python.", file=sys.stderr)
        return 1
    from deploy.account import DeployError  # noqa: PLC0415
    from flink.rest import RestError  # noqa: PLC0415
    from flink.savepoints import SavepointError  # noqa: PLC0415
    from flink.signature import SignatureError  # noqa: PLC0415
    from flink.submit import SubmitError  # noqa: PLC0415
    from program.processes import RunError, StartError  # noqa: PLC0415

    try:
        code: int = parsed.run(parsed)
    except (
        StartError,
        RestError,
        RunError,
        SubmitError,
        SavepointError,
        SignatureError,
        DeployError,
        lib.NotSetUp,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    except (settings.SettingsError, ConnectorError, WindowError) as error:
        print(error, file=sys.stderr)
        return 2
    except (GaveUp, ClientError, BotoCoreError) as error:
        print(f"The AWS endpoint failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return code


class _Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Shows each default, except where there is none."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default is None else super()._get_help_string(action)


def parser() -> argparse.ArgumentParser:
    """All commands and flags."""
    top = argparse.ArgumentParser(
        prog="python -m local", description="The whole application on this machine: AWS emulator, Flink, demo."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _demo(commands.add_parser("demo", help="everything at once, with a check of every row at the end"))
    _aws(commands.add_parser("aws", help="the AWS emulator with streams, table and archive"))
    _job(commands.add_parser("job", help="the job on a Flink minicluster with its web UI"))
    what = "a standalone Flink cluster: a JobManager and TaskManagers as processes of their own"
    cluster_command.add(commands.add_parser("cluster", help=what, description=what.capitalize() + "."), count, _port)
    return top


def _demo(command: argparse.ArgumentParser) -> None:
    command.formatter_class = _Defaults
    command.description = (
        "Unicorns through Kinesis and Flink into rows. At the end every row is computed again from what the producer "
        "sent, without Flink, and compared; the exit code is 0 only if all are equal and every record is counted."
    )
    number = command.add_argument
    number("--unicorns", type=count, default=20, metavar="N", help="how many fly")
    number("--shards", type=count, default=4, metavar="N", help="shards of the raw stream")
    number("--parallelism", type=subtasks, default=None, metavar="N", help="subtasks (default: one per shard)")
    number("--speed", type=positive, default=20.0, metavar="X", help="the producer's clock against the wall clock")
    number("--windows", type=count, default=None, metavar="N", help="end after N closed windows (default: Ctrl-C)")
    number("--late", type=_share, default=0.01, metavar="SHARE", help="readings that come minutes late")
    number("--out-of-order", type=_share, default=0.05, metavar="SHARE", help="readings that come seconds late")
    number("--malformed", type=_share, default=0.01, metavar="SHARE", help="records that are rubbish")
    number("--seed", type=int, default=None, metavar="INT", help="same seed, same flights (default: drawn)")
    number("--port", type=_port, default=0, metavar="PORT", help="of the AWS endpoint; 0 takes a free one")
    number("--web-port", type=_port, default=0, metavar="PORT", help="of Flink's web UI; 0 takes a free one")
    _page(command, 0)
    command.add_argument(
        "--cluster", action="store_true", help="on a standalone cluster of three processes, not in one JVM"
    )
    command.set_defaults(run=_run_demo)


def _aws(command: argparse.ArgumentParser) -> None:
    command.formatter_class = _Defaults
    command.description = (
        "AWS on 127.0.0.1 with streams, table and archive, made from the cloud's own template, until Ctrl-C. "
        "Nothing is kept."
    )
    command.add_argument("--port", type=_port, default=4566, metavar="PORT", help="0 takes a free one")
    command.add_argument("--shards", type=count, default=4, metavar="N", help="shards of the raw stream")
    command.add_argument(
        "--no-archive", action="store_true", help="without Firehose and S3, which slow the emulator down"
    )
    _page(command, 8080)
    command.set_defaults(run=_run_aws)


def _page(command: argparse.ArgumentParser, port: int) -> None:
    add = command.add_argument
    add("--page-port", type=_port, default=port, metavar="PORT", help="of the live map; 0 takes a free one")
    add("--no-dashboard", action="store_true", help="without the live map")


def _job(command: argparse.ArgumentParser) -> None:
    command.formatter_class = _Defaults
    command.description = "The job in one JVM with JobManager, TaskManager and web UI, until Ctrl-C."
    add = command.add_argument
    add(
        "--properties",
        type=Path,
        default=None,
        metavar="FILE",
        help="the settings (default: made from AWS_ENDPOINT_URL)",
    )
    add("--parallelism", type=subtasks, default=4, metavar="N", help="subtasks; one per shard is fastest")
    add("--port", type=_port, default=8081, metavar="PORT", help="of the web UI; 0 takes a free one")
    add("--state", type=Path, default=STATE, metavar="DIR", help="for checkpoints, savepoints and logs")
    add(
        "--resume",
        default=None,
        metavar="PATH",
        help="go on from this checkpoint or savepoint; 'last' finds the newest",
    )
    command.set_defaults(run=_run_job)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    return value


def _run_demo(parsed: argparse.Namespace) -> int:
    from local import demo  # noqa: PLC0415

    return demo.run(
        demo.Options(
            unicorns=parsed.unicorns,
            shards=parsed.shards,
            parallelism=parsed.parallelism or min(parsed.shards, JOB.most_subtasks or parsed.shards),
            speed=parsed.speed,
            windows=parsed.windows,
            late=parsed.late,
            out_of_order=parsed.out_of_order,
            malformed=parsed.malformed,
            seed=parsed.seed,
            port=parsed.port,
            web_port=parsed.web_port,
            cluster=parsed.cluster,
            dashboard=not parsed.no_dashboard,
            page_port=parsed.page_port,
        )
    )


def _run_aws(parsed: argparse.Namespace) -> int:
    from local import emulator, page, resources  # noqa: PLC0415
    from program import environment, folders, processes  # noqa: PLC0415

    with ExitStack() as stack:
        asked = stack.enter_context(processes.signals())
        if not parsed.no_dashboard:
            processes.require_free(parsed.page_port, "--page-port")
        folder = stack.enter_context(folders.fresh("aws", "local aws"))
        aws = stack.enter_context(emulator.running(folder / "emulator.log", parsed.port))
        names = resources.default_names()
        archived = "no" if parsed.no_archive else "yes"
        made = resources.create(aws.environment, parsed.shards, names, Archive=archived, Dashboard="yes")
        print(
            f"# AWS on {aws.endpoint}: streams {names.raw} ({parsed.shards} shards), {names.summary}, {names.errors};"
        )
        bucket = f"; archive {made['ArchiveBucketName']}" if "ArchiveBucketName" in made else ""
        if not parsed.no_dashboard:
            chosen = page.settings(names, emulator.REGION, made["IdentityPool"])
            served = stack.enter_context(page.running(chosen, aws.endpoint, parsed.page_port, keys=aws.keys))
            bucket += f"; live map {served.address}"
        print(f"# table {names.table}{bucket}. In every other terminal, first:")
        print(environment.line(aws.environment), flush=True)
        while not asked.wait(0.5):
            if aws.process.poll() is not None:
                raise processes.RunError(f"The AWS emulator ended; its log is {folder / 'emulator.log'}.")
    return 0


def _run_job(parsed: argparse.Namespace) -> int:
    from flink import minicluster, resources, submit  # noqa: PLC0415
    from local import running  # noqa: PLC0415
    from program import environment, folders, processes  # noqa: PLC0415

    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {text}", file=sys.stderr, flush=True)

    with folders.owned(parsed.state, "local job", "end it, or choose another folder with --state"):
        properties = parsed.properties or running.properties_here(parsed.state)
        chosen = settings.read(properties)
        places.connectors(chosen)  # refuses what no connector takes, before anything is started
        resume = minicluster.newest_checkpoint(parsed.state) if parsed.resume == "last" else parsed.resume
        latest = [table for table, where in submit.starts(chosen).items() if where == "LATEST"]
        if latest and not resume:
            now = pinned("LATEST", datetime.now(UTC))
            properties = submit.with_starts(properties, dict.fromkeys(latest, now), parsed.state)
        processes.require_free(parsed.port, "--port")
        if chosen.place == "aws":
            say("looking up streams and table")
            resources.require(chosen)
        aws = environment.for_job(chosen.values.get("aws", {}).get("endpoint"))
        port = parsed.port or processes.free_port()
        emulated = places.is_emulated(chosen)
        launch = minicluster.Launch(parsed.parallelism, parsed.state, port, resume, emulated=emulated)
        return minicluster.run(properties, launch, aws, say)


if __name__ == "__main__":
    raise SystemExit(main())
