"""The table of minute rows: what it has of computed rows, which of these it should have, and writing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from aws.failures import ERRORS, Cause, Kind, said
from aws.session import Services
from program.processes import RunError
from program.waiting import Outage, Retry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/: API_BatchGetItem.html, API_BatchWriteItem.html
READ_AT_ONCE = 100
WRITE_AT_ONCE = 25

_REMEDIES = {
    Kind.ABSENT: "name it in --properties, or let `python -m local aws` make it here",
    Kind.DENIED: "allow this identity dynamodb:BatchGetItem and dynamodb:BatchWriteItem on it",
}

Key = tuple[str, str]  # (Name, StatusTime)
Row = Mapping[str, Any]  # a row by its columns: texts and whole numbers
T = TypeVar("T")


class Verdict(Enum):
    """What a computed row is to the table."""

    NEW = "new"
    CHANGED = "changed"
    EQUAL = "equal"
    REPEATED = "smaller for repeated lines alone"
    SMALLER = "smaller"


def compare(row: Row, item: Row, each: Row | None = None) -> Verdict:
    """Hold a computed row against the table's; an empty item is none.

    each: the row with equal lines counted each, where that is another. REPEATED is a row that is smaller than the
    table's while that one is not: the table counts what stands in the archive twice, and lacks nothing of it else.

    SMALLER is a row that has lost readings against the table's: a minimum is higher, a maximum lower, or Distance less.
    For a reading more can only widen the extremes, and adds to Distance, since no unicorn flies backwards.
    """
    if not item:
        return Verdict.NEW
    grown = {name: _growth(name, value, item.get(name)) for name, value in row.items()}
    if any(by < 0 for by in grown.values()):
        explained = each is not None and compare(each, item) is not Verdict.SMALLER
        return Verdict.REPEATED if explained else Verdict.SMALLER
    return Verdict.CHANGED if any(by > 0 for by in grown.values()) else Verdict.EQUAL


def _growth(column: str, computed: str | int, stored: object) -> Decimal:
    """By how much a column says more than the table's; a key is the same, what is missing there says less."""
    if isinstance(computed, str):
        return Decimal(0)
    if not isinstance(stored, Decimal):
        return Decimal(1)
    return stored - computed if column.startswith("Min") else computed - stored


@dataclass(frozen=True)
class Table:
    """A DynamoDB table with the key (Name, StatusTime). `pause(seconds)` waits before a call is repeated."""

    client: DynamoDBClient
    name: str
    services: Services
    pause: Callable[[float], object]
    retry: Retry

    def __str__(self) -> str:
        return f"table {self.name} at {self.services.where}"

    def look_up(self) -> None:
        """Raise RunError unless the table is there, has that key, and may be read."""
        self.items([("-", "-")])

    def items(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """What the table has of these keys, at most READ_AT_ONCE of them. Raises RunError."""
        found: dict[Key, Row] = {}

        def ask(left: Sequence[Any]) -> Sequence[Any]:
            request: Any = {self.name: {"Keys": left, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self.name, ()):
                row = {column: _plain(value) for column, value in item.items()}
                found[row["Name"], row["StatusTime"]] = row
            undone: Mapping[str, Any] = answer.get("UnprocessedKeys", {})
            return list(undone[self.name]["Keys"]) if undone else []

        self._all([{"Name": {"S": name}, "StatusTime": {"S": time_}} for name, time_ in keys], ask)
        return found

    def put(self, rows: Sequence[Row]) -> None:
        """Write the rows, whole items each, resending exactly those that were not accepted. Raises RunError."""

        def send(left: Sequence[Any]) -> Sequence[Any]:
            return (
                self.client.batch_write_item(RequestItems={self.name: left})
                .get("UnprocessedItems", {})
                .get(self.name, ())
            )

        requests = [{"PutRequest": {"Item": _item(row)}} for row in rows]
        for start in range(0, len(requests), WRITE_AT_ONCE):
            self._all(requests[start : start + WRITE_AT_ONCE], send)

    def _all(self, left: Sequence[T], call: Callable[[Sequence[T]], Sequence[T]]) -> None:
        """Repeat a call with what it left undone, until nothing is or `retry.limit` seconds brought nothing."""
        outage = Outage(self.retry)
        while left:
            before, why = len(left), "it left them undone"
            try:
                left = call(left)
            except ERRORS as error:
                cause = self.services.explain(error, f"the {self}", _REMEDIES)
                if not cause.is_passing:
                    raise RunError(self._refusal(error, cause)) from error
                why = cause.code
            if len(left) < before:
                outage.over()
            if left:
                wait = outage.failed()
                if wait is None:
                    raise RunError(
                        f"The {self} has not taken one of {len(left)} requests for {self.retry.limit:g} s ({why}): see "
                        "whether it can be reached and has the capacity, and run this again; what is written stays."
                    )
                self.pause(wait)

    def _refusal(self, error: Exception, cause: Cause) -> str:
        if isinstance(error, ClientError) and cause.code == "ValidationException":
            return f"The {self} is not keyed by Name and StatusTime, both texts, as the rows are ({said(error)})."
        return cause.sentence


def connect(place: Mapping[str, str], name: str, pause: Callable[[float], object], limit: float = 60) -> Table:
    """The table in the place that the settings name. Raises AwsError; asks nothing of it yet."""
    services = Services.of_settings(place)
    return Table(services.client("dynamodb"), name, services, pause, Retry(limit))


def _plain(value: Mapping[str, Any]) -> Any:
    """An attribute as a text or a number; another kind, which no row of ours has, as it is."""
    return Decimal(value["N"]) if "N" in value else value.get("S", value)


def _item(row: Row) -> dict[str, Any]:
    return {name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in row.items()}
