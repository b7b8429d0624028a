-- DuckDB. One row per unicorn and minute of a file of readings; StatusTime is the minute's end. Decimals make the sum
-- exact; it is rounded half away from zero, to metres.
CREATE TABLE expected AS
SELECT
    Name,
    strftime(date_trunc('minute', StatusTime) + INTERVAL 1 MINUTE, '%Y-%m-%d %H:%M:%S.%g') AS StatusTime,
    CAST(round(sum(CAST(Distance AS DECIMAL(28, 18)))) AS BIGINT) AS Distance,
    min(MagicPoints) AS MinMagicPoints,
    max(MagicPoints) AS MaxMagicPoints,
    min(HealthPoints) AS MinHealthPoints,
    max(HealthPoints) AS MaxHealthPoints
FROM read_json($readings, format = 'newline_delimited', columns = {
    Name: 'VARCHAR', StatusTime: 'TIMESTAMP', Distance: 'VARCHAR', MagicPoints: 'INTEGER', HealthPoints: 'INTEGER'
})
GROUP BY Name, date_trunc('minute', StatusTime)
