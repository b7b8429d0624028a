-- One row per record that counts, with the watermark of its shard: the newest event time that the shard has come to,
-- less what may be out of order.
-- The PARTITION BY does two things. It keeps the newest time per shard as state, so that what is late is decided by the
-- order of records in their shard, and a replay after a failure decides it the same way. And it moves the records to
-- where all watermarks meet: at the source each subtask has a watermark of its own, and a subtask that was silent or
-- stalled would take for timely what the window then drops without a word.
-- State: a time per shard, which is never forgotten (no table.exec.state.ttl), so that the length of a stop changes
-- nothing. It is some hundred bytes for each shard that the stream ever had; only splits and merges make new ones.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    record,
    MAX(event_time - disorder) OVER (PARTITION BY shard ORDER BY PROCTIME()) AS own_watermark
FROM checked
WHERE error_name IS NULL
