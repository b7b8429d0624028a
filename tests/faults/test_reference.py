"""Reference data that changes: what a row finds in it does not depend on deaths of the job."""

from __future__ import annotations

import itertools
import json
import random
import string
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from consumer.tail import stored
from local import emulator, oracle, resources
from pipeline import settings
from pipeline.job import Job
from tests.emulated import wait_for
from tests.faults.trial import BATCH, Trial, checkpoints, wait_for_checkpoint
from tests.test_reference_refresh import BUCKET, KEY, TICKERS, content, made

pytestmark = [pytest.mark.faults, pytest.mark.timeout(420)]
STREAM, ROWS = "trades", "trades-priced"
MANY = ["".join(letters) for letters in itertools.product("012", *[string.digits + string.ascii_uppercase] * 3)]


@dataclass
class Lookups(Trial):
    """A case of a job that looks trades up in a table of S3, whose object changes. sent_trades: ticker by number."""

    begin: str = "TRIM_HORIZON"
    tickers: Sequence[str] = tuple(TICKERS)  # of the trades
    sent_trades: dict[str, str] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(16))

    def create(self, shards: int) -> None:
        """Streams and object; the job's folder is made beside them."""
        job = self.made()
        type(self).job_name = job.argument
        resources.create(self.aws.environment, shards, job)

    @property
    def environment(self) -> dict[str, str]:
        return self.aws.environment

    def made(self) -> Job:
        return made(self.folder)

    def properties(self) -> Path:
        """The job's settings: its AWS is the emulator, as the proxy knows nothing of S3."""
        groups: dict[str, dict[str, str]] = {
            "aws": {"region": emulator.REGION, "endpoint": self.aws.endpoint},
            "trades": {"start": self.begin},
        }
        return settings.write(self.folder, settings.document_of(self.made(), groups))

    def replace(self, text: str) -> None:
        """Put another version of the object."""
        s3 = resources.account(self.aws.environment).client("s3")
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=text.encode())

    def rows(self) -> list[bytes]:
        return [record.data for record in stored(self.clients[0], ROWS)]

    def trade(self, count: int) -> None:
        """Put so many trades on the stream."""
        kinesis, _dynamodb = self.clients
        first = len(self.sent_trades)
        trades = {str(number): self.chance.choice(self.tickers) for number in range(first, first + count)}
        entries = [{"PartitionKey": number, "Data": f"{number} {ticker}".encode()} for number, ticker in trades.items()]
        for begin in range(0, count, BATCH):
            some = entries[begin : begin + BATCH]
            assert kinesis.put_records(StreamName=STREAM, Records=some)["FailedRecordCount"] == 0
        self.records += [entry["Data"] for entry in entries]  # type: ignore[misc]
        self.sent_trades |= trades

    def trade_until(self, company: str) -> None:
        """Trade until a trade finds this version."""

        def found() -> bool:
            self.trade(20)
            return self.is_alive() and any(json.loads(row)["COMPANY"] == company for row in self.rows())

        wait_for(found, 180, f"version {company} counts")

    def settle(self, *, late_by_shard: bool = True) -> oracle.Report:  # noqa: ARG002  (no trade is late)
        """Each trade has a row, and whatever rows it has say the same: that of the version which counts at its time."""
        on_stream = [json.loads(line) for line in self.rows()]
        different: dict[tuple[Any, ...], dict[str, Any]] = {tuple(row.items()): row for row in on_stream}
        assert {row["TRADE"]: row["TICKER"] for row in on_stream} == self.sent_trades
        assert len(different) == len(self.sent_trades), "a trade has two rows that differ"
        self._check(list(different.values()))
        count = len(self.sent_trades)
        self.outcome.report = oracle.Report(
            records=count,
            parts=count,
            windows=0,
            rows=count,
            errors={},
            repeated=len(on_stream) - len(different),
            problems=[],
        )
        return self.outcome.report

    def _check(self, rows: Sequence[dict[str, Any]]) -> None:
        begin = {
            company: min(row["EVENT_TIME"] for row in rows if row["COMPANY"] == company) for company in ("two", "three")
        }
        for row in rows:
            moment = row["EVENT_TIME"]
            company = "three" if moment >= begin["three"] else "two" if moment >= begin["two"] else "one"
            is_gone = company == "two" and row["TICKER"] == TICKERS[0]
            assert row["COMPANY"] == (None if is_gone else company), row


@pytest.mark.fault("kill -9 while reference data changes, and --resume last", kind=Lookups)
def test_killed(trial: Lookups) -> None:
    """The version that counted when the job died still counts for its time, though the object has changed since then.

    Unprotected: the job starts anew, so older trades find the new version, or nobody reads them.
    """
    trial.replace(content("one"))
    trial.start(parallelism=2)
    trial.trade_until("one")
    trial.replace(content("two", TICKERS[:1]))
    trial.trade_until("two")
    wait_for_checkpoint(trial)
    trial.trade(200)
    trial.kill()
    killed = time.monotonic()
    trial.trade(200)
    trial.replace(content("three"))
    trial.start(*(() if trial.is_unprotected else ("--resume", "last")), parallelism=4)
    trial.trade_until("three")
    trial.outcome.recovery = time.monotonic() - killed
    trial.trade(200)
    trial.finish(resumed=True)


@pytest.mark.fault("kill -9 while a version of 140,000 rows is taken over, and --resume last", kind=Lookups)
def test_killed_in_a_version(trial: Lookups) -> None:
    """The version goes on behind the last checkpoint, and counts as a whole or not at all, though it has changed since.

    Unprotected: the job starts anew, so older trades find the new version, or nobody reads them.
    """
    trial.tickers = [*TICKERS, MANY[0], MANY[len(MANY) // 2], MANY[-1]] + TICKERS[:1] * 50
    trial.replace(large("one"))
    trial.start(parallelism=2)
    trial.trade_until("one")
    before = checkpoints(trial.job)
    trial.replace(large("two", TICKERS[:1]))
    wait_for(lambda: trial.is_alive() and checkpoints(trial.job) > before, 60, "a checkpoint completes")
    trial.trade(200)
    assert not any(json.loads(row)["COMPANY"] == "two" for row in trial.rows()), "the version does not count yet"
    trial.kill()
    killed = time.monotonic()
    trial.trade(200)
    trial.start(*(() if trial.is_unprotected else ("--resume", "last")), parallelism=4)
    trial.trade_until("two")
    trial.outcome.recovery = time.monotonic() - killed
    trial.replace(large("three"))
    trial.trade_until("three")
    trial.trade(200)
    trial.finish(resumed=True)


def large(company: str, without: Sequence[str] = ()) -> str:
    """A version of 140,000 rows, all of them with this company."""
    return content(company, without) + "".join(f"{ticker},{company}\n" for ticker in MANY)
