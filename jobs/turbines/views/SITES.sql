-- What each site makes of its wind, per minute: kilowatt-minutes, and kilowatts per rpm.
SELECT
    `site`,
    `minute`,
    `turbine_readings`,
    `kilowatts`,
    `per_rpm`,
    `ROWTIME`
FROM SITES_tried
WHERE `failure` IS NULL
