"""What a migrated job is made of, and what a person wants it to be."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kda.applications import Application, Input, Reference, Schema
from kda.check import Report
from kda.migration.leaving_out import Reduced
from kda.translation import Translation
from kda.translation.options import Options
from pipeline import references
from pipeline.job import JOBS
from program.errors import shown

CODE = "origin/application.sql"  # where the file has it inside another format


@dataclass(frozen=True)
class Wanted:
    """What a person wants. path: the file; folder: the job's; flags: as typed, without those of places.

    schemas: by input or reference table, "" for the only one that needs it; samples: files of records, by the
    name of the input or reference table, "" for the input; lines: the first records of the input's, None without.
    """

    path: Path
    folder: Path
    options: Options = field(default_factory=Options)
    flags: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    schemas: Mapping[str, Schema] | None = None
    lines: Sequence[bytes] | None = None
    samples: Mapping[str, Path] = field(default_factory=dict)

    @property
    def job(self) -> str:
        """The job's name."""
        return self.folder.name

    @property
    def named(self) -> str:
        """The argument JOB of commands for this job."""
        return shlex.quote(self.job if self.is_shipped else shown(self.folder))

    @property
    def is_shipped(self) -> bool:
        """Whether the job is one of this checkout, so that its page can link to the others."""
        return self.folder.parent == JOBS

    @property
    def origin(self) -> str:
        """Where the folder keeps the file."""
        name = self.path.name
        taken = ("written.json", CODE.rpartition("/")[2])
        return f"origin/{f'file_{name}' if name in taken and self.path.suffix != '.sql' else name}"


@dataclass(frozen=True)
class Parts:
    """application: as it came; reduced: without pumps that are left out; completed: with all columns."""

    application: Application
    reduced: Reduced
    completed: Application
    report: Report
    translation: Translation

    @property
    def code(self) -> str | None:
        """The SQL, if it is inside another format."""
        code = self.application.code
        return None if code.text == code.file.text else code.text

    @property
    def input(self) -> str:
        """The table of the first input."""
        return next(table for table, end in self.translation.sources.items() if isinstance(end, Input))

    @property
    def reference_tables(self) -> dict[str, str]:
        """The reference tables, each with the table of its lines."""
        return {end.table: table for table, end in self.translation.sources.items() if isinstance(end, Reference)}

    @property
    def streams(self) -> dict[str, str]:
        """The sinks, each with the in-application stream whose rows it takes."""
        streams = {view: stream for stream, view in self.translation.names.items()}
        found = {}
        for table, rows in self.translation.inserts.items():
            (view,) = references.of(self.translation.views[rows])
            found[table] = streams[view]
        return found
