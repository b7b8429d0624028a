-- One row per record that came when all its windows had closed; the last of them tells. (Windows of HOP and CUMULATE
-- overlap: a record that is late for some of its windows is in the rows of the others, and no error.)
SELECT *
FROM windowed
WHERE is_last AND shard_watermark >= window_time
