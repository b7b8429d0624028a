-- One row per reading that counts, all readings of a unicorn on one subtask.
-- The running count is there for its PARTITION BY: it moves the readings to where the windows are, so that the view
-- `timed` compares them with the watermark that closes the windows. At the source each subtask has a watermark of its
-- own, and a subtask that was silent or stalled would take for timely what the window then drops without a word.
SELECT
    line,
    shard,
    sequence_number,
    StatusTime,
    Name,
    Distance,
    MagicPoints,
    HealthPoints,
    COUNT(*) OVER (PARTITION BY Name ORDER BY PROCTIME()) AS nth
FROM checked
WHERE error_name IS NULL
