-- One row per reading, with its score among those of its patient.
SELECT
    `number`,
    ANOMALY_SCORE AS score
FROM random_cut_forest(
    input => TABLE readings PARTITION BY name,
    number_of_trees => 30,
    sub_sample_size => 64,
    time_decay => 1000,
    on_time => DESCRIPTOR(event_time),
    uid => 'scores'
)
