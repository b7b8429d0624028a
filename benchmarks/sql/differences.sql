-- DuckDB. Rows that are expected and did not come, and rows that came and are not expected, with how often; without
-- those of the minutes from $open on, which a program keeps open that waits for a later record.
-- Numbers are compared as they are written: neither 1800.3 nor "1800" is 1800.
WITH came AS (
    SELECT Name, StatusTime, COLUMNS(['Distance', 'MinMagicPoints', 'MaxMagicPoints', 'MinHealthPoints', 'MaxHealthPoints'])::VARCHAR
    FROM read_json($rows, format = 'newline_delimited', columns = {
        Name: 'VARCHAR', StatusTime: 'VARCHAR', Distance: 'JSON', MinMagicPoints: 'JSON', MaxMagicPoints: 'JSON',
        MinHealthPoints: 'JSON', MaxHealthPoints: 'JSON'
    })
    WHERE StatusTime < $open
),
wanted AS (
    SELECT Name, StatusTime, COLUMNS(['Distance', 'MinMagicPoints', 'MaxMagicPoints', 'MinHealthPoints', 'MaxHealthPoints'])::VARCHAR
    FROM expected
    WHERE StatusTime < $open
)
SELECT 'missing' AS kind, * FROM (SELECT * FROM wanted EXCEPT ALL SELECT * FROM came)
UNION ALL
SELECT 'unexpected' AS kind, * FROM (SELECT * FROM came EXCEPT ALL SELECT * FROM wanted)
ORDER BY Name, StatusTime, kind
