"""All expected errors, and the exit code of each.

    Failure                 1    an expected error
    ├── Unusable            2    invalid input: settings, flags or SQL
    │   ├── JobError             pipeline.job
    │   ├── NotModelled          kda.model.rows
    │   │   └── NotComputed      kda.model.rows         a stream that only Flink computes
    │   ├── CaseError            pipeline.cases
    │   ├── SettingsError        pipeline.settings
    │   ├── ConnectorError       connectors.connector
    │   ├── WindowError          pipeline.window
    │   ├── TemplateError        deploy.template
    │   ├── NoSample             kda.discovery.samples  no records to make a schema from
    │   ├── Untranslatable       kda.translation.options
    │   ├── Refused              kda.migration.leaving_out  an application that is not migrated
    │   └── Occupied             kda.migration.folder   a folder that is not overwritten
    ├── StartError               program.processes      a process does not start
    ├── RunError                 program.processes      a program cannot go on
    │   └── Stopped         130  flink.backfill.rows    Ctrl-C during a backfill
    ├── AwsError                 aws.failures           AWS refuses a call, or does not answer
    │   └── DeployError          deploy.account         AWS is in another state than a deployment needs
    ├── CasesFailed              jobs.command           some tests of a job fail
    ├── NotSetUp                 java.paths             `make setup` has not run
    ├── JarError                 java.jars              a jar cannot be downloaded
    ├── CompileError             java.build             the Java sources do not compile
    ├── RestError           4    flink.rest             Flink's REST API does not answer, or refuses a call
    ├── SubmitError              flink.submit           the cluster does not accept the job
    ├── SavepointError           flink.savepoints       no checkpoint or savepoint to go on from
    ├── SignatureError           flink.signature        no plan of the job, or the state of another SQL
    ├── PackageError             deploy.package         the package cannot be made
    ├── BundleError              dashboard.build        the dashboard's page cannot be built
    ├── SetUpError               local.setup.venv       the set-up cannot go on
    ├── SourcesError             local.setup.package_sources  pip's or uv's settings cannot be read
    ├── Unequal                  benchmarks.tables      a measured program gives wrong results
    ├── NoPlace                  benchmarks.page        docs/measured.md has no marks for a table
    ├── GaveUp                   consumer.tail          a stream cannot be read for the whole of --patience
    ├── ProducerError            producer.sinks         records cannot be sent
    └── Malformed           3    kda.malformed          an application of KDA, or its SQL, does not parse

`program.output.guarded` prints the sentence and returns the exit code. Other code catches an error only if it can
continue without the missing part. Standard library only: the set-up imports this module before packages are installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar


class Failure(Exception):  # noqa: N818  (the root of all names that end in Error)
    """An expected error. The text is a sentence without secrets: the problem, its place, the remedy."""

    exit_code: ClassVar[int] = 1


class Unusable(Failure):
    """Invalid input: settings, flags, the SQL of a job."""

    exit_code = 2

    @staticmethod
    def listed(subject: str, problems: Sequence[str]) -> str:
        """A message about a subject: a single problem in a sentence, several problems on a line each."""
        if len(problems) == 1:
            return f"{subject} cannot be used: {problems[0]}."
        return f"{subject} cannot be used:" + "".join(f"\n  {problem}" for problem in problems)


def similar(name: str, known: Iterable[str]) -> str:
    """A hint for a message: " (did you mean 'stream'?)"; empty if no known name is similar."""
    import difflib  # noqa: PLC0415  (only an error needs it)

    names = list(known)
    folded = [one.casefold() for one in names]  # cases differ first: names of SQL keep theirs
    found = difflib.get_close_matches(name, names, 1) if name.casefold() not in folded else []
    near = difflib.get_close_matches(name.casefold(), folded, 1)
    found = found or ([names[folded.index(near[0])]] if near else [])
    return f" (did you mean {found[0]!r}?)" if found else ""


def hint(name: str, known: Iterable[str]) -> str:
    """A hint for a message: " (did you mean 'stream'?)" or " (there are start, stream)"."""
    names = list(known)
    return similar(name, names) or f" (there are {', '.join(names)})"


def shown(path: Path) -> str:
    """The path for a message: relative if it is below the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
