-- Each row with the end of the window of its name: a minute from the first row.
SELECT id, rowtime
FROM stagger(
    input => TABLE readings PARTITION BY name, length => INTERVAL '1' MINUTE, on_time => DESCRIPTOR(t), uid => 'held'
)
