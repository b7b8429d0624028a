-- One row per name and sliding window: a minute, every ten seconds.
SELECT name, window_start, COUNT(*) AS readings, SUM(amount) AS total
FROM HOP(DATA => TABLE readings, TIMECOL => DESCRIPTOR(t), SLIDE => INTERVAL '10' SECOND, SIZE => INTERVAL '1' MINUTE)
GROUP BY name, window_start, window_end
