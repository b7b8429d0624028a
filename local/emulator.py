"""AWS on this machine: one ministack process on 127.0.0.1, which ends with the process that started it."""

from __future__ import annotations

import http.client
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from aws import session
from local import gate
from program import environment as environments
from program import processes
from program.processes import StartError
from program.waiting import wait_until

REGION = session.REGION
START_LIMIT = 60.0  # seconds; half a second is usual, a busy machine is slower
# The services that the template uses and the programs call. ministack offers a hundred more, some of which run
# code that a caller sends.
SERVICES = (
    *("cloudformation", "cloudfront", "cognito-identity", "dynamodb", "firehose", "iam", "kinesis"),
    *("kinesisanalyticsv2", "logs", "monitoring", "s3", "sts"),
)
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # the alphabet of AWS's key ids


@dataclass(frozen=True)
class Keys:
    """The credentials of one run of the emulator. They permit every call."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def drawn(cls) -> Keys:
        """New keys in AWS's format, but no account number and no session's key, since ministack trusts these."""
        return cls("LOCAL" + "".join(secrets.choice(_ALPHABET) for _letter in range(15)), secrets.token_hex(20))


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its address, its process, its keys."""

    endpoint: str
    process: subprocess.Popen[bytes]
    keys: Keys

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.endpoint, self.keys)


def environment(endpoint: str, keys: Keys) -> dict[str, str]:
    """The environment variables with which every AWS SDK calls the emulator and no other endpoint."""
    return {"AWS_ENDPOINT_URL": endpoint, **credentials(keys)}


def credentials(keys: Keys) -> dict[str, str]:
    """The variables for keys and region, without an endpoint. The user's profiles and AWS files are not read."""
    return {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys.id,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def child(aws: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a child process that uses the emulator described by these variables."""
    return {**environments.plain(), **aws}


@contextmanager
def running(log: Path, port: int = 0, keys: Keys | None = None, module: str = "local.ministack") -> Iterator[Emulator]:
    """Start the emulator, wait until it answers, and stop it at the end. Port 0 takes a free port. Without keys, new
    keys are drawn. module: the emulator's program. Raises StartError if the emulator does not start, for example
    because the port is in use.
    """
    emulator = _started(log, port, keys or Keys.drawn(), module)
    try:
        yield emulator
    finally:
        processes.stop(emulator.process)


def _started(log: Path, port: int, keys: Keys, module: str) -> Emulator:
    processes.require_free(port, "--port")
    for last in (False, False, True):  # another process may take a free port before the emulator opens it
        chosen = port or processes.free_port()
        process = processes.start([sys.executable, "-m", module], log, _variables(chosen, keys))
        emulator = Emulator(f"http://127.0.0.1:{chosen}", process, keys)
        try:
            _wait(emulator, log)
        except StartError:
            processes.stop(process)
            if last or port:
                raise
        except BaseException:
            processes.stop(process)
            raise
        else:
            return emulator
    raise AssertionError("unreachable")


def _variables(port: int, keys: Keys) -> dict[str, str]:
    """The emulator's whole environment: ministack reads a hundred variables, some of which are used elsewhere too."""
    return environments.plain() | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": ",".join(SERVICES),
        "AUTH": "true",
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys.id,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
    }


def _wait(emulator: Emulator, log: Path) -> None:
    def is_there() -> bool:
        if emulator.process.poll() is not None:
            raise StartError(
                f"The AWS emulator ended at once ({processes.last_line(log)}): is {emulator.endpoint} taken by another "
                f"program? Its log is {log}."
            )
        return answers(f"{emulator.endpoint}{gate.HEALTH}")

    if not wait_until(is_there, START_LIMIT, 0.05):
        raise StartError(f"The AWS emulator did not answer within {START_LIMIT:.0f} s; its log is {log}.")


def answers(address: str) -> bool:
    """Whether a GET of this local address returns status 200, without a proxy."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=2)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
