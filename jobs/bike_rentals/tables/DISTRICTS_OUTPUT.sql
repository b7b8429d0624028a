-- The rows of stream DISTRICTS, that went to kinesis arn:aws:kinesis:eu-west-1:111122223333:stream/bike-districts.
CREATE TABLE DISTRICTS_OUTPUT (
    `district` VARCHAR(24),
    `minute_end` VARCHAR(19),
    `rentals` INT,
    `longest` DOUBLE,
    `per_dock` DOUBLE
)
