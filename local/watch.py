"""A running demo seen from outside: threads gather numbers from the services, never from the job."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from consumer.shards import TRIM_HORIZON
from consumer.tail import GaveUp, Tail
from flink import rest
from local.resources import Names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient

NEWEST = 6  # summary rows kept for the view


@dataclass
class Seen:
    """The numbers seen so far; the threads of `Watch` write them, the view reads them.

    sent, read: records sent by the producer, and read by the job since its last (re)start. watermark: the lowest of the
    source subtasks, None before the first. table: items in the table. rate: recent records sent per second.
    """

    sent: int = 0
    read: int = 0
    rate: float = 0.0
    watermark: datetime | None = None
    newest: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=NEWEST))
    rows: int = 0
    windows: set[str] = field(default_factory=set)
    table: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    checkpoints: int = 0


class Watch:
    """Follow both output streams, the table, the producer's copy and Flink's REST API until closed."""

    def __init__(
        self, kinesis: KinesisClient, dynamodb: DynamoDBClient, names: Names, copy: Path, job: rest.Job
    ) -> None:
        self.seen = Seen()
        self._kinesis = kinesis
        self._dynamodb = dynamodb
        self._names = names
        self._copy = copy
        self._job = job
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (
                lambda: self._follow(names.summary, self._row),
                lambda: self._follow(names.errors, self._error),
                lambda: self._repeat(0.25, self._count_sent),
                lambda: self._repeat(0.5, self._ask_flink),
                lambda: self._repeat(1.0, self._count_items),
            )
        ]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _follow(self, stream: str, take: Callable[[dict[str, Any]], None]) -> None:
        with contextlib.suppress(GaveUp, ClientError, BotoCoreError):  # the check at the end reports missing records
            for batch in Tail(self._kinesis, stream, TRIM_HORIZON).batches():
                for record in batch.records:
                    take(json.loads(record.data))
                if self._stop.is_set():
                    return

    def _row(self, row: dict[str, Any]) -> None:
        self.seen.rows += 1
        self.seen.windows.add(row["StatusTime"])
        self.seen.newest.append(row)

    def _error(self, row: dict[str, Any]) -> None:
        self.seen.errors[row["ERROR_NAME"]] += 1

    def _repeat(self, pause: float, work: Callable[[], None]) -> None:
        while not self._stop.wait(pause):
            # The job may be restarting, or the emulator busy: the next round tries again.
            with contextlib.suppress(rest.RestError, ClientError, BotoCoreError, OSError, KeyError, StopIteration):
                work()

    def _count_sent(self) -> None:
        if not hasattr(self, "_file"):
            self._file = self._copy.open("rb")
            self._marks: deque[tuple[float, int]] = deque(maxlen=20)
        while block := self._file.read(1 << 20):
            self.seen.sent += block.count(b"\n")
        self._marks.append((time.monotonic(), self.seen.sent))
        (then, before), (now, after) = self._marks[0], self._marks[-1]
        self.seen.rate = (after - before) / (now - then) if now > then else 0.0

    def _ask_flink(self) -> None:
        self.seen.restarts = self._job.restarts()
        self.seen.checkpoints = int(self._job.checkpoints()["counts"]["completed"])
        source = self._job.source()
        self.seen.read = source.records
        marks = [mark for mark in source.watermarks if mark is not None]
        if marks:
            self.seen.watermark = datetime.fromtimestamp(min(marks) / 1000, UTC)

    def _count_items(self) -> None:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._names.table, Select="COUNT")
        self.seen.table = sum(page["Count"] for page in pages)
