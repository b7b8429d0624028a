"""What is wrong before any service has been asked: the user's own configuration of AWS, or the way to it.

Each is what is so and what to do about it, without a full stop, ready for a sentence. Neither repeats a secret: what a
program that yields credentials has printed is not told, nor a proxy's user and password.
"""

from __future__ import annotations

from collections.abc import Mapping

from botocore import exceptions as boto

from program.addresses import without_secrets

_MEND = "mend ~/.aws/config, or the variable that chooses from it"
_UNUSABLE = "the AWS configuration cannot be used ({said})"
_RENEW = "renew them, or choose another AWS_PROFILE"
# The first kind that fits counts: some are kinds of others. In braces: what the error itself tells.
_CONFIGURATION: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (boto.ProfileNotFound, "the AWS profile {profile} is not configured", "name one that is, or `aws configure` it"),
    ((boto.ConfigParseError, boto.ConfigNotFound), "the AWS configuration {path} cannot be read", "mend that file"),
    (boto.PartialCredentialsError, "the AWS credentials of {origin} lack {cred_var}", "add it"),
    (
        boto.CredentialRetrievalError,
        "{origin} yields no AWS credentials",
        "see why by hand, or choose another AWS_PROFILE",
    ),
    ((boto.SSOError, boto.TokenRetrievalError), "the AWS login has expired", "log in again with `aws sso login`"),
    (boto.MetadataRetrievalError, "the machine's or container's role yields no AWS credentials", _RENEW),
    (boto.RefreshWithMFAUnsupportedError, "the AWS profile wants a second factor", "get a session with one first"),
    ((boto.InvalidConfigError, boto.UnknownCredentialError), _UNUSABLE, _MEND),
    ((boto.InvalidRetryConfigurationError, boto.InvalidDefaultsMode), _UNUSABLE, _MEND),
    (boto.InvalidSTSRegionalEndpointsConfigError, _UNUSABLE, _MEND),
)
_ORIGINS = {
    "custom-process": "the credential_process of the AWS profile",
    "env": "the environment",
    "explicit": "the environment",
    "assume-role": "the AWS profile's role",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
}


def of_configuration(error: Exception) -> tuple[str, str] | None:
    """What is wrong with the user's configuration and the remedy, or None if this error is about something else."""
    told = dict(getattr(error, "kwargs", {}))
    provider = str(told.get("provider", ""))
    told |= {"said": _flat(error), "origin": _ORIGINS.get(provider, f"the source {provider}")}
    for kinds, what, remedy in _CONFIGURATION:
        if isinstance(error, kinds):
            return what.format(**told), remedy
    if isinstance(error, ValueError) and not isinstance(error, boto.BotoCoreError) and "endpoint" not in str(error):
        return f"a variable or a setting of AWS cannot be what it is ({_flat(error)})", _MEND
    return None


def of_proxy(error: Exception) -> tuple[str, str] | None:
    """That a proxy is in the way, by its name, and what to do; None if none is."""
    if not isinstance(error, boto.ProxyConnectionError):
        return None
    name = without_secrets(str(getattr(error, "kwargs", {}).get("proxy_url", "")))
    return f"the proxy {name} does not answer", "correct HTTPS_PROXY or HTTP_PROXY, or except the address by NO_PROXY"


def where(place: Mapping[str, str]) -> str:
    """How a sentence names the place of a job's settings, its `endpoint` or `region`, without anything secret."""
    return without_secrets(place["endpoint"]) if "endpoint" in place else f"AWS in {place['region']}"


def _flat(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200]
