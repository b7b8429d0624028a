-- One row per row that counts nowhere: what came in, why it was refused, and its text.
-- A record that is not UTF-8 is shown as Latin-1, one character a byte, which loses nothing.
SELECT
    error_name,
    message,
    CAST(event_time AS TIMESTAMP(3)) AS row_time,
    shard,
    sequence_number,
    part,
    COALESCE(record.source, CASE
        WHEN line IS NULL THEN ''
        WHEN ENCODE(DECODE(line, 'UTF-8'), 'UTF-8') = line THEN DECODE(line, 'UTF-8')
        ELSE DECODE(line, 'ISO-8859-1')
    END) AS text
FROM parsed
WHERE error_name IS NOT NULL
UNION ALL
SELECT
    'LATE' AS error_name,
    'its time is not after its shard''s watermark, which was at '
    || DATE_FORMAT(shard_watermark, 'yyyy-MM-dd HH:mm:ss.SSS') AS message,
    CAST(event_time AS TIMESTAMP(3)) AS row_time,
    shard,
    sequence_number,
    part,
    CASE
        WHEN line IS NULL THEN ''
        WHEN ENCODE(DECODE(line, 'UTF-8'), 'UTF-8') = line THEN DECODE(line, 'UTF-8')
        ELSE DECODE(line, 'ISO-8859-1')
    END AS text
FROM timed
WHERE shard_watermark >= event_time
UNION ALL
SELECT
    SPLIT_INDEX(`failure`, ': ', 0) AS error_name,
    SUBSTRING(`failure`, POSITION(': ' IN `failure`) + 2) AS message,
    (CAST(`ROWTIME` AS TIMESTAMP(3)) + INTERVAL '0.001' SECOND) AS row_time,
    CAST(NULL AS STRING) AS shard,
    CAST(NULL AS STRING) AS sequence_number,
    CAST(NULL AS STRING) AS part,
    JSON_OBJECT(
        'site' VALUE `site`,
        'minute' VALUE CAST(`minute` AS STRING),
        'turbine_readings' VALUE `turbine_readings`,
        'kilowatts' VALUE `kilowatts`,
        'per_rpm' VALUE `per_rpm`
    ) AS text
FROM SITES_tried
WHERE `failure` IS NOT NULL
