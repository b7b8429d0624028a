"""A keyed table in DynamoDB: reads its rows, compares computed rows with them, and writes rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from aws.failures import ERRORS, Cause, Kind, message_of
from aws.session import Services
from connectors.kind import Declared
from flink.backfill.rows import Number, Row
from pipeline.job import Job
from pipeline.settings import Settings
from program.formats import listed
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

Key = tuple[str | Decimal, ...]  # the values of the key's columns, in the key's order
T = TypeVar("T")

_TEXTS = ("STRING", "VARCHAR", "CHAR")
_NUMBERS = ("TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "DEC", "NUMERIC")
_KINDS = {"S": "text", "N": "number", "BOOL": "truth value"}
# A column with the end of a row's window as text. Texts of these forms sort like their times.
_WINDOW_END = r"(?:\w+\.)?window_end"
_END = re.compile(
    rf"(?:DATE_FORMAT\s*\(\s*{_WINDOW_END}\s*,\s*'yyyy-MM-dd HH:mm:ss\.SSS'\s*\)"
    rf"|CAST\s*\(\s*{_WINDOW_END}\s+AS\s+(?:STRING|VARCHAR)\s*\))\s+(?:AS\s+)?`?(\w+)`?",
    re.IGNORECASE,
)


class Verdict(Enum):
    """The result of comparing a computed row with the table."""

    NEW = "new"
    CHANGED = "changed"
    EQUAL = "equal"
    REPEATED = "smaller for repeated lines alone"
    DIFFERENT = "different"
    SMALLER = "smaller"


def compare(row: Row, item: Row, merge: Declared, each: Row | None = None) -> Verdict:
    """Compare a computed row with the table's row `item`; an empty item means that the table has no such row.

    merge: the columns that show which row counts more records. More records of a window can only raise the columns in
    `grows`, and lower the columns in `shrinks`. If such a column went the other way, the row has lost records: it is
    SMALLER. Any other row that differs is CHANGED. If the table declares no such column, nothing shows which row counts
    more records: the row is DIFFERENT.
    each: the row with repeated lines counted each; None if that row is equal. A row is REPEATED if it is SMALLER or
    DIFFERENT, and `each` is not: then the repeated lines, which the table counts each, explain the difference.
    """
    if not item:
        return Verdict.NEW
    verdict = _held_against(row, item, merge)
    if verdict in (Verdict.SMALLER, Verdict.DIFFERENT) and each is not None:
        explained = _held_against(each, item, merge)
        if explained not in (Verdict.SMALLER, Verdict.DIFFERENT):
            return Verdict.REPEATED
    return verdict


def _held_against(row: Row, item: Row, merge: Declared) -> Verdict:
    """The verdict without regard to repeated lines."""
    if all(item.get(column) == value for column, value in row.items()):
        return Verdict.EQUAL
    telling = (*merge.grows, *merge.shrinks)
    if not telling:
        return Verdict.DIFFERENT
    if any(_has_lost(row.get(column), item.get(column), grows=column in merge.grows) for column in telling):
        return Verdict.SMALLER
    return Verdict.CHANGED


def _has_lost(computed: object, stored: object, *, grows: bool) -> bool:
    """Whether `computed` counts fewer records than `stored`. A value that is no number counts the fewest."""
    if not isinstance(stored, Decimal):
        return False
    if not isinstance(computed, Decimal):
        return True
    return computed < stored if grows else computed > stored


@dataclass(frozen=True)
class Table:
    """A DynamoDB table that a sink of the job writes.

    columns: their types, S, N or BOOL. declared: the key, and the columns that only grow or shrink. end: the column of
    the key with the end of a row's window, or None. `pause(seconds)` waits before a call is repeated.
    """

    client: DynamoDBClient
    name: str
    services: Services
    columns: Mapping[str, str]
    declared: Declared
    pause: Callable[[float], object]
    retry: Retry
    end: str | None = None

    def __str__(self) -> str:
        return f"table {self.name} at {self.services.where}"

    def key_of(self, row: Row) -> Key:
        """The values of the row's key."""
        return tuple(row[column] for column in self.declared.key)

    def look_up(self) -> None:
        """Raise RunError unless the table exists, has the declared key, and may be read."""
        self.items([tuple("-" if self.columns[column] == "S" else Number("0") for column in self.declared.key)])

    def items(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The table's rows of these keys, which are at most READ_AT_ONCE. Raises RunError."""
        found: dict[Key, Row] = {}

        def get(left: Sequence[Any]) -> Sequence[Any]:
            request: Any = {self.name: {"Keys": left, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self.name, ()):
                row = {column: plain(value) for column, value in item.items()}
                found[self.key_of(row)] = row
            undone: Mapping[str, Any] = answer.get("UnprocessedKeys", {})
            return list(undone[self.name]["Keys"]) if undone else []

        self._all([_item(dict(zip(self.declared.key, key, strict=True))) for key in keys], get)
        return found

    def put(self, rows: Sequence[Row]) -> None:
        """Write each row as a whole item. Exactly the rows that were not accepted are resent. Raises RunError."""

        # boto3's batch_writer would resend them without a pause, and for ever.
        def send(left: Sequence[Any]) -> Sequence[Any]:
            answer = self.client.batch_write_item(RequestItems={self.name: left})
            return answer.get("UnprocessedItems", {}).get(self.name, ())

        requests = [{"PutRequest": {"Item": _item(row)}} for row in rows]
        for start in range(0, len(requests), WRITE_AT_ONCE):
            self._all(requests[start : start + WRITE_AT_ONCE], send)

    def _all(self, left: Sequence[T], call: Callable[[Sequence[T]], Sequence[T]]) -> None:
        """Repeat a call with the requests it left undone. Raises RunError after `retry.limit` s without progress."""
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
            key = listed([f"{column} ({_KINDS[self.columns[column]]})" for column in self.declared.key])
            return f"The {self} is not keyed by {key}, as the rows are ({message_of(error)})."
        return cause.sentence


def connect(job: Job, sink: str, settings: Settings, pause: Callable[[float], object]) -> Table:
    """The table of a sink, as the settings name it. Makes no call yet. Raises AwsError, RunError."""
    services = Services.of_settings(settings.groups["aws"])
    name, columns = settings.groups[sink]["table"], types(job, sink)
    declared, end = job.tables[sink].declared, end_column(job, sink)
    return Table(services.client("dynamodb"), name, services, columns, declared, pause, Retry(60), end)


def end_column(job: Job, sink: str) -> str | None:
    """The column of a table's key with the end of a row's window, by the job's views; None without such a column."""
    named = {name for view in job.views for name in _END.findall(job.texts[view])}
    return next((column for column in job.tables[sink].declared.key if column in named), None)


def types(job: Job, table: str) -> dict[str, str]:
    """The columns of a table with their types in DynamoDB, as the sink writes them. Raises RunError for other types.

    The rows come from JSON files. Texts, numbers and truth values have the same form there as in the sink. Times, and
    types with parts such as ARRAY, have another form.
    """
    found = {}
    for column, type_ in job.columns(table).items():
        base = type_.partition("(")[0].upper()
        known = "S" if base in _TEXTS else "N" if base in _NUMBERS else "BOOL" if base == "BOOLEAN" else None
        if known is None or "<" in type_ or type_.upper().endswith("ARRAY"):
            raise RunError(
                f"The column {column} of {table} is a {type_}: a backfill writes texts, numbers and truth values. Let "
                "the view make a text of it, or repair this table another way."
            )
        found[column] = known
    return found


def checked(row: Row, columns: Mapping[str, str]) -> Row:
    """The row. Raises RunError for NaN and the infinities, which DynamoDB cannot hold."""
    for column, type_ in columns.items():
        if type_ == "N" and isinstance(row.get(column), str):
            raise RunError(
                f"The archive makes {column} {row[column]}, which DynamoDB cannot hold: leave such values out in the "
                f"view. The row is {', '.join(f'{name} {value}' for name, value in row.items())}."
            )
    return row


def plain(value: Mapping[str, Any]) -> Any:
    """An attribute as a text, number, truth value or None, which Apache's sink wrote for NULL.

    Other types, which computed rows lack, stay as they are.
    """
    if "N" in value:
        return Number(value["N"])
    return None if "NULL" in value else value.get("S", value.get("BOOL", value))


def _item(row: Row) -> dict[str, Any]:
    """A row as the sink writes it: NULL leaves its attribute out."""
    return {column: _attribute(value) for column, value in row.items() if value is not None}


def _attribute(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    return {"N": value.text if isinstance(value, Number) else str(value)}
