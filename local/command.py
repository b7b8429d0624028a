"""The command line: python -m local --help."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import click

from flink import flags
from local import cluster_command
from pipeline.job import CONFIGURATION, Job
from program import environment, folders, processes
from program.command_line import Group, Value

COUNT, SUBTASKS, SHARE = Value(flags.count, "N"), Value(flags.subtasks, "N"), Value(flags.share, "SHARE")
SPEED, PORT = Value(flags.positive, "X"), Value(flags.port, "PORT")


@click.group(cls=Group)
def program() -> None:
    """The whole application on this machine: AWS emulator, Flink, demo."""


program.add_command(cluster_command.cluster)


@program.command(
    example="python -m local demo --windows 3\n"
    "python -m local demo --unicorns 200 --speed 60 --late 0.05 --cluster --windows 10"
)
@click.option("--unicorns", type=COUNT, default=20, help="Unicorns that fly.")
@click.option("--shards", type=COUNT, default=4, help="Shards of the raw stream.")
@click.option("--parallelism", type=SUBTASKS, default=None, help="Subtasks.  [default: one per shard]")
@click.option("--speed", type=SPEED, default=20.0, help="The producer's clock against the wall clock.")
@click.option("--windows", type=COUNT, default=None, help="End after N closed windows.  [default: end by Ctrl-C]")
@click.option("--late", type=SHARE, default=0.01, help="Share of readings that come minutes late.")
@click.option("--out-of-order", type=SHARE, default=0.05, help="Share of readings that come seconds late.")
@click.option("--malformed", type=SHARE, default=0.01, help="Share of records that are no readings.")
@click.option("--seed", type=int, default=None, help="Seed of the flights: the same seed, the same flights.")
@click.option("--port", type=PORT, default=0, help="Port of the AWS endpoint; 0 picks a free one.")
@click.option("--web-port", type=PORT, default=0, help="Port of Flink's web UI; 0 picks a free one.")
@click.option("--page-port", type=PORT, default=0, help="Port of the dashboard; 0 picks a free one.")
@click.option("--no-dashboard", is_flag=True, help="Without the dashboard.")
@click.option("--cluster", is_flag=True, help="On a standalone cluster of three processes, not in one JVM.")
def demo(*, no_dashboard: bool, **options: Any) -> int:
    """Everything at once, with a check of every row at the end.

    Unicorns fly through Kinesis and Flink into rows. At the end every row is computed again from what the producer
    sent, without Flink, and compared. The exit code is 0 only if all are equal and every record is counted.
    """
    from local import demo  # noqa: PLC0415  (boto3 and rich take half a second: --help does without)

    shards = options["shards"]
    options["parallelism"] = options["parallelism"] or min(shards, int(CONFIGURATION["pipeline.max-parallelism"]))
    return demo.run(demo.Options(**options, dashboard=not no_dashboard))


@program.command(example="python -m local replay cloudfront_requests --input cloudfront.log --rate 500")
@click.argument("job", type=flags.JobType(), metavar="JOB")
@flags.input_option("Send these records, or put them into the bucket of a reference table", required=True)
@click.option("--rate", type=SPEED, default=10.0, help="Records sent in a second.")
@click.option("--shards", type=COUNT, default=2, help="Shards of each stream that the job reads.")
@click.option("--parallelism", type=SUBTASKS, default=2, help="Subtasks.")
@click.option("--port", type=PORT, default=0, help="Port of the AWS endpoint; 0 picks a free one.")
@click.option("--web-port", type=PORT, default=0, help="Port of Flink's web UI; 0 picks a free one.")
def replay(**options: Any) -> int:
    """Any job at once: the records of a file through Kinesis and Flink into rows, which are printed as they come.

    The AWS emulator and Flink start, with the streams and tables of JOB. After the last record the windows are closed
    and all ends.
    """
    from local import replay  # noqa: PLC0415  (boto3 takes half a second: --help does without)

    return replay.run(replay.Options(**options))


@program.command(example="python -m local aws --shards 8 --no-archive\npython -m local aws cloudfront_requests")
@click.option("--port", type=PORT, default=4566, help="Port of the AWS endpoint; 0 picks a free one.")
@click.option("--shards", type=COUNT, default=4, help="Shards of the raw stream.")
@click.option("--no-archive", is_flag=True, help="Without Firehose and S3, which slow the emulator down.")
@click.option("--page-port", type=PORT, default=8080, help="Port of the dashboard; 0 picks a free one.")
@click.option("--no-dashboard", is_flag=True, help="Without the dashboard.")
@click.argument("jobs", type=flags.JobType(), nargs=-1, metavar="[JOB]...")
def aws(  # noqa: PLR0913  (its options)
    *, port: int, shards: int, no_archive: bool, page_port: int, no_dashboard: bool, jobs: Sequence[Job]
) -> int:
    """The AWS emulator with streams, table and archive, until Ctrl-C.

    It listens on 127.0.0.1. Its resources are made from the cloud's own template. Nothing is kept. The streams and
    tables of each JOB that is named are made too.
    """
    from flink import resources as flink_resources  # noqa: PLC0415  (boto3 takes half a second)
    from local import emulator, page, resources  # noqa: PLC0415
    from pipeline import settings  # noqa: PLC0415

    with ExitStack() as stack:
        stop = stack.enter_context(processes.signals())
        if not no_dashboard:
            processes.require_free(page_port, "--page-port")
        folder = stack.enter_context(folders.fresh("aws", "local aws"))
        aws = stack.enter_context(emulator.running(folder / "emulator.log", port))
        names = resources.default_names()
        archived = "no" if no_archive else "yes"
        made = resources.create(
            aws.environment, shards, resources.workshop(), names.of_tables(), Archive=archived, Dashboard="yes"
        )
        print(f"# AWS on {aws.endpoint}: streams {names.raw} ({shards} shards), {names.summary}, {names.errors};")
        bucket = f"; archive {made['ArchiveBucketName']}" if "ArchiveBucketName" in made else ""
        if not no_dashboard:
            chosen = page.settings(names, emulator.REGION, made["IdentityPool"])
            served = stack.enter_context(page.running(chosen, aws.endpoint, page_port, keys=aws.keys))
            bucket += f"; dashboard {served.address}"
        print(f"# table {names.table}{bucket}.")
        for job in jobs:
            resources.create(aws.environment, shards, job)
            far_ends = flink_resources.names(settings.example(job)).values()
            print(f"# {job.name}: {', '.join(far_ends)}.")
        print("# In every other terminal, first:")
        print(environment.line(aws.environment), flush=True)
        while not stop.wait(0.5):
            if aws.process.poll() is not None:
                raise processes.RunError(f"The AWS emulator ended; its log is {folder / 'emulator.log'}.")
    return 0
