-- One row per record of the stream. An event may come `disorder` after a newer event of its shard.
CREATE TABLE events ( -- noqa: PRS
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    record AS json_record(line, 'Device STRING NOT NULL, SentAt TIMESTAMP(3) NOT NULL, Number INT NOT NULL'),
    event_time AS COALESCE(
        json_record(line, 'Device STRING NOT NULL, SentAt TIMESTAMP(3) NOT NULL, Number INT NOT NULL').SentAt,
        TIMESTAMP '1970-01-01 00:00:00.000'
    ),
    disorder AS INTERVAL '0 00:00:05' DAY TO SECOND,
    WATERMARK FOR event_time AS shard_watermark(
        CASE WHEN record.error IS NULL THEN record.SentAt END,
        shard,
        disorder
    )
)
