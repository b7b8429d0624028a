-- One row per record of the raw stream.
SELECT
    shard,
    sequence_number
FROM lines
