-- One row per kind of line in an archive: how many lines, and the first and the last event time among them.
-- RECORD counts each line as it stands there, DISTINCT equal ones once; PARSE and COERCION are in no row.
SELECT
    COALESCE(error_name, 'RECORD') AS kind,
    COUNT(*) AS lines,
    DATE_FORMAT(MIN(row_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS oldest,
    DATE_FORMAT(MAX(row_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS newest
FROM checked
GROUP BY error_name
UNION ALL
SELECT
    'DISTINCT' AS kind,
    COUNT(*) AS lines,
    DATE_FORMAT(MIN(event_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS oldest,
    DATE_FORMAT(MAX(event_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS newest
FROM timed
