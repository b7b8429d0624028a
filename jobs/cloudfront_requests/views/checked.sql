-- One row per line that should be a request, with what is wrong with it: error_name is NULL for a request that counts.
-- Header lines and blank lines are no records, so they are neither counted nor an error.
-- The first text in parentheses of the user agent names the operating system, and there the first word, as in the Hive
-- query; but browsers on Android and ChromeOS begin with Linux or X11. An agent that names no system is Other.
-- The agent is percent-encoded, and % itself is %25: what a client had encoded is encoded twice (%2528, a parenthesis).
-- Letters never are, so that the words are found without decoding.
SELECT
    ENCODE(line, 'UTF-8') AS line,
    shard,
    sequence_number,
    part,
    event_time,
    disorder,
    CAST(
        ROW(
            CASE
                WHEN REGEXP(platform, '^(iPhone|iPad|iPod|iOS)') THEN 'iOS'
                WHEN REGEXP(platform, '^(Macintosh|MacOS|OSX)') THEN 'MacOS'
                WHEN REGEXP(platform, '^Windows') THEN 'Windows'
                WHEN REGEXP(platform, 'Android') THEN 'Android'
                WHEN REGEXP(platform, 'CrOS') THEN 'ChromeOS'
                WHEN REGEXP(platform, 'Linux') THEN 'Linux'
                WHEN REGEXP(platform, 'Windows') THEN 'Windows'
                ELSE 'Other'
            END
        ) AS ROW<OperatingSystem STRING> -- noqa: LT01
    ) AS record,
    CASE
        WHEN
            DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss')
            = SPLIT_INDEX(line, CHR(9), 0) || ' ' || SPLIT_INDEX(line, CHR(9), 1)
            THEN CAST(event_time AS TIMESTAMP(3))
    END AS row_time,
    CASE
        WHEN problem IS NOT NULL THEN CASE WHEN agent IS NULL THEN 'PARSE' ELSE 'COERCION' END
    END AS error_name,
    problem AS message
FROM (
    SELECT
        *,
        SPLIT_INDEX(line, CHR(9), 10) AS agent,
        REGEXP_EXTRACT(SPLIT_INDEX(line, CHR(9), 10), '(?:[(]|%(?:25)*28)(.*?)(?:[)]|%(?:25)*29|$)', 1) AS platform
    FROM log_lines
    WHERE NOT REGEXP(line, '^(#|\s*$)')
) AS requests
