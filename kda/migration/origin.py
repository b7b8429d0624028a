"""What the folder of a migrated job was made of, read from it again: for the rows that its job must give."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kda.migration import first_tests
from kda.migration.folder import MANIFEST
from kda.migration.migrating import chosen, parts_of
from kda.migration.parts import Wanted
from kda.model import Record, run
from kda.reader import read
from kda.translation.options import Options
from program.errors import Unusable, shown

_OPTIONS = ("time", "align", "exact_types", "keep_order")


def described(wanted: Wanted, application: str | None) -> dict[str, Any]:
    """What the manifest says of a migration. application: its name in the file."""
    options = asdict(wanted.options)
    return {
        "origin": wanted.origin,
        "application": application,
        "options": {name: options[name] for name in _OPTIONS},
        "leave_out": list(wanted.leave_out),
        "schemas": sorted(wanted.schemas or {}),
    }


def is_migrated(folder: Path) -> bool:
    """Whether `kda migrate` wrote this folder."""
    return (folder / MANIFEST).is_file()


def expected(
    folder: Path, records: Sequence[Record], references: Mapping[str, bytes]
) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each sink of a migrated job by the model of KDA: of its errors, only name and time.

    records: of its stream, in the order of reading; references: the content of reference tables by the names of the
    job's tables. Raises Unusable if the folder does not have all of its origin, or the model has no answer.
    """
    try:
        made = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        options, origin, leave_out = Options(**made["options"]), folder / made["origin"], made["leave_out"]
        name, schemas = made["application"], made["schemas"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unusable(f"{shown(folder / MANIFEST)} cannot be read: migrate the application again.") from error
    if schemas or options.time != "arrival":
        what = "a schema that was given beside the file" if schemas else f"--time {options.time}"
        raise Unusable(f"{shown(folder)} was migrated with {what}, of which the model of KDA has no rows.")
    found = [one for one in read(origin).applications if one.name == name]
    if not found:
        raise Unusable(f"{shown(origin)} has no application {name}: migrate it again.")
    wanted = Wanted(origin, folder, options, leave_out=leave_out)
    parts = parts_of(found[0], wanted)
    files = {table: references[lines] for table, lines in parts.reference_tables.items()}
    outcome = run(parts.completed, records, files, align=options.align)
    return first_tests.expected(outcome, chosen(parts, wanted))
