"""The relations of a job that people look at: in-application streams, outputs and errors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from connectors import reference
from pipeline import references
from pipeline.job import SHARED, WINDOWED, Job
from pipeline.statements import ERRORS

_STEPS = ("checked", "parsed", WINDOWED)  # on the way to a result, in any job; others are the steps of job.toml
ERROR_COLUMNS = ("ERROR_NAME", "MESSAGE", "DATA_ROW")  # shown of an error: its seven columns are too wide


def relations(job: Job) -> list[str]:
    """All that can be shown: the sources, then the views in the order of their declaration."""
    return [*job.sources, *job.views]


def of(job: Job) -> list[str]:
    """The views that are no steps on the way to others, the errors last."""
    steps = {*_STEPS, *job.steps, *(path.stem for path in (SHARED / "views").glob("*.sql"))}
    inserted = {_stream(job, view) for view in job.inserts.values()}
    found = [view for view in job.views if view in inserted or (view not in steps and _reads_a_stream(job, view))]
    return sorted(found, key=lambda view: view == ERRORS)


def streams(job: Job) -> list[str]:
    """The sources that are no reference data."""
    return [source for source in job.sources if job.tables[source].connector != reference.KIND.name]


def sinks(job: Job, view: str) -> list[str]:
    """The sinks that get the rows of this view."""
    return [sink for sink, inserted in job.inserts.items() if view in (inserted, _stream(job, inserted))]


def comment(job: Job, relation: str) -> str:
    """The first sentence of the comment in a view's or table's file; empty without a comment."""
    lines = takewhile(lambda line: line.startswith("--"), job.texts[relation].splitlines())
    sentence, stop, _rest = " ".join(line.removeprefix("--").strip() for line in lines).partition(". ")
    return sentence + stop.strip()


def columns(job: Job, relation: str, names: Sequence[str]) -> list[str]:
    """The columns to show of a relation with these columns: of a record only itself, its shard and its arrival."""
    if relation in job.sources:
        return [name for name in names if name in (*job.columns(relation), "shard", "arrival")]
    return list(ERROR_COLUMNS if set(ERROR_COLUMNS) <= set(names) else names)


def _stream(job: Job, view: str) -> str:
    """The view whose rows an inserted view has, in another form, if that is a step; else the inserted view itself."""
    read = references.of(job.texts[view])
    return read[0] if view in job.steps and len(read) == 1 else view


def _reads_a_stream(job: Job, relation: str) -> bool:
    if relation in job.sources:
        return relation in streams(job)
    return any(_reads_a_stream(job, name) for name in references.of(job.texts[relation]))
