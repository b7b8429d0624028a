SELECT name, window_start, COUNT(*) AS readings, SUM(amount)::BIGINT AS total
FROM readings, LATERAL (
    SELECT time_bucket(INTERVAL 10 SECONDS, t) - to_seconds(10 * step) AS window_start FROM range(6) AS steps (step)
)
GROUP BY name, window_start
