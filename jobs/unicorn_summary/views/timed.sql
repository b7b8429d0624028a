-- One row per reading that counts, with the end of its window and the watermark it met (NULL: none yet).
SELECT
    line,
    shard,
    sequence_number,
    StatusTime,
    Name,
    Distance,
    MagicPoints,
    HealthPoints,
    TIMESTAMPADD(MINUTE, 1, FLOOR(StatusTime TO MINUTE)) AS closes_at, -- noqa: PRS
    CURRENT_WATERMARK(StatusTime) AS seen_watermark
FROM gathered
WHERE nth > 0
