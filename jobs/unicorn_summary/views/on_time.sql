-- One row per reading whose window is still open: the exact opposite of `late`.
SELECT
    StatusTime,
    Name,
    Distance,
    MagicPoints,
    HealthPoints
FROM timed
WHERE shard_watermark < closes_at - INTERVAL '0.001' SECOND
