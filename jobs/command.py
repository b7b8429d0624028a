"""The command line for jobs: python -m jobs --help."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from flink import command as on_cluster
from flink import flags, inputs
from flink.backfill.command import backfill
from flink.health.command import health
from flink.watch.command import watch
from pipeline import binding, cases, results, settings, statements
from pipeline import job as jobs
from pipeline.job import Job
from program import environment, folders, processes
from program.addresses import without_credentials
from program.command_line import Group, Value
from program.errors import Failure, shown
from program.formats import listed, many

TEMPLATE = Path(__file__).resolve().parent.parent / "pipeline" / "template"
SHOWN = 20  # rows of a sink that `run --input` prints


properties_option = click.option(
    "--properties",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings of the job, as application_properties.json.  [default: streams and tables as job.toml names them]",
)


class CasesFailed(Failure):
    """Some tests of a job fail. The text is empty, as the output has the details."""


@click.group(cls=Group)
def program() -> None:
    """Jobs: folders of SQL that Flink runs. JOB is a name below jobs/, or the path of a job's folder."""


@program.command("list", example="python -m jobs list")
def list_jobs() -> None:
    """List the jobs of this checkout."""
    for name in jobs.shipped():
        declaration = (jobs.JOBS / name / jobs.DECLARATION).read_text(encoding="utf-8", errors="replace")
        first = declaration.partition("\n")[0]
        click.echo(f"{name:22} {first.removeprefix('# ') if first.startswith('# ') else ''}".rstrip())


@program.command(example="python -m jobs new hello")
@click.argument("name")
def new(name: str) -> None:
    """Make the folder of a new job that runs and has a passing test. NAME is below jobs/, or a path elsewhere."""
    folder = jobs.JOBS / name if jobs.NAME.fullmatch(name) else Path(name)
    if not jobs.NAME.fullmatch(folder.name):
        raise click.UsageError(f"{folder.name!r} is no job's name: a letter, then up to 49 letters, digits or _")
    if folder.exists():
        raise click.UsageError(f"{shown(folder)} exists already: choose another name")
    try:
        shutil.copytree(TEMPLATE, folder)
    except OSError as error:
        raise click.UsageError(f"{folder} cannot be written ({error.strerror})") from error
    for file in (path for path in folder.rglob("*") if path.is_file()):
        file.write_text(file.read_text(encoding="utf-8").replace("JOBNAME", folder.name), encoding="utf-8")
    click.echo(
        f"{shown(folder)} is a job that counts events per minute.\nNext: python -m jobs test {shlex.quote(name)}"
    )


@program.command(example="python -m jobs check unicorn_summary --plan")
@on_cluster.job_argument
@click.option("--plan", "with_plan", is_flag=True, help="Let Flink plan the job too, which takes some 10 s.")
def check(job: Job, with_plan: bool) -> None:
    """Check the folder of a job, without Flink; prints all problems."""
    connectors = binding.connectors(settings.example(job))
    if job.has_windows:
        job.window()
    tests = [case for file in _files(job, ()) for case in cases.read(file, job)]
    if with_plan:
        from flink import trial  # noqa: PLC0415  (PyFlink takes seconds to load)

        trial.plan(job, connectors)
    click.echo(
        f"{job.name}: {many(len(job.sources), 'source')} ({', '.join(job.sources)}), {many(len(job.views), 'view')}, "
        f"{many(len(job.sinks), 'sink')} ({', '.join(job.sinks)}), {many(len(tests), 'test')}: no problems."
    )


@program.command(example="python -m jobs test unicorn_summary -k LATE")
@on_cluster.job_argument
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option(
    "-k",
    "part",
    default="",
    show_default=False,
    metavar="TEXT",
    help="Run only the tests with this text in their name.",
)
def test(job: Job, files: Sequence[Path], part: str) -> None:
    """Run the tests of a job (tests/*.yaml), all tests of a file in the same Flink job."""
    tests = {file: [case for case in cases.read(file, job) if part in case.name] for file in _files(job, files)}
    tests = {file: selected for file, selected in tests.items() if selected}
    if not tests:
        where = f"with {part!r} in its name" if part else f"in {job.folder / 'tests'}"
        raise cases.CaseError(f"There is no test {where}: write tests into files tests/*.yaml.")
    _say_left_out(job)
    from flink import trial  # noqa: PLC0415  (PyFlink takes seconds to load)

    began, passed, failed = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="test-") as scratch, trial.started(Path(scratch)):
        for number, (file, selected) in enumerate(tests.items()):
            click.echo(f"{file.name}: {many(len(selected), 'test')}")
            for result in trial.test(job, selected, Path(scratch, str(number))):
                passed, failed = passed + (not result.differences), failed + bool(result.differences)
                click.echo(f"  {'FAILED' if result.differences else 'passed'}  {result.case.name}")
                for line in result.differences:
                    click.echo(f"          {line}")
    click.echo(f"{passed} passed, {failed} failed in {time.monotonic() - began:.0f} s.")
    if failed:
        raise CasesFailed


def _files(job: Job, named: Sequence[Path]) -> list[Path]:
    return list(named) or sorted((job.folder / "tests").glob("*.y*ml"))


@program.command(example="python -m jobs sql unicorn_summary")
@on_cluster.job_argument
@properties_option
def sql(job: Job, properties: Path | None) -> None:
    """Print every statement of a job with its connectors, for Flink's SQL client.

    An endpoint's user and password are left out.
    """
    script = statements.script(job, binding.connectors(_settings(job, properties)))
    printed = without_credentials(script)
    click.echo(printed)
    click.echo("-- Flink's SQL client needs the jars of .cache/flink-lib on its class path.", err=True)
    if printed != script:
        click.echo("-- The endpoint's user and password are left out: add them.", err=True)


@program.command(example="python -m jobs explain unicorn_summary")
@on_cluster.job_argument
@properties_option
def explain(job: Job, properties: Path | None) -> None:
    """Print Flink's plan of a job: the steps that sinks share, and the changes that each step emits."""
    from flink import trial  # noqa: PLC0415  (PyFlink takes seconds to load)

    click.echo(trial.plan(job, binding.connectors(_settings(job, properties))))


def _settings(job: Job, properties: Path | None) -> settings.Settings:
    return settings.read(properties, job) if properties else settings.example(job)


@program.command(example="python -m jobs run unicorn_summary --input readings.jsonl")
@on_cluster.job_argument
@flags.input_option("Read these records to the end, and print the rows")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="With --input: new folder for all rows, a file of JSON lines per sink.",
)
@click.option(
    "--arrival-step",
    type=Value(flags.positive, "SECONDS"),
    help="With --input: each record arrives so long after the one before it in its file, the first at the file's "
    "modification time, so that windows of arrival times show.  [default: all arrive at that time]",
)
@click.option(
    "--show",
    multiple=True,
    metavar="VIEW",
    help="With --input: print the rows of this view, or source, too. Repeatable.",
)
@on_cluster.properties_option
@on_cluster.parallelism_option
@click.option(
    "--port", type=Value(flags.port, "PORT"), default=8081, help="Port of Flink's web UI; 0 picks a free port."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for checkpoints, savepoints and logs.  [default: .state/JOB]",
)
@click.option(
    "--resume",
    metavar="PATH",
    help="Checkpoint or savepoint to start from; 'last' is the newest in --state.",
)
@click.option("--brief", is_flag=True, help="Start a few seconds sooner and compute more slowly, as for a demo.")
@click.pass_context
def run(  # noqa: PLR0913  (its options)
    context: click.Context,
    /,
    job: Job,
    *,
    given: Sequence[str],
    output: Path | None,
    arrival_step: float | None,
    show: Sequence[str],
    **chosen: Any,
) -> int:
    """Run a job on this machine: with --input to the end of a file, else on its streams until Ctrl-C."""
    if not given:
        if output is not None:
            raise click.UsageError("--output needs --input: a job that runs on streams writes to its own sinks.")
        if arrival_step is not None:
            raise click.UsageError("--arrival-step needs --input: the records of a stream have arrived already.")
        if show:
            raise click.UsageError(
                f"--show needs --input: `python -m jobs watch {job.argument}` shows the rows of a job on streams."
            )
        return _on_streams(job, **chosen)
    if ignored := [name for name in chosen if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]:
        raise click.UsageError(f"--{ignored[0]} has no effect with --input, where a file replaces the streams.")
    _over_files(job, given, output, arrival_step, flags.relations(job, show))
    return 0


def _on_streams(  # noqa: PLR0913  (the options of `run`, by their names)
    job: Job,
    *,
    properties: Path | None,
    parallelism: int,
    port: int,
    state: Path | None,
    resume: str | None,
    brief: bool,
) -> int:
    from flink import minicluster, resources  # noqa: PLC0415  (boto3 takes a while to load)

    began = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"{time.monotonic() - began:5.1f} s  {text}", err=True)

    folder = state or folders.STATE / job.name
    with folders.owned(folder, "jobs run", "end it, or choose another folder with --state"):
        chosen = settings.of_command(job, properties, os.environ)
        binding.connectors(chosen)  # raises ConnectorError before Flink starts
        if binding.is_emulated(chosen):
            binding.require_no_lambda(job, chosen.groups)
        point = minicluster.newest_checkpoint(folder) if resume == "last" else resume
        starts = {} if point else settings.latest_as_time(chosen, datetime.now(UTC))
        # A new file, with the folder of this job: the user's file may name another job with the same name.
        file = settings.write(folder, settings.started_at(chosen, starts))
        processes.require_free(port, "--port")
        if chosen.place == "aws":
            say("looking up streams and tables")
            resources.require(chosen)
        aws = environment.for_job(chosen.groups.get("aws", {}).get("endpoint"))
        emulated = binding.is_emulated(chosen)
        launch = minicluster.Launch(
            parallelism, folder, port or processes.free_port(), point, emulated=emulated, brief=brief
        )
        return minicluster.run(file, launch, aws, say)


def _over_files(job: Job, given: Sequence[str], output: Path | None, step: float | None, show: Sequence[str]) -> None:
    from flink import trial  # noqa: PLC0415  (PyFlink takes seconds to load)
    from program import tables  # noqa: PLC0415  (rich takes a while to load)

    read = inputs.read(job, given)
    _say_left_out(job)
    if output is not None:
        _require_empty(output)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="run-") as scratch:
        folder = Path(scratch)
        with trial.started(folder):
            trial.over_files(job, read, folder / "rows", step, show)
        console = tables.console()
        for relation in (*show, *job.sinks):
            rows = cases.rows(folder / "rows" / relation)
            columns = job.columns(relation) if relation in job.sinks else next(iter(rows), {})
            _show(console, relation, results.columns(job, relation, list(columns)), rows)
            if output is not None:
                cases.write(rows, output / f"{relation}.jsonl")
    where = f" All rows are in {output}." if output is not None else ""
    click.echo(f"{job.name} read {listed(given)} to its end in {time.monotonic() - began:.0f} s.{where}")


def _say_left_out(job: Job) -> None:
    """Say which functions before SQL are not called, as there is no service over files."""
    if text := binding.left_out(job):
        click.echo(text)


def _require_empty(folder: Path) -> None:
    """Make the folder of --output before Flink starts. Raises click.UsageError if it has files or cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise click.UsageError(f"--output {folder} is not empty: name a new folder.")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise click.UsageError(
            f"--output {folder} cannot be written ({error.strerror}): name another folder."
        ) from error


def _show(console: Any, relation: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Print the first rows of a sink or view as a table, sorted by their columns from the left."""
    from rich.text import Text  # noqa: PLC0415  (only here)

    from program import tables  # noqa: PLC0415

    console.print(Text(f"{relation}: {many(len(rows), 'row')}", style="bold"))
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: [_order(row.get(column)) for column in columns])
    console.print(tables.table(columns, ordered[:SHOWN]))
    if len(rows) > SHOWN:
        console.print(f"and {len(rows) - SHOWN:,} more")


def _order(value: Any) -> tuple[int, float, str]:
    """A sort key: numbers by size, then texts, then NULL."""
    if value is None:
        return 2, 0.0, ""
    return (0, value, "") if isinstance(value, int | float) else (1, 0.0, str(value))


for command in (watch, on_cluster.submit, on_cluster.status, on_cluster.stop, on_cluster.resume, health, backfill):
    program.add_command(command)
