-- One row per row of the input stream SOURCE_SQL_STREAM_001 that counts.
SELECT
    record.`turbine` AS `turbine`,
    record.`site` AS `site`,
    record.`status` AS `status`,
    record.`rpm` AS `rpm`,
    record.`kilowatts` AS `kilowatts`,
    record.`celsius` AS `celsius`,
    event_time AS `ROWTIME`
FROM parsed
WHERE error_name IS NULL
