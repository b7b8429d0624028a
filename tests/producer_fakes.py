"""A fake of boto3's Kinesis client that fails on demand, with fakes of pauses and standard error."""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from aws.session import Services
from producer.kinesis import Kinesis
from producer.records import Kind, Record
from program.waiting import Retry

SERVICES = Services.at("http://user:secret@127.0.0.1:4566", "eu-west-1")


def record(key: str, number: int, size: int = 0) -> Record:
    """A record with at least this number of bytes."""
    data = f"{key} {number} ".encode()
    return Record(key, data + b"." * (size - len(data)), Kind.OK, False, number, number)


class FakeKinesis:
    """Keeps what it accepts, in order. `refuses(call, data)` gives an error code for a record, or None.

    `raises[call]` is raised by that call as a whole. Calls count from 0.
    """

    def __init__(
        self,
        refuses: Callable[[int, bytes], str | None] = lambda *_: None,
        raises: Sequence[Exception | None] = (),
    ) -> None:
        self.calls: list[list[bytes]] = []
        self.accepted: list[tuple[str, bytes]] = []
        self._refuses = refuses
        self._raises = raises

    def put_records(self, *, StreamName: str, Records: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """The response of the service."""
        assert StreamName == "wildrydes"
        call = len(self.calls)
        self.calls.append([entry["Data"] for entry in Records])
        if call < len(self._raises) and (error := self._raises[call]):
            raise error
        results: list[dict[str, str]] = []
        for entry in Records:
            code = self._refuses(call, entry["Data"])
            if code:
                results.append({"ErrorCode": code, "ErrorMessage": "..."})
            else:
                self.accepted.append((entry["PartitionKey"], entry["Data"]))
                results.append({"SequenceNumber": "1", "ShardId": "shardId-000000000000"})
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}

    def close(self) -> None:
        """Do nothing."""


class Pauses:
    """Records the pauses between attempts instead of waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.refused: list[int] = []
        self.reasons: list[str] = []

    def __call__(self, seconds: float, refused: int, why: str) -> None:
        self.seconds.append(seconds)
        self.refused.append(refused)
        self.reasons.append(why)


def sink(client: FakeKinesis, pauses: Pauses, limit: float = 60.0) -> Kinesis:
    """The sink under test on a fake client."""
    return Kinesis(client, SERVICES, "wildrydes", Retry(limit), pauses)


def client_error(code: str, status: int = 400, message: str = "its own words") -> ClientError:
    """An error of the service."""
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutRecords")


class Lines:
    """Standard error as a list of texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, text: str) -> None:
        self.texts.append(text)

    def flush(self) -> None:
        pass
