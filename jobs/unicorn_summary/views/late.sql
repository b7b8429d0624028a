-- One row per reading whose window had closed before it came.
-- A window closes when the watermark reaches its last millisecond, not its end.
SELECT
    line,
    shard,
    sequence_number,
    StatusTime,
    closes_at,
    shard_watermark
FROM timed
WHERE shard_watermark >= closes_at - INTERVAL '0.001' SECOND
