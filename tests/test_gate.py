"""The emulator's gate: it admits callers that sign with the keys of its run, and no page of a browser."""

from __future__ import annotations

import functools
import http.client
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from botocore.exceptions import ClientError

from aws import session
from local import emulator, gate, resources
from local.emulator import Emulator, Keys
from program import processes

PLAIN = {"Content-Type": "text/plain"}
KINESIS = {"X-Amz-Target": "Kinesis_20131202.ListStreams", "Content-Type": "application/x-amz-json-1.1"}


def ask(aws: Emulator, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    """The answer to exactly this request."""
    connection = http.client.HTTPConnection(urlsplit(aws.endpoint).netloc, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@functools.cache
def parsed() -> Any:
    """A single session for all clients: parsing the services' descriptions takes long."""
    return session.to("http://127.0.0.1:1", environment={})


def client(aws: Emulator, service: str, keys: Keys) -> Any:
    config = session.config(service, aws.endpoint)
    secret = {"aws_access_key_id": keys.id, "aws_secret_access_key": keys.secret}
    return parsed().client(service, endpoint_url=aws.endpoint, config=config, **secret)


def refused(call: Callable[[], object]) -> str:
    """The code of this call's refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    return str(caught.value.response["Error"]["Code"])


def test_a_hostile_page_runs_nothing(aws: Emulator) -> None:
    """A page cannot make and invoke a Python function by two requests that a browser sends without a preflight."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("taken.py", "def now(event, context): return 'taken'")
    function = {
        "FunctionName": "taken",
        "Runtime": "python3.11",
        "Role": "arn:aws:iam::000000000000:role/x",
        "Handler": "taken.now",
        "Code": {"ZipFile": packed.getvalue().hex()},
    }
    for page in ({"Origin": "https://evil.example"}, {}):
        made, _told = ask(aws, "POST", "/2015-03-31/functions", json.dumps(function).encode(), **PLAIN, **page)
        run, told = ask(aws, "POST", "/2015-03-31/functions/taken/invocations", b"{}", **PLAIN, **page)
        assert (made, run) == (403, 403)
        assert "taken'" not in told


@pytest.mark.parametrize("service", ["lambda", "glue", "athena", "stepfunctions", "codebuild", "ecs", "sqs"])
def test_only_what_the_template_needs_is_served(aws: Emulator, service: str) -> None:
    """Even with the keys, only the template's services are available, and none that runs code."""
    calls = {
        "lambda": "list_functions",
        "glue": "get_databases",
        "athena": "list_work_groups",
        "stepfunctions": "list_state_machines",
        "codebuild": "list_projects",
        "ecs": "list_clusters",
        "sqs": "list_queues",
    }
    with pytest.raises(ClientError) as caught:
        getattr(client(aws, service, aws.keys), calls[service])()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


@pytest.mark.parametrize(
    "key",
    ["test", "000000000000", "123456789012", "AKIAAAAAAAAAAAAAAAAA", "ASIAAAAAAAAAAAAAAAAA", "local", "the right one"],
)
@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("kinesis", "list_streams"),
        ("dynamodb", "list_tables"),
        ("s3", "list_buckets"),
        ("cloudformation", "list_stacks"),
        ("iam", "list_roles"),
    ],
)
def test_other_keys_are_refused(aws: Emulator, key: str, service: str, call: str) -> None:
    """Keys that ministack takes for the root user's, and the right key with another secret, are refused."""
    wrong = Keys(aws.keys.id if key == "the right one" else key, "test")
    assert refused(getattr(client(aws, service, wrong), call)) in (
        *("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"),
        *("InvalidSignatureException", "SignatureDoesNotMatch"),
    )


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", KINESIS),
        ("/", {"X-Amz-Target": "AWSCognitoIdentityService.GetId", "Content-Type": "application/x-amz-json-1.1"}),
        ("/?Action=ListRoles&Version=2010-05-08", {}),
        ("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20260101/us-east-1/kinesis/aws4_request", KINESIS),
        ("/?AWSAccessKeyId=test&Signature=x&Expires=9999999999", KINESIS),
        ("/", {**KINESIS, "Authorization": "AWS4-HMAC-SHA256 Credential=test/x"}),
        ("/", {**KINESIS, "Authorization": "AWS test:signature"}),
        ("/_ministack/reset", PLAIN),
        ("/_ministack/config", PLAIN),
        ("/_localstack/health", PLAIN),
        ("/bucket/key", {}),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "OPTIONS"])
def test_what_is_not_signed_is_refused(aws: Emulator, path: str, headers: dict[str, str], method: str) -> None:
    """Unsigned requests are refused, for the emulator's own switches too."""
    status, told = ask(aws, method, path, b"{}", **headers)
    assert status == 403, told


def test_the_right_key_in_two_places_is_refused(aws: Emulator) -> None:
    """The key that the gate checks and the key that ministack would use must be the same."""
    signed = client(aws, "s3", aws.keys).generate_presigned_url("list_buckets").removeprefix(aws.endpoint)
    assert ask(aws, "GET", signed)[0] == 200
    assert ask(aws, "GET", f"{signed}&X-Amz-Credential=test/20260101/us-east-1/s3/aws4_request")[0] == 403
    assert ask(aws, "GET", f"{signed}&AWSAccessKeyId=test")[0] == 403
    assert ask(aws, "GET", signed, Authorization="AWS test:signature")[0] == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:1"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "localhost.evil.example:80"}, 421),
        ({"Host": ""}, 421),
        ({"Host": "["}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 200),
    ],
)
def test_only_for_this_machine_and_from_no_other_page(aws: Emulator, headers: dict[str, str], status: int) -> None:
    """Any request with a foreign host name (DNS rebinding) or origin is refused by its headers."""
    assert ask(aws, "GET", gate.HEALTH, **headers)[0] == status


def test_each_run_has_keys_of_its_own_which_nobody_sees(aws: Emulator) -> None:
    """The keys are neither in the list of processes, nor in a repr, nor in the log."""
    assert Keys.drawn() != Keys.drawn()
    assert aws.keys.secret not in repr(aws)
    words = psutil.Process(aws.process.pid).cmdline()
    assert aws.keys.secret not in " ".join(words)
    assert psutil.Process(aws.process.pid).environ()["AWS_SECRET_ACCESS_KEY"] == aws.keys.secret


def test_its_variables_are_its_own(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator ignores LocalStack's variables, which a user's shell may have."""
    theirs = {
        "SERVICES": "s3,sqs,lambda",
        "USE_SSL": "1",
        "GATEWAY_PORT": "9",
        "EDGE_PORT": "9",
        "BIND_HOST": "0.0.0.0",  # noqa: S104  (a wrong value, on purpose)
        "AUTH": "false",
        "PERSIST_STATE": "1",
        "LOCALSTACK_PERSISTENCE": "1",
        "MINISTACK_ACCOUNT_ID": "111111111111",
        "MINISTACK_REGION": "eu-west-1",
        "LOG_LEVEL": "NONSENSE",
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": "/nonexistent",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    with emulator.running(tmp_path / "log") as own:
        kinesis, dynamodb = resources.clients(own.environment)
        kinesis.create_stream(StreamName="any", ShardCount=1)
        assert dynamodb.list_tables()["TableNames"] == []
        assert not theirs.items() & psutil.Process(own.process.pid).environ().items()
        assert refused(client(own, "kinesis", Keys("test", "test")).list_streams) == "UnrecognizedClientException"
    processes.require_free(int(own.endpoint.rpartition(":")[2]), "port")
