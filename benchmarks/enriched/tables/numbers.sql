-- One row per record; seen is NULL without the function.
CREATE TABLE numbers (
    n BIGINT,
    seen BOOLEAN,
    problem STRING
)
