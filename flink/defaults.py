"""What every Flink that is started here is told: keep checkpoints, try again for ever, listen on this machine only."""

from __future__ import annotations

from pathlib import Path

from connectors import files


def configuration(state: Path, checkpoint_seconds: float) -> dict[str, str]:
    """Checkpoints and restarts, by Flink's names; checkpoints and savepoints lie in folders of `state`."""
    return {
        "execution.checkpointing.dir": files.uri(state / "checkpoints"),
        "execution.checkpointing.savepoint-dir": files.uri(state / "savepoints"),
        **policy(checkpoint_seconds),
    }


def policy(checkpoint_seconds: float) -> dict[str, str]:
    """How often a checkpoint is made, how many are kept, and what happens after a failure, by Flink's names."""
    return {
        "execution.checkpointing.interval": f"{int(checkpoint_seconds * 1000)} ms",
        "execution.checkpointing.min-pause": "500 ms",
        "execution.checkpointing.timeout": "2 min",
        # A disk that is full for a while must not end the job: it works on, and `health` tells how old the last one is.
        "execution.checkpointing.tolerable-failed-checkpoints": "1000000",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.num-retained": "3",
        # The job must outlive any fault of the services: it tries again for ever, at most every half minute.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "30 s",
        "restart-strategy.exponential-delay.jitter-factor": "0.2",
    }


def loopback(rest_port: int) -> dict[str, str]:
    """The addresses of JobManager, TaskManager and web UI, by Flink's names."""
    return {
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": str(rest_port),
        # The web UI shows and cancels; nobody needs to upload code there. This closes /jars alone: /jobs still takes
        # job graphs, which any page in a browser can post. java/doorkeeper/doorkeeper/Doorkeeper.java keeps pages out.
        "web.submit.enable": "false",
        "web.access-control-allow-origin": f"http://127.0.0.1:{rest_port}",
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
    }
