"""The entry point of every job, the same on a laptop, on a Flink cluster and on Amazon Managed Flink.

    main.py [application_properties.json]

It reads the settings, which name the job, binds the job's tables to their place and submits. Parallelism, checkpoints,
jars and class path are set by whatever launches it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment, TableResult

from connectors.connector import ConnectorError
from pipeline import places, settings, statements
from pipeline.job import JobError
from pipeline.window import WindowError


def submit(path: Path, launcher: Mapping[str, str] | None = None) -> TableResult:
    """Submit the job with the settings in `path`; `launcher` sets what no Flink configuration does.

    Raises SettingsError, JobError or ConnectorError, each with every problem in one text; WindowError for windows of no
    length.
    """
    chosen = settings.read(path)
    connectors = places.connectors(chosen)
    configuration = Configuration()
    for name, value in (launcher or {}).items():
        configuration.set_string(name, value)
    mode = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration).build()
    environment = TableEnvironment.create(mode)
    statements.declare(environment, chosen.job, connectors)
    return statements.inserts(environment, chosen.job).execute()


def main(arguments: list[str]) -> int:
    """0 once the job is submitted, 2 with one sentence when its settings cannot be used."""
    try:
        submit(Path(arguments[0]) if arguments else settings.DEFAULT_PATH)
    except (settings.SettingsError, JobError, ConnectorError, WindowError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
