-- The dense regions among the last 200 points, for each row.
SELECT id, HOTSPOTS_RESULT AS spots
FROM hotspots(
    input => TABLE readings, window_size => 200, scan_radius => 2E-1, minimum_points => 10,
    columns => DESCRIPTOR(x, y), on_time => DESCRIPTOR(t), uid => 'spots'
)
