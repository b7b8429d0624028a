-- One row per row of STATIONS that is new or changed, and per key that is gone (present is FALSE),
-- with what is wrong with it: error_name is NULL for a row that counts.
SELECT
    line,
    shard,
    CAST(NULL AS STRING) AS sequence_number,
    CAST(NULL AS STRING) AS part,
    rowtime AS valid,
    present,
    record,
    record.error AS error_name,
    record.message AS message
FROM reference_rows(
    input => TABLE STATIONS_file,
    columns => '`station` INTEGER, `district` VARCHAR(24), `docks` INTEGER',
    form => 'CSV',
    key => '`station`',
    row_end => '
',
    column_end => ',',
    on_time => DESCRIPTOR(valid),
    uid => 'STATIONS_checked'
)
