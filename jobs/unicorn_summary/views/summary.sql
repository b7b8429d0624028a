-- One row per active unicorn per minute of event time; a silent unicorn has none. StatusTime is the window's end.
-- State: one sum and four extremes per unicorn and open minute, dropped when the window closes.
SELECT
    Name,
    DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime,
    CAST(ROUND(SUM(Distance)) AS BIGINT) AS Distance,
    MIN(MagicPoints) AS MinMagicPoints,
    MAX(MagicPoints) AS MaxMagicPoints,
    MIN(HealthPoints) AS MinHealthPoints,
    MAX(HealthPoints) AS MaxHealthPoints
FROM TABLE(TUMBLE(TABLE on_time, DESCRIPTOR(StatusTime), INTERVAL '1' MINUTE)) -- noqa: LT01
GROUP BY Name, window_start, window_end
