-- The three districts with most rentals of a minute.
SELECT
    CAST(`ITEM` AS VARCHAR(24)) AS `ITEM`,
    `ITEM_COUNT`,
    (CAST(`ROWTIME` AS TIMESTAMP(3)) + INTERVAL '0.001' SECOND) AS `minute_end`,
    `ROWTIME`
FROM (
    SELECT
        `ITEM`,
        `ITEM_COUNT`,
        window_time AS `ROWTIME`
    FROM (
        SELECT
            `ITEM`,
            `ITEM_COUNT`,
            window_time,
            ROW_NUMBER() OVER (
                PARTITION BY window_start, window_end ORDER BY `ITEM_COUNT` DESC, `ITEM`
            ) AS place
        FROM (
            SELECT
                CAST(`district` AS STRING) AS `ITEM`,
                COUNT(*) AS `ITEM_COUNT`,
                window_start,
                window_end,
                window_time
            FROM TABLE(TUMBLE((
                SELECT
                    `district`,
                    `station`,
                    `bike`,
                    `minutes`,
                    `docks`,
                    `ROWTIME`
                FROM BY_DISTRICT
            ), DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
            GROUP BY `district`, window_start, window_end, window_time
        ) AS `counted`
    ) AS `placed`
    WHERE place <= 3
) AS `rows_of_query`
