-- One row per reading, as Flink's own format `json` has it: a record that it cannot read is skipped without a word.
CREATE TABLE readings (
    Name STRING,
    StatusTime TIMESTAMP(3),
    Distance DOUBLE,
    MagicPoints INT,
    HealthPoints INT,
    WATERMARK FOR StatusTime AS StatusTime - INTERVAL '5' SECOND
)
