"""Values of flags that several commands take."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import click

from connectors.kinesis import is_time
from pipeline.job import CONFIGURATION, Job, load


class JobType(click.ParamType[Job]):
    """The argument JOB: a name below jobs/, or the path of a job's folder, as the Job. Raises JobError."""

    name = "job"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Job:
        """The job; its error is a sentence of its own, and lists every problem of the folder."""
        return value if isinstance(value, Job) else load(value)


def positive(text: str, what: str = "a number") -> float:
    """A finite number above 0, called `what` where it is none. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} above 0")
    return value


def port(text: str) -> int:
    """A TCP port; 0 stands for any that is free. Raises ArgumentTypeError."""
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def share(text: str) -> float:
    """A share from 0 to 1. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    return value


def count(text: str) -> int:
    """A whole number from 1 on. Raises ArgumentTypeError."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def subtasks(text: str) -> int:
    """A parallelism: a whole number from 1 to as many subtasks as the job's state can be spread over.

    Refused here, before anything is started or stopped. Raises ArgumentTypeError.
    """
    number = count(text)
    most = int(CONFIGURATION["pipeline.max-parallelism"])
    if number > most:
        raise argparse.ArgumentTypeError(
            f"{number} subtasks are more than the {most} that a job's state can be spread over "
            "(pipeline.max-parallelism in pipeline/job.py)"
        )
    return number


def start(text: str) -> str:
    """Where reading begins: TRIM_HORIZON, LATEST, or a time that has been. Raises ArgumentTypeError."""
    if text in ("TRIM_HORIZON", "LATEST"):
        return text
    if not is_time(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not TRIM_HORIZON, LATEST, or a time such as 2026-11-22T06:00:00.000+00:00"
        )
    if datetime.fromisoformat(text) > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text!r} has not been yet: Kinesis starts at no time in the future")
    return text


def pinned(start: str, now: datetime) -> str:
    """The same place to begin, with LATEST as the time that it is now.

    What the connector keeps of a shard without a record is only "the latest", and it looks for it again whenever it is
    restarted: what came in between would be lost.
    """
    return now.astimezone(UTC).isoformat(timespec="milliseconds") if start == "LATEST" else start
