-- The anomaly score of each row: one forest of 100 trees of 256 points.
SELECT id, ANOMALY_SCORE AS score
FROM random_cut_forest(input => TABLE points, on_time => DESCRIPTOR(t), uid => 'scores')
