-- One row per line of CloudFront's standard logs, whatever is in it: 33 fields between tabs, of which the first eleven
-- are needed (0 date, 1 time, 3 sc-bytes, 8 sc-status, 10 cs(User-Agent)), or a header that begins with #.
-- The lines are ASCII by the documentation; a byte that is no UTF-8 becomes U+FFFD.
-- `problem` says why a line cannot be counted. It stands here, not in views/checked.sql, because the watermark needs it
-- too: only a request that counts tells the time. A computed column cannot use another, hence the repetitions.
-- Event time is when the server had finished the response, in UTC, to the second. A line without it gets 1970 and never
-- reaches a window.
-- A line may come `disorder` after a newer line of its shard. CloudFront collects a log from all its edge locations, in
-- no order, and delivers it mostly within an hour of the requests; so an hour it is. The price is that a minute's row
-- comes when a request of an hour later has been read; a counter per system and minute of that hour is all the state.
CREATE TABLE log_lines ( -- noqa: PRS
    line STRING,
    shard STRING METADATA,
    sequence_number STRING METADATA,
    part STRING METADATA,
    arrival TIMESTAMP(3) NOT NULL METADATA,
    event_time AS COALESCE(
        TO_TIMESTAMP(SPLIT_INDEX(line, CHR(9), 0) || ' ' || SPLIT_INDEX(line, CHR(9), 1)),
        TIMESTAMP '1970-01-01 00:00:00.000'
    ),
    problem AS CASE
        WHEN SPLIT_INDEX(line, CHR(9), 10) IS NULL
            THEN
                'the line has ' || CAST(CHAR_LENGTH(line) - CHAR_LENGTH(REPLACE(line, CHR(9), '')) + 1 AS STRING)
                || ' fields, expected at least 11'
        WHEN
            DATE_FORMAT(
                TO_TIMESTAMP(SPLIT_INDEX(line, CHR(9), 0) || ' ' || SPLIT_INDEX(line, CHR(9), 1)), 'yyyy-MM-dd HH:mm:ss'
            ) IS DISTINCT FROM SPLIT_INDEX(line, CHR(9), 0) || ' ' || SPLIT_INDEX(line, CHR(9), 1)
            THEN
                'date and time are ' || SUBSTRING(SPLIT_INDEX(line, CHR(9), 0), 1, 50)
                || ' ' || SUBSTRING(SPLIT_INDEX(line, CHR(9), 1), 1, 50) || ', expected such as 2026-11-22 12:00:10'
        WHEN
            TO_TIMESTAMP(SPLIT_INDEX(line, CHR(9), 0) || ' ' || SPLIT_INDEX(line, CHR(9), 1))
            > arrival + INTERVAL '10' MINUTE
            THEN
                'date and time are ' || SPLIT_INDEX(line, CHR(9), 0) || ' ' || SPLIT_INDEX(line, CHR(9), 1)
                || ', more than ten minutes after the line arrived at '
                || DATE_FORMAT(arrival, 'yyyy-MM-dd HH:mm:ss.SSS')
        WHEN NOT REGEXP(SPLIT_INDEX(line, CHR(9), 3), '^[0-9]{1,18}$')
            THEN 'sc-bytes is ' || SUBSTRING(SPLIT_INDEX(line, CHR(9), 3), 1, 50) || ', expected a whole number'
        WHEN NOT REGEXP(SPLIT_INDEX(line, CHR(9), 8), '^[0-9]{3}$')
            THEN 'sc-status is ' || SUBSTRING(SPLIT_INDEX(line, CHR(9), 8), 1, 50) || ', expected three digits'
    END,
    disorder AS INTERVAL '0 01:00:00' DAY TO SECOND,
    WATERMARK FOR event_time AS shard_watermark(
        CASE WHEN problem IS NULL THEN event_time END,
        shard,
        disorder
    )
)
