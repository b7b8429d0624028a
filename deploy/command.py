"""The commands: package, plan, up, status, logs, stop, start, down, query."""

from __future__ import annotations

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aws.session import endpoint_of
from deploy import template
from deploy.account import Account, DeployError, connect
from flink import flags
from flink.flags import positive

NOT_RUNNING = 3
LOG_LINES = 1000  # of a log, the newest ones, unless it is followed
_OWN = ("CodeKey", "StateSignature", "StateSince", "StartTime", "Emulated")  # parameters that nobody gives
FOLLOW_PAUSE = 5.0  # seconds between two looks at the log

Commands = Any  # argparse's own type of it is private


def add(commands: Commands) -> None:
    """Add all commands to the program's parser."""
    _package(commands)
    plan = _command(commands, "plan", _plan, "what `up` would change; nothing is changed")
    up = _command(commands, "up", _up, "create or update the stack with the package, and start the application")
    for command in (plan, up):
        command.epilog = "parameters of the template:\n" + "\n".join(_parameters())
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        command.add_argument(
            "--set",
            action="append",
            default=[],
            type=_assignment,
            metavar="NAME=VALUE",
            help="a parameter of the template; those that are not given keep what they are",
        )
        command.add_argument(
            "--fresh", action="store_true", help="start anew from the beginning of the stream, without a snapshot"
        )
        command.add_argument(
            "--start",
            type=flags.start,
            default=None,
            metavar="WHERE",
            help="with --fresh, where to begin instead: TRIM_HORIZON, LATEST, or a time such as "
            "2026-11-22T06:00:00.000+00:00",
        )
        command.add_argument("--no-start", action="store_true", help="leave an application that is stopped, stopped")
    up.add_argument(
        "--replace", action="store_true", help="streams and application may be made anew, and lose what they hold"
    )
    status = _command(commands, "status", _status, "stack, application, streams, table, archive, alarms")
    status.epilog, status.formatter_class = (
        "exit codes:\n  0  the application runs\n  3  it does not\n",
        argparse.RawDescriptionHelpFormatter,
    )
    logs = _command(commands, "logs", _logs, "the application's log")
    logs.add_argument(
        "--since",
        type=partial(positive, what="a number of minutes"),
        default=60.0,
        metavar="MINUTES",
        help="how far back (default: 60)",
    )
    logs.add_argument("--errors", action="store_true", help="only errors and stack traces")
    logs.add_argument("--follow", action="store_true", help="go on with what comes, until Ctrl-C")
    stop = _command(commands, "stop", _stop, "stop the application with a snapshot, from which `start` goes on")
    stop.add_argument("--force", action="store_true", help="at once and without a snapshot, when it cannot make one")
    start = _command(commands, "start", _start, "start the application from its newest snapshot")
    start.add_argument(
        "--fresh",
        action="store_true",
        help="from where `up --fresh` last said, or the beginning of the stream; without a snapshot",
    )
    _down(_command(commands, "down", _remove, "remove the stack; table and archive stay unless told otherwise"))
    query = _command(commands, "query", _query, "SQL over the archive: in Athena, or with --endpoint here, in DuckDB")
    query.add_argument("sql", nargs="?", default=None, metavar="SQL", help="a query, or the name of one of --list")
    query.add_argument("--list", action="store_true", help="the named queries and the columns")
    query.add_argument("--csv", action="store_true", help="comma-separated values with a heading")
    query.add_argument("--database", default=None, metavar="NAME", help="of Glue (default: that of the stack)")


def _command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], what: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=what[0].upper() + what[1:] + "."
    )
    add = command.add_argument
    add("--stack", default="wildrydes", metavar="NAME", help="of CloudFormation (default: wildrydes)")
    add("--region", default=None, help="(default: that of the environment or of the AWS profile)")
    add("--profile", default=None, help="of the AWS configuration")
    add(
        "--endpoint",
        default=None,
        metavar="URL",
        help="of an emulator such as that of `python -m local aws` (default: AWS_ENDPOINT_URL, else AWS itself)",
    )
    command.set_defaults(run=run)
    return command


def _package(commands: Commands) -> None:
    what = "the zip that Managed Flink runs: the sources and one jar"
    command = commands.add_parser("package", help=what, description=what[0].upper() + what[1:] + ".")
    command.add_argument("--out", type=Path, default=None, metavar="FILE", help="(default: below .cache/package)")
    command.add_argument(
        "--untrimmed", action="store_true", help="with executables that are never started, to compare the sizes"
    )
    command.set_defaults(run=_make_package)


def _down(command: argparse.ArgumentParser) -> None:
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("--delete-table", action="store_true", help="the table with every row, too")
    command.add_argument("--delete-archive", action="store_true", help="the archive with every record, too")


def _parameters() -> list[str]:
    wide = max(map(len, template.parameters()))
    return [
        f"  {one.name:<{wide}}  {one.description} (default: {one.default or 'empty'})"
        for one in template.parameters().values()
        if one.name not in _OWN
    ]


def _assignment(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _account(parsed: argparse.Namespace) -> Account:
    return connect(endpoint_of(parsed.endpoint), parsed.region, parsed.profile)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _make_package(parsed: argparse.Namespace) -> int:
    from deploy import package  # noqa: PLC0415

    print(package.tell(package.build(parsed.out or package.OUT, trim=not parsed.untrimmed)))
    return 0


def _wanted(parsed: argparse.Namespace) -> Any:
    from deploy import package  # noqa: PLC0415
    from deploy.up import Wanted  # noqa: PLC0415
    from flink import signature  # noqa: PLC0415
    from pipeline.job import load  # noqa: PLC0415

    values = dict(parsed.set)
    if own := [name for name in values if name in _OWN]:
        other = ": `up --fresh --start` gives it" if "StartTime" in own else ""
        raise template.TemplateError(
            f"{', '.join(own)} follows from what is deployed, and where, and cannot be set{other}."
        )
    if parsed.start is not None and not parsed.fresh:
        raise template.TemplateError(
            "--start belongs to --fresh: what goes on from a snapshot reads on where that was made."
        )
    template.check(values)
    _say("making the package")
    made = package.build(package.OUT)
    return Wanted(
        made.path,
        made.sha256,
        signature.of(load("unicorn_summary")),
        values,
        fresh=parsed.fresh,
        since="" if parsed.start in (None, "TRIM_HORIZON") else flags.pinned(parsed.start, datetime.now(UTC)),
        start=not parsed.no_start,
        replace=getattr(parsed, "replace", False),
    )


def _plan(parsed: argparse.Namespace) -> int:
    from deploy.up import Deployment  # noqa: PLC0415

    account = _account(parsed)
    wanted = _wanted(parsed)
    plan = Deployment(account, parsed.stack, _say).plan(wanted)
    if plan.is_nothing:
        print(f"Nothing to change: {parsed.stack} in {account.where} is as described.")
        return 0
    told = [f"upload the package {wanted.sha256[:12]}"] if plan.uploads else []
    told += ["stop the application with a snapshot"] if plan.stops else []
    told += map(str, plan.changes)
    told += [] if plan.page.is_nothing else [str(plan.page)]
    told += ["start the application"] if plan.starts else []
    print(f"`up` would do this to {parsed.stack} in {account.where}:")
    print("\n".join(f"  {one}" for one in told))
    print("Nothing has been changed.")
    return 0


def _up(parsed: argparse.Namespace) -> int:
    from deploy.up import Deployment  # noqa: PLC0415

    account = _account(parsed)
    began = time.monotonic()
    done = Deployment(account, parsed.stack, _say).up(_wanted(parsed))
    if done.is_nothing:
        print(f"Nothing to change: {parsed.stack} in {account.where} is as described.")
        return 0
    print(f"Done in {time.monotonic() - began:.0f} s: {len(done.changes)} changes. `python -m deploy status` shows it.")
    if account.is_emulated:
        print("The emulator keeps the application's state, but runs no Flink job; `python -m local demo` does.")
    return 0


def _status(parsed: argparse.Namespace) -> int:
    from deploy import status  # noqa: PLC0415

    lines, runs = status.lines(_account(parsed), parsed.stack)
    print("\n".join(lines))
    return 0 if runs else NOT_RUNNING


def _application(parsed: argparse.Namespace) -> Any:
    from deploy.application import Application  # noqa: PLC0415
    from deploy.stack import Stack  # noqa: PLC0415

    account = _account(parsed)
    found = Stack(account, parsed.stack).require()
    return Application(account, found.parameter("ApplicationName"), _say)


def _logs(parsed: argparse.Namespace) -> int:
    from deploy.application import Entry  # noqa: PLC0415

    application = _application(parsed)
    since = time.time() - parsed.since * 60
    if not parsed.follow:
        count, newest = 0, deque[Entry](maxlen=LOG_LINES)
        for entry in application.log(since, errors=parsed.errors):
            count += 1
            newest.append(entry)
        if count > len(newest):
            _say(f"{count - len(newest):,} older entries are left out; --errors leaves less.")
        print("".join(f"{entry}\n" for entry in newest), end="")
        if not count:
            _say(f"The log has no such entries in the last {parsed.since:g} minutes.")
        return 0
    told: set[str] = set()
    while True:
        for entry in application.log(since, errors=parsed.errors):
            if entry.id not in told:
                told.add(entry.id)
                print(entry, flush=True)
                # Entries may arrive out of order: look a minute back the next time.
                since = max(since, entry.time / 1000 - 60)
        time.sleep(FOLLOW_PAUSE)


def _stop(parsed: argparse.Namespace) -> int:
    application = _application(parsed)
    if not application.require().is_running and not parsed.force:
        _say(f"{application.name} does not run: nothing to stop.")
        return NOT_RUNNING
    application.stop(force=parsed.force)
    print(f"{application.name} is stopped. `python -m deploy start` goes on from where it was.")
    return 0


def _start(parsed: argparse.Namespace) -> int:
    application = _application(parsed)
    if application.require().is_running:
        if parsed.fresh:
            raise DeployError(f"{application.name} runs: `python -m deploy stop` it first, then start it afresh.")
        print(f"{application.name} runs already.")
        return 0
    origin = application.start(fresh=parsed.fresh)
    print(f"{application.name} runs, from {origin}.")
    return 0


def _remove(parsed: argparse.Namespace) -> int:
    from deploy import down  # noqa: PLC0415

    account = _account(parsed)
    order = down.Order(account, parsed.stack, table=parsed.delete_table, archive=parsed.delete_archive)
    print("\n".join(order.tell()))
    if not parsed.yes and not _agreed(parsed.stack):
        print("Nothing has been removed.")
        return 1
    for line in order.carry_out(_say):
        print(line)
    return 0


def _agreed(stack: str) -> bool:
    """Ask a person to type the stack's name. Raises DeployError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise DeployError("There is nobody to ask: give --yes to remove it.")
    try:
        return input(f"Type the stack's name, {stack}, to go on: ").strip() == stack
    except EOFError:
        return False


def _query(parsed: argparse.Namespace) -> int:
    from deploy import query  # noqa: PLC0415

    if parsed.list or parsed.sql is None:
        print("\n".join(query.listed()))
        return 0 if parsed.list else 2
    account = _account(parsed)
    result = query.run(account, parsed.stack, parsed.sql, parsed.database, _say)
    print(result.csv() if parsed.csv else result.table(), end="")
    return 0
