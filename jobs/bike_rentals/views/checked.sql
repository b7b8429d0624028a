-- One row per row that the schema of RENTALS makes of a record, with what is wrong with it:
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
FROM RENTALS
CROSS JOIN LATERAL TABLE(
    kda_rows(
        line,
        '`station` INTEGER $.station, `bike` VARCHAR(12) $.bike, `minutes` DOUBLE $.minutes',
        'JSON', '$'
    )
) AS rows_of (record)
