-- DuckDB. Rows that are expected and did not come, and rows that came and are not expected, with how often; without
-- those of the minutes from $open on, which a program keeps open that waits for a later record.
WITH came AS (
    SELECT Name, StatusTime, Distance, MinMagicPoints, MaxMagicPoints, MinHealthPoints, MaxHealthPoints
    FROM read_json($rows, format = 'newline_delimited', columns = {
        Name: 'VARCHAR', StatusTime: 'VARCHAR', Distance: 'BIGINT', MinMagicPoints: 'INTEGER',
        MaxMagicPoints: 'INTEGER', MinHealthPoints: 'INTEGER', MaxHealthPoints: 'INTEGER'
    })
    WHERE StatusTime < $open
),
wanted AS (SELECT * FROM expected WHERE StatusTime < $open)
SELECT 'missing' AS kind, * FROM (SELECT * FROM wanted EXCEPT ALL SELECT * FROM came)
UNION ALL
SELECT 'unexpected' AS kind, * FROM (SELECT * FROM came EXCEPT ALL SELECT * FROM wanted)
ORDER BY Name, StatusTime, kind
