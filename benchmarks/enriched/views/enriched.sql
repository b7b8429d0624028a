-- One row per record.
SELECT
    record.n AS n,
    record.seen AS seen,
    COALESCE(preprocessing_error, record.message) AS problem
FROM (
    SELECT
        *,
        json_record(line, 'n BIGINT NOT NULL, seen BOOLEAN') AS record
    FROM lines
) AS read_lines
