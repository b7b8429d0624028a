-- One row per record and window of it that is still open: the exact opposite of `late`.
-- A window closes when the watermark reaches its last millisecond, which is window_time.
SELECT *
FROM windowed
WHERE shard_watermark < window_time
