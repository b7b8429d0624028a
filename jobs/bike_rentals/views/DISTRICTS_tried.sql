-- One row per result of pump DISTRICTS_PUMP; failure says why it is none.
-- COALESCE(NULL, x) is x, and keeps Flink's planner from working out what is in it: it goes wrong there.
SELECT
    `district`,
    CAST(DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss') AS VARCHAR(19)) AS `minute_end`,
    CAST(COUNT(*) AS INT) AS `rentals`,
    MAX(`minutes`) AS `longest`,
    COALESCE(NULL, CAST(COUNT(*) AS DOUBLE) / NULLIF(MAX(`docks`), 0)) AS `per_dock`,
    COALESCE(NULL, CASE
        WHEN ((CAST(COUNT(*) AS DOUBLE) IS NOT NULL AND MAX(`docks`) = 0) IS TRUE)
            THEN 'DIVISION: pump DISTRICTS_PUMP: CAST(COUNT(*) AS DOUBLE) / MAX("docks"): division by zero'
    END) AS `failure`,
    window_time AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE BY_DISTRICT, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
WHERE NOT (`docks` IS NULL)
GROUP BY `district`, window_start, window_end, window_time
