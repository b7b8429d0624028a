-- One row per record of the raw stream, whatever its bytes; several JSON documents in a record are a row each.
-- `shard`, `sequence_number`, `part` (2 of 3) and `arrival` come from the connector: where the record lies, and since
-- when, in UTC.
-- Event time is the unicorn's own clock. A record without a usable one gets 1970, and no alert.
-- Only a reading that counts tells the time; `views/checked.sql` says what is wrong with the others by the same limits.
-- A reading may come `disorder` after a newer reading of its shard: an alert waits that long for an earlier one.
CREATE TABLE readings ( -- noqa: PRS
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    record AS json_record(
        line,
        'Name STRING NOT NULL, StatusTime TIMESTAMP(3) NOT NULL, MagicPoints INT NOT NULL, HealthPoints INT NOT NULL'
    ),
    event_time AS COALESCE(
        json_record(
            line,
            'Name STRING NOT NULL, StatusTime TIMESTAMP(3) NOT NULL, MagicPoints INT NOT NULL, HealthPoints INT NOT NULL'
        ).StatusTime,
        TIMESTAMP '1970-01-01 00:00:00.000'
    ),
    latest AS arrival + INTERVAL '10' MINUTE,
    longest_name AS 128,
    disorder AS INTERVAL '0 00:00:05' DAY TO SECOND,
    WATERMARK FOR event_time AS shard_watermark(
        CASE
            WHEN record.error IS NULL AND record.StatusTime <= latest
            AND record.Name <> '' AND CHAR_LENGTH(record.Name) <= longest_name
                THEN record.StatusTime
        END,
        shard,
        disorder
    )
)
