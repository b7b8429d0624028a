-- The companies, by ticker: as they are at a time.
SELECT
    ticker,
    company,
    sector,
    employees,
    present,
    valid
FROM (
    SELECT
        ticker,
        company,
        sector,
        employees,
        present,
        valid,
        ROW_NUMBER() OVER (PARTITION BY ticker ORDER BY valid DESC) AS age
    FROM (
        SELECT
            record.ticker AS ticker,
            record.company AS company,
            record.sector AS sector,
            record.employees AS employees,
            present,
            valid
        FROM company_rows
        WHERE record.error IS NULL
    ) AS rows_that_count
) AS aged
WHERE age = 1
