"""What the service answers, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import (
        GetRecordsOutputTypeDef,
        ListShardsOutputTypeDef,
        RecordTypeDef,
    )


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was put. `arrival` is the service's own approximate time, UTC, to the millisecond."""

    shard: str
    sequence_number: str
    partition_key: str
    arrival: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one GetRecords returned: maybe nothing, so that who reads batches has a turn in silence too."""

    shard: str
    records: tuple[Record, ...]
    millis_behind: int


def service_time(answer: ListShardsOutputTypeDef) -> datetime | None:
    """The service's clock, whole seconds, rounded down; None when the answer does not tell it."""
    header = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None


def batch_of(shard: str, answer: GetRecordsOutputTypeDef) -> Batch:
    records = tuple(_record(shard, found) for found in answer["Records"])
    return Batch(shard, records, answer.get("MillisBehindLatest") or 0)


def _record(shard: str, found: RecordTypeDef) -> Record:
    return Record(
        shard=shard,
        sequence_number=found["SequenceNumber"],
        partition_key=found["PartitionKey"],
        arrival=found["ApproximateArrivalTimestamp"].astimezone(UTC),
        data=found["Data"],
    )
