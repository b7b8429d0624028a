"""Why a call of AWS failed: one table from error to what is so and what to do about it, for all programs.

    try:
        client.describe_table(TableName="any")
    except failures.ERRORS as error:
        raise AwsError(failures.explain(error, "the table any", endpoint).sentence) from error

`Services.sentences` (aws.session) does that for a block. No text repeats a secret: neither the password of an endpoint
or a proxy, nor what a program that yields credentials has printed, nor a signed request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from program.addresses import is_here, without_secrets
from program.errors import Failure

Remedies = Mapping[Any, str]  # a program's own, by the code or the Kind of a failure
ERRORS = (boto.ClientError, boto.BotoCoreError, Boto3Error, ResponseParserError)  # what calls raise
UNUSABLE = (*ERRORS, ValueError)  # what sessions and clients raise that cannot be made
LONGEST = 400  # characters of a service's own words
HERE = "paste the line that `python -m local aws` printed when it started"


class AwsError(Failure):
    """AWS refuses, or cannot be asked; the AWS error is the cause."""

    @property
    def code(self) -> str:
        """The code of the service's answer; empty if it never answered."""
        return code_of(self.__cause__) if isinstance(self.__cause__, boto.ClientError) else ""

    @property
    def is_absence(self) -> bool:
        """Whether AWS says that the resource is not there."""
        return is_absence(self.__cause__)


class Kind(Enum):
    """What kind of failure it is."""

    ABSENT = auto()  # the resource is not there
    DENIED = auto()  # the credentials are accepted, but do not allow the call
    CREDENTIALS = auto()  # the credentials are not accepted, or have expired
    THROTTLED = auto()  # too many requests
    BUSY = auto()  # the resource is being made or changed
    BROKEN = auto()  # the service's own failure
    UNREACHABLE = auto()  # no answer
    CONFIGURATION = auto()  # the user's own configuration
    REFUSED = auto()  # every other answer


PASSING = (Kind.THROTTLED, Kind.BUSY, Kind.BROKEN, Kind.UNREACHABLE)


@dataclass(frozen=True)
class Cause:
    """Why a call failed: what is so, and what to do about it; both without a full stop, ready for a sentence."""

    kind: Kind
    code: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"

    @property
    def sentence(self) -> str:
        """Both as a sentence of their own."""
        begins_with_address = "://" in self.what.partition(" ")[0]
        what = self.what if begins_with_address else f"{self.what[:1].upper()}{self.what[1:]}"
        return f"{what}: {self.remedy}."

    @property
    def is_passing(self) -> bool:
        """Whether the same call may succeed later without anybody changing anything."""
        return self.kind in PASSING


_ALLOW = "allow it to this identity, or use another one"
_RENEW = "log in again or renew them, and check this machine's clock"
_LATER = "try again in a minute: the account makes too many requests"
_AGAIN = "try again later"
_WAIT = "wait until what is under way has ended"
_QUOTA = "have the quota raised, or remove what is not used any more"
_CORRECT = "correct what it names"
_CREATE = "create it, or check its name, the region and the endpoint"
_ENABLE = "enable the region, or the service, in the account"
_ROLE = "correct what it names; if it is the role, which is new, try again"

# What services answer: kind, codes, remedy. A code that stands nowhere here is REFUSED, with the service's own words.
_ANSWERS: tuple[tuple[Kind, tuple[str, ...], str], ...] = (
    (Kind.ABSENT, ("ResourceNotFoundException", "NoSuchBucket", "NoSuchKey", "NotFound", "404"), _CREATE),
    (Kind.DENIED, ("AccessDenied", "AccessDeniedException", "KMSAccessDeniedException"), _ALLOW),
    (Kind.DENIED, ("UnauthorizedOperation", "Forbidden", "403"), _ALLOW),
    (Kind.CREDENTIALS, ("ExpiredToken", "ExpiredTokenException", "RequestExpired"), _RENEW),
    (Kind.CREDENTIALS, ("InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"), _RENEW),
    (Kind.CREDENTIALS, ("InvalidSignatureException", "SignatureDoesNotMatch"), _RENEW),
    (Kind.CREDENTIALS, ("IncompleteSignature", "IncompleteSignatureException"), _RENEW),
    (Kind.CREDENTIALS, ("MissingAuthenticationToken", "MissingAuthenticationTokenException"), _RENEW),
    (Kind.THROTTLED, ("ProvisionedThroughputExceededException", "KMSThrottlingException", "SlowDown"), _LATER),
    (Kind.THROTTLED, ("Throttling", "ThrottlingException", "RequestThrottled", "RequestLimitExceeded"), _LATER),
    (Kind.THROTTLED, ("TooManyRequestsException",), _LATER),
    (Kind.THROTTLED, ("LimitExceededException",), _QUOTA),  # of Kinesis the calls a second, else the account's limits
    (Kind.BUSY, ("ResourceInUseException",), _WAIT),
    (Kind.BUSY, ("ExpiredIteratorException", "ExpiredNextTokenException"), _AGAIN),
    (Kind.BROKEN, ("InternalFailure", "InternalFailureException", "InternalServerError"), _AGAIN),
    (Kind.BROKEN, ("ServiceUnavailable", "ServiceUnavailableException"), _AGAIN),
    (Kind.REFUSED, ("LimitExceeded",), _QUOTA),
    (Kind.REFUSED, ("OptInRequired", "SubscriptionRequiredException"), _ENABLE),
    (Kind.REFUSED, ("ConcurrentModificationException",), "somebody else changes it at the same time: try again"),
    (Kind.REFUSED, ("InvalidApplicationConfigurationException",), _ROLE),
    (Kind.REFUSED, ("InvalidArgumentException", "InvalidRequestException"), _CORRECT),
    (Kind.REFUSED, ("ValidationError", "ValidationException"), _CORRECT),
    (Kind.REFUSED, ("AlreadyExistsException",), "remove what is there, or choose another name"),
    (Kind.REFUSED, ("BucketAlreadyExists",), "choose another name for the bucket"),
    (Kind.REFUSED, ("InsufficientCapabilitiesException",), "let this identity create roles"),
)
_BY_CODE = {code: (kind, remedy) for kind, codes, remedy in _ANSWERS for code in codes}

_Errors = type[Exception] | tuple[type[Exception], ...]
_UNUSABLE = "the AWS configuration cannot be used ({said})"
_MEND = "mend ~/.aws/config, or the variable that chooses from it"
_ANOTHER = "renew them, or choose another AWS_PROFILE"
_BY_HAND = "see why by hand, or choose another AWS_PROFILE"
_LOGIN = "log in with `aws sso login`, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose an AWS_PROFILE"
_REGION = "give --region, set AWS_DEFAULT_REGION, or name a region in the AWS profile"
# What is wrong with the user's configuration. The first that fits counts: some are kinds of others. In braces: what the
# error itself says.
_CONFIGURATION: tuple[tuple[_Errors, str, str], ...] = (
    (
        boto.ProfileNotFound,
        "the AWS profile {profile} is not configured",
        "`aws configure list-profiles` lists those there are",
    ),
    ((boto.ConfigParseError, boto.ConfigNotFound), "the AWS configuration {path} cannot be read", "mend that file"),
    (boto.PartialCredentialsError, "the AWS credentials of {origin} lack {cred_var}", "add it"),
    (boto.CredentialRetrievalError, "{origin} yields no AWS credentials", _BY_HAND),
    ((boto.SSOError, boto.TokenRetrievalError), "the AWS login has expired", "log in again with `aws sso login`"),
    (boto.MetadataRetrievalError, "the machine's or container's role yields no AWS credentials", _ANOTHER),
    (boto.RefreshWithMFAUnsupportedError, "the AWS profile wants a second factor", "get a session with one first"),
    ((boto.InvalidConfigError, boto.UnknownCredentialError), _UNUSABLE, _MEND),
    ((boto.InvalidRetryConfigurationError, boto.InvalidDefaultsMode), _UNUSABLE, _MEND),
    (boto.InvalidSTSRegionalEndpointsConfigError, _UNUSABLE, _MEND),
    (boto.NoCredentialsError, "there are no AWS credentials", _LOGIN),
    (boto.NoRegionError, "no AWS region is set", _REGION),
    (boto.InvalidRegionError, "{region_name!a} is no AWS region", "check the name of the region"),
)
_ORIGINS = {
    "custom-process": "the credential_process of the AWS profile",
    "env": "the environment",
    "explicit": "the environment",
    "assume-role": "the AWS profile's role",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
}
_NO_PROXY = "correct HTTPS_PROXY or HTTP_PROXY, or except the address by NO_PROXY"
_BUNDLE = "check the endpoint, or name your CA bundle in AWS_CA_BUNDLE"
# What is wrong on the way. In braces besides: {where} was asked, and how to {start} what answers there.
_ON_THE_WAY: tuple[tuple[Kind, _Errors, str, str], ...] = (
    (Kind.UNREACHABLE, boto.ProxyConnectionError, "the proxy {proxy} does not answer", _NO_PROXY),
    (Kind.REFUSED, boto.SSLError, "the certificate of {where} is not trusted", _BUNDLE),
    (Kind.UNREACHABLE, (boto.ReadTimeoutError, boto.ConnectTimeoutError), "{where} does not answer in time", "{start}"),
    (Kind.UNREACHABLE, (boto.ConnectionError, boto.HTTPClientError), "{where} does not answer", "{start}"),
    (Kind.UNREACHABLE, boto.IncompleteReadError, "{where} broke its answer off", _AGAIN),
    (Kind.REFUSED, ResponseParserError, "{where} does not answer as AWS does", "check the endpoint"),
    (Kind.REFUSED, boto.ParamValidationError, "a name or a value is not possible ({said})", "correct it"),
)


def explain(
    error: Exception,
    subject: str = "",
    endpoint: str | None = None,
    remedies: Remedies | None = None,
) -> Cause:
    """Why a call failed.

    subject: what the call was about, such as "the table any"; empty for a call that stands for itself. endpoint: where
    it was made, None for AWS itself. remedies: a program's own, by code or by kind.
    """
    cause = _answered(error, subject, endpoint) if isinstance(error, boto.ClientError) else _unanswered(error, endpoint)
    own = remedies or {}
    return replace(cause, remedy=own.get(cause.code) or own.get(cause.kind) or cause.remedy)


def _answered(error: boto.ClientError, subject: str, endpoint: str | None) -> Cause:
    code = code_of(error)
    kind, remedy = _looked_up(error)
    if kind is Kind.ABSENT and subject:
        return Cause(kind, code, f"{subject} does not exist", remedy)
    if kind is Kind.CREDENTIALS:  # a service's own words for these quote the signed request
        what = f"{_where(endpoint)} does not accept these credentials ({code})"
        return Cause(kind, code, what, HERE if is_here(endpoint) else remedy)
    of = f" of {subject}" if subject else ""
    return Cause(kind, code, f"AWS refused {error.operation_name}{of} ({code}: {said(error)})", remedy)


def _looked_up(error: boto.ClientError) -> tuple[Kind, str]:
    code = code_of(error)
    if code == "ValidationError" and "does not exist" in said(error):  # CloudFormation has no code for it
        return Kind.ABSENT, _CREATE
    if found := _BY_CODE.get(code.removeprefix("HTTP ")):
        return found
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Kind.THROTTLED, _LATER
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Kind.BROKEN, _AGAIN
    return Kind.REFUSED, "look the error up in the service's documentation, or try again"


def _unanswered(error: Exception, endpoint: str | None) -> Cause:
    if isinstance(error, Boto3Error) and isinstance(error.__context__, Exception):
        return explain(error.__context__, "", endpoint)
    code = type(error).__name__
    known = dict(getattr(error, "kwargs", {}))
    provider = str(known.get("provider", ""))
    known |= {
        "said": flat(str(error))[:200],
        "origin": _ORIGINS.get(provider, f"the source {provider}"),
        "proxy": without_secrets(str(known.get("proxy_url", ""))),
        "where": _where(endpoint),
        "start": "`python -m local aws` starts an emulator" if endpoint else "check the network and the region",
    }
    for errors, what, remedy in _CONFIGURATION:
        if isinstance(error, errors):
            return Cause(Kind.CONFIGURATION, code, what.format(**known), remedy)
    for kind, errors, what, remedy in _ON_THE_WAY:
        if isinstance(error, errors):
            return Cause(kind, code, what.format(**known), remedy.format(**known))
    if isinstance(error, ValueError) and not isinstance(error, boto.BotoCoreError):
        if "endpoint" in str(error).lower():  # not repeated: it may hold a password
            what = "the endpoint is no address such as http://127.0.0.1:4566"
            return Cause(Kind.REFUSED, code, what, "check --endpoint, AWS_ENDPOINT_URL and the AWS profile")
        what = f"a variable or a setting of AWS cannot be what it is ({known['said']})"
        return Cause(Kind.CONFIGURATION, code, what, _MEND)
    # By name only: the text of an unforeseen error may hold what should not be on a screen.
    return Cause(Kind.REFUSED, code, f"AWS cannot be called ({code})", "check the AWS configuration and the network")


def _where(endpoint: str | None) -> str:
    return without_secrets(endpoint) if endpoint else "AWS"


def code_of(error: BaseException | None) -> str:
    """The service's code of an error, or the name of its class if it never reached the service."""
    if isinstance(error, boto.ClientError):
        code = flat(str(error.response.get("Error", {}).get("Code") or "an error without a code"))
        return f"HTTP {code}" if code.isdigit() else code
    return type(error).__name__


def said(error: boto.ClientError) -> str:
    """The service's own words, in one line that a terminal only shows."""
    return flat(str(error.response.get("Error", {}).get("Message") or "no reason given"))[:LONGEST]


def is_absence(error: BaseException | None) -> bool:
    """Whether AWS says that the resource is not there."""
    return isinstance(error, boto.ClientError) and _looked_up(error)[0] is Kind.ABSENT


def is_passing(error: Exception) -> bool:
    """Whether the same call may succeed later without anybody changing anything."""
    return explain(error).is_passing


def flat(text: str) -> str:
    """A text as a part of a sentence: in one line, without a full stop, without characters that drive a terminal."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(shown.split()).rstrip(".")
