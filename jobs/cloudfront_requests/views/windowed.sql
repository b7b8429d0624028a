-- One row per request and window that it belongs to. This is the only place that says how long a window is.
SELECT *
FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) -- noqa: LT01
