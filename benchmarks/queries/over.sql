-- Each row with the sum of its name in the minute before it.
SELECT id, SUM(amount) OVER (
    PARTITION BY name ORDER BY t RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW
) AS total
FROM readings
