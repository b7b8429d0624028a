"""Read input and outputs of the application to their ends, compare them (`local.oracle`), and print the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consumer.tail import stored
from local import oracle
from local.archive import Archived
from local.resources import Names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

SHOWN = 20  # problems that are printed; the rest is only counted


def prove(
    kinesis: KinesisClient,
    dynamodb: DynamoDBClient,
    names: Names,
    sent: Sequence[bytes],
    *,
    late_by_shard: bool = True,
) -> oracle.Report:
    """Compare both output streams and the table with the records that the producer sent.

    The raw stream gives each record's shard and position, from which the late records follow. The raw stream must also
    hold exactly the records sent.
    late_by_shard: False if a shard was left out as silent although it was not; then LATE can only be plausible.
    """
    raw = list(stored(kinesis, names.raw))
    report = oracle.check(
        [record.data for record in raw],
        [record.data for record in stored(kinesis, names.summary)],
        items(dynamodb, names.table),
        [record.data for record in stored(kinesis, names.errors)],
        [record.shard for record in raw] if late_by_shard else None,
        arrivals=[record.arrival for record in raw],
    )
    sent_lines, raw_lines = Counter(sent), Counter(record.data for record in raw)
    lost = [
        f"Sent, but not on the raw stream ({n} times): {line[:120]!r}." for line, n in (sent_lines - raw_lines).items()
    ]
    extra = [
        f"On the raw stream, but not sent ({n} times): {line[:120]!r}." for line, n in (raw_lines - sent_lines).items()
    ]
    return replace(report, problems=[*lost, *extra, *report.problems])


def read_lines(copy: Path) -> list[bytes]:
    """The records of a producer's copy: each ends with a line feed and contains no other."""
    with copy.open("rb") as file:
        return list(file)


def items(dynamodb: DynamoDBClient, table: str) -> list[dict[str, Any]]:
    """Every item of the table as plain values: texts, integers, other numbers as float, None."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [
        {name: _plain(kind, value) for name, typed in item.items() for kind, value in typed.items()}
        for page in pages
        for item in page["Items"]
    ]


def _plain(kind: str, value: Any) -> Any:
    """An attribute as in the stream's JSON: 31 and 31.0 compare as equal."""
    if kind == "NULL":
        return None
    if kind != "N":
        return value
    return int(value) if value.lstrip("-").isdigit() else float(value)


def print_report(report: oracle.Report, archived: Archived, folder: Path) -> int:
    """Print the comparison; returns the exit code, 0 without a breach."""
    errors = ", ".join(f"{count} {name}" for name, count in report.errors.items()) or "none"
    sent = f"{report.records:,} records sent"
    if report.parts != report.records:
        sent += f", {report.parts:,} with those within records,"
    print(
        f"Checked {sent} against {report.rows:,} rows of {report.windows} windows, on the\n"
        f"stream and in the table, and the errors stream: {errors}."
    )
    if report.repeated:
        print(f"{report.repeated} stood on a stream twice with the same content, as after a restart they may.")
    if oracle.UNPROVEN:
        print(f"Not computed again, since this proof does not know how: {', '.join(oracle.UNPROVEN)}.")
    problems = [*report.problems, *archived.problems]
    if not problems:
        print(
            "Every row is equal, none is missing or extra; every record is counted once.\n"
            f"All {archived.readings:,} well-formed records are in the archive, and a query over it finds each of them."
        )
        return 0
    for problem in problems[:SHOWN]:
        print(f"WRONG: {problem}")
    print(f"{len(problems)} things are wrong. What was sent and all logs are in {folder}.")
    return 1
