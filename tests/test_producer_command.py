"""`python -m producer` as a user runs it: sinks, messages, signals, exit codes, and a local Kinesis."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from producer.options import parse

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "producer")
REPEATABLE = ("--seed", "5", "--start", "2026-01-01 00:00:00.250")
FAST = ("--rate", "max", *REPEATABLE)


def environment(**more: str) -> dict[str, str]:
    """No AWS settings but `more`, so that the tests never use an account."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", **more}


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "hushhush",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(**more), capture_output=True, text=True, timeout=60, check=False
    )


def sentence(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The error message of a command that has failed with this exit code, without a stack trace."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "hushhush" not in done.stderr
    return done.stderr


@contextlib.contextmanager
def started(*arguments: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running producer, killed at the end if it still runs."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # a line read here leaves the others to communicate()
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh local Kinesis with the stream wildrydes of 4 shards."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("ministack") / "log"
    with log.open("wb") as out:
        emulator = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=log.parent,
            env=environment(GATEWAY_PORT=str(port), BIND_HOST="127.0.0.1"),
            stdout=out,
            stderr=out,
        )
    try:
        client = kinesis(url)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(BotoCoreError, ClientError):
                client.create_stream(StreamName="wildrydes", ShardCount=4)
                break
            assert emulator.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        client.get_waiter("stream_exists").wait(StreamName="wildrydes", WaiterConfig={"Delay": 1})
        yield url
    finally:
        emulator.terminate()
        try:
            emulator.wait(10)
        except subprocess.TimeoutExpired:
            emulator.kill()
            emulator.wait()


def kinesis(url: str) -> "KinesisClient":
    return boto3.client(
        "kinesis",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
    )


def read_back(url: str, number: int) -> list[tuple[str, bytes]]:
    """Partition key and bytes of all records, shard by shard, once there are `number` of them."""
    client = kinesis(url)
    deadline = time.monotonic() + 20
    while True:
        found: list[tuple[str, bytes]] = []
        for shard in client.list_shards(StreamName="wildrydes")["Shards"]:
            iterator = client.get_shard_iterator(
                StreamName="wildrydes", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while True:
                answer = client.get_records(ShardIterator=iterator, Limit=10_000)
                found += [(record["PartitionKey"], record["Data"]) for record in answer["Records"]]
                iterator = answer["NextShardIterator"]
                if not answer["Records"]:
                    break
        if len(found) >= number:
            return found
        assert time.monotonic() < deadline, f"{len(found)} of {number} records"


def test_round_trip_through_kinesis(endpoint: str, tmp_path: Path) -> None:
    """All records are in the stream byte for byte, in order by key, and in the copy."""
    copy = tmp_path / "copy"
    faults = ("--late", "0.05", "--out-of-order", "0.1", "--malformed", "0.1", "--error", "yes")
    arguments = (*FAST, "--unicorns", "12", "--msgs", "3000", *faults)
    plain = subprocess.run([*COMMAND, *arguments, "--to", "stdout"], cwd=ROOT, capture_output=True, check=True).stdout
    done = run(*arguments, "--endpoint", endpoint, "--copy", str(copy), **CREDENTIALS)
    assert done.returncode == 0, done.stderr
    assert "sent 3,000 records" in done.stderr
    assert copy.read_bytes() == plain
    found = read_back(endpoint, 3000)
    assert Counter(data for _, data in found) == Counter(plain.splitlines(keepends=True))
    for key in {key for key, _ in found}:
        named = [data for name, data in found if name == key and json_name(data) == key]
        assert named == [data for data in plain.splitlines(keepends=True) if json_name(data) == key]


def json_name(data: bytes) -> str | None:
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value.get("Name") if isinstance(value, dict) else None


def test_no_stream(endpoint: str) -> None:
    """The error for a missing stream names the problem, the place and the remedy, and counts the unsent record."""
    done = run("--msgs", "1", "--stream", "nosuch", "--quiet", AWS_ENDPOINT_URL=endpoint, **CREDENTIALS)
    text = sentence(done, 1)
    assert "Stream nosuch in us-east-1 at http://127.0.0.1" in text
    assert "create it" in text
    assert "1 record was not sent" in text
    assert text.count("\n") == 1


def test_no_region() -> None:
    """The error for a missing region says how to set it."""
    assert "No AWS region is set: give --region" in sentence(run("--msgs", "1"), 1)


def test_no_credentials() -> None:
    """The error for missing credentials says how to set them."""
    done = run("--msgs", "1", "--region", "us-east-1")
    assert "There are no AWS credentials: " in sentence(done, 1)


def test_unreachable_endpoint() -> None:
    """An unreachable endpoint is retried for --retry-for, then a sentence has the number of unsent records."""
    url = f"http://name:hushhush@127.0.0.1:{free_port()}"
    done = run("--msgs", "7", "--rate", "max", "--endpoint", url, "--retry-for", "0.3", "--quiet", **CREDENTIALS)
    text = sentence(done, 1)
    assert "http://127.0.0.1" in text
    assert "for 0.3 s: check" in text
    assert "7 records were not sent" in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--late", "2"), "'--late': '2' is not a share between 0 and 1"),
        (("--malformed", "nan"), "'--malformed': 'nan' is not a share between 0 and 1"),
        (("--late", "0.6", "--malformed", "0.6"), "add up to more than 1"),
        (("--msgs", "0"), "'--msgs': '0' is not a whole number from 1 to"),
        (("--unicorns", "many"), "'--unicorns': 'many' is not a whole number"),
        (("--speed", "0"), "'--speed': '0' is not a number above 0"),
        (("--rate", "fast"), "'--rate': 'fast' is not a number above 0 or 'max'"),
        (("--rate", "5", "--speed", "2"), "--rate and --speed both set the speed"),
        (("--start", "2026-02-30 00:00:00"), "'2026-02-30 00:00:00' is not a time"),
        (("--error", "maybe"), "'maybe' is not one of 'yes', 'no'"),
        (("--name", ""), "'--name': a name has 1 to 240 printable characters"),
        (("--stream", "a b"), "'a b' is not a stream name"),
        (("--endpoint", "localhost:4566"), "'--endpoint': not an address like"),
        (("--to", "same", "--copy", "./same"), "--to and --copy name the same file"),
        (("--unknown",), "No such option '--unknown'"),
    ],
)
def test_wrong_usage(arguments: Sequence[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong option gives a sentence on standard error and exit code 2."""
    with pytest.raises(SystemExit) as exit_:
        parse(arguments)
    text = capsys.readouterr().err
    assert exit_.value.code == 2
    assert words in text
    assert text.count("\n") == 1


def test_help_names_every_option() -> None:
    """--help goes to standard output, with examples and exit codes."""
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("--name", "--out-of-order", "--retry-for", "Examples:", "Exit codes:", "130"):
        assert words in done.stdout


def test_stdout_and_file_hold_the_same(tmp_path: Path) -> None:
    """--to stdout, --to FILE and --copy write the same bytes of --msgs records, with exit code 0."""
    file, copy = tmp_path / "out", tmp_path / "copy"
    arguments = (*FAST, "--msgs", "777", "--unicorns", "3", "--late", "0.2")
    shown = run(*arguments, "--to", "stdout")
    written = run(*arguments, "--to", str(file), "--copy", str(copy))
    assert (shown.returncode, written.returncode) == (0, 0)
    assert shown.stdout.encode() == file.read_bytes() == copy.read_bytes()
    assert shown.stdout.count("\n") == 777
    first = json.loads(shown.stdout.splitlines()[0])
    assert first["StatusTime"] == "2026-01-01 00:00:00.250"
    assert "sent 777 records" in written.stderr
    assert re.search(r"ok \d+, late \d+, out of order 0, malformed 0", written.stderr)


def test_a_random_seed_is_printed() -> None:
    """A run without --seed and --start prints both, and repeats with them; --quiet prints neither."""
    arguments = ("--msgs", "20", "--rate", "max", "--to", "stdout")
    drawn = run(*arguments)
    told = re.search(r"--seed (\d+) --start '([^']+)'", drawn.stderr)
    assert told is not None
    again = run(*arguments, "--seed", told[1], "--start", told[2], "--quiet")
    assert (again.stdout, again.stderr) == (drawn.stdout, "")


def test_unwritable_file(tmp_path: Path) -> None:
    """A file that cannot be opened, or is full, gives a sentence."""
    done = run("--msgs", "1", "--to", str(tmp_path / "none" / "file"))
    assert "Cannot write to" in sentence(done, 1)
    if Path("/dev/full").exists():
        done = run("--msgs", "600", "--rate", "max", "--to", "/dev/full", "--quiet")
        assert "No space left on device" in sentence(done, 1)
        assert "500 records were not sent" in done.stderr


def test_closed_pipe_is_quiet() -> None:
    """The producer ends without a message or an error if the reader has gone, such as `head`."""
    with started("--rate", "max", "--to", "stdout", "--quiet") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().endswith(b"}\n")
        process.stdout.close()
        assert process.wait(10) == 0
        assert process.stderr.read() == b""
        process.stdout = None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_stop_cleanly(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """On SIGINT and SIGTERM withheld records are sent, future records are not, and the totals are exact."""
    copy = tmp_path / "copy"
    faults = ("--late", "0.5", "--unicorns", "4")
    with started("--speed", "20", *REPEATABLE, *faults, "--to", "stdout", "--copy", str(copy)) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert process.returncode == code
    lines = (first + out).splitlines(keepends=True)
    assert f"sent {len(lines):,} record" in err.decode()
    assert b"late 0," not in err
    assert copy.read_bytes() == first + out
    # Sorted by time, the records equal the beginning of a run without faults: none is missing, none is early.
    plain = run(*FAST, "--unicorns", "4", "--msgs", str(len(lines)), "--to", "stdout").stdout.encode()
    assert sorted(lines) == sorted(plain.splitlines(keepends=True))


def test_signal_while_kinesis_is_away() -> None:
    """The time for a stop is limited also during retries; unsent records are counted."""
    url = f"http://127.0.0.1:{free_port()}"
    with started("--rate", "max", "--endpoint", url, **CREDENTIALS) as process:
        assert process.stderr is not None
        while b"does not answer" not in process.stderr.readline():
            assert process.poll() is None
        # The first signal leaves 10 s for a clean stop; the second, of another kind lest they merge, ends it.
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    assert process.returncode in {130, 143}
    assert b"Stopped before everything was sent" in err
    assert b"500 records were not sent" in err


def test_paced_by_the_wall_clock() -> None:
    """Records come at their due times: 1 s of event time at 20 times the speed takes a 20th of a second."""
    began = time.monotonic()
    done = run("--speed", "20", "--msgs", "21", "--to", "stdout")
    assert done.returncode == 0
    assert time.monotonic() - began >= 1.0
    took = re.search(r"in ([\d.]+) s", done.stderr)
    assert took is not None
    assert 1.0 <= float(took[1]) < 10.0  # far more than it takes, for a busy machine


def test_a_slow_producer_is_live() -> None:
    """A record does not wait for a full batch: the first record comes long before the second is due."""
    with started("--speed", "0.001", "--to", "stdout") as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith(b"}\n")


def test_stands_alone() -> None:
    """The producer imports only the standard library, click and boto3's packages, and boto3 only for Kinesis."""
    code = (
        "import sys; before = set(sys.modules)\n"
        "import producer.__main__; plain = set(sys.modules) - before\n"
        "import producer.kinesis; new = set(sys.modules) - before\n"
        "print(*sorted({name.partition('.')[0] for name in new}))\n"
        "print('boto3' in plain)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    families, boto3_at_once = done.stdout.splitlines()
    known = {
        "producer",
        "aws",
        "program",
        "click",
        "boto3",
        "botocore",
        "s3transfer",
        "jmespath",
        "dateutil",
        "six",
        "urllib3",
    }
    known.add("__mp_main__")  # another name of the main module, set by multiprocessing
    # Loaded by urllib3 or botocore if they happen to be installed.
    optional = {
        "awscrt",
        "brotli",
        "brotlicffi",
        "zstandard",
        "h2",
        "socks",
        "OpenSSL",
        "certifi",
        "cryptography",
    }
    assert set(families.split()) - known - optional <= set(sys.stdlib_module_names)
    assert "pyflink" not in families
    assert boto3_at_once == "False"
