-- Each reading beside the last minute of its turbine: the mean and the highest temperature of the gearbox.
SELECT
    `turbine`,
    `site`,
    `celsius`,
    exact_avg(`celsius`) OVER w AS `mean`,
    MAX(`celsius`) OVER w AS `highest`,
    CAST(COUNT(*) OVER w AS INT) AS `readings`,
    `ROWTIME`
FROM RUNNING_
WINDOW w AS (
    PARTITION BY `turbine`
    ORDER BY `ROWTIME`
    RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW
)
