"""A standalone Flink cluster on this machine: a JobManager and some TaskManagers, each a process of its own.

Flink's own scripts start the same processes. The code is from the apache-flink wheel. Configuration, logs, checkpoints
and savepoints are in a single folder. The class path has nothing of this project but the doorkeeper of the REST server:
a job brings its jar along, as to any cluster. The processes of `running` are children that end with their parent. The
processes of `up` outlive the command; `up` and `down` read their ids from a note in the folder.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flink import defaults, distribution, rest
from program import environment, folders, processes
from program.processes import StartError
from program.waiting import wait_until

if TYPE_CHECKING:
    import psutil

FOLDER = folders.STATE / "cluster"
START_LIMIT = 120.0  # seconds until all TaskManagers have registered; 10 s are usual
STOP_LIMIT = 15.0  # seconds for a process to end after SIGTERM
_NOTE = "cluster.json"


@dataclass(frozen=True)
class Size:
    """A cluster's size: TaskManagers, and slots of each TaskManager. A job needs as many slots as its parallelism."""

    task_managers: int = 2
    slots: int = 4


@dataclass(frozen=True)
class Member:
    """A process of a cluster. Its creation time is kept too: the process id may belong to another program by now."""

    role: str
    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The running process, or None if it has ended."""
        import psutil  # noqa: PLC0415  (--help must work before the set-up)

        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None


@dataclass(frozen=True)
class Note:
    """The note about a cluster that outlives its command."""

    web_port: int
    rpc_port: int
    size: Size
    members: tuple[Member, ...]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def alive(self, role: str) -> list[Member]:
        return [member for member in self.members if member.role == role and member.process()]


def configuration(folder: Path, web_port: int, rpc_port: int, slots: int) -> dict[str, str]:
    """The configuration of the cluster, by Flink's names."""
    return {
        **defaults.configuration(folder, 5),
        **defaults.loopback(web_port),
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": str(rpc_port),
        "jobmanager.memory.process.size": "1024m",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.memory.process.size": "1536m",
        "taskmanager.numberOfTaskSlots": str(slots),
        # A job survives a TaskManager's death only after a heartbeat timeout. On a single machine seconds are enough.
        "heartbeat.interval": "2000",
        "heartbeat.timeout": "20000",
        "metrics.fetcher.update-interval": "1000",
        "io.tmp.dirs": str((folder / "tmp").resolve()),
        "blob.storage.directory": str((folder / "tmp").resolve()),
    }


@contextmanager
def running(
    folder: Path, size: Size, env: Mapping[str, str], web_port: int = 0, more: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A cluster of child processes, stopped at the end. Web port 0 stands for any free port. Raises StartError.

    env: the environment of the processes, without Flink's own variables. more: further configuration.
    """
    processes.require_free(web_port, "--web-port")
    _prepare(folder)
    options = configuration(folder, web_port or processes.free_port(), processes.free_port(), size.slots)
    distribution.write_configuration(folder, {**options, **(more or {})})
    cluster = Running(folder, size, env, rest.Cluster(f"http://127.0.0.1:{options['rest.port']}"), {})
    try:
        cluster.start("jobmanager")
        for number in range(size.task_managers):
            cluster.start("taskmanager", number)
        cluster.wait_until_complete()
        yield cluster
    finally:
        for process in reversed(list(cluster.processes.values())):
            processes.stop(process, STOP_LIMIT)


@dataclass(frozen=True)
class Running:
    """A cluster of child processes, named jobmanager, taskmanager-0, taskmanager-1, ..."""

    folder: Path
    size: Size
    env: Mapping[str, str]
    rest: rest.Cluster
    processes: dict[str, subprocess.Popen[bytes]]

    def start(self, role: str, number: int | None = None) -> None:
        """Start a process, for the first time or again."""
        name = role if number is None else f"{role}-{number}"
        command = distribution.command(role, self.folder, f"{name}.log")
        env = {**self.env, **distribution.environment(self.folder)}
        self.processes[name] = processes.start(command, self.folder / "log" / f"{name}.out", env)

    def wait_until_complete(self) -> None:
        """Wait until every TaskManager has registered. Raises StartError."""

        def ended() -> str | None:
            return next((name for name, process in self.processes.items() if process.poll() is not None), None)

        _wait(lambda: len(self.rest.task_managers()) >= self.size.task_managers, ended, self.folder)


def _wait(complete: Callable[[], bool], ended: Callable[[], str | None], folder: Path) -> None:
    def done() -> bool:
        if name := ended():
            log = folder / "log" / f"{name}.out"
            raise StartError(f"The {name} ended at once ({processes.last_line(log)}); its log is {log}.")
        with suppress(rest.RestError):
            return complete()
        return False

    if not wait_until(done, START_LIMIT):
        raise StartError(
            f"The Flink cluster was not complete within {START_LIMIT:.0f} s; its logs are in {folder / 'log'}."
        )


def up(size: Size, web_port: int = 0, folder: Path = FOLDER) -> tuple[Note, list[str]]:
    """Start the processes of the cluster in `folder` that do not run: all of them, or those that have died.

    The processes outlive this command. If the JobManager runs, web port and slots stay as they are, and missing
    TaskManagers are added. Returns the note of the running cluster, and the roles started. Raises StartError.
    """
    note = read(folder)
    if note is None or not note.alive("jobmanager"):
        wanted = web_port or (note.web_port if note and _is_free(note.web_port) else 0)
        processes.require_free(wanted, "--port")
        members = note.members if note else ()
        rpc_port = note.rpc_port if note and _is_free(note.rpc_port) else processes.free_port()
        note = Note(wanted or processes.free_port(), rpc_port, size, members)
    else:
        # A TaskManager that runs cannot change its slots.
        note = replace(note, size=Size(size.task_managers, note.size.slots))
    _prepare(folder)
    distribution.write_configuration(folder, configuration(folder, note.web_port, note.rpc_port, note.size.slots))
    address = rest.Cluster(note.address)
    # A TaskManager that has just died is still registered. So new ids are counted, not all registered ids.
    before = address.task_managers() if note.alive("jobmanager") else set()
    started: list[str] = []
    missing = {"jobmanager": 1 - len(note.alive("jobmanager"))}
    missing["taskmanager"] = note.size.task_managers - len(note.alive("taskmanager"))
    members_now = [member for member in note.members if member.process()]
    for role, count in missing.items():
        for _each in range(count):
            members_now.append(_detached(role, len(members_now), folder))
            started.append(role)
            note = replace(note, members=tuple(members_now))
            _write(note, folder)  # at once: `down` must know the process even if the next step fails

    def ended() -> str | None:
        return next((member.role for member in note.members if not member.process()), None)

    awaited = started.count("taskmanager") if before else note.size.task_managers
    _wait(lambda: len(address.task_managers() - before) >= awaited, ended, folder)
    return note, started


def down(folder: Path = FOLDER) -> int:
    """Stop every process of the cluster in `folder`, and return their number. Checkpoints and savepoints stay."""
    import psutil  # noqa: PLC0415

    note = read(folder)
    if note is None:
        return 0
    alive = [process for member in reversed(note.members) if (process := member.process())]
    for process in alive:
        process.terminate()
    _gone, stubborn = psutil.wait_procs(alive, STOP_LIMIT)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, 5)
    (folder / _NOTE).unlink(missing_ok=True)
    return len(alive)


def read(folder: Path = FOLDER) -> Note | None:
    """The note of the cluster in `folder`; None without a note. Raises StartError if it is unreadable."""
    try:
        found = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        members = tuple(Member(one["role"], one["pid"], one["created"]) for one in found["members"])
        return Note(found["web_port"], found["rpc_port"], Size(**found["size"]), members)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StartError(
            f"{folder / _NOTE} cannot be read ({error}): remove it, and end its processes by hand."
        ) from error


def _write(note: Note, folder: Path) -> None:
    partial = folder / f"{_NOTE}.new"
    partial.write_text(json.dumps(asdict(note), indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / _NOTE)


def _prepare(folder: Path) -> None:
    for name in ("log", "tmp", "checkpoints", "savepoints"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def _detached(role: str, number: int, folder: Path) -> Member:
    """Start a process in a session of its own, to outlive this process. Jobs in it may use the user's AWS variables."""
    import psutil  # noqa: PLC0415

    log = folder / "log" / f"{role}.out"
    command = distribution.command(role, folder, f"{role}-{number}.log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment.users_aws() | distribution.environment(folder),
            cwd=folder,
            start_new_session=True,
        )
    return Member(role, process.pid, psutil.Process(process.pid).create_time())


def _is_free(port: int) -> bool:
    try:
        processes.require_free(port, "--port")
    except StartError:
        return False
    return True
