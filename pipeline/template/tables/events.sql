-- One row per record of the stream, whatever its bytes; several JSON documents in a record are a row each.
-- `shard`, `sequence_number`, `part` (2 of 3) and `arrival` come from the connector. `record` has the fields that are
-- listed, typed; its `error` is PARSE or COERCION where a record does not hold them. An event may come `disorder` after
-- a newer event of its shard and still be counted.
CREATE TABLE events ( -- noqa: PRS
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    record AS json_record(line, 'Device STRING NOT NULL, SentAt TIMESTAMP(3) NOT NULL, Amount DOUBLE NOT NULL'),
    event_time AS COALESCE(
        json_record(line, 'Device STRING NOT NULL, SentAt TIMESTAMP(3) NOT NULL, Amount DOUBLE NOT NULL').SentAt,
        TIMESTAMP '1970-01-01 00:00:00.000'
    ),
    latest AS arrival + INTERVAL '10' MINUTE,
    disorder AS INTERVAL '0 00:00:05' DAY TO SECOND,
    WATERMARK FOR event_time AS shard_watermark(
        CASE WHEN record.error IS NULL AND record.SentAt <= latest THEN record.SentAt END,
        shard,
        disorder
    )
)
