"""The root of all errors that are expected, and the exit codes they end a program with.

    Failure                 1    something stands in the way
    ├── Unusable            2    settings, flags or SQL that cannot be used
    │   ├── JobError             pipeline.job
    │   ├── CaseError            pipeline.cases
    │   ├── SettingsError        pipeline.settings
    │   ├── ConnectorError       connectors.connector
    │   ├── WindowError          pipeline.window
    │   └── TemplateError        deploy.template
    ├── StartError               program.processes      a process does not start
    ├── RunError                 program.processes      a program cannot go on
    │   └── Stopped         130  flink.backfill.rows    Ctrl-C in the midst of a backfill
    ├── AwsError                 aws.failures           AWS refuses, or does not answer
    │   └── DeployError          deploy.account         AWS is in another state than a deployment needs
    ├── CasesFailed              jobs.command           some tests of a job fail
    ├── NotSetUp                 java.paths             `make setup` has not run
    ├── JarError                 java.jars              a jar cannot be downloaded
    ├── CompileError             java.build             the Java sources do not compile
    ├── RestError           4    flink.rest             Flink's REST API does not answer, or refuses
    ├── SubmitError              flink.submit           the cluster does not take the job
    ├── SavepointError           flink.savepoints       no checkpoint or savepoint to go on from
    ├── SignatureError           flink.signature        the plan, or the state of another SQL
    ├── PackageError             deploy.package         the package cannot be made
    ├── BundleError              dashboard.build        the dashboard's page cannot be built
    ├── SetUpError               local.setup.venv       the set-up cannot go on
    ├── SourcesError             local.setup.package_sources  pip's or uv's settings cannot be read
    ├── GaveUp                   consumer.tail          a stream cannot be read for the whole of --patience
    └── ProducerError            producer.sinks         records cannot be sent

`program.output.guarded` prints the sentence and returns the exit code. Other code catches one only where it can go on
without what is missing. The standard library is enough for this module: the set-up needs it before packages are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar


class Failure(Exception):  # noqa: N818  (reads as what happened)
    """An expected error. The text is one sentence: what, where, the remedy; nothing in it is secret."""

    exit_code: ClassVar[int] = 1


class Unusable(Failure):
    """Input that cannot be used: settings, flags, the SQL of a job."""

    exit_code = 2

    @staticmethod
    def listed(what: str, problems: Sequence[str]) -> str:
        """One problem as a sentence, several as a line each."""
        if len(problems) == 1:
            return f"{what} cannot be used: {problems[0]}."
        return f"{what} cannot be used:" + "".join(f"\n  {problem}" for problem in problems)


def shown(path: Path) -> str:
    """A path as a sentence shows it: from the current folder if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
