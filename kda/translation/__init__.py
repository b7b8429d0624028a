"""An application of KDA as Flink SQL: tables, views and what goes where.

options       Options, Untranslatable
types, values, conversions, expressions   values
text, names   layout of SQL, comments; names that the pipeline takes
scopes        what the names of a SELECT mean
relations     FROM: joins of streams, lookups of reference tables
windows, sliding, aggregates   what a SELECT does with time
queries       SELECTs
tries         rows that fail
sources, streams, rejects      the tables and views of an application
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kda.applications import Input, Output, Reference
from kda.rule import Subject
from kda.translation.options import Options, Untranslatable
from kda.translation.state import State
from kda.translation.streams import Streams

__all__ = ["Options", "Translation", "Untranslatable", "translated"]


@dataclass(frozen=True)
class Translation:
    """The SQL of a job.

    tables, views: the text of each file, with its comments; inserts: sink -> view, without that of errors; sources: the
    input or reference table that a table reads; sinks: the output that a table was, None where the file names none;
    names: the view of each in-application stream, of inputs too; steps: views on the way to these, beside those that
    all jobs have; notes: sentences that no rule of check says.
    """

    tables: Mapping[str, str]
    views: Mapping[str, str]
    inserts: Mapping[str, str]
    sources: Mapping[str, Input | Reference]
    sinks: Mapping[str, Output | None]
    names: Mapping[str, str]
    steps: tuple[str, ...]
    notes: tuple[str, ...]


def translated(subject: Subject, options: Options | None = None) -> Translation:
    """The SQL of an application whose inputs and reference tables have columns. Raises Untranslatable."""
    if not subject.application.is_configured and (subject.application.inputs or subject.application.references):
        subject = subject.completed(replace(subject.application, is_configured=True))
    state = State(subject, options or Options())
    streams = Streams(state)
    streams.write()
    streams.reject()
    return Translation(
        tables=state.tables,
        views=state.views,
        inserts=streams.inserts,
        sources=streams.sources.tables,
        sinks=streams.sinks,
        names={name: view.name for name, view in streams.views.items()},
        steps=tuple(state.steps),
        notes=tuple(state.notes),
    )
