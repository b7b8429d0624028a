SELECT window_start, place, name, total
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start ORDER BY total DESC, name) AS place
    FROM (
        SELECT time_bucket(INTERVAL 1 MINUTE, t) AS window_start, name, SUM(amount)::BIGINT AS total
        FROM readings
        GROUP BY ALL
    )
)
WHERE place <= 3
