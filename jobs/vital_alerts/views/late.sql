-- One row per reading that came when its shard was past its time.
SELECT *
FROM timed
WHERE shard_watermark >= event_time
