-- One row per record; error_name is NULL for a record whose rows are looked at.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    disorder,
    CAST(NULL AS STRING) AS record,
    CAST(event_time AS TIMESTAMP(3)) AS row_time,
    CAST(NULL AS STRING) AS error_name,
    CAST(NULL AS STRING) AS message
FROM SOURCE_SQL_STREAM
