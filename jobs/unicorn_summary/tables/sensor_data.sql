-- One item per active unicorn per minute, in the table that people query; (Name, StatusTime) is its key.
CREATE TABLE sensor_data (
    Name STRING NOT NULL,
    StatusTime STRING NOT NULL,
    Distance BIGINT NOT NULL,
    MinMagicPoints INT NOT NULL,
    MaxMagicPoints INT NOT NULL,
    MinHealthPoints INT NOT NULL,
    MaxHealthPoints INT NOT NULL
)
