"""The job on a Flink minicluster: one JVM with JobManager, TaskManager, web UI, checkpoints on disk, and restarts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors import files
from flink import callbacks, defaults, distribution
from java import paths
from program import processes


@dataclass(frozen=True)
class Launch:
    """What the launcher decides, and the job does not.

    parallelism: subtasks per operator; one for each open shard reads fastest, any number gives the same rows.
    state: a folder for checkpoints, savepoints and logs. rest_port: of the web UI and REST API, on 127.0.0.1.
    resume: a checkpoint or savepoint to go on from. emulated: whether AWS is an emulator.
    """

    parallelism: int
    state: Path
    rest_port: int
    resume: str | None = None
    checkpoint_seconds: float = 5
    emulated: bool = True

    def configuration(self) -> dict[str, str]:
        """Flink's configuration, by its own names."""
        configuration = {
            **defaults.configuration(self.state, self.checkpoint_seconds),
            **defaults.loopback(self.rest_port),
            "parallelism.default": str(self.parallelism),
            # The demo's view reads metrics; ten seconds between two looks would be old news.
            "metrics.fetcher.update-interval": "1000",
            "taskmanager.memory.network.min": "128m",
            "taskmanager.memory.network.max": "128m",
        }
        if self.resume is not None:
            configuration["execution.state-recovery.path"] = self.resume
        return configuration


def run(properties: Path, launch: Launch, aws: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run the job until it ends or this process is asked to (SIGINT, SIGTERM): then it is cancelled, keeping its last
    checkpoint. 0 for a job that finished or was cancelled, 1 for one that failed, 2 for unusable settings.

    aws: the environment of its JVM, with what the job reaches AWS by. say: told each step. Raises StartError.
    """
    say("starting Java and Flink")
    distribution.use(distribution.jvm(launch.state / "log", emulated=launch.emulated), aws)
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415

    import main  # noqa: PLC0415  (PyFlink takes long to load)

    try:
        with processes.signals() as asked:
            callbacks.for_java_only(get_gateway())
            say("working out the job's plan and submitting it, which takes some 20 s")
            client = main.submit(properties, launch.configuration()).get_job_client()
            report("RUNNING", launch, str(client.get_job_id()))
            # The job's end, not its status: the minicluster is gone as soon as the job has ended.
            end = client.get_job_execution_result()
            while not end.done():
                if asked.wait(0.2):
                    client.cancel().result()
                    report("CANCELED", launch)
                    return 0
            end.result()
    except distribution.errors() as error:
        raise processes.RunError(f"The job ended: {distribution.cause(error)}") from error
    report("FINISHED", launch)
    return 0


def newest_checkpoint(state: Path) -> str:
    """The newest complete checkpoint or savepoint under a state folder, as a URI. Raises NotSetUp if there is none.

    Flink writes the file `_metadata` last, so a folder that has it is complete.
    """
    found = [*state.glob("checkpoints/*/chk-*/_metadata"), *state.glob("savepoints/*/_metadata")]
    if not found:
        raise paths.NotSetUp(f"There is no checkpoint under {state} to go on from: start without --resume.")
    return files.uri(max(found, key=lambda path: path.stat().st_mtime).parent)


def report(state: str, launch: Launch, job_id: str | None = None) -> None:
    """Say how the job is doing: a sentence on a terminal, else one line of JSON for whoever started this."""
    web = f"http://127.0.0.1:{launch.rest_port}"
    line = json.dumps({"state": state, "web": web, "job": job_id})
    print(
        f"{state}: {_MEANING[state].format(web=web, state=launch.state)}" if sys.stdout.isatty() else line, flush=True
    )


_MEANING = {
    "RUNNING": "Flink's web UI is {web}, checkpoints are in {state}. Ctrl-C cancels the job and keeps the last one.",
    "CANCELED": "The same command with --resume last goes on from the last checkpoint in {state}.",
    "FINISHED": "the job was stopped, with a savepoint if that was asked for, in {state}.",
}
