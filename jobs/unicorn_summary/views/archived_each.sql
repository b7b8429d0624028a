-- One row per line of an archive that is a reading, equal ones each: as the job counts what a producer sends twice.
SELECT
    line,
    StatusTime,
    Name,
    Distance,
    MagicPoints,
    HealthPoints
FROM checked
WHERE error_name IS NULL
