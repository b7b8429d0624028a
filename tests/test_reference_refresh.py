"""Reference data that changes while a job runs: on the emulator, against a computation in Python."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from consumer.tail import stored
from local import emulator, resources
from local.emulator import Emulator
from pipeline import settings
from pipeline.job import Job, load
from tests import priced_trades
from tests.emulated import reset, wait_for
from tests.test_ends import running

BUCKET, KEY = "trade-references", "lists/companies.csv"
TICKERS = [f"T{number:03}" for number in range(300)]
FILES = {
    **priced_trades.FILES,
    "job.toml": """
[insert]
priced = "priced_rows"
error_stream = "errors"
[table.trades]
connector = "kinesis"
stream = "trades"
"option.source.watermark.arrival-margin" = "1 s"
[table.companies_file]
connector = "reference"
bucket = "trade-references"
key = "lists/companies.csv"
refresh = "1 s"
[table.priced]
connector = "kinesis"
stream = "trades-priced"
[table.error_stream]
connector = "kinesis"
stream = "trades-errors"
""",
    "tables/companies_file.sql": """CREATE TABLE companies_file (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    valid AS COALESCE(
        TO_TIMESTAMP(sequence_number, 'yyyy-MM-dd HH:mm:ss.SSS'), TO_TIMESTAMP('1970-01-01 00:00:00')
    ),
    WATERMARK FOR valid AS valid - INTERVAL '0.001' SECOND
)""",
    "views/company_rows.sql": """SELECT line, shard, present, record, rowtime AS valid
FROM reference_rows(
    input => TABLE companies_file,
    columns => '`ticker` VARCHAR(4), `company` VARCHAR(8)',
    form => 'CSV',
    key => '`ticker`',
    row_end => '\\n',
    column_end => ',',
    on_time => DESCRIPTOR(valid),
    uid => 'companies'
)""",
    "views/companies.sql": """SELECT ticker, company, present, valid
FROM (
    SELECT ticker, company, present, valid, ROW_NUMBER() OVER (PARTITION BY ticker ORDER BY valid DESC) AS age
    FROM (
        SELECT record.ticker AS ticker, record.company AS company, present, valid
        FROM company_rows
        WHERE record.error IS NULL
    ) AS rows_that_count
) AS aged
WHERE age = 1""",
    "views/priced_rows.sql": """SELECT
    t.trade,
    t.ticker,
    c.company,
    DATE_FORMAT(t.event_time, 'yyyy-MM-dd HH:mm:ss.SSS') AS event_time
FROM (
    SELECT
        SPLIT_INDEX(DECODE(line, 'UTF-8'), ' ', 0) AS trade,
        SPLIT_INDEX(DECODE(line, 'UTF-8'), ' ', 1) AS ticker,
        event_time
    FROM trades
) AS t
LEFT JOIN companies FOR SYSTEM_TIME AS OF t.event_time AS c ON t.ticker = c.ticker AND c.present""",
    "tables/priced.sql": "CREATE TABLE priced (TRADE STRING, TICKER STRING, COMPANY STRING, EVENT_TIME STRING)",
    "views/rejects.sql": """SELECT
    record.error AS error_name,
    record.message AS message,
    CAST(valid AS TIMESTAMP(3)) AS row_time,
    shard,
    CAST(NULL AS STRING) AS sequence_number,
    CAST(NULL AS STRING) AS part,
    COALESCE(DECODE(line, 'UTF-8'), '') AS text
FROM company_rows
WHERE record.error IS NOT NULL""",
}
JSON = {
    "columns => '`ticker` VARCHAR(4), `company` VARCHAR(8)'": (
        "columns => '`ticker` VARCHAR(4) $.ticker, `company` VARCHAR(8) $.company'"
    ),
    "form => 'CSV'": "form => 'JSON'",
    "    row_end => '\\n',\n    column_end => ','": "    row_path => '$'",
}
# By the form of the object: parallelism, and further configuration of Flink.
LAUNCHES: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "CSV": (1, {}),
    "JSON": (4, {"state.backend.type": "rocksdb"}),
}
FILES.pop("tables/kept.sql")
FILES.pop("tests/priced.yaml")


def made(folder: Path, form: str = "CSV") -> Job:
    """The job, made in this folder, with an object of this form."""
    for name, csv in FILES.items():
        text = csv
        for before, after in JSON.items() if form == "JSON" and name == "views/company_rows.sql" else ():
            assert before in text
            text = text.replace(before, after)
        (folder / "refreshed" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "refreshed" / name).write_text(text, encoding="utf-8", newline="")
    return load(folder / "refreshed")


def line(ticker: str, company: str, form: str = "CSV") -> str:
    """A line of an object. In JSON it has more than the job reads, so that all lines are more than a block."""
    if form == "JSON":
        return json.dumps({"ticker": ticker, "company": company, "about": "x" * 1_000}) + "\n"
    return f"{ticker},{company}\n"


def content(company: str, without: Sequence[str] = (), form: str = "CSV") -> str:
    """A version: every ticker with this company."""
    return "".join(line(ticker, company, form) for ticker in TICKERS if ticker not in without)


@dataclass
class Stage:
    """The job's streams and its object. sent: trades, each by its number, with a ticker by chance."""

    kinesis: Any
    s3: Any
    given: Path
    sent: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(aws: Emulator, folder: Path, form: str = "CSV") -> Stage:
        reset(aws)  # the names are those of the other cases
        job = made(folder, form)
        resources.create(aws.environment, 2, job)
        account = resources.account(aws.environment)
        place = {"region": emulator.REGION, "endpoint": aws.endpoint}
        given = settings.write(folder, settings.document_of(job, {"aws": place}))
        return Stage(account.client("kinesis"), account.client("s3"), given)

    def put(self, text: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=text.encode())

    @contextmanager
    def trading(self) -> Iterator[None]:
        """Trades come while a block runs, some of the first ticker among them."""
        stop = threading.Event()
        chance = random.Random(7)

        def send() -> None:
            while not stop.wait(0.1):
                tickers = [*chance.sample(TICKERS, 15), TICKERS[0]]
                trades = {str(number): ticker for number, ticker in enumerate(tickers, len(self.sent))}
                entries = [{"PartitionKey": key, "Data": f"{key} {value}".encode()} for key, value in trades.items()]
                self.kinesis.put_records(StreamName="trades", Records=entries)
                self.sent |= trades

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def priced(self) -> list[dict[str, Any]]:
        return [json.loads(record.data) for record in stored(self.kinesis, "trades-priced")]

    def messages(self) -> list[str]:
        return [json.loads(record.data)["MESSAGE"] for record in stored(self.kinesis, "trades-errors")]

    def wait_for_company(self, company: str) -> None:
        wait_for(lambda: any(row["COMPANY"] == company for row in self.priced()), 90, f"version {company} counts")

    def wait_for_message(self, text: str) -> None:
        wait_for(lambda: any(text in message for message in self.messages()), 60, f"{text} is told")

    def wait_for_trades(self) -> None:
        wait_for(lambda: {row["TRADE"] for row in self.priced()} >= self.sent.keys(), 60, "all trades are priced")

    def begin(self, company: str) -> str:
        """The time from which on a version counts, by the rows."""
        return min(str(row["EVENT_TIME"]) for row in self.priced() if row["COMPANY"] == company)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("form", LAUNCHES)
def test_versions(aws: Emulator, jvm: Path, tmp_path: Path, form: str) -> None:  # noqa: ARG001
    """Each version counts for all keys from one event time on; a key that it lacks is found no more.

    A version with a key that is there twice or without a row, and a missing object, are told in one row each, and
    change nothing. Of the first version the wrong lines are told, and the others count. All of that for an object of
    one block with the state on the heap, and for one of several blocks with the state in RocksDB.
    """
    on = Stage.of(aws, tmp_path, form)
    wrong = '{"ticker": \n' if form == "JSON" else 'bad,"x\n'
    on.put(content("one", form=form) + wrong + line(TICKERS[1], "one", form))
    with running(tmp_path, on.given, *LAUNCHES[form]) as found:
        with on.trading():
            on.wait_for_company("one")
            assert len(on.messages()) == 2
            on.put(content("two", TICKERS[:1], form))
            on.wait_for_company("two")
            on.put(content("bad", form=form) + line(TICKERS[5], "bad", form))
            on.wait_for_message("1 of its 301 rows are wrong, first in line 301: ticker = T005 is there twice.")
            on.put("")
            on.wait_for_message("is refused, as it has no row. The version of ")
            on.s3.delete_object(Bucket=BUCKET, Key=KEY)
            on.wait_for_message("finds nothing there")
            on.put(content("three", form=form))
            on.wait_for_company("three")
        on.wait_for_trades()
        assert found.restarts() == 0
    assert len(on.messages()) == 5
    two, three = on.begin("two"), on.begin("three")
    rows = on.priced()
    assert {row["TRADE"]: row["TICKER"] for row in rows} == on.sent
    for row in rows:
        company = "three" if row["EVENT_TIME"] >= three else "two" if row["EVENT_TIME"] >= two else "one"
        is_gone = company == "two" and row["TICKER"] == TICKERS[0]
        assert row["COMPANY"] == (None if is_gone else company), row


@pytest.mark.timeout(300)
def test_a_death_after_a_version_counts(aws: Emulator, jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """A job that goes on from a checkpoint writes each row again as it was, though the object has changed since then.

    A version waits for a checkpoint that has it before any row finds it.
    """
    on = Stage.of(aws, tmp_path)
    on.put(content("one"))
    more = {"execution.checkpointing.interval": "6 s"}
    with on.trading():
        with running(tmp_path, on.given, 2, more) as found:
            on.wait_for_company("one")
            on.put(content("two", TICKERS[:1]))
            on.wait_for_company("two")
            last = found.checkpoints()["latest"]["completed"]["external_path"]
        on.put(content("three"))
        with running(tmp_path, on.given, 3, more | {"execution.state-recovery.path": last}) as found:
            on.wait_for_company("three")
    three = on.begin("three")
    companies: dict[str, set[str | None]] = {}
    for row in on.priced():
        companies.setdefault(row["TRADE"], set()).add(row["COMPANY"])
    assert not {trade: found for trade, found in companies.items() if len(found) > 1}
    assert all(row["COMPANY"] == "three" for row in on.priced() if row["EVENT_TIME"] >= three)
