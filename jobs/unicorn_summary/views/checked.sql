-- One row per record, with what is wrong with it: error_name is NULL for a reading that counts.
-- A reading from the future would close the windows of all others: its time may be so far after its arrival as clocks
-- differ, and no further. Two rules come from where the rows go. Name is a partition key, which Kinesis and DynamoDB
-- refuse when it is empty or over 256 UTF-16 units. And a sum must fit into 64 bits.
SELECT
    line,
    shard,
    sequence_number,
    part,
    event_time,
    disorder,
    record,
    record.StatusTime AS row_time,
    COALESCE(record.error, CASE WHEN message IS NOT NULL THEN 'COERCION' END) AS error_name,
    message
FROM (
    SELECT
        *,
        CASE
            WHEN record.error IS NOT NULL THEN record.message
            WHEN record.StatusTime > latest
                THEN
                    'StatusTime is ' || DATE_FORMAT(record.StatusTime, 'yyyy-MM-dd HH:mm:ss.SSS')
                    || ', expected at most ' || DATE_FORMAT(latest, 'yyyy-MM-dd HH:mm:ss.SSS')
                    || ' of a record that arrived at ' || DATE_FORMAT(arrival, 'yyyy-MM-dd HH:mm:ss.SSS')
            WHEN record.Name = '' OR CHAR_LENGTH(record.Name) > longest_name
                THEN
                    'Name has ' || CAST(CHAR_LENGTH(record.Name) AS STRING)
                    || ' characters, expected 1 to ' || CAST(longest_name AS STRING)
            WHEN record.Distance NOT BETWEEN -farthest AND farthest
                THEN 'Distance is ' || CAST(record.Distance AS STRING) || ', expected -1e9 to 1e9 metres'
        END AS message
    FROM readings
) AS judged
