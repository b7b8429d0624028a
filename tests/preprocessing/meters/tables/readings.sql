-- One row per reading.
CREATE TABLE readings (
    shard STRING,
    sequence_number STRING,
    part STRING,
    meter STRING,
    kilowatts DOUBLE,
    arrival STRING
)
