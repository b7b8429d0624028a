-- One row per row of the input stream SOURCE_SQL_STREAM_001 that counts and is not late.
SELECT
    record.`turbine` AS `turbine`,
    record.`site` AS `site`,
    record.`status` AS `status`,
    record.`rpm` AS `rpm`,
    record.`kilowatts` AS `kilowatts`,
    record.`celsius` AS `celsius`,
    event_time AS `ROWTIME`
FROM timed
WHERE shard_watermark < event_time
