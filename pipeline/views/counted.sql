-- One row per kind of line in an archive: how many lines, and the first and the last event time among them.
-- READING counts each line as it stands there, DIFFERENT equal ones once; PARSE and COERCION are in no row.
SELECT
    COALESCE(error_name, 'READING') AS kind,
    COUNT(*) AS lines,
    DATE_FORMAT(MIN(row_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS oldest,
    DATE_FORMAT(MAX(row_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS newest
FROM checked
GROUP BY error_name
UNION ALL
SELECT
    'DIFFERENT' AS kind,
    COUNT(*) AS lines,
    DATE_FORMAT(MIN(event_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS oldest,
    DATE_FORMAT(MAX(event_time), 'yyyy-MM-dd HH:mm:ss.SSS') AS newest
FROM timed
