-- One row per rejected record, in the columns of KDA's error_stream. MESSAGE ends with where the record lies, and which
-- part of a record it is that holds several. A row that was computed lies nowhere: its shard is NULL.
-- DATA_ROW stops after 150,000 characters: escaped as JSON they may take six times as many bytes, and a Kinesis
-- record holds 1 MiB. The record itself stays on the raw stream, under the sequence number in MESSAGE.
SELECT
    DATE_FORMAT(CURRENT_TIMESTAMP, 'yyyy-MM-dd HH:mm:ss.SSS') AS ERROR_TIME,
    'ERROR' AS ERROR_LEVEL,
    error_name AS ERROR_NAME,
    message
    || CASE
        WHEN CHAR_LENGTH(text) > 150000
            THEN '; DATA_ROW has the first 150000 of ' || CAST(CHAR_LENGTH(text) AS STRING) || ' characters'
        ELSE ''
    END
    || COALESCE(
        ' (' || shard || COALESCE(', sequence number ' || sequence_number, '')
        || COALESCE(', part ' || part, '') || ')', ''
    ) AS MESSAGE,
    DATE_FORMAT(row_time, 'yyyy-MM-dd HH:mm:ss.SSS') AS DATA_ROWTIME,
    SUBSTRING(text, 1, 150000) AS DATA_ROW
FROM rejects
