"""Where things are deployed: an AWS account, or the emulator at an endpoint; and what its errors mean."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from aws import session as sessions
from aws.failures import of_configuration, of_proxy
from program.addresses import is_here, is_http, without_secrets
from program.errors import Failure

Say = Callable[[str], None]  # one line of progress

# Answers that come again after a while are asked again by botocore, with growing pauses and jitter.
_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 8})
_EMULATOR = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3})
TOLD_EVERY = 15.0  # seconds between two lines about a wait
_UNKNOWN = (
    *("UnrecognizedClientException", "MissingAuthenticationTokenException"),
    *("InvalidSignatureException", "SignatureDoesNotMatch", "InvalidClientTokenId", "InvalidAccessKeyId"),
)
_ABSENT = ("ResourceNotFoundException", "NoSuchBucket", "NoSuchKey", "NotFound", "404")


class DeployError(Failure):
    """What was asked for is not done; the text is one sentence with the remedy."""

    @property
    def code(self) -> str:
        """The code of the AWS error behind it, or an empty text."""
        cause = self.__cause__
        return str(cause.response.get("Error", {}).get("Code", "")) if isinstance(cause, ClientError) else ""

    @property
    def is_absence(self) -> bool:
        """Whether AWS says that what was asked for is not there."""
        # CloudFormation has no code of its own for that.
        return self.code in _ABSENT or (self.code == "ValidationError" and "does not exist" in str(self.__cause__))


@dataclass(frozen=True)
class Account:
    """A session with a region, and the endpoint of the emulator, or None for AWS itself."""

    session: boto3.Session
    endpoint: str | None

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    @property
    def is_emulated(self) -> bool:
        """Whether the endpoint is an emulator: AWS's own endpoints, those of a VPC too, speak TLS."""
        if self.endpoint is None:
            return False
        return urlsplit(self.endpoint).scheme == "http" or is_here(self.endpoint)

    @property
    def where(self) -> str:
        """For people."""
        return f"{self.region} at {without_secrets(self.endpoint)}" if self.endpoint else self.region

    @functools.cached_property
    def number(self) -> str:
        """The account's twelve digits. Raises ClientError or BotoCoreError."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @functools.cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    def client(self, service: str) -> Any:
        """The client of this service, made once. Raises DeployError for an unusable session."""
        if service not in self._clients:
            config = _EMULATOR if self.is_emulated else _CONFIG
            try:
                self._clients[service] = sessions.client(service, self.session, self.endpoint, config)
            except (BotoCoreError, ValueError) as error:
                what, remedy = of_configuration(error) or (flat(str(error)), "check --region and --endpoint")
                raise DeployError(f"{what[0].upper()}{what[1:]}: {remedy}.") from error
        return self._clients[service]

    def look_up(self, call: Callable[..., Any], **request: Any) -> Any:
        """The answer to a call of a client, or None if what it asks for is not there. Raises DeployError."""
        try:
            with sentences(self):
                return call(**request)
        except DeployError as error:
            if error.is_absence:
                return None
            raise


def connect(endpoint: str | None, region: str | None, profile: str | None) -> Account:
    """The account that flags and environment name. Raises DeployError if they name none.

    At an endpoint of this machine only the keys and the region in the environment count, and a profile named here.
    """
    if endpoint is not None and not is_http(endpoint):
        raise DeployError(f"{endpoint!r} is not an endpoint such as http://127.0.0.1:4566.")
    try:
        session = sessions.to(endpoint, region, profile)
    except ProfileNotFound as error:
        raise DeployError(f"{error}: `aws configure list-profiles` lists those there are.") from error
    except (BotoCoreError, ValueError) as error:
        raise DeployError(f"The AWS configuration cannot be used: {flat(str(error))}; mend it.") from error
    if not session.region_name:
        raise DeployError("No region: name one with --region, in AWS_DEFAULT_REGION, or in the AWS profile.")
    return Account(session, endpoint)


def flat(text: str) -> str:
    """A text as a part of a sentence: in one line, without a full stop."""
    return " ".join(text.split()).rstrip(".")


# What to do about an error that a service answers with; without an entry its own words must do.
_REMEDIES = {
    "AccessDenied": "allow it to this identity, or use another one with --profile",
    "AccessDeniedException": "allow it to this identity, or use another one with --profile",
    "UnauthorizedOperation": "allow it to this identity, or use another one with --profile",
    "ExpiredToken": "log in again: the credentials have expired",
    "ExpiredTokenException": "log in again: the credentials have expired",
    "RequestExpired": "log in again, and check this machine's clock",
    "InvalidClientTokenId": "check the access key, or choose another identity with --profile",
    "UnrecognizedClientException": "check the access key, or choose another identity with --profile",
    "SignatureDoesNotMatch": "check the secret key",
    "OptInRequired": "enable the region, or the service, in this account",
    "SubscriptionRequiredException": "enable the service in this account",
    "LimitExceededException": "have the quota raised, or remove what is not used any more",
    "LimitExceeded": "have the quota raised, or remove what is not used any more",
    "Throttling": "try again in a minute: the account makes too many requests",
    "ThrottlingException": "try again in a minute: the account makes too many requests",
    "NoSuchBucket": "`python -m deploy up` creates it",
    "ResourceNotFoundException": "`python -m deploy status` shows what is there",
    "ResourceInUseException": "wait until what is under way has ended; `python -m deploy status` shows it",
    "ConcurrentModificationException": "somebody else changes it at the same time: try again",
    "InvalidApplicationConfigurationException": "mend what it names; if it is the role, which is new, try again",
    "InvalidArgumentException": "mend what it names",
    "InvalidRequestException": "mend what it names",
    "ValidationError": "mend what it names",
    "ValidationException": "mend what it names",
    "AlreadyExistsException": "remove what is there, or choose another name with --set",
    "BucketAlreadyExists": "choose another name with --set BucketPrefix=...",
    "InsufficientCapabilitiesException": "let this identity create roles",
}


_LACKING = (
    (
        NoCredentialsError,
        "There are no AWS credentials: log in, name a profile with --profile, or an emulator with --endpoint.",
    ),
    (NoRegionError, "No region: name one with --region, in AWS_DEFAULT_REGION, or in the AWS profile."),
)


@contextmanager
def sentences(account: Account | None = None) -> Iterator[None]:
    """Turn every error of AWS within the block into a DeployError of one sentence with the remedy."""
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        raise DeployError(sentence(error, account)) from error


def sentence(error: ClientError | BotoCoreError | Boto3Error, account: Account | None = None) -> str:
    """What an error of AWS says, and what to do about it."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        said = error.response.get("Error", {}).get("Message") or "it gives no reason"
        if code in _UNKNOWN and account and is_here(account.endpoint):
            where = without_secrets(str(account.endpoint))
            return f"{where} does not accept these keys ({code}): paste the line of `python -m local aws`."
        remedy = _REMEDIES.get(code, "look the error up in the service's documentation, or try again")
        return f"AWS refused {error.operation_name} ({code}: {flat(said)[:400]}): {remedy}."
    if found := of_configuration(error) or of_proxy(error):
        what, remedy = found
        return f"{what[0].upper()}{what[1:]}: {remedy}."
    for kind, said in _LACKING:
        if isinstance(error, kind):
            return said
    if isinstance(error, EndpointConnectionError):
        where = without_secrets(account.endpoint) if account and account.endpoint else "AWS"
        start = ": `python -m local aws` starts an emulator" if account and account.endpoint else ": check the network"
        return f"{where} does not answer{start}."
    return f"AWS cannot be reached: {flat(str(error))}; check network and credentials."


class Wait:
    """A wait with a limit that shows it goes on: call `pause` until what is waited for has come.

    The pauses grow up to 5 s. `say` is told every 15 s.
    """

    def __init__(self, what: str, seconds: float, remedy: str, say: Say) -> None:
        self._what, self._seconds, self._remedy, self._say = what, seconds, remedy, say
        self._began = self._told = time.monotonic()
        self._next = 0.1

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def pause(self) -> None:
        """Sleep for a while. Raises DeployError after the limit."""
        if self.elapsed > self._seconds:
            raise DeployError(f"{self._what} has not ended after {self._seconds / 60:.0f} minutes: {self._remedy}.")
        if time.monotonic() - self._told > TOLD_EVERY:
            self._told = time.monotonic()
            self._say(f"{self.elapsed:5.0f} s  {self._what} goes on")
        time.sleep(self._next)
        self._next = min(5.0, self._next * 1.3)
