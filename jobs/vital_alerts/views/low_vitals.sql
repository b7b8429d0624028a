-- One row per reading with a vital below 100, in time; a magic below 50 is critical. This is the only place with these
-- limits. A reading behind the watermark of its shard is in `rejects`: its alert could contradict those that were sent.
SELECT
    record.Name AS Name,
    record.MagicPoints AS MagicPoints,
    record.HealthPoints AS HealthPoints,
    CASE WHEN record.MagicPoints < 50 THEN 'CRITICAL' ELSE 'WARNING' END AS Severity,
    event_time
FROM timed
WHERE shard_watermark < event_time AND (record.MagicPoints < 100 OR record.HealthPoints < 100)
