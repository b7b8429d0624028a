-- One row per row that the schema of SOURCE_SQL_STREAM makes of a record, with what is wrong with it:
-- error_name is NULL for a row that counts.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    disorder,
    record,
    CAST(event_time AS TIMESTAMP(3)) AS row_time,
    record.error AS error_name,
    record.message AS message
FROM SOURCE_SQL_STREAM
CROSS JOIN LATERAL TABLE(
    kda_rows(
        line,
        '`turbine` VARCHAR(8) $.turbine, `site` VARCHAR(16) $.site, `status` VARCHAR(4) $.status, `rpm` DOUBLE $.rotor.rpm, `kilowatts` DOUBLE $.kilowatts, `celsius` DOUBLE $.gearbox.celsius',
        'JSON', '$'
    )
) AS rows_of (record)
