-- One row per active unicorn and minute; a late reading is dropped without a word. The sum is one of doubles.
SELECT
    Name,
    DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime,
    CAST(ROUND(SUM(Distance)) AS BIGINT) AS Distance,
    MIN(MagicPoints) AS MinMagicPoints,
    MAX(MagicPoints) AS MaxMagicPoints,
    MIN(HealthPoints) AS MinHealthPoints,
    MAX(HealthPoints) AS MaxHealthPoints
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(StatusTime), INTERVAL '1' MINUTE)) -- noqa: LT01
GROUP BY Name, window_start, window_end
