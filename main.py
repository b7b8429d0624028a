"""The entry point of every job, the same on a laptop, on a Flink cluster and on Amazon Managed Flink.

    main.py [application_properties.json]

It reads the settings, which name the job, connects the job's tables and submits the job. The launcher sets parallelism,
checkpoints, jars and class path.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from pyflink.table import TableResult

from pipeline import binding, settings, statements
from program.errors import Unusable


def submit(path: Path, launcher: Mapping[str, str] | None = None) -> TableResult:
    """Submit the job of the settings in `path`; `launcher` is further Flink configuration.

    Raises SettingsError, JobError or ConnectorError with a list of all problems, WindowError for an unusable window.
    """
    given = settings.read(path)
    connectors = binding.connectors(given)
    environment = statements.environment(launcher or {})
    statements.declare(environment, given.job, connectors)
    return statements.inserts(environment, given.job).execute()


def main(arguments: list[str]) -> int:
    """Returns 0 after the submission, 2 after an error message about the settings."""
    try:
        submit(Path(arguments[0]) if arguments else settings.DEFAULT_PATH)
    except Unusable as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
