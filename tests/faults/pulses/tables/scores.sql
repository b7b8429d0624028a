-- One row per reading.
CREATE TABLE scores (
    number STRING,
    score DOUBLE
)
