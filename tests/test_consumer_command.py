"""`python -m consumer` as it is run, against a local Kinesis."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import boto3
import pytest

from consumer.__main__ import main
from local import emulator
from local.emulator import Keys

ROOT = Path(__file__).parents[1]
SHARDS = 4
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment(**changes: str | None) -> dict[str, str]:
    """The process's environment with the tests' AWS settings instead of its own; None removes a variable."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {name: value for name, value in {**plain, **SETTINGS, **changes}.items() if value is not None}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    """A Kinesis on a free port for these tests."""
    keys = Keys(SETTINGS["AWS_ACCESS_KEY_ID"], SETTINGS["AWS_SECRET_ACCESS_KEY"])
    with emulator.running(tmp_path_factory.mktemp("kinesis") / "log", keys=keys) as aws:
        yield aws.endpoint


def until(condition, what: str, seconds: float = 20) -> None:
    """Wait for a condition."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, f"not within {seconds} s: {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def kinesis(endpoint):
    return boto3.client(
        "kinesis",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the local Kinesis accepts it
    )


@pytest.fixture(scope="module")
def readings(kinesis) -> list[dict]:
    """Readings of 40 unicorns in all shards of the stream `wildrydes`."""
    kinesis.create_stream(StreamName="wildrydes", ShardCount=SHARDS)
    found = [{"Distance": 29.5 + n / 100, "Name": f"Unicorn {n % 40}", "HealthPoints": n} for n in range(200)]
    records = [{"Data": json.dumps(one).encode() + b"\n", "PartitionKey": one["Name"]} for one in found]
    shards = {one["ShardId"] for one in kinesis.put_records(StreamName="wildrydes", Records=records)["Records"]}
    assert len(shards) == SHARDS
    return found


class Consumer:
    """A running `python -m consumer`, its output gathered as it comes."""

    def __init__(self, endpoint: str, *flags: str) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "consumer", *flags],
            cwd=ROOT,
            env=environment(AWS_ENDPOINT_URL=endpoint),
            # A shell that runs the tests in the background has SIGINT ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        pipes = ((self.process.stdout, self.out), (self.process.stderr, self.err))
        self.readers = [Thread(target=lines.extend, args=(pipe,)) for pipe, lines in pipes]
        for reader in self.readers:
            reader.start()

    def __enter__(self) -> Consumer:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.end()

    def end(self) -> int:
        """Wait for the end and return the exit status."""
        status = self.process.wait(20)
        for reader in self.readers:
            reader.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()
        return status


def run(endpoint: str, *flags: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "consumer", *flags],
        cwd=ROOT,
        env=environment(AWS_ENDPOINT_URL=endpoint, **changes),
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


def values(text: str) -> list:
    """The JSON values that follow one another in a text."""
    found, rest, decoder = [], text.lstrip(), json.JSONDecoder()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].lstrip()
    return found


def by_health(one: dict) -> int:
    return one["HealthPoints"]


def test_everything_put_is_printed_with_an_indent_of_four(endpoint, readings):
    """All records of all shards come out, as JSON with a 4-space indent, and nothing else on stdout."""
    done = run(endpoint, "--from-start", "--until-caught-up")
    assert done.returncode == 0
    found = values(done.stdout)
    assert sorted(found, key=by_health) == readings
    assert done.stdout == "".join(json.dumps(one, indent=4) + "\n" for one in found)
    assert "200 records of 4 shards in" in done.stderr


def test_compact_and_quiet_are_one_line_a_record_and_silence(endpoint, readings):
    """--compact prints a line a record; --quiet leaves stderr empty."""
    done = run(endpoint, "--from", "2026-01-01 00:00:00", "--until-caught-up", "--compact", "--quiet")
    assert sorted(map(json.loads, done.stdout.splitlines()), key=by_health) == readings
    assert done.stderr == ""


@pytest.mark.usefixtures("readings")
def test_limit_stops_after_so_many_and_keys_stay_off_stdout(endpoint):
    """--limit N prints N records; --keys prints each record's key on stderr."""
    done = run(endpoint, "--from-start", "--limit", "3", "--keys", "--compact", "--quiet")
    assert done.returncode == 0
    names = [json.loads(line)["Name"] for line in done.stdout.splitlines()]
    said = done.stderr.splitlines()
    assert len(names) == len(said) == 3
    assert all(line.startswith("# shardId-") for line in said)
    assert [line.partition("key=")[2] for line in said] == names


def test_records_that_are_not_json_are_shown_and_noted(endpoint, kinesis):
    """A record that is not JSON is printed escaped, with a note of its shard and sequence number; reading goes on."""
    kinesis.create_stream(StreamName="mixed", ShardCount=1)
    put = [
        kinesis.put_record(StreamName="mixed", PartitionKey="k", Data=data)["SequenceNumber"]
        for data in (b"\x1b[2Jgone\n", b"\xff\x00", b"", b'{"a":1}')
    ]
    done = run(endpoint, "--stream", "mixed", "--from-start", "--until-caught-up", "--compact")
    assert done.stdout.splitlines() == [r"\x1b[2Jgone", r"\xff\x00", "", '{"a":1}']
    noted = [line for line in done.stderr.splitlines() if "record 0" in line]
    assert len(noted) == 3
    assert all(number in line and "shardId-000000000000" in line for number, line in zip(put, noted, strict=False))
    assert "4 records of 1 shard, 3 of them not JSON" in done.stderr


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_live_tail_with_totals(endpoint, kinesis, sent, status):
    """From LATEST, new records appear at once; Ctrl-C and SIGTERM end with totals."""
    stream = f"live-{status}"
    kinesis.create_stream(StreamName=stream, ShardCount=2)
    kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b'{"old": true}')
    with Consumer(endpoint, "--stream", stream, "--compact") as consumer:
        until(lambda: consumer.err, "reading has begun")
        # From the listing to the last iterator a moment passes, in which a record could count as old.
        shown = []
        while not consumer.out:
            shown.append(len(shown))
            kinesis.put_record(StreamName=stream, PartitionKey="k", Data=b'{"n": %d}' % shown[-1])
            time.sleep(0.1)
            assert len(shown) < 200
        until(lambda: len(consumer.out) and json.loads(consumer.out[-1])["n"] == shown[-1], "the last one shows")
        consumer.process.send_signal(sent)
        assert consumer.end() == status
    numbers = [json.loads(line)["n"] for line in consumer.out]
    assert numbers == list(range(numbers[0], len(shown)))
    assert consumer.err[-1].startswith(f"consumer: {len(numbers)} record")
    assert "Traceback" not in "".join(consumer.err)


@pytest.mark.usefixtures("readings")
def test_with_standard_error_closed_nothing_is_among_the_records():
    """Notes are dropped, and the exit code shows the failure."""
    command = f"exec {sys.executable} -m consumer --endpoint http://127.0.0.1:1 --patience 0 2>&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_reader_that_has_enough_ends_it_quietly(endpoint):
    """`| head`: once stdout is closed, the program ends with 0 and no message, also without further records."""
    reader = subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE)
    done = subprocess.run(
        [sys.executable, "-m", "consumer", "--from-start"],
        cwd=ROOT,
        env=environment(AWS_ENDPOINT_URL=endpoint),
        stdout=reader.stdin,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=20,
        check=False,
    )
    reader.stdin.close()
    reader.wait(5)
    assert done.returncode == 0
    assert "Broken" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "changes", "expected"),
    [
        (["--stream", "nope"], {}, "consumer: Stream nope in us-east-1 at http://127.0.0.1"),
        (
            [],
            {"AWS_DEFAULT_REGION": None, "AWS_ENDPOINT_URL": None},
            "consumer: No AWS region is set: give --region",
        ),
        (
            [],
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_ENDPOINT_URL": None},
            "consumer: There are no AWS credentials: ",
        ),
        (
            ["--endpoint", "http://127.0.0.1:9"],
            {},
            "consumer: http://127.0.0.1:9 does not answer: check --region",
        ),
        (
            [],
            {"AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": None},
            "consumer: The AWS profile nobody is not configured: ",
        ),
    ],
    ids=["stream", "region", "credentials", "endpoint", "profile"],
)
def test_an_expected_failure_is_one_sentence_and_exit_1(endpoint, flags, changes, expected, *, monkeypatch, capsys):
    """No stack trace: one line on stderr, nothing on stdout, exit 1."""
    for name in [*os.environ]:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in environment(**{"AWS_ENDPOINT_URL": endpoint, **changes}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it would remember the settings of another test
    assert main(flags) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(expected)
    assert said.err.count("\n") == 1
