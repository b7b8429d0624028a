"""The command line of `python -m kda discover`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from kda.discovery.page import as_json, page, sql
from kda.discovery.samples import Sample, of_file
from kda.discovery.schema import discovered
from program import command_line
from program.command_line import LARGEST, Value, number, option

_MOST = 100_000  # records of a shard
_source = partial(option, section="Sample")
_stream = partial(option, section="Of a stream")
_output = partial(option, section="Output")


@command_line.command(
    name="discover",
    example="python -m kda discover --file sample.jsonl\n"
    "python -m kda discover --stream clicks-in --json > schema.json",
)
@_source("--file", "path", type=click.Path(path_type=Path), metavar="FILE", help="A file with records.")
@_source(
    "--stream", type=Value(command_line.stream, "name"), metavar="NAME", help="A Kinesis stream, which is only read."
)
@_source(
    "--records",
    type=Value(number(int, 1, _MOST, f"a whole number from 1 to {_MOST:,}"), "number"),
    default=1000,
    metavar="N",
    help="Look at no more than N records of the file, or of each shard.",
)
@_stream(
    "--start",
    type=click.Choice(["TRIM_HORIZON", "LATEST"]),
    default="TRIM_HORIZON",
    help="Read the oldest records that the stream holds, or those that arrive from now on.",
)
@_stream(
    "--seconds",
    type=Value(number(float, 0.1, LARGEST, "a number of seconds from 0.1 up"), "seconds"),
    default=10.0,
    metavar="SECONDS",
    help="Read for no longer than this.",
)
@_stream("--region", metavar="REGION", help="AWS region.  [default: from the environment and configuration of AWS]")
@_stream(
    "--endpoint",
    type=Value(command_line.url, "url"),
    metavar="URL",
    help="Address of Kinesis, as of an emulator.  [default: AWS_ENDPOINT_URL, else the region's own]",
)
@_output("--json", "is_json", is_flag=True, help="Print KDA's InputSchema, and the statistics, as one JSON object.")
@_output("--sql", "is_sql", is_flag=True, help="Print a CREATE STREAM with the columns.")
def discover(is_json: bool, is_sql: bool, **given: Any) -> int:
    """Name the columns of a stream or file from a sample of its records, as KDA's DiscoverInputSchema did.

    Per column: name, type, path in the record, rows with and without a value, what was met, the longest and an
    example. Records may be JSON (in lines, one after the other, over several lines, an array, several in a record, an
    aggregate of the Kinesis Producer Library) or CSV; a file may be gzip.
    """
    if is_json and is_sql:
        raise click.UsageError("--json and --sql are two forms: leave one out")
    found = discovered(_sample(Wanted(**given)))
    if is_json:
        click.echo(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        click.echo(sql(found) if is_sql else "\n".join(page(found)))
    return 0


@dataclass(frozen=True)
class Wanted:
    """What to look at: one of `path` and `stream`."""

    path: Path | None
    stream: str | None
    records: int
    start: str
    seconds: float
    region: str | None
    endpoint: str | None


def _sample(wanted: Wanted) -> Sample:
    if (wanted.path is None) == (wanted.stream is None):
        raise click.UsageError("give either --file or --stream")
    if wanted.path is not None:
        return of_file(wanted.path, wanted.records)
    from kda.discovery.stream import Reading, of_stream  # noqa: PLC0415  (AWS's library takes half a second to import)

    reading = Reading(str(wanted.stream), wanted.records, wanted.seconds, wanted.start == "LATEST")
    return of_stream(reading, wanted.region, wanted.endpoint)
