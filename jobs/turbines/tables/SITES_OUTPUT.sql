-- The rows of stream SITES, that went to kinesis arn:aws:kinesis:eu-west-1:111122223333:stream/wind-sites.
CREATE TABLE SITES_OUTPUT (
    `site` VARCHAR(16),
    `minute` STRING,
    `turbine_readings` INT,
    `kilowatts` DOUBLE,
    `per_rpm` DOUBLE
)
