-- One row per row of the input stream RENTALS_001 that counts and is not late.
SELECT
    record.`station` AS `station`,
    record.`bike` AS `bike`,
    record.`minutes` AS `minutes`,
    event_time AS `ROWTIME`
FROM timed
WHERE shard_watermark < event_time
