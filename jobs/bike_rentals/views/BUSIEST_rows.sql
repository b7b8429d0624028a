-- The rows of stream BUSIEST as they are written: times as texts.
SELECT
    `ITEM`,
    `ITEM_COUNT`,
    DATE_FORMAT(`minute_end`, 'yyyy-MM-dd HH:mm:ss.SSS') AS `minute_end`
FROM BUSIEST
