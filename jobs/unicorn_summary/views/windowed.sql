-- One row per reading and window that it belongs to. This is the only place that says how long a window is: TUMBLE,
-- HOP and CUMULATE of any length do. The pipeline adds `is_last`: of a reading's windows the one that closes last.
SELECT *
FROM TABLE(TUMBLE(TABLE timed, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) -- noqa: LT01
