-- One row per record, with what is wrong with it: error_name is NULL for a reading that counts.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    disorder,
    record,
    CAST(event_time AS TIMESTAMP(3)) AS row_time,
    CASE WHEN preprocessing_error IS NOT NULL THEN 'PREPROCESSING' ELSE record.error END AS error_name,
    COALESCE(preprocessing_error, record.message) AS message
FROM (
    SELECT
        *,
        json_record(line, 'meter STRING NOT NULL, kilowatts DOUBLE NOT NULL') AS record
    FROM lines
) AS read_lines
