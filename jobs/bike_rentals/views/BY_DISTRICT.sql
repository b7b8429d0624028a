-- Each rental with the district and the size of its station, from the table in S3.
SELECT
    CAST(COALESCE(`S`.`district`, 'unknown') AS VARCHAR(24)) AS `district`,
    `R`.`station`,
    `R`.`bike`,
    `R`.`minutes`,
    `S`.`docks`,
    `R`.`ROWTIME`
FROM RENTALS_001 AS `R`
LEFT JOIN STATIONS FOR SYSTEM_TIME AS OF `R`.`ROWTIME` AS `S`
    ON CAST(`R`.`station` AS BIGINT) = `S`.`station`
    AND `S`.`present`
