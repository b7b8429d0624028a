"""Expected failures as one sentence each: what, where, the remedy. None repeats a credential."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own name for it
    CredentialRetrievalError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from aws import failures
from consumer.show import printable
from consumer.trouble import GaveUp, code_of
from program.addresses import is_here

LOGIN = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose an AWS_PROFILE, or log in with 'aws sso login'"
HERE = "paste the line that 'python -m local aws' printed when it started"
NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)
DENIED = {"AccessDeniedException", "AccessDenied", "KMSAccessDeniedException"}
REFUSED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}


class UnusableEndpoint(Exception):  # noqa: N818 - reads as what is wrong
    """The endpoint set outside the command line is no URL."""


# Errors of which the service never heard. The first kind that fits counts: some are kinds of others.
UNANSWERED: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (
        UnusableEndpoint,
        "The endpoint in AWS_ENDPOINT_URL or the profile is not an address like http://127.0.0.1:4566.",
    ),
    (NoRegionError, "No AWS region for stream {place.stream}: give --region or set AWS_DEFAULT_REGION."),
    (InvalidRegionError, "{place.region!a} is no AWS region: check --region and AWS_DEFAULT_REGION."),
    (NO_CREDENTIALS, f"No usable AWS credentials for {{place}}: {LOGIN}."),
    (
        SSLError,
        "The certificate of {place.address} is not trusted: "
        "check the endpoint, or name your CA bundle in AWS_CA_BUNDLE.",
    ),
    (
        (ConnectionError, HTTPClientError),
        "Nothing answers at {place.address} ({code}): "
        "check --region, --endpoint, AWS_ENDPOINT_URL and the network, or start the emulator.",
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """What is being read, and where."""

    stream: str
    region: str | None = None
    endpoint: str | None = None

    def __str__(self) -> str:
        return f"stream {self.stream} in {self.region or 'no region'} at {self.address}"

    @property
    def address(self) -> str:
        """The endpoint without what may be secret in a URL: user, password, query."""
        if not self.endpoint:
            return "AWS"
        try:
            parts = urlsplit(self.endpoint)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return "an unusable address"
        return printable(f"{parts.scheme}://{parts.hostname or ''}{port}")


def sentence(error: Exception, place: Place) -> str:
    """What went wrong and what to do about it."""
    if isinstance(error, ClientError):
        return _answered(error, place)
    if isinstance(error, GaveUp):
        return _gave_up(error, place)
    return _unanswered(error, place)


def _answered(error: ClientError, place: Place) -> str:
    code, operation = code_of(error), error.operation_name
    if code == "ResourceNotFoundException":
        return f"There is no {place}: create it, or check --stream, --region and --endpoint."
    if code in DENIED:
        return (
            f"Access denied to {operation} of {place}: allow these credentials "
            "kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords on it, and kms:Decrypt."
        )
    if code in REFUSED:  # the service's own text for these quotes the signed request
        return (
            f"{place.address} refused the credentials for {operation} ({code}): "
            f"they are wrong, have expired, or the local clock is off; {HERE if is_here(place.endpoint) else LOGIN}."
        )
    said = printable(error.response.get("Error", {}).get("Message") or "no reason given")[:200]
    return f"{operation} of {place} failed with {printable(code)}: {said.rstrip('.')}."


def _gave_up(error: GaveUp, place: Place) -> str:
    remedy = "see whether it can be reached, or raise --patience"
    if "Throughput" in error.code or "Throttling" in error.code or "Limit" in error.code:
        remedy = "other readers use up its limit: stop one, or raise --patience"
    return f"Gave up: {error} at {place.address}; {remedy}."


def _unanswered(error: Exception, place: Place) -> str:
    if found := failures.of_configuration(error) or failures.of_proxy(error):
        what, remedy = found
        where = place if place.region else f"stream {place.stream}"
        return f"Cannot read {where}: {printable(what)}: {printable(remedy)}."
    for kinds, text in UNANSWERED:
        if isinstance(error, kinds):
            return text.format(place=place, code=code_of(error))
    return f"Cannot read {place}: {printable(str(error))[:200].rstrip('.')} ({code_of(error)})."
