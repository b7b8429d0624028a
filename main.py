"""The entry point of every job, the same on a laptop, on a Flink cluster and on Amazon Managed Flink.

    main.py [application_properties.json]

It reads the settings, which name the job, binds the job's tables to their place and submits. Parallelism, checkpoints,
jars and class path are set by whatever launches it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from pyflink.table import TableResult

from pipeline import binding, settings, statements
from program.errors import Unusable


def submit(path: Path, launcher: Mapping[str, str] | None = None) -> TableResult:
    """Submit the job with the settings in `path`; `launcher` sets what no Flink configuration does.

    Raises SettingsError, JobError or ConnectorError, each with every problem in one text; WindowError for windows of no
    length.
    """
    chosen = settings.read(path)
    connectors = binding.connectors(chosen)
    environment = statements.environment(launcher or {})
    statements.declare(environment, chosen.job, connectors)
    return statements.inserts(environment, chosen.job).execute()


def main(arguments: list[str]) -> int:
    """0 once the job is submitted, 2 with one sentence when its settings cannot be used."""
    try:
        submit(Path(arguments[0]) if arguments else settings.DEFAULT_PATH)
    except Unusable as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
