-- Readings of turbines that run. A turbine that stands still reports a rotor of 0 rpm, or another status.
CREATE OR REPLACE STREAM "RUNNING" (
    "turbine" VARCHAR(8), "site" VARCHAR(16), "rpm" DOUBLE, "kilowatts" DOUBLE, "celsius" DOUBLE);
CREATE OR REPLACE PUMP "RUNNING_PUMP" AS
INSERT INTO "RUNNING"
SELECT STREAM "turbine", "site", "rpm", "kilowatts", "celsius"
FROM "SOURCE_SQL_STREAM_001"
WHERE "status" = 'RUN' AND "rpm" > 0;

-- Each reading beside the last minute of its turbine: the mean and the highest temperature of the gearbox.
CREATE OR REPLACE STREAM "GEARBOXES" (
    "turbine" VARCHAR(8), "site" VARCHAR(16), "celsius" DOUBLE, "mean" DOUBLE, "highest" DOUBLE, "readings" INTEGER);
CREATE OR REPLACE PUMP "GEARBOX_PUMP" AS
INSERT INTO "GEARBOXES"
SELECT STREAM "turbine", "site", "celsius",
    AVG("celsius") OVER last_minute,
    MAX("celsius") OVER last_minute,
    COUNT(*) OVER last_minute
FROM "RUNNING"
WINDOW last_minute AS (PARTITION BY "turbine" RANGE INTERVAL '1' MINUTE PRECEDING);

-- Gearboxes that are hot for more than a moment. Three readings at least, so that one wrong value stops no turbine.
CREATE OR REPLACE STREAM "ALARMS" (
    "turbine" VARCHAR(8), "site" VARCHAR(16), "mean" DOUBLE, "level" VARCHAR(8), "seen" TIMESTAMP);
CREATE OR REPLACE PUMP "ALARM_PUMP" AS
INSERT INTO "ALARMS"
SELECT STREAM "turbine", "site", "mean", CASE WHEN "mean" >= 95 THEN 'STOP' ELSE 'SLOW' END, ROWTIME
FROM "GEARBOXES"
WHERE "readings" >= 3 AND "mean" >= 80;

-- What each site makes of its wind, per minute: kilowatt-minutes, and kilowatts per rpm.
CREATE OR REPLACE STREAM "SITES" (
    "site" VARCHAR(16), "minute" TIMESTAMP, "turbine_readings" INTEGER, "kilowatts" DOUBLE, "per_rpm" DOUBLE);
CREATE OR REPLACE PUMP "SITE_PUMP" AS
INSERT INTO "SITES"
SELECT STREAM "site", STEP("RUNNING".ROWTIME BY INTERVAL '60' SECOND), COUNT(*), SUM("kilowatts"),
    SUM("kilowatts") / SUM("rpm")
FROM "RUNNING"
GROUP BY "site", STEP("RUNNING".ROWTIME BY INTERVAL '60' SECOND);
