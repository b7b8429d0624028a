"""The command line of the local Flink cluster: python -m local cluster up | status | down."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from flink import cluster, rest
from java import lib
from program import folders
from program.formats import size


def add(command: argparse.ArgumentParser, count: Callable[[str], int], port: Callable[[str], int]) -> None:
    """Add the three commands; `count` and `port` read a flag's value."""
    what = command.add_subparsers(required=True, metavar="COMMAND")
    size = cluster.Size()
    up = what.add_parser(
        "up",
        help="start it, or what has died of it",
        description="Start a standalone Flink cluster that goes on until `down`; where it runs, start what is missing.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    up.add_argument("--task-managers", type=count, default=size.task_managers, metavar="N", help="processes")
    up.add_argument("--slots", type=count, default=size.slots, metavar="N", help="task slots of each of them")
    up.add_argument("--port", type=port, default=0, metavar="PORT", help="of the web UI; 0 takes a free one")
    up.set_defaults(run=_up)
    status = what.add_parser("status", help="its processes, slots and jobs; exit code 0 if it is complete")
    status.set_defaults(run=_status)
    down = what.add_parser("down", help="stop it; checkpoints and savepoints stay on disk")
    down.set_defaults(run=_down)


def _up(parsed: argparse.Namespace) -> int:
    lib.require()  # what it lacks would be noticed by the first job only
    with folders.awaited(cluster.FOLDER, "local cluster", 2 * cluster.START_LIMIT):
        note, started = cluster.up(cluster.Size(parsed.task_managers, parsed.slots), parsed.port)
    done = f"Started {', '.join(started)}" if started else "Everything was running already"
    print(
        f"{done}. Flink's web UI is {note.address}; {len(note.alive('taskmanager'))} TaskManagers with "
        f"{note.size.slots} slots each.\nLogs, checkpoints and savepoints are in {_shown()}. "
        "`python -m jobs submit` runs the job there, `python -m local cluster down` ends it."
    )
    return 0


def _status(_parsed: argparse.Namespace) -> int:
    note = cluster.read()
    if note is None:
        print("There is no cluster: `python -m local cluster up` starts one.")
        return 3
    for member in note.members:
        process = member.process()
        if process is None:
            print(f"{member.role:<12} pid {member.pid:<8} ended: `python -m local cluster up` starts another one")
            continue
        since = datetime.fromtimestamp(process.create_time(), UTC)
        memory = size(process.memory_info().rss)
        print(f"{member.role:<12} pid {member.pid:<8} since {since:%Y-%m-%d %H:%M:%S} UTC, {memory}")
    try:
        found = rest.Cluster(note.address).overview()
    except rest.RestError as error:
        print(error)
        return 3
    print(
        f"{note.address}: {found['taskmanagers']} TaskManagers registered, {found['slots-available']} of "
        f"{found['slots-total']} slots free, {found['jobs-running']} jobs running"
    )
    complete = found["taskmanagers"] >= note.size.task_managers
    return 0 if complete and all(member.process() for member in note.members) else 3


def _down(_parsed: argparse.Namespace) -> int:
    with folders.awaited(cluster.FOLDER, "local cluster", 2 * cluster.START_LIMIT):
        count = cluster.down()
    print(
        f"Stopped {count} processes; checkpoints and savepoints stay in {_shown()}."
        if count
        else "Nothing was running."
    )
    return 0


def _shown() -> str:
    return str(cluster.FOLDER.relative_to(lib.ROOT))
