-- Readings of turbines that run. A turbine that stands still reports a rotor of 0 rpm, or another status.
SELECT
    `turbine`,
    `site`,
    `rpm`,
    `kilowatts`,
    `celsius`,
    `ROWTIME`
FROM SOURCE_SQL_STREAM_001
WHERE (`status` = 'RUN')
    AND (`rpm` > 0)
