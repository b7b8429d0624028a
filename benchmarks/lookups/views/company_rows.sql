-- One row per row of the object that is new or changed, and per key that is gone.
SELECT
    present,
    record,
    rowtime AS valid
FROM reference_rows(
    input => TABLE companies_file,
    columns => '`ticker` VARCHAR(9), `company` VARCHAR(32), `sector` VARCHAR(32), `employees` INTEGER',
    form => 'CSV',
    key => '`ticker`',
    row_end => '\n',
    column_end => ',',
    on_time => DESCRIPTOR(valid),
    uid => 'companies'
)
