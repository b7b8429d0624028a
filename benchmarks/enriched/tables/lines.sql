-- One row per record, as the function has made it.
CREATE TABLE lines (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA
)
