-- One row per record of the raw stream, whatever its bytes.
-- `shard` and `sequence_number` come from the connector and say where the record lies.
-- Event time is the unicorn's own clock. A record without a usable one gets 1970, and never reaches a window.
-- A reading may come 5 s after a newer one of its shard. The watermark stands still for 10 s after a start, and
-- after 30 s without any record, until every shard has had the time to speak. It stops waiting for a shard that has
-- been silent for 60 s.
CREATE TABLE readings ( -- noqa: PRS
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    reading AS json_record(
        line,
        'Name STRING NOT NULL, StatusTime TIMESTAMP(3) NOT NULL, Distance DOUBLE NOT NULL, MagicPoints INT NOT NULL, HealthPoints INT NOT NULL'
    ),
    StatusTime AS COALESCE(
        json_record(
            line,
            'Name STRING NOT NULL, StatusTime TIMESTAMP(3) NOT NULL, Distance DOUBLE NOT NULL, MagicPoints INT NOT NULL, HealthPoints INT NOT NULL'
        ).StatusTime,
        TIMESTAMP '1970-01-01 00:00:00.000'
    ),
    WATERMARK FOR StatusTime AS shard_watermark(
        CASE WHEN reading.error IS NULL THEN reading.StatusTime END,
        shard,
        INTERVAL '5' SECOND,
        INTERVAL '10' SECOND,
        INTERVAL '60' SECOND
    )
)
