"""The target of a deployment: an AWS account, or the emulator at an endpoint."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from aws.failures import AwsError, Remedies
from aws.session import Services
from program.addresses import is_loopback, without_secrets
from program.output import Say
from program.waiting import Every, wait_until

T = TypeVar("T")
TOLD_EVERY = 15.0  # seconds between two progress messages


class DeployError(AwsError):
    """AWS refuses a call, or a resource is in the wrong state. The text is a sentence with the remedy."""


@dataclass(frozen=True)
class Account(Services):
    """The AWS services of an account or an emulator, with the properties that a deployment needs."""

    error = DeployError
    read_timeout = 60.0
    remedies: ClassVar[Remedies] = {
        "NoSuchBucket": "`python -m deploy up JOB` creates it",
        "ResourceNotFoundException": "`python -m deploy status JOB` shows what is there",
        "ResourceInUseException": "wait until what is under way has ended; `python -m deploy status JOB` shows it",
        "AlreadyExistsException": "remove what is there, or choose another name with --set",
        "BucketAlreadyExists": "choose another name with --set BucketPrefix=...",
    }

    @property
    def attempts(self) -> int:
        """How often botocore makes a call that fails for a passing reason. Pauses grow, with jitter."""
        return 3 if self.is_emulated else 8

    @property
    def is_emulated(self) -> bool:
        """Whether the endpoint is an emulator. AWS endpoints, also those in a VPC, speak TLS."""
        if self.endpoint is None:
            return False
        return urlsplit(self.endpoint).scheme == "http" or is_loopback(self.endpoint)

    @property
    def where(self) -> str:
        """Region and endpoint as text for messages."""
        return f"{self.region} at {without_secrets(self.endpoint)}" if self.endpoint else self.region

    @functools.cached_property
    def number(self) -> str:
        """The account's twelve digits. Raises ClientError or BotoCoreError."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def listed(self, service: str, operation: str, key: str, **request: Any) -> list[dict[str, Any]]:
        """All items under this key, from every page of the call; an empty list if the resource does not exist.

        Raises DeployError.
        """
        pages = self.client(service).get_paginator(operation).paginate
        return self.look_up(lambda: [one for page in pages(**request) for one in page[key]]) or []


class Wait:
    """A wait for AWS with progress messages: `say` gets a line every 15 s. Pauses between polls grow up to 5 s."""

    def __init__(self, what: str, seconds: float, remedy: str, say: Say) -> None:
        self._what, self._seconds, self._remedy, self._say = what, seconds, remedy, say
        self._began, self._every = time.monotonic(), Every(TOLD_EVERY)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def until(self, done: Callable[[], T | None]) -> T:
        """Return the first true result of `done`. Raises DeployError after the limit."""

        def answer() -> T | None:
            found = done()
            if not found and self._every.is_due():
                self._say(f"{self.elapsed:5.0f} s  {self._what} goes on")
            return found

        if found := wait_until(answer, self._seconds, 0.1, 5.0):
            return found
        raise DeployError(f"{self._what} has not ended after {self._seconds / 60:.0f} minutes: {self._remedy}.")
