"""What can go wrong with Kinesis, each case as one sentence with its remedy."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from botocore import exceptions as boto

from aws import failures
from program.addresses import is_here


@dataclass(frozen=True)
class Place:
    """A stream in a region, behind an endpoint URL."""

    stream: str
    region: str
    endpoint: str

    def __str__(self) -> str:
        return f"stream {self.stream} in {self.region} at {without_password(self.endpoint)}"


@dataclass(frozen=True)
class Refusal:
    """Why records were not accepted, what to do about it, and whether it is worth trying the same again."""

    what: str
    remedy: str
    passing: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


THROTTLED = {
    *("ProvisionedThroughputExceededException", "ThrottlingException", "Throttling", "RequestThrottled"),
    *("LimitExceededException", "RequestLimitExceeded", "KMSThrottlingException", "TooManyRequestsException"),
}
DENIED = {"AccessDeniedException", "AccessDenied", "KMSAccessDeniedException"}
NOT_ACCEPTED = {
    *("UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "ExpiredToken"),
    *("InvalidClientTokenId", "MissingAuthenticationTokenException", "IncompleteSignatureException"),
    *("MissingAuthenticationToken", "IncompleteSignature"),
}

RENEW = "renew them, for example with aws configure or aws sso login"
HERE = "paste the line that `python -m local aws` printed when it started"
NO_REGION = Refusal("no AWS region is set", "give --region, set AWS_DEFAULT_REGION or run aws configure")
NO_CREDENTIALS = Refusal(
    "no AWS credentials were found",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run aws configure",
)


def of_record(code: str, place: Place) -> Refusal:
    """For one record inside an accepted call; Kinesis fails single records for passing reasons only."""
    if code in THROTTLED:
        return Refusal(f"Kinesis throttles {place} ({code})", "add shards or lower --rate", passing=True)
    return Refusal(f"Kinesis failed on {place} ({code})", "try again later", passing=True)


def of_call(error: Exception, place: Place) -> Refusal:
    """For a call that raised `error`."""
    if isinstance(error, boto.ClientError):
        return _answered(error, place)
    if proxy := failures.of_proxy(error):
        return Refusal(*proxy, passing=True)
    if isinstance(error, boto.EndpointConnectionError | boto.HTTPClientError | boto.ConnectionError):
        what = f"cannot reach Kinesis at {without_password(place.endpoint)} ({type(error).__name__})"
        remedy = "check that it is up and that --endpoint, AWS_ENDPOINT_URL and --region are right"
        return Refusal(what, remedy, passing=True)
    return of_setup(error)


def of_setup(error: Exception) -> Refusal:
    """For an error raised before anything reached Kinesis."""
    if isinstance(error, boto.NoRegionError):
        return NO_REGION
    if isinstance(error, boto.NoCredentialsError):
        return NO_CREDENTIALS
    if found := failures.of_configuration(error):
        return Refusal(*found)
    # By name only: the text of an unforeseen error may hold what should not be on a screen.
    return Refusal(f"boto3 cannot call Kinesis ({type(error).__name__})", "check the AWS configuration and endpoint")


def _answered(error: boto.ClientError, place: Place) -> Refusal:
    code = error.response.get("Error", {}).get("Code", "no error code")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "ResourceNotFoundException":
        create = f"aws kinesis create-stream --stream-name {place.stream} --shard-count 1"
        return Refusal(f"there is no {place}", f"create it ({create}) or name another with --stream or --region")
    if code in DENIED:
        return Refusal(f"these credentials may not write to {place} ({code})", "allow them kinesis:PutRecords on it")
    if code in NOT_ACCEPTED:
        remedy = HERE if is_here(place.endpoint) else RENEW
        return Refusal(f"{_service(place)} does not accept these credentials ({code})", remedy)
    if code in THROTTLED or status == 429 or status >= 500:
        return of_record(code, place)
    remedy = "check --endpoint, AWS_ENDPOINT_URL and the stream's settings"
    return Refusal(f"Kinesis refuses records for {place} ({code}, HTTP {status})", remedy)


def _service(place: Place) -> str:
    return f"Kinesis at {without_password(place.endpoint)}" if is_here(place.endpoint) else "Kinesis"


def without_password(url: str) -> str:
    """The URL without what may stand before an @ in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
