-- One row per result of pump SITE_PUMP; failure says why it is none.
-- COALESCE(NULL, x) is x, and keeps Flink's planner from working out what is in it: it goes wrong there.
SELECT
    `site`,
    window_start AS `minute`,
    CAST(COUNT(*) AS INT) AS `turbine_readings`,
    exact_sum(`kilowatts`) AS `kilowatts`,
    COALESCE(NULL, exact_sum(`kilowatts`) / NULLIF(exact_sum(`rpm`), 0)) AS `per_rpm`,
    COALESCE(NULL, CASE
        WHEN ((exact_sum(`kilowatts`) IS NOT NULL AND exact_sum(`rpm`) = 0) IS TRUE)
            THEN 'DIVISION: pump SITE_PUMP: SUM("kilowatts") / SUM("rpm"): division by zero'
    END) AS `failure`,
    window_time AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE RUNNING_, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `site`, window_start, window_end, window_time
