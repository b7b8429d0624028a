-- One row per record that is in no window: what was refused, and what was late by the clock of its shard.
SELECT
    error_name,
    message,
    row_time,
    shard,
    sequence_number,
    part,
    DECODE(line, 'UTF-8') AS text
FROM checked
WHERE error_name IS NOT NULL
UNION ALL
SELECT
    'LATE' AS error_name,
    'its shard''s watermark was at ' || DATE_FORMAT(shard_watermark, 'yyyy-MM-dd HH:mm:ss.SSS') AS message,
    CAST(event_time AS TIMESTAMP(3)) AS row_time,
    shard,
    sequence_number,
    part,
    DECODE(line, 'UTF-8') AS text
FROM timed
WHERE shard_watermark >= event_time
