"""Options of all AWS connectors: region, endpoint, credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.connector import Option

PROVIDERS = ("AUTO", "ENV_VAR", "SYS_PROP", "PROFILE", "ASSUME_ROLE", "WEB_IDENTITY_TOKEN")

# Without BASIC, which would put a secret into the table's options, where EXPLAIN, SHOW CREATE TABLE and logs print it.
# Without CUSTOM, which loads a class that this project does not ship.
OPTIONS: Mapping[str, Option] = {
    "aws.region": Option(),
    "aws.endpoint": Option("url"),
    "aws.credentials.provider": Option(default="AUTO", choices=PROVIDERS),
    "aws.credentials.profile.path": Option(),
    "aws.credentials.profile.name": Option(),
    "aws.credentials.role.arn": Option(),
    "aws.credentials.role.sessionName": Option(),
    "aws.credentials.role.externalId": Option(),
    "aws.credentials.role.stsEndpoint": Option("url"),
    "aws.credentials.role.provider": Option(choices=PROVIDERS),
    "aws.credentials.webIdentityToken.file": Option(),
}


def sink_options(entries: int, size: int) -> dict[str, Option]:
    """The options of all sinks. entries, size: of a request, where the options name none; size in bytes."""
    return {
        "sink.batch.max-size": Option("int", str(entries)),
        "sink.flush-buffer.size": Option("int", str(size)),
        "sink.flush-buffer.timeout": Option("ms", "5000"),
        "sink.requests.max-inflight": Option("int", "16"),
        "sink.requests.max-buffered": Option("int", "10000"),
        "sink.fail-on-error": Option("bool", "false"),
        "sink.http-client.max-concurrency": Option("int", "1000"),
        "sink.http-client.read-timeout": Option("ms", "30000"),
        # Without it: HTTP/2 for Kinesis over TLS, else HTTP/1.1.
        "sink.http-client.protocol.version": Option(choices=("HTTP2", "HTTP1_1")),
        "sink.parallelism": Option("int"),
    }


@dataclass(frozen=True)
class Aws:
    """The services' region, endpoint and credentials.

    region: also needed with an endpoint, as the signature of a request contains it.
    endpoint: an emulator or a VPC endpoint; None for the region's own.
    credentials: a name from PROVIDERS; AUTO looks where every AWS SDK looks. Secrets are never settings.
    """

    region: str
    endpoint: str | None = None
    credentials: str = "AUTO"
    profile: str | None = None

    def options(self) -> dict[str, str]:
        """The options of both connectors for these values."""
        options = {
            "aws.region": self.region,
            "aws.endpoint": self.endpoint,
            "aws.credentials.provider": self.credentials,
            "aws.credentials.profile.name": self.profile,
        }
        return {name: value for name, value in options.items() if value is not None}
