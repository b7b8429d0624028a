-- One row per row that the schema of SOURCE_SQL_STREAM makes of a record that is not late, with what is wrong
-- with it: error_name is NULL for a row that counts.
SELECT
    records.line,
    records.shard,
    records.sequence_number,
    records.part,
    records.event_time,
    rows_of.record,
    rows_of.record.error AS error_name,
    rows_of.record.message AS message
FROM timed AS records
LEFT JOIN LATERAL TABLE(
    kda_rows(
        records.line,
        '`turbine` VARCHAR(8) $.turbine, `site` VARCHAR(16) $.site, `status` VARCHAR(4) $.status, `rpm` DOUBLE $.rotor.rpm, `kilowatts` DOUBLE $.kilowatts, `celsius` DOUBLE $.gearbox.celsius',
        'JSON', '$'
    )
) AS rows_of (record) ON TRUE
WHERE records.shard_watermark < records.event_time
