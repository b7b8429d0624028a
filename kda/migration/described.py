"""Schemas that a person gives, in the place of those that the file does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kda import guessing
from kda.applications import Application, Input, Reference, Schema
from program.errors import Unusable, hint


def with_schemas(application: Application, schemas: Mapping[str, Schema]) -> Application:
    """The application with these schemas, by input or reference table; "": the only one without columns.

    Raises Malformed, and Unusable for a name that no input and no reference table has, or where none is meant.
    """
    for name, schema in schemas.items():
        application = _with_schema(application, name, schema)
    return application


def _with_schema(application: Application, name: str, schema: Schema) -> Application:
    completed = guessing.completed(application)  # an SQL text alone names its inputs only where it reads them
    chosen = _chosen(application, completed, name).with_schema(schema)
    if isinstance(chosen, Input):
        others = [one for one in application.inputs if one.prefix != chosen.prefix]
        return replace(application, inputs=(*others, chosen))
    tables = [one for one in application.references if one.table != chosen.table]
    return replace(application, references=(*tables, chosen))


def _chosen(application: Application, completed: Application, name: str) -> Input | Reference:
    ends: dict[str, Input | Reference] = {one.prefix: one for one in completed.inputs}
    ends |= {one.table: one for one in completed.references}
    if name:
        streams = {stream: one for one in completed.inputs for stream in one.streams}
        found = ends.get(name) or streams.get(name) or ends.get(name.upper())
        if found is None:
            raise Unusable(f"--schema {name}=..: there is no such input or reference table{hint(name, ends)}.")
        return found
    known = {one.prefix for one in application.inputs if one.columns} | {
        one.table for one in application.references if one.columns
    }
    unknown = [one for one in ends if one not in known]
    among = unknown or [one.prefix for one in completed.inputs]
    if len(among) != 1:
        raise Unusable(f"--schema has to say whose it is{hint('', ends)}: --schema NAME=FILE.")
    return ends[among[0]]
