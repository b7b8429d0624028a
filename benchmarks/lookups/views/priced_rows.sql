-- One row per trade, with the company that its ticker has at its time.
SELECT
    t.ticker,
    c.company,
    DATE_FORMAT(t.event_time, 'yyyy-MM-dd HH:mm:ss.SSS') AS event_time
FROM (
    SELECT
        DECODE(line, 'UTF-8') AS ticker,
        event_time
    FROM trades
) AS t
LEFT JOIN companies FOR SYSTEM_TIME AS OF t.event_time AS c ON t.ticker = c.ticker AND c.present
