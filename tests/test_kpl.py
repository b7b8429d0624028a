"""Several readings in one record, an aggregate or JSON documents, through the job, a query and the backfill."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from consumer.tail import stored
from deploy import query
from flink import distribution
from flink.backfill import archive as backfill_archive
from flink.backfill import rows as backfill_rows
from local import oracle, proof
from local.emulator import Emulator
from pipeline.job import load
from tests.emulated import run_to_end, stage
from tests.kpl import HASHES, MAGIC, Inner, aggregate, shard_of

SHARDS = 2
# Names by the shard, of two, of their own partition key.
HERE, THERE = "Shadowfax", next(name for name in ("Bucephalus", "Rocinante", "Bree", "Jewel") if shard_of(name, 2))


def reading(name: str, second: int, **fields: Any) -> bytes:
    whole = {"Distance": 29.5 + second, "HealthPoints": 150, "Latitude": 40.75, "Longitude": -73.98}
    whole |= {"MagicPoints": 150 - second, "Name": name, "StatusTime": f"2026-11-22 06:00:{second:02}.250"}
    return json.dumps(whole | fields).encode() + b"\n"


def inner(name: str, *seconds: int) -> list[Inner]:
    return [Inner(name, reading(name, second)) for second in seconds]


WHOLE = aggregate([*inner(HERE, 1, 2, 3), Inner(HERE, b"rubbish\n")])
FOREIGN = aggregate([*inner(HERE, 11, 12), *inner(THERE, 13)])
# The inner record's own hash key decides, if present.
MOVED = aggregate([Inner(THERE, reading(THERE, 21), hash_key=1), *inner(HERE, 22)])
BROKEN = aggregate(inner(HERE, 31, 32))[:-1] + b"\x00"
SEVERAL = reading(HERE, 41) + reading(HERE, 42)
ON_ONE_LINE = reading(HERE, 43).rstrip() + b"{}" + reading(HERE, 44)
PLAIN = [reading(HERE, 51), reading(THERE, 52)]


def test_the_names_lie_where_they_are_said_to() -> None:
    """A name's shard follows from the MD5 of the partition key."""
    assert (shard_of(HERE, SHARDS), shard_of(THERE, SHARDS)) == (0, 1)
    assert (shard_of("a", 1), HASHES) == (0, 2**128)


def test_an_aggregate_byte_by_byte() -> None:
    """The bytes follow the published format: magic number, the two tables and the records, the message's MD5."""
    message = (
        b"\x0a\x01a" + b"\x0a\x01b" + b"\x12\x017" + b"\x1a\x05\x08\x00\x1a\x01x" + b"\x1a\x07\x08\x01\x10\x00\x1a\x01y"
    )
    made = aggregate([Inner("a", b"x"), Inner("b", b"y", hash_key=7)])
    assert made[:4] == MAGIC
    assert made[4:-16] == message
    assert len(aggregate([Inner("a", b"x" * 300)])) == 4 + 3 + 3 + 2 + 3 + 300 + 16, "lengths above 127 take two bytes"


@pytest.mark.usefixtures("jvm")
def test_what_the_job_makes_of_them(aws: Emulator, tmp_path: Path) -> None:
    """Each part of an aggregate, whatever its key's shard, and each of several documents is counted as a record is. A
    broken aggregate is one PARSE, as it stands. An error names the part.
    """
    on = stage(aws, "kpl", SHARDS)
    kinesis, dynamodb = on.clients
    sent = [WHOLE, FOREIGN, MOVED, BROKEN, SEVERAL, ON_ONE_LINE]
    for data in sent:
        kinesis.put_record(StreamName=on.names.raw, Data=data, PartitionKey=HERE)
    for name, data in zip((HERE, THERE), PLAIN, strict=True):
        kinesis.put_record(StreamName=on.names.raw, Data=data, PartitionKey=name)
    counted = [
        *(reading(HERE, second) for second in (1, 2, 3, 11, 12, 22, 41, 42, 43, 44)),
        *(reading(THERE, second) for second in (13, 21)),
        *PLAIN,
    ]
    rejected = {"rubbish\n": "4 of 4", "{}": "2 of 3", text(BROKEN): None}
    run_to_end(on, tmp_path, len(counted) + len(rejected), parallelism=1)

    report = proof.prove(kinesis, dynamodb, on.names, [*sent, *PLAIN])
    assert report.problems == []
    assert (report.records, report.parts) == (8, len(counted) + len(rejected))
    rows = [json.loads(record.data) for record in stored(kinesis, on.names.summary)]
    assert {(row["Name"], row["StatusTime"]): row for row in rows} == oracle.rows(counted)

    errors = [json.loads(record.data) for record in stored(kinesis, on.names.errors)]
    raw = {record.data: record for record in stored(kinesis, on.names.raw)}
    whole = {"rubbish\n": WHOLE, "{}": ON_ONE_LINE, text(BROKEN): BROKEN}
    assert {error["DATA_ROW"] for error in errors} == set(rejected)
    for error in errors:
        record, part = raw[whole[error["DATA_ROW"]]], rejected[error["DATA_ROW"]]
        place = f"({record.shard}, sequence number {record.sequence_number}{f', part {part}' if part else ''})"
        assert error["MESSAGE"].endswith(place)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (WHOLE + b"\n", []),
        (BROKEN + b"\n", []),
        (ON_ONE_LINE, []),
        (SEVERAL, ["06:00:41.25", "06:00:42.25"]),
        (WHOLE + PLAIN[0] + PLAIN[1], ["06:00:52.25"]),
    ],
)
def test_a_query_over_the_archive_sees_lines(data: bytes, found: Sequence[str], tmp_path: Path) -> None:
    """In the archive an aggregate's parts, and the line after them, are NULLs; documents on their own line are rows."""
    path = tmp_path / "hour.jsonl"
    path.write_bytes(data)
    rows = query.over({"2026/11/22/06": path}, "SELECT StatusTime FROM wildrydes").rows
    assert len(rows) == data.count(b"\n")
    assert [row[0].split()[1] for row in rows if row[0] is not None] == found


@pytest.mark.usefixtures("jvm")
def test_a_backfill_sees_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backfill reads the same lines: those of an aggregate are PARSE, and each document of a line counts."""
    monkeypatch.setattr(distribution, "use", lambda *_variables: None)  # the JVM of the tests stays unchanged
    (tmp_path / "hour").write_bytes(WHOLE + b"\n" + SEVERAL + ON_ONE_LINE + PLAIN[0])
    asked = threading.Event()
    archive = backfill_archive.gather([str(tmp_path / "hour")], tmp_path / "laid-out", {}, asked, print)
    lines, rows = backfill_rows.compute(
        load("unicorn_summary").backfill(), {"readings": archive}, tmp_path / "rows", 1, asked, say=print
    )
    counted = [reading(HERE, second) for second in (41, 42, 43, 44, 51)]
    assert {(row["Name"], row["StatusTime"]): dict(row) for row in rows["sensor_data"]} == oracle.rows(counted)
    assert lines.records == len(counted)
    assert lines.rejected == {"COERCION": 1, "PARSE": WHOLE.count(b"\n") + 1}


def text(data: bytes) -> str:
    """A record's text in DATA_ROW."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
