-- One row per event that is on time by the clock of its shard.
SELECT
    record.Device AS Device,
    record.Number AS Number,
    event_time
FROM timed
WHERE shard_watermark < event_time
