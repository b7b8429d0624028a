"""`python -m jobs health`: its flags, its settings, its exit code."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink import rest
from pipeline import settings
from pipeline.job import load

if TYPE_CHECKING:
    from flink.health.facts import Aws, Facts

JOB = load("unicorn_summary")

Commands = Any  # argparse's own type of it is private
UNUSABLE, UNKNOWN = 2, 4
REGION = "us-east-1"  # beside an endpoint, which is an emulator's, any will do

_HELP = "how the running job is doing, and what to do if it is not well"
_EXIT_CODES = """
exit code:
  0  healthy
  1  degraded: it works, and something needs attention
  2  the flags or the settings cannot be used
  3  not running, or running without making progress
  4  cannot be told: the cluster does not answer

It looks at the job twice, 6 s apart, or 10 s where Flink collects metrics as seldom as it does by default. Of Kinesis
it reads some records of each shard, with four reads at most; readers of a shard share five reads a second.
"""


def health_parser(commands: Commands) -> argparse.ArgumentParser:
    """Add the command to those of `python -m jobs`."""
    command: argparse.ArgumentParser = commands.add_parser(
        "health",
        help=_HELP,
        description=_HELP[0].upper() + _HELP[1:] + ".",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--cluster",
        default=None,
        metavar="ADDRESS",
        help="of its REST API (default: the cluster of `python -m local cluster up`, else http://127.0.0.1:8081)",
    )
    command.add_argument(
        "--properties",
        type=Path,
        default=None,
        metavar="FILE",
        help="the job's settings, to ask Kinesis too (default: made from AWS_ENDPOINT_URL and AWS_DEFAULT_REGION)",
    )
    command.add_argument("--json", action="store_true", help="one JSON object instead of text")
    command.set_defaults(run=run)
    return command


def run(parsed: argparse.Namespace) -> int:
    """Gather, judge, show; the exit code. Expected failures are one sentence on standard error."""
    from flink import command as commands  # noqa: PLC0415  (it adds this command to its own)
    from flink.submit import SubmitError  # noqa: PLC0415
    from program.processes import StartError  # noqa: PLC0415

    try:
        values, unasked = _settings(parsed.properties, os.environ)
        cluster = commands.cluster(parsed)
    except (settings.SettingsError, SubmitError, StartError) as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    if sys.stderr.isatty() and not parsed.json:
        print(f"Looking at {cluster.address} twice, which takes some seconds.", file=sys.stderr)
    # rich and boto3 take half a second: a wrong flag or file need not wait for them.
    from flink.health import judgement, report  # noqa: PLC0415

    try:
        facts = gather(cluster, values)
    except rest.RestError as error:
        what = f"The job's health cannot be told: {error}"
        if parsed.json:
            print(json.dumps({"verdict": "unknown", "code": UNKNOWN, "error": what}))
        else:
            print(f"{what.rstrip('.')}: is the cluster up, and --cluster its address?", file=sys.stderr)
        return UNKNOWN
    findings = judgement.judge(facts)
    if parsed.json:
        print(json.dumps(report.as_json(facts, findings)))
    else:
        report.show(facts, findings, unasked)
    return judgement.worst(findings).code


def gather(cluster: rest.Cluster, values: Mapping[str, Mapping[str, str]] | None) -> Facts:
    """Everything about the job; Kinesis only with settings. Raises rest.RestError when the cluster does not answer."""
    from flink.health import aws, flink  # noqa: PLC0415
    from flink.health.facts import Facts  # noqa: PLC0415

    told: list[Aws] = []

    def ask_aws() -> None:
        if values is not None:
            told.append(aws.ask(values))

    chosen = flink.chosen(cluster, JOB.name)
    if chosen is None:
        ask_aws()
        job = None
    else:
        job = flink.ask(cluster, chosen, JOB.sinks, ask_aws)
    return Facts(cluster.address, JOB.name, datetime.now(UTC), job, told[0] if told else None)


def _settings(
    properties: Path | None, environment: Mapping[str, str]
) -> tuple[Mapping[str, Mapping[str, str]] | None, str]:
    """The settings of a job in AWS; else None, and why not. Raises SettingsError."""
    endpoint, region = environment.get("AWS_ENDPOINT_URL"), environment.get("AWS_DEFAULT_REGION")
    if properties is not None:
        chosen = settings.read(properties)
    elif endpoint or region:
        place = {"region": region or REGION} | ({"endpoint": endpoint} if endpoint else {})
        chosen = settings.parse([{"PropertyGroupId": "aws", "PropertyMap": place}])
    else:
        return None, "name the job's settings with --properties, or set AWS_ENDPOINT_URL or AWS_DEFAULT_REGION"
    return (chosen.values, "") if chosen.place == "aws" else (None, "the job reads files")
