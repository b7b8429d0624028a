-- One row per record that is in no summary row: what came in, why it was refused, and its text.
-- A record that is not UTF-8 is shown as Latin-1, one character a byte, which loses nothing.
SELECT
    error_name,
    message,
    row_time,
    shard,
    sequence_number,
    part,
    CASE
        WHEN line IS NULL THEN ''
        WHEN ENCODE(DECODE(line, 'UTF-8'), 'UTF-8') = line THEN DECODE(line, 'UTF-8')
        ELSE DECODE(line, 'ISO-8859-1')
    END AS text
FROM (
    SELECT
        error_name,
        message,
        row_time,
        shard,
        sequence_number,
        part,
        line
    FROM checked
    WHERE error_name IS NOT NULL
    UNION ALL
    SELECT
        'LATE' AS error_name,
        message,
        CAST(event_time AS TIMESTAMP(3)) AS row_time,
        shard,
        sequence_number,
        part,
        line
    FROM late
) AS refused
