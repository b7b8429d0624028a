-- One row per point, with the hotspots among the newest points of its field.
SELECT
    CAST(`number` AS BIGINT) AS `number`,
    HOTSPOTS_RESULT AS hotspots
FROM hotspots(
    input => TABLE located PARTITION BY field,
    window_size => 200,
    scan_radius => 4E-1,
    minimum_points => 8,
    columns => DESCRIPTOR(x, y),
    on_time => DESCRIPTOR(event_time),
    uid => 'hotspots'
)
