-- One row per record that is in no row, and why.
SELECT
    error_name,
    message,
    row_time,
    shard,
    sequence_number,
    part,
    DECODE(line, 'ISO-8859-1') AS text
FROM checked
WHERE error_name IS NOT NULL
UNION ALL
SELECT
    'LATE' AS error_name,
    'its time is not after its shard''s watermark' AS message,
    CAST(event_time AS TIMESTAMP(3)) AS row_time,
    shard,
    sequence_number,
    part,
    DECODE(line, 'ISO-8859-1') AS text
FROM timed
WHERE shard_watermark >= event_time
