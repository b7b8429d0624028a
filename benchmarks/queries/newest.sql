-- The prices as a table with versions: of each name the newest.
SELECT name, price, t
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY name ORDER BY t DESC) AS age FROM prices)
WHERE age = 1
