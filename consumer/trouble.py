"""Which failures pass by themselves, how long to wait for them, and when to stop waiting."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name for it
    HTTPClientError,
    IncompleteReadError,
    SSLError,
)

from program.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

PASSING_CODES = frozenset(
    {
        "ExpiredIteratorException",  # a new iterator is asked for
        "ExpiredNextTokenException",  # the listing starts over
        "InternalFailure",
        "InternalFailureException",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceInUseException",  # the stream is being created
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
    }
)

FIRST_WAIT = 0.25  # seconds; the upper bound of the first wait, doubled with each further failure
LONGEST_WAIT = 10.0  # seconds
SAID_AFTER = 5.0  # seconds of failures before the first note: shorter ones are everyday
SAID_EVERY = 30.0  # seconds between the notes after it


def code_of(error: Exception) -> str:
    """The service's code of an error, or the name of its class when it never reached the service."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code") or "an error without a code"
        return f"HTTP {code}" if code.isdigit() else code
    return type(error).__name__


def is_unreachable(error: Exception) -> bool:
    """Whether no connection was made, so that nothing is known of what is at the endpoint."""
    return isinstance(error, ConnectionError)


def is_passing(error: Exception) -> bool:
    """Whether the same call may succeed later without anybody changing anything."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or code_of(error) in PASSING_CODES
    if isinstance(error, SSLError):
        return False  # a certificate does not become trusted by waiting
    return isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError)


class GaveUp(Failure):
    """A call kept failing for the whole of `patience`; `code` is its last failure's."""

    def __init__(self, call: str, code: str, seconds: float) -> None:
        super().__init__(f"{call} kept failing for {seconds:.0f} s, last with {code}")
        self.call = call
        self.code = code
        self.seconds = seconds


def full_jitter(bound: float) -> float:
    """A wait drawn from [0, bound) seconds, so that readers throttled together do not come back together.

    "Full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random.uniform(0, bound)  # noqa: S311 - spreads load, keeps no secret


@dataclass
class Trouble:
    """The unbroken run of failures of one call. Times are seconds of a monotonic clock."""

    call: str
    patience: float
    jitter: Callable[[float], float]
    note: Callable[[str], None]
    said: dict[str, float]  # when a code was last spoken of: shared, as an outage fails every shard's calls
    failures: int = 0
    since: float = 0.0
    spoke: bool = False

    def failed(self, error: Exception, now: float) -> float:
        """Count one failure and return the seconds to wait before the next try.

        Raises GaveUp when the run has lasted `patience` seconds.
        """
        if not self.failures:
            self.since, self.spoke = now, False
        code, lasted = code_of(error), now - self.since
        left = self.patience - lasted
        if left <= 0:
            raise GaveUp(self.call, code, lasted) from error
        if lasted >= SAID_AFTER and now >= self.said.get(code, now - SAID_EVERY) + SAID_EVERY:
            self.note(f"{self.call} has been failing for {lasted:.0f} s ({code}); trying for {left:.0f} s more")
            self.said[code], self.spoke = now, True
        bound = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self.failures, 16))
        self.failures += 1
        return min(self.jitter(bound), left)  # the last try comes when patience ends, not before

    def succeeded(self, now: float) -> None:
        """End the run."""
        if self.failures and self.spoke:
            self.note(f"{self.call} works again after {now - self.since:.0f} s")
        self.failures = 0
