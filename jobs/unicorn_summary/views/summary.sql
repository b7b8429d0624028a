-- One row per active unicorn per window of event time; a silent unicorn has none. StatusTime is the window's end.
-- The sum is exact, as decimals are: doubles added in another order, as after a failure, could round the other way.
-- State: one sum and four extremes per unicorn and open window, dropped when the window closes.
SELECT
    record.Name AS Name,
    DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime,
    CAST(ROUND(SUM(CAST(record.Distance AS DECIMAL(28, 18)))) AS BIGINT) AS Distance,
    MIN(record.MagicPoints) AS MinMagicPoints,
    MAX(record.MagicPoints) AS MaxMagicPoints,
    MIN(record.HealthPoints) AS MinHealthPoints,
    MAX(record.HealthPoints) AS MaxHealthPoints
FROM on_time
GROUP BY record.Name, window_start, window_end
