-- One row per record, with what is wrong with it.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    disorder,
    record,
    record.SentAt AS row_time,
    record.error AS error_name,
    record.message AS message
FROM events
