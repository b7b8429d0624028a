-- The anomaly score of each row of a name: 100 trees of 256 points.
SELECT id, ANOMALY_SCORE AS score
FROM random_cut_forest(input => TABLE readings PARTITION BY name, on_time => DESCRIPTOR(t), uid => 'scores')
