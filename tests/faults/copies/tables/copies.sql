-- One row per record of the raw stream.
CREATE TABLE copies (
    shard STRING,
    sequence_number STRING
)
