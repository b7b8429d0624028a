-- One row per active unicorn per minute, as JSON on the summary stream.
CREATE TABLE summary_stream (
    Name STRING NOT NULL,
    StatusTime STRING NOT NULL,
    Distance BIGINT NOT NULL,
    MinMagicPoints INT NOT NULL,
    MaxMagicPoints INT NOT NULL,
    MinHealthPoints INT NOT NULL,
    MaxHealthPoints INT NOT NULL
)
