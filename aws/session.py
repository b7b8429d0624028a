"""Sessions and clients: towards AWS as the user has set it up, towards this machine as the caller says.

An endpoint of this machine is an emulator, a mock or a tunnel. The user's profile, ~/.aws/config and the many AWS_*
variables are meant for AWS: an endpoint for one service, a proxy or an assumed role among them would lead somewhere
else. So none of them counts there, except the keys and the region that stand in the environment.
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
from program.addresses import is_here, is_http, without_secrets

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

REGION = "us-east-1"  # at an endpoint of this machine any will do, and the emulator is in this one
_FILES = ("config_file", "credentials_file")


def endpoint_of(given: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The endpoint: the one that was given, else that of AWS_ENDPOINT_URL, else None for AWS itself.

    Passed to a client it outranks what environment and configuration name for a single service.
    """
    return given or environment.get("AWS_ENDPOINT_URL") or None


def to(
    endpoint: str | None,
    region: str | None = None,
    profile: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> boto3.Session:
    """A session for this endpoint, None for AWS itself. Raises BotoCoreError for an unusable configuration.

    Without keys in the environment an endpoint of this machine gets some that say nothing: there are emulators that
    take any. A profile that was asked for by name counts everywhere.
    """
    if not is_here(endpoint) or profile is not None:
        return boto3.Session(region_name=region, profile_name=profile)
    return boto3.Session(
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID") or "local",
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY") or "local",
        aws_session_token=environment.get("AWS_SESSION_TOKEN") or None,
        region_name=region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or REGION,
        botocore_session=_secluded(),
    )


def _secluded() -> botocore.session.Session:
    """A session that sees no variable, no file and no model of the user's."""
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


def config(service: str, endpoint: str | None, chosen: Config | None = None) -> Config:
    """The configuration of a client: what is on this machine is not asked through a proxy."""
    chosen = chosen or Config()
    if not is_here(endpoint):
        return chosen
    # Left alone, boto3 signs the addresses of objects in the way of 2006, which AWS has given up in its newer regions.
    newer = Config(signature_version="s3v4") if service == "s3" else Config()
    return chosen.merge(Config(proxies={})).merge(newer)


@overload
def client(
    service: Literal["kinesis"], session: boto3.Session, endpoint: str | None, chosen: Config | None = None
) -> KinesisClient: ...
@overload
def client(
    service: Literal["dynamodb"], session: boto3.Session, endpoint: str | None, chosen: Config | None = None
) -> DynamoDBClient: ...
@overload
def client(service: str, session: boto3.Session, endpoint: str | None, chosen: Config | None = None) -> Any: ...
def client(service: str, session: boto3.Session, endpoint: str | None, chosen: Config | None = None) -> Any:
    """A client of a session. Raises BotoCoreError or ValueError, as botocore does, for what cannot be one."""
    _require_address(endpoint)
    make: Any = session.client
    return make(service, endpoint_url=endpoint, config=config(service, endpoint, chosen))


def _require_address(endpoint: str | None) -> None:
    """Raise ValueError for an endpoint that is none: botocore comes upon some only when it signs the first call."""
    if endpoint is not None and not is_http(endpoint):  # not repeated: it may hold a password
        raise ValueError("Invalid endpoint: it is no address such as http://127.0.0.1:4566")


def stream_at(name: str, region: str, endpoint: str | None) -> str:
    """How a sentence names a stream and its place, without anything secret."""
    return f"stream {name} in {region}" + (f" at {without_secrets(endpoint)}" if endpoint else "")


@dataclass(frozen=True)
class Services:
    """The services of AWS, or of an emulator: a session with a region, and the endpoint, None for AWS itself."""

    session: boto3.Session
    endpoint: str | None
    error: ClassVar[type[AwsError]] = AwsError  # what is raised here
    remedies: ClassVar[Remedies] = {}  # a program's own
    read_timeout: ClassVar[float] = 10.0  # seconds for an answer

    @classmethod
    def at(
        cls,
        endpoint: str | None,
        region: str | None = None,
        profile: str | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> Self:
        """Those that flags and environment name; see `to`. Raises `error` for what cannot be used."""
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
        """Those that a job's settings name by `region`, and by `endpoint` and `profile` if they have them."""
        return cls.at(place.get("endpoint"), place["region"], place.get("profile"))

    @property
    def attempts(self) -> int:
        """How often botocore makes a call whose failure may pass: once, the caller counts, shows and repeats it."""
        return 1

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    @property
    def where(self) -> str:
        """How a sentence names the place, without anything secret."""
        return without_secrets(self.endpoint) if self.endpoint else f"AWS in {self.region}"

    @overload
    def client(self, service: Literal["kinesis"], attempts: int = 0, **more: Any) -> KinesisClient: ...
    @overload
    def client(self, service: Literal["dynamodb"], attempts: int = 0, **more: Any) -> DynamoDBClient: ...
    @overload
    def client(self, service: str, attempts: int = 0, **more: Any) -> Any: ...
    def client(self, service: str, attempts: int = 0, **more: Any) -> Any:
        """The client of this service, made once. Raises `error` for a session that cannot be used.

        attempts: how often botocore makes a call whose failure may pass; 0 is `attempts` of all clients. more: options
        of botocore's Config, such as read_timeout in seconds.
        """
        made = (service, attempts, *more.items())
        if made not in self._clients:
            retries = {"mode": "standard", "total_max_attempts": attempts or self.attempts}
            options = {"connect_timeout": 5, "read_timeout": self.read_timeout, "retries": retries, **more}
            try:
                self._clients[made] = client(service, self.session, self.endpoint, Config(**options))
            except UNUSABLE as error:
                raise self.error(self.explain(error).sentence) from error
        return self._clients[made]

    @cached_property
    def _clients(self) -> dict[tuple[Any, ...], Any]:
        return {}

    def explain(self, error: Exception, subject: str = "", remedies: Remedies | None = None) -> Cause:
        """Why a call of one of these services failed; see `aws.failures.explain`."""
        return explain(error, subject, self.endpoint, {**self.remedies, **(remedies or {})})

    @contextmanager
    def sentences(self, subject: str = "", remedies: Remedies | None = None) -> Iterator[None]:
        """Turn every error of AWS within the block into `error`: one sentence with the remedy."""
        try:
            yield
        except ERRORS as error:
            raise self.error(self.explain(error, subject, remedies).sentence) from error

    def look_up(self, call: Callable[..., Any], **request: Any) -> Any:
        """The answer to a call of a client, or None if what it asks for is not there. Raises `error`."""
        try:
            return call(**request)
        except ERRORS as error:
            if is_absence(error):
                return None
            raise self.error(self.explain(error).sentence) from error
