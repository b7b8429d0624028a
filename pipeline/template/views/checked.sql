-- One row per record, with what is wrong with it: error_name is NULL for an event that counts.
-- A time that is more than ten minutes after the record's arrival would close the windows of all others.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    disorder,
    record,
    record.SentAt AS row_time,
    CASE WHEN record.SentAt > latest THEN 'COERCION' ELSE record.error END AS error_name,
    CASE
        WHEN record.SentAt > latest
            THEN 'SentAt is more than ten minutes after the record arrived'
        ELSE record.message
    END AS message
FROM events
