-- One row per reading that counts, with the end of its window and the watermark that decides whether it is late.
-- That is its shard's own, 5 s behind the shard's newest reading. The watermark of the whole job, which closes the
-- windows, is never ahead of it while the shard counts; of a shard that was left out as silent it can be, and then
-- decides.
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
    GREATEST(
        newest - INTERVAL '5' SECOND,
        COALESCE(CURRENT_WATERMARK(StatusTime), newest - INTERVAL '5' SECOND)
    ) AS shard_watermark
FROM gathered
WHERE error_name IS NULL
