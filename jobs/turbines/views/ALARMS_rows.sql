-- The rows of stream ALARMS as they are written: times as texts.
SELECT
    `turbine`,
    `site`,
    `mean`,
    `level`,
    DATE_FORMAT(`seen`, 'yyyy-MM-dd HH:mm:ss.SSS') AS `seen`
FROM ALARMS
