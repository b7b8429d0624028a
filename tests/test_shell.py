"""The user's variables and AWS files do not redirect calls to the emulator, and do not reach child processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from botocore.exceptions import ClientError
from pyflink.util.exceptions import TableException

from aws import session
from aws.failures import AwsError
from aws.session import Services
from consumer.__main__ import main as consumer
from consumer.tail import stored
from dashboard import node
from deploy.account import Account, DeployError
from flink import distribution, rest
from flink import resources as flink_resources
from flink.backfill import archive
from java import paths
from jobs.__main__ import main as jobs
from local import emulator, resources
from local.emulator import Emulator, Keys
from pipeline import settings
from pipeline.job import load
from producer.kinesis import connect as produce
from producer.records import Kind, Record
from producer.sinks import ProducerError
from program import environment
from program.addresses import proxy_for, without_secrets
from program.errors import Failure
from program.waiting import Retry
from tests.emulated import reset

NOWHERE = "http://127.0.0.1:9"
PROXIES = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), NOWHERE)
AWS = {
    "AWS_PROFILE": "payments-prod",
    "AWS_DEFAULT_PROFILE": "payments-prod",
    "AWS_ENDPOINT_URL_KINESIS": NOWHERE,
    "AWS_ENDPOINT_URL_DYNAMODB": NOWHERE,
    "AWS_ENDPOINT_URL_S3": NOWHERE,
    "AWS_ENDPOINT_URL_STS": NOWHERE,
    "AWS_SESSION_TOKEN": "theirs",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/theirs",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent",
    "AWS_CA_BUNDLE": "/nonexistent",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_RETRY_MODE": "nonsense",
    "AWS_DEFAULTS_MODE": "nonsense",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_DATA_PATH": "/nonexistent",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "nonsense",
}
OTHERS = {
    "JAVA_TOOL_OPTIONS": "-Dx",
    "_JAVA_OPTIONS": "-Dx",
    "JDK_JAVA_OPTIONS": "-Dx",
    "CLASSPATH": "/nonexistent",
    "FLINK_CONF_DIR": "/nonexistent",
    "FLINK_HOME": "/nonexistent",
    "FLINK_LIB_DIR": "/nonexistent",
    "FLINK_ENV_JAVA_OPTS": "-Dx",
    "HADOOP_CLASSPATH": "/nonexistent",
    "PYFLINK_GATEWAY_PORT": "9",
    "PYTHONPATH": "/nonexistent",
    "PYTHONSAFEPATH": "1",
    "PYTHONHOME": "/nonexistent",
    "LD_PRELOAD": "/nonexistent",
    "NODE_OPTIONS": "--nonsense",
    "SERVICES": "s3,sqs,lambda",
    "USE_SSL": "1",
    "CDPATH": "/tmp",  # noqa: S108  (any folder)
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "LC_NUMERIC": "de_DE.UTF-8",
    "TZ": "America/New_York",
}


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment and a home directory that redirect every program elsewhere; returns the home directory."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        f"[default]\nregion = eu-central-1\nendpoint_url = {NOWHERE}\nservices = theirs\n"
        f"[services theirs]\nkinesis =\n  endpoint_url = {NOWHERE}\n"
    )
    for name, value in {**PROXIES, **AWS, **OTHERS, "HOME": str(tmp_path)}.items():
        if name not in ("PYTHONHOME", "LD_PRELOAD"):  # this process starts others, too
            monkeypatch.setenv(name, value)
    return tmp_path


def test_a_child_gets_few_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child gets the variables of the user and the terminal, no others."""
    for name, value in {**PROXIES, **AWS, **OTHERS}.items():
        monkeypatch.setenv(name, value)
    plain = environment.plain()
    assert not {**PROXIES, **AWS, **OTHERS}.items() & plain.items()
    assert plain["PATH"] == os.environ["PATH"]
    assert (plain["LC_ALL"], plain["NO_PROXY"], plain["no_proxy"]) == ("C.UTF-8", "*", "*")
    assert plain.keys() <= {*environment._OWN, "LANG", "LC_ALL", "NO_PROXY", "no_proxy"}


def test_defaults_of_a_child() -> None:
    """A missing PATH has a default; a TMPDIR that is no folder is left out."""
    assert environment.plain({})["PATH"] == os.defpath
    assert "TMPDIR" not in environment.plain({"TMPDIR": "/nonexistent"})
    assert environment.plain({"HOME": ""}).get("HOME") is None


def test_for_aws_a_child_gets_the_users_settings() -> None:
    """For AWS: all AWS_ variables, and the proxies except for loopback. For a loopback endpoint: keys and region."""
    user = {**AWS, **PROXIES, **OTHERS, "NO_PROXY": "corp.example", "AWS_ACCESS_KEY_ID": "key", "AWS_REGION": "here"}
    for endpoint in (None, "https://vpce-1.kinesis.us-east-1.vpce.amazonaws.com"):
        given = environment.for_job(endpoint, user)
        assert AWS.items() <= given.items()
        assert PROXIES.items() <= given.items()
        assert given["no_proxy"] == given["NO_PROXY"] == "corp.example,127.0.0.1,localhost,::1"
        assert not OTHERS.items() & given.items()
    given = environment.for_job("http://localhost:4566", user)
    assert given["AWS_ACCESS_KEY_ID"] == "key"
    assert {name for name in given if name.startswith("AWS_")} == {
        *("AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SESSION_TOKEN", "AWS_EC2_METADATA_DISABLED"),
        *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
    }
    assert not PROXIES.items() & given.items()


def test_npm_gets_its_own_settings_and_the_proxies() -> None:
    given = environment.npm({**PROXIES, **OTHERS, **AWS, "npm_config_registry": "https://mirror.example"})
    assert given["npm_config_registry"] == "https://mirror.example"
    assert given["HTTPS_PROXY"] == NOWHERE
    assert not {**OTHERS, **AWS}.items() & given.items()


@pytest.mark.usefixtures("hostile")
def test_clients_of_the_emulator_speak_to_it(aws: Emulator) -> None:
    """The clients take keys, region and endpoint from their arguments, and use no proxy."""
    kinesis, dynamodb = resources.clients(aws.environment)
    kinesis.create_stream(StreamName="hostile", ShardCount=1)
    assert "hostile" in kinesis.list_streams()["StreamNames"]
    dynamodb.list_tables()
    account = resources.account(aws.environment)
    assert account.number == "000000000000"
    assert account.region == emulator.REGION
    account.client("s3").list_buckets()


@pytest.fixture
def theirs(aws: Emulator, hostile: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator's keys in the hostile environment, as after the printed line and further settings."""
    assert hostile
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    monkeypatch.delenv("AWS_CONFIG_FILE")
    return aws


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_given_endpoint_wins(theirs: Emulator, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The given endpoint wins over a service's: in producer, consumer, deploy, backfill and the check before a job."""
    given = theirs.endpoint if by == "flag" else None
    if given:
        monkeypatch.setenv("AWS_ENDPOINT_URL", NOWHERE)
    sink = produce("any", None, given, Retry(), lambda *_: None)
    assert theirs.endpoint in sink.where
    assert Account.at(session.endpoint_of(given), None, None).number == "000000000000"
    place = {"region": "us-east-1"} | ({"endpoint": given} if given else {})
    assert (
        Services.at(archive._endpoint(place), "us-east-1")
        .client("s3")
        .list_buckets()["ResponseMetadata"]["HTTPStatusCode"]
        == 200
    )
    if given:
        Services.of_settings(place).client("kinesis").list_streams()


@pytest.mark.usefixtures("hostile")
def test_other_programs_after_the_printed_line(aws: Emulator) -> None:
    """After the printed line, boto3 outside of this project uses the emulator."""
    script = "import boto3; print(boto3.client('kinesis').meta.endpoint_url); boto3.client('kinesis').list_streams()"
    line = environment.line(aws.environment)
    assert line.startswith("export ")
    assert "\n" not in line
    for shell in filter(shutil.which, ("sh", "dash", "bash", "zsh")):
        done = subprocess.run(
            [
                shell,
                "-euc",
                f'{line}\nunset PYTHONPATH\nenv | grep ^AWS_ | sort\nexec "$0" -c "{script}"',
                sys.executable,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, (shell, done.stderr[-500:])
        *variables, endpoint = done.stdout.splitlines()
        assert endpoint == aws.endpoint
        assert dict(one.split("=", 1) for one in variables) == aws.environment


def test_the_line_keeps_no_proxy() -> None:
    """The line keeps NO_PROXY and no_proxy, and works with `set -u` when neither is set."""
    line = environment.line({"AWS_REGION": "a b"})
    told = subprocess.run(
        ["/bin/sh", "-euc", f'{line}; printf "%s\\n" "$NO_PROXY" "$no_proxy" "$AWS_REGION"'],
        env={"PATH": os.environ["PATH"], "NO_PROXY": "corp"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told == ["127.0.0.1,localhost,::1,corp"] * 2 + ["a b"]


def test_the_line_can_be_pasted_again_and_again() -> None:
    """The variables do not grow when the line is pasted after each restart of the emulator, in any shell."""
    line = environment.line({"AWS_REGION": "x"})
    for shell in filter(shutil.which, ("sh", "dash", "bash", "zsh")):
        told = subprocess.run(
            [shell, "-euc", "\n".join([*[line] * 20, 'printf "%s\\n" "$NO_PROXY" "$no_proxy"'])],
            env={"PATH": os.environ["PATH"], "NO_PROXY": "corp", "no_proxy": "other"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        assert told == ["127.0.0.1,localhost,::1,other,corp"] * 2


@pytest.fixture
def flinks() -> Iterator[str]:
    """The address of a server that imitates Flink's REST API."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"taskmanagers": 1}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_flink_on_this_machine_is_called_without_a_proxy(flinks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PROXIES.items():
        monkeypatch.setenv(name, value)
    assert rest.Cluster(flinks).overview() == {"taskmanagers": 1}
    assert emulator.answers(f"{flinks}/health")


def test_a_proxy_that_fails_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program that connects to other machines names the proxy."""
    for name in PROXIES:
        monkeypatch.setenv(name, "http://me:hush@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.delenv("no_proxy", raising=False)
    for name in AWS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    assert proxy_for("http://flink.example") == "http://127.0.0.1:9"
    with pytest.raises(rest.RestError, match=r"through the proxy http://127\.0\.0\.1:9 ") as refused:
        rest.Cluster("http://flink.example:8081").overview()
    sink = produce("any", "us-east-1", None, Retry(limit=0.1), lambda *_: None)
    with pytest.raises(ProducerError, match=r"^The proxy http://127\.0\.0\.1:9 does not answer") as unsent:
        list(sink.put([RECORD]))
    assert "hush" not in f"{refused.value}{unsent.value}"
    assert without_secrets("me:hush@proxy.example:3128") == "http://proxy.example:3128"


RECORD = Record("Bree", b"{}\n", Kind.OK, False, 0, 0)


CONFIGURATION = {
    "process": 'credential_process = /bin/sh -c "echo hush >&2; exit 3"',
    "role": "role_arn = arn:aws:iam::123456789012:role/x",
    "source": "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = nowhere",
    "empty": "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = default",
    "half": "aws_access_key_id = AKIAX",
    "environment": "role_arn = arn:aws:iam::123456789012:role/x\ncredential_source = Nonsense",
}
SAID = {
    "process": "the credential_process of the AWS profile yields no AWS credentials",
    "role": "lack source_profile or credential_source",
    "source": 'source_profile "nowhere" referenced in the profile "source" does not exist',
    "empty": "must have credentials",
    "half": "lack aws_secret_access_key",
    "environment": 'credential source "Nonsense"',
    "nobody": "nobody",
}


@pytest.mark.parametrize("profile", SAID)
def test_a_configuration_that_cannot_be_is_one_true_sentence(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each program names the true problem (not the region or the network) without a secret."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    text = "[default]\nregion = us-east-1\n"
    text += "".join(f"[profile {name}]\nregion = us-east-1\n{lines}\n" for name, lines in CONFIGURATION.items())
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_PROFILE", profile)

    said = []
    with pytest.raises(Failure) as unsent:
        list(produce("any", None, None, Retry(limit=0.1), lambda *_: None).put([RECORD]))
    said.append(str(unsent.value))
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)  # pytest's has no descriptor
    assert consumer(["--patience", "0"]) == 1
    said.append(capsys.readouterr().err)
    with pytest.raises(DeployError) as undone:
        Account.at(None, None, None).client("sts")
    said.append(str(undone.value))
    chosen = settings.example(load("unicorn_summary"))
    with pytest.raises(AwsError) as unlooked:
        flink_resources.require(chosen)
    said.append(str(unlooked.value))
    for one in said:
        assert SAID[profile].lower() in one.lower(), one
        assert "hush" not in one
        assert "--region" not in one
        assert len(one.strip().splitlines()) == 1


@pytest.mark.usefixtures("hostile")
def test_java_and_node_are_started_with_their_own(tmp_path: Path) -> None:
    """Java and Node ignore the options in the shell: Flink computes its memory, npm prints its version."""
    distribution.write_configuration(tmp_path, {"jobmanager.memory.process.size": "1024m"})
    command = distribution.command("jobmanager", tmp_path, "any.log")
    assert any(word.startswith("-Xmx") for word in command)
    assert not any("/nonexistent" in word for word in command)
    assert f"-Djava.io.tmpdir={tmp_path / 'tmp'}" in command  # Flink's folders there have the same names for all users
    assert node.npm("--version", folder=paths.ROOT, seconds=60).returncode == 0


def test_the_reset_of_tests_is_signed(tmp_path: Path) -> None:
    with emulator.running(tmp_path / "log") as aws:
        kinesis, _none = resources.clients(aws.environment)
        kinesis.create_stream(StreamName="any", ShardCount=1)
        assert list(stored(kinesis, "any")) == []
        reset(aws)
        assert kinesis.list_streams()["StreamNames"] == []
        with pytest.raises(ClientError):
            resources.clients(emulator.environment(aws.endpoint, Keys("test", "test")))[0].list_streams()


def test_a_job_prints_its_steps(tmp_path: Path) -> None:
    """The steps go to standard error from the first second on; an error follows its step."""
    env = environment.plain() | {"AWS_ENDPOINT_URL": NOWHERE, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    command = [sys.executable, "-m", "jobs", "run", "unicorn_summary", "--port", "0", "--state", str(tmp_path)]
    done = subprocess.run(command, cwd=paths.ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    step, failure = done.stderr.splitlines()
    assert step.endswith(" s  looking up streams and tables")
    assert failure == f"{NOWHERE} does not answer: `python -m local aws` starts an emulator."
    assert (done.returncode, done.stdout) == (1, "")


def test_the_password_of_an_endpoint_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No program prints the password, neither in an error nor in the job's SQL."""
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}.items():
        monkeypatch.setenv(name, value)
    endpoint = "http://me:hush@127.0.0.1:9"
    group = {"PropertyGroupId": "aws", "PropertyMap": {"region": "any", "endpoint": endpoint}}
    chosen = settings.parse([group], load("unicorn_summary"))
    with pytest.raises(AwsError, match=r"^http://127\.0\.0\.1:9 does not answer: ") as unlooked:
        flink_resources.require(chosen)
    account = Account.at(endpoint, "any", None)
    with pytest.raises(DeployError, match=r"^http://127\.0\.0\.1:9 does not answer") as undone, account.sentences():
        account.client("sts").get_caller_identity()
    assert "hush" not in f"{unlooked.value}{undone.value}{account.where}"
    file = settings.write(tmp_path, [group])
    assert jobs(["sql", "unicorn_summary", "--properties", str(file)]) == 0
    script = capsys.readouterr()
    assert "'aws.endpoint' = 'http://127.0.0.1:9'" in script.out
    assert "hush" not in script.out + script.err
    assert "user and password are left out" in script.err


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:99999", "http://me:hush@127.0.0.1:x", "http://["])
def test_an_invalid_endpoint_is_an_error_before_the_first_call(endpoint: str) -> None:
    """All clients are made by session.client, and each program turns its error into a sentence."""
    with pytest.raises(ValueError, match=r"^Invalid endpoint: it is no address such as http://127\.0\.0\.1:4566$"):
        session.client("kinesis", session.to("http://127.0.0.1:1"), endpoint)
    with pytest.raises(AwsError, match=r"^The endpoint is no address such as http://127\.0\.0\.1:4566: "):
        produce("any", "us-east-1", endpoint, Retry(), lambda *_: None)


def test_the_innermost_cause_is_what_an_error_of_java_says() -> None:
    """The sentence has the cause at any depth, in both forms of PyFlink's traces."""
    trace = (
        "org.apache.flink.table.api.TableException: Failed to execute sql\n\tat a.B(B.java:1)\n"
        "Caused by: org.apache.flink.util.FlinkException: Failed to start.\n\t... 20 more\n"
        "Caused by: java.net.UnknownHostException: nowhere: not known\n\tat c.D(D.java:2)\n\t... 21 more\n"
    )
    error = TableException(trace)
    assert isinstance(error, distribution.errors())
    assert distribution.cause(error) == "UnknownHostException: nowhere: not known"
