-- One row per row of the file of STATIONS, with what is wrong with it.
SELECT
    line,
    shard,
    sequence_number,
    part,
    valid,
    record,
    record.error AS error_name,
    record.message AS message
FROM STATIONS_file
CROSS JOIN LATERAL TABLE(
    kda_rows(
        line,
        '`station` INTEGER, `district` VARCHAR(24), `docks` INTEGER',
        'CSV', '
', ','
    )
) AS rows_of (record)
