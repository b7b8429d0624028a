"""The Kinesis sink: PutRecords in batches, with retries of exactly the failed records.

Calls do not overlap. Parallel calls would be faster with a distant service, but they would change the order of records,
across keys by more event time than a watermark may allow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aws.failures import ERRORS, Cause, Kind, Remedies
from aws.session import Services, endpoint_of, stream_at
from producer import quick_calls
from producer.records import Record
from producer.sinks import ProducerError
from program.waiting import Outage, Retry

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsResultEntryTypeDef

# Bytes include the partition keys: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_RECORDS = 500
MAX_CALL = 5 * 1024 * 1024
MAX_RECORD = 1024 * 1024

_SLOWER = "add shards or lower --rate"
_CHECK = "check that it is up and that --endpoint, AWS_ENDPOINT_URL and --region are right"


class Kinesis:
    """A Kinesis stream. `pause(seconds, refused, reason)` waits before a retry of so many refused records."""

    def __init__(
        self,
        client: "KinesisClient",
        services: Services,
        stream: str,
        retry: Retry,
        pause: Callable[[float, int, str], None],
    ) -> None:
        self.where = stream_at(stream, services.region, services.endpoint)
        self._client = client
        self._services = services
        self._stream = stream
        self._retry = retry
        self._pause = pause
        create = f"aws kinesis create-stream --stream-name {stream} --shard-count 1"
        self._remedies: Remedies = {
            Kind.ABSENT: f"create it ({create}) or name another stream with --stream or --region",
            Kind.DENIED: "allow these credentials kinesis:PutRecords on it",
            Kind.THROTTLED: _SLOWER,
            **dict.fromkeys(("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError"), _CHECK),
        }

    def put(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        for call in calls(records):
            yield from self._deliver(call)

    def close(self) -> None:
        self._client.close()

    def _deliver(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """Send the records of a call until all are accepted: newer records must not overtake records of their key."""
        outage = Outage(self._retry)
        while records:
            accepted, records, cause = self._attempt(records)
            if accepted:
                outage.over()
                yield accepted
            if cause and not cause.is_passing:
                raise ProducerError(cause.sentence)
            if cause:
                wait = outage.failed()
                if wait is None:
                    raise ProducerError(replace(cause, problem=f"{cause.problem} for {self._retry.limit:g} s").sentence)
                self._pause(wait, len(records), str(cause))

    def _attempt(self, records: Sequence[Record]) -> tuple[Sequence[Record], Sequence[Record], Cause | None]:
        """Call PutRecords; returns the accepted records, the refused records in order, and the cause."""
        try:
            output = self._client.put_records(
                StreamName=self._stream,
                Records=[{"Data": record.data, "PartitionKey": record.key} for record in records],
            )
        except ERRORS as error:
            return (), records, self._services.explain(error, self.where, self._remedies)
        if len(output.get("Records", ())) != len(records):
            problem = f"{self._services.where} does not answer as Kinesis does"
            return (), records, Cause(Kind.REFUSED, "", problem, "check --endpoint and AWS_ENDPOINT_URL")
        if output["FailedRecordCount"] == 0:
            return records, (), None
        return self._split(records, output["Records"])

    def _split(
        self, records: Sequence[Record], results: "Sequence[PutRecordsResultEntryTypeDef]"
    ) -> tuple[Sequence[Record], Sequence[Record], Cause | None]:
        codes = [result.get("ErrorCode") for result in results]
        accepted = [record for record, code in zip(records, codes, strict=True) if code is None]
        refused = [record for record, code in zip(records, codes, strict=True) if code is not None]
        code = next((code for code in codes if code), None)
        return accepted, refused, self._cause(code) if code else None

    def _cause(self, code: str) -> Cause:
        """Why a record of an accepted call failed; the reason always passes."""
        if "Throughput" in code or "Throttling" in code:
            return Cause(Kind.THROTTLED, code, f"Kinesis throttles {self.where} ({code})", _SLOWER)
        return Cause(Kind.BROKEN, code, f"Kinesis failed on {self.where} ({code})", "try again later")


def calls(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """The records by calls within the limits. Raises ProducerError for a record that is too large."""
    start = size = 0
    for end, record in enumerate(records):
        bytes_ = len(record.data) + len(record.key.encode())
        if bytes_ > MAX_RECORD:
            raise ProducerError(
                f"A record of {record.key[:20]} has {bytes_:,} bytes: Kinesis takes {MAX_RECORD:,} at most."
            )
        if end - start == MAX_RECORDS or size + bytes_ > MAX_CALL:
            yield records[start:end]
            start, size = end, 0
        size += bytes_
    if records:
        yield records[start:]


def connect(
    stream: str,
    region: str | None,
    endpoint: str | None,
    retry: Retry,
    pause: Callable[[float, int, str], None],
) -> Kinesis:
    """The sink for a stream, without a call yet; None leaves region and endpoint to boto3. Raises AwsError."""
    services = Services.at(endpoint_of(endpoint), region)
    # Without validation of parameters, which would cost as much as sending the records.
    client = services.client("kinesis", parameter_validation=False)
    quick_calls.install(client)
    return Kinesis(client, services, stream, retry, pause)
