"""A job on a Flink minicluster: a JVM with JobManager, TaskManager, web UI, checkpoints on disk, and restarts."""

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

LAST_ANSWER = 1.5  # seconds for which the REST API outlives a job that was stopped


@dataclass(frozen=True)
class Launch:
    """The launcher's options, which the job does not decide.

    parallelism: subtasks per operator; a subtask for each open shard reads fastest, any number gives the same rows.
    state: a folder for checkpoints, savepoints and logs. rest_port: of the web UI and REST API, on 127.0.0.1.
    resume: a checkpoint or savepoint to resume from. emulated: whether AWS is an emulator. brief: for a JVM that ends
    soon.
    """

    parallelism: int
    state: Path
    rest_port: int
    resume: str | None = None
    checkpoint_seconds: float = 5
    emulated: bool = True
    brief: bool = False

    def configuration(self) -> dict[str, str]:
        """The configuration of the minicluster, by Flink's names."""
        configuration = {
            **defaults.configuration(self.state, self.checkpoint_seconds),
            **defaults.loopback(self.rest_port),
            "parallelism.default": str(self.parallelism),
            # The demo's view shows metrics. Flink's default of 10 s would be too slow for it.
            "metrics.fetcher.update-interval": "1000",
            "taskmanager.memory.network.min": "128m",
            "taskmanager.memory.network.max": "128m",
        }
        if self.resume is not None:
            configuration["execution.state-recovery.path"] = self.resume
        return configuration


def run(properties: Path, launch: Launch, aws: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run the job until it ends. SIGINT and SIGTERM cancel it, and its last checkpoint stays. Returns 0.

    Raises RunError (exit code 1) for a failed job, Unusable (2) for bad settings, StartError if Java does not start.
    aws: the environment of the JVM, with the variables for AWS. say: called with each step.
    """
    say("starting Java and Flink")
    distribution.use(distribution.jvm(launch.state / "log", emulated=launch.emulated, brief=launch.brief), aws)
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415

    import main  # noqa: PLC0415  (PyFlink takes long to load)

    try:
        with processes.signals() as asked:
            callbacks.for_java_only(get_gateway())
            say("working out the job's plan and submitting it, which takes some 10 s")
            client = main.submit(properties, launch.configuration()).get_job_client()
            report("RUNNING", launch, str(client.get_job_id()))
            # Wait for the result, not the status: the minicluster is gone as soon as the job has ended.
            end = client.get_job_execution_result()
            while not end.done():
                if asked.wait(0.2):
                    client.cancel().result()
                    report("CANCELED", launch)
                    return 0
            end.result()
            # Whoever stopped the job by the REST API asks for its savepoint until the answer comes, from this JVM.
            asked.wait(LAST_ANSWER)
    except distribution.errors() as error:
        raise processes.RunError(f"The job ended: {distribution.cause(error)}") from error
    report("FINISHED", launch)
    return 0


def newest_checkpoint(state: Path) -> str:
    """The newest complete checkpoint or savepoint under a state folder, as a URI. Raises NotSetUp if there is none.

    Flink writes the file `_metadata` last, so a folder with this file is complete.
    """
    found = [*state.glob("checkpoints/*/chk-*/_metadata"), *state.glob("savepoints/*/_metadata")]
    if not found:
        raise paths.NotSetUp(f"There is no checkpoint under {state} to go on from: start without --resume.")
    return files.uri(max(found, key=lambda path: path.stat().st_mtime).parent)


def report(state: str, launch: Launch, job_id: str | None = None) -> None:
    """Print the job's state: a sentence on a terminal, else a line of JSON for the parent process."""
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
