"""`python -m jobs health JOB`: its options, its settings, its exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flink import command as on_cluster
from flink import rest
from pipeline import settings
from pipeline.job import Job
from pipeline.settings import Settings
from program.command_line import Command

if TYPE_CHECKING:
    from flink.health.diagnosis import Observation

UNKNOWN = 4

EPILOG = """\
Exit codes:
  0  healthy
  1  degraded: it works, and something needs attention
  2  the options or the settings cannot be used
  3  not running, or running without making progress
  4  not known: the cluster does not answer

It looks at the job twice, 6 s apart, or 10 s where Flink collects metrics as seldom as it does by default. Of Kinesis
it reads some records of each shard, with four reads at most; readers of a shard share five reads a second.
"""


@click.command(
    cls=Command,
    epilog=EPILOG,
    example="python -m jobs health unicorn_summary --properties application_properties.json",
)
@on_cluster.job_argument
@on_cluster.cluster_option
@on_cluster.properties_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def health(job: Job, address: str | None, properties: Path | None, *, as_json: bool) -> int:
    """Show how a running job is doing, and what to do if it is not well."""
    chosen, unasked = _settings(job, properties, os.environ)
    cluster = on_cluster.cluster(address)
    if sys.stderr.isatty() and not as_json:
        print(f"Looking at {cluster.address} twice, which takes some seconds.", file=sys.stderr)
    # rich and boto3 take half a second: a wrong option or file need not wait for them.
    from flink.health import diagnosis, report  # noqa: PLC0415

    try:
        seen = observe(job, cluster, chosen)
    except rest.RestError as error:
        what = f"The job's health is not known: {error}"
        if as_json:
            print(json.dumps({"verdict": "unknown", "code": UNKNOWN, "error": what}))
        else:
            print(f"{what.rstrip('.')}: is the cluster up, and --cluster its address?", file=sys.stderr)
        return UNKNOWN
    findings = diagnosis.judge(seen)
    if as_json:
        print(json.dumps(report.as_json(seen, findings)))
    else:
        report.show(seen, findings, unasked)
    return diagnosis.worst(findings).code


def observe(job: Job, cluster: rest.Cluster, chosen: Settings | None) -> Observation:
    """The job on this cluster; its far ends only with settings. Raises rest.RestError if nothing answers."""
    from flink.health import aws, flink  # noqa: PLC0415
    from flink.health.diagnosis import Observation  # noqa: PLC0415

    found: list[aws.Aws] = []

    def ask_aws() -> None:
        if chosen is not None:
            found.append(aws.gather(chosen))

    listed = flink.chosen(cluster, job.configuration["pipeline.name"])
    if listed is None:
        ask_aws()
        status = None
    else:
        status = flink.gather(cluster, listed, job.sinks, ask_aws, names_streams=len(job.sources) > 1)
    return Observation(job, cluster.address, datetime.now(UTC), status, found[0] if found else None)


def _settings(job: Job, properties: Path | None, environment: Mapping[str, str]) -> tuple[Settings | None, str]:
    """The settings of a job in AWS; else None, and why not. Raises SettingsError."""
    try:
        chosen = settings.read(properties, job) if properties else settings.parse(settings.here(job, environment), job)
    except settings.SettingsError:
        if properties is not None:
            raise
        return None, "name the job's settings with --properties, or set AWS_ENDPOINT_URL or AWS_REGION"
    return (chosen, "") if chosen.place == "aws" else (None, "the job reads files")
