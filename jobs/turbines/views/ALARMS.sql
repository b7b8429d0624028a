-- Gearboxes that are hot for more than a moment. Three readings at least, so that one wrong value stops no turbine.
SELECT
    `turbine`,
    `site`,
    `mean`,
    CAST((CASE WHEN (`mean` >= 95) THEN 'STOP' ELSE 'SLOW' END) AS VARCHAR(8)) AS `level`,
    CAST(`ROWTIME` AS TIMESTAMP(3)) AS `seen`,
    `ROWTIME`
FROM GEARBOXES
WHERE (`readings` >= 3)
    AND (`mean` >= 80)
