"""A job with every kind of end: a stream and reference data to read, a stream and a Firehose stream to write."""

from __future__ import annotations

from pathlib import Path

from pipeline.job import Job, load

FILES = {
    "job.toml": """
[insert]
priced = "priced_rows"
kept = "priced_rows"
[table.trades]
connector = "kinesis"
stream = "trades"
"option.source.watermark.arrival-margin" = "1 s"
[table.companies_file]
connector = "reference"
bucket = "trade-references"
key = "lists/companies.csv"
[table.priced]
connector = "kinesis"
stream = "trades-priced"
[table.kept]
connector = "firehose"
delivery_stream = "trades-kept"
""",
    "reference/companies.csv": "ABC,A company\r\nXYZ,first name\nXYZ,X Y Z\n",
    "tables/trades.sql": """CREATE TABLE trades (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    event_time AS arrival,
    disorder AS INTERVAL '0 00:00:01' DAY TO SECOND,
    WATERMARK FOR event_time AS shard_watermark(arrival, shard, disorder)
)""",
    "tables/companies_file.sql": """CREATE TABLE companies_file (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    valid AS TO_TIMESTAMP('1970-01-01 00:00:00'),
    WATERMARK FOR valid AS valid
)""",
    # Of a key that is there twice the last line counts. A versioned view: Flink finds its key and its time by itself.
    "views/companies.sql": """SELECT ticker, company, valid
FROM (
    SELECT ticker, company, valid, ROW_NUMBER() OVER (PARTITION BY ticker ORDER BY valid DESC) AS age
    FROM (
        SELECT
            SPLIT_INDEX(DECODE(line, 'UTF-8'), ',', 0) AS ticker,
            SPLIT_INDEX(DECODE(line, 'UTF-8'), ',', 1) AS company,
            valid
        FROM companies_file
    ) AS lines
) AS aged
WHERE age = 1""",
    "views/priced_rows.sql": """SELECT t.ticker, c.company
FROM (SELECT DECODE(line, 'UTF-8') AS ticker, event_time FROM trades) AS t
LEFT JOIN companies FOR SYSTEM_TIME AS OF t.event_time AS c ON t.ticker = c.ticker""",
    "tables/priced.sql": "CREATE TABLE priced (\n    TICKER STRING,\n    COMPANY STRING\n)",
    "tables/kept.sql": "CREATE TABLE kept (\n    TICKER STRING,\n    COMPANY STRING\n)",
    "tests/priced.yaml": """
cases:
  - case: each trade has the company of the last line with its ticker
    given:
      trades:
        - text: XYZ
        - text: ABC
        - text: none
      companies_file:
        - text: "ABC,A company"
        - text: "XYZ,first name"
        - text: "XYZ,X Y Z"
    expect:
      priced:
        - { TICKER: XYZ, COMPANY: X Y Z }
        - { TICKER: ABC, COMPANY: A company }
        - { TICKER: none, COMPANY: null }
""",
}


def job(folder: Path) -> Job:
    """The job, made in this folder."""
    made = folder / "priced_trades"
    for name, text in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, encoding="utf-8", newline="")
    return load(made)
