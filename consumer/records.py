"""Records, and the batches of GetRecords."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import GetRecordsOutputTypeDef, ListShardsOutputTypeDef


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was put. `arrival` is the service's approximate time, UTC, to the millisecond."""

    shard: str
    sequence_number: str
    partition_key: str
    arrival: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of a GetRecords call; without records it still gives the caller a turn. `millis_behind`: the lag."""

    shard: str
    records: tuple[Record, ...]
    millis_behind: int


def batch_of(shard: str, output: GetRecordsOutputTypeDef) -> Batch:
    """The batch in the output of GetRecords."""
    records = tuple(
        Record(
            shard=shard,
            sequence_number=record["SequenceNumber"],
            partition_key=record["PartitionKey"],
            arrival=record["ApproximateArrivalTimestamp"].astimezone(UTC),
            data=record["Data"],
        )
        for record in output["Records"]
    )
    return Batch(shard, records, output.get("MillisBehindLatest") or 0)


def service_time(output: ListShardsOutputTypeDef) -> datetime | None:
    """The service's time in whole seconds, rounded down; None if the output has no date."""
    header = output.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None
