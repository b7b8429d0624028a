"""Values of flags that several commands take."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from connectors.kinesis import is_time
from flink import inputs
from pipeline import results
from pipeline.job import CONFIGURATION, Job, load
from program.command_line import ABOVE_0, LARGEST, number
from program.errors import hint

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

positive = number(float, ABOVE_0, LARGEST, "a number above 0")
share = number(float, 0.0, 1.0, "a share from 0 to 1")
count = number(int, 1, sys.maxsize, "a whole number from 1 on")
port = number(int, 0, 65_535, "a port from 0 to 65535")  # 0 stands for any free port


class JobType(click.ParamType[Job]):
    """The type of the argument JOB: a name below jobs/, or the path of a job's folder. Raises JobError."""

    name = "job"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Job:
        """The job of this name or path. The JobError's text lists every problem of the folder."""
        return value if isinstance(value, Job) else load(value)


def subtasks(text: str) -> int:
    """A parallelism: a whole number from 1 to the maximum parallelism of a job.

    Raises BadParameter for other numbers, before the command starts or stops a job.
    """
    chosen, most = count(text), int(CONFIGURATION["pipeline.max-parallelism"])
    if chosen > most:
        raise click.BadParameter(
            f"{chosen} subtasks are more than the {most} that a job's state can be spread over "
            "(pipeline.max-parallelism in pipeline/job.py)"
        )
    return chosen


def start(text: str) -> str:
    """The position where reading begins: TRIM_HORIZON, LATEST, or a time in the past. Raises BadParameter."""
    if text in ("TRIM_HORIZON", "LATEST"):
        return text
    if not is_time(text):
        raise click.BadParameter(
            f"{text!r} is not TRIM_HORIZON, LATEST, or a time such as 2026-11-22T06:00:00.000+00:00"
        )
    if datetime.fromisoformat(text) > datetime.now(UTC):
        raise click.BadParameter(f"{text!r} has not been yet: Kinesis starts at no time in the future")
    return text


def relations(job: Job, names: Sequence[str]) -> list[str]:
    """The views or sources of these names, without duplicates; a sink's name stands for its view.

    Raises click.UsageError for a name that the job does not have.
    """
    known = results.relations(job)
    for name in names:
        if name not in known and name not in job.sinks:
            raise click.UsageError(f"{job.name} has no view {name}{hint(name, [*known, *job.sinks])}.")
    return list(dict.fromkeys(job.inserts.get(name, name) for name in names))


def input_option(text: str, *, required: bool = False) -> Callable[[Decorated], Decorated]:
    """The option --input of a command. text: what the command does with the records."""
    return click.option(
        "--input",
        "given",
        multiple=True,
        required=required,
        metavar="[TABLE=]PATH",
        help=f"{text}: {inputs.FORMS} Repeatable.",
    )
