-- One row per record of the raw stream. Event time is the arrival.
CREATE TABLE lines ( -- noqa: PRS
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    WATERMARK FOR arrival AS arrival - INTERVAL '5' SECOND
)
