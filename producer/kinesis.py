"""The Kinesis sink: PutRecords in batches, and exactly the failed records again.

One call is in flight at a time. Several at once would be faster against a distant service, but they would mix
up the order of the records, across keys by more event time than a consumer's watermark may allow for.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from aws import failures, session
from producer.records import Record
from producer.refusals import Place, Refusal, of_call, of_record, of_setup, without_password
from producer.sinks import ProducerError
from program.waiting import Outage, Retry

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsResultEntryTypeDef

# Bytes include the partition keys: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_RECORDS = 500
MAX_CALL = 5 * 1024 * 1024
MAX_RECORD = 1024 * 1024


class Kinesis:
    """A Kinesis stream. `pause(seconds, refused, why)` waits before refused records are sent again."""

    def __init__(
        self, client: "KinesisClient", place: Place, retry: Retry, pause: Callable[[float, int, str], None]
    ) -> None:
        self.where = str(place)
        self._client = client
        self._place = place
        self._retry = retry
        self._pause = pause

    def put(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """See Sink."""
        for call in calls(records):
            yield from self._deliver(call)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _deliver(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """One call's records; while some fail nothing newer is sent, for it could pass one of its key."""
        outage = Outage(self._retry)
        while records:
            accepted, records, why = self._attempt(records)
            if accepted:
                outage.over()
                yield accepted
            if why and not why.passing:
                raise ProducerError(str(why))
            if why:
                wait = outage.failed()
                if wait is None:
                    raise ProducerError(f"{why.what} for {self._retry.limit:g} s: {why.remedy}")
                self._pause(wait, len(records), str(why))

    def _attempt(self, records: Sequence[Record]) -> tuple[Sequence[Record], Sequence[Record], Refusal | None]:
        """One PutRecords: the accepted records, the others in order, and why these were not accepted."""
        try:
            answer = self._client.put_records(
                StreamName=self._place.stream,
                Records=[{"Data": record.data, "PartitionKey": record.key} for record in records],
            )
        except (ClientError, BotoCoreError) as error:
            return (), records, of_call(error, self._place)
        if len(answer.get("Records", ())) != len(records):
            what = f"{without_password(self._place.endpoint)} does not answer as Kinesis does"
            return (), records, Refusal(what, "check --endpoint and AWS_ENDPOINT_URL")
        if answer["FailedRecordCount"] == 0:
            return records, (), None
        return self._split(records, answer["Records"])

    def _split(
        self, records: Sequence[Record], results: "Sequence[PutRecordsResultEntryTypeDef]"
    ) -> tuple[Sequence[Record], Sequence[Record], Refusal | None]:
        codes = [result.get("ErrorCode") for result in results]
        accepted = [record for record, code in zip(records, codes, strict=True) if code is None]
        refused = [record for record, code in zip(records, codes, strict=True) if code is not None]
        code = next((code for code in codes if code), None)
        return accepted, refused, of_record(code, self._place) if code else None


def calls(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """The records, cut into calls within the limits. Raises ProducerError if a record is too big."""
    start = size = 0
    for end, record in enumerate(records):
        bytes_ = len(record.data) + len(record.key.encode())
        if bytes_ > MAX_RECORD:
            raise ProducerError(
                f"a record of {record.key[:20]} has {bytes_:,} bytes: Kinesis takes {MAX_RECORD:,} at most"
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
    """The sink for a stream; None leaves region and endpoint to boto3. Raises ProducerError; sends nothing yet."""
    config = Config(
        # botocore's own retries are off: they would be neither counted nor shown.
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=5,
        read_timeout=10,
        parameter_validation=False,  # records are typed; this would cost as much as sending them
    )
    try:
        chosen = session.endpoint_of(endpoint)
        client = session.client("kinesis", session.to(chosen, region), chosen, config)
    except BotoCoreError as error:
        raise ProducerError(str(of_setup(error))) from error
    except ValueError as error:
        if found := failures.of_configuration(error):
            raise ProducerError(": ".join(found)) from error
        raise ProducerError("the endpoint is not a URL: check --endpoint and AWS_ENDPOINT_URL") from error
    return Kinesis(client, Place(stream, client.meta.region_name, client.meta.endpoint_url), retry, pause)
