"""The problem and the remedy for each error of AWS, for all programs.

    try:
        client.describe_table(TableName="any")
    except failures.ERRORS as error:
        raise AwsError(failures.explain(error, "the table any", endpoint).sentence) from error

`Services.sentences` (aws.session) does that for a block. No text contains a secret: the password of an endpoint or a
proxy, the output of a program that yields credentials, a signed request.
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

from program.addresses import is_loopback, without_secrets
from program.errors import Failure

Remedies = Mapping[Any, str]  # a program's own remedies, by the code or the Kind of an error
ERRORS = (boto.ClientError, boto.BotoCoreError, Boto3Error, ResponseParserError)  # of calls
UNUSABLE = (*ERRORS, ValueError)  # of sessions and clients
LONGEST = 400  # characters of a service's message


class AwsError(Failure):
    """AWS refuses a call, or does not answer; `__cause__` is the AWS error."""

    @property
    def code(self) -> str:
        """The code in the service's response; empty without a response."""
        return code_of(self.__cause__) if isinstance(self.__cause__, boto.ClientError) else ""

    @property
    def is_absence(self) -> bool:
        return is_absence(self.__cause__)


class Kind(Enum):
    """Kinds of errors."""

    ABSENT = auto()  # the resource does not exist
    DENIED = auto()  # the credentials are accepted, but do not allow the call
    CREDENTIALS = auto()  # the credentials are not accepted, or have expired
    THROTTLED = auto()  # too many requests
    BUSY = auto()  # the resource is being created or changed
    BROKEN = auto()  # an internal error of the service
    UNREACHABLE = auto()  # no response
    CONFIGURATION = auto()  # the user's own configuration
    REFUSED = auto()  # every other response


PASSING = (Kind.THROTTLED, Kind.BUSY, Kind.BROKEN, Kind.UNREACHABLE)


@dataclass(frozen=True)
class Cause:
    """Why a call failed: the problem and the remedy, each a clause without a full stop."""

    kind: Kind
    code: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"

    @property
    def sentence(self) -> str:
        """The problem and the remedy as a sentence."""
        begins_with_address = "://" in self.problem.partition(" ")[0]
        return f"{self}." if begins_with_address else f"{self.problem[:1].upper()}{self.problem[1:]}: {self.remedy}."

    @property
    def is_passing(self) -> bool:
        """Whether the same call may succeed later."""
        return self.kind in PASSING


_ALLOW = "allow it to this identity, or use another identity"
_RENEW = "log in again or renew them, and check this machine's clock"
_LATER = "try again in a minute: the account makes too many requests"
_AGAIN = "try again later"
_WAIT = "wait until the change under way has ended"
_QUOTA = "request a higher quota, or remove unused resources"
_CORRECT = "correct the value that the message names"
_CREATE = "create it, or check its name, the region and the endpoint"
_ENABLE = "enable the region, or the service, in the account"
_ROLE = f"{_CORRECT}; if it is a new role, try again"
_PASTE = "paste the line that `python -m local aws` printed when it started"

# Responses of the services: kind, codes, remedy. A code that is not listed is REFUSED, with the service's message.
_RESPONSES: tuple[tuple[Kind, tuple[str, ...], str], ...] = (
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
    (Kind.THROTTLED, ("LimitExceededException",), _QUOTA),  # of Kinesis: calls a second; elsewhere: the account's quota
    (Kind.BUSY, ("ResourceInUseException",), _WAIT),
    (Kind.BUSY, ("ExpiredIteratorException", "ExpiredNextTokenException"), _AGAIN),
    (Kind.BROKEN, ("InternalFailure", "InternalFailureException", "InternalServerError"), _AGAIN),
    (Kind.BROKEN, ("ServiceUnavailable", "ServiceUnavailableException"), _AGAIN),
    (Kind.REFUSED, ("LimitExceeded",), _QUOTA),
    (Kind.REFUSED, ("OptInRequired", "SubscriptionRequiredException"), _ENABLE),
    (Kind.REFUSED, ("ConcurrentModificationException",), "another process changes it at the same time: try again"),
    (Kind.REFUSED, ("InvalidApplicationConfigurationException",), _ROLE),
    (Kind.REFUSED, ("InvalidArgumentException", "InvalidRequestException"), _CORRECT),
    (Kind.REFUSED, ("ValidationError", "ValidationException"), _CORRECT),
    (Kind.REFUSED, ("AlreadyExistsException",), "remove the existing resource, or choose another name"),
    (Kind.REFUSED, ("BucketAlreadyExists",), "choose another name for the bucket"),
    (Kind.REFUSED, ("InsufficientCapabilitiesException",), "let this identity create roles"),
)
_BY_CODE = {code: (kind, remedy) for kind, codes, remedy in _RESPONSES for code in codes}

_Errors = type[Exception] | tuple[type[Exception], ...]
_UNUSABLE = "the AWS configuration cannot be used ({message})"
_MEND = "correct ~/.aws/config, or the variable that selects from it"
_ANOTHER = "renew them, or choose another AWS_PROFILE"
_BY_HAND = "run it by hand to see why, or choose another AWS_PROFILE"
_LOGIN = "log in with `aws sso login`, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose an AWS_PROFILE"
_REGION = "give --region, set AWS_DEFAULT_REGION, or name a region in the AWS profile"
_PROFILES = "`aws configure list-profiles` lists the profiles"
# Errors in the user's configuration: classes, problem, remedy. In braces: fields of the error. The first match counts.
_CONFIGURATION: tuple[tuple[_Errors, str, str], ...] = (
    (boto.ProfileNotFound, "the AWS profile {profile} is not configured", _PROFILES),
    ((boto.ConfigParseError, boto.ConfigNotFound), "the AWS configuration {path} cannot be read", "correct that file"),
    (boto.PartialCredentialsError, "the AWS credentials of {origin} lack {cred_var}", "add it"),
    (boto.CredentialRetrievalError, "{origin} yields no AWS credentials", _BY_HAND),
    ((boto.SSOError, boto.TokenRetrievalError), "the AWS login has expired", "log in again with `aws sso login`"),
    (boto.MetadataRetrievalError, "the machine's or container's role yields no AWS credentials", _ANOTHER),
    (boto.RefreshWithMFAUnsupportedError, "the AWS profile needs a second factor", "log in with it first"),
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
# Errors on the way to the service: kind, classes, problem, remedy. Besides: {where} the call went, how to {start} it.
_ON_THE_WAY: tuple[tuple[Kind, _Errors, str, str], ...] = (
    (Kind.UNREACHABLE, boto.ProxyConnectionError, "the proxy {proxy} does not answer", _NO_PROXY),
    (Kind.REFUSED, boto.SSLError, "the certificate of {where} is not trusted", _BUNDLE),
    (Kind.UNREACHABLE, (boto.ReadTimeoutError, boto.ConnectTimeoutError), "{where} does not answer in time", "{start}"),
    (Kind.UNREACHABLE, (boto.ConnectionError, boto.HTTPClientError), "{where} does not answer", "{start}"),
    (Kind.UNREACHABLE, boto.IncompleteReadError, "{where} sent an incomplete response", _AGAIN),
    (Kind.REFUSED, ResponseParserError, "{where} does not answer as AWS does", "check the endpoint"),
    (Kind.REFUSED, boto.ParamValidationError, "a name or a value is not valid ({message})", "correct it"),
)


def explain(
    error: Exception,
    subject: str = "",
    endpoint: str | None = None,
    remedies: Remedies | None = None,
) -> Cause:
    """Why a call failed.

    subject: the resource of the call, such as "the table any"; empty if the operation's name is enough. endpoint: None
    for AWS itself. remedies: a program's own, by code or by kind.
    """
    cause = _of_response(error, subject, endpoint) if isinstance(error, boto.ClientError) else _local(error, endpoint)
    own = remedies or {}
    return replace(cause, remedy=own.get(cause.code) or own.get(cause.kind) or cause.remedy)


def _of_response(error: boto.ClientError, subject: str, endpoint: str | None) -> Cause:
    """The cause for an error response of the service."""
    code = code_of(error)
    kind, remedy = _kind_and_remedy(error)
    if kind is Kind.ABSENT and subject:
        return Cause(kind, code, f"{subject} does not exist", remedy)
    if kind is Kind.CREDENTIALS:  # without the service's message, which quotes the signed request
        problem = f"{_where(endpoint)} does not accept these credentials ({code})"
        return Cause(kind, code, problem, _PASTE if is_loopback(endpoint) else remedy)
    of = f" of {subject}" if subject else ""
    return Cause(kind, code, f"AWS refused {error.operation_name}{of} ({code}: {message_of(error)})", remedy)


def _kind_and_remedy(error: boto.ClientError) -> tuple[Kind, str]:
    code = code_of(error)
    if code == "ValidationError" and "does not exist" in message_of(error):  # CloudFormation has no code for it
        return Kind.ABSENT, _CREATE
    if entry := _BY_CODE.get(code.removeprefix("HTTP ")):
        return entry
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Kind.THROTTLED, _LATER
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Kind.BROKEN, _AGAIN
    return Kind.REFUSED, "look the error up in the service's documentation, or try again"


def _local(error: Exception, endpoint: str | None) -> Cause:
    """The cause for an error that botocore raised by itself."""
    if isinstance(error, Boto3Error) and isinstance(error.__context__, Exception):
        return explain(error.__context__, "", endpoint)
    code = type(error).__name__
    fields = dict(getattr(error, "kwargs", {}))
    provider = str(fields.get("provider", ""))
    fields |= {
        "message": one_line(str(error))[:200],
        "origin": _ORIGINS.get(provider, f"the source {provider}"),
        "proxy": without_secrets(str(fields.get("proxy_url", ""))),
        "where": _where(endpoint),
        "start": "`python -m local aws` starts an emulator" if endpoint else "check the network and the region",
    }
    for errors, problem, remedy in _CONFIGURATION:
        if isinstance(error, errors):
            return Cause(Kind.CONFIGURATION, code, problem.format(**fields), remedy)
    for kind, errors, problem, remedy in _ON_THE_WAY:
        if isinstance(error, errors):
            return Cause(kind, code, problem.format(**fields), remedy.format(**fields))
    if isinstance(error, ValueError) and not isinstance(error, boto.BotoCoreError):
        if "endpoint" in str(error).lower():  # not repeated: it may hold a password
            problem = "the endpoint is no address such as http://127.0.0.1:4566"
            return Cause(Kind.REFUSED, code, problem, "check --endpoint, AWS_ENDPOINT_URL and the AWS profile")
        problem = f"a variable or a setting of AWS has an invalid value ({fields['message']})"
        return Cause(Kind.CONFIGURATION, code, problem, _MEND)
    # Only the class's name: the text of an unknown error may contain a secret.
    return Cause(Kind.REFUSED, code, f"AWS cannot be called ({code})", "check the AWS configuration and the network")


def _where(endpoint: str | None) -> str:
    return without_secrets(endpoint) if endpoint else "AWS"


def code_of(error: BaseException | None) -> str:
    """The error's code in the service's response, or the name of its class without a response."""
    if isinstance(error, boto.ClientError):
        code = one_line(str(error.response.get("Error", {}).get("Code") or "an error without a code"))
        return f"HTTP {code}" if code.isdigit() else code
    return type(error).__name__


def message_of(error: boto.ClientError) -> str:
    """The service's message, as `one_line`."""
    return one_line(str(error.response.get("Error", {}).get("Message") or "no reason given"))[:LONGEST]


def is_absence(error: BaseException | None) -> bool:
    """Whether AWS says that the resource does not exist."""
    return isinstance(error, boto.ClientError) and _kind_and_remedy(error)[0] is Kind.ABSENT


def one_line(text: str) -> str:
    """The text for a part of a sentence: without line breaks, control characters and a full stop."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split()).rstrip(".")
