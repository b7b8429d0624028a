-- One row per minute and device with events; a device without an event has none. MinuteEnd is the window's end, in UTC.
SELECT
    record.Device AS Device,
    DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS MinuteEnd,
    COUNT(*) AS Events,
    CAST(SUM(CAST(record.Amount AS DECIMAL(28, 6))) AS DOUBLE) AS Amount
FROM on_time
GROUP BY record.Device, window_start, window_end
