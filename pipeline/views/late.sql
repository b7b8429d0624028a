-- One row per record that came when all its windows had closed; the last of them tells. (Windows of HOP and CUMULATE
-- overlap: a record that is late for some of its windows is in the rows of the others, and no error.)
SELECT
    *,
    'its window closed at ' || DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS')
    || ', its shard''s watermark was at ' || DATE_FORMAT(shard_watermark, 'yyyy-MM-dd HH:mm:ss.SSS') AS message
FROM windowed
WHERE is_last AND shard_watermark >= window_time
