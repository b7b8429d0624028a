-- One row per active unicorn per window of event time; a silent unicorn has none. StatusTime is the window's end.
-- The sum is exact, as decimals are: doubles added in another order, as after a failure, could round the other way.
-- State: one sum and four extremes per unicorn and open window, dropped when the window closes.
SELECT
    reading.Name AS Name,
    DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime,
    CAST(ROUND(SUM(CAST(reading.Distance AS DECIMAL(28, 18)))) AS BIGINT) AS Distance,
    MIN(reading.MagicPoints) AS MinMagicPoints,
    MAX(reading.MagicPoints) AS MaxMagicPoints,
    MIN(reading.HealthPoints) AS MinHealthPoints,
    MAX(reading.HealthPoints) AS MaxHealthPoints
FROM on_time
GROUP BY reading.Name, window_start, window_end
