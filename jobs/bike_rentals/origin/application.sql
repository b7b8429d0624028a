-- Each rental with the district and the size of its station, from the table in S3.
CREATE OR REPLACE STREAM "BY_DISTRICT" (
    "district" VARCHAR(24), "station" INTEGER, "bike" VARCHAR(12), "minutes" DOUBLE, "docks" INTEGER);
CREATE OR REPLACE PUMP "BY_DISTRICT_PUMP" AS
INSERT INTO "BY_DISTRICT"
SELECT STREAM COALESCE(s."district", 'unknown'), r."station", r."bike", r."minutes", s."docks"
FROM "RENTALS_001" AS r
LEFT JOIN "STATIONS" AS s ON r."station" = s."station";

-- The three districts with most rentals of a minute.
CREATE OR REPLACE STREAM "BUSIEST" (ITEM VARCHAR(24), ITEM_COUNT BIGINT, "minute_end" TIMESTAMP);
CREATE OR REPLACE PUMP "BUSIEST_PUMP" AS
INSERT INTO "BUSIEST"
SELECT STREAM ITEM, ITEM_COUNT, ROWTIME
FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM "BY_DISTRICT"), 'district', 3, 60));

-- Rentals, minutes and rentals per dock of each district, every minute, without those that nobody knows.
CREATE OR REPLACE STREAM "DISTRICTS" (
    "district" VARCHAR(24), "minute_end" VARCHAR(19), "rentals" INTEGER, "longest" DOUBLE, "per_dock" DOUBLE);
CREATE OR REPLACE PUMP "DISTRICTS_PUMP" AS
INSERT INTO "DISTRICTS"
SELECT STREAM "district", TIMESTAMP_TO_CHAR('yyyy-MM-dd HH:mm:ss', "BY_DISTRICT".ROWTIME), COUNT(*),
    MAX("minutes"), CAST(COUNT(*) AS DOUBLE) / MAX("docks")
FROM "BY_DISTRICT"
WHERE "docks" IS NOT NULL
GROUP BY "district", FLOOR("BY_DISTRICT".ROWTIME TO MINUTE);
