"""The demo: unicorns through Kinesis and Flink into rows, with every row checked against the records sent."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from flink import cluster, rest, signature, submit
from java import paths
from local import archive, emulator, page, proof, resources, running
from local.terminal import Scene, Show, view
from local.watch import Seen, Watch
from pipeline.job import load
from program import folders, processes
from program.processes import RunError
from program.waiting import wait_until

JOB = load("unicorn_summary")

WINDOW_LIMIT = 180.0  # seconds that a demo with --windows waits for the next window
DRAIN_LIMIT = 120.0  # seconds to close the last windows


@dataclass(frozen=True)
class Options:
    """The options of a demo.

    unicorns, shards, parallelism: numbers. speed: the producer's clock against the wall clock. windows: closed windows
    after which the demo ends, None for no end. late, out_of_order, malformed: shares of the readings, 0 to 1. seed: of
    the flight. port, web_port, page_port: of the AWS endpoint, Flink's web UI, the dashboard; 0 for a free port.
    cluster: run on a standalone cluster of three processes, not in one JVM. dashboard: whether to serve the dashboard.
    """

    unicorns: int
    shards: int
    parallelism: int
    speed: float
    windows: int | None
    late: float
    out_of_order: float
    malformed: float
    seed: int | None
    port: int
    web_port: int
    cluster: bool = False
    dashboard: bool = True
    page_port: int = 0

    @property
    def task(self) -> str:
        """The task in one line."""
        end = "until Ctrl-C" if self.windows is None else f"until {self.windows} windows"
        return (
            f"{self.unicorns} unicorns, {self.shards} shards, parallelism {self.parallelism}"
            f"{' on a cluster' if self.cluster else ''}, "
            f"a minute in {60 / self.speed:.3g} s, {end}"
        )

    def producer(self, copy: Path) -> list[str]:
        """The producer's command line, as a user would type it."""
        command = [sys.executable, "-m", "producer", "--unicorns", str(self.unicorns), "--speed", str(self.speed)]
        command += ["--late", str(self.late), "--out-of-order", str(self.out_of_order)]
        command += ["--malformed", str(self.malformed), "--copy", str(copy)]
        return command + (["--seed", str(self.seed)] if self.seed is not None else [])


@dataclass(frozen=True)
class Flight:
    """A running demo: its processes by the names of their logs, the job, the counts so far, the screen.

    flink: the processes in which the job runs. has_ended: whether the job has ended.
    """

    folder: Path
    aws: emulator.Emulator
    flink: Mapping[str, subprocess.Popen[bytes]]
    job: rest.Job
    has_ended: Callable[[], bool]
    producer: subprocess.Popen[bytes]
    seen: Seen
    show: Show

    @property
    def copy(self) -> Path:
        """The file with a copy of the records sent, byte for byte."""
        return copy_in(self.folder)


def copy_in(folder: Path) -> Path:
    return folder / "sent.jsonl"


def run(options: Options) -> int:
    """Run the demo; returns 0 only if every row is right and every record is counted, else 1 with the reasons."""
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:5.1f} s  {text}", flush=True)

    with ExitStack() as stack:
        stop = stack.enter_context(processes.signals())
        processes.require_free(options.web_port, "--web-port")
        processes.require_free(options.page_port, "--page-port")
        folder = stack.enter_context(folders.fresh("demo", "local demo"))
        say("starting the AWS emulator")
        aws = stack.enter_context(emulator.running(folder / "emulator.log", options.port))
        names = resources.default_names()
        clients = resources.clients(aws.environment)
        made = resources.create(
            aws.environment, options.shards, resources.workshop(), names.of_tables(), Archive="yes", Dashboard="yes"
        )
        # What the unicorns send until the job runs is its first backlog.
        say("the unicorns take off")
        producer = processes.start(
            options.producer(copy_in(folder)), folder / "producer.log", emulator.child(aws.environment)
        )
        stack.callback(processes.stop, producer, 15)
        ground = Ground(folder, aws, names, stack, stop, say)
        flink, job, has_ended = (_on_cluster if options.cluster else _in_one_jvm)(options, ground)
        say("job running; the first rows come within seconds")
        say(f"in another terminal: {running.write_access(folder, aws)}; python -m jobs watch {JOB.name}")
        # The dashboard's threads start after the last child process: a fork beside threads may hang.
        address = None
        if options.dashboard:
            chosen = page.settings(names, emulator.REGION, made["IdentityPool"])
            address = stack.enter_context(page.running(chosen, aws.endpoint, options.page_port, keys=aws.keys)).address
            say(f"watch them on the dashboard: {address}")
        watch = stack.enter_context(Watch(*clients, names, copy_in(folder), job))
        scene = Scene(job.address, aws.endpoint, str(folder.relative_to(paths.ROOT)), options.task, address)
        with view(scene) as show:
            flight = Flight(folder, aws, flink, job, has_ended, producer, watch.seen, show)
            first_row = fly(flight, options.windows, stop)
            land(flight)
        if first_row is not None:
            print(f"The first summary row came {first_row - started:.0f} s after the start.")
        sent = proof.read_lines(flight.copy)
        report = proof.prove(*clients, names, sent)
        account = resources.account(aws.environment)
        return proof.print_report(report, archive.prove(account, made["ArchiveBucketName"], sent, print), folder)


@dataclass(frozen=True)
class Ground:
    """The inputs of starting Flink: a folder, AWS, resource names, a printer, and a stack closed at the demo's end."""

    folder: Path
    aws: emulator.Emulator
    names: resources.Names
    stack: ExitStack
    stop: threading.Event
    say: Callable[[str], None]


Flink = tuple[Mapping[str, subprocess.Popen[bytes]], rest.Job, Callable[[], bool]]


def _in_one_jvm(options: Options, ground: Ground) -> Flink:
    """Start the job in a minicluster; returns its processes, the job, and a test of whether the job has ended."""
    ground.say("starting Flink and the job")
    flags = ["--parallelism", str(options.parallelism), "--port", str(options.web_port), "--brief"]
    properties = running.write_properties(ground.folder, ground.aws, ground.names)
    launch = running.Launch(ground.folder, properties, ground.aws.environment)
    runner, job = running.start(launch, flags, ground.stop)
    ground.stack.callback(processes.stop, runner)
    ground.say(f"job submitted, its web UI is {job.address}")
    running.wait_until_running(job, runner, ground.stop)
    return {"job": runner}, job, lambda: runner.poll() is not None


def _on_cluster(options: Options, ground: Ground) -> Flink:
    """Start the job on a standalone cluster, with enough slots to survive the death of a TaskManager."""
    ground.say("starting a Flink cluster: one JobManager, two TaskManagers")
    size = cluster.Size(task_managers=2, slots=options.parallelism)
    members = ground.stack.enter_context(
        cluster.running(ground.folder / "cluster", size, emulator.child(ground.aws.environment), options.web_port)
    )
    if ground.stop.is_set():
        raise RunError("Stopped before the job was submitted.")
    ground.say(f"submitting the job with flink run to {members.rest.address}")
    properties = running.write_properties(ground.folder, ground.aws, ground.names)
    asking = submit.Submission(JOB, properties, options.parallelism, signature.of(JOB))
    job = submit.submit(members.rest, asking)
    # If a TaskManager dies, the other TaskManager has enough slots. Without the JobManager there is no job.
    return {"jobmanager": members.processes["jobmanager"]}, job, lambda: job.state() in rest.ENDED


def fly(flight: Flight, windows: int | None, stop: threading.Event) -> float | None:
    """Show the demo until its end condition; returns the time of the first row, by the monotonic clock."""
    first_row = None
    parts = {"emulator": flight.aws.process, "producer": flight.producer, **flight.flink}
    closed, since = 0, time.monotonic()
    while not stop.wait(0.2):
        flight.show(flight.seen, "flying")
        for name, process in parts.items():
            if process.poll() is not None:
                log = next(flight.folder.rglob(f"{name}.*"), flight.folder / f"{name}.log")
                raise RunError(f"The {name} ended ({processes.last_line(log)}).")
        if first_row is None and flight.seen.rows:
            first_row = time.monotonic()
        if len(flight.seen.windows) > closed:
            closed, since = len(flight.seen.windows), time.monotonic()
        if windows is not None and closed >= windows:
            break
        if windows is not None and time.monotonic() - since > WINDOW_LIMIT:
            why = flight.job.failure() or "no failure of the job is known"
            raise RunError(f"No window has closed for {WINDOW_LIMIT:.0f} s ({why}); look at {flight.job.address}.")
    return first_row


def land(flight: Flight) -> None:
    """Stop the producer, let the job read all records, and close the open windows."""

    def tick() -> None:
        flight.show(flight.seen, "landing")

    flight.producer.terminate()
    _wait(lambda: flight.producer.poll() is not None, 30, "The producer did not end", tick)
    running.wait_until_read(flight.job, len(proof.read_lines(flight.copy)), tick)
    flight.show(flight.seen, "closing the last windows")
    flight.job.drain(DRAIN_LIMIT)
    _wait(flight.has_ended, 60, "The job did not end", lambda: None)
    # Give the watching threads time to see the last outputs.
    _wait(_settled(flight.seen), 10, "The outputs did not come to rest", lambda: flight.show(flight.seen, "landed"))


def _settled(seen: Seen) -> Callable[[], bool]:
    """A test of whether the displayed numbers have been stable for 1.5 seconds."""
    last: tuple[int, ...] = ()
    since = time.monotonic()

    def settled() -> bool:
        nonlocal last, since
        now = (seen.rows, seen.table, seen.errors.total(), seen.sent)
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since > 1.5

    return settled


def _wait(done: Callable[[], bool], seconds: float, what: str, tick: Callable[[], None]) -> None:
    def is_done() -> bool:
        tick()
        return done()

    if not wait_until(is_done, seconds, 0.1):
        raise RunError(f"{what} within {seconds:.0f} s.")
