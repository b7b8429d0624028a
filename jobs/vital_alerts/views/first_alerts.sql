-- Of each unicorn the first reading with a low vital, and then none for ten minutes of event time.
-- With Severity in PARTITION BY, a critical reading would also be an alert within ten minutes of a warning.
-- State: a time per unicorn that had an alert, for ten minutes; and the readings of the last 5 s, to sort them.
-- No row is late: `low_vitals` has the readings that are on time.
SELECT *
FROM throttle( -- noqa: PRS
    input => TABLE low_vitals PARTITION BY Name,
    length => INTERVAL '10' MINUTE,
    on_time => DESCRIPTOR(event_time),
    uid => 'first_alerts'
)
WHERE NOT is_late
