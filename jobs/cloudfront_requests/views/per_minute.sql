-- One row per operating system and minute with requests; a system without any has none. MinuteEnd is the window's end.
-- State: a counter per system and open minute, dropped when the minute closes.
SELECT
    record.OperatingSystem AS OperatingSystem,
    DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS MinuteEnd,
    COUNT(*) AS Requests
FROM on_time
GROUP BY record.OperatingSystem, window_start, window_end
