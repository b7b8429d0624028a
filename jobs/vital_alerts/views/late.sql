-- One row per reading that came when its shard was past its time.
SELECT
    *,
    'it came when its shard''s watermark was at ' || DATE_FORMAT(shard_watermark, 'yyyy-MM-dd HH:mm:ss.SSS') AS message
FROM timed
WHERE shard_watermark >= event_time
