-- One row per row of the file of STATIONS, with what is wrong with it.
SELECT
    records.line,
    records.shard,
    records.sequence_number,
    records.part,
    records.valid,
    rows_of.record,
    rows_of.record.error AS error_name,
    rows_of.record.message AS message
FROM STATIONS_file AS records
LEFT JOIN LATERAL TABLE(
    kda_rows(
        records.line,
        '`station` INTEGER, `district` VARCHAR(24), `docks` INTEGER',
        'CSV', '
', ','
    )
) AS rows_of (record) ON TRUE
