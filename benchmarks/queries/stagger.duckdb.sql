WITH RECURSIVE openings AS (
    SELECT name, MIN(t) AS opens FROM readings GROUP BY name
    UNION ALL
    SELECT name, (SELECT MIN(t) FROM readings AS later WHERE later.name = openings.name AND t >= opens + INTERVAL 1 MINUTE)
    FROM openings
    WHERE opens IS NOT NULL
)
SELECT id, opens + INTERVAL 59_999 MILLISECONDS AS rowtime
FROM readings
ASOF JOIN (SELECT * FROM openings WHERE opens IS NOT NULL) AS opened
    ON readings.name = opened.name AND readings.t >= opens
