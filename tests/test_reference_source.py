"""The project's own source of reference data: every line of an object once, then the end of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors import files
from flink import rest
from local import resources
from local.emulator import REGION, Emulator
from tests import fake_s3
from tests import kinesis_tables as tables
from tests.emulated import wait_for

pytestmark = pytest.mark.usefixtures("jvm")

QUERY = tables.Query(
    "line BYTES, shard STRING METADATA FROM 'key' VIRTUAL, "
    "arrival TIMESTAMP_LTZ(3) METADATA FROM 'last-modified' VIRTUAL",
    "SELECT DECODE(line, 'ISO-8859-1') AS line, shard, DATE_FORMAT(arrival, 'yyyy-MM-dd HH:mm:ss.SSS') FROM records",
    "line STRING, shard STRING, arrival STRING",
)
ODD = (
    b'TICKER,Company\r\nABC,A company\n\n{"a": 1} {"b": "\xc3\xbc"}{"c": 3}\n[\n"\xff",'
    + b"x" * 200_000
    + b"\nXYZ,last"
)


def options(endpoint: str, bucket: str = "references", key: str = "a/companies.csv") -> dict[str, str]:
    """The options of a table over an object at this endpoint."""
    return {
        "connector": "reference",
        "bucket": bucket,
        "key": key,
        "format": "documents",
        "aws.region": REGION,
        "aws.endpoint": endpoint,
    }


def rows(folder: Path, table: Mapping[str, str], parallelism: int = 2) -> list[dict[str, Any]]:
    """The rows of a table, which ends."""
    with tables.reading(folder, table, parallelism, query=QUERY, ready=False) as found:
        wait_for_end(found.job)
        return found.written()


def wait_for_end(job: rest.Job) -> None:
    def ended() -> bool:
        try:
            return job.state() == "FINISHED"
        except rest.RestError:  # the minicluster ends with its job
            return True

    wait_for(ended, 60, "the table ended")


def lines(content: bytes, folder: Path) -> list[str]:
    """The lines that Flink's source of files makes of the same content."""
    (folder / "given").write_bytes(content)
    made = tables.environment({"parallelism.default": "1"})
    tables.declare(made, "records", "line BYTES", files.source(folder / "given").options)
    with made.execute_sql("SELECT DECODE(line, 'ISO-8859-1') FROM records").collect() as found:
        return [row[0] for row in found]


def test_lines_are_those_of_a_file(aws: Emulator, tmp_path: Path) -> None:
    """An object's rows are those of the file with its content, with its key and the time it was written."""
    s3 = resources.account(aws.environment).client("s3")
    s3.create_bucket(Bucket="references")
    s3.put_object(Bucket="references", Key="a/companies.csv", Body=ODD)
    written = s3.head_object(Bucket="references", Key="a/companies.csv")["LastModified"]
    found = rows(tmp_path, options(aws.endpoint))
    assert sorted(row["line"] for row in found) == sorted(lines(ODD, tmp_path))
    assert len(found) == 9
    assert {row["shard"] for row in found} == {"a/companies.csv"}
    assert {row["arrival"] for row in found} == {f"{written:%Y-%m-%d %H:%M:%S}.000"}


@pytest.fixture
def bucket() -> Iterator[fake_s3.Bucket]:
    content = b"".join(b"%06d,%s\n" % (n, b"x" * (n % 50)) for n in range(20_000))
    with fake_s3.serving(content) as serving:
        yield serving


def numbers(found: list[dict[str, Any]]) -> list[int]:
    """The lines' numbers, sorted: names of files have no order."""
    return sorted(int(row["line"][:6]) for row in found)


def test_answers_that_break_off(bucket: fake_s3.Bucket, tmp_path: Path) -> None:
    """The call is made again from the line where it broke off; each line is a row once."""
    bucket.breaks = [100_000, 7, 0, 250_000]
    bucket.refuses = [("SlowDown", 503), ("InternalError", 500)]
    assert numbers(rows(tmp_path, options(bucket.address))) == list(range(20_000))
    first, *more = [asked for asked in bucket.asked if asked]
    assert 90_000 < int(first.removeprefix("bytes=").rstrip("-")) <= 100_000
    assert len(more) >= 3


def test_an_object_that_is_replaced_while_it_is_read(bucket: fake_s3.Bucket, tmp_path: Path) -> None:
    """The new object is read from its beginning, to its end."""
    bucket.breaks, bucket.instead = [100_000], bucket.content.replace(b"x", b"y")
    found = rows(tmp_path, options(bucket.address))
    old = [row for row in found if "x" in row["line"]]
    assert numbers([row for row in found if "y" in row["line"]]) == [n for n in range(20_000) if n % 50]
    assert 1 < len(old) < 10_000
    assert numbers(old) == [n for n in range(20_000) if n % 50][: len(old)]


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            ("NoSuchKey", 404),
            "AwsFailure: GetObject of s3://references/a/companies.csv finds nothing there (NoSuchKey: as told): check "
            "name, region and endpoint.",
        ),
        (
            ("AccessDenied", 403),
            "AwsFailure: GetObject of s3://references/a/companies.csv is denied (AccessDenied: as told): allow the job "
            "s3:GetObject on it, and see that the object exists, as S3 denies a missing one too.",
        ),
    ],
)
def test_what_no_repetition_mends(
    bucket: fake_s3.Bucket, tmp_path: Path, refusal: tuple[str, int], sentence: str
) -> None:
    """The job fails with one sentence; Flink restarts it, and it goes on once that is mended."""
    bucket.refuses = [refusal] * 1000
    with tables.reading(tmp_path, options(bucket.address), query=QUERY, ready=False) as found:
        wait_for(lambda: bool(found.job.failure()), 60, "the job failed")
        assert found.job.failure() == sentence
        bucket.refuses = []
        wait_for_end(found.job)
        assert numbers(found.written()) == list(range(20_000))


def test_a_line_that_is_too_long(bucket: fake_s3.Bucket, tmp_path: Path) -> None:
    """The job fails with one sentence that says where the line begins."""
    bucket.content = b"short\n" + b"x" * (17 << 20) + b"\n"
    with tables.reading(tmp_path, options(bucket.address), query=QUERY, ready=False) as found:
        wait_for(lambda: bool(found.job.failure()), 60, "the job failed")
        assert found.job.failure() == (
            "AwsFailure: Of s3://references/a/companies.csv, the line that begins at byte 6 has more than 16777216 "
            "bytes: write each row as a line of its own."
        )


def test_an_empty_object(bucket: fake_s3.Bucket, tmp_path: Path) -> None:
    """It is an empty table, which ends."""
    bucket.content = b""
    assert rows(tmp_path, options(bucket.address)) == []
