-- One row per record that counts, with the watermark that decides whether it is late.
-- That is its shard's own. The watermark of the whole job, which closes the windows, is never ahead of it while the
-- shard counts; of a shard that was left out as silent it can be, and then decides.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    record,
    GREATEST(own_watermark, COALESCE(CURRENT_WATERMARK(event_time), own_watermark)) AS shard_watermark
FROM gathered
