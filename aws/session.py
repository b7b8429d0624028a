"""Sessions and clients for AWS or for an endpoint on this machine.

An endpoint on this machine is an emulator, a mock or a tunnel. The user's profile, ~/.aws/config and AWS_* variables
are for AWS: a service's endpoint, a proxy or a role among them would lead elsewhere. So a session for this machine
takes only the keys and the region from the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.exceptions import NoRegionError
from botocore.loaders import Loader

from aws.failures import ERRORS, UNUSABLE, AwsError, Cause, Remedies, explain, is_absence
from program.addresses import is_http, is_loopback, without_secrets

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

REGION = "us-east-1"  # the emulator's; an endpoint on this machine accepts any region
_FILES = ("config_file", "credentials_file")


def endpoint_of(given: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The given endpoint, else AWS_ENDPOINT_URL, else None for AWS itself.

    As an argument of a client it wins over a service's endpoint in the environment or the configuration.
    """
    return given or environment.get("AWS_ENDPOINT_URL") or None


def to(
    endpoint: str | None,
    region: str | None = None,
    profile: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> boto3.Session:
    """A session for this endpoint, None for AWS itself. Raises BotoCoreError for an unusable configuration.

    An endpoint on this machine gets dummy keys if the environment has none: some emulators accept any. An explicit
    profile applies everywhere.
    """
    if not is_loopback(endpoint) or profile is not None:
        return boto3.Session(region_name=region, profile_name=profile)
    return boto3.Session(
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID") or "local",
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY") or "local",
        aws_session_token=environment.get("AWS_SESSION_TOKEN") or None,
        region_name=region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or REGION,
        botocore_session=_isolated(),
    )


def _isolated() -> botocore.session.Session:
    """A session that reads no variable, no file and no model of the user's."""
    variables = {
        name: (None, None, os.devnull if name in _FILES else default, convert)
        for name, (_in_file, _in_environment, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    session = botocore.session.Session(session_vars=variables)
    session.register_component("data_loader", _models())
    return session


@cache
def _models() -> Loader:
    """Botocore's own descriptions of the services, once for all sessions: reading one takes longer than most calls."""
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def config(service: str, endpoint: str | None, options: Config | None = None) -> Config:
    """The configuration of a client: no proxy on the way to this machine."""
    options = options or Config()
    if not is_loopback(endpoint):
        return options
    # The default of boto3 for presigned addresses of objects is version 2, which newer regions of AWS reject.
    signature = Config(signature_version="s3v4") if service == "s3" else Config()
    return options.merge(Config(proxies={})).merge(signature)


@overload
def client(
    service: Literal["kinesis"], session: boto3.Session, endpoint: str | None, options: Config | None = None
) -> KinesisClient: ...
@overload
def client(
    service: Literal["dynamodb"], session: boto3.Session, endpoint: str | None, options: Config | None = None
) -> DynamoDBClient: ...
@overload
def client(service: str, session: boto3.Session, endpoint: str | None, options: Config | None = None) -> Any: ...
def client(service: str, session: boto3.Session, endpoint: str | None, options: Config | None = None) -> Any:
    """A client of a session. Raises BotoCoreError or ValueError, as botocore does, for an invalid argument."""
    _require_address(endpoint)
    make: Any = session.client
    return make(service, endpoint_url=endpoint, config=config(service, endpoint, options))


def _require_address(endpoint: str | None) -> None:
    """Raise ValueError for an invalid endpoint: botocore checks some only when it signs the first call."""
    if endpoint is not None and not is_http(endpoint):  # not repeated: it may hold a password
        raise ValueError("Invalid endpoint: it is no address such as http://127.0.0.1:4566")


def stream_at(name: str, region: str, endpoint: str | None) -> str:
    """A stream with its region and endpoint, without secrets, for a message."""
    return f"stream {name} in {region}" + (f" at {without_secrets(endpoint)}" if endpoint else "")


@dataclass(frozen=True)
class Services:
    """The services of AWS or an emulator: a session with a region, and the endpoint, None for AWS itself.

    A subclass sets the error to raise, its own remedies and the timeout of a response in seconds.
    """

    session: boto3.Session
    endpoint: str | None
    error: ClassVar[type[AwsError]] = AwsError
    remedies: ClassVar[Remedies] = {}
    read_timeout: ClassVar[float] = 10.0

    @classmethod
    def at(
        cls,
        endpoint: str | None,
        region: str | None = None,
        profile: str | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> Self:
        """The services for these flags and this environment; see `to`. Raises `error` for an invalid value."""
        try:
            _require_address(endpoint)
            session = to(endpoint, region, profile, environment)
            if not session.region_name:
                raise NoRegionError
        except UNUSABLE as error:
            raise cls.error(explain(error, endpoint=endpoint).sentence) from error
        return cls(session, endpoint)

    @classmethod
    def of_settings(cls, place: Mapping[str, str]) -> Self:
        """The services for a job's settings: `region`, and perhaps `endpoint` and `profile`."""
        return cls.at(place.get("endpoint"), place["region"], place.get("profile"))

    @property
    def attempts(self) -> int:
        """How often botocore makes a call that fails for a passing reason: once, as the caller retries it."""
        return 1

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    @property
    def where(self) -> str:
        """The endpoint without secrets, or AWS with its region, for a message."""
        return without_secrets(self.endpoint) if self.endpoint else f"AWS in {self.region}"

    @overload
    def client(self, service: Literal["kinesis"], attempts: int = 0, **more: Any) -> KinesisClient: ...
    @overload
    def client(self, service: Literal["dynamodb"], attempts: int = 0, **more: Any) -> DynamoDBClient: ...
    @overload
    def client(self, service: str, attempts: int = 0, **more: Any) -> Any: ...
    def client(self, service: str, attempts: int = 0, **more: Any) -> Any:
        """The service's client, made once for equal arguments. Raises `error` for an unusable session.

        attempts: instead of the property `attempts`, if not 0. more: options of botocore's Config, such as read_timeout
        in seconds.
        """
        key = (service, attempts, *more.items())
        if key not in self._clients:
            retries = {"mode": "standard", "total_max_attempts": attempts or self.attempts}
            options = {"connect_timeout": 5, "read_timeout": self.read_timeout, "retries": retries, **more}
            try:
                self._clients[key] = client(service, self.session, self.endpoint, Config(**options))
            except UNUSABLE as error:
                raise self.error(self.explain(error).sentence) from error
        return self._clients[key]

    @cached_property
    def _clients(self) -> dict[tuple[Any, ...], Any]:
        return {}

    def explain(self, error: Exception, subject: str = "", remedies: Remedies | None = None) -> Cause:
        """Why a call of a service failed; see `aws.failures.explain`."""
        return explain(error, subject, self.endpoint, {**self.remedies, **(remedies or {})})

    @contextmanager
    def sentences(self, subject: str = "", remedies: Remedies | None = None) -> Iterator[None]:
        """Raise `error`, a sentence with the remedy, for every error of AWS within the block."""
        try:
            yield
        except ERRORS as error:
            raise self.error(self.explain(error, subject, remedies).sentence) from error

    def look_up(self, call: Callable[..., Any], **request: Any) -> Any:
        """The response to a call of a client, or None if the resource does not exist. Raises `error`."""
        try:
            return call(**request)
        except ERRORS as error:
            if is_absence(error):
                return None
            raise self.error(self.explain(error).sentence) from error
