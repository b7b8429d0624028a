CREATE TABLE trades (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    event_time AS arrival,
    disorder AS INTERVAL '0 00:00:01' DAY TO SECOND,
    WATERMARK FOR event_time AS shard_watermark(arrival, shard, disorder)
)
