-- One row per operating system, which is replaced by a larger one with each minute: the sum of `per_minute`.
-- Summing the minutes, not the lines, keeps the total equal to them, and writes it once a minute, not once a request.
-- State: a sum per system, for as long as the job has its state.
SELECT
    OperatingSystem,
    SUM(Requests) AS Requests
FROM per_minute
GROUP BY OperatingSystem
