"""The table of minute rows: what it has of computed rows, which of these it should have, and writing them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from aws import failures, session
from aws.failures import of_configuration
from consumer.trouble import code_of, is_passing
from producer.kinesis import Retry
from program.processes import RunError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/: API_BatchGetItem.html, API_BatchWriteItem.html
READ_AT_ONCE = 100
WRITE_AT_ONCE = 25

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
    where: str
    pause: Callable[[float], object]
    retry: Retry

    def __str__(self) -> str:
        return f"table {self.name} at {self.where}"

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
        failures, since = 0, time.monotonic()
        while left:
            before, why = len(left), "it left them undone"
            try:
                left = call(left)
            except (ClientError, BotoCoreError) as error:
                if not is_passing(error):
                    raise RunError(self._refusal(error)) from error
                why = code_of(error)
            if len(left) < before:
                failures, since = 0, time.monotonic()
            if left:
                failures += 1
                remaining = since + self.retry.limit - time.monotonic()
                if remaining <= 0:
                    raise RunError(
                        f"The {self} has not taken one of {len(left)} requests for {self.retry.limit:g} s ({why}): see "
                        "whether it can be reached and has the capacity, and run this again; what is written stays."
                    )
                self.pause(min(remaining, self.retry.delay(failures, random.random())))  # noqa: S311  (spreads load)

    def _refusal(self, error: ClientError | BotoCoreError) -> str:
        code = code_of(error)
        if code == "ResourceNotFoundException":
            return f"The {self} does not exist: name it in --properties, or let `python -m local aws` make it here."
        if code == "ValidationException":
            return f"The {self} is not keyed by Name and StatusTime, both texts, as the rows are ({_said(error)})."
        remedy = "check the credentials, which need dynamodb:BatchGetItem and dynamodb:BatchWriteItem on it"
        return f"The {self} cannot be used ({code}): {remedy}."


def connect(place: Mapping[str, str], name: str, pause: Callable[[float], object], limit: float = 60) -> Table:
    """The table in the place that the settings name. Raises RunError; asks nothing of it yet."""
    # botocore's own retries are off: they would repeat what was accepted, and know of no limit over several calls.
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=10)
    where = failures.where(place)
    try:
        client = session.at(place, "dynamodb", config)
    except (BotoCoreError, ValueError) as error:
        found = of_configuration(error)
        reason = ": ".join(found) if found else str(error).rstrip(".")
        raise RunError(f"The table {name} at {where} cannot be used: {reason}.") from error
    return Table(client, name, where, pause, Retry(limit))


def _plain(value: Mapping[str, Any]) -> Any:
    """An attribute as a text or a number; another kind, which no row of ours has, as it is."""
    return Decimal(value["N"]) if "N" in value else value.get("S", value)


def _item(row: Row) -> dict[str, Any]:
    return {name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in row.items()}


def _said(error: Exception) -> str:
    response: Mapping[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Message", "no reason given")).rstrip(".")[:200]
