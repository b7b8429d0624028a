-- One row per reading that counts.
SELECT
    shard,
    sequence_number,
    part,
    record.meter AS meter,
    record.kilowatts AS kilowatts,
    DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS') AS arrival
FROM timed
WHERE shard_watermark < event_time
