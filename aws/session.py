"""Sessions and clients: towards AWS as the user has set it up, towards this machine as the caller says.

An endpoint of this machine is an emulator, a mock or a tunnel. The user's profile, ~/.aws/config and the many AWS_*
variables are meant for AWS: an endpoint for one service, a proxy or an assumed role among them would lead somewhere
else. So none of them counts there, except the keys and the region that stand in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.loaders import Loader

from program.addresses import is_here

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
    models = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", models)
    return session


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
    _require_port(endpoint)
    make: Any = session.client
    return make(service, endpoint_url=endpoint, config=config(service, endpoint, chosen))


def _require_port(endpoint: str | None) -> None:
    """Raise ValueError for a port that is none: botocore comes upon it only when it signs the first call."""
    try:
        _port = urlsplit(endpoint or "").port
    except ValueError:  # not told: the address may hold a password
        raise ValueError("Invalid endpoint: it is no address such as http://127.0.0.1:4566") from None


def at(place: Mapping[str, str], service: str, chosen: Config | None = None) -> Any:
    """A client in the place that a job's settings name: its `region`, and its `endpoint` and `profile` if it has them.

    Raises BotoCoreError or ValueError.
    """
    endpoint = place.get("endpoint")
    return client(service, to(endpoint, place["region"], place.get("profile")), endpoint, chosen)
