-- The reference table STATIONS, looked up by station: of equal keys the last row.
SELECT
    `station`,
    `district`,
    `docks`,
    `valid`
FROM (
    SELECT
        `station`,
        `district`,
        `docks`,
        `valid`,
        ROW_NUMBER() OVER (PARTITION BY `station` ORDER BY `valid` DESC) AS `row_of_key`
    FROM (
        SELECT
            CAST(record.`station` AS BIGINT) AS `station`,
            record.`district` AS `district`,
            record.`docks` AS `docks`,
            `valid`
        FROM STATIONS_checked
        WHERE error_name IS NULL
    ) AS rows_that_count
) AS placed
WHERE `row_of_key` = 1
