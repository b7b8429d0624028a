-- One row per device and window. All events of a window have one time, its last millisecond.
SELECT
    Device,
    DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS') AS WindowEnd,
    COUNT(*) AS Events,
    SUM(Number) AS Numbers
FROM TABLE(TUMBLE(TABLE held, DESCRIPTOR(rowtime), INTERVAL '0.001' SECOND)) -- noqa: LT01
GROUP BY Device, window_start, window_end
