-- One row per record, with what is wrong with it: error_name is NULL for a reading that counts.
-- Two rules come from where the rows go. Name is a partition key, which Kinesis and DynamoDB refuse when it is empty
-- or over 256 UTF-16 units. And a minute's sum must stay exact in 64 bits.
SELECT
    line,
    shard,
    sequence_number,
    StatusTime,
    reading.StatusTime AS row_time,
    reading.Name AS Name,
    reading.Distance AS Distance,
    reading.MagicPoints AS MagicPoints,
    reading.HealthPoints AS HealthPoints,
    CASE
        WHEN reading.error IS NOT NULL THEN reading.error
        WHEN CHAR_LENGTH(reading.Name) NOT BETWEEN 1 AND 128 THEN 'COERCION'
        WHEN reading.Distance NOT BETWEEN -1e9 AND 1e9 THEN 'COERCION'
    END AS error_name,
    CASE
        WHEN reading.error IS NOT NULL THEN reading.message
        WHEN CHAR_LENGTH(reading.Name) NOT BETWEEN 1 AND 128
            THEN 'Name has ' || CAST(CHAR_LENGTH(reading.Name) AS STRING) || ' characters, expected 1 to 128'
        WHEN reading.Distance NOT BETWEEN -1e9 AND 1e9
            THEN 'Distance is ' || CAST(reading.Distance AS STRING) || ', expected -1e9 to 1e9 metres'
    END AS message,
    reading.error IS NULL AS is_typed
FROM readings
