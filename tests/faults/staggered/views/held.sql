-- One row per event, when the window of its device closes: a minute after the device's first event in it.
SELECT *
FROM stagger( -- noqa: PRS
    input => TABLE opening PARTITION BY Device,
    length => INTERVAL '1' MINUTE,
    on_time => DESCRIPTOR(event_time),
    uid => 'held'
)
