"""Configuration of each Flink that this project starts: keep checkpoints, restart for ever, listen on loopback only."""

from __future__ import annotations

from pathlib import Path

from connectors import files


def configuration(state: Path, checkpoint_seconds: float) -> dict[str, str]:
    """Options of checkpoints and restarts, by Flink's names. Checkpoints and savepoints are in folders of `state`."""
    return {
        "execution.checkpointing.dir": files.uri(state / "checkpoints"),
        "execution.checkpointing.savepoint-dir": files.uri(state / "savepoints"),
        **policy(checkpoint_seconds),
    }


def policy(checkpoint_seconds: float) -> dict[str, str]:
    """The interval and number of checkpoints, and the restart strategy, by Flink's names."""
    return {
        "execution.checkpointing.interval": f"{int(checkpoint_seconds * 1000)} ms",
        "execution.checkpointing.min-pause": "500 ms",
        "execution.checkpointing.timeout": "2 min",
        # A disk that is full for a while must not end the job. `health` shows the age of the last checkpoint.
        "execution.checkpointing.tolerable-failed-checkpoints": "1000000",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.num-retained": "3",
        # The job must outlive any fault of the services: Flink restarts it for ever, after 30 s at most.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "30 s",
        "restart-strategy.exponential-delay.jitter-factor": "0.2",
    }


def loopback(rest_port: int) -> dict[str, str]:
    """The options of a Flink on this machine alone: the addresses of its parts, and its patience, by Flink's names."""
    return {
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": str(rest_port),
        # The web UI shows and cancels jobs, and need not take code. This option closes only /jars: /jobs still takes
        # job graphs, which any page in a browser can post. java/doorkeeper/doorkeeper/Doorkeeper.java keeps pages out.
        "web.submit.enable": "false",
        "web.access-control-allow-origin": f"http://127.0.0.1:{rest_port}",
        # The source's coordinator and readers speak all the time, and Flink fails a task that does not answer within
        # this time: the job should outlive a machine that stands still for a while, such as a laptop.
        "pekko.ask.timeout": "60 s",
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
    }
