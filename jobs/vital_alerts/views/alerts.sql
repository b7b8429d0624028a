-- One row per alert. A subject of SNS has at most 99 printable characters of ASCII, so other letters become `?` there.
SELECT
    Name,
    DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS') AS StatusTime,
    Severity,
    MagicPoints,
    HealthPoints,
    Severity || ': vitals of unicorn ' || SUBSTRING(REGEXP_REPLACE(Name, '[^ -~]', '?'), 1, 64) AS Subject,
    'Unicorn ' || Name || ' had ' || CAST(MagicPoints AS STRING) || ' magic points and '
    || CAST(HealthPoints AS STRING) || ' health points at '
    || DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS') || ' UTC. No further alert for it in the next 10 minutes.'
        AS Message
FROM first_alerts
