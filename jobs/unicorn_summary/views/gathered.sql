-- One row per reading whose fields have their types, with the newest event time that its shard had come to.
-- The PARTITION BY does two things. It keeps the newest time per shard as state, so that what is late is decided by the
-- order of records in their shard, and a replay after a failure decides it the same way. And it moves the readings to
-- where all watermarks meet: at the source each subtask has a watermark of its own, and a subtask that was silent or
-- stalled would take for timely what the window then drops without a word.
SELECT
    line,
    shard,
    sequence_number,
    StatusTime,
    Name,
    Distance,
    MagicPoints,
    HealthPoints,
    error_name,
    MAX(row_time) OVER (PARTITION BY shard ORDER BY PROCTIME()) AS newest
FROM checked
WHERE is_typed
