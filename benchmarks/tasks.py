"""Whether a job's tasks run, and when they began to, by Flink's own times."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from flink import rest


def is_running(job: rest.Job) -> bool:
    """Whether all tasks run; False while the REST API does not answer."""
    with contextlib.suppress(rest.RestError):
        return job.is_running()
    return False


def submitted_at(job: rest.Job) -> float:
    """When the JobManager got the job, in seconds since 1970."""
    return float(job.get("")["timestamps"]["INITIALIZING"]) / 1000


def running_since(job: rest.Job) -> float:
    """When the last task of a running job began to run, in seconds since 1970.

    A question whether it runs would tell it late: the REST API keeps its answers for three seconds.
    """
    tasks = [task for vertex in job.get("")["vertices"] for task in job.get(f"/vertices/{vertex['id']}")["subtasks"]]
    return max(map(_began, tasks)) / 1000


def _began(task: Mapping[str, Any]) -> int:
    """The end of deploying and initializing, in milliseconds since 1970; `start-time` is the begin of deploying."""
    spent = task["status-duration"]
    return int(task["start-time"]) + sum(max(0, int(spent[state])) for state in ("DEPLOYING", "INITIALIZING"))
