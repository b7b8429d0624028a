-- One row per record of the stream that was the input SOURCE_SQL_STREAM, whatever its bytes.
-- ROWTIME is the time of arrival: the moment at which the record came into the stream.
-- A record may arrive `disorder` after a newer one of its shard.
CREATE TABLE SOURCE_SQL_STREAM (
    line BYTES,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    event_time AS arrival,
    disorder AS INTERVAL '0 00:00:01' DAY TO SECOND,
    WATERMARK FOR event_time AS shard_watermark(arrival, shard, disorder)
)
