"""The command line of the local Flink cluster: python -m local cluster up | status | down."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from flink import cluster as clusters
from flink import flags, rest
from java import paths
from program import folders
from program.command_line import Group, Value
from program.formats import size

COUNT = Value(flags.count, "N")
SIZE = clusters.Size()


@click.group(cls=Group)
def cluster() -> None:
    """A standalone Flink cluster on this machine.

    A JobManager and TaskManagers, each a process of its own.
    """


@cluster.command(example="python -m local cluster up --task-managers 3 --slots 2")
@click.option("--task-managers", type=COUNT, default=SIZE.task_managers, help="TaskManagers, a process each.")
@click.option("--slots", type=COUNT, default=SIZE.slots, help="Task slots of each TaskManager.")
@click.option("--port", type=Value(flags.port, "PORT"), default=0, help="Port of the web UI; 0 picks a free one.")
def up(task_managers: int, slots: int, port: int) -> int:
    """Start the cluster, or what has died of it.

    It goes on until `down`. Where it runs, what is missing is started.
    """
    paths.require()  # otherwise the first job would be the first to notice a missing part
    with folders.awaited(clusters.FOLDER, "local cluster", 2 * clusters.START_LIMIT):
        note, started = clusters.up(clusters.Size(task_managers, slots), port)
    done = f"Started {', '.join(started)}" if started else "Everything was running already"
    workers = len(note.alive("taskmanager"))
    print(
        f"{done}. Flink's web UI is {note.address}; {workers} TaskManager{'' if workers == 1 else 's'} with "
        f"{note.size.slots} slots each.\nLogs, checkpoints and savepoints are in {_shown()}. "
        "`python -m jobs submit JOB` runs a job there, `python -m local cluster down` ends it."
    )
    return 0


@cluster.command(example="python -m local cluster status")
def status() -> int:
    """Show its processes, slots and jobs.

    The exit code is 0 if the cluster is complete, 3 if it is not.
    """
    note = clusters.read()
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


@cluster.command(example="python -m local cluster down")
def down() -> int:
    """Stop the cluster; checkpoints and savepoints stay on disk."""
    with folders.awaited(clusters.FOLDER, "local cluster", 2 * clusters.START_LIMIT):
        ended = clusters.down()
    print(
        f"Stopped {ended} processes; checkpoints and savepoints stay in {_shown()}."
        if ended
        else "Nothing was running."
    )
    return 0


def _shown() -> str:
    return str(clusters.FOLDER.relative_to(paths.ROOT))
