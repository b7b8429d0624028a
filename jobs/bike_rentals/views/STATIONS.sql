-- The reference table STATIONS, looked up by station: of equal keys the last row.
-- Of a key that is gone there is a row, too, in which present is FALSE: joins leave it out.
SELECT
    `station`,
    `district`,
    `docks`,
    `valid`,
    `present`
FROM (
    SELECT
        `station`,
        `district`,
        `docks`,
        `valid`,
        `present`,
        ROW_NUMBER() OVER (PARTITION BY `station` ORDER BY `valid` DESC) AS `row_of_key`
    FROM (
        SELECT
            CAST(record.`station` AS BIGINT) AS `station`,
            record.`district` AS `district`,
            record.`docks` AS `docks`,
            `valid`,
            `present`
        FROM STATIONS_checked
        WHERE error_name IS NULL
    ) AS rows_that_count
    WHERE `station` IS NOT NULL
) AS placed
WHERE `row_of_key` = 1
