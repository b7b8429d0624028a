-- The three names with the largest sums of each minute.
SELECT window_start, place, name, total
FROM (
    SELECT window_start, name, total,
        ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY total DESC, name) AS place
    FROM (
        SELECT window_start, window_end, name, SUM(amount) AS total
        FROM TUMBLE(DATA => TABLE readings, TIMECOL => DESCRIPTOR(t), SIZE => INTERVAL '1' MINUTE)
        GROUP BY window_start, window_end, name
    )
)
WHERE place <= 3
