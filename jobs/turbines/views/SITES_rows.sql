-- The rows of stream SITES as they are written: times as texts.
SELECT
    `site`,
    DATE_FORMAT(`minute`, 'yyyy-MM-dd HH:mm:ss.SSS') AS `minute`,
    `turbine_readings`,
    `kilowatts`,
    `per_rpm`
FROM SITES
