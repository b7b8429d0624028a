"""The command line: python -m deploy --help."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from aws.session import endpoint_of
from deploy import down as removal
from deploy import package as packages
from deploy import query as queries
from deploy import status as states
from deploy import template
from deploy.account import Account, DeployError
from deploy.application import Application, Entry
from deploy.stack import Stack
from deploy.template import Template
from deploy.up import Deployment, Wanted
from flink import flags, signature
from pipeline.job import load
from pipeline.settings import pinned
from program.command_line import ABOVE_0, LARGEST, Command, Group, Value, number

NOT_RUNNING = 3
LOG_LINES = 1000  # the newest entries that `logs` prints without --follow
_OWN = ("CodeKey", "StateSignature", "StateSince", "StartTime", "Emulated")  # parameters that `up` sets, never the user
FOLLOW_PAUSE = 5.0  # seconds between two reads of the log


@dataclass(frozen=True)
class Place:
    """The place of a job's stack: its name, and the account or emulator that flags and environment select."""

    known: Template
    stack: str
    region: str | None
    profile: str | None
    endpoint: str | None

    def account(self) -> Account:
        return Account.at(endpoint_of(self.endpoint), self.region, self.profile)

    def application(self) -> Application:
        account = self.account()
        found = Stack(account, self.stack).require()
        return Application(account, self.known.value("ApplicationName", found.parameters), _say)


_job = click.argument("job", metavar="JOB")


def _placed(run: Callable[..., int]) -> Callable[..., int]:
    """Give a command the flags of a Place, and the Place as its first argument."""

    @_job
    @click.option("--stack", metavar="NAME", help="Stack of CloudFormation.  [default: the job's name, with dashes]")
    @click.option("--region", help="AWS region.  [default: that of the environment or of the AWS profile]")
    @click.option("--profile", help="Profile of the AWS configuration.")
    @click.option(
        "--endpoint",
        metavar="URL",
        help="Address of an emulator, such as that of `python -m local aws`.  [default: AWS_ENDPOINT_URL, else AWS]",
    )
    @wraps(run)
    def placed(
        job: str, stack: str | None, region: str | None, profile: str | None, endpoint: str | None, **options: Any
    ) -> int:
        known = template.of(load(job))
        return run(Place(known, stack or known.stack, region, profile, endpoint), **options)

    return placed


def _assignment(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE")
    return name, value


class _WithParameters(Command):
    """A command whose help lists the parameters of every job's template, before its example."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        title = "Parameters of every job's template (`template JOB` has those that name its streams and tables, too)"
        with formatter.section(title):
            formatter.write_dl(
                [
                    (one.name, f"{one.description} (default: {one.default or 'empty'})")
                    for one in template.common().values()
                    if one.name not in _OWN
                ]
            )
        super().format_epilog(ctx, formatter)


def _wishes(run: Callable[..., int]) -> Callable[..., int]:
    """Give a command the flags that `plan` and `up` share."""
    for option in (
        click.option("--no-start", is_flag=True, help="Leave an application that is stopped, stopped."),
        click.option(
            "--start",
            type=Value(flags.start, "WHERE"),
            help="With --fresh, the place to begin: TRIM_HORIZON, LATEST, or a time such as "
            "2026-11-22T06:00:00.000+00:00.",
        ),
        click.option("--fresh", is_flag=True, help="Start anew from the beginning of the stream, without a snapshot."),
        click.option(
            "--set",
            "values",
            multiple=True,
            type=Value(_assignment, "NAME=VALUE"),
            help="A parameter of the template, as often as needed. Others keep their values.",
        ),
    ):
        run = option(run)
    return run


@click.group(cls=Group)
def program() -> None:
    """A job on Amazon Managed Flink: the package, and everything around it in one stack.

    JOB is a name below jobs/, or the path of a job's folder.
    """


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _wanted(
    known: Template,
    values: tuple[tuple[str, str], ...],
    *,
    fresh: bool,
    start: str | None,
    no_start: bool,
) -> Wanted:
    """The wanted deployment by the flags of `plan` and `up`. Raises Failure."""
    given = dict(values)
    if own := [name for name in given if name in _OWN]:
        other = ": `up --fresh --start` gives it" if "StartTime" in own else ""
        raise template.TemplateError(
            f"{', '.join(own)} follows from what is deployed, and where, and cannot be set{other}."
        )
    if start is not None and not fresh:
        raise template.TemplateError(
            "--start belongs to --fresh: what goes on from a snapshot reads on where that was made."
        )
    known.check(given)
    _say("making the package")
    made = packages.build(known.job)
    return Wanted(
        made.path,
        made.sha256,
        signature.of(known.job),
        given,
        fresh=fresh,
        since="" if start in (None, "TRIM_HORIZON") else pinned(start, datetime.now(UTC)),
        start=not no_start,
    )


@program.command(example="python -m deploy package unicorn_summary --out unicorns.zip")
@_job
@click.option("--out", type=Path, metavar="FILE", help="Where to write the zip.  [default: below .cache/package]")
def package(job: str, out: Path | None) -> int:
    """Build the zip that Managed Flink runs.

    It has the sources and one jar.
    """
    print(packages.tell(packages.build(load(job), out)))
    return 0


@program.command("template", example="python -m deploy template unicorn_summary > template.json")
@_job
def template_(job: str) -> int:
    """Print the CloudFormation template of a job's stack, as JSON."""
    print(json.dumps(json.loads(template.of(load(job)).text()), indent=2, ensure_ascii=False))
    return 0


@program.command(cls=_WithParameters, example="python -m deploy plan unicorn_summary --set Shards=8")
@_wishes
@_placed
def plan(place: Place, **wishes: Any) -> int:
    """Show what `up` would change.

    Nothing is changed.
    """
    account = place.account()
    wanted = _wanted(place.known, **wishes)
    changes = Deployment(account, place.known, place.stack, wanted, _say).plan()
    if changes.is_nothing:
        print(f"Nothing to change: {place.stack} in {account.where} is as described.")
        return 0
    told = [f"upload the package {wanted.sha256[:12]}"] if changes.uploads else []
    told += ["stop the application with a snapshot"] if changes.stops else []
    told += map(str, changes.changes)
    told += [] if changes.page.is_nothing else [str(changes.page)]
    told += ["start the application"] if changes.starts else []
    print(f"`up` would do this to {place.stack} in {account.where}:")
    print("\n".join(f"  {one}" for one in told))
    print("Nothing has been changed.")
    return 0


@program.command(cls=_WithParameters, example="python -m deploy up unicorn_summary --set Shards=8")
@click.option("--replace", is_flag=True, help="Streams and application may be made anew. They lose what they hold.")
@_wishes
@_placed
def up(place: Place, replace: bool, **wishes: Any) -> int:
    """Create or update the stack, and start it.

    The package is built and uploaded. An application that has to stop for a change goes on from a snapshot.
    """
    account = place.account()
    began = time.monotonic()
    wanted = dataclasses.replace(_wanted(place.known, **wishes), replace=replace)
    done = Deployment(account, place.known, place.stack, wanted, _say).up()
    if done.is_nothing:
        print(f"Nothing to change: {place.stack} in {account.where} is as described.")
        return 0
    seconds = time.monotonic() - began
    print(f"Done in {seconds:.0f} s: {len(done.changes)} changes. `python -m deploy status JOB` shows it.")
    if account.is_emulated:
        print("The emulator keeps the application's state, but runs no Flink job; `python -m local demo` does.")
    return 0


@program.command(example="python -m deploy status unicorn_summary")
@_placed
def status(place: Place) -> int:
    """Show stack, application, streams, table, archive and alarms.

    The exit code is 0 if the application runs, 3 if it does not.
    """
    lines, runs = states.lines(place.account(), place.known, place.stack)
    print("\n".join(lines))
    return 0 if runs else NOT_RUNNING


@program.command(example="python -m deploy logs unicorn_summary --since 15 --errors")
@click.option(
    "--since",
    type=Value(number(float, ABOVE_0, LARGEST, "a number of minutes above 0"), "MINUTES"),
    default=60.0,
    help="Minutes to look back.",
)
@click.option("--errors", is_flag=True, help="Only errors and stack traces.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@_placed
def logs(place: Place, since: float, errors: bool, follow: bool) -> int:
    """Show the application's log."""
    application = place.application()
    begin = time.time() - since * 60
    if not follow:
        count, newest = 0, deque[Entry](maxlen=LOG_LINES)
        for entry in application.log(begin, errors=errors):
            count += 1
            newest.append(entry)
        if count > len(newest):
            _say(f"{count - len(newest):,} older entries are left out; --errors leaves less.")
        print("".join(f"{entry}\n" for entry in newest), end="")
        if not count:
            _say(f"The log has no such entries in the last {since:g} minutes.")
        return 0
    told: set[str] = set()
    while True:
        for entry in application.log(begin, errors=errors):
            if entry.id not in told:
                told.add(entry.id)
                print(entry, flush=True)
                # Entries may arrive out of order: the next read goes back a minute.
                begin = max(begin, entry.time / 1000 - 60)
        time.sleep(FOLLOW_PAUSE)


@program.command(example="python -m deploy stop unicorn_summary")
@click.option("--force", is_flag=True, help="Stop at once and without a snapshot, for a job that cannot make one.")
@_placed
def stop(place: Place, force: bool) -> int:
    """Stop the application with a snapshot.

    `start` goes on from there.
    """
    application = place.application()
    if not application.require().is_running and not force:
        _say(f"{application.name} does not run: nothing to stop.")
        return NOT_RUNNING
    application.stop(force=force)
    print(f"{application.name} is stopped. `python -m deploy start JOB` goes on from where it was.")
    return 0


@program.command(example="python -m deploy start unicorn_summary")
@click.option(
    "--fresh",
    is_flag=True,
    help="Without a snapshot: from where `up --fresh` last said, or from the beginning of the stream.",
)
@_placed
def start(place: Place, fresh: bool) -> int:
    """Start the application from its newest snapshot."""
    application = place.application()
    if application.require().is_running:
        if fresh:
            raise DeployError(f"{application.name} runs: `python -m deploy stop JOB` it first, then start it afresh.")
        print(f"{application.name} runs already.")
        return 0
    origin = application.start(fresh=fresh)
    print(f"{application.name} runs, from {origin}.")
    return 0


@program.command(example="python -m deploy down unicorn_summary --delete-archive")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--delete-table", is_flag=True, help="Remove its tables with every row, too.")
@click.option("--delete-archive", is_flag=True, help="Remove the archive with every record, too.")
@_placed
def down(place: Place, yes: bool, delete_table: bool, delete_archive: bool) -> int:
    """Remove the stack.

    Tables and archive stay unless flags say otherwise.
    """
    account = place.account()
    order = removal.Order(account, place.known, place.stack, table=delete_table, archive=delete_archive)
    print("\n".join(order.tell()))
    if not yes and not _agreed(place.stack):
        print("Nothing has been removed.")
        return 1
    for line in order.carry_out(_say):
        print(line)
    return 0


def _agreed(stack: str) -> bool:
    """Ask the user to type the stack's name. Raises DeployError without a terminal."""
    if not sys.stdin.isatty():
        raise DeployError("There is nobody to ask: give --yes to remove it.")
    try:
        return input(f"Type the stack's name, {stack}, to go on: ").strip() == stack
    except EOFError:
        return False


@program.command(example="python -m deploy query unicorn_summary 'SELECT count(*) FROM wildrydes' --csv")
@click.option("--list", "list_", is_flag=True, help="Show the named queries and the columns.")
@click.option("--csv", is_flag=True, help="Comma-separated values with a heading.")
@click.option("--database", metavar="NAME", help="Database of Glue.  [default: that of the stack]")
@_placed
@click.argument("sql", required=False, metavar="[SQL]")
def query(place: Place, sql: str | None, list_: bool, csv: bool, database: str | None) -> int:
    """Run SQL over the archive.

    It runs in Athena, or with --endpoint on this machine, in DuckDB.

    SQL is a query, or the name of one of --list.
    """
    if list_ or sql is None:
        print("\n".join(queries.listed()))
        return 0 if list_ else 2
    account = place.account()
    found = Stack(account, place.stack).find()
    values = dict(found.parameters) if found else {}  # the archive outlives its stack
    values |= {"Database": database} if database else {}
    result = queries.run(account, place.known, values, sql, _say)
    print(result.csv() if csv else result.table(), end="")
    return 0
